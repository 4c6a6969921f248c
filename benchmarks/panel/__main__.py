"""Before and after a change of rules, over thirty fixed targets: ``python -m benchmarks.panel [--rev REV] [--json]``.

The targets of ``targets.txt`` are crawled once, from the recordings of ``../shared`` at a fixed date. The same bytes
are then judged by the classifiers of a revision (a ``git archive`` of it, in a process of its own) and by those of the
working tree. Nothing is stored: "before" is computed anew, so that no table of answers lies about. So OpenSSF
Scorecard's ``scdiff`` does. Exit status as of ``diff``: 0 no answer differs, 1 some do, 2 trouble.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final

from benchmarks.agreement import views
from benchmarks.panel.compare import Difference, differences, finding_words, words
from classifiers.model import View
from crawlers.snapshot import Snapshot
from crawlers.targets import parse_target

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
AT: Final = "2026-08-22T20:00:29Z"
MOST: Final = 4
"""Findings printed of a cell; ``--json`` has all."""


class TroubleError(RuntimeError):
    """The panel cannot be held; the message says why."""


def panel() -> tuple[str, ...]:
    """The fixed targets."""
    lines = (HERE / "targets.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def crawled(shared: Path, at: str, names: Iterable[str]) -> dict[str, View]:
    """The views of the targets as recorded at a date; one of which nothing is recorded is told on standard error."""
    if not (shared / "replay" / "serve.py").exists():
        raise TroubleError(f"{shared} holds no recordings")
    wanted = {name: (parse_target(name),) for name in names}
    with views.replay(shared) as server:
        found = views.crawl(server, at, wanted).views
    for name in wanted.keys() - found.keys():
        print(f"panel: nothing of {name} is recorded", file=sys.stderr)
    return {view.subject: view for view in found.values()}


def plain(found: Mapping[str, View]) -> str:
    """Views as JSON, for another process."""
    return json.dumps({view.subject: {s: _plain(it) for s, it in view.slots.items()} for view in found.values()})


def _plain(snapshot: Snapshot) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for field in fields(snapshot):
        value = getattr(snapshot, field.name)
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        elif isinstance(value, datetime):
            value = value.isoformat()
        raw[field.name] = value.value if isinstance(value, Enum) else value
    return raw


def judged(root: Path, told: str) -> dict[str, Any]:
    """What the rules of a tree say of the views."""
    # -I: neither this process's path nor its environment leads to another tree's modules.
    command = [sys.executable, "-I", str(HERE / "judge.py"), str(root)]
    ended = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise TroubleError(f"the rules of {root} fail: {ended.stderr.strip().rpartition(chr(10))[2]}")
    answers: dict[str, Any] = json.loads(ended.stdout)
    return answers


def git(repository: Path, *words: str) -> str:
    """A git command's output. Raises :class:`TroubleError`."""
    try:
        ended = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=False)
    except OSError as error:
        raise TroubleError(f"git cannot be run: {error}") from error
    if ended.returncode:
        raise TroubleError(f"git {words[0]}: {ended.stderr.strip() or 'failed'}")
    return ended.stdout.strip()


def revision(repository: Path, asked: str | None) -> str:
    """The commit to compare with: the one asked for, else where this branch left ``main``, else the last one."""
    if asked:
        return git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}")
    for trunk in ("main", "origin/main"):
        try:
            return git(repository, "merge-base", "HEAD", trunk)
        except TroubleError:
            continue
    return git(repository, "rev-parse", "HEAD")


def before(repository: Path, commit: str, folder: Path) -> Path:
    """The crawlers and classifiers of a commit, put into a folder."""
    tar = folder / "rules.tar"
    git(repository, "archive", "--output", str(tar), commit, "crawlers", "classifiers")
    tree = folder / "tree"
    tree.mkdir()
    subprocess.run(["tar", "-x", "-f", str(tar), "-C", str(tree)], check=True)
    return tree


def report(found: list[Difference], kept: int, findings: bool) -> Iterable[str]:
    """The differing cells for people; ``kept`` cells differ in findings only."""
    for it in found:
        yield f"{it.target}  {it.component}  {words(it.old)} → {words(it.new)}  ({', '.join(it.rules) or 'the table'})"
        for sign, said in (("-", it.before), ("+", it.after)):
            yield from (f"    {sign} {finding_words(finding)}" for finding in said[:MOST])
            if len(said) > MOST:
                yield f"    {sign} … and {len(said) - MOST} more"
    if kept and not findings:
        yield f"{kept} cells answer the same for other reasons (--findings shows them)"


def main() -> int:
    """Crawl, judge twice, print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rev", help="compare with the rules of this revision; default: where the branch left main")
    parser.add_argument("--repository", type=Path, default=ROOT, help="the working tree whose rules are judged")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--at", default=AT, help="the date of the recordings")
    parser.add_argument("--findings", action="store_true", help="cells of which only the findings differ count, too")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("targets", nargs="*", help="these targets instead of the panel")
    asked = parser.parse_args()
    try:
        commit = revision(asked.repository, asked.rev)
        told = plain(crawled(asked.shared, asked.at, asked.targets or panel()))
        with tempfile.TemporaryDirectory() as folder:
            old = judged(before(asked.repository, commit, Path(folder)), told)
            new = judged(asked.repository, told)
    except (TroubleError, ValueError) as error:
        print(f"panel: {error}", file=sys.stderr)
        return 2
    return told_of(commit, old, new, asked.findings, asked.json)


def told_of(commit: str, old: Mapping[str, Any], new: Mapping[str, Any], findings: bool, as_json: bool) -> int:
    """Print the comparison; the exit status."""
    every = list(differences(old["cells"], new["cells"]))
    found = [it for it in every if findings or it.answers]
    cells = sum(len(it) for it in new["cells"].values())
    head = {"revision": commit, "before": old["rules"], "after": new["rules"], "targets": len(new["cells"])}
    if as_json:
        document = {**head, "cells": cells, "differences": [it.to_json() for it in found]}
        print(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for line in report(found, len(every) - len(found), findings):
            print(line)
        print(f"{len(found)} of {cells} cells differ: {head['before']} ({commit[:12]}) → {head['after']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
