"""`ajar demo`, played once through the front door: every promised story is in the changes, with its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interfaces.demo.run import DATABASE, database_path
from tests.demo.conftest import ajar

Change = dict[str, Any]


@pytest.fixture(scope="module")
def changes(played: tuple[Path, str]) -> list[Change]:
    """What `ajar changes --json` says of the demo's database."""
    found: list[Change] = json.loads(ajar(played[0], "--db", DATABASE, "changes", "--json"))
    return found


@pytest.fixture
def weights(changes: list[Change]) -> Callable[[str], Change]:
    """The one change of a target's weights."""

    def one(target: str) -> Change:
        (found,) = [c for c in changes if c["target"] == f"hf:{target}" and c["component"] == "weights"]
        return found

    return one


@pytest.mark.prefect
class TestStories:
    """One test a story; the hub's files in interfaces/demo/repos tell them."""

    def test_a_licence_is_opened(self, weights: Callable[[str], Change]) -> None:
        change = weights("tidewater-labs/tern-7b")
        assert (change["from"]["license"], change["to"]["license"]) == ("CC-BY-NC-4.0", "Apache-2.0")
        assert (change["from"]["level"], change["to"]["level"], change["direction"]) == (4, 5, "opened")
        assert change["observed_at"] == "2026-10-06T11:20:00Z", "the commit's date, not the night's"

    def test_a_licence_is_closed_by_a_text_that_nobody_knows(self, weights: Callable[[str], Change]) -> None:
        change = weights("estuary-ai/kestrel-code-3b")
        assert (change["from"]["level"], change["to"]["level"], change["direction"]) == (5, 3, "closed")
        assert "estuary-research-1.0" in change["to"]["declared"]
        assert any("commercial purpose" in piece["excerpt"] for piece in change["evidence"])

    def test_a_gate_is_added(self, weights: Callable[[str], Change]) -> None:
        change = weights("saltmarsh/avocet-13b-chat")
        assert (change["from"]["access"], change["to"]["access"]) == ("public", "gated_manual")
        assert change["from"]["level"] == change["to"]["level"] == 5, "access is not licence"
        assert change["direction"] == "closed"

    def test_a_model_is_removed(self, weights: Callable[[str], Change]) -> None:
        change = weights("mossbank/dunlin-2b")
        assert change["to"]["access"] == "withdrawn"
        assert change["facts"] == ["withdrawn"]

    def test_a_model_is_removed_and_comes_back(self, changes: list[Change]) -> None:
        gone, back = [c for c in changes if c["target"] == "hf:plover-collective/plover-1b"]
        assert (gone["to"]["access"], gone["facts"]) == ("withdrawn", ["withdrawn"])
        assert (back["to"]["access"], back["facts"]) == ("public", ["reappeared"])

    def test_a_model_is_renamed(self, weights: Callable[[str], Change]) -> None:
        old, new = weights("mossbank/knot-7b"), weights("mossbank/red-knot-7b")
        assert "renamed" in old["facts"]
        assert "withdrawn" not in old["facts"]
        assert (new["from"], new["facts"]) == (None, ["renamed"])

    def test_tag_and_license_text_contradict_each_other(self, weights: Callable[[str], Change]) -> None:
        change = weights("estuary-ai/heron-8b")
        assert "contradiction:tag-file" in change["to"]["marks"]
        assert change["to"]["declared"] == ["apache-2.0"], "the tag still says so"
        assert change["to"]["level"] == 3, "the text forbids commercial use and other terms"
        assert any(piece["slot"] == "LICENSE" and "commercial" in piece["excerpt"] for piece in change["evidence"])

    def test_a_derivative_claims_more_than_its_base_allows(self, weights: Callable[[str], Change]) -> None:
        change = weights("quiet-quants/stilt-13b-gguf")
        assert change["to"]["declared"] == ["mit"]
        assert change["to"]["license"] == "CC-BY-NC-SA-4.0", "the base's licence goes on to apply"
        assert "contradiction:wider-than-base" in change["to"]["marks"]

    def test_an_upload_in_private_is_published_later(self, weights: Callable[[str], Change]) -> None:
        change = weights("tidewater-labs/tern-70b")
        assert (change["from"], change["facts"]) == (None, ["appeared", "published_later"])

    def test_a_new_model_is_new(self, weights: Callable[[str], Change]) -> None:
        change = weights("quiet-quants/tern-7b-gguf")
        assert (change["from"], change["facts"]) == (None, ["appeared"])

    def test_nothing_else_happened(self, changes: list[Change]) -> None:
        told = {
            "estuary-ai/heron-8b",
            "estuary-ai/kestrel-code-3b",
            "mossbank/dunlin-2b",
            "mossbank/knot-7b",
            "mossbank/red-knot-7b",
            "plover-collective/plover-1b",
            "quiet-quants/stilt-13b-gguf",
            "quiet-quants/tern-7b-gguf",
            "saltmarsh/avocet-13b-chat",
            "tidewater-labs/tern-70b",
            "tidewater-labs/tern-7b",
        }
        assert {c["target"].removeprefix("hf:") for c in changes} == told
        assert {c["cause"] for c in changes} == {"source"}

    def test_a_card_with_broken_yaml_costs_its_own_model_only(self, played: tuple[Path, str]) -> None:
        shown = json.loads(ajar(played[0], "--db", DATABASE, "show", "mossbank/sanderling-embed", "--json"))
        found = shown["components"]["weights"]
        assert (found["state"], found["level"], found["license"]) == ("unknown", None, None)

    def test_it_ends_with_commands_that_work(self, played: tuple[Path, str]) -> None:
        folder, said = played
        commands = [line.split()[1:] for line in said.splitlines() if " --db " in line]
        assert len(commands) >= 4
        for command in commands:
            assert ajar(folder, *command)


def test_a_database_of_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"SQLite format 3\0 and more")
    for end in ("-wal", "-shm", ".lock"):
        (tmp_path / f"{DATABASE}{end}").touch()
    assert database_path(tmp_path) == tmp_path / DATABASE
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("my notes", encoding="utf-8")
    with pytest.raises(FileExistsError, match="move it away"):
        database_path(tmp_path)
    assert (tmp_path / DATABASE).read_text(encoding="utf-8") == "my notes"
