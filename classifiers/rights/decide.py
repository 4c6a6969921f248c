"""From the rules that matched to the five permissions: the precedence of the rubric, in one place.

The rubric and its general rules are the design's section 1 and the README beside the labels: a denial outweighs a
grant, silence on commercial use under a general grant is a grant, silence on the copyright in derivatives is ownership
where modification is licensed, what may not be modified cannot be relicensed. Doubt is answered with None, not True.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from classifiers.rights.model import Basis
from classifiers.rights.rules import Signal, Stance, Topic


@dataclass(frozen=True, slots=True)
class Decision:
    """One permission: its value, why, and the signals that decide it, the telling one first."""

    granted: bool | None
    basis: Basis
    signals: tuple[Signal, ...] = ()


@dataclass(slots=True)
class Votes:
    """The signals of a text by topic and stance, in the order of the text."""

    _votes: dict[tuple[Topic, Stance], list[Signal]] = field(default_factory=dict)

    @classmethod
    def count(cls, signals: Iterable[Signal]) -> Votes:
        """Sort the signals of a text."""
        votes = cls()
        for signal in signals:
            for topic, stance in signal.rule.says:
                votes._votes.setdefault((topic, stance), []).append(signal)
        return votes

    def of(self, topic: Topic, stance: Stance) -> tuple[Signal, ...]:
        """The signals for a topic and stance, none where the text has none."""
        return tuple(self._votes.get((topic, stance), ()))


def decide(votes: Votes) -> dict[str, Decision]:
    """The five permissions by name."""
    use = votes.of(Topic.USE, Stance.GRANTS)
    research = _research(votes, use)
    commercial = _commercial(votes, use)
    modify = _modify(votes, use)
    return {
        Topic.RESEARCH: research,
        Topic.COMMERCIAL: commercial,
        Topic.MODIFY: modify,
        Topic.COPYRIGHT: _copyright(votes, modify),
        Topic.RELICENSE: _relicense(votes, modify, commercial),
    }


def _explicit(granted: bool, signals: Sequence[Signal]) -> Decision:
    return Decision(granted, Basis.EXPLICIT, tuple(signals))


def _implied(granted: bool, signals: Sequence[Signal]) -> Decision:
    return Decision(granted, Basis.IMPLIED, tuple(signals[:1]))


def _unclear(signals: Sequence[Signal] = ()) -> Decision:
    return Decision(None, Basis.UNDECIDED, tuple(signals[:1]))


def _research(votes: Votes, use: Sequence[Signal]) -> Decision:
    named = votes.of(Topic.RESEARCH, Stance.GRANTS)
    denied = votes.of(Topic.RESEARCH, Stance.DENIES)
    if named:
        return _explicit(True, named)
    if denied:
        return _explicit(False, denied)
    return _implied(True, use) if use else _unclear()


def _commercial(votes: Votes, use: Sequence[Signal]) -> Decision:
    if denied := votes.of(Topic.COMMERCIAL, Stance.DENIES):
        return _explicit(False, denied)
    if named := votes.of(Topic.COMMERCIAL, Stance.GRANTS):
        return _explicit(True, named)
    if doubts := votes.of(Topic.COMMERCIAL, Stance.DOUBTS):
        return _unclear(doubts)
    if softly := votes.of(Topic.COMMERCIAL, Stance.GRANTS_SOFTLY):
        return _explicit(True, softly)
    return _implied(True, use) if use else _unclear()


def _modify(votes: Votes, use: Sequence[Signal]) -> Decision:
    if denied := votes.of(Topic.MODIFY, Stance.DENIES):
        return _explicit(False, denied)
    # Where copies may be passed on but modified ones may not, modification is limited; where nothing may be passed on,
    # that is another restriction.
    kept = votes.of(Topic.SHARE_MODIFIED, Stance.DENIES)
    if kept and votes.of(Topic.DISTRIBUTE, Stance.GRANTS) and not votes.of(Topic.DISTRIBUTE, Stance.DENIES):
        return _explicit(False, kept)
    if granted := votes.of(Topic.MODIFY, Stance.GRANTS):
        return _explicit(True, granted)
    if softly := votes.of(Topic.MODIFY, Stance.GRANTS_SOFTLY):
        return _implied(True, softly)
    if doubts := votes.of(Topic.MODIFY, Stance.DOUBTS):
        return _unclear(doubts)
    return _implied(False, use) if use else _unclear()


def _copyright(votes: Votes, modify: Decision) -> Decision:
    if denied := votes.of(Topic.COPYRIGHT, Stance.DENIES):
        return _explicit(False, denied)
    if modify.granted is False:
        return _implied(False, modify.signals)
    if granted := votes.of(Topic.COPYRIGHT, Stance.GRANTS):
        return _explicit(True, granted)
    return _implied(True, modify.signals) if modify.granted else _unclear()


def _relicense(votes: Votes, modify: Decision, commercial: Decision) -> Decision:
    if denied := votes.of(Topic.RELICENSE, Stance.DENIES):
        return _explicit(False, denied)
    if modify.granted is False:
        return _implied(False, modify.signals)
    if granted := votes.of(Topic.RELICENSE, Stance.GRANTS):
        return _explicit(True, granted)
    if softly := votes.of(Topic.RELICENSE, Stance.DENIES_SOFTLY):
        return _explicit(False, softly)
    if loosely := votes.of(Topic.RELICENSE, Stance.GRANTS_SOFTLY):
        return _explicit(True, loosely)
    if modify.granted and (shared := votes.of(Topic.SHARE_MODIFIED, Stance.GRANTS)):
        return _implied(True, shared)
    # Silence counts as leave in texts that restrict nothing else; in a restricted one it is just silence.
    passed_on = votes.of(Topic.DISTRIBUTE, Stance.GRANTS)
    return _implied(True, passed_on) if passed_on and modify.granted and commercial.granted else _unclear()
