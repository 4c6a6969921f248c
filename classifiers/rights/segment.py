"""Cut a licence text into clauses, each with the words that introduce it, without losing where they stand.

Licences come wrapped at 70 columns, in one line a paragraph, as Markdown, HTML, quoted e-mail or source comments, in
English and Chinese; ``markup`` blanks what is not text without moving anything. A clause is a sentence, or an item of a
list; an item carries its stem ("You shall not:"), because the stem is where its negation stands. ``kinds`` marks
definitions and recitals, which grant and forbid nothing by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from classifiers.rights.kinds import Kind, is_title, kind_of
from classifiers.rights.markup import ANALYSED, flatten, spaced

__all__ = ["ANALYSED", "Kind", "Segment", "segments"]

CLAUSE_MAX: Final = 1_500
STEM_MAX: Final = 320
CLAUSES_MAX: Final = 4_000
_HAN: Final = "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341"
_FIRST: Final = frozenset("ai1-*\u4e00\u2022\u00b7\u25cf\u25cb\u25aa")
"""Marks of a first item."""
_STOPS: Final = ".:;!?\u3002\uff1b\uff1a"
_LINE: Final = re.compile(r"[^\n]+")
_MARKER: Final = re.compile(
    r"[ ]{0,40}(?:[#>]{1,6}[ ]{0,4})?(?:"
    rf"(?P<paren>\(\s?(?:[a-zA-Z]|[ivxIVX]{{2,5}}|\d{{1,2}}|[{_HAN}]{{1,3}})\s?\))"
    r"|(?P<bullet>[-*\u2022\u25cf\u25cb\u25aa\u00b7\u2013])(?=[ ])"
    r"|(?P<section>(?:section|article|attachment|appendix|exhibit|schedule|annex|part)[ ]{1,3}[a-z0-9ivx]{1,5}\b)"
    r"|(?P<dotted>\d{1,2}(?:\.\d{1,2}){1,3}\.?)(?=[ ]|[^\d.])"
    r"|(?P<number>\d{1,2}[.)\u3001](?=[ ]|[^\d\s]))"
    r"|(?P<letter>(?:[a-zA-Z]|[ivxIVX]{2,5})[.)](?=[ ]))"
    rf"|(?P<han>(?:\u7b2c[\u4e00-\u5341\u767e\d]{{1,4}}[\u6761\u7ae0\u8282]|[{_HAN}]{{1,3}}[\u3001.]))"
    r")",
    re.IGNORECASE,
)
"""Item marks. ``_HAN`` are the Chinese numerals one to ten."""
_SENTENCE: Final = re.compile(
    r"[.!?][\"')\]]{0,2}[ \n]+(?=[^a-z\s])|[\u3002\uff01\uff1f\uff1b!?;](?=\W{0,2}[\u3400-\u9fff])"
    r"|\u3002|;[ \n]+|[.:][ ]{0,3}\n"
)
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:e\.?g|i\.?e|inc|ltd|co|corp|no|nos|vs?|u\.s|sec|art|cf|approx|dr|mr|ms|st|llc|para)"
    r"|(?<![\w])(?:[a-z]|\d{1,2}))$",
    re.IGNORECASE,
)
_INLINE: Final = re.compile(
    r"(?<=[\s,;:])\(?(?:[a-z]|[ivx]{2,4}|[0-9]{1,2})\)(?=\s)|(?<=[\u3400-\u9fff,;:])\(\d{1,2}\)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A clause: offsets into the text as given, its words lower-cased and single-spaced, and the stem's words."""

    start: int
    end: int
    words: str
    stem: str
    kind: Kind

    @property
    def joined(self) -> str:
        """Stem and clause as one string; the clause begins at ``offset``."""
        return f"{self.stem} {self.words}" if self.stem else self.words

    @property
    def offset(self) -> int:
        """Where the clause begins in ``joined``."""
        return len(self.stem) + 1 if self.stem else 0


def segments(text: str) -> Iterator[Segment]:
    """The clauses of a text in order, at most ``CLAUSES_MAX`` of them, never overlapping."""
    flat = flatten(text)
    stems = _Stems()
    count = 0
    for start, end, style in _blocks(flat):
        stem = stems.of(style, flat[start : min(end, start + 60)])
        title = count < 4 and is_title(flat[start:end])
        pieces = list(_clauses(flat, start, end, stem))
        for piece_start, piece_end, piece_stem in pieces:
            words = spaced(flat[piece_start:piece_end])
            if len(words) < 3:
                continue
            yield Segment(piece_start, piece_end, words, piece_stem, Kind.TITLE if title else kind_of(words))
            count += 1
            if count >= CLAUSES_MAX:
                return
        if pieces and not title:
            last_start, last_end, last_stem = pieces[-1]
            stems.note(flat[last_start:last_end], last_stem)


def _blocks(flat: str) -> Iterator[tuple[int, int, str]]:
    """Paragraphs and list items: start, end, and the style of the marker ("" where there is none)."""
    start = end = -1
    style = ""
    previous = ""
    blank = True
    spaced_out = _double_spaced(flat)
    for line in _LINE.finditer(flat):
        raw = line.group()
        if not raw.strip():
            blank = True
            continue
        marker = _MARKER.match(raw)
        parted = blank or len(previous) > 140 or flat.count("\n", end, line.start()) > 1
        full = previous.rstrip().endswith((":", "\u3002"))
        if start < 0 or marker is not None or full or (parted and not _runs_on(previous, raw, spaced_out)):
            if start >= 0:
                yield start, end, style
            start, style = line.start(), _style(marker)
        end = line.end()
        previous = raw
        blank = False
    if start >= 0:
        yield start, end, style


def _runs_on(previous: str, raw: str, spaced_out: bool) -> bool:
    """Whether a line continues the sentence of the line before it, whatever blank lines stand between."""
    tail = previous.rstrip()
    return len(tail) > 20 and tail[-1] not in _STOPS and (spaced_out or raw.lstrip()[:1].islower())


def _double_spaced(flat: str) -> bool:
    """Whether a blank line stands behind every line of wrapped text, as page printers and HTML breaks leave it."""
    lines = [line.strip() for line in flat.splitlines()]
    full = [len(line) for line in lines if line]
    alone = sum(1 for a, b in pairwise(lines) if a and not b)
    return len(full) > 12 and alone > 0.9 * len(full) and 40 < sum(full) / len(full) < 100


def _style(marker: re.Match[str] | None) -> str:
    if marker is None:
        return ""
    kind = marker.lastgroup or ""
    token = marker.group(kind).strip("(). \u3001").lower()
    if kind == "bullet":
        return token
    shape = (
        "1"
        if token.isdigit()
        else "r"
        if len(token) > 1 and set(token) <= set("ivx")
        else "a"
        if token.isalpha()
        else "1.1"
    )
    return f"{kind}:{shape}:{token}"


class _Stems:
    """The list that we are in, outermost first: the style of its items and the words that introduce them."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []
        self._pending = ""
        self._strong = False

    def of(self, style: str, beginning: str) -> str:
        """The stem of a block with this marker style; closes the lists that it ends."""
        shape = style.rsplit(":", 1)[0]
        if self._pending:
            token = style.rsplit(":", 1)[-1]
            first = token in _FIRST or token.endswith(".1")
            pending, strong, self._pending = self._pending, self._strong, ""
            if first or (strong and (not style or ":" not in style)):
                self._open.append((shape, pending))
                return pending
        roman = style.rsplit(":", 1)[-1] in ("i", "v", "x")
        for depth in range(len(self._open) - 1, -1, -1):
            known = self._open[depth][0]
            alike = known == shape or (roman and known[:-1] == shape[:-1] and shape)
            if alike and (shape or beginning.lstrip()[:1].islower()):
                del self._open[depth + 1 :]
                return self._open[depth][1]
        self._open.clear()
        return ""

    def note(self, raw: str, stem: str) -> None:
        """Remember the last clause of a block: it may introduce a list."""
        tail = raw.rstrip().rstrip('"').rstrip()
        self._strong = tail.endswith(":")
        if self._strong or (tail and tail[-1] not in ".;!?\u3002\uff1b"):
            words = spaced(tail)
            self._pending = f"{stem} {words}".strip()[-STEM_MAX:]


def _clauses(flat: str, start: int, end: int, stem: str) -> Iterator[tuple[int, int, str]]:
    """The sentences of a block, and the items of lists that run on inside a sentence."""
    for first, last in _sentences(flat, start, end):
        marks = (
            [m.start() for m in _INLINE.finditer(flat, first, last)]
            if "(" in flat[first:last] or ")" in flat[first:last]
            else []
        )
        marks = [m for m in marks if m > first + 4]
        if len(marks) < 2:
            yield from ((a, b, stem) for a, b in _chop(flat, first, last))
            continue
        lead = spaced(flat[first : marks[0]])
        inner = f"{stem} {lead}".strip()[-STEM_MAX:]
        # The words before the list are no clause without an item ("you may not use it for (i) ..., (ii) ...").
        yield from ((a, b, stem) for a, b in _chop(flat, first, marks[1]))
        for a, b in zip(marks[1:], [*marks[2:], last], strict=True):
            yield from ((x, y, inner) for x, y in _chop(flat, a, b))


def _sentences(flat: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for stop in _SENTENCE.finditer(flat, start, end):
        before = flat[max(position, stop.start() - 12) : stop.start()]
        if stop.group()[0] == "." and _ABBREVIATION.search(before):
            continue
        if stop.end() - position < 12:
            continue
        yield position, stop.end()
        position = stop.end()
    if position < end:
        yield position, end


def _chop(flat: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch without its outer blanks, in pieces of at most ``CLAUSE_MAX`` characters."""
    while start < end and flat[start].isspace():
        start += 1
    while end > start and flat[end - 1].isspace():
        end -= 1
    while end - start > CLAUSE_MAX:
        cut = flat.rfind(" ", start + CLAUSE_MAX // 2, start + CLAUSE_MAX)
        cut = start + CLAUSE_MAX if cut < 0 else cut
        yield start, cut
        start = cut
    if start < end:
        yield start, end
