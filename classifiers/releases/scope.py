"""Which part of a document is about the release, where a repository holds several models.

A document of a code repository may describe a whole series: newer versions, larger ones, tunes of other people's
models. A section is about another model where its heading is the name of a hub repository that it links and that is
none of the release's; a line outside such sections, where it names such a model and not the release. Everything else
is kept: that a section links another model says nothing alone (a fine-tune links its base).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_HEADING: Final = re.compile(r"(#{1,6})\s+(\S.{0,200})")
_FENCE: Final = re.compile(r"\s{0,3}(?:```|~~~)")
_HUB_LINK: Final = re.compile(
    r"(?:huggingface\.co|hf\.co)/(?!datasets/|spaces/|papers/|blog/|docs/)[\w.-]{1,80}/([\w.-]{1,100})"
)
_MARKUP: Final = re.compile(r"\]\([^()]{0,300}\)|<[^<>]{0,300}>|[*`\[\]]")
_TOKEN: Final = re.compile(r"[a-z]+\d*(?:\.\d+)*[a-z]*|\d+(?:\.\d+)*[a-z]*\d*[a-z]*")
_SIZE: Final = re.compile(r"\d+(?:\.\d+)?[bmk]|\d+")
_NO_NAME: Final = re.compile(
    r"a|and|base|beta|card|chat|code|data|details|download|evaluation|for|foundation|hf|how|in|instruct|it|license|main"
    r"|models?|of|on|our|pretrained|release|results|sft|size|the|to|tuned|usage|use|v1|weights|with"
)
"""Words that tell variants of one model apart, or are no part of a name."""
_LONGEST_NAME: Final = 60
_SHORTEST_NAME: Final = 4
_MOST_NAMES: Final = 40


@dataclass(slots=True)
class _Section:
    level: int
    heading: str
    lines: list[str]
    foreign: bool = False


def tokens(name: str) -> frozenset[str]:
    """The words of a model's name, without sizes and words that say nothing (``StableLM-Base-7B`` → ``stablelm``)."""
    found = _TOKEN.findall(name.lower().replace("_", "-"))
    return frozenset(it for it in found if not _NO_NAME.fullmatch(it) and not _SIZE.fullmatch(it))


def _sections(markdown: str) -> Iterator[_Section]:
    current, fenced = _Section(0, "", []), False
    for line in markdown.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line)
        if heading:
            yield current
            current = _Section(len(heading[1]), _MARKUP.sub(" ", heading[2]).strip(" #:"), [line])
        else:
            current.lines.append(line)
    yield current


def _named_after(heading: str, links: Iterable[str], own: Iterable[frozenset[str]]) -> bool:
    """Whether a heading is the name of one of the linked repositories, and of none of the release's."""
    name = tokens(heading)
    if not name or len(heading) > _LONGEST_NAME or len("".join(name)) < _SHORTEST_NAME:
        return False
    if any(name <= it | {"v1"} for it in own):
        return False
    joined = "".join(re.findall(r"[a-z0-9]+", heading.lower()))
    for link in links:
        words = tokens(link)
        if words in own:
            continue
        if name <= words or re.sub(r"[^a-z0-9]+", "", link.lower()).startswith(joined):
            return True
    return False


def _pattern(heading: str) -> re.Pattern[str]:
    parts = re.findall(r"[a-z0-9]+", heading.lower())
    return re.compile(r"(?i)(?<![a-z0-9])" + r"[\W_]{0,2}".join(parts))


def apart(markdown: str, own_repositories: Iterable[str]) -> tuple[str, str]:
    """A document without its sections and lines on other models, and those. ``own_repositories`` are ``owner/name``.

    Without any the document stays as it is: nothing says then which models are others.
    """
    names = {it.rpartition("/")[2] for it in own_repositories}
    own = {tokens(name) for name in names} - {frozenset()}
    if not own:
        return markdown, ""
    sections = list(_sections(markdown))
    others: list[re.Pattern[str]] = []
    under = 0
    for section in sections:
        if under and section.level > under and tokens(section.heading) not in own:
            section.foreign = True
            continue
        under = 0
        links = dict.fromkeys(_HUB_LINK.findall("\n".join(section.lines)))
        if section.level >= 2 and _named_after(section.heading, links, own):
            section.foreign, under = True, section.level
            if len(others) < _MOST_NAMES:
                others.append(_pattern(section.heading))
    kept: list[str] = []
    dropped: list[str] = []
    for section in sections if others else ():
        for line in section.lines:
            foreign = section.foreign or _of_another(line, others, own)
            (dropped if foreign else kept).append(line)
    return ("\n".join(kept), "\n".join(dropped)) if others else (markdown, "")


def _of_another(line: str, others: Iterable[re.Pattern[str]], own: Iterable[frozenset[str]]) -> bool:
    """Whether a line names another model of the document, and the release nowhere."""
    rest = line
    for pattern in others:
        rest = pattern.sub(" ", rest)
    if rest == line:
        return False
    words = set(_TOKEN.findall(rest.lower()))
    return not any(it <= words for it in own)
