"""Judgement: whether a text that resembles a known one is that licence, or another one made from it.

A best match without a margin is a false "open". So every difference between the two texts is looked at: words that
come or go without operative ones among them (names, dates, typing errors) are let pass; an operative word that comes or
goes, a changed sum or version, an added term make another licence. Licences that are not open in the first place may
differ by whole passages, as their makers revise them, where those change nothing that the licence allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.licenses.align import Alignment, Gap
from classifiers.licenses.catalogue import License, catalogue
from classifiers.licenses.index import Known
from classifiers.licenses.operative import AMOUNT, VERSION, WEAK, vocabulary
from classifiers.licenses.terms import kinds_that_matter, terms
from classifiers.licenses.words import words as words_of

MIN_COVERAGE: Final = 0.7
"""Less of a known text is another text. A tail may be missing down to here: files are cut off."""
MIN_COVERAGE_SHORT: Final = 0.9
MIN_COVERAGE_CUT: Final = 0.4
"""For a text that is not open, of which all words in hand are the known text's: the second language is cut off, say."""
_SHORT_TEXT: Final = 60
_SMALL: Final = 7
"""A change of so few words was made on purpose, and an operative one among them counts under any licence."""
_LARGE_LOSS: Final = 0.06
"""Share of a text that a revision may drop in one place."""
_TITLE: Final = 60
"""Version numbers count among so many first words; further on they are numbers of sections."""
_WEAK_MANY: Final = 3
_OPEN_CATEGORIES: Final = frozenset({"Permissive", "Public Domain"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """``decisive`` differences make another licence (none: it is the one); ``differences`` are all, for people."""

    decisive: tuple[str, ...]
    differences: tuple[str, ...]
    truncated: bool
    touched: frozenset[str]
    """Permissions that the decisive differences may be about."""
    adds: bool = True
    """Whether something was added; otherwise the text in hand only lacks what makes the known one."""
    other_name: bool = False
    """Another licence on the same template: it calls itself something else."""


def judge(found: Alignment, known: Known, words: Sequence[str], end: int) -> Judgement:
    """Compare the text found among ``words`` with the known one; ``end`` is where the text in hand ends."""
    licence = catalogue().licenses.get(known.id)
    if licence is not None and not _calls_itself(licence, words):
        reason = f"it does not call itself {' or '.join(licence.calls_itself)}"
        return Judgement((reason,), (), False, permissions_of(()), other_name=True)
    judged = _Judge(found, words, licence, _is_open(known, licence))
    truncated = found.tail > _SMALL and end - found.end <= _SMALL
    if found.coverage < _least(found, judged.is_open, truncated):
        judged.decisive.append(f"only {found.coverage:.0%} of its words are there")
    judged.look_at_ends(truncated)
    for gap in found.gaps:
        judged.look_at(gap)
    decisive, differences = tuple(judged.decisive), tuple(judged.differences)
    return Judgement(decisive, differences, truncated, frozenset(judged.touched), judged.adds)


def _calls_itself(licence: License, words: Sequence[str]) -> bool:
    if not licence.calls_itself:
        return True
    joined = f" {' '.join(words)} "
    return any(f" {' '.join(words_of(name))}" in joined for name in licence.calls_itself)


def _least(found: Alignment, is_open: bool, truncated: bool) -> float:
    if found.size < _SHORT_TEXT:
        return MIN_COVERAGE_SHORT
    all_known = found.matched >= 0.98 * (found.end - found.start) and found.head <= _SMALL
    return MIN_COVERAGE_CUT if truncated and all_known and not is_open else MIN_COVERAGE


def _is_open(known: Known, licence: License | None) -> bool:
    if licence is None or licence.silent:
        return known.category in _OPEN_CATEGORIES
    return licence.permissions.points == len(licence.sections)


class _Judge:
    """The differences of one alignment, gathered."""

    def __init__(self, found: Alignment, words: Sequence[str], licence: License | None, is_open: bool) -> None:
        self.found, self.words, self.licence, self.is_open = found, words, licence, is_open
        self.decisive: list[str] = []
        self.differences: list[str] = []
        self.touched: set[str] = set()
        self.adds = False

    def look_at_ends(self, truncated: bool) -> None:
        """What of the known text is missing before and after."""
        marks = self.found.text.marks
        for missing in (marks[: self.found.head], b"" if truncated else marks[len(marks) - self.found.tail :]):
            strong = _strong(Counter(missing))
            if strong:
                self._record("-", strong, decisive=True)

    def look_at(self, gap: Gap) -> None:
        """Words that came in one place, and words that went."""
        inserted = self.words[gap.start : gap.end]
        came = Counter(vocabulary().classify(self.words[gap.start : gap.end + 1])[: len(inserted)])
        went = Counter(self.found.text.marks[gap.lost_start : gap.lost_end])
        changed = (came - went) + (went - came)
        strong = _strong(changed)
        lost = gap.lost_end - gap.lost_start
        small = max(len(inserted), lost) <= _SMALL
        other_version = VERSION in came and VERSION in went and gap.lost_start < _TITLE
        if AMOUNT in came or AMOUNT in went or other_version:
            decisive = True
        elif strong:
            decisive = small or self.is_open or self._is_another(inserted, lost)
        else:
            weak = sum(count for mark, count in (came - went).items() if WEAK <= mark < VERSION)
            decisive = self.is_open and weak >= _WEAK_MANY and len(inserted) > lost
        if inserted:
            self.differences.append("+" + " ".join(inserted[:40])[:200])
        if lost and (strong or not inserted):
            self._record("-", strong, decisive=False)
        if decisive:
            self.decisive.append(self._describe(inserted, strong, changed))
            self.touched.update(permissions_of([*strong, *inserted]))
            self.adds = self.adds or bool(inserted)

    def _is_another(self, inserted: Sequence[str], lost: int) -> bool:
        if lost > self.found.size * _LARGE_LOSS or self.licence is None:
            return True
        permissions = dict(self.licence.permissions.items())
        if terms().find(inserted, kinds_that_matter(permissions, self.licence.restrictions)):
            return True
        from classifiers.rights import read_rights

        read = read_rights(" ".join(inserted)).permissions
        return any(value is False and permissions[name] is not False for name, value in read.items())

    def _describe(self, inserted: Sequence[str], strong: list[str], changed: Counter[int]) -> str:
        parts = []
        if inserted:
            parts.append(f"it adds '{' '.join(inserted[:24])}'")
        missing = [vocabulary().name(mark) for mark in changed if 0 < mark < WEAK or mark >= VERSION]
        if missing and not inserted:
            parts.append(f"it lacks {', '.join(missing[:6])}")
        return " and ".join(parts) or f"it differs in {', '.join(strong[:6])}"

    def _record(self, sign: str, names: list[str], decisive: bool) -> None:
        shown = " ".join(names[:12])
        self.differences.append(f"{sign}{shown}" if shown else f"{sign}(words without operative ones)")
        if decisive:
            self.decisive.append(f"it lacks {', '.join(names[:6])}")
            self.touched.update(permissions_of(names))


_ABOUT: Final = (
    ("research", ("research", "academic", "education", "scholarly")),
    (
        "commercial",
        ("commercial", "sell", "sale", "fee", "pay", "royalt", "revenue", "amount", "million", "users", "profit"),
    ),
    ("modify", ("modif", "deriv", "adapt", "alter")),
    ("relicense_derivatives", ("sublicens", "same", "sharealike", "copyleft", "relicens")),
)


def permissions_of(words: Sequence[str]) -> frozenset[str]:
    """The permissions that operative words are about; all that can be limited where that cannot be told."""
    about = {name for name, stems in _ABOUT for word in words for stem in stems if stem in word}
    return frozenset(about or {"commercial", "modify", "relicense_derivatives"})


def _strong(marks: Counter[int]) -> list[str]:
    return [vocabulary().name(mark) for mark in marks if 0 < mark < WEAK]
