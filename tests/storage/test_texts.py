"""Texts that a bulk transfer could misread (PostgreSQL's COPY, an array's braces and quotes) come back as they were."""

from __future__ import annotations

import hashlib

from classifiers.model import Component
from crawlers.targets import HUB_MODEL, Target
from tests.storage.world import World, day, model

NASTY = (
    "tab\tnew\nline\rbackslash\\",
    "\\.",
    "\\n",
    "null",
    "nul\x00byte",
    '{braces,"quotes\\"}\',',
    "'); drop table subject;--",
    "\u202eright to left",
    "\U0001f600",
)


def test_declared_licences(world: World) -> None:
    """A page of models whose tags are made to break out of a row."""
    world.sweep(0, [model(f"lab/m-{number}", text) for number, text in enumerate(NASTY)])
    for number, text in enumerate(NASTY):
        answer = world.store.reader.show(Target(HUB_MODEL, f"lab/m-{number}"), day(1), day(1))
        assert answer is not None
        weights = answer.components[Component.WEIGHTS]
        assert weights is not None
        assert weights.value.declared == (text,)


def test_names_and_bytes_of_files(world: World) -> None:
    """Files with such names, and such bytes in them, each found again under its name."""
    names = [text for text in NASTY if "\x00" not in text]  # no file can be called that
    raw = model("lab/m")
    world.deep(0, raw, {name: f"{name}\x00{number}" for number, name in enumerate(names)})
    known = world.store.writer.known(Target(HUB_MODEL, "lab/m"))
    for number, name in enumerate(names):
        assert known[name].sha256 == hashlib.sha256(f"{name}\x00{number}".encode()).hexdigest()
    world.deep(1, raw, {name: f"{name}\x00{number}" for number, name in enumerate(names)})
    counts = world.store.reader.runs(1)[0].counts
    assert (counts["deep"], counts["deep_new"]) == (1, 0), "the same again is nothing new: each was found by its digest"
