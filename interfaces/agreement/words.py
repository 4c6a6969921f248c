"""An evaluation for people: the numbers, per component, and one line for each disagreement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def percent(share: float | None) -> str:
    """``87.5 %``, or a dash where there was nothing to count."""
    return "–" if share is None else f"{100 * share:.1f} %"


def numbers(found: Mapping[str, Any]) -> str:
    """The counts and shares of one score."""
    shares = (f"{name.replace('_', ' ')} {percent(found[name])}" for name in ("exact", "within_one", "three_class"))
    return f"{found['answered']} of {found['labels']} answered ({percent(found['coverage'])}): {', '.join(shares)}"


def reason(found: Mapping[str, Any]) -> str:
    """Our evidence of a disagreement, in a few words."""
    told = [str(item.get("excerpt") or item.get("detail") or "") for item in found["evidence"]]
    return next((words for words in told if words), "no evidence")[:160]


def theirs(found: Mapping[str, Any]) -> str:
    """Their evidence, where they give any."""
    return "; ".join(found["their_evidence"])[:160] or "no reason given"


def lines(found: Mapping[str, Any]) -> list[str]:
    """One paragraph of numbers, one line a component, one line a disagreement."""
    usual = found["baseline"]["all"]
    shown = [numbers(found), f"the commonest label of each component: exact {percent(usual['exact'])}"]
    shown.append(f"labels that say something is to be had: {numbers(found['released'])}")
    shown += [f"  {component:24} {numbers(entry)}" for component, entry in found["by_component"].items()]
    for item in found["disagreements"]:
        where = f"{item['model']} {item['component']}"
        shown.append(f"{where}: ours {item['ours']} ({reason(item)}), theirs {item['theirs']} ({theirs(item)})")
    return shown
