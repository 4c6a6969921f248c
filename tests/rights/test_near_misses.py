"""Known licences with a restriction put in, or one operative word changed: the right permission is denied."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.rights.variants import CASES, SHARED, Variant, VariantError, _apply, variants
from classifiers.rights import read_rights

CARRIED = tuple(variants(shared=None))


@pytest.mark.parametrize("variant", CARRIED, ids=lambda variant: variant.id)
def test_a_restricted_variant_is_denied(variant: Variant) -> None:
    permissions = dict(read_rights(variant.text).permissions.items())
    assert {name: permissions[name] for name in variant.expect} == dict(variant.expect)


@pytest.mark.parametrize("base", sorted((CASES / "bases").glob("*.txt")), ids=lambda path: path.stem)
def test_the_originals_are_open(base: object) -> None:
    text = (CASES / "bases" / str(base)).read_text(encoding="utf-8")
    assert read_rights(text).permissions.points == 5


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled licences (../shared/licenses) are not here")
def test_near_misses_of_the_labelled_licences() -> None:
    made = tuple(variants())
    assert Counter(variant.kind for variant in made) == {"restricted": 20, "near-miss": 30}
    wrong = [
        (variant.id, name)
        for variant in made
        for name, value in variant.expect.items()
        if getattr(read_rights(variant.text).permissions, name) is not value
    ]
    assert wrong == []


def test_an_edit_that_does_not_apply_is_named() -> None:
    with pytest.raises(VariantError, match="nowhere"):
        _apply("x", "some text", "nowhere", "anywhere")
