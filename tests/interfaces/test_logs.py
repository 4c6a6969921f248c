"""Standard error, for people and for machines; and the metrics line that each run ends with."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interfaces.cli import main
from interfaces.demo.hub import DemoHub
from interfaces.render import logline
from interfaces.render.logline import line
from tests.conftest import ROOT

HOSTILE = 'a "quote", an = sign,\na new line, \x1b[31mred\x1b[0m and \u202eback\u202c'


@pytest.fixture(autouse=True)
def text_again() -> Iterator[None]:
    """The form is the process's, which here outlives the command."""
    yield
    logline.use(logline.TEXT)


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_a_line_is_one_line_and_parses_whatever_is_in_it(form: str) -> None:
    logline.use(form)
    written = line("warning", HOSTILE, "crawlers.http", {"models": 3, "why": HOSTILE, "none": None, "whole": True})
    logline.use("text")
    assert written.isprintable()
    if form == "json":
        found = json.loads(written)
        assert (found["models"], found["whole"]) == (3, True)
    else:
        found = dict(part.partition("=")[::2] for part in shlex.split(written))
        assert (found["models"], found["whole"], found["none"]) == ("3", "true", "")
    assert (found["level"], found["logger"]) == ("warning", "crawlers.http")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["ts"])


@pytest.mark.parametrize(("variable", "option"), [("json", []), ("logfmt", ["--log-format", "json"])])
def test_failures_and_remarks_take_the_form_too(
    variable: str,
    option: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("AJAR_LOG_FORMAT", variable)
    assert main([*option, "--db", str(tmp_path / "none.db"), "runs"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert json.loads(said)["level"] == "error"
    assert main([*option, "track", "lab/a"]) == 0
    (said,) = capsys.readouterr().err.splitlines()
    assert json.loads(said)["level"] == "info"


def test_a_form_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AJAR_LOG_FORMAT", "xml")
    assert main(["targets"]) == 2
    assert "AJAR_LOG_FORMAT must be one of text, logfmt, json" in capsys.readouterr().err
    assert main(["--log-format", "xml", "targets"]) == 2


@pytest.mark.prefect
def test_a_run_ends_with_its_metrics_and_keeps_them(
    demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    monkeypatch.setenv("AJAR_LOG_FORMAT", "json")
    assert main(["track", "tidewater-labs/tern-7b"]) == 0
    assert main(["nightly"]) == 0
    said = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    (metrics,) = [entry for entry in said if entry["logger"] == "ajar.run"]
    assert (metrics["flow"], metrics["run"], metrics["status"]) == ("nightly", 1, "complete")
    assert metrics["requests"] == len(demo_hub.requests)
    assert metrics["models"] == metrics["seen"] > 10
    assert metrics["deep"] == 1
    assert metrics["bytes"] > 1000
    assert metrics["seconds"] > 0
    assert metrics["models"] / metrics["models_per_second"] == pytest.approx(metrics["seconds"], rel=0.02, abs=0.06)
    assert metrics["peak_memory_mib"] > 50  # of this process, whatever other tests did in it
    assert main(["runs", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run["metrics"]["requests"] == metrics["requests"]
    assert run["metrics"]["bytes"] == metrics["bytes"]
    monkeypatch.setenv("AJAR_LOG_FORMAT", "text")
    assert main(["crawl", "tidewater-labs/tern-7b", "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["crawl", "tidewater-labs/tern-7b"]) == 0
    assert "ajar: run ended: flow=crawl run=3 status=complete models=1 " in capsys.readouterr().err


@pytest.mark.parametrize("form", ["json", "logfmt"])
def test_a_traceback_is_one_line_too(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("AJAR_LOG_FORMAT", form)
    assert main(["--db", "x.db", "-v", "targets"]) != 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(("Traceback" in text) == (place == 0) for place, text in enumerate(said))
    if form == "json":
        assert "StoreError" in json.loads(said[0])["traceback"]


def test_a_warning_of_pythons_is_a_line_of_the_form() -> None:
    code = "import warnings; from interfaces.cli import main; main(['track', 'lab/a']); warnings.warn('odd\\nthing')"
    given = {**os.environ, "PYTHONPATH": str(ROOT), "AJAR_LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [entry["logger"] for entry in said] == ["ajar", "py.warnings"]
    assert "odd thing" in said[1]["msg"]
