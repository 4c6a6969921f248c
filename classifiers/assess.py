"""From a view to assessments: ask the probes, look up the level, say who may enter and how sure we are.

Pure. The result depends on the contents and statuses of the slots, on which of record and documents is newer or of the
same revision, on ``absent``, and, where there is more than the record, on the subject's id (a base model of the same
publisher binds nobody; the card's code may name the repository). Of the record alone it depends on contents only, so
that the millions of models with equal facts are assessed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from classifiers.confidence import confidence
from classifiers.contradictions import CONTRADICTIONS
from classifiers.direction import least_open
from classifiers.evidence import Evidence
from classifiers.levels import level
from classifiers.model import Access, Assessment, Component, Finding, Outcome, State, View
from classifiers.probes import PROBES
from classifiers.probes.code import code_governing
from classifiers.probes.data import STAGES, data_governing, dataset_access, datasets_of
from classifiers.probes.licenses import base_allows_license, weights_governing
from classifiers.release import RELEASE, assess_release
from classifiers.terms import Governing
from crawlers.hub.record import HubFacts, parse
from crawlers.snapshot import RECORD, FetchStatus, Snapshot

CACHED: Final = 8192
"""Records whose assessment is kept in memory (some 4 KB each)."""

_GOVERNING: Final[dict[Component, Callable[[Evidence], Governing]]] = {
    Component.WEIGHTS: weights_governing,
    Component.INFERENCE_CODE: code_governing,
    **{stage: data_governing(stage) for stage in STAGES},
}
_Said = Mapping[tuple[str, Outcome], Finding]
_Key = tuple[FetchStatus, bytes, FetchStatus | None, str]
_seen: dict[_Key, Assessment] = {}
_patterns: dict[tuple[object, ...], Assessment] = {}


def assess(view: View) -> tuple[Assessment, ...]:
    """All twelve components, in the paper's order. Raises nothing for any bytes in any slot."""
    if view.subject.startswith(RELEASE):
        return assess_release(view)
    evidence = Evidence(view)
    return tuple(_component(component, evidence) for component in Component)


def assess_weights(view: View) -> Assessment:
    """The weights alone; equal to that of :func:`assess`. Views of only a record are answered from memory."""
    record = view.slots.get(RECORD)
    if record is None or len(view.slots) != 1:
        return _component(Component.WEIGHTS, Evidence(view))
    absent = view.absent
    key = (record.status, record.body, absent.status if absent else None, absent.detail if absent else "")
    known = _seen.get(key)
    if known is None:
        known = _of_record(view, record)
        if len(_seen) >= CACHED:
            _seen.clear()
        _seen[key] = known
    return known


def _of_record(view: View, record: Snapshot) -> Assessment:
    """Of a record alone the weights hang on a few fields, which thousands of models share; the names of base models
    (which nobody looked at) change nothing but the finding that says so."""
    try:
        facts = parse(record.body) if record.status is FetchStatus.OK else HubFacts()
        evidence = Evidence(view, facts)
        absent = view.absent
        pattern = (
            *(record.status, absent and absent.status, absent and absent.detail, bool(evidence.bases)),
            *(facts.licenses, facts.card_licenses, facts.license_name, facts.license_link),
            *(facts.gated, facts.disabled, facts.private, facts.past),
            *(facts.formats, facts.documents, facts.files_shown, facts.perhaps_weights),
        )
        known = _patterns.get(pattern)
    except (TypeError, ValueError):
        return _component(Component.WEIGHTS, Evidence(view))
    if known is None or record.status is not FetchStatus.OK:
        known = _component(Component.WEIGHTS, Evidence(view))
        if len(_patterns) >= CACHED:
            _patterns.clear()
        _patterns[pattern] = known
        return known
    return _with_bases(known, base_allows_license.ask(evidence))


def _with_bases(known: Assessment, named: tuple[Finding, ...]) -> Assessment:
    """``known`` with other findings about base models."""
    ours = [place for place, finding in enumerate(known.findings) if finding.probe == base_allows_license.name]
    findings = (*known.findings[: ours[0]], *named, *known.findings[ours[-1] + 1 :])
    return replace(known, findings=findings)


def _component(component: Component, evidence: Evidence) -> Assessment:
    findings = tuple(finding for probe in PROBES[component] for finding in probe.ask(evidence))
    state, value = level(component, findings)
    said = {(finding.probe, finding.outcome): finding for finding in findings}
    governing = _governing(component, evidence)
    weights = component is Component.WEIGHTS
    released = value != 1
    return Assessment(
        component=component,
        state=state,
        level=value,
        license=governing.license if governing and released else None,
        access=_access(component, evidence, said, state, released),
        confidence=confidence(state, value, findings, governing),
        findings=findings,
        declared=_or_nothing(lambda: evidence.declared) if weights else (),
        marks=_marks(evidence, said) if weights else (),
    )


def _governing(component: Component, evidence: Evidence) -> Governing | None:
    governing = _GOVERNING.get(component)
    try:
        return governing(evidence) if governing else None
    except Exception:
        return None  # the probe license-level met the same, and its finding says so


def _or_nothing(read: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    try:
        return read()
    except Exception:
        return ()  # the probe that reads the same has answered error


def _access(component: Component, evidence: Evidence, said: _Said, state: State, released: bool) -> Access | None:
    if component is Component.WEIGHTS:
        return _repository_access(said, released)
    if state is not State.ASSESSED:
        return None
    if component in STAGES:
        found = [dataset_access(evidence, dataset) for dataset in datasets_of(evidence, component)]
        return least_open(tuple(access for access in found if access is not None))
    # A library is public; code that the repository brings stands behind the repository's gate.
    return _repository_access(said, released) if ("custom-code", Outcome.TRUE) in said else Access.PUBLIC


def _repository_access(said: _Said, released: bool) -> Access | None:
    """The gate stands whether or not weights were seen behind it; without one, no weights are no access."""
    if ("withdrawn", Outcome.TRUE) in said or ("disabled", Outcome.TRUE) in said:
        return Access.WITHDRAWN
    if gate := said.get(("gated", Outcome.TRUE)):
        return Access.GATED_AUTO if gate.value == "auto" else Access.GATED_MANUAL
    if ("record-present", Outcome.TRUE) not in said or ("gated", Outcome.FALSE) not in said:
        return None
    return Access.PUBLIC if released else Access.NONE


def _marks(evidence: Evidence, said: _Said) -> tuple[str, ...]:
    marks = {mark for probe, mark in CONTRADICTIONS.items() if (probe, Outcome.FALSE) in said}
    if moved := said.get(("renamed", Outcome.TRUE)):
        marks.add(f"moved-to:{moved.value}" if moved.value else "moved")
    marks.update(_or_nothing(lambda: evidence.text_marks))
    return tuple(sorted(marks))
