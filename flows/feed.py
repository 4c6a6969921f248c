"""An Atom feed (RFC 4287) of what publishers changed, written anew by each night.

Ids are ``tag:`` URIs (RFC 4151) made of what the event says and never of when we learned it, so that a reader shows an
event once. Licences and excerpts come from strangers: ElementTree escapes what they wrote, and characters that XML
cannot hold at all become U+FFFD.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from sqlalchemy import Engine

from crawlers.settings import Settings
from storage.answers import Change, Value
from storage.questions import newest_changes

ENTRIES: Final = 500
ATOM: Final = "http://www.w3.org/2005/Atom"
_AUTHORITY: Final = "tag:ajar,2026:"
_UNFIT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INVISIBLE: Final = re.compile("[\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
_WIDEST: Final = 300


def event_id(change: Change) -> str:
    """The same for the same event, whoever asks and whenever it was recorded: target, component, instant, from, to."""
    said = [change.target, change.component.value, _instant(change.observed_at)]
    told = json.dumps([*said, _identity(change.before), _identity(change.after)])  # escapes whatever is no UTF-8
    digest = hashlib.sha256(told.encode()).hexdigest()
    return f"{_AUTHORITY}change:{digest[:32]}"


def _identity(value: Value | None) -> list[object] | None:
    if value is None:
        return None
    return [value.state, value.level, value.license, value.access, value.declared, value.marks]


def feed(changes: Iterable[Change], now: datetime, most: int = ENTRIES) -> bytes:
    """The document: the newest ``most`` of ``changes`` (which come oldest first), newest first. Keeps only those."""
    ElementTree.register_namespace("", ATOM)
    newest = list(deque(changes, maxlen=most))[::-1]
    root = ElementTree.Element(_tag("feed"))
    _text(root, "id", f"{_AUTHORITY}changes")
    _text(root, "title", "Ajar: what publishers of models changed")
    _text(root, "updated", _instant(max((change.recorded_at for change in newest), default=now)))
    _text(ElementTree.SubElement(root, _tag("author")), "name", "Ajar")
    for change in newest:
        _entry(root, change)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entry(root: ElementTree.Element, change: Change) -> None:
    entry = ElementTree.SubElement(root, _tag("entry"))
    what = f"{shown(change.before)} → {shown(change.after)}"
    _text(entry, "id", event_id(change))
    _text(entry, "title", f"{change.target} {change.component.value}: {what}")
    # RFC 4287 lets "updated" be when it was last told anew, and "published" when it happened.
    _text(entry, "updated", _instant(change.recorded_at))
    _text(entry, "published", _instant(change.observed_at))
    for name in (change.direction.value, change.component.value, change.cause.value, *(f.value for f in change.facts)):
        ElementTree.SubElement(entry, _tag("category"), term=name)
    urls = dict.fromkeys(piece.url for piece in change.evidence if _is_web(piece.url))
    for number, url in enumerate(urls):
        ElementTree.SubElement(entry, _tag("link"), rel="related" if number else "alternate", href=_address(url))
    excerpts = [piece.excerpt for piece in change.evidence if piece.excerpt]
    when = f"observed {_instant(change.observed_at)}"
    if change.observed_after is not None:
        when += f", not so at {_instant(change.observed_after)}"
    _text(entry, "content", "\n".join([what, f"{change.direction.value}; {when}", *excerpts[:3]]), type="text")


def shown(value: Value | None) -> str:
    """``3 llama2, gated manual``; ``nothing`` for None."""
    if value is None:
        return "nothing"
    level = value.state.value.replace("_", " ") if value.level is None else str(value.level)
    license_ = value.license or ", ".join(value.declared)
    access = value.access.value.replace("_", " ") if value.access else ""
    return " ".join([level, *([f"{license_[:80]},"] if license_ and access else [license_[:80]]), access]).strip()


def write_feed(path: Path, changes: Iterable[Change], now: datetime) -> None:
    """Write the feed to ``path`` in one step: whoever reads it meets the old one or the new one. Raises OSError."""
    document = feed(changes, now)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # a temporary file is its owner's only, a feed is everybody's
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def nightly_feed(engine: Engine, settings: Settings) -> str | None:
    """Write the feed where ``AJAR_FEED`` says, if it says so; the reason, where it cannot be written."""
    if not settings.feed:
        return None
    try:
        write_feed(Path(settings.feed).expanduser(), newest_changes(engine, ENTRIES), settings.now())
    except OSError as error:
        return f"the feed {settings.feed} was not written: {error.strerror or error}"
    return None


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, _tag(name), attributes).text = _fit(text)


def _tag(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _fit(text: str) -> str:
    """``text`` with U+FFFD for what XML cannot hold and for signs that hide or turn round what is read."""
    return _INVISIBLE.sub("\ufffd", _UNFIT.sub("\ufffd", text))


def _address(url: str) -> str:
    """A URI, whatever a stranger named: what may not stand in one is percent-encoded, the rest is left alone."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]", errors="replace")


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
