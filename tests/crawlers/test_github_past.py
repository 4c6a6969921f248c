"""The past of GitHub repositories: which requests, which dates; on the recordings, labelled changes at their dates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from classifiers.licenses import read_text
from crawlers import github_past
from crawlers.github_past import GithubPast
from crawlers.hub.revision_list import Past
from crawlers.past_source import BEFORE_ALL, Period
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask
from tests.crawlers.past_web import Commit, git_tree, github, sha
from tests.crawlers.web import Page, Web, web
from tests.replay import Replay

NOW = "2026-08-22T20:00:00Z"
REPO = "lab/tern"
ALWAYS = Period()
HISTORY: list[Commit] = [
    ("2024-01-01T00:00:00Z", {"README.md": "# Tern\n", "train.py": "1"}),
    ("2024-02-01T00:00:00Z", {"LICENSE": "MIT License\n"}),
    ("2024-03-01T00:00:00Z", {"LICENSE": None, "MODEL_LICENSE.txt": "Research only\n"}),
    ("2024-03-01T00:00:00Z", {"README.md": "# Tern 2\n"}),
]


@pytest.fixture
def served() -> Iterator[Web]:
    with web() as one:
        yield one


def read(settings: Settings, name: str = REPO, period: Period = ALWAYS, former: str | None = None) -> Past:
    crawler = GithubPast(settings)
    try:
        return crawler.past("release:x", [Ask(f"github:{name}", former=former)], period)
    finally:
        crawler.close()


def slots(past: Past, part: str) -> list[Snapshot]:
    return [s for s in past.snapshots if s.slot.endswith(f"#{part}") and s.observed_at != s.fetched_at]


def test_each_document_is_read_at_each_commit_that_touched_it(served: Web) -> None:
    github(served, REPO, HISTORY)
    past = read(served.settings())
    assert past.told == ()
    license_ = slots(past, "LICENSE")
    assert [(s.status, s.observed_at.month, s.revision) for s in license_] == [
        (FetchStatus.OK, 2, sha(REPO, 1)), (FetchStatus.MISSING, 3, sha(REPO, 2)),
    ]  # fmt: skip
    assert [s.body for s in slots(past, "README.md")] == [b"# Tern\n", b"# Tern 2\n"]
    assert {s.slot.partition("#")[2] for s in past.snapshots if not s.dated and s.observed_at == s.fetched_at} == {
        "repo", "tree",
    }, "and what is there now is a look"  # fmt: skip
    raw = [url for url in served.urls if url.startswith("https://raw.")]
    assert len(raw) == len(set(raw)) == 7, "one for each version and for what was before the first, none besides"


def test_a_past_list_of_files_is_a_look_at_that_time_and_no_date_of_a_change(served: Web) -> None:
    github(served, REPO, HISTORY)
    trees = slots(read(served.settings()), "tree")
    assert [s.dated for s in trees] == [False, False]
    assert [s.observed_at.month for s in trees] == [1, 3]
    assert b"train.py" in trees[0].body


def test_a_list_of_files_that_is_not_the_one_that_its_id_names_is_refused(served: Web) -> None:
    github(served, REPO, HISTORY)
    id_, _ = git_tree({"README.md": "# Tern\n", "train.py": "1"})
    _, half = git_tree({"README.md": "# Tern\n"})
    served.say(f"https://api.github.com/repos/{REPO}/git/trees/{id_}?recursive=1", {"sha": id_, "tree": half})
    past = read(served.settings())
    assert past.told == (f"{REPO}: the list of files at {sha(REPO, 0)[:8]} is not the one that its id names",)
    assert [s.observed_at.month for s in slots(past, "tree")] == [3]


def test_without_the_ids_of_lists_of_files_none_of_the_past_is_asked_for(served: Web) -> None:
    github(served, REPO, HISTORY, trees=False)
    past = read(served.settings())
    assert slots(past, "tree") == []
    assert past.told == ()


def test_a_document_that_is_gone_is_found_in_a_past_list_of_files(served: Web) -> None:
    history: list[Commit] = [
        ("2024-01-01T00:00:00Z", {"README.md": "# Tern\n", "TERMS_OF_USE_LICENSE": "Research only\n"}),
        ("2024-06-01T00:00:00Z", {"README.md": "# Tern\n\nMore.\n", "TERMS_OF_USE_LICENSE": None}),
    ]
    github(served, REPO, history)
    found = slots(read(served.settings()), "TERMS_OF_USE_LICENSE")
    assert [s.status for s in found] == [FetchStatus.OK, FetchStatus.MISSING]


def test_releases_and_tags_count_from_their_dates(served: Web) -> None:
    github(served, REPO, HISTORY)
    released = [
        {"tag_name": "v2", "name": "Two", "published_at": "2024-03-05T00:00:00Z", "assets": []},
        {"tag_name": "v1", "name": "One", "published_at": "2024-02-05T00:00:00Z", "assets": [{"name": "tern.txt"}]},
        {"tag_name": "v3", "name": "Not yet", "published_at": None, "draft": True},
    ]
    tags = [
        {"name": "v2", "commit": {"sha": sha(REPO, 3)}},
        {"name": "old", "commit": {"sha": sha(REPO, 0)}},
        {"name": "aside", "commit": {"sha": "c" * 40}},
    ]
    served.say(f"https://api.github.com/repos/{REPO}/releases", released)
    served.say(f"https://api.github.com/repos/{REPO}/tags", tags)
    aside = {"sha": "c" * 40, "commit": {"committer": {"date": "2024-02-20T00:00:00Z"}}}
    served.say(f"https://api.github.com/repos/{REPO}/commits/{'c' * 40}", aside)
    past = read(served.settings())
    found = [(s.observed_at.date().isoformat(), json.loads(s.body)) for s in slots(past, "releases")]
    assert [(date, [row["tag_name"] for row in rows]) for date, rows in found] == [
        ("2024-02-05", ["v1"]), ("2024-03-05", ["v2", "v1"]),
    ]  # fmt: skip
    found = [(s.observed_at.date().isoformat(), json.loads(s.body)) for s in slots(past, "tags")]
    assert [(date, [row["name"] for row in rows]) for date, rows in found] == [
        ("2024-01-01", ["old"]), ("2024-02-20", ["aside", "old"]), ("2024-03-05", ["v2", "aside", "old"]),
    ]  # fmt: skip


def test_a_period_marks_what_was_there_before_it(served: Web) -> None:
    github(served, REPO, HISTORY)
    since = datetime(2024, 2, 15, tzinfo=UTC)
    past = read(served.settings(), period=Period(since))
    marks = {s.slot.partition("#")[2]: s.observed_at for s in past.snapshots if s.status is FetchStatus.ERROR}
    assert marks == {"README.md": since, "LICENSE": since}
    assert {s.revision for s in past.snapshots if s.dated and s.revision} == {sha(REPO, 2), sha(REPO, 3)}


def test_an_earlier_name_is_asked_for_where_the_newer_is_not_there(served: Web) -> None:
    github(served, "lab/auk", HISTORY)
    past = read(served.settings(), "lab/tern", former="lab/auk")
    assert past.told == ()
    assert {s.slot.partition("#")[0] for s in past.snapshots} == {"github:lab/tern"}


def test_the_past_of_a_branch_is_asked_for_by_its_name(served: Web) -> None:
    github(served, REPO, HISTORY)
    for url, page in list(served.pages.items()):  # as the branch shows it, and nothing of the main one
        branched = url.replace("trees/HEAD", "trees/old%2Fv1") + ("&sha=old%2Fv1" if "/commits?" in url else "")
        served.pages[branched] = served.pages.pop(url) if branched != url else page
    past = read(served.settings(), f"{REPO}@old/v1")
    assert past.told == ()
    assert {s.slot.partition("#")[0] for s in past.snapshots} == {f"github:{REPO}@old/v1"}
    asked = [it.url for it in served.asked if "/commits?" in it.url]
    assert asked and all(url.endswith("&sha=old%2Fv1") for url in asked)
    assert [s.body for s in slots(past, "README.md")] == [b"# Tern\n", b"# Tern 2\n"]


def test_where_older_commits_are_left_out_the_oldest_one_is_no_beginning(
    served: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github_past, "MAX_PAGES", 1)
    github(served, REPO, HISTORY)
    listed = f"https://api.github.com/repos/{REPO}/commits?path=README.md&per_page=100"
    page = served.pages[listed]
    assert isinstance(page, Page)
    served.pages[listed] = Page(page.body, 200, {"Link": f'<{listed}&page=2>; rel="next"'})
    past = read(served.settings())
    assert past.told == (f"{REPO}: README.md: the list goes on after 2; the older ones were left out",)
    assert [s.dated for s in slots(past, "README.md")] == [False, True]


def late_readme(before: bool) -> list[Commit]:
    """A repository whose list of the README's commits begins at the second one, where it was there ``before``."""
    first = {"LICENSE": "MIT License\n"} | ({"README.md": "# Tern 0\n"} if before else {})
    return [("2024-01-01T00:00:00Z", first), ("2024-02-01T00:00:00Z", {"README.md": "# Tern\n"})]


@pytest.mark.parametrize("before", [False, True])
def test_a_list_that_begins_late_is_no_beginning_where_the_document_was_there_before(served: Web, before: bool) -> None:
    github(served, REPO, late_readme(before))
    listed = f"https://api.github.com/repos/{REPO}/commits?path=README.md&per_page=100"
    page = served.pages[listed]
    assert isinstance(page, Page)
    served.say(listed, json.loads(page.body)[:1])
    past = read(served.settings())
    assert [s.dated for s in slots(past, "README.md")] == [not before]
    assert [s.dated for s in slots(past, "LICENSE")] == [True], "the repository's first commit"
    asked = [it.url for it in served.asked if it.url.endswith(f"{sha(REPO, 0)}/README.md")]
    assert len(asked) == 1, "one request more"


def test_without_the_parents_of_commits_only_what_is_as_old_as_the_repository_begins(served: Web) -> None:
    github(served, REPO, late_readme(before=False), parents=False, created_at="2023-12-31T23:00:00Z")
    past = read(served.settings())
    assert [s.dated for s in slots(past, "LICENSE")] == [True]
    assert [s.dated for s in slots(past, "README.md")] == [False], "it may have been there, and nobody can tell"


def test_a_repository_is_read_whole_or_not_at_all_where_the_quota_ends(served: Web) -> None:
    github(served, REPO, HISTORY)
    url = f"https://raw.githubusercontent.com/{REPO}/{sha(REPO, 3)}/README.md"
    served.say(url, b"", 403, X_RateLimit_Remaining="0")
    past = read(served.settings())
    assert past.told == (f"{REPO}: GitHub's quota is used up; set GITHUB_TOKEN",)
    (mark,) = past.snapshots
    assert (mark.slot, mark.status, mark.observed_at) == (f"github:{REPO}#repo", FetchStatus.ERROR, BEFORE_ALL)


def test_the_token_goes_to_the_api_alone(served: Web) -> None:
    github(served, REPO, HISTORY)
    read(served.settings(github_token="secret"))
    sent = {asked.url.split("/")[2] for asked in served.asked if "authorization" in asked.headers}
    assert sent == {"api.github.com"}


@pytest.fixture
def settings(replay: Replay) -> Settings:
    replay.at(NOW)
    return Settings(mirrors=json.loads(replay.mirrors), clock=datetime.fromisoformat(NOW))


@pytest.mark.shared
@pytest.mark.parametrize("number", [5, 24, 32])
def test_a_labelled_change_of_a_license_file_is_found_within_a_day(
    number: int, settings: Settings, shared: Path
) -> None:
    lines = (shared / "labels/change_events.jsonl").read_text().splitlines()
    event = next(e for e in map(json.loads, lines) if e["id"] == number)
    past = read(settings, "/".join(event["source"].split("/")[3:5]))
    assert past.told == ()
    assert past.requests >= past.commits
    found = slots(past, event["file"])
    assert [s.observed_at for s in found] == sorted(s.observed_at for s in found)
    at = datetime.fromisoformat(event["date"])
    changed = [(a, b) for a, b in pairwise(found) if abs(b.observed_at - at) <= timedelta(days=1)]
    assert any(read_text(a.body).license != read_text(b.body).license for a, b in changed)
    assert all(s.revision for s in found) and all(s.dated for s in found[1:])


@pytest.mark.shared
def test_a_repository_that_is_not_there_is_told_and_marked(settings: Settings) -> None:
    past = read(settings, "nobody/nothing")
    crawler = GithubPast(settings)
    estimate = crawler.estimate([Ask("github:nobody/nothing")], Period())
    crawler.close()
    assert past.told == ("nobody/nothing: HTTP 404",)
    assert [(s.slot, s.status) for s in past.snapshots] == [("github:nobody/nothing#repo", FetchStatus.ERROR)]
    assert estimate.problem == "nobody/nothing: HTTP 404"


@pytest.mark.shared
def test_an_estimate_names_what_the_past_costs(settings: Settings) -> None:
    crawler = GithubPast(settings)
    estimate = crawler.estimate([Ask("github:Stability-AI/sd3.5")], Period())
    past = crawler.past("release:x", [Ask("github:Stability-AI/sd3.5")], Period())
    crawler.close()
    assert estimate.requests == past.requests > estimate.commits >= past.commits > 1
