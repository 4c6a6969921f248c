"""Are the weights released, where, and under which licence? And is there code that runs them?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from classifiers.evidence import Evidence, declared_reading
from classifiers.licenses import LicenseReading, read_text
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.code import code_governing, libraries
from classifiers.probes.licenses import weights_governing
from classifiers.probes.weights import weights_released as hub_weights
from classifiers.probes.weights import weights_used_in_card
from classifiers.releases.claims import of_another
from classifiers.releases.code import absent_code, license_of
from classifiers.releases.phrases import MOST, announced, paths_of, said
from classifiers.releases.sources import HEAD, RELEASE, Kind, Sources, Text, pointer
from classifiers.releases.stages import places, quoted
from classifiers.silence import ANNOUNCED, SILENCE, WITHHELD
from classifiers.terms import Terms
from classifiers.text import decode, excerpt
from classifiers.texts import Document, read_document
from crawlers.snapshot import FetchStatus

_ABOUT_WEIGHTS: Final = re.compile(r"(?i)\b(?:weights|checkpoints?|models?)\b")
_LICENSED: Final = re.compile(r"(?i)\blicen[cs]e|\bunder the\b|\breleased under\b")
_FRONT: Final = re.compile(r"(?<![\w-])license: ?([a-z0-9][\w.+-]{1,40})(?= [a-z_]+:| ---)")
_LIBRARY: Final = re.compile(r"(?:library_name: ?|from |import )([A-Za-z_]\w{1,30})\b")
_RESPONSIBLE: Final = re.compile(r"(?i)\bresponsible ai (?:model )?licen[cs]e|\brail(?:-m)? licen[cs]e")
"""What is said in words of the Hub's ``openrail`` family."""
_OF_CODE: Final = re.compile(
    r"(?i)\bcode\b[^,;.]{0,60}\blicen[cs]e.{0,80}\b(?:while|whereas|but)\b.{0,40}\b(?:weights|checkpoints?|models?)\b"
    r"|\b(?:weights|checkpoints?|models?) licen[cs]es?\b[^.;]{0,60}\brespective\b"
)
"""The licence that such a sentence names is the code's; what it says of the weights comes after."""
_LICENSE_OF: Final = re.compile(
    r"(?i)\blicen[cs]e[^.]{0,80}\b(?:appl(?:y|ies)|covers?|holds?)\b|\b(?:under|by)\b[^.]{0,60}\blicen[cs]e"
)
_APART: Final = re.compile(
    r"(?i)\b(?:commercial|research\b|respective|separate|different|own licen|not\b|only\b|original|base\b)"
    r"|'s\b[^.]{0,20}\blicen[cs]e"
)
"""Words of a sentence after which the licence of the repository need not be the weights'."""
_ADDRESS: Final = re.compile(r"https?://[^\s)\]>]{1,200}")
_CODE_AND_MODELS: Final = re.compile(
    r"(?i)\bcode,?(?: and|,| &| \+)(?: (?:the|our|all|its|pre-?trained|trained|released|model))*"
    r" (?:models?|weights|checkpoints)\b(?! (?:cards?|zoo|cod))"
)
_OFTEN: Final = 3
"""Times that a licence which is about models speaks of them; free licences of code never do."""
_COMMERCIAL: Final = re.compile(r"(?i)\bcommercial")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z#*\-(\[])|\s[-*•]\s|\s#+\s")
_LONGEST: Final = 600
_MOST_SENTENCES: Final = 60
"""Sentences on licences that are read in one text; the recorded ones have up to a dozen."""
_FREE: Final = 5


@lru_cache(maxsize=2048)
def _reading(sentence: str) -> LicenseReading:
    return read_text(sentence)


def moved(found: Terms, source: str) -> Terms:
    """Terms of a hub repository, pointing into the release's slots."""
    where = replace(found.pointer, slot=f"{source}#{found.pointer.slot}")
    return replace(found, pointer=where)


def hub_terms(sources: Sources, code: bool) -> tuple[Terms, ...]:
    """What the release's hub repositories say, each by the rules of a hub repository."""
    found: list[Terms] = []
    for source, view in sources.hubs:
        governing = (code_governing if code else weights_governing)(Evidence(view))
        found.extend(moved(terms, source) for terms in governing.terms)
    return tuple(found)


def licensed_in_words(sources: Sources) -> tuple[Terms, ...]:
    """Sentences that say under which licence the weights are."""
    found: list[Terms] = []
    for text in sources.texts:
        read = 0
        if text.own_words:
            found.extend(_front_matter(text))
        for start, sentence in _sentences(text.text):
            if len(sentence) > _LONGEST or not (_ABOUT_WEIGHTS.search(sentence) and _LICENSED.search(sentence)):
                continue
            if _OF_CODE.search(sentence) or of_another(sources.view.subject.removeprefix(RELEASE), sentence):
                continue
            if not text.own_words and not re.search(r"(?i)\b(?:our|we)\b", sentence):
                continue
            read += 1
            if read > _MOST_SENTENCES:
                break
            reading = _reading(sentence)
            if reading.license is None and _RESPONSIBLE.search(sentence):
                reading = declared_reading("openrail")
            if reading.license is not None:
                found.append(Terms("card", text.slot, pointer(text, start, start + len(sentence)), reading))
    return tuple(found)


def _front_matter(text: Text) -> Iterator[Terms]:
    """A page that shows a card with its front matter."""
    for match in _FRONT.finditer(text.text):
        reading = declared_reading(match[1].lower())
        if reading.license is not None:
            yield Terms("declared", match[1], pointer(text, match.start(), match.end()), reading)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for cut in _SENTENCE.finditer(text):
        yield start, text[start : cut.start()]
        start = cut.end()
    yield start, text[start:]


def weights_terms(sources: Sources) -> tuple[Terms, ...]:
    """The terms of the weights: the hub's, else what the texts say and the licences that repositories of the release
    hold for the model, else the licence of a repository offering them."""
    on_hub = hub_terms(sources, code=False)
    known = tuple(terms for terms in on_hub if terms.known)
    read = {terms.pointer.slot.partition("#")[0] for terms in known}
    unread = tuple(terms for terms in on_hub if terms.pointer.slot.partition("#")[0] not in read)
    if known and not unread:
        return known
    told = licensed_in_words(sources)
    held = tuple(terms for terms in _model_licenses(sources) if terms.known)
    if known:
        # One of several repositories is under terms that are not known: those of the others are not the least open.
        return (*known, *(told or held or unread))
    if told or held:
        return (*told, *held)
    offering = {match.text.slot.partition("#")[0] for match in said(sources, "weights-released")}
    files = (
        _model_license(sources, it) or _general_license(sources, it) for it in sources.of("github:") if it in offering
    )
    found = tuple(terms for terms in files if terms is not None)
    if sources.of("hf:") or _terms_apart(sources):
        # They live elsewhere, where nobody looked: that the code is free says nothing of them.
        found = tuple(terms for terms in found if terms.levels(code=False)[1] < _FREE)
    return found or on_hub


def _general_license(sources: Sources, source: str) -> Terms | None:
    """The licence of a code repository, where it is the weights' too.

    Free code says nothing of weights: what a library runs is often another's, or under terms of its own. The licence
    holds for them where its own text speaks of models, where a text of the repository says so, or where the README
    begins by calling what lies there code and models.
    """
    terms = license_of(sources, source)
    if terms is None:
        return None
    body = None if terms.pointer.slot.endswith("#repo") else sources.ok(terms.pointer.slot)
    if body is not None and len(_ABOUT_WEIGHTS.findall(decode(body.body))) >= _OFTEN:
        return terms
    texts = [it for it in sources.texts if it.slot.startswith(f"{source}#") and it.kind is not Kind.OTHERS]
    heads = (it.text[:HEAD] for it in texts if it.kind is Kind.README)
    sentences = (it for text in texts for _, it in _sentences(text.text) if len(it) <= _LONGEST)
    return terms if any(map(_CODE_AND_MODELS.search, heads)) or any(_holds(it, source) for it in sentences) else None


def _holds(sentence: str, source: str) -> bool:
    """Whether a sentence says that the licence of the repository, which it does not name, is the models'."""
    if not (_LICENSE_OF.search(sentence) and _ABOUT_WEIGHTS.search(sentence)):
        return False
    here = source.partition(":")[2].partition("@")[0].lower()
    elsewhere = any(f"/{here}" not in address.lower() for address in _ADDRESS.findall(sentence))
    return not (elsewhere or _OF_CODE.search(sentence) or _APART.search(sentence))


def _terms_apart(sources: Sources) -> bool:
    """Whether the texts speak of commercial use of the weights: terms of their own, which were not recognised."""
    sentences = (sentence for text in sources.texts if text.own_words for _, sentence in _sentences(text.text))
    return any(_COMMERCIAL.search(it) and _ABOUT_WEIGHTS.search(it) for it in sentences if len(it) <= _LONGEST)


def _model_licenses(sources: Sources) -> Iterator[Terms]:
    """The licences named for the model that the release's own code repositories hold."""
    for source in sources.of("github:"):
        if source not in sources.frameworks | sources.moved_on and (terms := _model_license(sources, source)):
            yield terms


def _model_license(sources: Sources, source: str) -> Terms | None:
    for slot in sources.license_slots(source):
        if "model" in slot.partition("#")[2].lower() and (shot := sources.ok(slot)):
            return read_document(Document(slot, slot, shot.body), current=True)
    return None


def weights_released(sources: Sources) -> Iterator[Finding]:
    """Hub repositories that hold weights; texts that offer or refuse them; else where was looked."""
    name = "weights-released"
    held = tuple(_on_hub(sources))
    offered, refused = said(sources, "weights-released"), said(sources, "withheld")
    if held:
        yield Finding(name, Outcome.TRUE, held[:MOST], "Hub repositories of the release hold weights.", "hub")
    elif refused and not offered:
        yield Finding(name, Outcome.FALSE, quoted(refused), "The texts say that they are withheld.", WITHHELD)
    elif offered:
        yield Finding(name, Outcome.TRUE, quoted(offered), "The texts offer them.", "texts")
    elif licensed := tuple(_model_licenses(sources)):
        detail = "A repository of the release holds a licence for the model."
        yield Finding(name, Outcome.TRUE, tuple(it.pointer for it in licensed)[:MOST], detail, "license")
    elif planned := announced(sources, "weights-released"):
        detail = "The texts say that they are to be released; that they are was not found."
        yield Finding(name, Outcome.NOT_SUPPORTED, quoted(planned), detail, ANNOUNCED)
    elif sources.of("hf:"):
        shown = tuple(Pointer(f"{source}#record", "status", "not there") for source in sources.of("hf:")[:MOST])
        detail = "The hub repositories that the release is said to live in were not there, or show no weights."
        yield Finding(name, Outcome.NOT_AVAILABLE, shown, detail)
    elif looked := places(sources):
        detail = f"No source of the release is a hub repository, and no text of {len(looked)} read in full offers them."
        yield Finding(name, Outcome.FALSE, looked, detail, SILENCE)
    else:
        yield Finding(name, Outcome.NOT_AVAILABLE, detail="No hub repository and no whole text was read.")


def _on_hub(sources: Sources) -> Iterator[Pointer]:
    for source, view in sources.hubs:
        evidence = Evidence(view)
        for probe in (hub_weights, weights_used_in_card):
            for finding in probe.ask(evidence):
                if finding.outcome is Outcome.TRUE:
                    yield from (replace(p, slot=f"{source}#{p.slot}") for p in finding.evidence)
        record = evidence.record
        if record is not None and not record.files_shown and (record.library or record.gated):
            yield Pointer(f"{source}#record", "library", excerpt(record.library or "gated"))


def api_offered(sources: Sources) -> Iterator[Finding]:
    """A paid interface, asked because it is level 2 of what is not released otherwise."""
    if found := said(sources, "api"):
        yield Finding("api-offered", Outcome.TRUE, quoted(found), "The texts speak of a paid interface.")
    elif unread := _unread_pages(sources):
        detail = "A page of the provider, where it would be offered, could not be read."
        yield Finding("api-offered", Outcome.NOT_AVAILABLE, unread, detail)
    elif looked := places(sources):
        yield Finding("api-offered", Outcome.FALSE, looked, "No text speaks of one.", SILENCE)
    else:
        yield Finding("api-offered", Outcome.NOT_AVAILABLE, detail="No text was read in full.")


def _unread_pages(sources: Sources) -> tuple[Pointer, ...]:
    """The pages that the release names and that are not there: a paper is not where a product is offered."""
    unread = ((slot, shot) for slot, shot in sources.own.items() if slot.startswith("url:") and ".pdf" not in slot)
    return tuple(
        Pointer(slot, "status", shot.status.value) for slot, shot in unread if shot.status is not FetchStatus.OK
    )[:MOST]


def inference_terms(sources: Sources) -> tuple[Terms, ...]:
    """The terms of the code that runs the model: the hub's, the repositories', a library that the texts import."""
    found = list(hub_terms(sources, code=True))
    for repository in sources.repositories:
        if repository.paths and paths_of(repository.paths, "inference"):
            nothing = Terms("file", "", Pointer(repository.slot, "LICENSE"), declared_reading(""))
            found.append(license_of(sources, repository.source) or nothing)
    return tuple(found) or tuple(_imported(sources))


def _imported(sources: Sources) -> Iterator[Terms]:
    for text in sources.texts:
        if text.kind is Kind.PAPER:
            continue
        for match in _LIBRARY.finditer(text.text):
            library = libraries()["modules"].get(match[1], match[1])
            entry = libraries()["libraries"].get(library)
            if entry:
                reading = declared_reading(entry["license"])
                yield Terms("library", library, pointer(text, match.start(), match.end()), reading)
                return


def inference_released(sources: Sources) -> Iterator[Finding]:
    """Is there code that runs the model?"""
    name = "code-released"
    held = [(it.slot, files) for it in sources.repositories if it.paths and (files := paths_of(it.paths, "inference"))]
    terms = inference_terms(sources)
    if held:
        shown = tuple(Pointer(slot, "path", excerpt(path)) for slot, files in held for path in files[:MOST])
        yield Finding(name, Outcome.TRUE, shown[: 2 * MOST], "Code repositories hold inference code.", "tree")
    elif terms:
        shown = tuple(item.pointer for item in terms[:MOST])
        yield Finding(name, Outcome.TRUE, shown, f"{terms[0].name} runs it.", excerpt(terms[0].name, 80))
    elif next(weights_released(sources)).outcome is not Outcome.FALSE:
        detail = "There are weights, or may be; which code runs them is not known."
        yield Finding(name, Outcome.NOT_AVAILABLE, detail=detail)
    else:
        yield absent_code(name, sources, "inference")
