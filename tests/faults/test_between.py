"""Something on the way answers for the source: a login page, a gateway's 404, a cache. None of it is the source's word.

What stands between answers any address, in any status, and mostly in HTML. A source says in a form of its own that
something is not there; all else leaves what is believed as it is, and is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.hostile.web import SHA, Answer, Web, blob, hostile_web
from crawlers.settings import HUB
from tests.faults.conftest import Ajar
from tests.faults.test_sources import API, CARD, FEED, NIGHTS, PAPER, WATCHLIST, repository

pytestmark = pytest.mark.prefect
LATER: Final = "2" * 40
RAW: Final = "https://raw.githubusercontent.com"
LOGIN: Final = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Guest network. License: CC-BY-NC-4.0, "
    b"non-commercial use only. <form action=/login></form></body></html>"
)
HTML: Final = {"Content-Type": "text/html"}
LOGIN_404: Final = Answer(LOGIN, 404, HTML)
LOGIN_401: Final = Answer(LOGIN, 401, HTML)
LOGIN_200: Final = Answer(LOGIN, 200, HTML)
CACHED: Final = Answer(b"", 304)
NOTHING: Final = Answer(b"", 204)
HALF: Final = Answer(b"---\nlicense: cc-by-nc-4.0\n---\n", 206, {"Content-Range": "bytes 0-29/300"})
RECORD: Final = f"{HUB}/api/models/marsh/heron"
DATASET: Final = f"{HUB}/api/datasets/marsh/corpus"
LISTING: Final = f"{HUB}/api/models"
PAGE: Final = f"https://arxiv.org/html/{PAPER}"


def publish(web: Web, sha: str, edition: int) -> None:
    """All of it as it is at one commit of the model."""
    tags = ["license:mit", "dataset:marsh/corpus"]
    files = {"README.md": CARD + b"Edition %d.\n" % edition}
    web.model("marsh/heron", files, tags=tags, sha=sha, cardData={"license": "mit", "datasets": ["marsh/corpus"]})
    tree = [{"type": "file", "path": path, "oid": blob(body), "size": len(body)} for path, body in files.items()]
    web.say(f"{RECORD}/tree/{sha}", tree)
    for path, body in files.items():
        web.say(f"{HUB}/marsh/heron/resolve/{sha}/{path}", body, X_Repo_Commit=sha)
    web.say(LISTING, [json.loads(bytes(web.pages[RECORD].body))])  # type: ignore[arg-type]  # said just now
    about = {"id": "marsh/corpus", "sha": SHA, "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["license:mit"]}
    web.say(DATASET, about)
    web.say("https://export.arxiv.org/api/query", FEED.encode(), Content_Type="application/atom+xml")
    web.say(PAGE, b"<html><body>Heron, a model. We evaluate it.</body></html>", Content_Type="text/html")
    repository(web, "marsh/heron-train", "pretrain.py")
    repository(web, "marsh/heron-eval", "evaluation/evaluate.py")


@pytest.fixture
def web() -> Iterator[Web]:
    """A model with a data set, a paper, and the code that both link to."""
    Path("ajar-watchlist.yaml").write_text(WATCHLIST)
    with hostile_web() as served:
        publish(served, SHA, 1)
        yield served


def night(ajar: Ajar, web: Web, at: str, *flags: str, **environment: str) -> Any:
    """One night; its summary."""
    done = ajar("nightly", *flags, "--json", **{**web.environment, "AJAR_CLOCK": at, **environment})
    assert (done.code == 0) == (done.json["status"] == "complete"), done.err
    assert "Traceback" not in done.err
    return done.json


def answers(ajar: Ajar, web: Web, at: str, *targets: str, **environment: str) -> Any:
    """What is believed of each component: level, licence and access."""
    where = {**web.environment, "AJAR_CLOCK": at, **environment}
    rows = ajar("table", "--format", "json", *targets, **where).json
    keys = ("state", "level", "license", "access")
    return [{name: [cell.get(key) for key in keys] for name, cell in row["components"].items()} for row in rows]


def changes(ajar: Ajar, web: Web) -> Any:
    """What publishers changed."""
    return ajar("changes", "--json", **web.environment).json


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        (f"{API}/marsh/heron-train", LOGIN_404),
        (f"{API}/marsh/heron-train", Answer(b"", 404)),
        (f"{API}/marsh/heron-eval/git/trees/HEAD", Answer(b'{"error": "no such host"}', 404)),
        (RECORD, LOGIN_401),
        (DATASET, Answer(b'{"error": "log in first"}', 401)),
    ],
)
def test_what_a_gateway_says_of_a_source_is_not_the_sources_word(
    address: str, answer: Answer, ajar: Ajar, web: Web
) -> None:
    where = {"HF_TOKEN": "", "GITHUB_TOKEN": "gh_x"}
    assert ajar("track", "heron", **web.environment | where).code == 0
    night(ajar, web, NIGHTS[0], "--no-sweep", **where)
    before = answers(ajar, web, NIGHTS[0], "heron", **where)
    assert address in web.pages
    web.pages[address] = answer
    ended = night(ajar, web, NIGHTS[1], "--no-sweep", **where)
    assert (ended["status"], ended["coverage"]["failed"]) == ("partial", len(ended["failures"]))
    assert any(f"HTTP {answer.status}" in told for told in ended["failures"])
    assert answers(ajar, web, NIGHTS[1], "heron", **where) == before
    assert ajar("changes", "--json", **web.environment | where).json == []


@pytest.mark.parametrize("answer", [NOTHING, HALF, LOGIN_200])
def test_a_card_that_was_not_the_cards_bytes_is_told_and_believed_in_nothing(
    answer: Answer, ajar: Ajar, web: Web
) -> None:
    """The publisher edits the card; the list of files cannot be had, and the card is answered by another."""
    assert ajar("crawl", "marsh/heron", **web.environment).code == 0
    before = answers(ajar, web, NIGHTS[0], "marsh/heron")
    publish(web, LATER, 2)
    web.pages[f"{RECORD}/tree/{LATER}"] = LOGIN_404
    web.pages[f"{HUB}/marsh/heron/resolve/{LATER}/README.md"] = answer
    done = ajar("crawl", "marsh/heron", "--json", **web.environment | {"AJAR_CLOCK": NIGHTS[1]})
    assert done.code == 1, done.err
    assert "README.md: " in done.err
    assert answers(ajar, web, NIGHTS[1], "marsh/heron") == before
    assert changes(ajar, web) == []


def test_a_cache_that_has_an_answer_of_before_says_nothing_to_who_has_none(ajar: Ajar, web: Web) -> None:
    """304, though no condition was sent: the card was not seen, and is told, and is seen the next time."""
    card = f"{HUB}/marsh/heron/resolve/{SHA}/README.md"
    shown, web.pages[card] = web.pages[card], CACHED
    done = ajar("crawl", "marsh/heron", "--json", **web.environment)
    assert done.code == 1
    assert "README.md: HTTP 304 to a question without a condition" in done.err
    web.pages[card] = shown
    assert ajar("crawl", "marsh/heron", **web.environment | {"AJAR_CLOCK": NIGHTS[1]}).code == 0
    assert changes(ajar, web) == []


def test_a_listing_of_nothing_makes_no_news_of_what_was_there(ajar: Ajar, web: Web) -> None:
    """On the first night something answers the listing with an empty one; the second night reads it."""
    shown = web.pages[LISTING]
    web.say(LISTING, [])
    ended = night(ajar, web, NIGHTS[0])
    assert (ended["status"], ended["coverage"]["listing"]) == ("complete", "none"), "there is nothing that it hides"
    web.pages[LISTING] = shown
    assert night(ajar, web, NIGHTS[1])["counts"]["new"] == 1
    assert changes(ajar, web) == []
    web.say(LISTING, [])
    ended = night(ajar, web, NIGHTS[2])
    assert (ended["status"], ended["coverage"]["unseen"]) == ("failed", 1)
    assert "shows nothing at all" in ended["failures"][0]
    assert changes(ajar, web) == []


def test_the_record_of_quite_another_model_withdraws_nothing(ajar: Ajar, web: Web) -> None:
    """A cache gives, for a model that the listing leaves out for a night, what it holds of another one."""
    shown = json.loads(bytes(web.pages[RECORD].body))  # type: ignore[arg-type]  # said by us
    other = {**shown, "id": "marsh/plover", "createdAt": "2023-05-05T00:00:00.000Z"}
    web.say(LISTING, [shown, other])
    assert night(ajar, web, NIGHTS[0])["counts"]["new"] == 2
    web.say(LISTING, [other])
    web.say(RECORD, other)
    ended = night(ajar, web, NIGHTS[1])
    assert (ended["status"], ended["counts"]["lookup_failed"]) == ("partial", 1)
    assert "answered with the record of another" in ended["failures"][0]
    web.say(LISTING, [shown, other])
    web.say(RECORD, shown)
    assert night(ajar, web, NIGHTS[2])["status"] == "complete"
    assert changes(ajar, web) == []


def test_a_creation_date_that_was_odd_for_a_night_is_no_repository_made_anew(ajar: Ajar, web: Web) -> None:
    """The night itself cannot know; the next one, which shows the date of before, takes the news back."""
    (record,) = json.loads(bytes(web.pages[LISTING].body))  # type: ignore[arg-type]
    for at, created in zip(NIGHTS, ("2024-01-01", "2025-05-05", "2024-01-01"), strict=True):
        record["createdAt"] = f"{created}T00:00:00.000Z"
        web.say(LISTING, [record])
        assert night(ajar, web, at)["status"] == "complete"
        facts = [change["facts"] for change in changes(ajar, web)]
        assert facts == ([["recreated"]] if created == "2025-05-05" else [])


COMMITS: Final = {"a" * 40: "2024-01-02T00:00:00Z", "b" * 40: "2024-06-01T00:00:00Z"}
"""Of a code repository whose licence was edited once."""


def past_of_a_repository(web: Web) -> None:
    """A code repository with the same licence at both commits, whose list of files was recorded at each."""
    license_ = b"MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy"
    repository(web, "marsh/tern", "pretrain.py")
    for path in ("README.md", "LICENSE.md", "LICENSE.txt", "MODEL_LICENSE"):
        web.say(f"{API}/marsh/tern/commits?path={path}&per_page=100", [])
    rows = [{"sha": sha, "commit": {"committer": {"date": at}}, "parents": []} for sha, at in COMMITS.items()]
    web.say(f"{API}/marsh/tern/commits?path=LICENSE&per_page=100", rows[::-1])
    web.say(f"{API}/marsh/tern/tags", [])
    for sha in COMMITS:
        web.say(f"{RAW}/marsh/tern/{sha}/LICENSE", license_ + sha[:1].encode(), Content_Type="text/plain")


@pytest.mark.parametrize("answer", [LOGIN_404, LOGIN_200])
def test_a_past_file_that_a_login_page_stands_for_was_neither_gone_nor_changed(
    answer: Answer, ajar: Ajar, web: Web
) -> None:
    Path("ajar-watchlist.yaml").write_text('tern: {title: Tern, code: ["github:marsh/tern"]}\n')
    past_of_a_repository(web)
    where = web.environment | {"GITHUB_TOKEN": "gh_x"}
    address = f"{RAW}/marsh/tern/{'b' * 40}/LICENSE"
    shown, web.pages[address] = web.pages[address], answer
    done = ajar("backfill", "tern", "--json", **where)
    assert done.code == 1, done.err
    assert f"LICENSE at bbbbbbbb: HTTP {answer.status} with a web page" in done.err
    assert [change for change in changes(ajar, web) if change["from"] is not None] == []
    web.pages[address] = shown
    done = ajar("backfill", "tern", "--json", **where)
    assert done.code == 0, done.err
    assert [change for change in changes(ajar, web) if change["from"] is not None] == []
