"""Repeats the judgement of a bundle from its bytes alone: no store, no network.

The evidence is put before today's classifiers as the store would put it (:class:`storage.judge.StoredJudge`, which is
pure), and what they say is held against what the bundle states. Everything in a bundle is input from anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from classifiers.model import Assessment, Component, State
from classifiers.rules import rules_version
from crawlers.snapshot import RECORD, FetchStatus
from storage.bundle import FORM, Bundle, BundleError, Json, finding_json
from storage.corrections import Correction
from storage.derive import Evidence
from storage.intern import Lru
from storage.judge import StoredJudge
from storage.versions import SETTINGS_SLOT, Obs, Version

FIELDS: Final = ("state", "level", "license", "access", "declared", "marks")
"""The identity of an answer: what is compared."""

_UNSEEN: Final[Json] = {"state": State.UNKNOWN.value, "level": None, "license": None, "access": None, "declared": [],
                  "marks": []}  # fmt: skip
_LATEST: Final = 253_402_300_799_999_999  # microseconds: the end of the year 9999
_EARLIEST: Final = -62_135_596_800_000_000


@dataclass(frozen=True, slots=True)
class Checked:
    """One component: ``stated`` and ``derived`` are the values of :data:`FIELDS`. ``problem`` is empty if it holds."""

    component: Component
    stated: Json
    derived: Json
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a bundle holds. ``problems`` concern the bundle as a whole. ``rules`` are the recorded ones."""

    target: str
    as_of: str
    known_at: str
    rules: str
    rules_today: str
    documents: int
    checked: tuple[Checked, ...]
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all that is stated follows from the bytes."""
        return not self.problems and not any(c.problem for c in self.checked)

    @property
    def same_rules(self) -> bool:
        """Whether the rules of today are those that the bundle was made with."""
        return self.rules == self.rules_today


def verify(bundle: Bundle) -> Verdict:
    """Judge the evidence of a bundle again. Raises :class:`BundleError` where it is not in a bundle's form."""
    try:
        return _Verifier(bundle).verdict()
    except BundleError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        message = f"the manifest or the answer is not in the form of a bundle ({type(error).__name__}: {error})"
        raise BundleError(message) from error


class _Verifier:
    def __init__(self, bundle: Bundle) -> None:
        self._manifest: Final = bundle.manifest
        if self._manifest["form"] != FORM:
            raise BundleError(f"the bundle is of form {self._manifest['form']!r}; this Ajar reads form {FORM}")
        self._answer: Final = bundle.answer
        self._bundle: Final = bundle
        self._ids: Final = {digest: number for number, digest in enumerate(sorted(bundle.documents), 1)}
        bodies = {number: bundle.documents[digest] for digest, number in self._ids.items()}
        self._target: Final = _text(self._manifest["target"])
        corrections = [self._correction(c) for c in self._manifest["corrections"]]
        self._judge: Final = StoredJudge(self._target, bodies, Lru(1000), corrections)
        self._problems: list[str] = []

    def verdict(self) -> Verdict:
        self._check_documents()
        if self._answer["target"] != self._target:
            self._problems.append(f"the answer is about {self._answer['target']}, the evidence about {self._target}")
        views = self._manifest["views"]
        if not views:
            raise BundleError("the bundle shows no evidence")
        judged = [{a.component: a for a in self._judge(self._evidence(view))} for view in views]
        recorded = self._manifest["components"]
        stated = self._answer["components"]
        if not stated:
            raise BundleError("the answer states nothing")
        if recorded.keys() - stated.keys():
            self._problems.append("the manifest derives components that the answer does not state")
        checked = tuple(
            self._checked(Component(name), shown, recorded.get(name), views, judged) for name, shown in stated.items()
        )
        return Verdict(
            target=self._target,
            as_of=_text(self._answer["as_of"]),
            known_at=_text(self._answer["known_at"]),
            rules=_text(self._manifest["rules"]),
            rules_today=rules_version(),
            documents=len(self._ids),
            checked=checked,
            problems=tuple(self._problems),
        )

    def _check_documents(self) -> None:
        stated = self._manifest["documents"]
        if stated.keys() != self._ids.keys():
            missing, more = sorted(stated.keys() - self._ids.keys()), sorted(self._ids.keys() - stated.keys())
            raise BundleError(f"the evidence is not what the manifest lists: missing {missing}, unlisted {more}")

    def _checked(
        self, component: Component, shown: Json, recorded: Json | None, views: list[Json],
        judged: list[dict[Component, Assessment]],
    ) -> Checked:  # fmt: skip
        stated = {field: shown[field] for field in FIELDS}
        self._check_citations(component, shown)
        if recorded is None:
            # No crawl had looked at it. The evidence must not say otherwise.
            found = judged[0].get(component)
            derived = dict(_UNSEEN) if found is None else _value(found)
            return Checked(component, stated, derived, _difference(stated, derived))
        number = recorded["view"]
        if type(number) is not int or not 0 <= number < len(views):
            raise BundleError(f"{component.value} names a view that is not there")
        found = judged[number].get(component)
        if found is None:
            return Checked(component, stated, dict(_UNSEEN), "the evidence is not about this component")
        derived = _value(found)
        problem = _difference(stated, derived)
        if not problem and self._manifest["rules"] == rules_version():
            findings = [finding_json(self._target, component, f, views[number]) for f in found.findings]
            problem = "" if findings == recorded["findings"] else "the recorded findings do not follow from the bytes"
        return Checked(component, stated, derived, problem)

    def _check_citations(self, component: Component, shown: Json) -> None:
        cited = {p["sha256"] for f in shown["findings"] for p in f["evidence"]} - {None}
        lacking = sorted(cited - self._ids.keys())
        if lacking:
            self._problems.append(f"{component.value} cites bytes that the bundle lacks: {lacking}")

    def _evidence(self, view: Json) -> Evidence:
        versions = [self._version(v) for v in view["slots"]]
        slots = {version.obs.slot: version for version in versions}
        if len(slots) != len(versions):
            raise BundleError("a view has two versions of one slot")
        absent = None if view["absent"] is None else self._version(view["absent"]).obs
        return Evidence(slots, absent, view["split"] is True)

    def _version(self, raw: Json) -> Version:
        status = FetchStatus(raw["status"])
        digest = raw["sha256"]
        if (digest is None) == (status is FetchStatus.OK) and raw["slot"] in (RECORD, SETTINGS_SLOT):
            raise BundleError(f"{raw['slot']} is {status.value}, which does not go with its bytes")
        if digest is not None and digest not in self._ids:
            raise BundleError(f"the bytes of {raw['slot']} are missing: evidence/{digest}")
        obs = Obs(
            slot=_text(raw["slot"]),
            observed_at=_instant(raw["observed_at"]),
            status=status,
            content=None if digest is None else self._ids[digest],
            run_id=0,
            revision=None if raw["revision"] is None else _text(raw["revision"]),
            created_at=_maybe_instant(raw["created_at"]),
            modified_at=_maybe_instant(raw["modified_at"]),
            dated=raw["dated"] is True,
            via=_text(raw["via"]),
        )
        return Version(obs, _instant(raw["at"]), _maybe_instant(raw["after"]), True)

    def _correction(self, raw: Json) -> Correction:
        level = raw["level"]
        if type(level) is not int or not 1 <= level <= 5:
            raise BundleError(f"a correction says level {level!r}")
        evidence: Mapping[str, Any] = raw["evidence"]
        bound = {slot: self._ids.get(digest, -1) for slot, digest in evidence.items()}
        license_ = None if raw["license"] is None else _text(raw["license"])
        return Correction(Component(raw["component"]), level, license_, _text(raw["because"]), bound)


def _value(assessment: Assessment) -> Json:
    a = assessment
    return {
        "state": a.state.value,
        "level": a.level,
        "license": a.license,
        "access": a.access.value if a.access else None,
        "declared": list(a.declared),
        "marks": list(a.marks),
    }


def _difference(stated: Json, derived: Json) -> str:
    parts = [f"{f} is {derived[f]!r}, not {stated[f]!r}" for f in FIELDS if stated[f] != derived[f]]
    return "; ".join(parts)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BundleError(f"expected text, found {type(value).__name__}")
    return value


def _instant(value: object) -> int:
    if type(value) is not int or not _EARLIEST <= value <= _LATEST:
        raise BundleError(f"expected an instant in microseconds, found {str(value)[:40]!r}")
    return value


def _maybe_instant(value: object) -> int | None:
    return None if value is None else _instant(value)
