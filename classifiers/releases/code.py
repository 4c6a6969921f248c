"""Is the code of a stage released, and under which licence? Trees first, then documents, then public toolkits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from classifiers.evidence import declared_reading
from classifiers.model import Component, Finding, Outcome, Pointer
from classifiers.releases.phrases import MOST, Match, entry, named, paths_of, said
from classifiers.releases.sources import Kind, Repository, Sources
from classifiers.releases.stages import places, quoted, telling_places
from classifiers.silence import ANNOUNCED, LISTED, SILENCE
from classifiers.terms import Terms
from classifiers.text import decode, excerpt
from classifiers.texts import Document, read_document

AXES: Final = {
    Component.PRETRAINING_CODE: "pretraining",
    Component.FINETUNING_CODE: "finetuning",
    Component.ALIGNMENT_CODE: "alignment",
    Component.EVALUATION_CODE: "evaluation",
    Component.SAFETY_EVALUATION_CODE: "safety",
}
_DOCUMENTED: Final = {
    "pretraining": "training-documented",
    "finetuning": "finetuning-documented",
    "evaluation": "evaluation-documented",
}
_BY_FRAMEWORK: Final = frozenset({"pretraining"})
"""What a framework that the release names as its code is released for. How it was tuned and measured is another thing,
which scripts of a framework do not show."""
_OF_TUNING: Final = frozenset({"finetuning", "alignment"})
_USES: Final = {
    "training": re.compile(r"(?i)(?:pre-?)?train(?:ed|ing)?\b[^.]{0,140}$"),
    "finetuning": re.compile(r"(?i)(?:fine-?tun|instruct)[^.]{0,120}$"),
    "alignment": re.compile(r"(?i)(?:align|dpo|preference)[^.]{0,120}$"),
    "evaluation": re.compile(r"(?i)(?:evaluat|benchmark|open-?sourc|using|run)[^.]{0,160}$"),
}
_PRETRAIN: Final = re.compile(r"pre[-_]?train(?!ed)")
_WORDS_BEFORE: Final = 180


def license_of(sources: Sources, source: str) -> Terms | None:
    """The terms of a code repository: its licence file, else what the host recognised."""
    if source in sources.moved_on:
        return None
    for slot in sources.license_slots(source):
        if (shot := sources.ok(slot)) and "model" not in slot.partition("#")[2].lower():
            return read_document(Document(slot, slot, shot.body), current=True)
    about = sources.ok(f"{source}#repo")
    found = re.search(r'"spdx_id":\s*"([\w.+-]{1,60})"', decode(about.body)) if about else None
    if about is None or found is None or found[1] == "NOASSERTION":
        return None
    slot = f"{source}#repo"
    return Terms("declared", found[1], Pointer(slot, "license", found[1]), declared_reading(found[1].lower()))


def code_terms(sources: Sources, component: Component) -> tuple[Terms, ...]:
    """The terms under which the code of a stage is to be had; unknown ones where a repository names none."""
    axis = AXES[component]
    found: list[Terms] = []
    for repository, _ in _holding(sources, axis):
        nothing = Terms("file", "", Pointer(repository.slot, "LICENSE"), declared_reading(""))
        found.append(license_of(sources, repository.source) or nothing)
    # One public toolkit among several is the code; each is enough to run the stage.
    return tuple(found) or _toolkit_terms(sources, axis)[:1]


def _holding(sources: Sources, axis: str) -> tuple[tuple[Repository, tuple[str, ...]], ...]:
    """The repositories that hold code of an axis, with the files that show it."""
    found = [(it, paths_of(it.paths, axis)) for it in sources.repositories if it.paths is not None]
    general = _general(sources, axis)
    found = [(it, files) for it, files in found if it.source not in general or _plainly(files, axis)]
    by_files = tuple((it, files) for it, files in found if files)
    if by_files or axis not in _DOCUMENTED:
        return by_files
    told = {match.text.slot.partition("#")[0] for match in said(sources, _DOCUMENTED[axis]) if _in_repository(match)}
    # A README that says how to train with what lies beside it is evidence of code where no list of files was read.
    unlisted = [it for it in sources.repositories if it.paths is None and it.source not in general]
    return tuple((it, ()) for it in (*(it for it, _ in found), *unlisted) if it.source in told)


def _general(sources: Sources, axis: str) -> frozenset[str]:
    """The repositories whose code of an axis need not be this release's.

    A library that has the release's name trains and measures it; that it can tune, too, is no stage of the release.
    """
    if axis in _BY_FRAMEWORK:
        return sources.frameworks - sources.trainers
    return sources.frameworks | (sources.libraries if axis in _OF_TUNING else frozenset())


def _plainly(files: tuple[str, ...], axis: str) -> bool:
    """Whether paths say in so many words that they are of the axis: ``train.py`` of a kit may be any training."""
    return axis == "pretraining" and any(_PRETRAIN.search(path.lower()) for path in files)


def _in_repository(match: Match) -> bool:
    return match.text.kind in (Kind.README, Kind.DOCUMENT)


def _toolkits(sources: Sources, axis: str) -> tuple[Match, ...]:
    group = "training" if axis == "pretraining" else axis
    if group not in _USES:
        return ()
    found = []
    for match in named(sources, "toolkits", group):
        before = match.text.text[max(0, match.start - _WORDS_BEFORE) : match.start]
        # With what one model of a repository is measured, its others are, too.
        own = match.text.own_words or (match.text.kind is Kind.OTHERS and axis == "evaluation")
        if _USES[group].search(before) and (own or "we" in before.lower().split()):
            found.append(match)
    return tuple(found)


def _toolkit_terms(sources: Sources, axis: str) -> tuple[Terms, ...]:
    group = "training" if axis == "pretraining" else axis
    return tuple(
        Terms("library", match.name, match.pointer, declared_reading(entry("toolkits", group, match.name)["license"]))
        for match in _toolkits(sources, axis)
    )


def code_released(component: Component) -> CodeReleased:
    """The question ``code-released`` of a stage."""
    return CodeReleased(AXES[component])


class CodeReleased:
    """Is code of this stage released?"""

    def __init__(self, axis: str) -> None:
        self.axis = axis

    def __call__(self, sources: Sources) -> Iterator[Finding]:
        name = "code-released"
        if holding := _holding(sources, self.axis):
            for repository, files in holding:
                shown = tuple(Pointer(repository.slot, "path", excerpt(path)) for path in files[:MOST])
                told = quoted(said(sources, _DOCUMENTED[self.axis])) if not files else ()
                detail = (
                    f"{repository.source} holds {self.axis} code." if files else f"{repository.source} documents it."
                )
                if via := sources.via(repository.source):
                    detail += f" It is linked by {excerpt(via, 120)}."
                yield Finding(name, Outcome.TRUE, shown or told, detail, repository.source)
        elif kits := _toolkits(sources, self.axis):
            detail = f"It is done with {kits[0].name}, which is public."
            yield Finding(name, Outcome.TRUE, quoted(kits), detail, kits[0].name)
        elif general := [it for it in sources.repositories if self._general(sources, it)]:
            shown = tuple(Pointer(it.slot, "path", excerpt(paths_of(it.paths or (), self.axis)[0])) for it in general)
            detail = f"{general[0].source} is a framework with {self.axis} code; whether it served here is not known."
            yield Finding(name, Outcome.NOT_SUPPORTED, shown[:MOST], detail)
        else:
            yield absent_code(name, sources, self.axis)

    def _general(self, sources: Sources, repository: Repository) -> bool:
        files = paths_of(repository.paths or (), self.axis)
        return bool(files) and repository.source in _general(sources, self.axis)


def absent_code(name: str, sources: Sources, what: str) -> Finding:
    """Nothing was found: false where the places were looked at, else not available."""
    unlisted = [repository for repository in sources.repositories if repository.paths is None or not repository.whole]
    trees = tuple(Pointer(it.slot, "files", f"{len(it.paths or ())} files") for it in sources.repositories if it.whole)
    # An abstract shows that nothing at all is released; where something is, the rest may stand elsewhere.
    open_ = bool(said(sources, "weights-released")) or bool(sources.hubs)
    looked = (*trees, *(telling_places(sources) if open_ else places(sources)))
    announced = said(sources, "code-released")
    if unlisted:
        pointer = Pointer(unlisted[0].slot, "status", unlisted[0].problem)
        return Finding(name, Outcome.NOT_AVAILABLE, (pointer,), "A code repository's files were not all listed.")
    if announced and not trees:
        detail = "The texts say that code is released; no repository of it was looked at."
        return Finding(name, Outcome.NOT_SUPPORTED, quoted(announced), detail, ANNOUNCED)
    if not looked:
        return Finding(name, Outcome.NOT_AVAILABLE, detail="Neither a file tree nor a whole text was read.")
    where = f"{len(trees)} file trees and {len(looked) - len(trees)} texts" if trees else f"{len(looked)} texts"
    missing = "" if trees else " No source of the release is a code repository."
    detail = f"No {what} code in {where} that were read in full.{missing}"
    return Finding(name, Outcome.FALSE, looked, detail, LISTED if trees else SILENCE)
