"""Addresses as people paste them: the repository that they are certain of, or a sentence that says what to write."""

from __future__ import annotations

import pytest

from benchmarks.hostile.places import HOSTILE_IDS
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target, TargetError, parse_target

HUB = "https://huggingface.co"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "/",
        "?library=transformers",
        "#usage",
        "/tree/main",
        "/tree/main/",
        "/tree/main/sub/folder?show_file_info=a.safetensors",
        "/blob/main/README.md",
        "/raw/main/LICENSE",
        "/resolve/main/config.json?download=true",
        "/commits/main",
        "/discussions",
        "/discussions/12#65a0",
    ],
)
def test_a_page_of_a_repository_is_the_repository(page: str) -> None:
    assert parse_target(f"{HUB}/marsh/heron-1b{page}") == Target(HUB_MODEL, "marsh/heron-1b")
    assert parse_target(f"{HUB}/gpt2{page}") in (Target(HUB_MODEL, "gpt2"), Target(HUB_MODEL, "gpt2/discussions"))
    assert parse_target(f"http://www.HuggingFace.co/datasets/marsh/reeds{page}") == Target(HUB_DATASET, "marsh/reeds")
    assert parse_target(f" HTTPS://hf.co/datasets/glue{page} ").kind == HUB_DATASET


def test_a_repository_that_is_named_as_a_page_is() -> None:
    assert parse_target(f"{HUB}/marsh/tree") == Target(HUB_MODEL, "marsh/tree")
    assert parse_target(f"{HUB}/gpt2/tree/main") == Target(HUB_MODEL, "gpt2")
    for page in ("tree/main", "blob/main/README.md"):  # or the file "main/README.md" of a branch "blob" of "marsh"
        with pytest.raises(TargetError, match="is not a target"):
            parse_target(f"{HUB}/marsh/tree/{page}")


@pytest.mark.parametrize("page", ["tree/v1.0", "blob/refs%2Fpr%2F1/README.md", f"commit/{'a' * 40}", "commits/mainly"])
def test_another_revision_is_never_taken_for_main(page: str) -> None:
    with pytest.raises(TargetError, match=r"names the revision '.*', and Ajar looks at main; write hf:marsh/heron-1b"):
        parse_target(f"{HUB}/marsh/heron-1b/{page}")


def test_a_code_repository_is_no_target_and_the_releases_that_live_there_are_named() -> None:
    with pytest.raises(TargetError, match=r"write a release that lives there: .*llama-2"):
        parse_target("https://github.com/Meta-Llama/Llama/tree/main")
    with pytest.raises(TargetError, match=r"as the code of a release in ajar-watchlist\.yaml"):
        parse_target("https://github.com/marsh/nobodys?tab=readme-ov-file")


@pytest.mark.parametrize(
    "address",
    [
        *(f"{HUB}/{id_}" for id_ in HOSTILE_IDS if "?" not in id_ and not id_.startswith("a/b")),
        f"{HUB}/a/b/c",
        f"{HUB}/a%2Fb",
        f"{HUB}/a/b/tree/main/../../../evil",
        f"{HUB}/a/b/tree/main/%2e%2e/%2E%2E/%2e%2e/evil",
        f"{HUB}/a//b",
        f"{HUB}/a/b/tree",
        f"{HUB}/a/b\nc",
        f"{HUB}/a/b?\u202ex",
        f"{HUB}/spaces/a/b",
        f"{HUB}/spaces/a",
        f"{HUB}/papers/2307.09288",
        f"{HUB}/api/models/a/b",
        f"{HUB}.evil.example/a/b",
        f"{HUB}@evil.example/a/b",
        "https://me@huggingface.co/a/b",
        "https://huggingface.co:8/a/b",
        "https://evil.example/huggingface.co/a/b",
        "https://huggingface.co?/a/b",
        "ftp://huggingface.co/a/b",
        "hf:https://huggingface.co/a/b",
        "a/b?x=y",
        "a/b/tree/main",
    ],
)
def test_what_is_not_certain_is_refused(address: str) -> None:
    with pytest.raises(TargetError, match="is not a target; write hf:owner/name"):
        parse_target(address)
