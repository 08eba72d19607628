"""Answers as JSON, written straight away: to run each row of a list through a schema again would take the most time."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from pydantic_core import to_json


def as_json(data: Any) -> bytes:
    """What is no number is null: JSON has no word for it. What JSON does not know is said as text."""
    return to_json(data, inf_nan_mode="null", fallback=str)


def answer(data: Any, status: int = 200, *, etag: str = "") -> HttpResponse:
    """The data as JSON. `etag` is the version that a change has to name."""
    response = HttpResponse(as_json(data), status=status, content_type="application/json; charset=utf-8")
    if etag:
        response["ETag"] = f'"{etag}"'
    return response


def nothing() -> HttpResponse:
    return HttpResponse(status=204)


def version_of(data: Any) -> str:
    """The same for the same content in the same order, another for any other."""
    return hashlib.sha256(as_json(data)).hexdigest()[:32]
