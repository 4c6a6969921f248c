"""The past of a release: papers by version, pages by capture, and marks for what is not looked at."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers import release_past
from crawlers.hub.revision_list import Past
from crawlers.past_source import BEFORE_ALL
from crawlers.release_past import ReleasePast
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from crawlers.wayback import MAX_CAPTURES
from tests.crawlers.past_web import captured, github, hub
from tests.crawlers.web import Web, entry, feed, html, web

TERN = Target(RELEASE, "tern")
PAPER, PAGE, TERMS = "2401.00001", "https://tern.example/model", "https://llama.meta.com/license"
API = "https://export.arxiv.org/api/query"


@pytest.fixture
def served() -> Iterator[Web]:
    with web() as one:
        yield one


def watch(entry_: str) -> None:
    Path("ajar-watchlist.yaml").write_text(f"tern: {{title: Tern, {entry_}}}\n")


def settings(served: Web) -> Settings:
    return served.settings("web.archive.org", "tern.example")


def read(served: Web, since: datetime | None = None, until: datetime | None = None, wayback: bool = False) -> Past:
    with ReleasePast(settings(served), wayback) as crawler:
        return crawler.past(TERN, since, until)


def slots(past: Past, slot: str) -> list[Snapshot]:
    return [s for s in past.snapshots if s.slot == slot]


def dates(found: list[Snapshot]) -> list[tuple[str, str]]:
    return [(s.observed_at.date().isoformat(), s.status.value) for s in found]


def paper(served: Web, versions: int) -> None:
    """A paper with versions; the API answers ids without a version with the last one."""
    newest = feed(entry(PAPER, version=versions))
    served.say(f"{API}?id_list={PAPER}&max_results=1", newest)
    older = [entry(PAPER, title=f"Draft {n}", version=n) for n in range(1, versions)]
    ids = ",".join(f"{PAPER}v{n}" for n in range(1, versions))
    served.say(f"{API}?id_list={ids}&max_results={versions}", feed(*older))
    for n in range(1, versions + 1):
        served.say(f"https://arxiv.org/html/{PAPER}v{n}", html(f"text {n}"))


def test_each_version_of_a_paper_counts_from_its_date(served: Web) -> None:
    watch(f"papers: ['arxiv:{PAPER}']")
    paper(served, 3)
    past = read(served)
    assert past.told == ()
    metadata, text = slots(past, f"arxiv:{PAPER}#metadata"), slots(past, f"arxiv:{PAPER}#html")
    expected = [("2024-02-01", "ok"), ("2024-02-02", "ok"), ("2024-02-03", "ok")]
    assert dates(metadata) == dates(text) == expected
    assert [s.revision for s in text] == ["v1", "v2", "v3"]
    assert b"Draft 1" in metadata[0].body
    assert all(s.dated for s in (*metadata, *text))
    assert past.requests == len(served.asked) == 2 + 3 + 1, "two for the entries, one a text, and robots.txt"


def test_a_first_version_whose_entry_is_not_given_begins_with_its_text(served: Web) -> None:
    watch(f"papers: ['arxiv:{PAPER}']")
    paper(served, 2)
    served.say(f"{API}?id_list={PAPER}v1&max_results=2", feed(entry(PAPER, version=2)))
    past = read(served)
    assert dates(slots(past, f"arxiv:{PAPER}#metadata")) == [("2024-02-02", "ok")]
    assert dates(slots(past, f"arxiv:{PAPER}#html")) == [("2024-02-01", "ok"), ("2024-02-02", "ok")]


def test_a_paper_without_a_text_keeps_its_entry(served: Web) -> None:
    watch(f"papers: ['arxiv:{PAPER}']")
    served.say(f"{API}?id_list={PAPER}&max_results=1", feed(entry(PAPER)))
    past = read(served)
    assert (past.told, {s.slot for s in past.snapshots}) == ((), {f"arxiv:{PAPER}#metadata"})


def test_a_source_that_cannot_be_read_is_told_and_marked_and_the_others_are_read(served: Web) -> None:
    watch(f"hub: [lab/gone], papers: ['arxiv:{PAPER}'], code: ['github:lab/tern'], pages: ['{PAGE}']")
    github(served, "lab/tern", [("2024-01-01T00:00:00Z", {"README.md": "# Tern\n"})])
    served.say(f"{API}?id_list={PAPER}&max_results=1", feed())
    past = read(served)
    assert set(past.told) == {"hf:lab/gone: missing or private", f"arxiv:{PAPER}#metadata: not on arXiv"}
    marks = {s.slot: s.observed_at for s in past.snapshots if s.status is FetchStatus.ERROR}
    assert marks == dict.fromkeys(["hf:lab/gone#record", f"arxiv:{PAPER}#metadata", f"url:{PAGE}#page"], BEFORE_ALL)
    assert slots(past, "github:lab/tern#README.md")


def test_hub_repositories_fill_the_slots_of_the_release(served: Web) -> None:
    watch("hub: [lab/tern-7b, lab/tern-1b], datasets: [lab/corn]")
    names = {"tags": ["dataset:lab/corn", "dataset:lab/other"]}
    for id_ in ("lab/tern-7b", "lab/tern-1b"):
        hub(served, id_, [("2024-02-01T00:00:00Z", names)])
    for id_ in ("lab/corn", "lab/other"):
        hub(served, id_, [("2024-01-01T00:00:00Z", {"tags": ["license:mit"]})], kind="datasets")
    past = read(served)
    assert past.told == ()
    found = {(s.slot, s.detail) for s in past.snapshots if s.dated}
    assert {slot for slot, _ in found} == {
        "hf:lab/tern-7b#record", "hf:lab/tern-7b#README.md", "hf:lab/tern-1b#record", "hf:lab/tern-1b#README.md",
        "hf-dataset:lab/corn#record", "hf-dataset:lab/corn#README.md", "hf-dataset:lab/other#record",
    }  # fmt: skip
    assert ("hf-dataset:lab/other#record", "via hf:lab/tern-7b#record") in found, "of two that name it, the first"
    assert dates(slots(past, "hf-dataset:lab/corn#record")[-1:]) == [("2024-01-01", "ok")], "its own, not when named"


def test_a_period_marks_what_its_hub_repositories_showed_before(served: Web) -> None:
    watch("hub: [lab/tern-7b]")
    hub(served, "lab/tern-7b", [("2024-01-01T00:00:00Z", {}), ("2024-03-01T00:00:00Z", {"card": "# new\n"})])
    since = datetime(2024, 2, 1, tzinfo=UTC)
    past = read(served, since)
    marks = {s.slot: s.observed_at for s in past.snapshots if s.status is FetchStatus.ERROR}
    assert marks == {"hf:lab/tern-7b#record": since, "hf:lab/tern-7b#README.md": since}


def test_pages_have_a_past_only_where_the_archive_is_wanted(served: Web) -> None:
    watch(f"pages: ['{PAGE}']")
    captured(served, PAGE, [("20230101000000", html("closed"), "200")])
    assert dates(slots(read(served), f"url:{PAGE}#page")) == [("1970-01-01", "error")]
    assert served.asked == []
    (found,) = slots(read(served, wayback=True), f"url:{PAGE}#page")
    assert (found.observed_at, found.dated, found.revision) == (
        datetime(2023, 1, 1, tzinfo=UTC),
        False,
        "20230101000000",
    )


def test_of_equal_captures_the_first_is_fetched_and_the_last_one_bounds_the_next(served: Web) -> None:
    watch(f"pages: ['{PAGE}']")
    captures = [
        ("20230101000000", html("closed"), "200"), ("20230201000000", html("closed"), "200"),
        ("20230301000000", html("closed"), "-"), ("20230315000000", "", "302"), ("20230401000000", html("open"), "200"),
        ("20230501000000", "", "404"), ("20230601000000", html("open"), "200"),
    ]  # fmt: skip
    captured(served, PAGE, captures)
    past = read(served, wayback=True)
    found = slots(past, f"url:{PAGE}#page")
    assert dates(found) == [
        ("2023-01-01", "ok"), ("2023-03-01", "ok"), ("2023-04-01", "ok"), ("2023-05-01", "missing"),
        ("2023-06-01", "ok"),
    ]  # fmt: skip
    assert found[0].sha256 == found[1].sha256 != found[2].sha256
    fetched = [url for url in served.urls if "id_/" in url]
    assert sorted(url.split("/")[4][:6] for url in fetched) == ["202301", "202304", "202306"]
    assert (past.told, past.blobs) == ((), 2)


def test_pages_of_terms_that_a_record_links_are_looked_for_too(served: Web) -> None:
    watch("hub: [lab/tern-7b]")
    linked = {"cardData": {"license": "other", "license_link": TERMS}, "tags": ["license:other"]}
    hub(served, "lab/tern-7b", [("2024-02-01T00:00:00Z", linked)])
    captured(served, TERMS, [("20240101000000", html("terms"), "200")])
    (found,) = slots(read(served, wayback=True), f"url:{TERMS}#page")
    assert found.detail == "via hf:lab/tern-7b#record"


def test_a_page_that_never_stops_changing_is_read_now_and_then(served: Web) -> None:
    watch(f"pages: ['{PAGE}']")
    stamps = [f"2023{month:02}{day:02}000000" for month in range(1, 13) for day in range(1, 29)]
    captured(served, PAGE, [(stamp, html("text", nonce=stamp), "200") for stamp in stamps])
    past = read(served, wayback=True)
    assert len(slots(past, f"url:{PAGE}#page")) == MAX_CAPTURES
    assert past.told == (f"url:{PAGE}#page: {len(stamps)} distinct captures; {MAX_CAPTURES} of them were read",)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"a": 1}', b'[["timestamp"], [1, 2], ["x", "y", "200"], 7]'])
def test_a_damaged_list_of_captures_costs_that_page_alone(served: Web, body: bytes) -> None:
    watch(f"pages: ['{PAGE}']")
    captured(served, PAGE, [])
    (index,) = (url for url in served.pages if "/cdx/" in url)
    served.say(index, body)
    past = read(served, wayback=True)
    assert dates(slots(past, f"url:{PAGE}#page")) == [("1970-01-01", "error")]


def test_a_defect_of_one_reader_costs_its_own_sources(served: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    watch(f"papers: ['arxiv:{PAPER}'], code: ['github:lab/tern']")
    github(served, "lab/tern", [("2024-01-01T00:00:00Z", {"README.md": "# Tern\n"})])

    def broken(work: Coroutine[object, object, object]) -> object:
        work.close()
        raise ZeroDivisionError

    monkeypatch.setattr(release_past, "awaited", broken)
    past = read(served)
    assert past.told == (f"arxiv:{PAPER}#metadata: the reader failed: ZeroDivisionError",)
    assert slots(past, "github:lab/tern#README.md")


def test_a_release_that_no_watchlist_names_is_told(served: Web) -> None:
    with ReleasePast(settings(served)) as crawler:
        past = crawler.past(TERN, None, None)
        assert past.told == ("release:tern: not in the watchlist; add it to ajar-watchlist.yaml",)
        assert crawler.estimate(TERN, None, None).problem
