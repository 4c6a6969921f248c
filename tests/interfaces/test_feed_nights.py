"""The feed as a reader meets it: valid Atom, read by a reader of feeds, the same entries night after night."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import feedparser
import pytest

from crawlers.settings import Settings
from flows.feed import ATOM, feed, nightly_feed
from interfaces.demo.hub import DemoHub
from interfaces.demo.run import SCENES
from storage.engine import open_engine
from tests.interfaces.builders import EVIDENCE, HOSTILE, change, day, value
from tests.interfaces.conftest import walk_demo, walk_night
from tests.interfaces.test_front_door import ajar as process
from tests.interfaces.test_questions import Ajar

NASTY: Final = (
    f"</title></entry><script>alert(1)</script>&amp;&#x3c;b&#x3e;<![CDATA[x]]>]]>{HOSTILE}\x00\x0b\ud800\ufffe"
)
URI: Final = re.compile(r"[a-z][a-z0-9+.-]*:\S+")
RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ONCE: Final = {"id", "title", "updated"}
"""RFC 4287, 4.1.1 and 4.1.2: a feed and an entry have exactly one of each."""


def checked(document: bytes) -> Any:
    """The feed as feedparser reads it, held against the rules of RFC 4287 for what we write."""
    root = ElementTree.fromstring(document)  # noqa: S314 - our own
    assert root.tag == f"{{{ATOM}}}feed"
    assert Counter(names(root))["author"] >= 1, "a feed without an author needs one in each entry"
    for element in [root, *root.findall(f"{{{ATOM}}}entry")]:
        counted = Counter(names(element))
        assert {name: counted[name] for name in ONCE} == dict.fromkeys(ONCE, 1)
        assert URI.fullmatch(text(element, "id")) and text(element, "title").strip()
        assert RFC3339.fullmatch(text(element, "updated"))
        assert max(counted["published"], counted["content"]) <= 1
        links = [link.attrib for link in element.findall(f"{{{ATOM}}}link")]
        assert sum(link["rel"] == "alternate" for link in links) <= 1
        assert all(URI.fullmatch(link["href"]) and link["href"].startswith("https://") for link in links)
        assert all(category.get("term") for category in element.findall(f"{{{ATOM}}}category"))
        if element is not root:
            assert counted["content"] == 1, "without an alternate link an entry must have content"
    ids = [text(entry, "id") for entry in root.findall(f"{{{ATOM}}}entry")]
    assert len(set(ids)) == len(ids)
    updated = [text(entry, "updated") for entry in root.findall(f"{{{ATOM}}}entry")]
    assert not updated or text(root, "updated") == max(updated)
    read = feedparser.parse(document)
    assert (read.bozo, read.version, [entry.id for entry in read.entries]) == (False, "atom10", ids)
    return read


def names(element: ElementTree.Element) -> list[str]:
    return [child.tag.removeprefix(f"{{{ATOM}}}") for child in element]


def text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{{{ATOM}}}{name}") or ""


def test_each_night_tells_each_event_once_and_keeps_what_it_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, out = f"sqlite:///{tmp_path / 'ajar.db'}", tmp_path / "changes.atom"
    told: list[dict[str, Any]] = []
    walk_demo(url, SCENES[:1])
    nights = (SCENES[1].at, SCENES[2].at, SCENES[2].at.replace(day=8))
    for at in nights:
        with DemoHub(at=at) as hub:
            settings = Settings(database_url=url, hf_endpoint=hub.url, feed=str(out), clock=at)
            walk_night(settings, sweep=True)
        engine = open_engine(url)
        assert nightly_feed(engine, settings) is None
        engine.dispose()
        told.append({entry.id: entry for entry in checked(out.read_bytes()).entries})
    first, second, third = told
    assert first.keys() < second.keys() == third.keys()
    assert all(first[id_] == second[id_] == third[id_] for id_ in first), "what was told is told in the same words"
    # One entry an event: those of the publishers, but for models that appear and that nobody watches.
    events = Ajar(url, capsys).json("changes")
    watched = {entry["target"] for entry in Ajar(url, capsys).json("targets")}
    wanted = [e for e in events if e["from"] is not None or e["target"] in watched]
    assert len(third) == len(wanted) > 5
    for event, entry in zip(reversed(wanted), third.values(), strict=True):
        assert entry.title.startswith(f"{event['target']} {event['component']}: ")
        assert datetime.fromisoformat(entry.published) == datetime.fromisoformat(event["observed_at"])
        assert {tag.term for tag in entry.tags} >= {event["direction"], event["cause"], *event["facts"]}
        assert {link.href for link in entry.links} == {piece["url"] for piece in event["evidence"]} - {""}


@pytest.mark.prefect
def test_the_nightly_command_writes_it_and_a_second_night_keeps_the_ids(tmp_path: Path) -> None:
    url, out = f"sqlite:///{tmp_path / 'ajar.db'}", tmp_path / "night.atom"
    walk_demo(url, SCENES[:2])
    ids = []
    for at in ("2026-10-07T02:00:00Z", "2026-10-08T02:00:00Z"):
        with DemoHub(at=datetime.fromisoformat(at)) as hub:
            where = {"HF_ENDPOINT": hub.url, "AJAR_CLOCK": at, "AJAR_FEED": str(out)}
            done = process("--db", url, "nightly", "--json", stdin=b"", **where)
        assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "complete"), done.stderr
        ids.append([entry.id for entry in checked(out.read_bytes()).entries])
    assert ids[0] == ids[1] and len(ids[0]) > 5


def test_what_strangers_write_stays_text_to_a_reader() -> None:
    urls = ("javascript:alert(1)", "data:text/html,x", f"https://huggingface.co/{NASTY}", "//evil.example")
    evidence = tuple(replace(EVIDENCE, excerpt=NASTY, url=url) for url in urls)
    events = [
        change(value(3, NASTY), value(5, NASTY), target=f"hf:lab/{NASTY}", evidence=evidence),
        change(None, value(None, None), target="hf:lab/other", evidence=()),
    ]
    read = checked(feed(events, day("2026-10-08T00:00:00")))
    shown = json.dumps(read.entries, default=str)
    assert "javascript:" not in json.dumps([entry.get("links") for entry in read.entries])
    assert all(entry.content[0].type == "text/plain" for entry in read.entries)
    assert "\\u001b" not in shown and "\\u202e" not in shown and "\\u0000" not in shown
    assert len(read.entries) == 2
    assert [len(entry.get("links", [])) for entry in read.entries] == [0, 1]
