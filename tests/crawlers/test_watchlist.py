"""The watchlist: the packaged file, the user's own, and what a slug on the command line means."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from crawlers.targets import HUB_MODEL, RELEASE, Target, TargetError, parse_target
from crawlers.watchlist import OWN, PACKAGED, WatchlistError, branch_of, watchlist

PAPER = """
anthropic-175b anthropic-lm bloom cerebras-gpt chinchilla claude claude-2 codet5 command-r command-r+ dbrx ernie-3.0
fairseq-dense falcon gemini glam glm-130b gopher gpt-2 gpt-3 gpt-3.5-turbo gpt-4 gpt-j-6b gpt-neo gpt-neox-20b grok-1
jamba lamda llama llama-2 llama-3 megatron-turing mistral-7b mt5 openllama opt palm palm-2-foundation-model-only phi-2
polycoder pythia stable-lm-base-alpha-base-alpha-tuned t5 ul2 xglm
"""
"""The 45 slugs of arXiv 2405.08597, as its site has them."""


def test_the_papers_models_and_sixty_more_are_packaged(tmp_path: Path) -> None:
    known = watchlist(tmp_path)
    assert len(PAPER.split()) == 45
    assert set(PAPER.split()) <= known.keys()
    assert len(known) >= 45 + 60


def test_each_release_lives_somewhere_and_its_predecessors_are_known(tmp_path: Path) -> None:
    known = watchlist(tmp_path)
    assert [slug for slug, release in known.items() if not release.sources] == []
    assert [p for release in known.values() for p in release.predecessors if p not in known] == []
    for release in known.values():
        code = (branch_of(code.removeprefix("github:"))[0] for code in release.code)
        named = {*release.hub, *release.datasets, *code}
        assert release.formerly.keys() <= named, release.slug


def test_it_holds_sources_and_nothing_else() -> None:
    keys = {key for entry in yaml.safe_load(PACKAGED.read_text()).values() for key in entry}
    assert keys <= {"title", "released", "hub", "papers", "code", "datasets", "pages", "predecessors", "formerly"}


def test_sources_are_named_as_slots_name_them(tmp_path: Path) -> None:
    sources = watchlist(tmp_path)["llama-2"].sources
    assert {"hf:meta-llama/Llama-2-7b-hf", "arxiv:2307.09288", "github:meta-llama/llama"} <= set(sources)
    assert "url:https://x.ai/" in watchlist(tmp_path)["grok-1"].sources
    assert "hf-dataset:EleutherAI/pile" in watchlist(tmp_path)["pythia"].sources


def test_an_own_file_adds_and_replaces(tmp_path: Path) -> None:
    (tmp_path / OWN).write_text("mine-1: {title: Mine, hub: [me/mine]}\nt5: {title: Another T5, hub: [me/t5]}\n")
    known = watchlist(tmp_path)
    assert known["mine-1"].sources == ("hf:me/mine",)
    assert known["t5"].sources == ("hf:me/t5",)
    assert known["mt5"].title == "mT5"


def test_a_release_may_live_on_a_branch(tmp_path: Path) -> None:
    (tmp_path / OWN).write_text("mine: {title: Mine, code: ['github:me/mine@v1.0/old', 'github:me/mine']}\n")
    assert watchlist(tmp_path)["mine"].sources == ("github:me/mine@v1.0/old", "github:me/mine")
    assert branch_of("me/mine@v1.0/old") == ("me/mine", "v1.0/old")
    assert branch_of("me/mine") == ("me/mine", "HEAD")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a", "must map slugs"),
        ("a: [", "cannot be read as YAML"),
        ("Bad Slug: {title: x}", "a slug is made of"),
        ("a: {hub: [x/y]}", "needs at least a title"),
        ("a: {title: x, level: 5}", "'level' is not a key"),
        ("a: {title: x, released: soon}", "released must be a month"),
        ("a: {title: x, hub: x/y}", "must be a list"),
        ("a: {title: x, hub: [../../etc]}", "cannot be crawled"),
        ("a: {title: x, code: ['https://github.com/x/y']}", "cannot be crawled"),
        ("a: {title: x, code: ['github:x/..']}", "cannot be crawled"),
        ("a: {title: x, code: ['github:x/..@v1']}", "cannot be crawled"),
        ("a: {title: x, code: ['github:x/y@']}", "cannot be crawled"),
        ("a: {title: x, code: ['github:x/y@../../etc']}", "cannot be crawled"),
        ("a: {title: x, code: ['github:x/y@a..b']}", "cannot be crawled"),
        ("a: {title: x, code: ['github:x/y@a?b=c']}", "cannot be crawled"),
        ("a: {title: x, papers: ['arxiv:../1']}", "cannot be crawled"),
        ("a: {title: x, pages: ['http://example.org/']}", "cannot be crawled"),
        ("a: {title: x, pages: ['https://169.254.169.254/latest']}", "cannot be crawled"),
        ("a: {title: x, pages: ['https://user@example.org/']}", "cannot be crawled"),
        ("a: {title: x, pages: ['https://example.org:22/']}", "cannot be crawled"),
        ("a: {title: x, formerly: [x]}", "formerly must map"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / OWN).write_text(text)
    with pytest.raises(WatchlistError, match=reason):
        watchlist(tmp_path)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("llama-2", Target(RELEASE, "llama-2")),
        ("command-r+", Target(RELEASE, "command-r+")),
        ("release:gpt-2", Target(RELEASE, "gpt-2")),
        ("release:of-old-and-gone", Target(RELEASE, "of-old-and-gone")),
        ("hf:gpt-2", Target(HUB_MODEL, "gpt-2")),
        ("gpt2", Target(HUB_MODEL, "gpt2")),
        ("meta-llama/llama-2", Target(HUB_MODEL, "meta-llama/llama-2")),
    ],
)
def test_a_slug_of_the_watchlist_wins(text: str, target: Target) -> None:
    assert parse_target(text) == target
    assert parse_target(str(target)) == target


@pytest.mark.parametrize("text", ["release:", "release:a/b", "release:Llama", "release:..", "release:a..b"])
def test_what_is_no_slug_is_refused(text: str) -> None:
    with pytest.raises(TargetError, match="is not a release"):
        parse_target(text)
