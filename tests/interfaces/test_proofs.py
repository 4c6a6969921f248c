"""Twenty answers proved and verified through the command, and every proof spoiled in every way that we know of.

``test_twenty_answers_hold_and_no_byte_of_their_evidence_may_change`` is the measurement: of each answer the proof
holds, and with one byte of any piece of its evidence changed it is refused.
"""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from crawlers.settings import Settings
from crawlers.targets import parse_target
from crawlers.watchlist import OWN
from flows import closely
from flows import night as steps
from interfaces.demo.hub import DemoHub
from interfaces.demo.run import SCENES
from storage.store import open_store
from tests.interfaces.conftest import walk_demo, walk_night
from tests.interfaces.proofs import CORRECTED, SAID_AT, TWENTY, Case, members, rewritten
from tests.interfaces.test_front_door import ajar as process
from tests.interfaces.test_questions import Ajar
from tests.replay import Replay

WATCHLIST: Final = "heron: {title: Heron, hub: [estuary-ai/heron-8b], datasets: [saltmarsh/marsh-instruct]}\n"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo's history with a correction between its nights, and a release and a dataset looked at after them."""
    folder = tmp_path_factory.mktemp("proofs")
    url = f"sqlite:///{folder / 'ajar.db'}"
    walk_demo(url, SCENES[:2])
    said = ("correct", CORRECTED, "weights", "--level", "2", "--because", "a lawyer read it")
    assert process("--db", url, *said, AJAR_CLOCK=SAID_AT).returncode == 0
    (folder / OWN).write_text(WATCHLIST, encoding="utf-8")
    with DemoHub(at=SCENES[2].at) as hub, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = Settings(database_url=url, hf_endpoint=hub.url, clock=SCENES[2].at)
        walk_night(settings, sweep=True)
        store = open_store(url)
        night = steps.Night(store, settings, steps.begin(store, settings, "crawl", {}))
        closely.crawl(night, [parse_target(name) for name in ("hf-dataset:saltmarsh/marsh-instruct", "release:heron")])
        steps.end(night, True)
        store.close()
    return url


@pytest.fixture
def ajar(database: str, capsys: pytest.CaptureFixture[str]) -> Ajar:
    return Ajar(database, capsys)


def proved(ajar: Ajar, case: Case, file: Path) -> dict[str, Any]:
    """Prove an answer and verify it: both must say that it holds, and state what ``show`` shows."""
    made: dict[str, Any] = ajar.json("prove", case.target, *case.clocks, "--out", str(file))
    verdict = ajar.json("prove", "--verify", str(file))
    assert made["holds"] and verdict["holds"], (case, made)
    assert verdict["components"] == made["components"]
    shown = ajar.json("show", case.target, *case.clocks)["components"]
    for component, told in made["components"].items():
        assert told["stated"] == told["derived"] == {field: shown[component][field] for field in told["stated"]}
    stated = made["components"]["weights"]["stated"]
    assert case.weights in (None, (stated["level"], stated["access"])), (case, stated)
    return made


def every_piece_is_needed(ajar: Ajar, file: Path) -> int:
    """With one byte of any piece of the evidence changed it is refused; how many pieces there were."""
    found = members(file)
    pieces = [name for name in found if name.startswith("evidence/")]
    for name in pieces:
        for place in {0, len(found[name]) // 2, len(found[name]) - 1}:
            body = bytearray(found[name])
            body[place] ^= 1
            assert ajar("prove", "--verify", rewritten(file, {**found, name: bytes(body)}), "--json", status=1) == ""
            assert f"evidence was changed: {name} holds bytes of SHA-256" in ajar.err
    return len(pieces)


def test_twenty_answers_hold_and_no_byte_of_their_evidence_may_change(ajar: Ajar, tmp_path: Path) -> None:
    pieces = 0
    for case in TWENTY:
        proved(ajar, case, tmp_path / "proof.zip")
        pieces += every_piece_is_needed(ajar, tmp_path / "proof.zip")
    assert len(TWENTY) >= 20 and pieces > 60


def test_a_correction_is_part_of_the_proof_as_a_persons_word(ajar: Ajar, tmp_path: Path) -> None:
    file = tmp_path / "proof.zip"
    proved(ajar, TWENTY[17], file)
    manifest = json.loads(members(file)["manifest.json"])
    (said,) = manifest["corrections"]
    assert (said["component"], said["level"], said["because"]) == ("weights", 2, "a lawyer read it")
    assert {f"evidence/{digest}" for digest in said["evidence"].values()} <= members(file).keys()
    first = manifest["components"]["weights"]["findings"][0]
    assert (first["probe"], first["value"]) == ("person-said", "a lawyer read it")
    spoiled: tuple[tuple[Callable[[Any], object], str], ...] = (
        (lambda m: m["corrections"].clear(), "level is 5, not 2"),
        (lambda m: m["corrections"][0].update(level=4), "level is 4, not 2"),
        (lambda m: m["corrections"][0].update(because="a friend said so"), "findings do not follow"),
        (lambda m: m["corrections"][0].update(evidence={"record": "0" * 64}), "level is 5, not 2"),
    )
    for spoil, words in spoiled:
        found = members(file)
        edited("manifest.json", spoil)(found)
        ajar("prove", "--verify", rewritten(file, found), status=1)
        assert words in ajar.err


Spoil = Callable[[dict[str, bytes]], object]


def edited(name: str, change: Callable[[Any], object]) -> Spoil:
    def apply(found: dict[str, bytes]) -> None:
        value = json.loads(found[name])
        change(value)
        found[name] = json.dumps(value).encode()

    return apply


def swapped(found: dict[str, bytes]) -> None:
    """Two pieces under each other's name."""
    one, two, *_ = [name for name in found if name.startswith("evidence/")]
    found[one], found[two] = found[two], found[one]


def dropped(found: dict[str, bytes]) -> None:
    del found[next(name for name in found if name.startswith("evidence/"))]


def exchanged(found: dict[str, bytes]) -> None:
    """The evidence's hashes in the manifest, of two slots, in each other's place: every hash is right of its bytes."""
    manifest = json.loads(found["manifest.json"])
    slots = {slot["slot"]: slot for slot in manifest["views"][0]["slots"]}
    one, two = slots["README.md"], slots["LICENSE"]
    one["sha256"], two["sha256"] = two["sha256"], one["sha256"]
    found["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (edited("answer.json", lambda a: a["components"]["weights"].update(level=4)), "weights: level is 5, not 4"),
        (edited("answer.json", lambda a: a["components"]["weights"].update(access="none")), "access is 'public'"),
        (edited("answer.json", lambda a: a["components"]["pretraining-code"].update(level=5, state="assessed")),
         "pretraining-code: state is 'unknown', not 'assessed'; level is None, not 5"),
        (edited("answer.json", lambda a: a.update(target="hf:other/model")), "the answer is about hf:other/model"),
        (edited("manifest.json", lambda m: m.update(target="hf:other/model")), "the evidence about hf:other/model"),
        (swapped, "evidence was changed"),
        (exchanged, "findings do not follow from the bytes"),
        (dropped, "is not what the manifest lists"),
        (lambda found: found.update({"evidence/" + "ab" * 32: b"x"}), "evidence was changed"),
        (lambda found: found.update({"notes.txt": b"x"}), "member that no bundle of ours has: 'notes.txt'"),
        (lambda found: found.update({"../../.bashrc": b"x"}), "no bundle of ours has: '../../.bashrc'"),
        (lambda found: found.update({"/etc/passwd": b"x"}), "no bundle of ours has: '/etc/passwd'"),
        (lambda found: found.update({"evidence/": b""}), "no bundle of ours has: 'evidence/'"),
        (lambda found: found.update({"evidence\\..\\x": b"x"}), "no bundle of ours has"),
        (lambda found: found.update({"\x1b[2J": b"x"}), "no bundle of ours has"),
        (lambda found: found.update({"answer.json": b"0" * (40 << 20)}), "answer.json is too large"),
        (lambda found: found.pop("answer.json"), "answer.json is missing"),
    ],
)  # fmt: skip
def test_a_spoiled_proof_is_refused_with_status_1_and_a_reason(
    ajar: Ajar, tmp_path: Path, spoil: Spoil, words: str
) -> None:
    file = tmp_path / "proof.zip"
    proved(ajar, TWENTY[0], file)
    found = members(file)
    spoil(found)
    ajar("prove", "--verify", rewritten(file, found), status=1)
    assert words in ajar.err and "Traceback" not in ajar.err and "\x1b" not in ajar.err
    assert not (tmp_path.parent / ".bashrc").exists() and set(tmp_path.iterdir()) == {file, tmp_path / "spoiled.zip"}


def repeated(archive: bytes) -> bytes:
    """Two members of one name: programs differ in which of them they read."""
    whole = io.BytesIO(archive)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(whole, "a") as file:
            file.writestr("answer.json", file.read("answer.json").replace(b'"level": 5', b'"level": 1'))
    return whole.getvalue()


def lying(archive: bytes) -> bytes:
    """A member that unpacks to more than it announces."""
    whole = io.BytesIO(archive)
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("evidence/" + "cd" * 32, b"0" * (32 << 20))
    found = bytearray(whole.getvalue())
    for place in (found.rindex(struct.pack("<L", 32 << 20)), found.index(struct.pack("<L", 32 << 20))):
        found[place : place + 4] = struct.pack("<L", 10)
    return bytes(found)


def encrypted(archive: bytes) -> bytes:
    """A member that says that it needs a password."""
    found = bytearray(archive)
    central = found.index(b"PK\x01\x02")
    found[central + 8] |= 1
    return bytes(found)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (repeated, "two members named answer.json"),
        (lying, "is refused"),
        (encrypted, "no readable ZIP file"),
        (lambda archive: archive[: len(archive) // 2], "no readable ZIP file"),
        (lambda archive: archive[:-30], "no readable ZIP file"),
        (lambda archive: b"", "no readable ZIP file"),
        (lambda archive: b"PK\x05\x06" + b"\0" * 18, "answer.json is missing"),
        (lambda archive: b"\0" * (129 << 20), "larger than 128 MiB"),
    ],
)
def test_a_trick_of_the_archive_is_refused(
    ajar: Ajar, tmp_path: Path, spoil: Callable[[bytes], bytes], words: str
) -> None:
    file = tmp_path / "proof.zip"
    proved(ajar, TWENTY[0], file)
    file.write_bytes(spoil(file.read_bytes()))
    assert ajar("prove", "--verify", str(file), "--json", status=1) == ""
    assert words in ajar.err and "Traceback" not in ajar.err


RECORDED: Final = (
    "gpt2", "Qwen/Qwen-7B-Chat", "google/codegemma-7b-it", "LiquidAI/LFM2-1.2B", "01-ai/Yi-34B", "microsoft/phi-2",
    "HauhauCS/Qwen3.8-27B-Uncensored-HauhauCS-Aggressive-MTP-GGUF", "release:llama-2", "release:chatglm-6b",
)  # fmt: skip


@pytest.mark.shared
@pytest.mark.slow
def test_answers_about_the_recordings_hold(replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two looks three days apart, of models and releases: each answer at both dates, and each byte behind it."""
    url = f"sqlite:///{tmp_path / 'ajar.db'}"
    settings = Settings.load({"AJAR_DATABASE_URL": url, "HF_ENDPOINT": replay.url, "AJAR_MIRRORS": replay.mirrors})
    dates = ("2026-08-19T07:36:31Z", "2026-08-22T20:00:29Z")
    for at in dates:
        replay.at(at)
        here = replace(settings, clock=Settings.load({"AJAR_CLOCK": at}).clock)
        store = open_store(url)
        night = steps.Night(store, here, steps.begin(store, here, "crawl", {"at": at}))
        closely.crawl(night, [parse_target(name) for name in RECORDED])
        steps.end(night, True)
        store.close()
    ajar, pieces, answers = Ajar(url, capsys), 0, 0
    for name in RECORDED:
        for at in dates:
            proved(ajar, Case(name, at), tmp_path / "proof.zip")
            answers += 1
            pieces += every_piece_is_needed(ajar, tmp_path / "proof.zip") if at == dates[1] else 0
    assert (answers, pieces > 40) == (2 * len(RECORDED), True)
