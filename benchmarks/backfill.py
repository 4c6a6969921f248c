"""Backfill of every Hub repository with a recorded history, held against the labelled changes of openness.

    python -m benchmarks.backfill [--db FILE] [--out docs/backfill-numbers.json]

Starts a replay of ``../shared`` at the newest date, backfills through the flow, and counts: requests beside commits and
distinct documents, events found; and of each labelled event whose repository is recorded: whether we have it within a
day. It certifies nothing about the labels: each event is printed with what we believe instead.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
NEWEST: Final = "2026-08-22T20:00:00Z"
DAY: Final = timedelta(days=1)


@contextmanager
def replaying() -> Iterator[str]:
    """A replay of the recordings at the newest date; yields its address."""
    command = [sys.executable, str(SHARED / "replay/serve.py"), str(SHARED / "corpus/dev.sqlite.xz"), "--port", "0"]
    with subprocess.Popen([*command, "--at", NEWEST], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[2]
        finally:
            server.terminate()


def recorded() -> list[tuple[str, int]]:
    """(id, commits) of the Hub models whose documents are recorded at two commits or more with several documents."""
    unpacked = next(Path(tempfile.gettempdir()).glob("replay-dev.sqlite-*"))
    with closing(sqlite3.connect(f"file:{unpacked}?mode=ro", uri=True)) as corpus:
        rows = corpus.execute(
            "SELECT c.id, count(*) FROM commit_ c WHERE c.kind = 'model' AND c.id IN (SELECT id FROM file"
            " WHERE kind = 'model' GROUP BY id HAVING count(DISTINCT path) > 1 AND count(DISTINCT at) > 1)"
            " GROUP BY c.id HAVING count(*) > 1 ORDER BY c.id"
        )
        return [(str(id_), int(count)) for id_, count in rows]


def labelled() -> list[dict[str, Any]]:
    """The labelled events."""
    lines = (SHARED / "labels/change_events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def moment(text: str) -> datetime:
    """A label's date; a bare day means its noon."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00") if "T" in text else f"{text[:10]}T12:00:00+00:00")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def main() -> int:
    """Run it; prints a JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, replaying() as url:
        found = measure(url, options.db or Path(folder) / "backfill.db")
    text = json.dumps(found, indent=1, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def measure(url: str, database: Path) -> dict[str, Any]:
    """Backfill and hold it against the labels."""
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "0"}
    from crawlers.settings import Settings
    from crawlers.targets import HUB_MODEL, Target
    from flows.backfill import run_backfill
    from interfaces.render.shapes import change_json
    from storage.store import open_store

    targets = [Target(HUB_MODEL, id_) for id_, _ in recorded()]
    settings = Settings(
        database_url=f"sqlite:///{database}",
        hf_endpoint=url,
        clock=datetime.fromisoformat(NEWEST.replace("Z", "+00:00")),
    )
    start = time.perf_counter()
    outcome = run_backfill(settings, targets)
    seconds = time.perf_counter() - start
    store = open_store(settings.database_url)
    try:
        changes = [change_json(change) for change in store.reader.changes()]
    finally:
        store.close()
    weights = [c for c in changes if c["component"] == "weights"]
    return {
        "repositories": len(targets),
        "seconds": round(seconds, 1),
        "counts": dict(outcome.run.counts),
        "told": list(outcome.told),
        "events": len(changes),
        "events_of_weights": len(weights),
        "changes_of_weights": [_short(c) for c in weights if c["from"] is not None],
        "labels": list(_against(url)),
    }


def _against(url: str) -> Iterator[dict[str, Any]]:
    """Each labelled event whose repository is recorded, beside the versions of its file within a day of it."""
    from classifiers.licenses import read_text
    from crawlers.github_past import GithubPast
    from crawlers.past import past_crawler
    from crawlers.settings import Settings
    from crawlers.snapshot import Snapshot
    from crawlers.targets import HUB_MODEL, Target

    mirrors = {f"https://{host}": f"{url}/{host}" for host in ("api.github.com", "raw.githubusercontent.com")}
    settings = Settings(hf_endpoint=url, mirrors=mirrors, clock=moment(NEWEST))

    def said(snapshot: Snapshot) -> str:
        reading = read_text(snapshot.body, filename=snapshot.slot.rpartition("#")[2])
        return f"{reading.license or 'unnamed'} ({'?' if reading.points is None else reading.points} points)"

    pasts: dict[str, Any] = {}
    hub, github = _known_ids()
    for event in labelled():
        source = event["source"].removeprefix("https://github.com/").split("/commit")[0].lower()
        name, model = github.get(source), hub.get(event["model"].lower())
        place = f"github:{name}" if name else f"hf:{model}" if model else None
        if place is None:
            continue
        if place not in pasts:
            if name:
                with GithubPast(settings) as crawler:
                    pasts[place] = crawler.past(place, name, None, None)
            else:
                target = Target(HUB_MODEL, str(model))
                with past_crawler(settings, target) as reader:
                    pasts[place] = reader.past(target, None, None)
        past, at = pasts[place], moment(event["date"])
        versions = [s for s in past.snapshots if s.dated and s.slot.rpartition("#")[2] == event["file"]]
        near = [(n, s) for n, s in enumerate(versions) if abs(s.observed_at - at) <= DAY]
        yield {
            "id": event["id"],
            "place": place,
            "date": event["date"],
            "label": f"{event['frm']} → {event['to']}",
            "file": event["file"],
            "commits": past.commits,
            "documents": past.blobs,
            "requests": past.requests,
            "versions_of_the_file": len(versions),
            "within_a_day": [
                f"{s.observed_at.isoformat()} {said(versions[n - 1]) if n else 'nothing'} → {said(s)}" for n, s in near
            ],
            "why_not": "" if near else _why_not(versions),
        }


def _why_not(versions: list[Any]) -> str:
    if len(versions) < 2:
        return f"{len(versions)} version(s) of the file are recorded, so no change of it is"
    return f"recorded versions are of {', '.join(f'{v.observed_at:%Y-%m-%d}' for v in versions[:6])}"


def _known_ids() -> tuple[dict[str, str], dict[str, str]]:
    """Lower-cased id → id, of the recorded Hub models and GitHub repositories."""
    unpacked = next(Path(tempfile.gettempdir()).glob("replay-dev.sqlite-*"))
    with closing(sqlite3.connect(f"file:{unpacked}?mode=ro", uri=True)) as corpus:
        rows = corpus.execute("SELECT DISTINCT kind, id FROM commit_ WHERE kind IN ('model', 'github')").fetchall()
    kinds: dict[str, dict[str, str]] = {"model": {}, "github": {}}
    for kind, id_ in rows:
        kinds[kind][id_.lower()] = id_
    return kinds["model"], kinds["github"]


def _short(change: dict[str, Any]) -> str:
    before, after = (
        "nothing" if v is None else f"{v['level'] or v['state']} {v['license'] or ''} {v['access'] or ''}".strip()
        for v in (change["from"], change["to"])
    )
    return f"{change['observed_at']} {change['target']} {before} → {after} ({change['direction']})"


if __name__ == "__main__":
    raise SystemExit(main())
