"""A bundle as a ZIP file: the same bytes for the same bundle, and read with nothing taken on trust.

Members are ``answer.json``, ``manifest.json`` and ``evidence/SHA256``. Nothing is ever unpacked to a disk, no name but
these is accepted, and no member is read beyond the bounds below: a bundle comes from anywhere.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import orjson

from storage.bundle import Bundle, BundleError

ANSWER: Final = "answer.json"
MANIFEST: Final = "manifest.json"
_EVIDENCE: Final = re.compile(r"evidence/([0-9a-f]{64})")
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP file can hold

MAX_FILE: Final = 128 << 20
MAX_MEMBERS: Final = 5_000
MAX_JSON: Final = 32 << 20
MAX_DOCUMENT: Final = 64 << 20
MAX_TOTAL: Final = 256 << 20
"""Bounds in bytes: of the file, of each JSON member, of each document, and of all members unpacked."""


def write_bundle(bundle: Bundle, path: Path) -> str:
    """Write a bundle; the SHA-256 of the file. The same bundle makes the same file."""
    members = {ANSWER: _json(bundle.answer), MANIFEST: _json(bundle.manifest)}
    members |= {f"evidence/{digest}": body for digest, body in sorted(bundle.documents.items())}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it is written
            info.external_attr = 0o644 << 16
            file.writestr(info, body, compresslevel=6)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def read_bundle(path: Path) -> Bundle:
    """Read a bundle and hold every document against its hash. Raises :class:`BundleError`."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise BundleError(f"the file is larger than {MAX_FILE >> 20} MiB, which no bundle of ours is")
        with zipfile.ZipFile(path) as file:
            members = _members(file)
            bodies = {name: _read(file, info) for name, info in members.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(f"the file is no readable ZIP file ({error})") from error
    except OSError as error:
        raise BundleError(f"the file cannot be read ({error.strerror or error})") from error
    documents = {name.removeprefix("evidence/"): body for name, body in bodies.items() if _EVIDENCE.fullmatch(name)}
    for digest, body in documents.items():
        found = hashlib.sha256(body).hexdigest()
        if found != digest:
            raise BundleError(f"evidence was changed: evidence/{digest} holds bytes of SHA-256 {found}")
    return Bundle(_parsed(MANIFEST, bodies), _parsed(ANSWER, bodies), documents)


def _members(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = file.infolist()
    if len(infos) > MAX_MEMBERS:
        raise BundleError(f"the file has {len(infos)} members; at most {MAX_MEMBERS} are read")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        if name not in (ANSWER, MANIFEST) and not _EVIDENCE.fullmatch(name):
            raise BundleError(f"the file has a member that no bundle of ours has: {name[:100]!r}")
        if name in found:
            raise BundleError(f"the file has two members named {name}")
        if info.file_size > (MAX_DOCUMENT if _EVIDENCE.fullmatch(name) else MAX_JSON):
            raise BundleError(f"{name} is too large ({info.file_size} bytes unpacked)")
        found[name] = info
    if sum(info.file_size for info in infos) > MAX_TOTAL:
        raise BundleError(f"the members are larger than {MAX_TOTAL >> 20} MiB together")
    for name in (ANSWER, MANIFEST):
        if name not in found:
            raise BundleError(f"{name} is missing")
    return found


def _read(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member's bytes, never more than it announces: ``zipfile`` stops there, and checks the CRC."""
    with file.open(info) as member:
        body = member.read(info.file_size + 1)
    if len(body) != info.file_size:
        raise BundleError(f"{info.filename} is not as large as the file says")
    return body


def _parsed(name: str, bodies: dict[str, bytes]) -> dict[str, Any]:
    try:
        found = orjson.loads(bodies[name])
    except ValueError as error:
        raise BundleError(f"{name} is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise BundleError(f"{name} is no JSON object")
    return found
