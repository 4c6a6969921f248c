"""The hostile inputs, one function each: what it puts into the web, and what must become of the target.

Sizes are those of the design's table; ``Case.says`` is a part of the failure that must be told (empty: none, and the
target is read), ``Case.level`` the level of the weights that must come out all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.hostile.bodies import MIB, endless, packed
from benchmarks.hostile.web import SHA, TOKEN, Body, Web
from crawlers.settings import HUB

GOOD: Final = "hf:marsh/good"
GOOD_CARD: Final = b"---\nlicense: mit\n---\n# Good\n"
ESCAPES: Final = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>|[x](javascript:alert(1))|\r\n# new\u202etxt"


@dataclass(frozen=True, slots=True)
class Case:
    """One input. ``build`` gets the web and the id of its model; of a release it answers for the places of ``entry``,
    the release's line in the watchlist."""

    name: str
    words: str
    build: Callable[[Web, str], None]
    says: str = ""
    level: int | None = 5
    status: str = "ok"
    entry: str = ""

    @property
    def id(self) -> str:
        """The model's id."""
        return f"mallory/{self.name}"

    @property
    def target(self) -> str:
        """What is crawled."""
        return f"release:{self.name}" if self.entry else f"hf:{self.id}"


def card(front: str, text: str = "") -> bytes:
    """A card with front matter."""
    return f"---\nlicense: mit\n{front}\n---\n{text}".encode("utf-8", "surrogatepass")


def _with_card(body: Body) -> Callable[[Web, str], None]:
    return lambda web, id_: web.model(id_, {"README.md": body})


def _laughs() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefghi", "bcdefghij", strict=True)]
    return card("\n".join(lines) + "\ntags: *j")


def _lists(depth: int) -> str:
    return "[" * depth + "]" * depth


def _record_with(web: Web, id_: str, text: str) -> None:
    record = {"id": id_, "sha": SHA, "createdAt": "2024-01-01T00:00:00Z", "tags": ["license:mit"], "cardData": "TEXT"}
    web.say(f"{HUB}/api/models/{id_}", json.dumps(record).replace('"TEXT"', text).encode())


def _deep_record(web: Web, id_: str) -> None:
    _record_with(web, id_, _lists(200_000))


def _heavy_record(web: Web, id_: str) -> None:
    _record_with(web, id_, f"[{'[],' * 13 * MIB}1]")


def _large_card(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": endless(b"a" * MIB, 100 * MIB)})
    web.pages[f"{HUB}/{id_}/resolve/{SHA}/README.md"] = _answer(endless(b"a" * MIB, 100 * MIB), 100 * MIB)


def _answer(body: Any, length: int | None, **headers: str) -> Any:
    from benchmarks.hostile.web import Answer

    return Answer(body, 200, {name.replace("_", "-"): value for name, value in headers.items()}, length)


def _encoded(encoding: str, body: Callable[[], bytes]) -> Callable[[Web, str], None]:
    def build(web: Web, id_: str) -> None:
        web.model(id_, {"README.md": endless(b" ", 1)})
        web.say(f"{HUB}/{id_}/resolve/{SHA}/README.md", body(), Content_Encoding=encoding, X_Repo_Commit=SHA)

    return build


def _nul(web: Web, id_: str) -> None:
    odd = "evil\x00\ud800\uffff"
    tags = ["license:mit", *(f"{kind}:{odd}" for kind in ("license", "base_model", "dataset", "arxiv"))]
    shown = {"license": "mit", "license_name": odd}
    text = card('x: "\\0"\ndatasets: ["a\\0b"]\n# \x00', "\x00 You may not \x00")
    web.model(id_, {"README.md": text}, tags=tags, library_name=odd, pipeline_tag=odd, cardData=shown)


def _escapes(web: Web, id_: str) -> None:
    front = "license_name: " + json.dumps(ESCAPES)
    web.model(
        id_, {"README.md": card(front, ESCAPES), "LICENSE": f"MIT License {ESCAPES}".encode()},
        cardData={"license": "other", "license_name": ESCAPES}, tags=["license:other"], library_name=ESCAPES,
    )  # fmt: skip


def _paths(web: Web, id_: str) -> None:
    evil = [
        "../../etc/passwd",
        "a/b?x=y",
        "a/b#f",
        "/etc/passwd",
        "..\\..\\x",
        "a/..",
        "%2e%2e/%2e%2e",
        "a/b/c",
        "a\nb/c",
    ]
    names = {"base_model": evil, "datasets": evil}
    files = [
        "=HYPERLINK(1)LICENSE.txt",
        "LICENSE\nfoo.txt",
        "../LICENSE",
        "/LICENSE",
        "LICENSE?x=y",
        "README.md",
        "model.safetensors",
    ]
    web.model(
        id_, {"README.md": card("\n".join(f"{key}: {json.dumps(value)}" for key, value in names.items()))},
        cardData={"license": "mit", **names, "license_link": "../../../etc/passwd"},
        tags=["license:mit", *(f"base_model:{name}" for name in evil), *(f"dataset:{name}" for name in evil)],
        siblings=[{"rfilename": name} for name in [*evil, *files]],
    )  # fmt: skip


def _slow_patterns() -> bytes:
    """Texts that make a careless regular expression walk for ever."""
    parts = [
        " " * 100_000, "\n" * 50_000, "\t \n" * 30_000, "-" * 100_000, "---\n" * 20_000, "a" * 100_000 + "!",
        "(" * 50_000, "[[" * 50_000, "<" * 50_000, "<!--" * 20_000, "`" * 50_000, "http://" * 20_000,
        "you may not " * 20_000, "not for commercial " * 10_000, "copyright (c) " * 10_000, "license license " * 10_000,
        "https://a." + "a." * 20_000, "1." * 30_000, "must not, unless, except, provided that " * 5_000, '"' * 50_000,
        "the the the of of of " * 10_000, "*" * 50_000, "A B " * 30_000, "0 000 " * 20_000, "| " * 50_000,
    ]  # fmt: skip
    return "\n\n".join(parts).encode()


def _slow_texts(web: Web, id_: str) -> None:
    text = _slow_patterns()
    web.model(id_, {"README.md": card("x: y") + text, "LICENSE": text, "NOTICE": text, "USE_POLICY.md": text})


def _away(web: Web, id_: str) -> None:
    web.say(f"{HUB}/api/models/{id_}", b"", 302, Location=f"{web.elsewhere}/api/models/{id_}")


def _away_file(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": GOOD_CARD, "LICENSE": b"x"})
    web.say(f"{HUB}/{id_}/resolve/{SHA}/LICENSE", b"", 302, Location=f"{web.elsewhere}/LICENSE")


def _links(web: Web, id_: str) -> None:
    port = web.elsewhere.rpartition(":")[2]
    places = [
        f"http://127.0.0.1:{port}/LICENSE", f"https://localhost:{port}/LICENSE", f"http://[::1]:{port}/LICENSE",
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/LICENSE", "file:///etc/passwd", "//127.0.0.1/x",
        f"http://2130706433:{port}/LICENSE", f"http://0177.0.0.1:{port}/x", f"http://[::ffff:127.0.0.1]:{port}/LICENSE",
        f"http://0.0.0.0:{port}/LICENSE", "http://[fe80::1]/LICENSE", "http://[fd00:ec2::254]/latest/",
        "http://metadata.google.internal/LICENSE", f"https://me:secret@127.0.0.1:{port}/LICENSE",
        f"https://huggingface.co@127.0.0.1:{port}/x", f"{HUB}/../../../etc/passwd", "gopher://127.0.0.1/",
    ]  # fmt: skip
    text = "\n".join(f"[licence]({place})" for place in places)
    web.model(
        id_,
        {"README.md": card(f"license_link: {places[0]}", text)},
        cardData={"license": "mit", "license_link": places[0]},
    )


def _large_license(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": GOOD_CARD, "LICENSE": endless(b"x" * MIB, 50 * MIB)}, sizes={"LICENSE": 50 * MIB})


def _lying_license(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": GOOD_CARD, "LICENSE": endless(b"x" * MIB, 50 * MIB)}, sizes={"LICENSE": 10})


def _tags(web: Web, id_: str) -> None:
    tags = [f"t{number}" for number in range(1_000_000)]
    web.model(id_, {"README.md": GOOD_CARD}, tags=[*tags, "license:mit"])


def _siblings(web: Web, id_: str) -> None:
    files = [{"rfilename": f"LICENSE-{number}.txt"} for number in range(500_000)]
    web.model(id_, {"README.md": GOOD_CARD}, siblings=[{"rfilename": "model.safetensors"}, *files])


def _dates(web: Web, id_: str) -> None:
    web.model(
        id_, {"README.md": GOOD_CARD}, createdAt="+10000-01-01T00:00:00Z", lastModified="9999-12-31T23:59:59.999Z"
    )


def _old_dates(web: Web, id_: str) -> None:
    web.model(
        id_, {"README.md": GOOD_CARD}, createdAt="0001-01-01T00:00:00+14:00", lastModified="-0044-03-15T00:00:00Z"
    )


def _sizes(web: Web, id_: str) -> None:
    sizes = {"README.md": -1, "LICENSE": -(2**63)}
    web.model(
        id_, {"README.md": GOOD_CARD, "LICENSE": b"x"}, sizes=sizes, safetensors={"total": -1}, gguf={"total": -5}
    )


def _numbers(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": GOOD_CARD, "config.json": b'{"a": ' + b"9" * 100_000 + b', "b": 1e99999, "c": NaN}'})


def _endless_tree(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": GOOD_CARD})
    here = f"{HUB}/api/models/{id_}/tree/{SHA}"
    web.say(here, [], Link=f'<{web.url}/api/models/{id_}/tree/{SHA}?cursor=again>; rel="next"')


def _config(web: Web, id_: str) -> None:
    web.model(id_, {"README.md": GOOD_CARD, "config.json": b'{"a":' * 200_000 + b"1" + b"}" * 200_000})


def build_good(web: Web) -> None:
    """The neighbour that no hostile input may cost anything."""
    web.model("marsh/good", {"README.md": GOOD_CARD})


LARGE: Final = "more than the"
CASES: Final = (
    Case("yaml-bomb", "YAML aliases that unfold to ten billion entries", _with_card(_laughs())),
    Case("yaml-circle", "YAML alias inside itself", _with_card(card("tags: &a [*a]"))),
    Case("yaml-deep", "front matter 100,000 lists deep", _with_card(card("tags: " + _lists(100_000)))),
    Case("yaml-long", "front matter of 4 MB", _with_card(card("x: |\n" + "  y\n" * MIB))),
    Case("json-deep", "record 200,000 lists deep", _deep_record, "no record", None, "error"),
    Case("json-lists", "record of 40 MB that unfolds to a gigabyte", _heavy_record, "no record", None, "error"),
    Case("config-deep", "config.json 200,000 objects deep", _config),
    Case("card-large", "card of 100 MB", _large_card, LARGE),
    Case("card-endless", "card of 100 MB without a length", _with_card(endless(b"a" * MIB, 100 * MIB)), LARGE),
    Case("gzip-bomb", "1 MB of gzip that unfolds to a gigabyte", _encoded("gzip", packed), LARGE),
    Case("gzip-twice", "5 kB of gzip in gzip, a gigabyte", _encoded("gzip, gzip", lambda: packed(2)), "encoding"),
    Case(
        "deflate-bomb",
        "1 MB of deflate that unfolds to a gigabyte",
        _encoded("deflate", lambda: packed(form=15)),
        LARGE,
    ),
    Case("zstd-bomb", "zstd, which was not asked for", _encoded("zstd", lambda: b"\x28\xb5\x2f\xfd" * 9), "encoding"),
    Case("br-bomb", "an encoding that was not asked for", _encoded("br", lambda: b"\x8b\x00\x80" * 9), "encoding"),
    Case("nul", "NUL bytes, surrogates and non-characters in every field", _nul, level=None),
    Case("not-utf8", "card that is no UTF-8", _with_card(card("x: y") + bytes(range(128, 256)) * 4000)),
    Case(
        "utf16",
        "card in UTF-16 with a wrong end",
        _with_card(b"\xff\xfe" + GOOD_CARD.decode().encode("utf-16-le") + b"\xd8"),
    ),
    Case("escapes", "terminal escapes, HTML, Markdown and bidirectional marks", _escapes),
    Case("paths", "ids and file names that lead out of their place", _paths, "listed, but not to be had"),
    Case("regex", "texts that make regular expressions walk for ever, 2.5 MB each", _slow_texts, level=None),
    Case("redirect", "record that redirects to another host", _away, "redirect to another host", None, "error"),
    Case("redirect-file", "licence that redirects to another host", _away_file, "redirect to another host"),
    Case("links", "links to loopback, private and metadata addresses", _links),
    Case("license-large", "licence file of 50 MB", _large_license, LARGE),
    Case("license-lies", "licence file of 50 MB that is listed with 10 bytes", _lying_license, LARGE),
    Case("tags", "a million tags", _tags),
    Case("files", "half a million licence files in the record", _siblings, "listed, but not to be had"),
    Case("year-10000", "dates in the year 10,000", _dates),
    Case("year-0", "dates before the year 1", _old_dates),
    Case("sizes", "negative sizes", _sizes),
    Case("numbers", "numbers of 100,000 digits, infinities, NaN", _numbers),
    Case("tree", "list of files that never ends", _endless_tree),
)
NOT_ASKED: Final = ("etc/passwd", "x=y", "..", "%2e", "169.254", "safetensors")
"""No address that was asked for may hold any of these."""
SECRETS: Final[Mapping[str, str]] = {"HF_TOKEN": TOKEN}
