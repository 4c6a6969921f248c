"""``ajar backfill`` and ``ajar reclassify`` as processes of their own."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from classifiers.rules import rules_version
from crawlers.hub.deep import CRAWLER
from crawlers.settings import HUB, Settings
from crawlers.targets import HUB_MODEL, Target
from interfaces.demo.hub import DemoHub
from storage.runs import RunSpec
from storage.store import open_store
from tests.interfaces.test_front_door import ajar
from tests.interfaces.test_nights import nobody

pytestmark = pytest.mark.prefect
TERN, AVOCET, KNOT = "tidewater-labs/tern-7b", "saltmarsh/avocet-13b-chat", "mossbank/red-knot-7b"
NIGHT = "2026-10-20T02:00:00Z"


def believed(database: Path) -> list[tuple[object, ...]]:
    """Every interval of the two, without who recorded it when and at which address."""
    left_out = ("recorded_at", "superseded_at", "findings", "evidence", "confidence")
    shown = [json.loads(ajar("--db", str(database), "history", target, "--json").stdout) for target in (TERN, AVOCET)]
    return [
        tuple(json.dumps(interval[key], sort_keys=True) for key in sorted(interval) if key not in left_out)
        for history in shown
        for interval in history
    ]


@pytest.mark.slow
def test_nightly_then_backfill_and_backfill_then_nightly(demo_hub: DemoHub, tmp_path: Path) -> None:
    demo_hub.at = datetime.fromisoformat(NIGHT)
    histories = []
    for name, order in (("a.db", ("nightly", "backfill")), ("b.db", ("backfill", "nightly"))):
        database = tmp_path / name
        assert ajar("--db", str(database), "track", TERN, AVOCET).returncode == 0
        for command in order:
            more = ["--watchlist"] if command == "backfill" else []
            done = ajar(
                "--db", str(database), command, *more, "--json", "-q", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT
            )
            # One of the two is gated today: its old configuration cannot be read, and that is said.
            assert (done.returncode, done.stderr.count(b"gated today")) == ((1, 1) if more else (0, 0))
        histories.append(believed(database))
    assert histories[0] == histories[1]
    run = json.loads(done.stdout)
    assert (run["flow"], run["status"]) == ("nightly", "complete")
    runs = json.loads(ajar("--db", str(database), "runs", "--json").stdout)
    counts = next(r["counts"] for r in runs if r["flow"] == "backfill")
    assert counts["backfilled"] == 2
    assert counts["requests"] >= counts["commits"] + counts["blobs"] > 5

    done = ajar(
        "--db", str(database), "backfill", TERN, AVOCET, "--json", "-q", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT
    )
    again = json.loads(done.stdout)
    assert again["counts"]["past"] == 0, "what was recorded is not recorded again"
    done = ajar("--db", str(database), "reclassify", "--json", "-q", AJAR_CLOCK=NIGHT)
    counts = json.loads(done.stdout)["counts"]
    assert (counts["revised"], counts["subjects"] > 5, counts["reconfirmed"] > 20) == (0, True, True)


def test_an_estimate_records_nothing(demo_hub: DemoHub, tmp_path: Path) -> None:
    demo_hub.at = datetime.fromisoformat(NIGHT)
    done = ajar("backfill", TERN, "--dry-run", "--json", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT)
    estimate = json.loads(done.stdout)
    assert estimate["requests"] == estimate["targets"][0]["requests"] > estimate["targets"][0]["commits"] > 1
    assert not (tmp_path / "ajar.db").exists()


@pytest.mark.parametrize("targets", [(TERN,), (TERN, "llama-2")])
def test_an_estimate_where_nobody_answers_is_status_3(targets: tuple[str, ...]) -> None:
    """Of a paper and of a page nobody is asked for an estimate: they answer for nobody."""
    mirrors = json.dumps({f"https://{host}": nobody() for host in ("api.github.com", "raw.githubusercontent.com")})
    where = {"HF_ENDPOINT": nobody(), "AJAR_MIRRORS": mirrors}
    done = ajar("backfill", *targets, "--dry-run", stdin=b"", AJAR_CLOCK=NIGHT, **where)
    assert done.returncode == 3
    assert f"hf:{TERN}: ".encode() in done.stderr


def test_an_estimate_of_which_a_part_is_lacking_is_status_1(demo_hub: DemoHub) -> None:
    demo_hub.at = datetime.fromisoformat(NIGHT)
    for targets in ((TERN, "nobody/nothing"), ("nobody/nothing",)):
        done = ajar("backfill", *targets, "--dry-run", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT)
        assert done.returncode == 1


def test_a_target_that_is_not_there_is_named_and_the_rest_is_done(demo_hub: DemoHub) -> None:
    demo_hub.at = datetime.fromisoformat(NIGHT)
    done = ajar("backfill", "nobody/nothing", TERN, HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT)
    assert done.returncode == 1
    assert b"hf:nobody/nothing: missing or private" in done.stderr
    assert done.stdout.startswith(b"1 targets, ")


def test_a_killed_backfill_goes_on_with_the_target_that_it_was_at(demo_hub: DemoHub, tmp_path: Path) -> None:
    """What a process leaves that dies between two targets: a running run whose cursor names the first."""
    demo_hub.at = datetime.fromisoformat(NIGHT)
    targets = [Target(HUB_MODEL, name) for name in (TERN, KNOT)]
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'ajar.db'}", hf_endpoint=demo_hub.url)
    store = open_store(settings.database_url)
    scope: dict[str, object] = {"targets": [str(t) for t in targets], "since": None, "until": None}
    spec = RunSpec("backfill", scope, rules_version(), CRAWLER, settings.reach(HUB))
    run = store.writer.begin(spec, datetime.fromisoformat(NIGHT))
    store.writer.record_history(run, [], str(targets[0]))
    store.close()
    done = ajar("backfill", TERN, KNOT, "--json", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT)
    outcome = json.loads(done.stdout)
    assert (outcome["id"], outcome["resumed"], outcome["status"]) == (run.id, True, "complete")
    assert outcome["counts"]["backfilled"] == 1


def test_wrong_use() -> None:
    assert ajar("backfill").returncode == 2
    assert ajar("backfill", TERN, "--since", "2026-02-01", "--until", "2026-01-01").returncode == 2
