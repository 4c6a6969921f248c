"""The page that the benchmark prints and writes: one table a question, the bar beside the figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.licenses.measure import Score
from benchmarks.licenses.rivals import Run


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines.extend([str(cell) for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _counts(score: Score) -> list[str]:
    return [str(score.counts.get(name, 0)) for name in ("right", "wrong", "unknown")] + [f"{score.share:.1%}"]


def identification(found: Mapping[str, tuple[Score, Score, Run]]) -> str:
    """Right, wrong, unknown, beside each other."""
    rows = [[name, *_counts(known), *_counts(apart)[:3]] for name, (known, apart, _) in found.items()]
    head = ["identifier", "right", "wrong", "unknown", "share right", "unknowable: right", "wrong", "unknown"]
    missed = [f"- {name}: {line}" for name, (known, _, _) in found.items() if name == "ajar" for line in known.missed]
    bar = "Bar: at least 98 % right, none called another licence, ahead of each of the others."
    return "\n".join(["## Identification on the real files", "", table(head, rows), "", bar, *missed])


def speed(found: Mapping[str, tuple[Score, Score, Run]], start: Mapping[str, float], slow: tuple[float, str]) -> str:
    """Texts a second, start-up, memory."""
    rows = [[name, f"{run.rate:.1f}", f"{run.start:.2f}", f"{run.peak_mib:.0f}"] for name, (_, _, run) in found.items()]
    lines = ["## Speed, in one process each, on the same texts", ""]
    lines.append(table(["identifier", "texts a second of processor time", "first answer, s", "peak memory, MiB"], rows))
    if "scancode" in found:
        factor = found["ajar"][2].rate / found["scancode"][2].rate
        lines += ["", f"Ajar does {factor:.0f} times as many texts a second as ScanCode (bar: 50)."]
    lines += [
        "",
        f"Start-up to the first answer, new processes: best {start['best']:.2f} s, median {start['median']:.2f} s, "
        f"processor time {start['processor']:.2f} s (bar: 0.3 s). Memory bar: 300 MiB.",
        f"Slowest real file, PDF and all: {slow[0]:.2f} s ({slow[1]}; bar: 1 s).",
    ]
    return "\n".join(lines)


def disturbed(found: Mapping[str, Mapping[str, Score]]) -> str:
    """A row a disturbance and identifier."""
    rows = [[name, who, *_counts(score)] for name, scores in found.items() for who, score in scores.items()]
    lines = ["## The same under disturbance (a text of every labelled licence)", ""]
    lines.append(table(["disturbance", "identifier", "right", "wrong", "unknown", "share right"], rows))
    missed = [
        f"- {name}: {line}" for name, scores in found.items() if "ajar" in scores for line in scores["ajar"].missed
    ]
    return "\n".join([*lines, "", "Not right:", "", *missed])


def lookalikes(found: Mapping[str, tuple[int, list[str]]], opened: tuple[int, list[str]]) -> str:
    """Near misses, restricted variants, false open."""
    rows: list[list[object]] = [[kind, count, len(called), "0"] for kind, (count, called) in found.items()]
    rows.append(["restricted licences of the labelled set (false open)", opened[0], len(opened[1]), "0"])
    lines = ["## Near misses and false open", ""]
    lines.append(table(["texts", "how many", "called the original, or open", "bar"], rows))
    lines += ["", *[f"- {each}" for _, called in found.values() for each in called], *[f"- {e}" for e in opened[1]]]
    return "\n".join(lines).rstrip()


def permissions(known: Mapping[str, Any], unseen: Mapping[str, Any]) -> str:
    """Cell accuracy with the text known, and by clauses only."""
    cells = known["cells"]
    firm = cells.get("firm right", 0) + cells.get("firm wrong", 0)
    debatable = cells.get("debatable right", 0) + cells.get("debatable wrong", 0)
    clauses, doubtful = unseen["firm"], unseen["debatable"]
    false_granted = f"{clauses['false_granted']} ({clauses['false_granted_share']:.1%}; bar 2 %)"
    right, right_debatable = cells.get("firm right", 0), cells.get("debatable right", 0)
    rows = [
        ["text known", firm, f"{right / firm:.1%}", "98 %", cells.get("false granted", 0)],
        ["text known, debatable cells", debatable, f"{right_debatable / debatable:.1%}", "", ""],
        ["leave-one-out (clauses only)", clauses["cells"], f"{clauses['accuracy']:.1%}", "88 %", false_granted],
        ["leave-one-out, debatable cells", doubtful["cells"], f"{doubtful['accuracy']:.1%}", "", ""],
    ]
    lines = ["## Permissions on the labelled licences", ""]
    lines.append(table(["", "cells", "right", "bar", "false granted"], rows))
    lines += ["", "The clause reader holds no licence and no text, so that every licence is left out of what it knows."]
    lines += [f"Its honest figures for unseen licences, from when its rules were made: {_unseen(unseen)}."]
    lines += ["", *[f"- text known: {line}" for line in known["wrong"]], *[f"- clauses: {w}" for w in unseen["wrong"]]]
    return "\n".join(lines).rstrip()


def _unseen(unseen: Mapping[str, Any]) -> str:
    return "; ".join(f"{when}: {each['accuracy']:.1%}" for when, each in unseen["unseen_half"].items())


def fuzzing(found: Mapping[str, Any], seconds: float) -> str:
    """What was tried and the slowest."""
    return "\n".join(
        [
            "## Fuzzing",
            "",
            f"{found['tried']} texts ({found['characters']} characters) in {seconds:.0f} s through both readers; "
            f"slowest {found['slowest_seconds']} s (a text of {found['slowest_length']} characters; bar: 1 s); "
            f"failure: {found['failure'] or 'none'}.",
        ]
    )
