"""What documents say of licences in words: what counts as a statement, and what is only near a licence's name."""

from __future__ import annotations

import pytest

from classifiers.spoken import CODE, LONGEST, WEIGHTS, spoken


@pytest.mark.parametrize(
    ("text", "license_"),
    [
        ("This model is licensed under the Apache License, Version 2.0.", "Apache-2.0"),
        ("The weights are\nreleased under the MIT license.", "MIT"),
        ("Our models have been made available under the terms of CC BY-NC 4.0.", "CC-BY-NC-4.0"),
        ("The model weights have a `CC BY-SA 4.0` license.", "CC-BY-SA-4.0"),
        ("- **License:** MIT", "MIT"),
        ("| **License** | `CC BY-SA 3.0` |", "CC-BY-SA-3.0"),
        ("## License\n\nApache 2.0\n\n## Limits", "Apache-2.0"),
        ("`Rocket-7B` is released under the MIT license.", "MIT"),
        ("This work is licensed under CC BY-NC-SA 3.0.", "CC-BY-NC-SA-3.0"),
    ],
)
def test_a_statement_of_the_weights(text: str, license_: str) -> None:
    (found,) = spoken(f"# Rocket\n\nIt reads tea leaves.\n\n{text}\n", WEIGHTS, "rocket-7b")
    assert (found.about, found.reading.license) == (frozenset({WEIGHTS}), license_)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("The code is released under the MIT license.", {CODE}),
        ("The source code in this repo is licensed under the MIT license.", {CODE}),
        ("Code License: MIT", {CODE}),
        ("Model License: MIT", {WEIGHTS}),
        ("The code and the model weights are released under the MIT license.", {CODE, WEIGHTS}),
        ("The model code is released under the MIT license.", {CODE}),
        ("License: MIT", {CODE}),
    ],
)
def test_code_and_weights_are_told_apart(text: str, about: set[str]) -> None:
    (found,) = spoken(text, CODE)
    assert found.about == about


@pytest.mark.parametrize(
    "text",
    [
        "The base model is licensed under the MIT license.",
        "This model is based on Egret, which is released under the MIT license.",
        "The dataset is available under the MIT license.",
        "The models with l2 in the name are available under the same license as the original.",
        "The demo of this model is available under the MIT license.",
        "This model is not licensed under the MIT license.",
        "License: MIT, except for the data",
        "License: more information needed",
        "## License\n\nPlease see the file LICENSE.",
        "We thank the makers of this model for the MIT license.",
        "Egret is released under the MIT license.",
        "```\nLicense: MIT\n```",
        f"This model {'very ' * (LONGEST // 4)} is licensed under the MIT license.",
    ],
)
def test_what_is_only_near_a_licence_is_no_statement(text: str) -> None:
    assert spoken(text, WEIGHTS, "rocket-7b") == ()


@pytest.mark.parametrize("text", ["this is released " * 12_000, "License: " * 25_000, "\n# license\n\n" * 20_000])
def test_a_hostile_text_ends(text: str) -> None:
    assert spoken(text, WEIGHTS, "rocket-7b") == ()
