"""A Prefect API asked as an outsider asks it, over HTTP, with the patience that Prefect's own client has."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any
from urllib.error import HTTPError

PATIENCE = 60.0
"""Seconds for which an API that is busy is asked again."""


def ask(url: str, body: object = None, *, method: str = "POST", headers: dict[str, str] | None = None) -> Any:
    """What the API answers to JSON. Raises HTTPError.

    Where two of its writers meet, Prefect's SQLite says that it is locked and the API answers 503, with nothing
    written. Prefect's client sends such a request again (``prefect/client/base.py``), so whoever stands in for it must.
    """
    data = json.dumps(body or {}).encode() if method == "POST" else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            if error.code != 503 or time.monotonic() > deadline:
                raise
        time.sleep(0.1)
