"""A clock that jumps: nothing is dated or known before it can be, and what was recorded is answered all the same."""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from crawlers.settings import Settings
from flows.nightly import run_nightly
from tests.faults.conftest import WATCHED, Ajar, Calm, history, night, once
from tests.faults.hub import NIGHT, FaultyHub

pytestmark = pytest.mark.prefect


@dataclass(frozen=True, slots=True)
class OddClock(Settings):
    """Settings whose "now" stands in a file, in every process."""

    file: str = ""

    def now(self) -> datetime:
        return datetime.fromisoformat(Path(self.file).read_text())


def test_a_clock_that_is_turned_back_in_the_night_dates_nothing_before_it(
    ajar: Ajar, hub: FaultyHub, calm: Calm, tmp_path: Path
) -> None:
    assert ajar("track", *WATCHED).code == 0
    file = tmp_path / "clock"
    file.write_text(NIGHT)
    turned = once(hub, lambda: file.write_text("2001-01-01T00:00:00Z"))
    where = f"sqlite:///{tmp_path / 'ajar.db'}"
    odd = OddClock(database_url=where, hf_endpoint=hub.url, file=str(file))
    outcome = copy_context().run(run_nightly, odd)
    assert turned.is_set()
    assert (outcome.run.status, outcome.told) == ("complete", ())
    assert history(ajar) == calm[0]


def test_what_we_know_only_grows_though_the_clock_be_turned_back(ajar: Ajar, hub: FaultyHub) -> None:
    assert night(ajar, hub).code == 0
    hub.at("2026-10-07T02:00:00Z")
    assert ajar("nightly", "--json", HF_ENDPOINT=hub.url, AJAR_CLOCK="2026-10-05T02:00:00Z").json["counts"]["seen"]
    recorded = [change["recorded_at"] for change in ajar("changes", "--cause", "all", "--json").json]
    assert min(recorded) == max(recorded) == NIGHT


def test_a_clock_that_was_ahead_once_keeps_no_target_from_falling_due(ajar: Ajar, hub: FaultyHub) -> None:
    assert night(ajar, hub, AJAR_CLOCK="2036-10-06T02:00:00Z").code == 0
    done = ajar("nightly", "--json", HF_ENDPOINT=hub.url)
    assert done.json["counts"]["deep"] == len(WATCHED)


def test_a_clock_behind_the_last_run_is_told(ajar: Ajar, hub: FaultyHub) -> None:
    assert ajar("nightly", HF_ENDPOINT=hub.url, AJAR_CLOCK="2036-10-06T02:00:00Z").code == 0
    done = ajar("nightly", HF_ENDPOINT=hub.url, AJAR_CLOCK="")
    assert "this machine's clock says" in done.err
    assert "but the last run began at 2036-10-06T02:00:00+00:00" in done.err


def test_what_was_recorded_while_the_clock_was_ahead_is_answered_when_it_is_right_again(
    ajar: Ajar, hub: FaultyHub
) -> None:
    """Known is what is in the database, whatever it says of when it came in."""
    ahead = {"AJAR_CLOCK": "2036-10-06T02:00:00Z"}
    assert night(ajar, hub, **ahead).code == 0
    assert ajar("nightly", HF_ENDPOINT=hub.url, AJAR_CLOCK="").code == 0
    right = ajar("show", WATCHED[0], "--json", AJAR_CLOCK="")
    assert right.code == 0, right.err
    then = ajar("show", WATCHED[0], "--json", **ahead).json["components"]["weights"]
    assert then["level"] is not None
    assert right.json["components"]["weights"]["level"] == then["level"]
    assert ajar("changes", "--json").json == []


def test_a_look_is_answered_although_the_clock_was_ahead_before_it(ajar: Ajar, hub: FaultyHub) -> None:
    """What it records counts as known from when the last run did, which is later than now."""
    assert ajar("crawl", WATCHED[0], HF_ENDPOINT=hub.url, AJAR_CLOCK="2036-10-06T02:00:00Z").code == 0
    done = ajar("crawl", WATCHED[1], "--json", HF_ENDPOINT=hub.url, AJAR_CLOCK="")
    assert done.code == 0, done.err
    (crawled,), (shown,) = done.json["targets"], ajar("table", WATCHED[1], "--json", AJAR_CLOCK="").json
    assert crawled["components"]["weights"] == shown["components"]["weights"]
    assert shown["components"]["weights"]["level"] is not None
