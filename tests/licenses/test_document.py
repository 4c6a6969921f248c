"""From bytes to text: every wrapper that licence files come in, and clear refusals."""

from __future__ import annotations

import io
import zipfile

import pytest
from pypdf import PdfWriter

from classifiers.licenses import read_text
from classifiers.licenses.document import MAX_BYTES, MAX_TEXT, RefusedError, read_document
from tests.licenses.texts import MIT

CHINESE = "本许可协议授予您使用、复制和修改本软件的权利，但不得用于商业用途。版权和许可声明应包含在所有副本中。" * 3


def docx(xml: str) -> bytes:
    """A DOCX with this body."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", xml)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_of_a_latin_text(encoding: str) -> None:
    assert read_text(MIT.encode(encoding)).license == "MIT"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_encodings_of_a_chinese_text(encoding: str) -> None:
    assert read_document(CHINESE.encode(encoding)).text.startswith("本许可协议")


def test_invalid_utf8_is_read_all_the_same() -> None:
    assert read_text(b"\xa9 2020 Jos\xe9\n\n" + MIT.encode()).license == "MIT"


def test_a_docx_is_read() -> None:
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in MIT.splitlines())
    assert read_text(docx(f"<w:document><w:body>{paragraphs}</w:body></w:document>")).license == "MIT"


def test_an_rtf_is_read() -> None:
    body = MIT.replace("\n", "\\par ")
    assert read_text("{\\rtf1\\ansi {\\fonttbl\\f0 Arial;}\\f0\\fs24 " + body + "}").license == "MIT"


def test_the_head_of_a_collection_is_no_part_of_the_text() -> None:
    assert read_text(f"---\nkey: mit\nname: For non-commercial use\n---\n{MIT}").license == "MIT"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\x7fELF" + bytes(400), "binary"),
        (bytes(range(256)) * 40 + bytes(300), "binary"),
        (b"PK\x03\x04" + b"nonsense" * 9, "archive"),
        (b"%PDF-1.7\nnonsense", "PDF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "LFS"),
        (b"x" * (MAX_BYTES + 1), "too large"),
        ("word " * MAX_TEXT, "too long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(data: bytes | str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        read_document(data)
    reading = read_text(data)
    assert reading.license is None
    assert reason in reading.reason
    assert reading.points is None


def test_a_zip_that_is_no_document_and_a_bomb_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("LICENSE", MIT)
    with pytest.raises(RefusedError, match="an archive, not a text"):
        read_document(stream.getvalue())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:t>x</w:t>" * 400_000)
    with pytest.raises(RefusedError, match="unpacked"):
        read_document(stream.getvalue())


@pytest.mark.parametrize("pages", [1, 61])
def test_a_pdf_without_text_or_with_too_many_pages_is_refused(pages: int) -> None:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    stream = io.BytesIO()
    writer.write(stream)
    with pytest.raises(RefusedError, match="without text" if pages == 1 else "61 pages"):
        read_document(stream.getvalue())


def test_an_encrypted_pdf_is_refused() -> None:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    with pytest.raises(RefusedError, match="encrypted"):
        read_document(stream.getvalue())
