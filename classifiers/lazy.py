"""An attribute that is computed when first asked for.

``functools.cached_property`` of Python 3.11 takes a lock each time it computes, which costs the sweep's assessments a
third of their time; an ``Evidence`` belongs to one assessment and one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - used as a decorator, like property
    """As ``functools.cached_property``, without the lock. An exception is not remembered."""

    __slots__ = ("_compute", "_name")

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
