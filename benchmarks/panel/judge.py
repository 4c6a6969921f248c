"""Assess views by the rules of one tree: ``python judge.py ROOT < views.json > answers.json``.

A script, not a module of this package: it runs in a process of its own that imports ``crawlers`` and ``classifiers``
from ``ROOT`` and nothing else of Ajar, so that an older revision, which need not know of this panel, judges the same
bytes.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

DATES = ("fetched_at", "observed_at", "created_at", "modified_at")


def main() -> int:
    """Views from standard input to answers on standard output."""
    root = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(root))  # before whatever is installed
    import classifiers.assess
    from classifiers.model import View
    from classifiers.rules import rules_version
    from crawlers.snapshot import FetchStatus, Snapshot

    if not Path(classifiers.assess.__file__).is_relative_to(root):
        raise SystemExit(f"the rules come from {classifiers.assess.__file__}, not from {root}")
    known = {field.name for field in dataclasses.fields(Snapshot)}

    def snapshot(raw: dict[str, Any]) -> Snapshot:
        made: dict[str, Any] = {name: value for name, value in raw.items() if name in known}
        made |= {name: datetime.fromisoformat(raw[name]) for name in DATES if raw.get(name)}
        made |= {"status": FetchStatus(raw["status"]), "body": base64.b64decode(raw["body"])}
        return Snapshot(**made)

    cells = {}
    for subject, slots in json.load(sys.stdin).items():
        view = View(subject, {slot: snapshot(raw) for slot, raw in slots.items()})
        cells[subject] = {it.component.value: dataclasses.asdict(it) for it in classifiers.assess.assess(view)}
    json.dump({"rules": rules_version(), "cells": cells}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
