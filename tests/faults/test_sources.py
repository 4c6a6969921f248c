"""A release one of whose sources fails for a night: nothing that was followed from it is taken for gone, or for new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.hostile.web import SHA, Answer, Web, blob, hostile_web
from crawlers.settings import HUB
from tests.faults.conftest import Ajar

pytestmark = pytest.mark.prefect
NIGHTS: Final = ("2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z")
API: Final = "https://api.github.com/repos"
PAPER: Final = "2402.00001"
WATCHLIST: Final = f"""
heron:
  title: Heron
  hub: [marsh/heron]
  papers: ["arxiv:{PAPER}"]
"""
CARD: Final = b"""---
license: mit
datasets: [marsh/corpus]
---
# Heron
Pretrained on our corpus; the code is at https://github.com/marsh/heron-train and the whole is MIT.
"""
FEED: Final = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry>
<id>http://arxiv.org/abs/{PAPER}v1</id><title>Heron</title><published>2024-01-01T00:00:00Z</published>
<updated>2024-01-01T00:00:00Z</updated><summary>Code: https://github.com/marsh/heron-eval</summary></entry></feed>"""
REFUSED: Final = Answer(b'{"error": "injected"}', 403)


def repository(web: Web, name: str, script: str) -> None:
    """A code repository with a licence and a script."""
    files = {"LICENSE": b"MIT License\n\nPermission is hereby granted", "README.md": b"# Code", script: b"pass"}
    web.say(f"{API}/{name}", {"full_name": name, "default_branch": "main", "created_at": "2024-01-01T00:00:00Z"})
    tree = [{"path": p, "type": "blob", "sha": blob(b), "size": len(b)} for p, b in files.items()]
    web.say(f"{API}/{name}/git/trees/HEAD", {"sha": SHA, "truncated": False, "tree": tree})
    web.say(f"{API}/{name}/releases", [])
    for path, body in files.items():
        web.say(f"https://raw.githubusercontent.com/{name}/HEAD/{path}", body)


@pytest.fixture
def web() -> Iterator[Web]:
    """A model with a data set, a paper, and the code that both link to."""
    Path("ajar-watchlist.yaml").write_text(WATCHLIST)
    with hostile_web() as served:
        tags = ["license:mit", "dataset:marsh/corpus"]
        served.model("marsh/heron", {"README.md": CARD}, tags=tags, cardData={"datasets": ["marsh/corpus"]})
        about = {"id": "marsh/corpus", "sha": SHA, "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["license:mit"]}
        served.say(f"{HUB}/api/datasets/marsh/corpus", about)
        served.say("https://export.arxiv.org/api/query", FEED.encode(), Content_Type="application/atom+xml")
        page = b"<html><body>Heron, a model. We evaluate it.</body></html>"
        served.say(f"https://arxiv.org/html/{PAPER}", page, Content_Type="text/html")
        repository(served, "marsh/heron-train", "pretrain.py")
        repository(served, "marsh/heron-eval", "evaluation/evaluate.py")
        yield served


def nights(ajar: Ajar, web: Web, failing: str, when: int, database: str) -> tuple[list[Any], Any]:
    """All changes but what was reached late, and the answers after the last night; one address fails on one night."""
    where = {**web.environment, "AJAR_DATABASE_URL": f"sqlite:///{database}", "GITHUB_TOKEN": "gh_x"}
    assert ajar("track", "heron", **where).code == 0
    for number, at in enumerate(NIGHTS):
        told = dict(web.pages)
        if number == when:
            assert failing in web.pages, failing
            web.pages[failing] = REFUSED
        done = ajar("nightly", "--no-sweep", "--json", **{**where, "AJAR_CLOCK": at})
        assert (done.code, done.json["status"]) == ((1, "partial") if number == when else (0, "complete")), done.err
        assert done.json["coverage"]["failed"] == (len(done.json["failures"]) if number == when else 0)
        web.pages = told
    where["AJAR_CLOCK"] = NIGHTS[-1]
    table = ajar("table", "--format", "json", "heron", **where)
    assert table.code == 0, table.err
    return ajar("changes", "--json", **where).json, table.json


@pytest.mark.parametrize("when", [0, 1])
@pytest.mark.parametrize(
    "failing",
    [
        f"{HUB}/api/models/marsh/heron",
        f"{HUB}/marsh/heron/resolve/{SHA}/README.md",
        f"{HUB}/api/datasets/marsh/corpus",
        "https://export.arxiv.org/api/query",
        f"{API}/marsh/heron-train",
        f"{API}/marsh/heron-eval/git/trees/HEAD",
    ],
)
def test_what_a_failing_source_leads_to_is_neither_gone_nor_new(failing: str, when: int, ajar: Ajar, web: Web) -> None:
    if when == 1 and "/resolve/" in failing:
        return  # a card that did not change is not asked for again
    changes, answers = nights(ajar, web, failing, when, "faulty.db")
    calm, expected = nights(ajar, web, "", 9, "calm.db")
    assert calm == []
    assert changes == calm
    assert answers == expected


def test_a_code_host_that_is_down_is_not_asked_eight_times_for_each_repository(ajar: Ajar, web: Web) -> None:
    """After three requests that failed at every try, each further one is tried once; the night ends, and says so."""
    names = [f"heron-{number}" for number in range(6)]
    Path("ajar-watchlist.yaml").write_text(
        "".join(f'{name}:\n  title: {name}\n  code: ["github:marsh/{name}"]\n' for name in names)
    )
    for name in names:
        web.say(f"{API}/marsh/{name}", {"error": "injected"}, 500, Retry_After="0")
    where = {**web.environment, "GITHUB_TOKEN": "gh_x"}
    assert ajar("track", *names, **where).code == 0
    done = ajar("nightly", "--no-sweep", "--json", **where)
    assert (done.code, done.json["status"]) == (1, "failed")
    assert len([url for url, _ in web.asked if url.startswith(API)]) == 3 * 8 + 3
    assert len(done.json["failures"]) >= len(names)
    assert ajar("changes", "--cause", "all", "--json", **where).json == []
    for name in names:
        repository(web, f"marsh/{name}", "pretrain.py")
    done = ajar("nightly", "--no-sweep", "--json", **{**where, "AJAR_CLOCK": NIGHTS[1]})
    assert (done.code, done.json["status"], done.json["counts"]["deep"]) == (0, "complete", len(names))
    assert ajar("changes", "--json", **where).json == []
