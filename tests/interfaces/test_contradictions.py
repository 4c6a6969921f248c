"""Contradictions of a hub repository and of a release, as the commands tell of them: both sides, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.targets import parse_target
from crawlers.watchlist import OWN
from flows import closely
from flows import night as steps
from storage.store import open_store
from tests.classifiers.test_release import MIT, WORDS
from tests.crawlers.web import NOW, Web, model, publish, web
from tests.interfaces.test_questions import Ajar

WATCHLIST = """
heron: {title: Heron, hub: [marsh/heron-1b, marsh/heron-7b], code: ["github:marsh/heron"]}
"""
MODEL, RELEASE = "hf:marsh/heron-1b", "release:heron"
WEIGHTS = {"safetensors": {"total": 7}}
README = f"# Heron\n\n{WORDS}\n\n"


class Marsh:
    """What is published, and the days on which it is crawled."""

    def __init__(self, served: Web, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.served, self.database = served, f"sqlite:///{folder / 'ajar.db'}"
        self.ajar = Ajar(self.database, capsys)
        for name in ("heron-1b", "heron-7b"):
            self.hub(name)
        self.code()

    def hub(self, name: str, declared: str = "apache-2.0", text: str = "", base: str = "", sha: str = "1") -> None:
        card = f"---\nlicense: {declared}\n---\n{README}{text}\n"
        tags = [f"license:{declared}", *([f"base_model:finetune:{base}"] if base else [])]
        shown: dict[str, Any] = {"tags": tags, "cardData": {"license": declared}, **WEIGHTS}
        model(self.served, f"marsh/{name}", card, sha * 40, **shown)

    def code(self, text: str = "", **files: str) -> None:
        publish(self.served, "marsh/heron", {"README.md": README + text, "LICENSE": MIT, "run.py": "", **files})

    def crawl(self, day: float = 0) -> None:
        here = replace(self.served.settings(), database_url=self.database, clock=NOW + timedelta(days=day))
        store = open_store(self.database)
        night = steps.Night(store, here, steps.begin(store, here, "crawl", {}))
        closely.crawl(night, [parse_target(MODEL), parse_target(RELEASE)])
        steps.end(night, swept=True)
        store.close()

    def found(self, target: str, day: float = 0.1) -> dict[str, Any]:
        """Mark → the findings of the contradictions in force."""
        at = (NOW + timedelta(days=day)).isoformat()
        told = self.ajar.json("contradictions", target, "--as-of", at)
        return {mark: it["findings"] for it in told for mark in it["contradictions"]}


@pytest.fixture
def marsh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Marsh]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / OWN).write_text(WATCHLIST)
    with web() as here:
        yield Marsh(here, tmp_path, capsys)


def sides(findings: list[dict[str, Any]], probe: str) -> list[tuple[str, str]]:
    """Where each side of the only finding of a probe stands, and what it says; each has its proof."""
    (finding,) = [it for it in findings if it["probe"] == probe]
    assert all(it["sha256"] and it["locator"] and it["excerpt"] for it in finding["evidence"])
    return [(it["url"].removeprefix("https://"), it["excerpt"]) for it in finding["evidence"]]


def test_where_all_say_the_same_there_is_none(marsh: Marsh) -> None:
    """Code may have another licence than weights, and one licence two spellings."""
    marsh.hub("heron-1b", text="This model is licensed under the Apache License, Version 2.0.")
    marsh.code("The code is released under the MIT license, the weights are released under Apache 2.0.")
    marsh.crawl()
    assert marsh.found(MODEL) == marsh.found(RELEASE) == {}


def test_a_place_without_anything_to_read_is_not_why_a_release_is_open(marsh: Marsh) -> None:
    marsh.hub("heron-1b", text="Our code: https://github.com/marsh/gone")
    marsh.crawl()
    shown = marsh.ajar("show", RELEASE, "--as-of", (NOW + timedelta(days=1)).isoformat())
    (weights,) = [line for line in shown.splitlines() if line.startswith("weights")]
    assert "The least open of its terms is Apache-2.0." in weights
    assert "missing" not in weights
    findings = marsh.ajar.json("show", RELEASE)["components"]["weights"]["findings"]
    assert any(it["probe"] == "looked-at" and "missing" in it["detail"] for it in findings)


def test_a_card_s_text_against_its_tag(marsh: Marsh) -> None:
    marsh.hub("heron-1b", text="This model is licensed under CC BY-NC 4.0.")
    marsh.crawl()
    for target in (MODEL, RELEASE):
        found = marsh.found(target)
        assert list(found) == ["contradiction:card-text"]
        declared, told = sides(found["contradiction:card-text"], "card-text-agrees-with-tag")
        assert declared[1] == "apache-2.0"
        assert told == (f"huggingface.co/marsh/heron-1b/resolve/{'1' * 40}/README.md",
                        "This model is licensed under CC BY-NC 4.0")  # fmt: skip


def test_a_code_repository_against_the_card(marsh: Marsh) -> None:
    marsh.code("The model weights are released under the CC BY-NC 4.0 license.")
    marsh.crawl()
    found = marsh.found(RELEASE)
    assert list(found) == ["contradiction:card-code"]
    hub, code = sides(found["contradiction:card-code"], "card-agrees-with-code")
    assert hub[1] == "apache-2.0"
    assert code[0].endswith("marsh/heron/HEAD/README.md") and "CC BY-NC 4.0" in code[1]
    assert marsh.found(MODEL) == {}


def test_what_a_card_says_of_the_code_against_the_repository(marsh: Marsh) -> None:
    marsh.hub("heron-1b", text="The code is licensed under the GPL-3.0 license.")
    marsh.crawl()
    found = marsh.found(RELEASE)
    assert list(found) == ["contradiction:card-code"]
    (finding,) = found["contradiction:card-code"]
    assert [it["url"].rpartition("/")[2] for it in finding["evidence"]] == ["README.md", "LICENSE"]


def test_two_hub_repositories_of_a_release(marsh: Marsh) -> None:
    marsh.hub("heron-7b", "cc-by-nc-4.0")
    marsh.crawl()
    found = marsh.found(RELEASE)
    assert list(found) == ["contradiction:places"]
    assert [excerpt for _, excerpt in sides(found["contradiction:places"], "places-agree")] == [
        "apache-2.0",
        "cc-by-nc-4.0",
    ]


def test_a_wider_licence_than_the_base_of_a_release_s_repository(marsh: Marsh) -> None:
    model(marsh.served, "pond/egret-1b", "# Egret\n", tags=["license:cc-by-nc-4.0"])
    marsh.hub("heron-1b", base="pond/egret-1b")
    marsh.crawl()
    for target in (MODEL, RELEASE):
        found = marsh.found(target)
        assert list(found) == ["contradiction:wider-than-base"]
        own, base = sides(found["contradiction:wider-than-base"], "base-allows-license")
        assert (own[1], base[1]) == ("apache-2.0", "cc-by-nc-4.0")
        assert base[0].startswith("huggingface.co/api/models/pond/egret-1b")


def test_a_contradiction_appears_and_goes_and_the_level_stays(marsh: Marsh) -> None:
    marsh.crawl()
    marsh.hub("heron-1b", text="This model is licensed under the MIT license.", sha="2")
    marsh.crawl(1)
    marsh.hub("heron-1b", sha="3")
    marsh.crawl(2)
    assert [list(marsh.found(MODEL, day)) for day in (0.5, 1.5, 2.5)] == [[], ["contradiction:card-text"], []]
    told = marsh.ajar.json("changes", "--target", MODEL, "--component", "weights", "--cause", "source")
    moved = [(it["from"]["level"], it["to"]["level"], it["direction"], it["to"]["marks"]) for it in told if it["from"]]
    assert moved == [(5, 5, "sideways", ["contradiction:card-text"]), (5, 5, "sideways", [])]


def test_people_see_both_sides_too(marsh: Marsh) -> None:
    marsh.hub("heron-1b", text="This model is licensed under CC BY-NC 4.0.")
    marsh.crawl()
    at = (NOW + timedelta(hours=1)).isoformat()
    for shown in (marsh.ajar("contradictions", MODEL, "--as-of", at), marsh.ajar("show", MODEL, "--evidence")):
        assert "card-text-agrees-with-tag" in shown
        assert "CC-BY-NC-4.0" in shown and "“apache-2.0”" in shown and "licensed under CC BY-NC 4.0" in shown
