"""What could not be read one night is asked for again the next, also where all that leads to it did not change."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from classifiers.model import Component
from crawlers.hub.slots import HubSource
from crawlers.settings import HUB, Settings
from crawlers.snapshot import FetchStatus
from crawlers.targets import parse_target
from crawlers.watchlist import OWN
from storage.answers import Cause
from storage.store import open_store
from tests.crawlers.web import NOW, Page, Web, blob, dataset, model, publish
from tests.flows.test_releases import crawl, known, served, settings

__all__ = ["served"]

CODE = "github:marsh/heron-lm"
RAW = "https://raw.githubusercontent.com/marsh/heron-lm/HEAD"
TREE = "https://api.github.com/repos/marsh/heron-lm/git/trees/HEAD"


def night(here: Settings, number: int) -> list[str]:
    """What was told of the release on a later night."""
    return crawl(replace(here, clock=NOW + timedelta(days=number)), "heron")[2]


def fail(served: Web, url: str) -> Page | list[Page]:
    """Let an address refuse; returns what it said before."""
    before = served.pages[url]
    served.say(url, status=403)
    return before


def test_a_document_that_failed_is_read_where_the_list_of_files_did_not_change(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    good = fail(served, f"{RAW}/LICENSE")
    assert night(here, 0) == [f"release:heron: {CODE}#LICENSE: listed, but not to be had: HTTP 403"]
    assert known(here, "heron")[f"{CODE}#LICENSE"] is FetchStatus.ERROR
    assert night(here, 1) != []
    served.pages[f"{RAW}/LICENSE"] = good
    assert night(here, 2) == []
    assert known(here, "heron")[f"{CODE}#LICENSE"] is FetchStatus.OK
    served.asked.clear()
    assert night(here, 3) == []
    assert f"{RAW}/LICENSE" not in served.urls


def test_a_document_that_changed_while_it_failed_is_read_afterwards(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    night(here, 0)
    publish(served, "marsh/heron-lm", {"README.md": "# lm\n", "LICENSE": "Apache License\n", "train.py": "pass\n"})
    tree = served.pages[TREE]
    assert isinstance(tree, Page)
    served.pages[TREE] = replace(tree, headers={"ETag": '"tree-2"'})
    good = fail(served, f"{RAW}/LICENSE")
    assert night(here, 1) != []
    served.pages[f"{RAW}/LICENSE"] = good
    served.asked.clear()
    assert night(here, 2) == []
    assert f"{RAW}/LICENSE" in served.urls
    served.asked.clear()
    assert night(here, 3) == []
    assert f"{RAW}/LICENSE" not in served.urls


def test_a_source_that_failed_when_it_was_first_followed_is_followed_again(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    model(served, "marsh/heron-1b", "# Heron\nhttps://huggingface.co/datasets/x/y\n")
    dataset(served, "x/y")
    good = fail(served, f"{HUB}/api/datasets/x/y")
    assert night(here, 0) == ["release:heron: hf-dataset:x/y#record: via hf:marsh/heron-1b#README.md; HTTP 403"]
    assert night(here, 1) != []  # its card did not change, and is not read again
    served.pages[f"{HUB}/api/datasets/x/y"] = good
    assert night(here, 2) == []
    assert known(here, "heron")["hf-dataset:x/y#record"] is FetchStatus.OK


def test_a_source_that_always_failed_is_gone_where_it_is_named_no_longer(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    fail(served, f"{HUB}/api/datasets/marsh/reeds")
    assert night(here, 0) == ["release:heron: hf-dataset:marsh/reeds#record: HTTP 403"]
    own = tmp_path / OWN
    own.write_text('heron: {title: Heron, hub: [marsh/heron-1b], code: ["github:marsh/heron-lm"]}')
    os.utime(own, ns=(1, 1))  # whatever the clock's grain: another file than before
    assert night(here, 1) == []
    assert known(here, "heron")["hf-dataset:marsh/reeds#record"] is FetchStatus.MISSING


def test_a_document_under_another_name_leaves_none_under_its_old_one(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    night(here, 0)
    publish(served, "marsh/heron-lm", {"README.rst": "lm\n", "LICENSE.md": "Apache License\n"})
    tree = served.pages[TREE]
    assert isinstance(tree, Page)
    served.pages[TREE] = replace(tree, headers={"ETag": '"tree-2"'})
    assert night(here, 1) == []
    found = known(here, "heron")
    names = ("README.md", "README.rst", "LICENSE", "LICENSE.md")
    assert {name: found[f"{CODE}#{name}"].value for name in names} == {
        "README.md": "missing",
        "README.rst": "ok",
        "LICENSE": "missing",
        "LICENSE.md": "ok",
    }


@pytest.mark.parametrize("name", ["LICENSE", "LICENSE.md"])
@pytest.mark.parametrize("target", ["marsh/heron-1b", "heron"])
def test_a_licence_that_no_list_of_files_showed_is_no_news_when_one_does(
    name: str, target: str, served: Web, tmp_path: Path
) -> None:
    """The record shows no list of files and its tree fails: whether there is a licence file was not looked at."""
    here = settings(served, tmp_path)
    card, terms = (
        b"---\nlicense: mit\n---\n# Heron\n",
        b"Only for non-commercial research. Commercial use is prohibited.",
    )
    model(served, "marsh/heron-1b", card.decode(), siblings=None)
    files = {"README.md": card, name: terms}
    tree = [{"type": "file", "oid": blob(body), "size": len(body), "path": path} for path, body in files.items()]
    where, sha = f"{HUB}/api/models/marsh/heron-1b/tree/{'1' * 40}", "1" * 40
    served.say(f"{HUB}/marsh/heron-1b/resolve/{sha}/{name}", terms)
    served.say(where, tree)
    good = fail(served, where)
    slot = "LICENSE" if target != "heron" else "hf:marsh/heron-1b#LICENSE"
    for number in (0, 1):
        told = crawl(replace(here, clock=NOW + timedelta(days=number)), target)[2]
        assert [f"{slot}: the list of files cannot be read: HTTP 403" in line for line in told] == [True]
    served.pages[where] = good
    assert crawl(replace(here, clock=NOW + timedelta(days=2)), target)[2] == []
    assert {slot: state for slot, state in known(here, target).items() if "LICENSE" in slot and CODE not in slot} == {
        slot: FetchStatus.MISSING if name != "LICENSE" else FetchStatus.OK,
        slot.replace("LICENSE", name): FetchStatus.OK,
    }
    store = open_store(here.database_url)
    assert list(store.reader.changes(target=parse_target(target))) == []
    told = [change.component for change in store.reader.changes(target=parse_target(target), causes=(Cause.COVERAGE,))]
    store.close()
    assert Component.WEIGHTS in told


def test_what_is_known_is_not_guessed_at_where_the_list_of_files_fails(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    night(here, 0)
    fail(served, TREE)
    served.asked.clear()
    assert night(here, 1) == [f"release:heron: {CODE}#tree: HTTP 403"]
    assert not {f"{RAW}/README.md", f"{RAW}/LICENSE"} & set(served.urls)


def test_a_document_that_is_again_what_it_was_costs_one_request_more_and_no_list_of_files(
    served: Web, tmp_path: Path
) -> None:
    here = settings(served, tmp_path)
    night(here, 0)
    tree, good = served.pages[TREE], served.pages[f"{RAW}/LICENSE"]
    assert isinstance(tree, Page)
    files = {"README.md": "# lm\n", "LICENSE": "Apache License\n", "train.py": "pass\n"}
    publish(served, "marsh/heron-lm", files)
    changed = served.pages[TREE]
    assert isinstance(changed, Page)
    served.pages[TREE] = replace(changed, headers={"ETag": '"tree-2"'})
    fail(served, f"{RAW}/LICENSE")
    assert night(here, 1) != []
    served.pages[TREE], served.pages[f"{RAW}/LICENSE"] = replace(tree, headers={"ETag": '"tree-3"'}), good
    assert night(here, 2) == []
    served.asked.clear()
    assert night(here, 3) == []
    (asked,) = (asked for asked in served.asked if asked.url.startswith(TREE))
    assert asked.headers["if-none-match"] == '"tree-3"'
    assert f"{RAW}/LICENSE" not in served.urls


def test_a_crawler_that_fails_is_told_also_of_a_source_that_failed_before(
    served: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = settings(served, tmp_path)
    fail(served, f"{HUB}/api/datasets/marsh/reeds")
    night(here, 0)

    async def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(HubSource, "crawl", broken)
    told = night(here, 1)
    assert told == ["release:heron: the crawler failed: RuntimeError"]
