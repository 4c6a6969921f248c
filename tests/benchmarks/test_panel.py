"""The panel: one change of a rule in a repository of its own, seen in the cells that it moves, and in no other."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.panel.__main__ import ROOT, judged, panel, plain, told_of
from benchmarks.panel.compare import differences
from crawlers.targets import parse_target
from tests.classifiers.builders import hub_record, view
from tests.conftest import SHARED

CHAT = "hf:Qwen/Qwen-7B-Chat"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of which the first commit holds today's rules, and the working tree another licence of a library."""
    root = tmp_path_factory.mktemp("repository")
    for part in ("crawlers", "classifiers"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "rules"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    table = root / "classifiers" / "data" / "library_licenses.json"
    rules = json.loads(table.read_text())
    rules["libraries"]["transformers"]["license"] = "gpl-3.0"
    table.write_text(json.dumps(rules))
    return root


def run(*words: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "benchmarks.panel", "--shared", str(SHARED), *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_the_panel_names_thirty_targets_and_no_answer() -> None:
    names = panel()
    assert len({str(parse_target(name)) for name in names}) == 30
    assert all(len(name.split()) == 1 for name in names)


def test_the_rules_of_a_tree_judge_and_not_those_that_are_installed(repository: Path) -> None:
    told = plain({"rocket": view(hub_record(license="mit", library_name="transformers"))})
    old, new = judged(ROOT, told), judged(repository, told)
    assert old["rules"] != new["rules"]
    (found,) = (it for it in differences(old["cells"], new["cells"]) if it.answers)
    levels = [cell and cell["level"] for cell in (found.old, found.new)]
    assert (found.component, levels) == ("inference-code", [5, 4])
    assert "license-level" in found.rules
    assert [it["value"] for it in found.after if it["probe"] == "license-level"] == ["4"]


def test_equal_rules_differ_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    same = judged(ROOT, plain({"rocket": view(hub_record(license="mit"))}))
    assert told_of("0" * 40, same, same, findings=True, as_json=False) == 0
    assert "0 of 12 cells differ" in capsys.readouterr().out


@pytest.mark.shared
def test_a_changed_rule_is_seen_with_both_answers_and_the_evidence(repository: Path) -> None:
    code, out, err = run("--repository", str(repository), "--rev", "HEAD", "--json", CHAT, "gpt-4")
    document: dict[str, Any] = json.loads(out)
    assert (code, err) == (1, "")
    assert (document["targets"], document["cells"]) == (2, 24)
    assert document["before"] != document["after"]
    changed = {(it["target"], it["component"]) for it in document["differences"]}
    assert changed == {(CHAT, "inference-code")}
    (found,) = document["differences"]
    assert found["findings_after"][0]["evidence"][0]["slot"]

    code, out, _ = run("--repository", str(repository), CHAT)
    assert code == 1
    assert f"{CHAT}  inference-code" in out and "1 of 12 cells differ" in out


@pytest.mark.shared
def test_trouble_is_told_from_a_difference() -> None:
    code, out, err = run("--rev", "no-such-revision", CHAT)
    assert (code, out) == (2, "")
    assert err.startswith("panel: ")
