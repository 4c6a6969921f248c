"""The table from findings to levels: what it answers, and that it refuses what it does not expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, combinations, product
from pathlib import Path

import pytest

from classifiers.levels import TABLES, UnexpectedFindingsError, level
from classifiers.model import Component, Finding, Outcome, State
from classifiers.probes import PROBES
from classifiers.releases.levels import RELEASE_TABLES

TRUE, FALSE, NOT_AVAILABLE = Outcome.TRUE, Outcome.FALSE, Outcome.NOT_AVAILABLE


def said(outcomes: Mapping[str, Outcome], level_value: str = "4") -> list[Finding]:
    return [Finding(p, o, value=level_value if p == "license-level" else "") for p, o in outcomes.items()]


def every_set(component: Component) -> Iterator[dict[str, Outcome]]:
    asks = TABLES[component].asks
    for outcomes in product(*(sorted(allowed) for allowed in asks.values())):
        yield dict(zip(asks, outcomes, strict=True))


@pytest.mark.parametrize("component", list(Component))
def test_every_expected_set_is_answered(component: Component) -> None:
    for outcomes in every_set(component):
        state, value = level(component, said(outcomes))
        assert (state is State.ASSESSED) == (value is not None)
        if value not in (None, 1):
            assert value == 4
            assert outcomes["license-level"] is TRUE
        if value == 1:
            assert FALSE in outcomes.values()


@pytest.mark.parametrize("stage", [Component.PRETRAINING_DATA, Component.SFT_DATA, Component.ALIGNMENT_DATA])
def test_datasets_of_which_one_cannot_be_read_give_no_level(stage: Component) -> None:
    for pair in combinations(sorted(TABLES[stage].asks["dataset-readable"]), 2):
        outcomes = {"datasets-of-stage": TRUE, "dataset-readable": pair[0], "license-level": TRUE}
        outcomes |= {} if stage is Component.PRETRAINING_DATA else {"stage-denied": FALSE}
        assert level(stage, [*said(outcomes), Finding("dataset-readable", pair[1])]) == (State.UNKNOWN, None)


def test_answers_that_exclude_each_other_are_refused() -> None:
    outcomes = {"weights-released": TRUE, "weights-used-in-card": FALSE, "license-level": TRUE}
    with pytest.raises(UnexpectedFindingsError, match="no row for"):
        level(Component.WEIGHTS, [*said(outcomes), Finding("weights-released", FALSE)])


@pytest.mark.parametrize("component", list(Component))
def test_other_outcomes_are_refused(component: Component) -> None:
    first = next(every_set(component))
    refused = 0
    for probe, allowed in TABLES[component].asks.items():
        for outcome in set(Outcome) - allowed:
            refused += 1
            with pytest.raises(UnexpectedFindingsError, match=f"{component}: {probe} says"):
                level(component, said(first | {probe: outcome}))
    assert refused


@pytest.mark.parametrize("component", list(Component))
def test_a_missing_probe_is_refused(component: Component) -> None:
    first = next(every_set(component))
    for probe in first:
        with pytest.raises(UnexpectedFindingsError, match=f"{probe} was not asked"):
            level(component, said({name: outcome for name, outcome in first.items() if name != probe}))


@pytest.mark.parametrize("component", list(Component))
def test_an_unexpected_probe_is_refused(component: Component) -> None:
    first = next(every_set(component))
    with pytest.raises(UnexpectedFindingsError, match="has-a-logo is not expected"):
        level(component, said({**first, "has-a-logo": TRUE}))


@pytest.mark.parametrize("value", ["", "1", "6", "3-5", "high"])
def test_a_level_that_is_none_is_refused(value: str) -> None:
    outcomes = {"weights-released": TRUE, "weights-used-in-card": FALSE, "license-level": TRUE}
    with pytest.raises(UnexpectedFindingsError, match="license-level says"):
        level(Component.WEIGHTS, said(outcomes, value))


@pytest.mark.parametrize(
    ("released", "used", "licensed", "expected"),
    [
        (TRUE, FALSE, TRUE, (State.ASSESSED, 4)),
        (TRUE, FALSE, Outcome.NOT_SUPPORTED, (State.UNKNOWN, None)),
        (TRUE, FALSE, NOT_AVAILABLE, (State.UNKNOWN, None)),
        (FALSE, FALSE, TRUE, (State.ASSESSED, 1)),
        (FALSE, TRUE, TRUE, (State.UNKNOWN, None)),
        (NOT_AVAILABLE, FALSE, TRUE, (State.UNKNOWN, None)),
        (NOT_AVAILABLE, TRUE, TRUE, (State.ASSESSED, 4)),
        (Outcome.ERROR, Outcome.ERROR, Outcome.ERROR, (State.UNKNOWN, None)),
    ],
)
def test_weights(released: Outcome, used: Outcome, licensed: Outcome, expected: tuple[State, int | None]) -> None:
    outcomes = {"weights-released": released, "weights-used-in-card": used, "license-level": licensed}
    assert level(Component.WEIGHTS, said(outcomes)) == expected


@pytest.mark.parametrize(
    ("named", "readable", "licensed", "expected"),
    [
        ([TRUE], [TRUE], TRUE, 4),
        ([TRUE, TRUE], [TRUE, TRUE], TRUE, 4),
        ([TRUE, TRUE], [TRUE, NOT_AVAILABLE], TRUE, None),
        ([TRUE], [FALSE], TRUE, None),
        ([TRUE], [TRUE], NOT_AVAILABLE, None),
        ([FALSE], [Outcome.NOT_APPLICABLE], NOT_AVAILABLE, None),
    ],
)
def test_data(named: list[Outcome], readable: list[Outcome], licensed: Outcome, expected: int | None) -> None:
    found = [
        Finding("stage-denied", FALSE),
        *(Finding("datasets-of-stage", outcome) for outcome in named),
        *(Finding("dataset-readable", outcome) for outcome in readable),
        Finding("license-level", licensed, value="4"),
    ]
    assert level(Component.SFT_DATA, found)[1] == expected


def test_the_tables_know_every_probe_that_is_asked() -> None:
    for component, probes in PROBES.items():
        table = TABLES[component]
        assert {probe.name for probe in probes} == table.asks.keys() | table.context


def test_each_probe_is_asked_for_by_its_name_in_a_test() -> None:
    """A probe that no test names could answer anything; the tables' own names here count for nothing."""
    tables = (*TABLES.values(), *RELEASE_TABLES.values())
    names = {name for table in tables for name in (*table.asks, *table.context)}
    tests = (path for path in Path(__file__).parents[1].rglob("test_*.py") if path.name != Path(__file__).name)
    text = " ".join(path.read_text() for path in tests)
    assert {name for name in names if f'"{name}"' not in text} == set()


def test_all_twelve_components_are_asked_about() -> None:
    assert list(PROBES) == list(Component)
    questions = [probe.question for probe in chain.from_iterable(PROBES.values())]
    assert all(question.endswith("?") for question in questions)
