"""``ajar evaluate``, through the front door of a real database (the demo's), and what the comparison counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interfaces.agreement.compare import Answer, Pair, report
from interfaces.agreement.labels import Label, LabelError, read_labels
from interfaces.cli import main

KNOWN = "tidewater-labs/tern-7b"


def written(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def label(theirs: str, component: str = "weights", model: str = "rocket") -> Label:
    return Label(model, component, theirs, ("release:rocket",))


def pair(theirs: str, ours: str, component: str = "weights", model: str = "rocket") -> Pair:
    return Pair(label(theirs, component, model), Answer(ours))


def test_a_label_file_is_held_against_the_history(
    history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", KNOWN, "--json", "--db", history]) == 0
    level = json.loads(capsys.readouterr().out)["components"]["weights"]["level"]
    other = 1 if level != 1 else 5
    rows = [f"{KNOWN},weights,{level}", f"{KNOWN},alignment-code,1", f"{KNOWN},weights,{other}", "no-such,weights,1"]
    path = written(tmp_path, "\n".join(["model,component,level", *rows]))
    assert main(["evaluate", str(path), "--json", "--db", history]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["labels"], found["answered"], found["coverage"]) == (4, 2, 0.5)
    assert (found["exact"], found["three_class"]) == (0.5, 0.5)
    assert found["by_component"]["alignment-code"]["exact"] is None
    (disagreement,) = found["disagreements"]
    assert (disagreement["ours"], disagreement["theirs"]) == (str(level), str(other))
    assert any(item["sha256"] and item["url"] for item in disagreement["evidence"])


def test_the_same_for_people(history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, f"model,component,level,license\n{KNOWN},weights,2,paid interface")
    assert main(["evaluate", str(path), "--db", history]) == 0
    out = capsys.readouterr().out
    assert "1 of 1 answered (100.0 %): exact 0.0 %" in out
    assert f"{KNOWN} weights: ours" in out and "theirs 2 (paid interface)" in out


def test_an_index_in_classes_names_its_systems_by_link(tmp_path: Path) -> None:
    header = "system,link,base_model,end_model,component,class,evidence_link,notes"
    rows = [
        "Tern,https://huggingface.co/tidewater-labs/tern-7b,,,weights,open,https://x,seen",
        "Tern,https://huggingface.co/tidewater-labs/tern-7b,,,license,partial,,",
        "Old Tern,https://tern.example/,,,weights,closed,,",
        "Terns,https://huggingface.co/collections/tidewater-labs/terns-1,,,weights,partial,,",
    ]
    labels = read_labels(written(tmp_path, "\n".join([header, *rows])))
    assert [it.targets for it in labels] == [(f"hf:{KNOWN}",), ("release:old-tern",), ("release:terns",)]
    assert labels[0].evidence == ("https://x", "seen")


def test_a_linked_repository_of_a_watched_release_means_the_release(tmp_path: Path) -> None:
    text = "system,link,component,class\nSomething,https://huggingface.co/openai-community/gpt2,weights,open"
    (only,) = read_labels(written(tmp_path, text))
    assert only.targets == ("release:gpt-2", "hf:openai-community/gpt2")


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2", "model,component,level\nx,weights,6", "model,component,level\nx,wings,1", "system,component,class\n"
     "x,weights,ajar"],
)  # fmt: skip
def test_another_file_is_refused_with_the_reason(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(LabelError, match=r"labels\.csv"):
        read_labels(path)
    assert main(["evaluate", str(path), "--db", f"sqlite:///{tmp_path / 'a.db'}"]) == 2
    assert "labels.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("theirs", "ours", "exact", "within_one", "three_class"),
    [
        ("4", "4", True, True, True),
        ("4", "3", False, True, True),
        ("5", "4", False, True, False),
        ("1", "2", False, True, False),
        ("2", "4", False, False, True),
        ("1", "not_applicable", False, False, False),
        ("not_applicable", "not_applicable", True, True, True),
        ("unknown", "1", False, False, False),
        ("partial", "3", True, True, True),
        ("open", "4", False, False, False),
        ("closed", "1", True, True, True),
    ],
)
def test_what_counts_as_agreement(theirs: str, ours: str, exact: bool, within_one: bool, three_class: bool) -> None:
    it = pair(theirs, ours)
    assert (it.exact, it.within_one, it.three_class) == (exact, within_one, three_class)


def test_unknown_costs_coverage_and_not_agreement() -> None:
    found = report([pair("5", "5"), pair("5", "unknown", model="comet"), pair("unknown", "unknown", model="star")])
    assert (found["coverage"], found["exact"]) == (0.3333, 1.0)
    assert found["disagreements"] == []
    assert found["confusion"] == {"5": {"5": 1, "unknown": 1}, "unknown": {"unknown": 1}}


def test_the_baseline_is_the_commonest_label_of_each_component() -> None:
    told = [pair("1", "1"), pair("1", "unknown", model="a"), pair("5", "5", model="b"), pair("5", "4", "sft-data")]
    found = report(told)
    assert found["baseline"]["all"]["exact"] == 0.75
    assert found["baseline"]["answered"]["exact"] == 0.6667
    assert found["released"]["labels"] == 2
    assert found["released"]["baseline"]["exact"] == 0.5
