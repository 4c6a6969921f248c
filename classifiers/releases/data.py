"""Is the data of a stage released, under which terms? Records of datasets, corpora by name, what texts say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from classifiers.evidence import Evidence, declared_reading
from classifiers.model import Access, Component, Finding, Outcome, Pointer
from classifiers.probes.data import STAGES, named_by, stage_by_name
from classifiers.releases.phrases import Match, entry, named, said, table
from classifiers.releases.sources import Sources
from classifiers.releases.stages import Answer, only_tuned, places, quoted, telling_places
from classifiers.silence import ANNOUNCED, CLOSED, SILENCE
from classifiers.terms import Terms
from classifiers.text import excerpt
from crawlers.hub.record import parse
from crawlers.snapshot import RECORD

_USED: Final = {
    Component.PRETRAINING_DATA: (
        re.compile(r"(?i)(?:\b|pre-?)train(?:ed|ing)?\b(?! and)[^.;]{0,60}\b(?:on|using|with|data)\b[^.;]{0,110}$"),
        re.compile(r"(?i)releas[^.;]{0,90}$"),
    ),
    Component.SFT_DATA: (re.compile(r"(?i)(?:fine-?tun|instruct)[^.;]{0,160}$"),),
    Component.ALIGNMENT_DATA: (re.compile(r"(?i)(?:align|dpo|rlhf|preference|reward)[^.;]{0,160}$"),),
    Component.SAFETY_EVALUATION_DATA: (re.compile(r"(?s).*"),),
}
_AFTER: Final = re.compile(r"(?i)^[^.;]{0,60}\b(?:and )?release it\b|^[^.;]{0,40}\bfor (?:pre-?)?training\b")
_OTHERS: Final = re.compile(
    r"(?i)\b(?:over|than|unlike|outperform\w*|compared?|state-of-the-art|same|similar|filter\w*|following|improve\w*)\b[^.;]{0,70}$"
)
_OURS: Final = re.compile(r"(?i)\b(?:we|our|this|it was|was trained)\b")
_REACH: Final = 220


def _uses(component: Component, match: Match) -> bool:
    """Whether the sentence says that this release is trained (or measured) on what it names."""
    text, kind = match.text.text, component
    before = text[max(0, match.start - _REACH) : match.start]
    after = text[match.end : match.end + 100]
    if kind is Component.PRETRAINING_DATA and _OTHERS.search(before):
        return False
    used = any(pattern.search(before) for pattern in _USED[kind]) or _AFTER.search(after) is not None
    return used and (match.text.own_words or _OURS.search(before[-160:]) is not None)


def corpora(sources: Sources, component: Component) -> tuple[Match, ...]:
    """The published corpora of a stage that the texts say were used, each once."""
    if component not in _USED:
        return ()
    found: dict[str, Match] = {}
    for match in named(sources, "corpora", "corpora"):
        if entry("corpora", "corpora", match.name)["stage"] == component.value and _uses(component, match):
            found.setdefault(match.name, match)
    return tuple(found.values())


def datasets(sources: Sources, component: Component) -> tuple[tuple[str, Pointer], ...]:
    """The datasets of a stage that hub records or those of their bases declare, or the watchlist names, with where."""
    declared: dict[str, Pointer] = {}
    for source, view in sources.hubs:
        record = Evidence(view).record
        for dataset in record.datasets if record else ():
            declared.setdefault(dataset, Pointer(f"{source}#{RECORD}", "datasets", excerpt(dataset)))
    for source in sources.of("hf-dataset:"):
        dataset = source.partition(":")[2]
        if sources.ok(f"{source}#{RECORD}"):
            declared.setdefault(dataset, Pointer(f"{source}#{RECORD}", "id", excerpt(dataset)))
    for _, view in sources.hubs if component in STAGES else ():
        for dataset, (_, base) in named_by(Evidence(view), component).inherited.items():
            declared.setdefault(dataset, Pointer(f"hf:{base}#{RECORD}", "datasets", excerpt(dataset)))
    return tuple((name, where) for name, where in declared.items() if stage_by_name(name) is component)


def _not_there(sources: Sources, component: Component) -> tuple[Pointer, ...]:
    """The datasets of a stage that the release names and that could not be seen: gone, private, or elsewhere."""
    named = (source for source in sources.of("hf-dataset:") if stage_by_name(source.partition(":")[2]) is component)
    unseen = (f"{source}#{RECORD}" for source in named if not sources.ok(f"{source}#{RECORD}"))
    return tuple(Pointer(slot, "status", sources.own[slot].status.value) for slot in unseen if slot in sources.own)


def _record_terms(sources: Sources, dataset: str) -> tuple[Terms, ...]:
    """One for each known licence that the record declares: of several the least open counts, as everywhere."""
    slot = f"hf-dataset:{dataset}#{RECORD}"
    shot = sources.ok(slot)
    read = ((value, declared_reading(value)) for value in (parse(shot.body).declared if shot else ()))
    return tuple(
        Terms("dataset", dataset, Pointer(slot, "license", excerpt(value)), reading)
        for value, reading in read
        if reading.license
    )


def data_access(sources: Sources, component: Component) -> Access | None:
    """How one gets at the data of a stage, by the gates of its datasets; None where a past record shows none."""
    shots = (sources.ok(f"hf-dataset:{name}#{RECORD}") for name, _ in datasets(sources, component))
    records = [parse(shot.body) for shot in shots if shot]
    gates = {record.gated for record in records} - {None}
    if gates:
        return Access.GATED_AUTO if gates == {"auto"} else Access.GATED_MANUAL
    return None if any(record.past for record in records) else Access.PUBLIC


def _published(dataset: str) -> tuple[str, ...]:
    """The licences of the corpus that a dataset of the Hub is, where its own record was not read; else none known."""
    called = dataset.lower().replace(" ", "_")
    for about in table("corpora")["corpora"].values():
        if called in {record.lower() for record in about["records"]} and about["licenses"]:
            return tuple(about["licenses"])
    return ("",)


def data_terms(sources: Sources, component: Component) -> tuple[Terms, ...]:
    """The terms of everything that the stage is said to have used; unknown ones where none are known."""
    found: list[Terms] = []
    for name, where in datasets(sources, component):
        own = _record_terms(sources, name)
        found.extend(own or (Terms("dataset", name, where, declared_reading(v)) for v in _published(name)))
    known = {terms.name.rpartition("/")[2].lower() for terms in found}
    for match in corpora(sources, component):
        about = entry("corpora", "corpora", match.name)
        if known & {record.rpartition("/")[2].lower() for record in about["records"]}:
            continue
        own = next((terms for record in about["records"] if (terms := _record_terms(sources, record))), ())
        values = about["licenses"] or [""]
        found.extend(own or (Terms("dataset", match.name, match.pointer, declared_reading(v)) for v in values))
    return tuple(found)


def data_released(component: Component) -> Answer:
    """The question ``data-released`` of a stage."""
    name = "data-released"

    def answer(sources: Sources) -> Iterator[Finding]:
        used, listed = corpora(sources, component), datasets(sources, component)
        closed = said(sources, "data-closed") if component is Component.PRETRAINING_DATA else ()
        own_sets = said(sources, "safety-internal") if component is Component.SAFETY_EVALUATION_DATA else ()
        if (used or listed) and not own_sets:
            shown = (*(where for _, where in listed), *quoted(used))
            what = ", ".join((*(n for n, _ in listed), *(match.name for match in used)))
            yield Finding(name, Outcome.TRUE, shown, f"Published: {excerpt(what, 150)}.", excerpt(what, 150))
        elif component is Component.PRETRAINING_DATA and (open_ := said(sources, "data-described")):
            detail = "The texts describe public parts; the data itself is not named as released."
            yield Finding(name, Outcome.NOT_SUPPORTED, quoted(open_), detail, ANNOUNCED)
        elif announced := said(sources, _ANNOUNCED[component]) if component in _ANNOUNCED else ():
            detail = "The texts say that such data is released; which, and under which terms, was not found."
            yield Finding(name, Outcome.NOT_SUPPORTED, quoted(announced), detail, ANNOUNCED)
        elif closed or own_sets:
            detail = "The texts speak of data that is not published."
            yield Finding(name, Outcome.FALSE, quoted(closed or own_sets), detail, CLOSED)
        elif missing := _not_there(sources, component):
            detail = "Datasets that the release is said to live in were not there."
            yield Finding(name, Outcome.NOT_AVAILABLE, missing, detail)
        else:
            yield _absent(name, sources, component)

    return answer


_TRAINED_ON: Final = (Component.PRETRAINING_DATA, Component.SFT_DATA, Component.ALIGNMENT_DATA)


_ANNOUNCED: Final = {
    Component.PRETRAINING_DATA: "pretraining-data-announced",
    Component.SFT_DATA: "tuning-data-announced",
    Component.ALIGNMENT_DATA: "tuning-data-announced",
}


def _absent(name: str, sources: Sources, component: Component) -> Finding:
    """An abstract would say that a corpus is released; of benchmarks and test prompts it need not speak."""
    if component is Component.PRETRAINING_DATA and (tuned := only_tuned(sources)):
        detail = "The release is tuned from another model, whose texts would say on what that was trained."
        return Finding(name, Outcome.NOT_AVAILABLE, tuned, detail)
    in_abstracts = component in _TRAINED_ON
    open_ = not in_abstracts or bool(said(sources, "weights-released")) or bool(sources.hubs)
    looked = telling_places(sources, "finetuning" if in_abstracts else "") if open_ else places(sources)
    if not looked:
        detail = "No text that would say where such data is to be had was read in full."
        return Finding(name, Outcome.NOT_AVAILABLE, detail=detail)
    detail = f"No dataset of this stage is named as published in {len(looked)} texts that were read in full."
    return Finding(name, Outcome.FALSE, looked, detail, SILENCE)
