"""Backfill of every repository with a recorded history, through the command line, beside the labelled changes.

    python -m benchmarks.backfill [--db FILE] [--out FILE.json]

Starts a replay of ``../shared`` at the newest date. Hub models and datasets whose documents are recorded at several
commits are targets of their own; each recorded GitHub repository is a release of a watchlist that is written for this
run and names nothing else. Then: requests beside commits and distinct documents, the events of ``ajar changes --json``,
and for each labelled event whose repository is recorded the changes within a day of it. It certifies nothing about the
labels: what a label says is printed beside what we believe, and who reads it judges.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
NEWEST: Final = "2026-08-22T20:00:00Z"
DAY: Final = timedelta(days=1)
HOSTS: Final = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org")


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


def asked(query: str) -> list[Any]:
    """Rows of the recordings."""
    unpacked = next(Path(tempfile.gettempdir()).glob("replay-dev.sqlite-*"))
    with closing(sqlite3.connect(f"file:{unpacked}?mode=ro", uri=True)) as corpus:
        return corpus.execute(query).fetchall()


def recorded() -> list[str]:
    """The Hub repositories that are recorded at several commits, as targets."""
    kinds = {"model": "hf", "dataset": "hf-dataset"}
    rows = asked(
        "SELECT c.kind, c.id FROM commit_ c JOIN (SELECT kind, id FROM file WHERE kind IN ('model', 'dataset')"
        " GROUP BY kind, id HAVING count(DISTINCT path) > 1 AND count(DISTINCT at) > 1) f"
        " ON f.kind = c.kind AND f.id = c.id GROUP BY c.kind, c.id HAVING count(*) > 1 ORDER BY c.kind, c.id"
    )
    return [f"{kinds[kind]}:{id_}" for kind, id_ in rows]


def repositories() -> dict[str, str]:
    """Slug → owner/name of every recorded GitHub repository."""
    names = sorted(id_ for (id_,) in asked("SELECT DISTINCT id FROM repo WHERE kind = 'github'"))
    found: dict[str, str] = {}
    for name in names:
        slug = re.sub(r"[^a-z0-9.+-]+", "-", name.partition("/")[2].lower()).strip("-")
        found[slug if slug not in found else re.sub(r"[^a-z0-9.+-]+", "-", name.lower())] = name
    return found


def labelled() -> list[dict[str, Any]]:
    """The labelled events."""
    lines = (SHARED / "labels/change_events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def moment(text: str) -> datetime:
    """A label's date; a bare day means its noon, ``<=`` that it is the crawl that saw the new state."""
    text = text.removeprefix("<=").strip()
    found = datetime.fromisoformat(text.replace("Z", "+00:00") if "T" in text else f"{text[:10]}T12:00:00+00:00")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Front:
    """The command line, in a folder of its own."""

    def __init__(self, url: str, folder: Path, database: Path) -> None:
        mirrors = {f"https://{host}": f"{url}/{host}" for host in HOSTS}
        self._folder: Final = folder
        self._environment: Final = {
            **os.environ,
            "HF_ENDPOINT": url,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_HOME": str(folder / "prefect"),
            "AJAR_MIRRORS": json.dumps(mirrors),
            "AJAR_DATABASE_URL": f"sqlite:///{database}",
            "AJAR_CLOCK": NEWEST,
        }

    def ajar(self, *arguments: str) -> tuple[Any, list[str]]:
        """What it prints as JSON, and its lines on stderr."""
        command = [str(Path(sys.executable).with_name("ajar")), *arguments, "--json"]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        return json.loads(done.stdout), done.stderr.splitlines()


def main() -> int:
    """Run it; prints a JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, replaying() as url:
        found = measure(url, Path(folder), (options.db or Path(folder) / "backfill.db").resolve())
    text = json.dumps(found, indent=1, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def measure(url: str, folder: Path, database: Path) -> dict[str, Any]:
    """Backfill all, and hold it against the labels."""
    slugs = repositories()
    entries = {slug: {"title": name, "code": [f"github:{name}"]} for slug, name in slugs.items()}
    (folder / "ajar-watchlist.yaml").write_text(json.dumps(entries), encoding="utf-8")  # JSON is YAML
    front = Front(url, folder, database)
    placed = list(places(slugs))
    cards = dict.fromkeys(target for _, target in placed if target.startswith("hf:"))
    histories = recorded()
    kinds = {
        "hub": histories,
        "cards": [target for target in cards if target not in histories],
        "github": [f"release:{slug}" for slug in slugs],
    }
    found: dict[str, Any] = {"cpu": os.cpu_count(), "at": NEWEST}
    for kind, targets in kinds.items():
        costs, _ = front.ajar("backfill", *targets, "--dry-run")
        start = time.perf_counter()
        run, told = front.ajar("backfill", *targets, "--quiet")
        found[kind] = {
            "repositories": len(targets),
            "seconds": round(time.perf_counter() - start, 1),
            "estimated_requests": costs["requests"],
            "counts": run["counts"],
            "status": run["status"],
            "told": told,
        }
    changes, _ = front.ajar("changes")
    everything, _ = front.ajar("changes", "--cause", "all")
    for kind, targets in kinds.items():
        found[kind]["events"] = _counted([c for c in changes if c["target"] in set(targets)])
        found[kind]["events_of_all_causes"] = sum(1 for c in everything if c["target"] in set(targets))
    found["labels"] = list(_against(placed, changes))
    found["changes"] = [_short(c) for c in changes if c["from"] is not None]
    return found


def _counted(changes: Sequence[dict[str, Any]]) -> dict[str, int]:
    begun = sum(1 for c in changes if c["from"] is None)
    weights = [c for c in changes if c["component"] == "weights"]
    moved = sum(1 for c in weights if c["from"] is not None)
    return {"all": len(changes), "beginnings": begun, "of_weights": len(weights), "changes_of_weights": moved}


def places(slugs: dict[str, str]) -> Iterator[tuple[dict[str, Any], str]]:
    """(event, target) of each labelled event whose repository is recorded.

    Labels that were found in crawls of cards name a model without its owner.
    """
    github = {name.lower(): f"release:{slug}" for slug, name in slugs.items()}
    models = {id_.lower(): id_ for (id_,) in asked("SELECT DISTINCT id FROM commit_ WHERE kind = 'model'")}
    bare: dict[str, list[str]] = {}
    for lower, id_ in models.items():
        bare.setdefault(lower.rpartition("/")[2], []).append(id_)
    for event in labelled():
        source = event["source"].removeprefix("https://github.com/").split("/commit")[0].lower()
        called = event["model"].lower()
        named = [models[called]] if called in models else bare.get(called, []) if "/" not in called else []
        if source in github:
            yield event, github[source]
        elif len(named) == 1:
            yield event, f"hf:{named[0]}"


def _against(placed: Sequence[tuple[dict[str, Any], str]], changes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each labelled event whose repository is recorded, beside the changes within a day of it."""
    for event, target in placed:
        near = [
            change
            for change in changes
            if change["target"] == target and event["date"] and _close(change, moment(event["date"]))
        ]
        yield {
            "id": event["id"],
            "target": target,
            "date": event["date"],
            "file": event["file"],
            "component": event["component"],
            "label": f"{event['frm']} → {event['to']}",
            "within_a_day": [_short(change) for change in near],
        }


def _close(change: dict[str, Any], at: datetime) -> bool:
    return abs(datetime.fromisoformat(change["observed_at"]) - at) <= DAY


def _short(change: dict[str, Any]) -> str:
    before, after = (
        "nothing" if v is None else f"{v['level'] or v['state']} {v['license'] or ''} {v['access'] or ''}".strip()
        for v in (change["from"], change["to"])
    )
    what = f"{change['target']} {change['component']}"
    return f"{change['observed_at']} {what} {before} → {after} ({change['direction']})"


if __name__ == "__main__":
    raise SystemExit(main())
