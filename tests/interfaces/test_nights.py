"""``ajar nightly`` as a process of its own, Prefect and all."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from interfaces.demo.hub import DemoHub
from tests.interfaces.test_front_door import RUN, ajar, environment

pytestmark = pytest.mark.prefect
NIGHT = "2026-10-06T02:00:00Z"


def nobody() -> str:
    """An address at which nobody answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_a_night_is_a_run_and_standard_output_its_document(demo_hub: DemoHub, tmp_path: Path) -> None:
    demo_hub.at = datetime.fromisoformat(NIGHT)
    done = ajar("nightly", "--json", "-q", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT)
    night = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (night["flow"], night["status"], night["resumed"], night["failures"]) == ("nightly", "complete", False, [])
    assert night["counts"]["seen"] == night["counts"]["new"] > 5
    runs = json.loads(ajar("runs", "--json").stdout)
    assert runs == [{name: night[name] for name in runs[0]}]


def test_a_limited_night_is_done_but_not_complete(demo_hub: DemoHub) -> None:
    done = ajar("nightly", "--limit", "3", HF_ENDPOINT=demo_hub.url, AJAR_CLOCK=NIGHT)
    assert done.returncode == 0
    (run,) = json.loads(ajar("runs", "--json").stdout)
    assert (run["status"], run["counts"]["seen"]) == ("partial", 3)
    assert "partial" in done.stdout.decode()


def test_a_hub_that_nobody_answers_for_is_status_3_and_named() -> None:
    done = ajar("nightly", "--json", HF_ENDPOINT=nobody(), AJAR_CLOCK=NIGHT)
    assert done.returncode == 3
    assert json.loads(done.stdout)["status"] == "failed"
    assert [line for line in done.stderr.decode().splitlines() if line.startswith("ajar: the hub's listing:")]
    assert b"Traceback" not in done.stderr


def test_a_crawl_says_what_came_of_each_target(demo_hub: DemoHub) -> None:
    """Names are exact: the second is there, in another case, and so it is another id."""
    there, other, nowhere = "hf:saltmarsh/avocet-13b-chat", "hf:Saltmarsh/avocet-13b-chat", "hf:saltmarsh/nothing-here"
    done = ajar("crawl", there, other, nowhere, "--json", HF_ENDPOINT=demo_hub.url)
    crawl = json.loads(done.stdout)
    assert done.returncode == 1
    assert [(entry["target"], entry["status"]) for entry in crawl["targets"]] == [
        (there, "ok"),
        (other, "moved"),
        (nowhere, "missing"),
    ]
    named = [line.split(": ")[1] for line in done.stderr.decode().splitlines()]
    assert [target for target in named if target in (there, other, nowhere)] == [other, nowhere]
    weights = crawl["targets"][0]["components"]["weights"]
    assert (weights["state"], weights["access"]) == ("assessed", "public")
    again = ajar("crawl", there, HF_ENDPOINT=demo_hub.url)
    assert again.returncode == 0
    assert f"{there}  ok    {weights['level']}" in again.stdout.decode()


def test_a_crawl_that_reaches_nobody_is_status_3() -> None:
    done = ajar("crawl", "gpt2", HF_ENDPOINT=nobody())
    assert done.returncode == 3
    assert b"hf:gpt2" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_interrupt_ends_cleanly_with_130(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "nightly"], stderr=subprocess.PIPE, env=environment(HF_ENDPOINT=url)
        )
        silent.settimeout(300)
        silent.accept()  # the sweep has asked for its first page, and waits
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert err.decode().split() == ["ajar:", "interrupted"]
