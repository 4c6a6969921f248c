"""The cells of two judgements that differ, and the findings that made the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Cell = Mapping[str, Any]
ANSWER: Final = ("state", "level", "license", "access", "declared", "marks")
"""What makes an answer another one, as in the history; confidence and findings do not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One component of one target that the two rules judge differently; None where one of them knows no such cell.

    ``before`` and ``after`` are the findings that only the older, only the newer rules made.
    """

    target: str
    component: str
    old: Cell | None
    new: Cell | None
    before: tuple[Cell, ...]
    after: tuple[Cell, ...]

    @property
    def answers(self) -> bool:
        """Whether the answer itself is another one, and not only what is said for it."""
        return _answer(self.old) != _answer(self.new)

    @property
    def rules(self) -> tuple[str, ...]:
        """The probes that say something else."""
        return tuple(dict.fromkeys(str(it["probe"]) for it in (*self.after, *self.before)))

    def to_json(self) -> dict[str, Any]:
        """The object of ``--json``."""
        sides = {
            name: None if cell is None else {key: cell[key] for key in ANSWER}
            for name, cell in (("before", self.old), ("after", self.new))
        }
        said = {"findings_before": list(self.before), "findings_after": list(self.after)}
        return {"target": self.target, "component": self.component, **sides, "rules": list(self.rules), **said}


def differences(old: Mapping[str, Mapping[str, Cell]], new: Mapping[str, Mapping[str, Cell]]) -> Iterator[Difference]:
    """Every cell with another answer or other findings, by target and component."""
    for target in dict.fromkeys((*new, *old)):
        left, right = old.get(target, {}), new.get(target, {})
        for component in dict.fromkeys((*right, *left)):
            one, other = left.get(component), right.get(component)
            said, says = _findings(one), _findings(other)
            found = Difference(target, component, one, other, _without(said, says), _without(says, said))
            if found.answers or found.before or found.after:
                yield found


def words(cell: Cell | None) -> str:
    """An answer for people: ``3 llama2 gated_manual contradiction:places``."""
    if cell is None:
        return "nothing"
    said = [cell["level"] if cell["state"] == "assessed" else cell["state"], cell["license"], cell["access"]]
    # Two declared sets or texts may be all that differs, so they are shown.
    marks = [*cell["marks"], f"declared {'+'.join(cell['declared'])}" if cell["declared"] else ""]
    return " ".join(str(part) for part in (*said, *marks) if part)


def finding_words(finding: Cell) -> str:
    """``probe outcome: detail [slot locator] "excerpt"``, by the first piece of evidence."""
    text = f"{finding['probe']} {finding['outcome']}: {finding['detail'] or finding['value']}"
    for it in finding["evidence"][:1]:
        place = f"{it['slot']} {it['locator']}".strip()
        text += f" [{place}]" + (f" “{it['excerpt']}”" if it["excerpt"] else "")
    return text


def _answer(cell: Cell | None) -> tuple[Any, ...] | None:
    return None if cell is None else tuple(cell[key] for key in ANSWER)


def _findings(cell: Cell | None) -> Sequence[Cell]:
    return [] if cell is None else list(cell["findings"])


def _without(these: Sequence[Cell], those: Sequence[Cell]) -> tuple[Cell, ...]:
    return tuple(finding for finding in these if finding not in those)
