"""The Atom feed: stable ids, one entry an event, nothing of a stranger's left unescaped, never half a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crawlers.settings import Settings
from flows.feed import ATOM, event_id, feed, nightly_feed, write_feed
from storage.engine import open_engine
from tests.interfaces.builders import EVIDENCE, HOSTILE, change, day, value
from tests.interfaces.test_questions import OPENED, SWEPT_ONLY, Ajar

NOW = day("2026-10-08T00:00:00")
NAMES = {"a": ATOM}


@pytest.fixture
def ajar(history: str, capsys: pytest.CaptureFixture[str]) -> Ajar:
    return Ajar(history, capsys)


def entries(document: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(document).findall("a:entry", NAMES)  # noqa: S314 - our own


def test_the_id_is_of_the_event_and_not_of_its_recording() -> None:
    event = change(value(3), value(5, "mit"))
    assert event_id(event) == event_id(replace(event, recorded_at=NOW, evidence=()))
    others = [
        replace(event, target="hf:lab/other"),
        replace(event, observed_at=NOW),
        replace(event, before=None),
        replace(event, after=value(5, "apache-2.0")),
    ]
    assert len({event_id(other) for other in [event, *others]}) == 5
    assert event_id(event).startswith("tag:ajar,2026:")


def test_an_entry_says_from_to_and_links_the_evidence() -> None:
    (entry,) = entries(feed([change(value(3), value(5, "mit"))], NOW))
    assert entry.findtext("a:title", "", NAMES) == "hf:lab/tern weights: 3 llama2, public → 5 mit, public"
    assert [link.get("href") for link in entry.findall("a:link", NAMES)] == [EVIDENCE.url]
    assert entry.findtext("a:published", "", NAMES) == "2026-08-20T04:00:26Z"
    assert EVIDENCE.excerpt in entry.findtext("a:content", "", NAMES)


def test_what_strangers_write_is_text_and_their_addresses_are_of_the_web() -> None:
    nasty = f"</title><script>alert(1)</script>&{HOSTILE}\x00\ud800]]>"
    evidence = replace(EVIDENCE, excerpt=nasty, url="javascript:alert(1)")
    document = feed([change(value(3, nasty), value(5, nasty), evidence=(evidence,), target=f"hf:{nasty}")], NOW)
    (entry,) = entries(document)
    assert b"<script" not in document and b"\x1b" not in document and "\u202e".encode() not in document
    assert "<script>alert(1)</script>&" in entry.findtext("a:title", "", NAMES)
    assert entry.find("a:link", NAMES) is None


def test_the_newest_come_first_and_no_more_than_asked_for() -> None:
    events = [change(observed_at=NOW + timedelta(hours=number), target=f"hf:lab/m{number}") for number in range(9)]
    titles = [entry.findtext("a:title", "", NAMES).split()[0] for entry in entries(feed(iter(events), NOW, most=3))]
    assert titles == ["hf:lab/m8", "hf:lab/m7", "hf:lab/m6"]
    assert entries(feed([], NOW)) == []


def test_a_feed_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "feed" / "changes.atom"
    write_feed(path, [change()], NOW)
    old = path.read_bytes()

    def broken() -> object:
        yield change()
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write_feed(path, broken(), NOW)  # type: ignore[arg-type]
    assert path.read_bytes() == old
    assert [file.name for file in path.parent.iterdir()] == ["changes.atom"]


def test_the_command_writes_the_publishers_changes(ajar: Ajar, tmp_path: Path) -> None:
    out = tmp_path / "changes.atom"
    ajar("feed", "--out", str(out))
    told = entries(out.read_bytes())
    titles = [entry.findtext("a:title", "", NAMES) for entry in told]
    assert any(title.startswith(f"{OPENED} weights:") for title in titles)
    assert not any(title.startswith(SWEPT_ONLY) and "nothing →" in title for title in titles)
    ids = [entry.findtext("a:id", "", NAMES) for entry in told]
    assert len(set(ids)) == len(ids) > 0
    ajar("feed", "--out", str(out))
    assert ids == [entry.findtext("a:id", "", NAMES) for entry in entries(out.read_bytes())]
    ajar("feed", "--out", str(out / "below"), status=1)


def test_the_night_writes_it_where_the_setting_says(history: str, tmp_path: Path) -> None:
    engine = open_engine(history)
    path = tmp_path / "night.atom"
    assert nightly_feed(engine, Settings(database_url=history)) is None
    assert list(tmp_path.iterdir()) == []
    settings = Settings.load({"AJAR_FEED": str(path), "AJAR_DATABASE_URL": history})
    assert nightly_feed(engine, settings) is None
    assert entries(path.read_bytes())
    told = nightly_feed(engine, replace(settings, feed=str(path / "below")))
    assert told is not None and "was not written" in told
    engine.dispose()
