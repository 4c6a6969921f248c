"""A release of the watchlist: all twelve components, from every place where it lives.

As :mod:`classifiers.assess` for one hub repository: probes, a table, the access and the confidence. Several places that
differ are answered by the least open one, and the difference is the finding ``places-agree``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from classifiers.confidence import rung
from classifiers.contradictions import CONTRADICTIONS
from classifiers.evidence import Evidence
from classifiers.levels import by_table
from classifiers.model import CODE_COMPONENTS, Access, Assessment, Component, Finding, Outcome, Pointer, State, View
from classifiers.releases.code import code_released, code_terms
from classifiers.releases.contradictions import contradictions
from classifiers.releases.data import data_access, data_released, data_terms
from classifiers.releases.levels import RELEASE_TABLES
from classifiers.releases.phrases import said
from classifiers.releases.sources import RELEASE, Sources
from classifiers.releases.stages import GROUPS, Answer, stage_exists
from classifiers.releases.weights import (
    api_offered,
    inference_released,
    inference_terms,
    weights_released,
    weights_terms,
)
from classifiers.silence import ANNOUNCED, DENIED, WITHHELD
from classifiers.terms import Governing, Terms, govern
from classifiers.text import excerpt
from crawlers.snapshot import FetchStatus

__all__ = ["RELEASE", "assess_release"]

STATED: Final = 0.9
"""How often an answer that rests on a file or a sentence is right; measured 0.92, see docs/confidence.md."""
ABSENT: Final = 0.89
"""How often one is right that rests on absence from the places where it would stand; measured 0.90."""

_TermsOf = Callable[[Sources], tuple[Terms, ...]]


@dataclass(frozen=True, slots=True)
class _Part:
    """How a component is asked about: its questions by name, and the terms of what is released."""

    asks: Mapping[str, Answer]
    terms: _TermsOf


def _no_terms(sources: Sources) -> tuple[Terms, ...]:
    return ()


def _code(component: Component) -> _Part:
    return _Part({"code-released": code_released(component)}, lambda sources: code_terms(sources, component))


def _data(component: Component) -> _Part:
    return _Part({"data-released": data_released(component)}, lambda sources: data_terms(sources, component))


def _part(component: Component) -> _Part:
    if component is Component.WEIGHTS:
        return _Part({"weights-released": weights_released, "api-offered": api_offered}, weights_terms)
    if component is Component.INFERENCE_CODE:
        return _Part({"code-released": inference_released}, inference_terms)
    part = _code(component) if component in CODE_COMPONENTS else _data(component)
    stage = {"stage-exists": stage_exists(component)} if component in GROUPS else {}
    return _Part({**stage, **part.asks}, part.terms)


_PARTS: Final = {component: _part(component) for component in Component}


def assess_release(view: View) -> tuple[Assessment, ...]:
    """All twelve components, in the paper's order. Raises nothing for any bytes in any slot."""
    sources = Sources(view)
    looked = tuple(_looked_at(sources))
    return tuple(_component(component, sources, looked) for component in Component)


def _looked_at(sources: Sources) -> Iterator[Finding]:
    """One finding a slot that could not be read: what was not looked at may hold the answer."""
    for slot, shot in sorted(sources.view.slots.items()):
        if shot.status is not FetchStatus.OK:
            outcome = Outcome.FALSE if shot.status is FetchStatus.MISSING else Outcome.NOT_AVAILABLE
            shown = Pointer(slot, "status", shot.status.value)
            yield Finding("looked-at", outcome, (shown,), f"{excerpt(slot, 120)}: {shot.status.value}.")


def _component(component: Component, sources: Sources, looked: tuple[Finding, ...]) -> Assessment:
    part = _PARTS[component]
    asked = tuple(finding for name, ask in part.asks.items() for finding in _ask(name, ask, sources))
    governing, licensed = _licensed(component, part.terms, sources, asked)
    against = _ask("places-agree", contradictions, sources) if component is Component.WEIGHTS else ()
    findings = (*asked, *licensed, *against, *looked)
    state, value = by_table(RELEASE_TABLES[component], component, findings)
    planned = component is Component.WEIGHTS and any(it.value == ANNOUNCED for it in asked)
    released = state is State.ASSESSED and value not in (1, None) and governing is not None and value == governing.level
    return Assessment(
        component=component,
        state=state,
        level=value,
        license=governing.license if governing and released else None,
        access=Access.ANNOUNCED if planned else _access(component, sources, state, value),
        confidence=_confidence(state, value, asked, governing),
        findings=findings,
        declared=_declared(sources) if component is Component.WEIGHTS else (),
        marks=_marks(against) if component is Component.WEIGHTS else (),
    )


def _ask(name: str, ask: Answer, sources: Sources) -> tuple[Finding, ...]:
    try:
        return tuple(ask(sources))
    except Exception as error:
        reason = f"Could not be answered: {type(error).__name__} while reading the evidence."
        return (Finding(name, Outcome.ERROR, detail=reason, value=type(error).__name__),)


def _licensed(
    component: Component, terms_of: _TermsOf, sources: Sources, asked: tuple[Finding, ...]
) -> tuple[Governing | None, tuple[Finding, ...]]:
    """The least open terms of what is released, and the finding ``license-level``."""
    name = "license-level"
    released = any(it.outcome is Outcome.TRUE and it.probe.endswith("-released") for it in asked)
    if not released:
        return None, (Finding(name, Outcome.NOT_AVAILABLE, detail="Nothing is released that could have a licence."),)
    try:
        governing = govern(terms_of(sources), code=component in CODE_COMPONENTS)
    except Exception as error:
        return None, (Finding(name, Outcome.ERROR, detail=f"{type(error).__name__} while reading the terms."),)
    shown = tuple(dict.fromkeys(terms.pointer for terms in governing.terms))[:6]
    if governing.level is None:
        span = f"anything from {governing.low} to {governing.high}" if governing.terms else "not known"
        return governing, (Finding(name, Outcome.NOT_AVAILABLE, shown, f"The level under its terms is {span}."),)
    detail = f"The least open of its terms is {governing.license or 'a licence without a name'}."
    found = Finding(name, Outcome.TRUE, shown, detail, str(governing.level))
    return governing, (found,)


def _confidence(state: State, level: int | None, asked: tuple[Finding, ...], governing: Governing | None) -> float:
    if state is State.UNKNOWN:
        return 0.0
    if state is State.NOT_APPLICABLE or level == 1:
        stated = any(it.value in (DENIED, WITHHELD) for it in asked)
        return STATED if stated else ABSENT
    deciding = governing.deciding if governing else None
    return round(min(STATED, rung(deciding)) if deciding else STATED, 2)


def _access(component: Component, sources: Sources, state: State, level: int | None) -> Access | None:
    if state is not State.ASSESSED:
        return None
    if level == 1:
        return Access.NONE
    if component is not Component.WEIGHTS:
        return Access.PUBLIC if component in CODE_COMPONENTS else _data_access(component, sources)
    gates = {gate for _, view in sources.hubs if (gate := _gate(view))}
    if gates:
        return Access.GATED_MANUAL if "manual" in gates else Access.GATED_AUTO
    if any(_past(view) for _, view in sources.hubs):
        return None  # the hub keeps no history of gates, and no look at the time showed one
    if any(it.outcome is Outcome.TRUE for it in weights_released(sources)):
        return Access.REQUEST_FORM if said(sources, "request") and not sources.hubs else Access.PUBLIC
    return Access.API_ONLY


def _data_access(component: Component, sources: Sources) -> Access | None:
    with suppress(ValueError):
        return data_access(sources, component)
    return None


def _gate(view: View) -> str:
    try:
        record = Evidence(view).record
    except ValueError:
        return ""
    return (record.gated or "") if record else ""


def _past(view: View) -> bool:
    try:
        record = Evidence(view).record
    except ValueError:
        return False
    return record is not None and record.past


def _declared(sources: Sources) -> tuple[str, ...]:
    """What the hub repositories declare; what cannot be read is said by the finding ``license-level``."""
    with suppress(Exception):
        return tuple(sorted({value for _, view in sources.hubs for value in Evidence(view).declared}))
    return ()


def _marks(against: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(sorted({CONTRADICTIONS[it.probe] for it in against if it.outcome is Outcome.FALSE}))
