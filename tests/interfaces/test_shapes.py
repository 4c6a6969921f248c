"""The JSON shapes of the design, section 4: exact names, nulls where there is nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from classifiers.model import Access, Component
from interfaces.render import shapes, streams
from storage.answers import Direction
from tests.interfaces.builders import EVIDENCE, answer, change, day, finding, interval, value


def as_read(document: object) -> Any:
    out = io.StringIO()
    streams.write_document(document, out)
    return json.loads(out.getvalue())


def test_show_has_all_twelve_components_in_the_papers_order() -> None:
    shown = as_read(shapes.show_json(answer()))
    assert list(shown["components"]) == [component.value for component in Component]
    assert shown["target"] == "hf:lab/tern"
    assert shown["as_of"] == shown["known_at"] == "2026-08-21T12:00:00Z"


def test_a_component_of_show_has_the_designs_fields() -> None:
    weights = as_read(shapes.show_json(answer(interval(value(access=Access.GATED_MANUAL)))))["components"]["weights"]
    expected = {
        "level": 3,
        "state": "assessed",
        "license": "llama2",
        "access": "gated_manual",
        "confidence": 0.97,
        "observed_at": "2026-08-20T04:00:26Z",
        "recorded_at": "2026-08-20T05:00:00Z",
        "rules": "2026.11-3fa9c1d2",
        "declared": ["llama2"],
        "marks": [],
        "cause": "source",
        "facts": ["license"],
        "until": None,
        "stale_since": None,
    }
    assert {name: weights[name] for name in expected} == expected


def test_a_finding_is_flattened_to_its_first_evidence_and_keeps_them_all() -> None:
    shown = as_read(shapes.finding_json(finding()))
    assert shown["probe"] == "declared-license"
    assert shown["outcome"] == "true"
    first = {name: shown[name] for name in ("url", "sha256", "locator", "excerpt")}
    assert first == {name: getattr(EVIDENCE, name) for name in first}
    assert [piece["slot"] for piece in shown["evidence"]] == ["README.md", ""]


def test_a_finding_without_evidence_has_nulls() -> None:
    shown = as_read(shapes.finding_json(finding(evidence=())))
    assert [shown[name] for name in ("url", "sha256", "locator", "excerpt")] == [None] * 4
    assert shown["evidence"] == []


def test_a_component_that_nobody_looked_at_is_unknown_and_says_so() -> None:
    code = as_read(shapes.show_json(answer()))["components"]["pretraining-code"]
    assert (code["state"], code["level"], code["observed_at"]) == ("unknown", None, None)
    assert [finding["outcome"] for finding in code["findings"]] == ["not_available"]
    assert "ajar crawl hf:lab/tern" in code["findings"][0]["detail"]


def test_staleness_is_shown() -> None:
    shown = as_read(shapes.show_json(answer(stale_since=day("2026-08-21T00:00:00"))))
    assert shown["stale_since"] == shown["components"]["weights"]["stale_since"] == "2026-08-21T00:00:00Z"


def test_a_model_that_appears_is_a_change_from_null() -> None:
    shown = as_read(shapes.change_json(change()))
    assert shown["from"] is None
    assert shown["to"] == {
        "level": 3,
        "state": "assessed",
        "license": "llama2",
        "access": "public",
        "declared": ["llama2"],
        "marks": [],
    }
    assert shown["facts"] == ["appeared", "published_later"]
    assert shown["observed_after"] == "2026-08-19T07:36:31Z"
    assert shown["recorded_at"] == "2026-08-20T05:00:00.000250Z"
    assert (shown["cause"], shown["direction"]) == ("source", "opened")
    assert {"url", "sha256", "excerpt"} <= shown["evidence"][0].keys()


def test_a_model_that_vanishes_is_a_change_to_withdrawn() -> None:
    gone = change(value(), value(None, None, Access.WITHDRAWN), direction=Direction.CLOSED, facts=())
    shown = as_read(shapes.change_json(gone))
    assert shown["from"]["access"] == "public"
    assert (shown["to"]["access"], shown["to"]["state"], shown["to"]["level"]) == ("withdrawn", "unknown", None)


def test_history_has_both_clocks_and_the_end() -> None:
    past = interval(until=day("2026-08-21T04:00:26"), superseded_at=day("2026-08-22T00:00:00"), before=value(5, "mit"))
    shown = as_read(shapes.interval_json(past))
    assert (shown["component"], shown["until"]) == ("weights", "2026-08-21T04:00:26Z")
    assert shown["superseded_at"] == "2026-08-22T00:00:00Z"
    assert shown["from"]["license"] == "mit"


def test_lists_are_one_document_and_lines_are_one_object_each() -> None:
    for count in (0, 1, 3):
        objects = [shapes.change_json(change())] * count
        whole, lines = io.StringIO(), io.StringIO()
        assert streams.write_list(iter(objects), whole) == streams.write_lines(iter(objects), lines) == count
        assert json.loads(whole.getvalue()) == [json.loads(line) for line in lines.getvalue().splitlines()] == objects


def test_nothing_is_written_where_the_first_object_fails() -> None:
    out = io.StringIO()
    with pytest.raises(ZeroDivisionError):
        streams.write_list((1 // number for number in [0]), out)
    assert out.getvalue() == ""
