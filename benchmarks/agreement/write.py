"""``docs/agreement.md``: the numbers, and every disagreement in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from interfaces.agreement.compare import Pair, report, score
from interfaces.agreement.words import percent

NOTES: Final = Path(__file__).with_name("notes.yaml")
COLUMNS: Final = "labels | answered | coverage | exact | within one | three-class"
_RULE: Final = "--:|--:|--:|--:|--:|--:"


def row(name: str, found: Mapping[str, Any]) -> str:
    """One line of a table of scores."""
    shares = (percent(found[key]) for key in ("coverage", "exact", "within_one", "three_class"))
    return f"| {name} | {found['labels']} | {found['answered']} | {' | '.join(shares)} |"


def scores(rows: Mapping[str, Sequence[Pair]]) -> Iterator[str]:
    """A table of scores."""
    yield f"| | {COLUMNS} |"
    yield f"|---|{_RULE}|"
    for name, pairs in rows.items():
        yield row(name, score(pairs).to_json())


def components(found: Mapping[str, Any]) -> Iterator[str]:
    """The scores of each component."""
    yield f"| component | {COLUMNS} |"
    yield f"|---|{_RULE}|"
    for name, entry in found["by_component"].items():
        yield row(name, entry)


def confusion(found: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Theirs against ours."""
    ours = sorted({name for line in found.values() for name in line})
    yield f"| theirs ↓ ours → | {' | '.join(ours)} |"
    yield f"|---|{'--:|' * len(ours)}"
    for theirs, line in found.items():
        yield f"| {theirs} | {' | '.join(str(line.get(name, '')) for name in ours)} |"


def disagreements(pairs: Sequence[Pair]) -> Iterator[str]:
    """One line each: ours, theirs, our evidence, who is right if it is plain."""
    notes = yaml.safe_load(NOTES.read_text())
    for pair in pairs:
        if pair.answered and not pair.exact:
            label = pair.label
            key = f"{label.model} {label.component}"
            reasons = [
                f"{it['detail']} ({it['place']})" if it["place"] else it["detail"] for it in pair.ours.evidence[:3]
            ]
            theirs = f"{label.theirs}{' (' + label.evidence[0][:90] + ')' if label.evidence else ''}"
            verdict = notes.get(key) or notes.get(label.model) or "not plain"
            words = " ".join(reasons).replace("|", "/")
            yield f"- **{key}**: ours {pair.ours.value}, theirs {theirs}. {words} *Who is right: {verdict}*"


def section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """A heading and what stands below it."""
    yield f"\n### {title}\n"
    yield from lines


def summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The report that ``ajar evaluate --json`` gives, too."""
    return report(pairs)
