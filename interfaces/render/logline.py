"""The lines on standard error: as sentences for people, or as logfmt or JSON for whatever collects logs.

``AJAR_LOG_FORMAT`` or ``--log-format`` says which. Every line that a command writes there goes through here (remarks,
failures, progress, log records), so that a collector never meets one of another shape. Whatever the world said is
cleaned first (:mod:`interfaces.render.clean`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from interfaces.render.clean import clean, clean_json

TEXT: Final = "text"
FORMS: Final = (TEXT, "logfmt", "json")
_BARE: Final = re.compile(r"[^\s\"=]+")
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})

_form = TEXT


def use(form: str) -> None:
    """Write lines in this form from now on."""
    global _form
    _form = form


def chosen(form: str) -> str:
    """The form of that name; sentences where there is none of it."""
    found = form.strip().lower()
    return found if found in FORMS else TEXT


def for_people() -> bool:
    """Whether lines are sentences for people."""
    return _form == TEXT


def line(level: str, message: str, logger: str = "ajar", fields: Mapping[str, object] = _NOTHING) -> str:
    """One line, without its end. ``level`` is that of :mod:`logging`, in lower case.

    logfmt: ``ts=… level=… logger=… msg="…" key=value``, quoted as JSON where needed. JSON: one object with those names.
    """
    if _form == TEXT:
        return clean(message)
    entry: dict[str, object] = {"ts": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    entry |= {"level": level, "logger": logger, "msg": clean(message), **fields}
    if _form == "json":
        return clean_json(json.dumps(entry, ensure_ascii=False, default=str))
    return clean_json(" ".join(f"{name}={_value(value)}" for name, value in entry.items()))


def _value(value: object) -> str:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
