"""Documents: from the bytes of a licence file to its text, or a clear refusal.

Licence files come as UTF-8, UTF-16, GB 18030, HTML, Markdown, RTF, DOCX and PDF, named ``LICENSE`` all the same.
Whatever comes is hostile: sizes are bounded before anything is unpacked, and nothing outside the bytes is read.
"""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 4_000_000
"""Larger files are refused unread; the largest licence in PDF that we know has half a megabyte."""
MAX_TEXT: Final = 300_000
"""Longer texts, in characters, are refused: the longest licence that we know has 80,000."""
MAX_PAGES: Final = 60
_MAX_STREAM: Final = 2_000_000
_LFS: Final = b"version https://git-lfs.github.com/spec/"


class RefusedError(ValueError):
    """This is no text that can be read as a licence; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what it came wrapped in: ``text``, ``html``, ``rtf``, ``docx`` or ``pdf``."""

    text: str
    wrapper: str


def read_document(data: bytes | str) -> Document:
    """The text of a file. Raises ``RefusedError`` for what is too large, empty, binary or unreadable."""
    if isinstance(data, str):
        if len(data) > MAX_TEXT:
            raise RefusedError(f"too long to be a licence: {len(data)} characters")
        document = Document(data, "text")
    else:
        document = _from_bytes(data)
    if len(document.text) > MAX_TEXT:
        raise RefusedError(f"too long to be a licence: {len(document.text)} characters")
    return _unwrapped(document)


def _from_bytes(data: bytes) -> Document:
    if len(data) > MAX_BYTES:
        raise RefusedError(f"too large to be a licence: {len(data)} bytes")
    if b"%PDF-" in data[:1024]:
        return Document(_pdf(data), "pdf")
    if data[:4] == b"PK\x03\x04":
        return Document(_docx(data), "docx")
    if data.startswith(_LFS):
        raise RefusedError("a Git LFS pointer, not the file itself")
    return Document(decode(data), "text")


def decode(data: bytes) -> str:
    """Text of bytes in the encodings that occur. Never fails on text; raises ``RefusedError`` for binary data."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if data.startswith(BOM_UTF8):
        return data[3:].decode("utf-8", "replace")
    if b"\0" in data:
        return _with_zeros(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        chinese = data.decode("gb18030")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
    common = sum(map(chinese.count, "的或和不人权可"))
    return chinese if common * 40 > sum(char > "\x7f" for char in chinese) else data.decode("cp1252", "replace")


def _with_zeros(data: bytes) -> str:
    if data[:4] in (b"\x89PNG", b"GIF8", b"\x7fELF"):
        raise RefusedError("binary data, not a text")
    half = len(data) // 2
    for encoding, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if half and zeros.count(0) > 0.7 * half:
            return data.decode(encoding, "replace")
    if data.count(0) * 100 > len(data):
        raise RefusedError("binary data, not a text")
    return data.replace(b"\0", b" ").decode("utf-8", "replace")


_MARKUP: Final = re.compile(r"</?(?:p|div|br|li|h[1-6]|td|tr|span|pre|body)\b", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"<(script|style|head)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_INLINE: Final = re.compile(r"</?(?:a|b|i|u|em|strong|span|font|code|sup|sub|small|tt)(?:\s[^<>]*)?>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[/!?]?[a-zA-Z][^<>]*>")
_ENTITY: Final = re.compile(r"&(?:#\d{2,5}|#x[0-9a-fA-F]{2,5}|[a-zA-Z]{2,8});")
_COLLECTED: Final = re.compile(r"\A---\n(?:[^\n]*\n)??(?:key|title): [^\n]*\n(?:[^\n]*\n){1,80}?---[ \t]*\n")
"""The head of a text as collections of licences carry it (ScanCode, choosealicense.com)."""
_RTF_WORD: Final = re.compile(r"\\'[0-9a-f]{2}|\\[a-z]{1,32}-?\d{0,10} ?|\\[^a-z]|[{}]")


def _unwrapped(document: Document) -> Document:
    text, wrapper = _COLLECTED.sub("", document.text, count=1), document.wrapper
    if text.startswith("{\\rtf"):
        text, wrapper = _RTF_WORD.sub(_rtf, text), "rtf"
    elif "<" in text and len(_MARKUP.findall(text)) > 4:
        text, wrapper = _TAG.sub("\n", _INLINE.sub("", _without_unseen(text))), "html"
    if "&" in text and _ENTITY.search(text):
        from html import unescape

        text = unescape(text)
    if not text.strip():
        raise RefusedError("empty")
    return Document(text, wrapper)


def _without_unseen(text: str) -> str:
    # The lazy scan is quadratic where many openings have no end; a real page has few.
    openings = text.count("<!--") + text.lower().count("<script") + text.lower().count("<style")
    return _UNSEEN.sub(" ", text) if openings <= 200 else text


def _rtf(match: re.Match[str]) -> str:
    word = match[0].strip()
    return "\n" if word in ("\\par", "\\line", "\\pard") else " " if word == "\\tab" else ""


def _docx(data: bytes) -> str:
    import html
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            part = archive.getinfo("word/document.xml")
            if part.file_size > _MAX_STREAM:
                raise RefusedError(f"too large to be a licence: {part.file_size} bytes unpacked")
            with archive.open(part) as stream:
                xml = stream.read(_MAX_STREAM).decode("utf-8", "replace")
    except KeyError:
        raise RefusedError("an archive, not a text") from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError(f"an archive that cannot be opened: {type(error).__name__}") from None
    except Exception as error:  # zlib.error and whatever else a broken archive makes the library raise
        raise RefusedError(f"an archive that cannot be opened: {type(error).__name__}") from None
    xml = re.sub(r"</w:p>|<w:br\s*/>", "\n", xml)
    return html.unescape(re.sub(r"<[^<>]*>", "", xml))


def _pdf(data: bytes) -> str:
    # pypdf takes a tenth of a second to import, and is wanted by few texts.
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[str] = []
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise RefusedError("an encrypted PDF")
        if len(reader.pages) > MAX_PAGES:
            raise RefusedError(f"too long to be a licence: {len(reader.pages)} pages")
        for page in reader.pages:
            contents = page.get_contents()
            if contents is not None and len(contents.get_data()) > _MAX_STREAM:
                raise RefusedError("a PDF with a page too large to be a licence")
            pages.append(page.extract_text() or "")
    except RefusedError:
        raise
    except Exception as error:  # the library raises whatever its parser stumbles over
        raise RefusedError(f"a PDF that cannot be read: {type(error).__name__}") from None
    text = "\n".join(pages)
    if len(text.split()) < 20 and not re.search(r"[\u4e00-\u9fff]{20}", text):
        raise RefusedError("a PDF without text (scanned pages, perhaps)")
    return text
