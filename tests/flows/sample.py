"""A tiny night, for processes that are started and killed: pages are batches, a file is the database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flows import batches, engine

DONE = "pages.txt"


@batches.batch("sample page", label=lambda number: f"page {number}")
def page(number: int) -> None:
    """Record one page; ``SAMPLE_STOP`` names the page at which this process waits to be killed."""
    if os.environ.get("SAMPLE_STOP") == str(number):
        print(f"at page {number}, api {engine.private_api_pid()}", flush=True)
        sys.stdin.read()
    with Path(DONE).open("a") as file:
        file.write(f"{number}\n")


@batches.flow("sample")
def sample(pages: int = 3) -> int:
    """Record the pages that are not recorded yet; answer how many there were to do."""
    path = Path(DONE)
    done = set(path.read_text().split()) if path.exists() else set()
    todo = [number for number in range(pages) if str(number) not in done]
    for number in todo:
        page(number)
    return len(todo)
