"""A small repository on a hub of our own, for the tests of the deep crawl, and the crawl of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crawlers.hub.deep import HubCrawler
from crawlers.settings import Settings
from crawlers.snapshot import Snapshot
from crawlers.targets import parse_target
from interfaces.demo.hub import DemoHub
from interfaces.demo.repository import parse_repository

NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
TOKEN = "hf_do_not_tell"
CARD = "---\nlicense: mit\nlicense_link: TERMS.md\ndatasets: [org/data, org/gone]\nbase_model: org/base\n---\n# M\n"
FILES = {
    "README.md": CARD,
    "LICENSE": "Permission is granted.",
    "TERMS.md": "Our terms.",
    "original/USE_POLICY.md": "Be good.",
    "config.json": "{}",
    "modeling.py": "import torch",
    "model.safetensors": {"size": 9_000_000_000},
    "pytorch_model.bin": {"size": 9_000_000_000},
    "original/consolidated.00.pth": {"size": 9_000_000_000},
}
DOCUMENTS = ["LICENSE", "README.md", "TERMS.md", "config.json", "original/USE_POLICY.md"]


def repository(id_: str = "org/model", *, kind: str = "model", **states: dict[str, Any]) -> Any:
    """A repository with states by name, each a month after the one before, from 2026-01 on."""
    dated = [{"at": f"2026-{month:02}-01T00:00:00Z", **state} for month, state in enumerate(states.values(), 1)]
    return parse_repository({"id": id_, "kind": kind, "states": dated})


def named() -> list[Any]:
    data = {"README.md": "---\nlicense: cc-by-4.0\n---\n"}
    base = {"README.md": "---\nlicense: apache-2.0\n---\n"}
    return [
        repository("org/data", kind="dataset", a={"files": data, "gated": "auto"}),
        repository("org/base", a={"files": base}),
    ]


def crawler(hub: DemoHub, token: str | None = None) -> HubCrawler:
    return HubCrawler(Settings(hf_endpoint=hub.url, clock=NOON, hf_token=token))


def crawl(hub: DemoHub, known: Any = None, target: str = "org/model") -> dict[str, Snapshot]:
    found = crawler(hub).crawl(parse_target(target), known or {})
    slots = {snapshot.slot: snapshot for snapshot in found}
    assert len(slots) == len(found)
    return slots


def asked(hub: DemoHub) -> list[str]:
    paths = [request.target.partition("?")[0] for request in hub.requests]
    hub.requests.clear()
    return paths
