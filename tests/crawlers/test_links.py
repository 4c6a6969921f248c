"""Which links are followed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.links import MOST, choose, links, source_of, terms
from crawlers.watchlist import Release

HERON = Release("heron-1", "Heron 1", hub=("marsh/heron-1b",), code=("github:marsh-lab/heron",))


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://arxiv.org/abs/2307.09288", "arxiv:2307.09288"),
        ("http://www.arxiv.org/pdf/2307.09288v2.pdf", "arxiv:2307.09288"),
        ("https://arxiv.org/html/2307.09288v1#S1", "arxiv:2307.09288"),
        ("https://arxiv.org/abs/cs.CL/0701123", "arxiv:cs.CL/0701123"),
        ("https://huggingface.co/papers/2307.09288", "arxiv:2307.09288"),
        ("https://github.com/marsh/heron", "github:marsh/heron"),
        ("https://github.com/marsh/heron.git", "github:marsh/heron"),
        ("https://github.com/marsh/heron/tree/main/train.", "github:marsh/heron"),
        ("https://huggingface.co/datasets/marsh/reeds", "hf-dataset:marsh/reeds"),
        ("https://huggingface.co/datasets/marsh/reeds/viewer", "hf-dataset:marsh/reeds"),
        ("https://huggingface.co/datasets/c4/tree/main", "hf-dataset:c4"),
        ("https://arxiv.org/list/cs.CL/recent", None),
        ("https://arxiv.org/abs/../../etc", None),
        ("https://github.com/topics/llm", None),
        ("https://github.com/marsh", None),
        ("https://github.com.evil.example/marsh/heron", None),
        ("https://evil.example/github.com/marsh/heron", None),
        ("https://huggingface.co/marsh/heron-1b", None),
        ("https://[::1/x/y", None),
    ],
)
def test_the_source_of_an_address(url: str, source: str | None) -> None:
    assert source_of(url) == source


def test_links_in_markdown_and_html_come_in_order_and_once() -> None:
    text = (
        b"[code](https://github.com/marsh/heron) <https://arxiv.org/abs/2307.09288>\n"
        b'<a href="https://huggingface.co/datasets/marsh/reeds">d</a> https://github.com/marsh/heron, `x`'
    )
    assert list(links(text)) == ["github:marsh/heron", "arxiv:2307.09288", "hf-dataset:marsh/reeds"]


def test_of_code_only_what_belongs_to_the_release_is_followed() -> None:
    found = [
        ("github:huggingface/transformers", "s"),
        ("github:marsh-lab/heron", "s"),
        ("github:marsh-lab/heron-train", "s"),
        ("github:someone/heron-1-eval", "s"),
        ("github:Marsh-Lab/Heron-Train", "s"),
    ]
    chosen = [source for source, _ in choose(found, HERON, ["github:marsh-lab/heron"])]
    assert chosen == ["github:marsh-lab/heron-train", "github:someone/heron-1-eval"]


def test_few_are_followed() -> None:
    found = [(f"hf-dataset:marsh/reeds-{n}", "s") for n in range(100)]
    assert len(choose(found, HERON, [])) == MOST["hf-dataset"]


def test_what_a_card_cites_is_not_its_paper_where_the_paper_is_known() -> None:
    known = Release("heron-1", "Heron 1", papers=("arxiv:2402.00001",))
    assert choose([("arxiv:1706.03762", "s")], known, []) == []
    assert choose([("arxiv:1706.03762", "s")], HERON, []) == [("arxiv:1706.03762", "s")]


@pytest.mark.parametrize(
    ("link", "source"),
    [
        ("https://ai.google.dev/gemma/terms", "url:https://ai.google.dev/gemma/terms"),
        ("http://ai.google.dev/gemma/terms#x", "url:https://ai.google.dev/gemma/terms"),
        ("https://evil.example/terms", None),
        ("https://huggingface.co/a/b/resolve/main/model.safetensors", None),
        ("https://user:pass@ai.google.dev/x", None),
        ("https://ai.google.dev:8080/x", None),
        ("https://127.0.0.1/x", None),
        ("LICENSE", None),
        ("", None),
        (None, None),
    ],
)
def test_pages_of_terms_are_on_known_hosts(link: str | None, source: str | None) -> None:
    assert terms(link) == source


@given(st.binary(max_size=400))
def test_any_bytes_have_links_that_can_be_asked(text: bytes) -> None:
    for source in links(b"https://github.com/a/" + text + b" https://arxiv.org/abs/" + text):
        assert source.isprintable() and " " not in source and ".." not in source.partition("/")[2].split("/")
