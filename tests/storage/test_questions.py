"""Questions across subjects: narrowed changes, trends, contradictions; on both databases."""

from __future__ import annotations

from storage.narrow import Narrow
from tests.storage.world import World, model


def told(world: World, narrow: Narrow) -> list[tuple[str, str | None]]:
    return [(c.target, c.after.license) for c in world.store.reader.changes(narrow=narrow)]


def test_changes_by_license_and_by_developer(world: World) -> None:
    world.sweep(0, [model("lab/a", "llama2"), model("lab/b", "mit"), model("Lab/c", "llama2"), model("labor/d", None)])
    world.sweep(1, [model("lab/a", "apache-2.0", modified=0.5), model("lab/b", "llama2", modified=0.5),
                    model("Lab/c", "mit", modified=0.5), model("labor/d", "mit", modified=0.5)])  # fmt: skip
    assert told(world, Narrow(license_from="Llama2")) == [("hf:lab/a", "Apache-2.0"), ("hf:Lab/c", "MIT")]
    assert told(world, Narrow(license_from="llama2", license_to="mit")) == [("hf:Lab/c", "MIT")]
    assert told(world, Narrow(license_to="llama2", developer="lab"))[-1][0] == "hf:lab/b"
    assert {target for target, _ in told(world, Narrow(developer="lab"))} == {"hf:lab/a", "hf:lab/b"}
    assert told(world, Narrow(license_from="none")) == [("hf:labor/d", "MIT")]
    assert told(world, Narrow(license_from="%", developer="la_")) == []
