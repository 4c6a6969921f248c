"""The demo's hub answers in the Hub's shapes; asked with the Hub's own client where it has a word for it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.message import Message

import pytest
from huggingface_hub import HfApi

from interfaces.demo.hub import DemoHub, Reply
from interfaces.demo.repository import RepositoryError, load_repositories, parse_repository

AFTERNOON = datetime(2026, 10, 5, 15, tzinfo=UTC)
FIRST_NIGHT = datetime(2026, 10, 6, 2, tzinfo=UTC)
SECOND_NIGHT = datetime(2026, 10, 7, 2, tzinfo=UTC)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def ask(url: str, **headers: str) -> tuple[int, Message, bytes]:
    """Status, headers and body; redirects are not followed."""
    request = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def listed(hub: DemoHub, at: datetime) -> dict[str, list[str]]:
    """Id → licence tags of the listing at a date."""
    hub.at = at
    models = HfApi(endpoint=hub.url).list_models(expand=["tags"], sort="created_at")
    return {m.id: [t for t in m.tags or [] if t.startswith("license:")] for m in models}


def test_the_listing_changes_between_the_nights(demo_hub: DemoHub) -> None:
    before, first, second = (listed(demo_hub, at) for at in (AFTERNOON, FIRST_NIGHT, SECOND_NIGHT))
    assert set(before) - set(first) == {"plover-collective/plover-1b"}
    assert set(second) - set(first) == {
        "plover-collective/plover-1b",
        "mossbank/red-knot-7b",
        "quiet-quants/tern-7b-gguf",
        "tidewater-labs/tern-70b",
    }
    assert set(first) - set(second) == {"mossbank/dunlin-2b", "mossbank/knot-7b"}
    assert first["tidewater-labs/tern-7b"] == ["license:cc-by-nc-4.0"]
    assert second["tidewater-labs/tern-7b"] == ["license:apache-2.0"]
    assert first["mossbank/sanderling-embed"] == []


def test_pages_follow_a_cursor_that_survives_a_growing_listing() -> None:
    with DemoHub(at=FIRST_NIGHT, page_size=3) as hub:
        url = f"{hub.url}/api/models?limit=1000&sort=createdAt&expand[]=sha"
        seen: list[str] = []
        while url:
            _, headers, body = ask(url)
            page = json.loads(body)
            assert len(page) <= 3
            seen += [model["id"] for model in page]
            assert all(set(model) == {"_id", "id", "modelId", "sha"} for model in page)
            link = headers.get("Link", "")
            url = link[1 : link.index(">")] if link else ""
            hub.at = SECOND_NIGHT  # newer models come in at the front meanwhile
    assert len(seen) == len(set(seen))
    assert {"saltmarsh/stilt-13b", "curlew-small"} <= set(seen)
    assert "tidewater-labs/tern-70b" not in seen


def test_a_missing_repository_is_hidden_from_anonymous_callers(demo_hub: DemoHub) -> None:
    status, headers, _ = ask(f"{demo_hub.url}/api/models/mossbank/nothing-here")
    assert (status, headers["X-Error-Code"]) == (401, None)
    status, headers, _ = ask(f"{demo_hub.url}/api/models/mossbank/nothing-here", Authorization="Bearer hf_x")
    assert (status, headers["X-Error-Code"]) == (404, "RepoNotFound")
    status, headers, _ = ask(f"{demo_hub.url}/api/models/curlew-small", Authorization="Bearer wrong")
    assert (status, headers["X-Error-Code"]) == (401, None)
    assert "Invalid credentials" in headers["X-Error-Message"]


def test_a_private_model_is_missing_until_it_is_published(demo_hub: DemoHub) -> None:
    demo_hub.at = FIRST_NIGHT
    assert ask(f"{demo_hub.url}/api/models/tidewater-labs/tern-70b")[0] == 401
    demo_hub.at = SECOND_NIGHT
    _, _, body = ask(f"{demo_hub.url}/api/models/tidewater-labs/tern-70b")
    assert json.loads(body)["createdAt"] < "2026-10-05"


def test_files_of_a_gated_model_are_refused_but_its_card_is_not(demo_hub: DemoHub) -> None:
    files = f"{demo_hub.url}/saltmarsh/avocet-13b-chat/resolve/main"
    assert ask(f"{files}/LICENSE")[0] == 200
    demo_hub.at = SECOND_NIGHT
    status, headers, _ = ask(f"{files}/LICENSE")
    assert (status, headers["X-Error-Code"]) == (401, "GatedRepo")
    assert ask(f"{files}/LICENSE", Authorization="Bearer hf_x")[0] == 403
    assert ask(f"{files}/README.md")[0] == 200


def test_a_renamed_model_redirects_api_and_files(demo_hub: DemoHub) -> None:
    demo_hub.at = SECOND_NIGHT
    status, headers, _ = ask(f"{demo_hub.url}/api/models/mossbank/knot-7b?expand[]=sha")
    assert (status, headers["Location"]) == (307, "/api/models/mossbank/red-knot-7b?expand%5B%5D=sha")
    status, headers, _ = ask(f"{demo_hub.url}/mossbank/knot-7b/resolve/main/README.md")
    assert (status, headers["Location"]) == (307, "/mossbank/red-knot-7b/resolve/main/README.md")


def test_an_answer_in_another_case_names_the_real_id(demo_hub: DemoHub) -> None:
    _, _, body = ask(f"{demo_hub.url}/api/models/Mossbank/KNOT-7b")
    assert json.loads(body)["id"] == "mossbank/knot-7b"


def test_an_unchanged_file_is_not_sent_again(demo_hub: DemoHub) -> None:
    url = f"{demo_hub.url}/tidewater-labs/tern-7b/resolve/main/README.md"
    _, headers, body = ask(url)
    assert b"cc-by-nc-4.0" in body
    assert ask(url, If_None_Match=headers["ETag"])[::2] == (304, b"")
    demo_hub.at = SECOND_NIGHT
    assert ask(url, If_None_Match=headers["ETag"])[0] == 200


def test_history_and_tree_are_readable_with_the_hub_client(demo_hub: DemoHub) -> None:
    demo_hub.at = SECOND_NIGHT
    api = HfApi(endpoint=demo_hub.url)
    newest, oldest = api.list_repo_commits("tidewater-labs/tern-7b")
    assert newest.title == "Relicense to Apache-2.0"
    old = {entry.path for entry in api.list_repo_tree("tidewater-labs/tern-7b", revision=oldest.commit_id)}
    new = {entry.path for entry in api.list_repo_tree("tidewater-labs/tern-7b")}
    assert new - old == {"LICENSE"}


def test_an_unknown_property_is_refused_as_the_hub_refuses_it(demo_hub: DemoHub) -> None:
    status, _, body = ask(f"{demo_hub.url}/api/models?expand[]=licence")
    assert status == 400
    assert b"licence" in body


def test_weights_are_never_served(demo_hub: DemoHub) -> None:
    assert ask(f"{demo_hub.url}/tidewater-labs/tern-7b/resolve/main/model-00001-of-00002.safetensors")[0] == 500


def test_a_fault_may_be_put_in_front(demo_hub: DemoHub) -> None:
    demo_hub.fault = lambda target: Reply(503) if target.startswith("/api/datasets") else None
    assert ask(f"{demo_hub.url}/api/datasets")[0] == 503
    assert ask(f"{demo_hub.url}/api/models")[0] == 200
    assert [(r.target, r.status) for r in demo_hub.requests] == [("/api/datasets", 503), ("/api/models", 200)]


def test_a_model_made_anew_under_the_same_id_starts_its_history_again() -> None:
    repository = parse_repository(
        {
            "id": "a/b",
            "states": [
                {"at": "2026-01-01T00:00:00Z", "files": {"README.md": "one"}},
                {"at": "2026-02-01T00:00:00Z", "removed": True},
                {
                    "at": "2026-03-01T00:00:00Z",
                    "removed": False,
                    "created": "2026-03-01T00:00:00Z",
                    "files": {"LICENSE": "two"},
                },
            ],
        }
    )
    last = repository.states[-1]
    assert last.created.month == 3
    assert [set(commit.files) for commit in last.commits] == [{"LICENSE"}]


def test_a_mistake_in_a_repository_file_is_named() -> None:
    with pytest.raises(RepositoryError, match="licence"):
        parse_repository({"id": "a/b", "states": [{"at": "2026-01-01T00:00:00Z", "licence": "mit"}]})


def test_every_story_that_the_demo_promises_is_there() -> None:
    stories = " ".join(repository.story for repository in load_repositories())
    for word in ("licence opened", "licence closed", "gating added", "removed", "back", "renamed", "contradict"):
        assert word in stories
