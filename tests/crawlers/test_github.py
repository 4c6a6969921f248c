"""What GitHub's refusals mean: a repository is gone where GitHub itself says so, and nowhere else."""

from __future__ import annotations

import pytest

from crawlers.snapshot import FetchStatus
from crawlers.source import Ask
from tests.crawlers.test_sources import crawl
from tests.crawlers.web import publish, web

NAME = "marsh/heron-lm"
REPO = f"https://api.github.com/repos/{NAME}"
TREE = f"{REPO}/git/trees/HEAD"
BLOCK = {"message": "Repository access blocked", "block": {"reason": "dmca", "created_at": "2026-01-01T00:00:00Z"}}
EMPTY = {"message": "Git Repository is empty.", "status": "409"}
MISSING, ERROR, OK = FetchStatus.MISSING, FetchStatus.ERROR, FetchStatus.OK


@pytest.mark.parametrize(
    ("url", "status", "body", "part", "expected", "why"),
    [
        (REPO, 451, BLOCK, "repo", MISSING, "taken down"),
        (REPO, 403, BLOCK, "repo", MISSING, "taken down"),
        (TREE, 451, BLOCK, "tree", MISSING, "taken down"),
        (TREE, 409, EMPTY, "tree", MISSING, "an empty repository"),
        (REPO, 451, {"error": "not in your country"}, "repo", ERROR, "HTTP 451"),
        (REPO, 451, b"<html>blocked by your company</html>", "repo", ERROR, "HTTP 451"),
        (REPO, 403, {"message": "Forbidden", "block": "no"}, "repo", ERROR, "HTTP 403"),
        (REPO, 409, EMPTY, "repo", ERROR, "HTTP 409"),
        (TREE, 451, b"", "tree", ERROR, "HTTP 451"),
        (TREE, 409, {"message": "Conflict"}, "tree", ERROR, "HTTP 409"),
        (TREE, 409, b"\xff[", "tree", ERROR, "HTTP 409"),
    ],
)
def test_a_repository_is_gone_where_github_itself_says_so(
    url: str, status: int, body: object, part: str, expected: FetchStatus, why: str
) -> None:
    with web() as served:
        publish(served, NAME, {"README.md": "# Heron", "LICENSE": "terms"})
        served.say(url, body, status)
        found = {s.slot.partition("#")[2]: s for s in crawl(served.settings(), Ask(f"github:{NAME}"))}
    assert (found[part].status, found[part].detail) == (expected, why)
    # What was not looked for is said neither to be gone nor to be there; its documents are tried by name all the same.
    assert {p for p in ("README.md", "LICENSE") if p in found} == (
        {"README.md", "LICENSE"} if expected is ERROR else set()
    )


@pytest.mark.parametrize(("body", "asked"), [(BLOCK, True), ({"error": "something on the way"}, False)])
def test_an_earlier_name_is_asked_for_where_the_newer_one_was_taken_down(body: object, asked: bool) -> None:
    with web() as served:
        publish(served, "old/lm", {"README.md": "# Heron"})
        served.say(REPO, body, 451)
        found = {s.slot: s for s in crawl(served.settings(), Ask(f"github:{NAME}", former="old/lm"))}
    assert ("https://api.github.com/repos/old/lm" in served.urls) is asked
    assert found[f"github:{NAME}#repo"].status is (OK if asked else ERROR)


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_list_of_files_that_was_cut_leaves_out_is_not_gone(whole: bool) -> None:
    with web() as served:
        publish(served, NAME, {"train.py": "pass"})
        tree = {
            "sha": "a" * 40,
            "truncated": not whole,
            "tree": [{"path": "train.py", "type": "blob", "sha": "b" * 40}],
        }
        served.say(TREE, tree)
        found = {s.slot.partition("#")[2]: s.status for s in crawl(served.settings(), Ask(f"github:{NAME}"))}
    assert {part: found.get(part) for part in ("tree", "README.md", "LICENSE")} == {
        "tree": OK,
        "README.md": MISSING if whole else None,
        "LICENSE": MISSING if whole else None,
    }
