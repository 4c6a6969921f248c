"""Writing JSON to standard output: one document, or one object a line, as it comes, and nothing else.

A list is written while it is read, so that the changes of a whole hub need no memory; its objects stand one a line,
so that a list can be read by eye, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO

import orjson

from interfaces.render.clean import clean_json


def dumps(value: object, *, indent: bool = False) -> str:
    """JSON that is safe on a terminal. Lone surrogates (file names that are not text) become their escapes."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except (TypeError, ValueError):  # orjson refuses lone surrogates and integers over 64 bits
        text = json.dumps(value, indent=2 if indent else None)
    return clean_json(text)


def write_document(value: object, out: TextIO) -> None:
    """One JSON document."""
    out.write(dumps(value, indent=True) + "\n")


def write_list(values: Iterable[Any], out: TextIO) -> int:
    """A JSON list, one object a line; the number of objects. Nothing is written before the first object is there."""
    count = 0
    for count, value in enumerate(values, 1):
        out.write(("[\n" if count == 1 else ",\n") + dumps(value))
    out.write("\n]\n" if count else "[]\n")
    return count


def write_lines(values: Iterable[Any], out: TextIO) -> int:
    """One JSON object a line; the number of objects."""
    count = 0
    for value in values:
        out.write(dumps(value) + "\n")
        count += 1
    return count
