"""What could not be read one night is asked for again the next, also where all that leads to it did not change."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from crawlers.settings import HUB, Settings
from crawlers.snapshot import FetchStatus
from crawlers.watchlist import OWN
from tests.crawlers.web import NOW, Page, Web, dataset, model, publish
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
