"""Proof of an answer: the evidence that was in force, its bytes, and what the rules made of it, to be taken away.

A bundle holds what a judgement needs and nothing else, so that :mod:`storage.verify` can repeat it without the store:
the versions of every slot, their bytes by SHA-256, and the corrections that people made. It certifies what the sources
said, not that anyone complies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from classifiers.levels import TABLES, undecided
from classifiers.model import Assessment, Component, Finding
from classifiers.releases.levels import RELEASE_TABLES
from classifiers.rules import rules_version
from crawlers.targets import RELEASE, Target
from storage import schema
from storage.answers import TargetAnswer, Value
from storage.bulk import select_in
from storage.corrections import Correction, load_corrections
from storage.derivation import obs_of_row
from storage.derive import EVER, Deriver, Evidence, value_of
from storage.intern import Lru, load_documents, unpack
from storage.judge import StoredJudge
from storage.looks import Looks
from storage.proof import record_url
from storage.reader import Reader
from storage.runs import load_looks
from storage.times import to_micros
from storage.versions import SETTINGS, Obs, Version, Versions, has_past, is_settings

FORM: Final = 1
"""The form of a bundle's manifest."""

Json = dict[str, Any]
Chosen = dict[Component, tuple[int, Assessment]]
"""Component → (the number of its view, what was judged of that)."""


class BundleError(ValueError):
    """There is nothing to prove, or a file is no bundle of ours; the message says which."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """``manifest`` is all but ``answer`` (in the shape of ``ajar show --json``) and ``documents`` (SHA-256 → bytes)."""

    manifest: Json
    answer: Json
    documents: Mapping[str, bytes]


class Walker(Deriver):
    """Walks the evidence of one subject up to an instant; nothing is judged on the way."""

    def __init__(self, subject_id: int, looks: Looks, crawlers: Mapping[int, str], judge: StoredJudge) -> None:
        self._states: list[Evidence] = []
        super().__init__(subject_id, looks, crawlers, self._note, judge.gate, judge.settings, judge.begun)

    def states(self, observations: Sequence[Obs], until: int) -> list[Evidence]:
        """What was in force, instant by instant; the last is what was in force at ``until`` (microseconds)."""
        versions = Versions(self._id, self._looks, self._crawlers, self._gate, self._settings).of(observations)
        self._walk([v for v in versions if v.at <= until], Evidence({}, None, has_past(observations)), EVER)
        return self._states

    def _note(self, evidence: Evidence) -> Sequence[Assessment]:
        self._states.append(evidence)
        return ()


def collect(
    reader: Reader, target: Target, as_of: datetime, known_at: datetime
) -> tuple[TargetAnswer, Callable[[Json, Sequence[Component]], Bundle]]:
    """The answer about a target, and what makes the bundle of some components of it, given the answer as it is shown.

    Raises :class:`BundleError` where nothing is known.
    """
    answer = reader.show(target, as_of, known_at)
    if answer is None or not any(answer.components.values()):
        raise BundleError(f"{target}: nothing is known of it then; there is nothing to prove")

    def bundle(shown: Json, components: Sequence[Component]) -> Bundle:
        with reader.engine.connect() as connection:
            collected = Collected(connection, target, to_micros(as_of), to_micros(known_at))
            return collected.bundle(shown, answer, components)

    return answer, bundle


class Collected:
    """The evidence about one target at one point of both clocks (microseconds)."""

    def __init__(self, connection: Connection, target: Target, as_of: int, known_at: int) -> None:
        self._connection: Final = connection
        self._target: Final = target
        t = schema.subject
        where = (t.c.kind == target.kind, t.c.key == target.key)
        self._id: Final = int(connection.execute(select(t.c.id).where(*where)).scalar_one())
        rows = connection.execute(_observed(self._id, known_at)).all()
        self._rows: Final = {(row.name, row.observed_at, row.tie): row for row in rows}
        observations = [obs_of_row(row) for row in rows]
        self._bodies: Final = load_documents(connection, list({o.content for o in observations if o.content}))
        self._corrections: Final = self._said(known_at)
        judge = StoredJudge(str(target), self._bodies, Lru(1), self._corrections)
        looks, crawlers = load_looks(connection, known_at)
        self._states: Final = Walker(self._id, looks, crawlers, judge).states(observations, as_of)
        self._judge: Final = judge

    def bundle(self, shown: Json, answer: TargetAnswer, components: Sequence[Component]) -> Bundle:
        """The bundle of some components. ``shown`` is the answer as it is shown, of these components only."""
        stated = {c: i.value for c in components if (i := answer.components.get(c)) is not None}
        evidence, judged = self._choose(stated)
        hashes = {content: hashlib.sha256(body).hexdigest() for content, body in self._bodies.items()}
        views = [self._view(state, hashes) for state in evidence]
        documents = {hashes[c]: self._bodies[c] for state in evidence for c in _contents(state)}
        documents |= _cited(self._connection, answer, stated, documents)
        target = str(self._target)
        manifest: Json = {
            "form": FORM,
            "target": target,
            "rules": rules_version(),
            "views": views,
            "components": {
                component.value: {
                    "view": view,
                    "findings": [finding_json(target, component, f, views[view]) for f in assessment.findings],
                }
                for component, (view, assessment) in judged.items()
            },
            "corrections": [_correction(c, hashes) for c in self._corrections],
            "documents": {digest: len(body) for digest, body in sorted(documents.items())},
        }
        return Bundle(manifest, shown, documents)

    def _said(self, known_at: int) -> list[Correction]:
        t = schema.correction
        statement = select(t.c.recorded_at).where(t.c.subject_id == self._id).order_by(t.c.id)
        dates = self._connection.execute(statement).scalars().all()
        said = load_corrections(self._connection, [self._id]).get(self._id, [])
        return [c for c, at in zip(said, dates, strict=True) if at <= known_at]

    def _choose(self, stated: Mapping[Component, Value]) -> tuple[list[Evidence], Chosen]:
        """The evidence in force, and, behind it, what was in force where an answer stands although it cannot be read.

        A document that cannot be read leaves the last belief standing: its evidence is then that of the last state
        that decided.
        """
        views: list[Evidence] = []
        chosen: Chosen = {}
        open_ = set(stated)
        for state in reversed(self._states):
            judged = {a.component: a for a in self._judge(state) if a.component in open_}
            taken = {c: a for c, a in judged.items() if value_of(a) == stated[c] or not undecided(a)}
            if taken or not views:
                views.append(state)
                chosen |= {c: (len(views) - 1, a) for c, a in taken.items()}
            # A component that is not judged at all now was judged before: only what else was undecided goes back.
            open_ = judged.keys() - taken.keys()
            if not open_:
                break
        return views, chosen

    def _view(self, state: Evidence, hashes: Mapping[int, str]) -> Json:
        gone = None if state.absent is None else Version(state.absent, state.absent.observed_at, None, True)
        absent = None if gone is None else self._version(gone, hashes)
        versions = [self._version(version, hashes) for _, version in sorted(state.slots.items())]
        return {"split": state.split, "slots": versions, "absent": absent}

    def _version(self, version: Version, hashes: Mapping[int, str]) -> Json:
        """A version as the manifest has it; instants are microseconds since 1970."""
        obs = version.obs
        slot = obs.slot.removesuffix(SETTINGS) if is_settings(obs.slot) else obs.slot
        row = self._rows[slot, obs.observed_at, obs.tie]
        return {
            "slot": obs.slot,
            "status": obs.status.value,
            "sha256": None if obs.content is None else hashes[obs.content],
            "url": row.url or record_url(self._target.kind, self._target.key, obs.revision),
            "source": row.source,
            "revision": obs.revision,
            "at": version.at,
            "after": version.after,
            "observed_at": obs.observed_at,
            "fetched_at": obs.observed_at if row.fetched_at is None else row.fetched_at,
            "recorded_at": row.recorded_at,
            "created_at": obs.created_at,
            "modified_at": obs.modified_at,
            "dated": obs.dated,
            "via": obs.via,
            "detail": row.detail or "",
        }


def finding_json(target: str, component: Component, finding: Finding, view: Json) -> Json:
    """A finding with the hashes of the bytes of ``view`` that it points at.

    ``decides``: the table of levels asks for it; else it informs people.
    """
    tables = RELEASE_TABLES if target.startswith(f"{RELEASE}:") else TABLES
    hashes = {version["slot"]: version["sha256"] for version in view["slots"]}
    return {
        "probe": finding.probe,
        "outcome": finding.outcome.value,
        "detail": finding.detail,
        "value": finding.value,
        "decides": finding.probe in tables[component].asks,
        "evidence": [
            {"slot": p.slot, "sha256": hashes.get(p.slot), "locator": p.locator, "excerpt": p.excerpt}
            for p in finding.evidence
        ],
    }


def _observed(subject_id: int, known_at: int) -> Any:
    o, s = schema.observation, schema.slot
    joined = select(o, s.c.name).join(s, s.c.id == o.c.slot_id)
    return joined.where(o.c.subject_id == subject_id, o.c.recorded_at <= known_at)


def _contents(state: Evidence) -> Iterable[int]:
    found = [version.obs.content for version in state.slots.values()]
    return [content for content in found if content is not None]


def _cited(
    connection: Connection, answer: TargetAnswer, stated: Iterable[Component], known: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The bytes that the stated findings cite and that are in force no more (the answer is older than they are)."""
    cited: set[str] = set()
    for component in stated:
        interval = answer.components[component]
        for finding in interval.findings if interval else ():
            cited |= {piece.sha256 for piece in finding.evidence if piece.sha256}
    t = schema.document
    wanted = [bytes.fromhex(digest) for digest in sorted(cited - known.keys())]
    rows = select_in(connection, select(t), t.c.sha256, wanted)
    return {bytes(row.sha256).hex(): unpack(row.encoding, row.body) for row in rows}


def _correction(correction: Correction, hashes: Mapping[int, str]) -> Json:
    return {
        "component": correction.component.value,
        "level": correction.level,
        "license": correction.license,
        "because": correction.because,
        "evidence": {slot: hashes.get(content) for slot, content in sorted(correction.evidence.items())},
    }
