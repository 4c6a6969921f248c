"""A fetcher that asks for each record once: several releases name the same datasets and base models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from crawlers.http import Answer, Fetcher

MEMORY: Final = 64 * 1024 * 1024
"""Bytes of answers kept by one fetcher."""


class Remembering(Fetcher):
    """A :class:`Fetcher` with the memory of one crawl: unconditional answers that would be the same again."""

    def __init__(self, *args: Any, **parts: Any) -> None:
        super().__init__(*args, **parts)
        self._answers: dict[str, Answer] = {}
        self._bytes = 0
        self._one = threading.Lock()

    def get(
        self,
        url: str,
        *,
        limit: int,
        headers: Mapping[str, str] = MappingProxyType({}),
        check: Callable[[Answer], str | None] | None = None,
    ) -> Answer:
        """See :meth:`Fetcher.get`. One request at a time: of two that are the same, the second need not be sent."""
        with self._one:
            known = self._answers.get(url) if not headers else None
            if known is not None and len(known.body) <= limit and (check is None or check(known) is None):
                return known
            answer = super().get(url, limit=limit, headers=headers, check=check)
            if not headers and answer.status in (200, 401, 404) and self._bytes + len(answer.body) <= MEMORY:
                self._answers[url] = answer
                self._bytes += len(answer.body)
            return answer
