"""Running the identifiers, each in a process of its own, on the same texts.

The rivals live in an environment of their own (``.bench-venv``, made with pip on first use): ScanCode wants other
versions than Ajar does, and a gigabyte of memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ENVIRONMENT: Final = ROOT / ".bench-venv"
PACKAGES: Final = ("scancode-toolkit-mini==32.5.0", "pluggy<1.7", "pyaskalono==0.2.0", "osslili==1.11.0")
RIVALS: Final = ("scancode", "askalono", "osslili")
_WORKER: Final = Path(__file__).with_name("worker.py")


@dataclass(frozen=True, slots=True)
class Text:
    """A text to identify. ``name`` is the file name that the identifiers see."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one identifier said: licences named and processor seconds per text, start-up (s) and peak memory (MiB)."""

    name: str
    named: tuple[tuple[str, ...], ...]
    seconds: tuple[float, ...]
    start: float
    peak_mib: float

    @property
    def rate(self) -> float:
        """Texts a second, start-up apart."""
        return len(self.seconds) / sum(self.seconds)


def scancode_data() -> Path:
    """ScanCode's licence texts in the rivals' environment. Raises ``StopIteration`` before :func:`install`."""
    return next(ENVIRONMENT.glob("lib/python3*/site-packages/licensedcode/data/licenses"))


def install() -> Mapping[str, str]:
    """Make the rivals' environment where it is missing; the versions of the packages."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True)
    have = {each["name"]: each["version"] for each in json.loads(listed.stdout)}
    if not {"scancode-toolkit-mini", "pyaskalono", "osslili"} <= have.keys():
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        return install()
    return {name: have[name] for name in ("scancode-toolkit-mini", "pyaskalono", "osslili")}


def run(name: str, texts: Sequence[Text]) -> Run:
    """Identify the texts with one identifier, in a new process."""
    python = Path(sys.executable) if name == "ajar" else ENVIRONMENT / "bin" / "python"
    with tempfile.TemporaryDirectory() as directory:
        work = []
        for number, text in enumerate(texts):
            path = Path(directory) / f"{number}@{text.name.replace('/', '__')[-80:]}"
            path.write_text(text.text, "utf-8")
            work.append([number, str(path)])
        listed = Path(directory) / "list.json"
        listed.write_text(json.dumps(work), "utf-8")
        module = ["-m", "benchmarks.licenses.worker"] if name == "ajar" else [str(_WORKER)]
        environment = os.environ | {"PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [str(python), *module, name, str(listed), repr(time.time())],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    answers = {line["n"]: line for line in lines if "n" in line}
    return Run(
        name,
        tuple(tuple(answers[number]["licenses"]) for number in range(len(texts))),
        tuple(answers[number]["seconds"] for number in range(len(texts))),
        next(line["start"] for line in lines if "start" in line),
        next(line["peak_mib"] for line in lines if "peak_mib" in line),
    )
