"""A proof is judged again from its bytes alone, and one that was touched does not hold."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classifiers import evidence
from classifiers.licenses import read_declared
from classifiers.model import Component
from crawlers.snapshot import FetchStatus
from crawlers.targets import HUB_MODEL, Target
from interfaces.render import shapes
from storage import verify as verify_module
from storage.archive import read_bundle, write_bundle
from storage.bundle import BundleError, collect
from storage.verify import Verdict, verify
from tests.storage.test_corrections import correct, forget_judged
from tests.storage.world import World, day, model

A = Target(HUB_MODEL, "lab/a")
CARD = "---\nlicense: mit\n---\n# A\n\nTrained on text.\n"
Members = dict[str, bytes]


@pytest.fixture
def proof(world: World, tmp_path: Path) -> Path:
    """The proof of a model that closed on day 2, as of day 3, with a correction and a gate later on."""
    world.deep(0, model("lab/a"), {"README.md": CARD, "LICENSE": "Do as you like, but not for money."})
    world.deep(2, model("lab/a", "cc-by-nc-4.0", modified=1.5), {"README.md": CARD.replace("mit", "cc-by-nc-4.0")})
    world.deep(4, model("lab/a", gated="manual", modified=1.5), {}, {"README.md": FetchStatus.GATED})
    return prove(world, tmp_path / "proof.zip", 3)


def prove(world: World, path: Path, as_of: float, known_at: float = 9, *components: Component) -> Path:
    answer, bundle = collect(world.store.reader, A, day(as_of), day(known_at))
    chosen = components or tuple(Component)
    shown = shapes.show_json(answer)
    shown["components"] = {c.value: shown["components"][c.value] for c in chosen}
    write_bundle(bundle(shown, chosen), path)
    return path


def checked(path: Path) -> Verdict:
    return verify(read_bundle(path))


def members(path: Path) -> Members:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewritten(path: Path, change: Callable[[Members], object]) -> Path:
    """The file with other members, each with a CRC that goes with it."""
    found = members(path)
    change(found)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in found.items():
            file.writestr(name, body)
    return path


def edited(name: str, change: Callable[[Any], object]) -> Callable[[Members], object]:
    def apply(found: Members) -> None:
        value = json.loads(found[name])
        change(value)
        found[name] = json.dumps(value).encode()

    return apply


@pytest.mark.parametrize("as_of", [0.5, 1, 3, 5])
def test_what_was_believed_follows_from_the_bytes(world: World, proof: Path, as_of: float) -> None:
    verdict = checked(prove(world, proof, as_of))
    assert [(c.component, c.problem) for c in verdict.checked if c.problem] == []
    assert (verdict.holds, verdict.same_rules, len(verdict.checked)) == (True, True, 12)
    shown = world.store.reader.show(A, day(as_of), day(9))
    assert shown is not None
    assert {c.component: c.derived["level"] for c in verdict.checked} == {
        component: interval.value.level if interval else None for component, interval in shown.components.items()
    }


def test_the_same_proof_is_the_same_file(world: World, proof: Path, tmp_path: Path) -> None:
    assert prove(world, tmp_path / "again.zip", 3).read_bytes() == proof.read_bytes()


def test_it_holds_versions_with_address_dates_and_findings_that_decided(proof: Path) -> None:
    manifest = json.loads(members(proof)["manifest.json"])
    (view,) = manifest["views"]
    card = next(v for v in view["slots"] if v["slot"] == "README.md")
    assert card["url"] == "https://hub.example/lab/a/README.md"
    assert f"evidence/{card['sha256']}" in members(proof)
    assert card["fetched_at"] == int(day(2).timestamp() * 1e6)
    decided = [f["probe"] for f in manifest["components"]["weights"]["findings"] if f["decides"]]
    assert "license-level" in decided


def test_what_we_did_not_know_yet_is_not_in_it(world: World, proof: Path) -> None:
    verdict = checked(prove(world, proof, 3, 1, Component.WEIGHTS))
    assert (verdict.holds, [c.component for c in verdict.checked]) == (True, [Component.WEIGHTS])
    assert b"cc-by-nc-4.0" not in b"".join(members(proof).values())


@pytest.mark.parametrize("of", ["commits", "sweep", "withdrawn", "correction"])
def test_every_way_to_learn_can_be_proved(world: World, tmp_path: Path, of: str) -> None:
    world.sweep(0, [model("lab/a")])
    if of == "commits":
        world.deep(1, model("lab/a", gated="manual"), {"README.md": CARD})
        world.past(2, "lab/a", {-60: model("lab/a", "cc-by-nc-4.0"), -50: model("lab/a")})
    elif of == "withdrawn":
        world.sweep(1, [])
    elif of == "correction":
        correct(world, 1, 3)
    for as_of in (0.5, 3):
        verdict = checked(prove(world, tmp_path / "proof.zip", as_of))
        assert [c for c in verdict.checked if c.problem] == []
    (weights,) = [c for c in verdict.checked if c.component is Component.WEIGHTS]
    expected = {"withdrawn": "withdrawn", "commits": "gated_manual"}.get(of, "public")
    assert (weights.derived["access"], weights.derived["level"]) == (expected, 3 if of == "correction" else 5)


def test_one_byte_of_the_evidence_changed(proof: Path) -> None:
    def change(found: Members) -> None:
        name = next(n for n in found if n.startswith("evidence/"))
        found[name] = bytes([found[name][0] ^ 1]) + found[name][1:]

    with pytest.raises(BundleError, match="evidence was changed"):
        checked(rewritten(proof, change))


def test_one_byte_of_the_file_changed(proof: Path) -> None:
    whole = proof.read_bytes()
    for place in range(0, len(whole), 97):
        proof.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            before = checked(proof).holds and members(proof)
        except BundleError:
            continue
        # Dates and attributes of members are no content; whatever still holds has every byte that it had.
        proof.write_bytes(whole)
        assert before in (False, members(proof))


@pytest.mark.parametrize(
    ("field", "value"),
    [("level", 5), ("license", "MIT"), ("access", "withdrawn"), ("declared", ["mit"]), ("marks", ["corrected"]),
     ("state", "unknown")],
)  # fmt: skip
def test_another_answer_does_not_follow(proof: Path, field: str, value: object) -> None:
    change = edited("answer.json", lambda answer: answer["components"]["weights"].update({field: value}))
    verdict = checked(rewritten(proof, change))
    (wrong,) = [c for c in verdict.checked if c.problem]
    assert (verdict.holds, wrong.component) == (False, Component.WEIGHTS)
    assert f"{field} is " in wrong.problem


def test_another_finding_does_not_follow(proof: Path) -> None:
    change = edited("manifest.json", lambda m: m["components"]["weights"]["findings"][0].update(detail="forged"))
    assert "findings do not follow" in "".join(c.problem for c in checked(rewritten(proof, change)).checked)


def test_a_component_without_evidence_cannot_be_claimed(proof: Path) -> None:
    change = edited("manifest.json", lambda m: m["components"].pop("weights"))
    assert checked(rewritten(proof, change)).holds, "the evidence says so even where the manifest does not"
    change = edited("manifest.json", lambda m: m["views"][0].update(slots=[]))
    assert not checked(rewritten(proof, change)).holds


def test_rules_of_another_day(proof: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_module, "rules_version", lambda: "later")
    verdict = checked(proof)
    assert (verdict.holds, verdict.same_rules, verdict.rules_today) == (True, False, "later")
    monkeypatch.setattr(evidence, "declared_reading", lambda value: read_declared(("mit",)))
    forget_judged()
    verdict = checked(proof)
    forget_judged()
    assert not verdict.holds


def _bomb(found: Members) -> None:
    found["answer.json"] = b" " * (40 << 20)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.update({"../../etc/cron.d/x": b"x"}), "no bundle of ours has"),
        (lambda found: found.update({"evidence/../x": b"x"}), "no bundle of ours has"),
        (lambda found: found.update({f"evidence/{'0' * 64}": b"x"}), "evidence was changed"),
        (lambda found: found.pop("answer.json"), "answer.json is missing"),
        (lambda found: found.pop("manifest.json"), "manifest.json is missing"),
        (lambda found: found.pop(next(n for n in found if n.startswith("evidence"))), "not what the manifest lists"),
        (lambda found: found.update({"manifest.json": b"{"}), "no JSON"),
        (lambda found: found.update({"manifest.json": b"[" * 100_000}), "no JSON"),
        (lambda found: found.update({"manifest.json": b"[]"}), "no JSON object"),
        (lambda found: found.update({"manifest.json": b"{}"}), "not in the form"),
        (_bomb, "too large"),
        (edited("manifest.json", lambda m: m.update(form=2)), "form 2"),
        (edited("manifest.json", lambda m: m.update(views=[])), "no evidence"),
        (edited("manifest.json", lambda m: m["views"][0]["slots"][0].update(at=10**30)), "no JSON|instant"),
        (edited("manifest.json", lambda m: m["views"][0]["slots"][0].update(status="fine")), "not in the form"),
        (edited("manifest.json", lambda m: m["components"]["weights"].update(view=7)), "not there"),
        (edited("answer.json", lambda a: a.update(components={})), "states nothing"),
        (edited("answer.json", lambda a: a["components"].update(weights=None)), "not in the form"),
    ],
)
def test_hostile_files_are_refused(proof: Path, change: Callable[[Members], object], said: str) -> None:
    with pytest.raises(BundleError, match=said):
        checked(rewritten(proof, change))


def test_what_is_no_zip_file_and_two_members_of_one_name(proof: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(proof, "a") as file:
            file.writestr("answer.json", b"{}")
    with pytest.raises(BundleError, match="two members"):
        checked(proof)
    proof.write_bytes(b"PK" + b"\0" * 100)
    with pytest.raises(BundleError, match="no readable ZIP"):
        checked(proof)
