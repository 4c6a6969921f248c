"""What changed between two licences, by rights and not by words."""

from __future__ import annotations

import json

from classifiers.rights import diff_rights, read_rights
from classifiers.rights.diff import Move

OPEN = "You may use, copy, modify, sublicense and distribute the model for any purpose, including commercial purposes."
CAPPED = "You may use, copy, modify, sublicense and distribute the model. "
CAP = "If you have more than {} million monthly active users, you must request a licence from us."


def test_a_denied_permission_and_its_restriction_are_told_with_both_clauses() -> None:
    found = diff_rights(read_rights(OPEN), read_rights(OPEN.split(",")[0] + " it for non-commercial purposes only."))
    rows = {row.subject: row for row in found.rows}
    commercial = rows["commercial"]
    assert (commercial.was, commercial.now, commercial.move) == (True, False, Move.CLOSED)
    assert commercial.before is not None
    assert commercial.after is not None
    assert "including commercial purposes" in commercial.before.excerpt
    assert "non-commercial" in commercial.after.excerpt
    assert (rows["noncommercial"].was, rows["noncommercial"].now) == (False, True)


def test_another_figure_is_a_change_and_other_words_are_not() -> None:
    hundred = read_rights(CAPPED + CAP.format(100))
    seven = diff_rights(hundred, read_rights(CAPPED + CAP.format(700)))
    assert [(row.subject, row.move) for row in seven.rows] == [("user-cap", Move.REWORDED)]
    again = read_rights(
        CAPPED + "Should your monthly active users exceed 100 million, you shall obtain a licence from us."
    )
    assert diff_rights(hundred, again).rows == ()


def test_back_and_forth_mirror_each_other() -> None:
    a, b = read_rights(OPEN), read_rights(CAPPED + CAP.format(5))
    there, back = diff_rights(a, b), diff_rights(b, a)
    assert [(r.subject, r.was, r.now) for r in there.rows] == [(r.subject, r.now, r.was) for r in back.rows]
    assert {Move.CLOSED} == {r.move for r in there.rows}
    assert {Move.OPENED} == {r.move for r in back.rows}
    assert diff_rights(a, a).rows == ()


def test_it_is_printed_and_serialised() -> None:
    found = diff_rights(read_rights(OPEN), read_rights("A text that says nothing."))
    lines = list(found.lines())
    assert "commercial: granted -> unclear (unclear)" in lines
    assert any(line.startswith("  - You may use") for line in lines)
    shown = json.loads(json.dumps(found.to_json()))
    assert shown["points"] == {"was": 5, "now": None}
    assert {"subject", "kind", "was", "now", "move", "before", "after"} == set(shown["changes"][0])
