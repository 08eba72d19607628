"""Answers as JSON, written straight away: to run each row of a list through a schema again would take the most time."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse

_encode = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_json(data: Any) -> str:
    return _encode(data)


def answer(data: Any, status: int = 200, *, etag: str = "") -> HttpResponse:
    """The data as JSON. `etag` is the version that a change has to name."""
    response = HttpResponse(as_json(data), status=status, content_type="application/json; charset=utf-8")
    if etag:
        response["ETag"] = f'"{etag}"'
    return response


def nothing() -> HttpResponse:
    return HttpResponse(status=204)


def version_of(data: Any) -> str:
    """The same for the same content, another for any other."""
    return hashlib.sha256(json.dumps(data, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()[:32]
