"""Known licences with a restriction put in, or one operative word changed: the right permission is denied."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from benchmarks.rights.variants import CASES, SHARED, Variant, VariantError, _apply, variants
from classifiers.rights import read_rights

INSERTIONS: dict[str, list[str]] = yaml.safe_load((CASES / "insertions.yaml").read_text(encoding="utf-8"))
CARRIED = tuple(variants(shared=None))


@pytest.mark.parametrize("variant", CARRIED, ids=lambda variant: variant.id)
def test_a_restricted_variant_is_denied(variant: Variant) -> None:
    permissions = dict(read_rights(variant.text).permissions.items())
    assert {name: permissions[name] for name in variant.expect} == dict(variant.expect)


@pytest.mark.parametrize("base", sorted((CASES / "bases").glob("*.txt")), ids=lambda path: path.stem)
def test_the_originals_are_open(base: object) -> None:
    text = (CASES / "bases" / str(base)).read_text(encoding="utf-8")
    assert read_rights(text).permissions.points == 5


@pytest.mark.parametrize(
    ("permission", "sentence"), [(name, words) for name, all_ in INSERTIONS.items() for words in all_]
)
def test_a_sentence_that_takes_a_permission_away_is_heard_anywhere(permission: str, sentence: str) -> None:
    for base in sorted((CASES / "bases").glob("*.txt")):
        paragraphs = base.read_text(encoding="utf-8").split("\n\n")
        for place in (1, len(paragraphs) // 2):
            text = "\n\n".join([*paragraphs[:place], sentence, *paragraphs[place:]])
            assert getattr(read_rights(text).permissions, permission) is False, (base.stem, place)


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
