"""The listing in a process of its own: the same pages, the same errors, and no process left behind."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.hub.aside import pages_aside
from crawlers.hub.listing import Listing, ListingError
from crawlers.settings import Settings
from interfaces.demo.hub import DemoHub, Reply

NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
TOKEN = "hf_do_not_tell"


@pytest.fixture
def settings(demo_hub: DemoHub) -> Settings:
    demo_hub.page_size = 3
    return Settings(hf_endpoint=demo_hub.url, clock=NOON, hf_token=TOKEN)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that are started meanwhile."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen.__init__

    def watched(self: subprocess.Popen[bytes], *args: object, **more: object) -> None:
        popen(self, *args, **more)  # type: ignore[call-overload]
        started.append(self)

    monkeypatch.setattr(subprocess.Popen, "__init__", watched)
    yield started


def test_the_same_pages(settings: Settings) -> None:
    assert list(pages_aside(settings, "models")) == list(Listing(settings).pages("models"))


def test_a_start_and_a_limit(settings: Settings) -> None:
    start = next(iter(Listing(settings).pages("models"))).next
    aside = list(pages_aside(settings, "models", start, 4))
    assert aside == list(Listing(settings).pages("models", start, 4))
    assert sum(len(page.records) for page in aside) == 4


def test_its_errors_are_ours(demo_hub: DemoHub) -> None:
    refused = Settings(hf_endpoint=demo_hub.url, hf_token="not-a-token")
    with pytest.raises(ListingError, match="HF_TOKEN is invalid or expired") as caught:
        list(pages_aside(refused, "models"))
    assert caught.value.reached


def _hold(until: threading.Event) -> Reply | None:
    until.wait(30)
    return None


def test_a_killed_child_is_an_error_and_not_the_end(
    demo_hub: DemoHub, settings: Settings, children: list[subprocess.Popen[bytes]]
) -> None:
    held = threading.Event()
    demo_hub.fault = lambda target: _hold(held) if "cursor=" in target else None
    pages = pages_aside(settings, "models")
    next(pages)
    children[0].kill()
    with pytest.raises(ListingError, match="ended early"):
        next(pages)
    held.set()


def test_no_process_is_left_and_no_token_is_in_its_arguments(
    settings: Settings, children: list[subprocess.Popen[bytes]]
) -> None:
    pages = pages_aside(settings, "models")
    next(pages)
    (child,) = children
    arguments = Path(f"/proc/{child.pid}/cmdline")
    if arguments.exists():
        assert TOKEN not in arguments.read_text()
    pages.close()
    assert child.poll() is not None
