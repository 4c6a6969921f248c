"""What was not looked at: the components whose evidence lives outside the hub repository.

These probes answer ``not_available`` and say so, until their sources are crawled: an answer that nobody looked for is
not a "no".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.registry import Probe
from classifiers.text import excerpt
from classifiers.texts import CARD
from crawlers.snapshot import RECORD

_NOWHERE: Final = "No paper and no code repository of this release was looked at"


def _looked_for(name: str, question: str, what: str) -> Probe:
    def answer(evidence: Evidence) -> Iterator[Finding]:
        looked = [slot for slot in (RECORD, CARD) if evidence.ok(slot)]
        papers = evidence.record.papers if evidence.record else ()
        pointers = [Pointer(slot) for slot in looked]
        if papers:
            pointers.append(Pointer(RECORD, "papers", excerpt(", ".join(papers[:10]))))
        named = " The record names papers." if papers else ""
        yield Finding(name, Outcome.NOT_AVAILABLE, tuple(pointers), f"{_NOWHERE} for {what}.{named}")

    return Probe(name, question, answer)


TRAINING_CODE: Final = _looked_for("training-code-looked-for", "Is the training code released?", "training code")
EVALUATION_CODE: Final = _looked_for(
    "evaluation-code-looked-for", "Is the evaluation code released?", "evaluation code"
)
SAFETY_EVALUATION: Final = _looked_for(
    "safety-evaluation-looked-for", "Is the safety evaluation released?", "safety evaluations"
)
BENCHMARKS: Final = _looked_for(
    "internal-benchmarks-looked-for", "Are internal benchmarks released?", "internal benchmarks"
)
