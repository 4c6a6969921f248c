"""Whether a document is about a release: by the name in its head, without the sections about other people's work."""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"[^a-z0-9]+")
_HEADING: Final = re.compile(r"^(#{1,6})\s*(.*)$")
_ELSEWHERE: Final = re.compile(
    r"(?i)\b(?:publications?|citations?|citing|cite|references|bibtex|acknowledge?ments?|related (?:work|projects)"
    r"|adoption|star history|community|ecosystem|projects)\b"
)
_GENERIC: Final = frozenset({"base", "alpha", "beta", "tuned", "chat", "instruct", "foundation", "only", "preview"})
"""Words of a slug that tell variants of a release apart, and are no part of its name."""


def names(slug: str, head: str, body: str = "") -> bool:
    """Whether the beginning of a README names the release, and not another version of it.

    A series that is named there without a version is the release's where the ``body`` (if given) names its version.

    The name is what the slug has before its versions and sizes (``gpt neox`` of ``gpt-neox-20b``, ``qwen`` of
    ``qwen2.5``), without words that say nothing. A version that follows the name must be the slug's own.
    """
    parts = [part for part in re.split(r"[^a-z0-9.]+", slug.lower()) if part]
    name = [parts[0]]
    for part in parts[1:]:
        if part[0].isdigit() or part in _GENERIC:
            break
        name.append(part)
    versions = [part for part in parts[len(name) :] if re.fullmatch(r"v?\d+(?:\.\d+)*", part)]
    own = re.fullmatch(r"([a-z]{3,})(\d+(?:\.\d+)?)", name[0]) if len(name) == 1 else None
    if own is not None:
        name, versions = [own[1]], [own[2]]
    joined = r"[^a-z0-9]{0,2}".join("".join(name))
    address, _, words = head.lower().partition(" ")
    pattern = re.compile(rf"(?<![a-z0-9]){joined}(?![a-wyz])[ -]?v?(\d+(?:\.\d+)?(?![\db]))?")
    found = pattern.search(words) or pattern.search(address)
    if found is None:
        return _joined_in("".join(name), address)
    if found[1] is None and versions and body:
        return any(it[1] in versions for it in pattern.finditer(body.lower()))
    return found[1] is None or found[1] in versions or (not versions and found[1] == "1")


_LIBRARY: Final = re.compile(
    r"(?i)\b(?:library|framework|toolkit|platform|codebase|code ?base|stack)\b[^.]{0,60}\b(?:for|to)\b[^.]{0,40}"
    r"\b(?:pre-?)?train(?:ing)?\b[^.]{0,80}\b(?:models|networks|transformers|llms)\b"
)


def of_any_model(head: str) -> bool:
    """Whether the beginning of a README calls its repository a library for training models, in the plural.

    What such a library can do is no stage of the one model that is named as it is.
    """
    return _LIBRARY.search(head) is not None


_TRAINER: Final = re.compile(r"(?i)\b(?:pre-?)?train(?:ing)?\b[^.]{0,80}\b(?:models|networks|transformers|llms)\b")


def trains_models(head: str) -> bool:
    """Whether the beginning of a README says that its repository is for training models, among other things."""
    return _TRAINER.search(head) is not None


def letters(text: str) -> str:
    """Lower-cased, without anything but letters and digits."""
    return _PARTS.sub("", text.lower())


def _joined_in(name: str, head: str) -> bool:
    """Whether the address of the repository holds the name."""
    return name in letters(head.split(" ", 1)[0].rpartition("/")[2])


def sections(markdown: str) -> str:
    """A document without its sections of publications, citations and other people's projects."""
    kept: list[str] = []
    dropped = 0
    for line in markdown.split("\n"):
        heading = _HEADING.match(line) if line.startswith("#") else None
        if heading:
            level = len(heading[1])
            if not dropped or level <= dropped:
                dropped = level if _ELSEWHERE.search(heading[2]) else 0
        if not dropped:
            kept.append(line)
    return "\n".join(kept)
