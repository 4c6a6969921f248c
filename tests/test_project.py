"""The project keeps its own rules: which way imports go, sizes, pins, documentation, what a wheel holds."""

from __future__ import annotations

import ast
import fnmatch
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from crawlers.settings import VARIABLES
from interfaces.cli.app import SECTIONS

ROOT: Final = Path(__file__).resolve().parents[1]
STAGES: Final = ("crawlers", "classifiers", "storage", "flows", "interfaces")
MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 60
TOKEN: Final = re.compile(r"\b(hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{20,})\b")
PIN: Final = re.compile(r"[a-z0-9][a-z0-9-]*==[0-9][0-9A-Za-z.+!]*( ; [a-zA-Z0-9_'\".<>=! ()]+)?")


def tracked() -> list[str]:
    """The files that belong to the project: what git knows, or everything where there is no git."""
    try:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        skipped = {".venv", ".git", "__pycache__"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        listed = [str(path) for path in found if not skipped & set(path.parts)]
    return sorted(name for name in listed if (ROOT / name).is_file())


@cache
def product() -> list[str]:
    """The product's Python files."""
    return [name for name in tracked() if name.endswith(".py") and name.split("/")[0] in STAGES]


@cache
def parsed(name: str) -> ast.Module:
    """The syntax tree of a file of the project."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[tuple[int, str]]:
    """Line and absolute module of every import of a file, wherever in it the import stands."""
    package = name.removesuffix(".py").removesuffix("/__init__").split("/")
    package = package if name.endswith("__init__.py") else package[:-1]
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield node.lineno, ".".join([*base, *([node.module] if node.module else [])])


def test_an_import_goes_only_leftwards() -> None:
    wrong = []
    for name in product():
        here = STAGES.index(name.split("/")[0])
        for line, module in imported(name):
            there = module.split(".")[0]
            if there in ("tests", "benchmarks") or (there in STAGES and STAGES.index(there) > here):
                wrong.append(f"{name}:{line} imports {module}")
    assert len(product()) > 30
    assert wrong == []


TOOLS: Final = frozenset({"classifiers/licenses/learn.py"})
"""Run by developers, to make data files; no classifier imports them."""


def test_the_classifiers_reach_no_network_clock_or_database() -> None:
    banned = {"httpx", "httpx2", "requests", "socket", "urllib.request", "http.client", "huggingface_hub", "time"}
    banned |= {"sqlalchemy", "sqlite3", "prefect", "scrapy", "subprocess", "asyncio"}
    wrong = [
        f"{name}:{line} imports {module}"
        for name in product()
        if name.startswith("classifiers/") and name not in TOOLS
        for line, module in imported(name)
        if module in banned or module.split(".")[0] in banned
    ]
    assert wrong == []
    tools = {name.removesuffix(".py").replace("/", ".") for name in TOOLS}
    assert [name for name in product() for _, module in imported(name) if module in tools] == []


def test_modules_and_functions_stay_small() -> None:
    long = []
    for name in product():
        lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
        if lines > MODULE_LINES:
            long.append(f"{name}: {lines} lines")
        for node in ast.walk(parsed(name)):
            # A migration is a list of what it does, written once and never changed.
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "/migrations/versions/" not in name:
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES:
                    long.append(f"{name}:{node.lineno} {node.name}: {size} lines")
    assert long == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name in product() if not ast.get_docstring(parsed(name))] == []


def test_the_readme_names_every_command_and_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    verbs = [verb for commands in SECTIONS.values() for verb in commands]
    assert len(verbs) > 10
    assert [verb for verb in verbs if f"ajar {verb}" not in readme] == []
    assert [name for name in VARIABLES if f"`{name}`" not in readme] == []


def test_the_documents_name_only_targets_that_the_makefile_has() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z][a-z-]+)\b", (ROOT / document).read_text(encoding="utf-8")))
        assert named, document
        assert named <= targets, document


def test_the_makefile_has_what_people_expect_and_every_target_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    assert {"demo", "check", "check-all", "bench", "clean"} <= set(phony[1].split())
    for target in phony[1].split():
        assert re.search(rf"^{target}:[^#\n]*## \S", text, re.MULTILINE), target


def pins() -> list[str]:
    """The lines of constraints.txt that pin something."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def test_the_pins_name_versions_and_no_registry() -> None:
    assert [line for line in pins() if not PIN.fullmatch(line)] == []


def test_everything_that_is_asked_for_is_pinned_as_it_is_installed() -> None:
    from importlib.metadata import version

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0].lower().replace("_", "-") for text in asked]
    pinned = {line.split("==")[0]: line.split("==")[1].split(" ")[0] for line in pins()}
    assert [name for name in names if name not in pinned] == []
    assert {n: version(n) for n in names if version(n) != pinned[n]} == {}


def test_every_data_file_of_the_product_goes_into_the_wheel() -> None:
    tool: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = [pattern.removeprefix("**/") for pattern in tool["setuptools"]["package-data"]["*"]]
    data = [n for n in tracked() if n.split("/")[0] in STAGES and not n.endswith(".py")]
    assert data
    assert [n for n in data if not any(fnmatch.fnmatch(Path(n).name, pattern) for pattern in patterns)] == []


def test_no_file_of_the_project_holds_a_token() -> None:
    found = []
    for name in tracked():
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match[1][:8]}…" for match in TOKEN.finditer(text)]
        if "cassettes/" in name and re.search(r"(?i)authorization|set-cookie", text):
            found.append(f"{name}: a header that a cassette must not hold")
    assert found == []


@pytest.mark.shared
def test_no_file_is_a_copy_of_one_of_the_shared_ones(shared: Path) -> None:
    """Facts may be carried, texts may not. Apache-2.0, which everybody may carry, came from Debian's base-files."""
    theirs = {
        hashlib.sha256(path.read_bytes()).digest(): path.relative_to(shared)
        for folder in ("licenses", "labels", "replay")
        for path in (shared / folder).rglob("*")
        if path.is_file() and path.stat().st_size > 2000
    }
    ours = {name: hashlib.sha256((ROOT / name).read_bytes()).digest() for name in tracked()}
    allowed = {"LICENSE", "interfaces/demo/repos/texts/apache-2.0.txt"}
    assert {name: theirs[digest] for name, digest in ours.items() if digest in theirs and name not in allowed} == {}


@pytest.mark.parametrize("script", [".ci/run"])
def test_scripts_are_executable_and_strict(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_the_license_is_the_whole_of_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
