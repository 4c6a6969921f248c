"""What happens to licence texts on their way into repositories, done on purpose; nothing licensed is changed."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Final

_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_COPYRIGHT: Final = re.compile(r"^[^\w\n]*copyright\s+(?:\(c\)|©|\d{4})[^\n]{0,80}$", re.IGNORECASE | re.MULTILINE)
_PREFACE: Final = (
    "This repository contains the weights of the model and the code that was used to train it. If you use it in your "
    "own work, we would be glad if you cited our paper. The licence of this release is given below.\n\n"
)


def rewrapped(text: str) -> str:
    """Lines of 60 characters; hyphens are places to break."""
    return "\n\n".join(textwrap.fill(paragraph, 60) for paragraph in _PARAGRAPH.split(text))


def upper_headings(text: str) -> str:
    """Short lines in capitals."""
    return "\n".join(line.upper() if len(line.strip()) < 60 else line for line in text.split("\n"))


def other_copyright(text: str) -> str:
    """Another holder in the first copyright line, and one more line in front."""
    line = "Copyright (c) 2031 Example Laboratories, Inc. and contributors"
    return f"{line}\nAll rights reserved.\n\n{_COPYRIGHT.sub(line, text, count=1)}"


def with_preface(text: str) -> str:
    """A paragraph before it."""
    return _PREFACE + text


def as_html(text: str) -> str:
    """A page, with a head, a style sheet and entities."""
    body = "".join(f"<p>{html.escape(p)}</p>".replace("\n", "<br/>\n") for p in _PARAGRAPH.split(text))
    style = "<style>p { margin: 0 }</style>"
    return f"<!DOCTYPE html><html><head><title>License</title>{style}</head><body>{body}</body></html>"


def as_quote(text: str) -> str:
    """A Markdown quotation."""
    return "\n".join(f"> {line}" for line in text.split("\n"))


def as_gate_prompt(text: str) -> str:
    """The text that a gated repository shows, in the YAML of its card."""
    prompt = "\n".join(f"  {line}" for line in text.split("\n"))
    fields = "extra_gated_fields:\n  First Name: text\n  Country: country\n  I accept the terms: checkbox"
    return f"---\nlicense: other\nextra_gated_prompt: >-\n{prompt}\n{fields}\n---\n"


def as_comment(text: str) -> str:
    """The comment at the head of a source file."""
    return "/*\n" + "\n".join(f" * {line}" for line in text.split("\n")) + "\n */\n"


def truncated(text: str) -> str:
    """The last fifth is missing."""
    return text[: len(text) * 4 // 5]


DISTURBANCES: Final[Mapping[str, Callable[[str], str]]] = {
    "re-wrapped": rewrapped,
    "headings in capitals": upper_headings,
    "copyright line replaced": other_copyright,
    "paragraph prepended": with_preface,
    "HTML-wrapped": as_html,
    "Markdown quotation": as_quote,
    "extra_gated_prompt": as_gate_prompt,
    "comment header": as_comment,
    "20 % truncated": truncated,
}
