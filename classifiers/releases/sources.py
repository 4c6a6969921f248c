"""A release's slots, read: the texts that speak of it, its code repositories, its hub repositories.

Slots are named ``SOURCE#PART`` (``github:owner/repo#tree``, ``arxiv:2307.09288#html``). A slot whose snapshot came by a
link ("via SLOT" in its detail) is *near* the release and not part of it: what a linked repository holds need not be
about this model, so only the release's own slots are texts and repositories here, and those of :mod:`.linked`.

A text is *whole* where absence from it means something. A paper recorded in passages, marked or so short that it can be
none, proves presence only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from classifiers.card import read_card
from classifiers.lazy import lazy
from classifiers.model import Pointer, View
from classifiers.releases.linked import adopted, linked
from classifiers.releases.markup import LONGEST, element, page, plain
from classifiers.releases.naming import letters, names, of_any_model, sections, trains_models
from classifiers.releases.scope import apart
from classifiers.text import decode
from classifiers.texts import is_license, is_policy, of_licenses
from crawlers.snapshot import RECORD, FetchStatus, Snapshot

RELEASE: Final = "release:"
WHOLE_PAPER: Final = 8000
"""Characters below which the text of a paper is taken for passages of one."""
WHOLE_PAGE: Final = 2500
"""Characters below which a provider's page is taken for an announcement of what stands elsewhere."""
TELLING: Final = 2000
"""Characters below which a card or README says how to run a model, and not how it was made."""
HEAD: Final = 500
"""Characters of a README in which a repository that is the release's own names it."""

_CUT: Final = re.compile(r"\[\s*(?:\.\.\.|…)\s*\]|\[rest of [^\]]{0,60}cut")
_ABSENT: Final = (FetchStatus.MISSING, FetchStatus.GATED)


class Kind(StrEnum):
    """What a text is; the order is that in which texts are quoted."""

    CARD = "card"
    README = "readme"
    DOCUMENT = "document"
    ABSTRACT = "abstract"
    PAGE = "page"
    PAPER = "paper"
    FRAMEWORK = "framework"
    OTHERS = "others"
    """What a document of the release's says of other models that live in the same repository."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text about the release, on one line, without markup."""

    slot: str
    kind: Kind
    text: str
    whole: bool
    library: bool = False
    """Whether it is the README of a library for training models of any kind, which the release's own was made with."""

    @property
    def own_words(self) -> bool:
        """Whether every sentence is about this release; papers and frameworks also speak of the work of others."""
        return self.kind not in (Kind.PAPER, Kind.FRAMEWORK, Kind.OTHERS)

    @property
    def telling(self) -> bool:
        """Whether absence from it means something for what an abstract has no room for."""
        return self.whole and self.kind is not Kind.ABSTRACT and len(self.text) >= TELLING


@dataclass(frozen=True, slots=True)
class Repository:
    """A code repository. ``paths`` is None where its file tree was not read (``whole`` False where it was cut)."""

    source: str
    paths: tuple[str, ...] | None
    whole: bool
    problem: str = ""

    @property
    def slot(self) -> str:
        """The slot of its tree."""
        return f"{self.source}#tree"


class Sources:
    """A release's view, read. Use one for one assessment; reading may raise, and costs the probe that asked."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.said: dict[str, Any] = {}
        """What was found in the texts already, by what was looked for: a dozen probes ask the same."""

    @lazy
    def own(self) -> Mapping[str, Snapshot]:
        """The slots of the sources that the watchlist names, and of code that the release's own texts link."""
        slots = dict(sorted(self.view.slots.items()))
        own = adopted(self.view.subject.removeprefix(RELEASE), slots)
        return {slot: shot for slot, shot in slots.items() if not linked(shot) or slot.partition("#")[0] in own}

    def via(self, source: str) -> str:
        """The slot that links a source which the release itself does not name; else empty."""
        return next((linked(shot) for slot, shot in self.own.items() if slot.startswith(f"{source}#")), "")

    def of(self, prefix: str) -> tuple[str, ...]:
        """The release's own sources with a prefix (``hf:``), sorted."""
        return tuple(sorted({slot.partition("#")[0] for slot in self.own if slot.startswith(prefix)}))

    def ok(self, slot: str) -> Snapshot | None:
        """A slot, where it was readable; linked ones too."""
        shot = self.view.slots.get(slot)
        return shot if shot is not None and shot.status is FetchStatus.OK else None

    @lazy
    def texts(self) -> tuple[Text, ...]:
        """Every readable text, the shorter kinds first."""
        found = [text for slot, shot in self.own.items() for text in self._texts(slot, shot)]
        return tuple(sorted(found, key=lambda text: list(Kind).index(text.kind)))

    @lazy
    def unread(self) -> tuple[str, ...]:
        """Slots of the release that could not be looked at."""
        return tuple(slot for slot, shot in self.own.items() if shot.status is FetchStatus.ERROR)

    @lazy
    def repositories(self) -> tuple[Repository, ...]:
        """The code repositories that are there (one that is gone is none)."""
        found = (self._repository(source) for source in self.of("github:"))
        return tuple(repository for repository in found if repository is not None)

    def _repository(self, source: str) -> Repository | None:
        shot = self.own.get(f"{source}#tree")
        if shot is None or shot.status is FetchStatus.ERROR:
            about = self.own.get(f"{source}#repo")
            if about is not None and about.status is FetchStatus.MISSING:
                return None
            return Repository(source, None, False, "its files were not listed")
        if shot.status in _ABSENT:
            return None
        tree = json.loads(shot.body)
        entries = tree.get("tree", []) if isinstance(tree, dict) else []
        paths = tuple(
            entry["path"]
            for entry in entries
            if isinstance(entry, dict) and isinstance(entry.get("path"), str) and entry.get("type", "blob") == "blob"
        )
        return Repository(source, paths, not tree.get("truncated", False))

    @lazy
    def hubs(self) -> tuple[tuple[str, View], ...]:
        """Each hub repository as a view of its own, with the records of datasets where they were read."""
        return tuple((source, self._hub(source)) for source in self.of("hf:"))

    def _hub(self, source: str) -> View:
        slots = {slot.partition("#")[2]: shot for slot, shot in self.own.items() if slot.startswith(f"{source}#")}
        for slot, shot in self.view.slots.items():
            if slot.startswith("hf-dataset:") and slot.endswith(f"#{RECORD}"):
                slots[f"dataset:{slot.removeprefix('hf-dataset:').removesuffix(f'#{RECORD}')}"] = shot
            elif slot.startswith("hf:") and slot.endswith(f"#{RECORD}") and slot != f"{source}#{RECORD}":
                slots[f"base:{slot.removeprefix('hf:').removesuffix(f'#{RECORD}')}"] = shot
        return View(source, slots)

    def _texts(self, slot: str, shot: Snapshot) -> Iterator[Text]:
        """The text of a slot, if it is one about the release."""
        if shot.status is not FetchStatus.OK:
            return
        source, _, part = slot.partition("#")
        kind = source.partition(":")[0]
        if kind == "hf" and part.rpartition("/")[2].lower().startswith("readme"):
            yield _text(slot, Kind.CARD, plain(sections(read_card(shot.body).text)), True)
        elif kind == "github" and _is_prose(part):
            yield from self._prose(slot, source, part, decode(shot.body))
        elif kind == "arxiv" and part == "metadata":
            title, summary = _entry(decode(shot.body))
            if summary:
                yield _text(slot, Kind.ABSTRACT, plain(f"{title}. {summary}"), True)
        elif kind == "arxiv" and part == "abs":
            # Where arXiv has no HTML of a paper; it says what the metadata say, and says it where these were not had.
            abstract = element(decode(shot.body), "blockquote")
            if abstract and not self.ok(f"{source}#metadata"):
                yield _text(slot, Kind.ABSTRACT, plain(f"{element(decode(shot.body), 'title')}. {abstract}"), True)
        elif kind in ("arxiv", "url"):
            yield from _page(slot, Kind.PAPER if kind == "arxiv" or ".pdf" in source else Kind.PAGE, decode(shot.body))

    def _prose(self, slot: str, source: str, part: str, body: str) -> Iterator[Text]:
        """A document of a code repository; one of a framework, or of another version, speaks of other models too."""
        head = plain(body[: 2 * HEAD])[:HEAD]
        if "/" not in part:
            # At the root stands what the repository is about; its address and its README say of which release.
            readme = next((it for it in self.own if it.lower().startswith(f"{source}#readme".lower())), None)
            shot = self.ok(readme) if readme else None
            head = f"{source} {plain(decode(shot.body)[: 2 * HEAD])[:HEAD] if shot else ''}"
        else:
            head = f"- {head}"
        titled = any(title in letters(head) for title in self.titles)
        if not titled and not names(self.view.subject.removeprefix(RELEASE), head, body):
            yield _text(slot, Kind.FRAMEWORK, plain(sections(body)), False)
            return
        own, others = apart(body, (it.partition(":")[2] for it in self.of("hf:")))
        kind = Kind.README if part.lower().startswith("readme") else Kind.DOCUMENT
        yield _text(slot, kind, plain(sections(own)), True, source in self.libraries)
        if others:
            yield _text(slot, Kind.OTHERS, plain(sections(others)), False)

    @lazy
    def heads(self) -> Mapping[str, str]:
        """How the README of each code repository begins, where it says what the repository is."""
        readmes = (slot for slot in self.own if slot.partition("#")[2].lower().startswith("readme"))
        read = ((slot, shot) for slot in readmes if slot.startswith("github:") and (shot := self.ok(slot)))
        return {slot.partition("#")[0]: plain(decode(shot.body)[: 8 * HEAD])[: 4 * HEAD] for slot, shot in read}

    @lazy
    def libraries(self) -> frozenset[str]:
        """Code repositories that call themselves a library for training models, whatever else they name."""
        return frozenset(source for source, head in self.heads.items() if of_any_model(head))

    @lazy
    def trainers(self) -> frozenset[str]:
        """Those that say that they train models."""
        return frozenset(source for source, head in self.heads.items() if trains_models(head))

    @lazy
    def moved_on(self) -> frozenset[str]:
        """Code repositories of the release's name that hold another version now: their licence is that version's."""
        slug = self.view.subject.removeprefix(RELEASE)
        named = (it for it in self.frameworks if names(slug, it.replace("/", " ").replace(":", " ")))
        return frozenset(named)

    @lazy
    def frameworks(self) -> frozenset[str]:
        """Code repositories whose README speaks of more than this release: what they hold need not be its own."""
        readmes = (text.slot.partition("#") for text in self.texts if text.kind is Kind.FRAMEWORK)
        return frozenset(source for source, _, part in readmes if part.lower().startswith("readme"))

    @lazy
    def titles(self) -> tuple[str, ...]:
        """The titles of the release's papers, letters only."""
        metadata = (self.ok(slot) for slot in self.own if slot.startswith("arxiv:") and slot.endswith("#metadata"))
        found = (letters(plain(_entry(decode(shot.body))[0])) for shot in metadata if shot)
        return tuple(title for title in found if len(title) >= 20)

    def license_slots(self, source: str) -> tuple[str, ...]:
        """A repository's licence files, those at its root and most plainly named first."""
        found = [slot for slot in self.own if slot.startswith(f"{source}#") and is_license(slot.partition("#")[2])]
        return tuple(sorted(found, key=lambda slot: (slot.count("/"), "model" in slot.lower(), slot)))


def _is_prose(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    prose = name.endswith((".md", ".rst", ".txt")) or name == "readme"
    return prose and not (of_licenses(path) or is_policy(path)) and not name.startswith(("requirements", "code_of_con"))


def _text(slot: str, kind: Kind, text: str, whole: bool, library: bool = False) -> Text:
    """A text, cut where it is too long. What was cut off may say what the rest does not: no absence is read from it."""
    return Text(slot, kind, text[:LONGEST], whole and len(text) <= LONGEST, library)


def _entry(feed: str) -> tuple[str, str]:
    """The title and the summary of the first entry of an Atom feed; empty where there is none."""
    start = max(feed.find("<entry"), 0)
    return element(feed, "title", start), element(feed, "summary", start)


def _page(slot: str, kind: Kind, source: str) -> Iterator[Text]:
    text = page(source)
    least = WHOLE_PAPER if kind is Kind.PAPER else WHOLE_PAGE
    yield _text(slot, kind, text, len(text) >= least and not _CUT.search(text))


def pointer(text: Text, start: int, end: int) -> Pointer:
    """Where in a text something stands, with the words around it."""
    left, right = max(0, start - 90), min(len(text.text), end + 110)
    shown = text.text[left:right].encode("utf-8", "replace").decode()
    clean = "".join(char if char.isprintable() else " " for char in shown)
    return Pointer(text.slot, f"chars {start}-{end}", clean.strip()[:300])
