"""A release: all its sources at once, one hop of links, and what becomes of what is linked no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from crawlers.hub.known import KnownState
from crawlers.release import ReleaseCrawler
from crawlers.settings import HUB
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL, RELEASE, Target
from crawlers.watchlist import OWN
from tests.crawlers.web import Web, dataset, entry, feed, html, model, publish, web

WATCHLIST = """
heron:
  title: Heron
  hub: [marsh/heron-1b]
  papers: ["arxiv:2402.00001"]
  code: ["github:marsh/heron-lm"]
  datasets: [marsh/reeds]
  pages: ["https://heron.example/terms"]
  formerly: {marsh/heron-1b: marsh/h1, marsh/reeds: reeds, marsh/heron-lm: old/lm}
egret: {title: Egret, hub: [marsh/egret], datasets: [marsh/reeds], code: ["github:marsh/heron-lm"]}
bare: {title: Bare, papers: ["arxiv:2402.09999"]}
branch:
  title: Branch
  code: ["github:now/lm@old/v1", "github:marsh/heron-lm@gone"]
  formerly: {now/lm: marsh/heron-lm}
broken: {title: Broken, pages: ["https://heron.example/private"]}
"""
CARD = (
    "---\nlicense: mit\n---\n# Heron\n[eval](https://github.com/marsh/heron-eval) https://huggingface.co/datasets/x/y\n"
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Web]:
    (tmp_path / OWN).write_text(WATCHLIST)
    with web() as here:
        model(here, "marsh/heron-1b", CARD)
        model(here, "marsh/egret", "# Egret\n")
        dataset(here, "marsh/reeds")
        dataset(here, "x/y")
        publish(here, "marsh/heron-lm", {"README.md": "# lm\n", "LICENSE": "MIT License\n", "train.py": "pass\n"})
        publish(here, "marsh/heron-eval", {"README.md": "# eval\n", "LICENSE": "MIT License\n"})
        here.say("https://export.arxiv.org/api/query", feed(entry("2402.00001")))
        here.say("https://arxiv.org/html/2402.00001", html("We train on reeds."), ETag='"p1"')
        here.say("https://heron.example/robots.txt", "User-agent: *\nDisallow: /private\n")
        here.say("https://heron.example/terms", html("You may wade."), Content_Type="text/html")
        yield here


def crawl(served: Web, slug: str = "heron", known: dict[str, KnownState] | None = None) -> dict[str, Snapshot]:
    with ReleaseCrawler(served.settings("heron.example"), directory=Path.cwd(), first_wait=0.001) as crawler:
        found = crawler.crawl(Target(RELEASE, slug), known or {})
    assert len({s.slot for s in found}) == len(found)
    return {s.slot: s for s in found}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_source_has_its_slots(served: Web) -> None:
    found = crawl(served)
    assert {slot: s.status.value for slot, s in found.items() if not s.detail.startswith("via ")} == {
        "hf:marsh/heron-1b#record": "ok",
        "hf:marsh/heron-1b#README.md": "ok",
        "hf:marsh/heron-1b#config.json": "missing",
        "hf-dataset:marsh/reeds#record": "ok",
        "hf-dataset:marsh/reeds#README.md": "missing",
        "arxiv:2402.00001#metadata": "ok",
        "arxiv:2402.00001#html": "ok",
        "github:marsh/heron-lm#repo": "ok",
        "github:marsh/heron-lm#tree": "ok",
        "github:marsh/heron-lm#releases": "ok",
        "github:marsh/heron-lm#README.md": "ok",
        "github:marsh/heron-lm#LICENSE": "ok",
        "url:https://heron.example/terms#page": "ok",
    }
    assert {s.subject for s in found.values()} == {"release:heron"}
    tree = orjson.loads(found["github:marsh/heron-lm#tree"].body)
    assert [row["path"] for row in tree["tree"]] == ["LICENSE", "README.md", "train.py"]


def test_links_are_followed_one_hop_and_say_from_where(served: Web) -> None:
    publish(served, "marsh/heron-eval", {"README.md": "see https://arxiv.org/abs/2402.00009"})
    found = crawl(served)
    via = {slot: s.detail for slot, s in found.items() if s.detail.startswith("via ")}
    assert via.keys() >= {"github:marsh/heron-eval#repo", "github:marsh/heron-eval#tree", "hf-dataset:x/y#record"}
    assert {detail.partition(";")[0] for detail in via.values()} == {"via hf:marsh/heron-1b#README.md"}
    assert not any("2402.00009" in asked.url for asked in served.asked)


def test_a_papers_text_leads_to_code_and_data_but_not_to_what_it_cites(served: Web) -> None:
    text = "https://github.com/marsh/heron-tools https://github.com/else/where https://arxiv.org/abs/2402.00009"
    served.say("https://arxiv.org/html/2402.00001", html(text))
    via = {slot.partition("#")[0] for slot, s in crawl(served).items() if s.detail.startswith("via arxiv:")}
    assert via == {"github:marsh/heron-tools"}


def test_a_linked_source_that_nothing_says_of_now_is_still_looked_at(served: Web) -> None:
    first = crawl(served)
    known: dict[str, KnownState] = dict(first)
    again = crawl(served, known=known)
    assert {slot: s.status for slot, s in again.items() if s.status is not first[slot].status} == {}
    served.say("https://api.github.com/repos/marsh/heron-eval", {"message": "Not Found"}, status=404)
    later = crawl(served, known=known)
    assert later["github:marsh/heron-eval#repo"].status is FetchStatus.MISSING
    assert later["github:marsh/heron-eval#repo"].detail.startswith("via hf:marsh/heron-1b#README.md; ")


def test_a_link_that_is_gone_takes_its_slots_along_once(served: Web) -> None:
    known: dict[str, KnownState] = dict(crawl(served))
    model(served, "marsh/heron-1b", "# Heron without links\n", sha="3" * 40)
    later = crawl(served, known=known)
    assert later["github:marsh/heron-eval#LICENSE"].status is FetchStatus.MISSING
    assert later["github:marsh/heron-eval#LICENSE"].detail == "no longer named by the release"
    again = crawl(served, known={**known, **later})
    assert not any(slot.startswith("github:marsh/heron-eval") for slot in again)


def test_a_source_that_fails_retires_nothing(served: Web) -> None:
    known: dict[str, KnownState] = dict(crawl(served))
    served.say(f"{HUB}/api/models/marsh/heron-1b", status=403)
    later = crawl(served, known=known)
    assert later["hf:marsh/heron-1b#record"].status is FetchStatus.ERROR
    assert {slot for slot, s in later.items() if s.status is FetchStatus.MISSING} <= {
        slot for slot, s in known.items() if s.status is FetchStatus.MISSING
    }


def test_what_was_followed_keeps_its_place_while_what_names_it_cannot_be_read(served: Web) -> None:
    """The card names as many repositories as are followed; what the paper names beside them is no news that night."""
    for name in "abcd":
        publish(served, f"marsh/heron-{name}", {"README.md": f"# {name}\n"})
    model(served, "marsh/heron-1b", " ".join(f"https://github.com/marsh/heron-{name}" for name in "abc"))
    served.say("https://arxiv.org/html/2402.00001", html("https://github.com/marsh/heron-d"))

    def followed(found: dict[str, Snapshot]) -> set[str]:
        return {slot.partition("#")[0][-1] for slot, s in found.items() if s.detail.startswith("via ") and s.body}

    first = crawl(served)
    assert followed(first) == set("abc")
    served.say(f"{HUB}/api/models/marsh/heron-1b", status=403)
    later = crawl(served, known={slot: s for slot, s in first.items() if not slot.startswith("arxiv:")})
    assert later["arxiv:2402.00001#html"].status is FetchStatus.OK, "it was read anew"
    assert not any(slot.startswith("github:marsh/heron-d") for slot in later)


def test_a_second_look_fetches_no_document_again(served: Web) -> None:
    known: dict[str, KnownState] = dict(crawl(served))
    served.asked.clear()
    crawl(served, known=known)
    documents = [url for url in served.urls if "raw.githubusercontent" in url or "/resolve/" in url or "/html/" in url]
    assert documents == []


def test_an_earlier_name_is_asked_for_where_the_newer_is_not_there(served: Web) -> None:
    for gone in (f"{HUB}/api/models/marsh/heron-1b", f"{HUB}/api/datasets/marsh/reeds"):
        del served.pages[gone]
    del served.pages["https://api.github.com/repos/marsh/heron-lm"]
    model(served, "marsh/h1", "# Heron\n")
    dataset(served, "reeds")
    publish(served, "old/lm", {"README.md": "# lm\n"})
    found = crawl(served)
    assert found["hf:marsh/heron-1b#record"].detail == "answered as marsh/h1"
    assert found["hf:marsh/heron-1b#README.md"].url == f"{HUB}/marsh/h1/resolve/{'1' * 40}/README.md"
    assert found["hf-dataset:marsh/reeds#record"].detail == "answered as reeds"
    assert found["github:marsh/heron-lm#repo"].detail == "answered as old/lm"


def test_a_hub_that_answers_at_another_id_is_followed_there(served: Web) -> None:
    model(served, "marsh/Heron-1B", "# Heron\n")
    served.pages[f"{HUB}/api/models/marsh/heron-1b"] = served.pages[f"{HUB}/api/models/marsh/Heron-1B"]
    found = crawl(served)
    assert found["hf:marsh/heron-1b#record"].status is FetchStatus.OK
    assert found["hf:marsh/heron-1b#record"].detail == "answered as marsh/Heron-1B"


def test_what_two_releases_name_is_asked_for_once(served: Web) -> None:
    with ReleaseCrawler(served.settings("heron.example"), directory=Path.cwd(), first_wait=0.001) as crawler:
        first = crawler.crawl(Target(RELEASE, "heron"))
        second = crawler.crawl(Target(RELEASE, "egret"))
        assert crawler.reached
    assert {s.slot for s in first} & {s.slot for s in second}
    assert len(served.urls) == len(set(served.urls))
    assert next(s for s in second if s.slot == "github:marsh/heron-lm#LICENSE").subject == "release:egret"


def test_all_is_missing_where_nothing_is(served: Web) -> None:
    assert {s.status for s in crawl(served, "bare").values()} == {FetchStatus.MISSING}


@pytest.mark.parametrize(
    ("slug", "reason"), [("unheard-of", "not in the watchlist"), ("broken", "Forbidden by robots.txt")]
)
def test_a_release_that_cannot_be_crawled_is_one_error(served: Web, slug: str, reason: str) -> None:
    (snapshot,) = crawl(served, slug).values()
    assert snapshot.status is FetchStatus.ERROR
    assert reason in snapshot.detail


def test_a_watchlist_that_cannot_be_read_is_one_error(served: Web) -> None:
    (Path.cwd() / OWN).write_text("a: [")
    (snapshot,) = crawl(served).values()
    assert "cannot be read as YAML" in snapshot.detail


def test_other_targets_are_refused(served: Web) -> None:
    with ReleaseCrawler(served.settings()) as crawler, pytest.raises(ValueError, match="not a release"):
        crawler.crawl(Target(HUB_MODEL, "gpt2"))


def test_a_branch_is_read_as_it_is_and_not_the_repositorys_main_one(served: Web) -> None:
    publish(served, "marsh/heron-lm", {"README.md": "# v1\n", "LICENSE": "GPL\n", "old.py": "pass\n"}, "old/v1")
    found = crawl(served, "branch")
    read = {slot: found[f"github:now/lm@old/v1#{slot}"] for slot in ("repo", "tree", "README.md", "LICENSE")}
    assert read["README.md"].body == b"# v1\n" and read["LICENSE"].body == b"GPL\n"
    assert b"old.py" in read["tree"].body and b"train.py" not in read["tree"].body
    assert read["tree"].url == "https://api.github.com/repos/marsh/heron-lm/git/trees/old%2Fv1"
    assert read["README.md"].url == "https://raw.githubusercontent.com/marsh/heron-lm/old/v1/README.md"
    assert read["repo"].detail == "answered as marsh/heron-lm"
    assert found["github:marsh/heron-lm@gone#repo"].status is FetchStatus.OK
    assert found["github:marsh/heron-lm@gone#tree"].status is FetchStatus.MISSING
    assert not any(slot.startswith("github:marsh/heron-lm#") for slot in found)


def test_what_a_repository_names_and_the_release_too_is_the_releases_own(served: Web) -> None:
    model(served, "marsh/heron-1b", CARD, tags=["dataset:marsh/reeds"])
    found = crawl(served)
    assert found["hf-dataset:marsh/reeds#record"].detail == ""


def test_a_host_whose_quota_is_used_up_is_not_asked_again_in_this_crawl(served: Web) -> None:
    repo = "https://api.github.com/repos/marsh/heron-lm"
    served.say(repo, {"message": "API rate limit exceeded"}, 403, X_RateLimit_Remaining="0")
    with ReleaseCrawler(served.settings("heron.example"), directory=Path.cwd(), first_wait=0.001) as crawler:
        crawler.crawl(Target(RELEASE, "egret"))
        found = {snapshot.slot: snapshot for snapshot in crawler.crawl(Target(RELEASE, "egret"))}
    assert found["github:marsh/heron-lm#repo"].status is FetchStatus.ERROR
    assert found["github:marsh/heron-lm#repo"].detail == "GitHub's quota is used up; set GITHUB_TOKEN"
    assert served.urls.count(repo) == 1
