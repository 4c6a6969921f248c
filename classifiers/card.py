"""Model and dataset cards: their front matter, read without trust.

The Hub cuts the front matter with ``^(\\s*---[\\r\\n]+)([\\S\\s]*?)([\\r\\n]+---(\\r\\n|\\n|$))`` (huggingface_hub,
``repocard.REGEX_YAML_BLOCK``) and so do we. The YAML is read from parser events into strings, lists and mappings only:
no tags, no dates that do not exist, no numbers that lose their spelling, no aliases (a few lines of which expand to
gigabytes), no nesting that exhausts a stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from classifiers.text import decode

Node = str | list["Node"] | dict[str, "Node"] | None

WHOLE: Final = 32_000
"""Front matter up to this many characters is read whole; of a longer one only the blocks that we use."""
BLOCK: Final = 32_000
DEPTH: Final = 24
ITEMS: Final = 2_000
"""Most values that are taken of one key."""

USED: Final = frozenset(
    {
        "license",
        "license_name",
        "license_link",
        "datasets",
        "base_model",
        "base_model_relation",
        "library_name",
        "tags",
        "pipeline_tag",
        "language",
        "extra_gated_prompt",
        "extra_gated_heading",
        "extra_gated_description",
        "extra_gated_fields",
    }
)
_START: Final = re.compile(r"\s*---(?=\n)")
_END: Final = re.compile(r"\n---(?:\n|\Z)")
_KEY: Final = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*:", re.MULTILINE)
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CardError(ValueError):
    """The YAML is not read; the message says why."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card. ``front`` holds what could be read of the front matter, ``problem`` says what could not (else empty).

    ``text`` is the card after the front matter, which ends before line ``first_line``.
    """

    front: Mapping[str, Node] = field(default_factory=dict)
    problem: str = ""
    text: str = ""
    first_line: int = 1

    def values(self, key: str) -> tuple[str, ...]:
        """The strings under ``key``: of a scalar one, of a list its scalars; stripped, empty ones left out."""
        node = self.front.get(key)
        found = node if isinstance(node, list) else [node]
        stripped = (item.strip() for item in found[:ITEMS] if isinstance(item, str))
        return tuple(dict.fromkeys(item for item in stripped if item))

    def first(self, key: str) -> str:
        """The first string under ``key``, or an empty one."""
        return next(iter(self.values(key)), "")


def read_card(body: bytes) -> Card:
    """Read a card. Never raises: what cannot be read is in ``problem``."""
    text = decode(body)
    start = _START.match(text)
    if start is None:
        return Card(text=text)
    end = _END.search(text, start.end())
    if end is None:
        return Card(problem="the front matter has no end", text=text)
    front, problem = _read_front(text[start.end() : end.start()])
    return Card(front, problem, text[end.end() :], text.count("\n", 0, end.end()) + 1)


def _read_front(source: str) -> tuple[dict[str, Node], str]:
    problem = ""
    if len(source) <= WHOLE:
        try:
            return _mapping(source), ""
        except CardError as error:
            problem = str(error)
    front, problems = _read_blocks(source)
    return front, "; ".join(dict.fromkeys(([problem] if problem else []) + problems))


def _read_blocks(source: str) -> tuple[dict[str, Node], list[str]]:
    """The keys that we use, each read by itself, so that a broken or huge one costs only itself."""
    front: dict[str, Node] = {}
    problems = []
    starts = [(match.start(), match.group(1)) for match in _KEY.finditer(source)]
    ends = [*(start for start, _ in starts), len(source)][1:]
    for (start, key), end in zip(starts, ends, strict=True):
        if key not in USED or key in front:
            continue
        try:
            if end - start > BLOCK:
                raise CardError(f"longer than {BLOCK} characters")
            front |= _mapping(source[start:end])
        except CardError as error:
            problems.append(f"{key}: {error}")
    return front, problems


def _mapping(source: str) -> dict[str, Node]:
    try:
        node = _build(yaml.parse(source, Loader=_LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise CardError(f"broken YAML{where}: {getattr(error, 'problem', None) or type(error).__name__}") from None
    except (ValueError, UnicodeError, RecursionError) as error:
        raise CardError(str(error) if isinstance(error, CardError) else type(error).__name__) from None
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise CardError(f"a {type(node).__name__}, not a mapping")
    return node


class _Open:
    """A collection whose end was not seen yet."""

    __slots__ = ("key", "node")

    def __init__(self, node: list[Node] | dict[str, Node]) -> None:
        self.node = node
        self.key: str | None = None

    def add(self, value: Node) -> None:
        if isinstance(self.node, list):
            self.node.append(value)
        elif self.key is None:
            self.key = value if isinstance(value, str) else ""
        else:
            self.node.setdefault(self.key, value)
            self.key = None


def _build(events: Iterable[yaml.Event]) -> Node:
    """The first document as strings, lists and mappings; the first of equal keys counts."""
    top = _Open([])
    stack = [top]
    for event in events:
        match event:
            case yaml.ScalarEvent():
                plain = event.style in (None, "")
                stack[-1].add(None if plain and event.value in _NULLS else event.value)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                if len(stack) > DEPTH:
                    raise CardError(f"nested more than {DEPTH} deep")
                stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                stack[-2].add(stack.pop().node)
            case yaml.AliasEvent():
                raise CardError("aliases are not followed")
            case yaml.DocumentEndEvent():
                break
            case _:
                pass
    return top.node[0] if isinstance(top.node, list) and top.node else None
