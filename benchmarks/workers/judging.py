"""All that is stored, judged anew by each number of processes, on SQLite and on PostgreSQL.

The store is filled once, without processes, and copied for each way. What is stored is then said to be judged by an
older version of the rules, with other answers here and there, so that there is something to write.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.workers.cluster import ROOT, Cluster, repositories
from benchmarks.workers.parts import Way, database, history
from classifiers.rules import rules_version
from crawlers.hub.deep import CRAWLER, HubCrawler
from crawlers.settings import Settings
from crawlers.targets import Target
from interfaces.demo.hub import DemoHub
from storage.runs import COMPLETE, RunSpec
from storage.store import open_store

WORKERS: Final = (1, 2, 4)
PARTS: Final = 160
"""Of a card: ten kilobytes each of card and licence."""
FIRST: Final = "2026-11-01T02:00:00Z"
THEN: Final = "2026-11-02T02:00:00Z"
_OURS: Final = ("AJAR_", "HF_", "GITHUB_", "PREFECT_")


def judgements(server: str, folder: Path, models: int) -> Iterator[Way]:
    """Both databases, by one process and by several."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    made = Cluster("", folder, {**kept, "PYTHONPATH": str(ROOT), "AJAR_CLOCK": THEN, "XDG_STATE_HOME": str(folder)})
    stored = folder / "stored.db"
    _fill(f"sqlite:///{stored}", models)
    _age(stored)
    made.ajar("--db", f"sqlite:///{stored}", "backup", str(folder / "stored.zip"))
    base = database(server, "stored")
    made.ajar("--db", base, "restore", str(folder / "stored.zip"))
    calm = None
    for kind in ("SQLite", "PostgreSQL"):
        for workers in WORKERS:
            if kind == "SQLite":
                shutil.copy(stored, folder / f"judged{workers}.db")
                url = f"sqlite:///{folder / f'judged{workers}.db'}"
            else:
                url = database(server, f"judged{workers}", "stored")
            way = _way(made, url, kind, workers)
            found = history(made, url, folder)
            calm = calm or found
            yield Way(**{**way, "same": found == calm})  # type: ignore[arg-type]


def _way(made: Cluster, url: str, kind: str, workers: int) -> dict[str, object]:
    began, before = time.monotonic(), _processor()
    run = json.loads(made.ajar("--db", url, "reclassify", "--json", AJAR_WORKERS=str(workers)))
    seconds, metrics = time.monotonic() - began, run["metrics"]
    processor = _processor() - before + metrics.get("worker_processor", 0.0)
    return {"name": f"reclassification, {kind}", "workers": workers, "seconds": seconds, "requests": 0,
            "asking": metrics["seconds"], "processor": processor}  # fmt: skip


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fill(url: str, models: int) -> None:
    store = open_store(url)
    with DemoHub(repositories(models, PARTS)) as hub:
        settings = Settings.load({"HF_ENDPOINT": hub.url, "AJAR_CLOCK": FIRST, "AJAR_DATABASE_URL": url})
        run = store.writer.begin(RunSpec("nightly", {}, rules_version(), CRAWLER, hub.url), settings.now())
        names = [Target("hf", repository.ids[0]) for repository in hub.repositories]
        with HubCrawler(settings) as crawler:
            for start in range(0, models, 50):
                part = names[start : start + 50]
                store.writer.record_deep(run, [(target, crawler.crawl(target, {})) for target in part])
        store.writer.end(run, COMPLETE, settings.now(), {})
    store.close()


def _age(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE rules SET version = 'older'")
        ids = [row[0] for row in connection.execute("SELECT id FROM value WHERE level > 1 AND id % 5 = 0")]
        for id_ in ids or [row[0] for row in connection.execute("SELECT id FROM value WHERE level > 1 LIMIT 1")]:
            connection.execute("UPDATE value SET level = 1, digest = ? WHERE id = ?", (secrets.token_bytes(16), id_))
    connection.close()
