"""Whether what answered for a page is a page to sign in at: it tells nothing of what stands behind it.

A site that wants its readers signed in, or a network that wants its guests to be, answers any address with 200. Many
pages of terms carry a form to sign in at beside their text, so a form alone means nothing: hardly any other text must
stand beside it, or a redirect must have ended at an address of that kind. A form that a script draws is not seen.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree, html

WHY: Final = "a page to sign in at, which is not what was asked for"
MOST_TEXT: Final = 1000
"""Characters that a page to sign in at shows at most; terms have several thousand, also in Chinese."""
UNSEEN: Final = ("script", "style", "noscript", "template", "svg", "iframe", "head")
"""Elements whose text nobody sees."""

_PASSWORD: Final = re.compile(rb"(?i)\btype\s*=[\s\"']*password\b")
_DOOR: Final = re.compile(
    r"(?:log|sign)[-_]?(?:in|on)|auth|authenticate|authorize|oauth2?|saml2?|sso|servicelogin", re.ASCII
)
_FIELD: Final = "//input[translate(@type, 'PASWORD ', 'pasword') = 'password']"
_FIELDS: Final = 20
"""Fields that are looked at, each with all that it stands in."""
_HIDING: Final = re.compile(r"display:none|visibility:hidden")


def signs_in(asked: str, answered: str, body: bytes) -> bool:
    """Whether a page with this body, which was ``asked`` for and came from the address ``answered``, is one."""
    led = asked != answered and _is_door(answered) and not _is_door(asked)
    return led or (_PASSWORD.search(body) is not None and _asks_for_a_password(body))


def _is_door(url: str) -> bool:
    try:
        steps = urlsplit(url).path.lower().split("/")
    except ValueError:
        return False
    return any(_DOOR.fullmatch(step.partition(".")[0]) for step in steps)


def _asks_for_a_password(body: bytes) -> bool:
    try:
        root = html.fromstring(body, parser=html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True))
        etree.strip_elements(root, *UNSEEN, "option", with_tail=False)
        seen = any(not _hidden(field) for field in root.xpath(_FIELD)[:_FIELDS])
        return seen and len("".join("".join(root.itertext()).split())) <= MOST_TEXT
    except (etree.LxmlError, ValueError, AssertionError):
        return False


def _hidden(field: Any) -> bool:
    return any(
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or (element.tag == "dialog" and "open" not in element.attrib)
        or _HIDING.search("".join(element.get("style", "")[:500].lower().split()))
        for element in (field, *field.iterancestors())
    )
