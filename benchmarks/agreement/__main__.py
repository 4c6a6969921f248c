"""Measure the agreement with both label files on the recordings, and write ``docs/agreement.md``.

``python -m benchmarks.agreement [--shared ../shared] [--out docs/agreement.md]``. The crawls, the assessments and the
comparison are the product's own; the replay serves the recordings of the labels' date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.agreement import leaveout, measure, views, write
from classifiers.model import View
from classifiers.rules import rules_version
from interfaces.agreement.compare import Pair
from interfaces.agreement.labels import Label, read_labels
from interfaces.agreement.words import percent

ROOT: Final = Path(__file__).resolve().parents[2]
PAPER, PAPER_AT = "eiras2024.csv", "2024-05-16T23:59:59Z"
INDEX, INDEX_AT = "osai2026.csv", "2026-08-22T20:00:29Z"


def paper(labels: Sequence[Label], found: Mapping[str, View]) -> Iterator[str]:
    """The paper's table."""
    pairs = measure.measured(labels, found)
    known = measure.recorded(found)
    said = write.summary(pairs)
    recorded = [pair for pair in pairs if pair.label.model in known]
    released = [pair for pair in recorded if pair.label.theirs in "2345"]
    decided = [pair for pair in recorded if pair.label.theirs != "unknown"]
    differing = sum(measure.departs(pair) for pair in recorded)
    same_points = [pair for pair in recorded if not measure.departs(pair)]
    halves = {f"half {n + 1}": [p for p in recorded if measure.half(p.label.model) == n] for n in (0, 1)}
    rows: dict[str, Sequence[Pair]] = {
        "all labels of the file": pairs,
        "models whose hub repository, code repository or paper is recorded": recorded,
        "of these, labels 2 to 5": released,
        "apart: without labels that are `unknown`, which name no level": decided,
        f"apart: without the {differing} cells that differ in the points of one licence only (ODC-By, GPL, CC-BY-SA)": (
            same_points
        ),
        **halves,
    }
    yield f"\n## {PAPER}, as of {PAPER_AT[:10]}\n"
    yield from write.scores(rows)
    usual = said["baseline"]
    yield (
        f"\nThe commonest label of each component is right for {percent(usual['all']['exact'])} of all labels, for "
        f"{percent(usual['answered']['exact'])} of those that we answer, and for "
        f"{percent(said['released']['baseline']['exact'])} of the labels 2 to 5."
    )
    yield from write.section("By component", write.components(said))
    yield from write.section("By confidence", write.scores(by_confidence(recorded)))
    yield from write.section("Ablation by source", ablation(labels, found, known))
    yield from write.section("Left out", left_out(labels, found, known))
    yield from write.section("Theirs against ours", write.confusion(said["confusion"]))
    yield from write.section("Disagreements", write.disagreements(pairs))


def by_confidence(pairs: Sequence[Pair]) -> Mapping[str, Sequence[Pair]]:
    """The answered labels by the confidence of our answer: what it says against what came of it."""
    steps = sorted({pair.ours.confidence for pair in pairs if pair.answered}, reverse=True)
    return {f"{step:.2f}": [p for p in pairs if p.answered and p.ours.confidence == step] for step in steps}


def ablation(labels: Sequence[Label], found: Mapping[str, View], known: frozenset[str]) -> Iterator[str]:
    """What each source adds, over the recorded models."""
    rows = {}
    for name, prefixes in measure.ABLATION.items():
        pairs = measure.measured(labels, {model: measure.only(it, prefixes) for model, it in found.items()})
        rows[name] = [pair for pair in pairs if pair.label.model in known]
    yield from write.scores(rows)


def left_out(labels: Sequence[Label], found: Mapping[str, View], known: frozenset[str]) -> Iterator[str]:
    """What stands on entries of the data files that one model, or one half of them, shows alone."""

    def assessed(entries: Collection[leaveout.Entry]) -> list[Pair]:
        with leaveout.known(leaveout.without(entries)):
            return [pair for pair in measure.measured(labels, found) if pair.label.model in known]

    fired = leaveout.firing(found)
    single = leaveout.alone(fired)
    crossed: list[Pair] = []
    for n in (0, 1):
        others = leaveout.unknown_to(fired, {model for model in found if measure.half(model) != n})
        crossed += [pair for pair in assessed(others) if measure.half(pair.label.model) == n]
    yield (
        f"Of the phrases, paths, toolkits, corpora and dataset names, {len(fired)} fire on one of these models, "
        f"{len(single)} on one only. Without these, and with only those that fire in the other half:\n"
    )
    rows = {
        "all entries": [pair for pair in measure.measured(labels, found) if pair.label.model in known],
        "without entries that fire on one model only": assessed(single),
        "each half with the entries that fire in the other": crossed,
    }
    yield from write.scores(rows)
    yield "\nThe last of these by the confidence of our answer:\n"
    yield from write.scores(by_confidence(crossed))


def index(labels: Sequence[Label], found: Mapping[str, View]) -> Iterator[str]:
    """The index's systems that are recorded."""
    known = measure.recorded(found)
    pairs = [pair for pair in measure.measured(labels, found) if pair.label.model in known]
    said = write.summary(pairs)
    access = said["weights_by_access"]
    yield f"\n## {INDEX}, as of {INDEX_AT[:10]}: the {len(known)} systems that are recorded\n"
    yield from write.components(said)
    yield (
        "\nThe index asks of weights whether they can be had, not under which licence (gated ones are partial). Our "
        f"access, put into its classes, agrees on {percent(access['exact'])} of {access['answered']} systems."
    )
    yield from write.section("Disagreements", write.disagreements(pairs))


HEAD: Final = """# Agreement with people

Written by `make evaluate` (`benchmarks/agreement`); do not edit. Rules: `{rules}`.

A label is compared where we give a level or `not_applicable`; what we do not know lowers the coverage, not the
agreement. `not_applicable` and `unknown` agree only with themselves, in the three classes, too. Nothing of the labels
reaches an assessment. The phrases, paths and tables were written with the recordings of these models at hand, so the
two halves (of the models, by a hash of their names) are no held-out test; they show how much the numbers vary. What
stands on entries that one model alone shows is under *Left out*: expect that of models that nobody looked at.
The figure is the second line of the table; lines marked *apart* leave labels out, and say which. Our evidence is quoted
by its place: `ajar show --evidence` prints the words.
"""


def main() -> int:
    """Crawl, measure, write. 3 where the recordings are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "agreement.md")
    asked = parser.parse_args()
    if not (asked.shared / "labels" / PAPER).exists():
        print(f"{asked.shared} holds no labels; nothing can be measured", file=sys.stderr)
        return 3
    lines = [HEAD.format(rules=rules_version())]
    with views.replay(asked.shared) as server:
        for name, at, write_up in ((PAPER, PAPER_AT, paper), (INDEX, INDEX_AT, index)):
            labels = read_labels(asked.shared / "labels" / name)
            found = views.crawl(server, at, measure.targets(labels)).views
            lines.extend(write_up(labels, found))
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{asked.out} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
