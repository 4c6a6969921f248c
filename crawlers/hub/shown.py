"""What a record of the Hub showed, read back from :func:`crawlers.hub.record.facts` for those who judge it."""

from __future__ import annotations

from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class HubFacts:
    """The facts of a record, as :func:`crawlers.hub.record.facts` kept them.

    ``gated`` is ``auto``, ``manual``, another word of the Hub's, or None. ``bases`` holds (relation or "", id).
    ``files_shown`` says whether the record had a file list at all: without one, no formats is not "no weights", and
    ``formats`` then come from tags and figures; ``perhaps_weights`` that it shows no format, and files that may hold
    weights after all. ``past`` marks the facts of a revision, whose settings (``gated``,
    ``disabled``, ``private``) are not known. ``declared`` is the declared licence of the design's section 3.
    """

    licenses: tuple[str, ...] = ()
    card_licenses: tuple[str, ...] = ()
    license_name: str | None = None
    license_link: str | None = None
    gated: str | None = None
    disabled: bool = False
    private: bool = False
    bases: tuple[tuple[str, str], ...] = ()
    datasets: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    library: str | None = None
    pipeline: str | None = None
    documents: tuple[str, ...] = ()
    files_shown: bool = False
    perhaps_weights: bool = False
    custom_code: bool = False
    past: bool = False

    @property
    def declared(self) -> tuple[str, ...]:
        """The set of ``license:`` tags, the card's ``license`` and ``license_name``; lower-cased, sorted."""
        names = {*self.licenses, *self.card_licenses}
        if self.license_name:
            names.add(self.license_name.lower())
        return tuple(sorted(names))


def parse(body: bytes) -> HubFacts:
    """Read :func:`crawlers.hub.record.facts` back. ``ValueError`` where ``body`` is not what that function wrote."""
    kept = orjson.loads(body)
    if not isinstance(kept, dict):
        raise ValueError("a record's facts are a JSON object")
    return HubFacts(
        licenses=tuple(kept.get("license", ())),
        card_licenses=tuple(kept.get("card_license", ())),
        license_name=kept.get("license_name"),
        license_link=kept.get("license_link"),
        gated=kept.get("gated"),
        disabled=kept.get("disabled", False),
        private=kept.get("private", False),
        bases=tuple((relation, id_) for relation, id_ in kept.get("base", ())),
        datasets=tuple(kept.get("datasets", ())),
        papers=tuple(kept.get("papers", ())),
        formats=tuple(kept.get("formats", ())),
        library=kept.get("library"),
        pipeline=kept.get("pipeline"),
        documents=tuple(kept.get("documents", ())),
        files_shown=kept.get("files", False),
        perhaps_weights=kept.get("perhaps_weights", False),
        custom_code=kept.get("custom_code", False),
        past=kept.get("past", False),
    )
