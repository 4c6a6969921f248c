"""A world over a fresh database of either kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.store import open_store
from tests.storage.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A world that nobody has looked at yet."""
    store = open_store(database_url)
    yield World(store)
    store.close()
