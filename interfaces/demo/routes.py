"""The Hub's HTTP interface over the demo's repositories, as a function from a request to a :class:`Reply`.

Shapes and status codes are the Hub's (huggingface.co/docs/hub/api): cursor paging by ``Link``, ``expand[]`` with a
closed list of names, ``X-Error-Code``, a 401 without that header for what an anonymous caller may not know to exist,
``GatedRepo`` for files of gated repositories, 307 for a former id, Git's blob id as ETag.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from interfaces.demo.record import BASIC, FULL, WEIGHTS, record, timestamp
from interfaces.demo.repository import Commit, Kind, Repository, State

MOST: Final = 1000
BRANCHES: Final = frozenset({"main", "HEAD", "refs/heads/main"})
# Copied names of a documented interface: huggingface_hub.hf_api.ExpandModelProperty_T and ExpandDatasetProperty_T.
EXPAND: Final = frozenset(
    """author baseModels cardData childrenModelCount citation config createdAt description disabled downloads
    downloadsAllTime evalResults gated gguf inference inferenceProviderMapping lastModified library_name likes mainSize
    mask_token model-index paperswithcode_id pipeline_tag private resourceGroup safetensors sha siblings spaces tags
    transformersInfo trendingScore usedStorage widgetData xetEnabled""".split()  # noqa: SIM905 - forty names
)
_API: Final = re.compile(r"/api/(model|dataset)s(?:/(.+))?")
_REPO: Final = re.compile(r"([^/]+(?:/[^/]+)??)(?:/(revision|commits|tree|refs)(?:/(.*))?)?")
_FILE: Final = re.compile(r"/(datasets/)?([^/]+(?:/[^/]+)??)/(?:resolve|raw)/([^/]+)/(.+)")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``headers`` are added to Content-Type, Content-Length and Date."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


class Refused(Exception):  # noqa: N818 - control flow
    """Ends a request early with ``reply``."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Request:
    """What a route needs to know. ``origin`` is this server's own address; ``token`` says whether one was sent."""

    path: str
    query: Mapping[str, tuple[str, ...]]
    token: bool
    origin: str
    at: datetime

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query field."""
        return self.query.get(name, (default,))[0]


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), headers or {})


def refusal(status: int, message: str, code: str | None = None) -> Refused:
    """An error in the Hub's shape, to be raised."""
    headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return Refused(as_json({"error": message}, status, headers))


def request_of(target: str, token: bool, origin: str, at: datetime) -> Request:
    """Read a request target (path and query)."""
    url = urlsplit(target)
    query: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        query[name] = (*query.get(name, ()), value)
    return Request(url.path, query, token, origin, at)


def answer(repositories: Sequence[Repository], request: Request, page_size: int = MOST) -> Reply:
    """Answer one GET or HEAD as the Hub of ``request.at`` would."""
    try:
        if api := _API.fullmatch(request.path):
            kind: Kind = "model" if api[1] == "model" else "dataset"
            if api[2] is None:
                return _listing(repositories, kind, request, page_size)
            return _repository(repositories, kind, api[2], request)
        if file := _FILE.fullmatch(request.path):
            return _file(repositories, "dataset" if file[1] else "model", file, request)
        raise refusal(404, "Sorry, we can't find the page you are looking for.")
    except Refused as refused:
        return refused.reply
    except ValueError as error:  # a number that is none, in the query
        return refusal(400, str(error)).reply


def _listing(repositories: Sequence[Repository], kind: Kind, request: Request, page_size: int) -> Reply:
    """Newest first unless ``direction=1``. The cursor is a place in the order, so that a listing may grow meanwhile."""
    descending = request.one("direction", "-1") == "-1"
    key = "lastModified" if request.one("sort") == "lastModified" else "createdAt"
    states = [s for r in repositories if r.kind == kind and (s := r.at(request.at)) is not None and s.listed]
    shown = sorted((record(kind, s) for s in states), key=lambda r: (r[key], r["id"]), reverse=descending)
    if author := request.one("author"):
        shown = [r for r in shown if (r["author"] or "").lower() == author.lower()]
    if cursor := request.one("cursor"):
        place = _decode_cursor(cursor)
        shown = [r for r in shown if ((r[key], r["id"]) < place if descending else (r[key], r["id"]) > place)]
    size = max(1, min(int(request.one("limit") or MOST), page_size, MOST))
    page = shown[:size]
    headers = {}
    if len(shown) > size:
        kept = [(name, value) for name, values in request.query.items() for value in values if name != "cursor"]
        query = urlencode([*kept, ("cursor", _encode_cursor(page[-1][key], page[-1]["id"]))])
        headers["Link"] = f'<{request.origin}/api/{kind}s?{query}>; rel="next"'
    full = request.one("full").lower() in ("true", "1")
    fields = _fields(request, FULL if full else BASIC)
    return as_json([{name: r[name] for name in fields if name in r} for r in page], headers=headers)


def _encode_cursor(value: str, id_: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, id_]).encode()).decode()


def _decode_cursor(cursor: str) -> tuple[str, str]:
    try:
        value, id_ = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise refusal(400, "Invalid cursor") from None
    return str(value), str(id_)


def _fields(request: Request, default: Sequence[str]) -> tuple[str, ...]:
    wanted = request.query.get("expand[]", request.query.get("expand", ()))
    if bad := [name for name in wanted if name not in EXPAND]:
        raise refusal(400, f'Invalid option: "{bad[0]}" at expand')
    fields = ("_id", "id", "modelId", *wanted) if wanted else tuple(default)
    return (*fields, "cardData") if request.one("cardData").lower() in ("true", "1") else fields


def _find(repositories: Sequence[Repository], kind: Kind, id_: str, request: Request) -> State:
    """The state in force under ``id_``, found whatever its case; a former id is a redirect, anything else is hidden."""
    now = [s for r in repositories if r.kind == kind and (s := r.at(request.at)) is not None and s.listed]
    for state in now:
        if state.id.lower() == id_.lower():
            return state
    for repository in repositories:
        state_now = repository.at(request.at)
        if repository.kind == kind and state_now in now and state_now is not None and id_ in repository.ids:
            raise _moved(id_, state_now.id, request)
    if request.token:
        raise refusal(404, "Repository not found", "RepoNotFound")
    raise refusal(401, "Invalid username or password.")


def _moved(old: str, new: str, request: Request) -> Refused:
    query = urlencode([(name, value) for name, values in request.query.items() for value in values])
    where = request.path.replace(old, new, 1) + ("?" + query if query else "")
    body = f"Temporary Redirect. Redirecting to {where}".encode()
    return Refused(Reply(307, body, {"Location": where}, "text/plain; charset=utf-8"))


def _repository(repositories: Sequence[Repository], kind: Kind, rest: str, request: Request) -> Reply:
    match = _REPO.fullmatch(unquote(rest))
    if match is None:
        raise refusal(404, "Not found")
    state = _find(repositories, kind, match[1], request)
    verb, argument = match[2], match[3] or ""
    if verb == "commits":
        return _commits(kind, state, argument, request)
    if verb == "refs":
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": state.sha}
        return as_json({"branches": [main], "tags": [], "converts": []})
    if verb == "tree":
        revision, _, folder = argument.partition("/")
        return as_json(_tree(_commit(state, revision), folder, request))
    if verb == "revision":  # the files and the card of then, the settings of now
        until = state.commits.index(_commit(state, argument)) + 1
        state = replace(state, commits=state.commits[:until])
    shown = record(kind, state)
    if any(name in request.query for name in ("expand", "expand[]")):
        shown = {name: shown[name] for name in _fields(request, ()) if name in shown}
    return as_json(shown)


def _commits(kind: Kind, state: State, revision: str, request: Request) -> Reply:
    _commit(state, revision)
    page, size = int(request.one("p", "0")), int(request.one("limit", "50"))
    newest = list(reversed(state.commits))
    headers = {"X-Total-Count": str(len(newest))}
    if (page + 1) * size < len(newest):
        more = f"{request.origin}/api/{kind}s/{state.id}/commits/{revision}?p={page + 1}&limit={size}"
        headers["Link"] = f'<{more}>; rel="next"'
    return as_json([_commit_shown(c) for c in newest[page * size : (page + 1) * size]], headers=headers)


def _commit_shown(commit: Commit) -> dict[str, Any]:
    return {"id": commit.sha, "title": commit.title, "message": "", "authors": [], "date": timestamp(commit.at)}


def _commit(state: State, revision: str) -> Commit:
    if revision in BRANCHES and state.commits:
        return state.commits[-1]
    for commit in state.commits:
        if commit.sha == revision or (len(revision) >= 7 and commit.sha.startswith(revision)):
            return commit
    raise refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def _tree(commit: Commit, folder: str, request: Request) -> list[dict[str, Any]]:
    inside = {p: f for p, f in commit.files.items() if not folder or p.startswith(folder.rstrip("/") + "/")}
    if folder and not inside:
        raise refusal(404, f"{folder} does not exist on this revision", "EntryNotFound")
    entries: dict[str, dict[str, Any]] = {}
    depth = len(folder.rstrip("/")) + 1 if folder else 0
    for path, file in sorted(inside.items()):
        head, slash, _ = path[depth:].partition("/")
        if slash and request.one("recursive").lower() not in ("true", "1"):
            name = path[:depth] + head
            entries[name] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
            continue
        entries[path] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
        if WEIGHTS.search(path):
            entries[path]["lfs"] = {"oid": file.oid.ljust(64, "0"), "size": file.size, "pointerSize": 135}
    return list(entries.values())


def _file(repositories: Sequence[Repository], kind: Kind, match: re.Match[str], request: Request) -> Reply:
    state = _find(repositories, kind, unquote(match[2]), request)
    path = unquote(match[4])
    commit = _commit(state, unquote(match[3]))
    if state.gated and path not in ("README.md", ".gitattributes"):
        message = f"Access to {kind} {state.id} is restricted and you are not in the authorized list."
        raise refusal(403 if request.token else 401, message, "GatedRepo")
    if state.disabled:
        raise refusal(403, "Access to this resource is disabled.", "DisabledRepo")
    file = commit.files.get(path)
    if file is None:
        raise refusal(404, "Entry not found", "EntryNotFound")
    if file.body is None:
        raise refusal(500, "this demo has no weights, and a metadata crawler asks for none")
    headers = {"ETag": f'"{file.oid}"', "X-Repo-Commit": commit.sha}
    return Reply(200, file.body, headers, "text/plain; charset=utf-8")
