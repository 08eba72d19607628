"""A POST with an Idempotency-Key happens once, however often it is sent.

The key, what was done and the answer are one transaction: after a crash there is all of it or nothing, and of two
requests at the same moment the second one waits for the first and gets its answer. Requests that failed are not kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.api.models import StoredAnswer
from zhike_crm.api.problems import Problem

KEPT = dt.timedelta(hours=24)
HEADER = "Idempotency-Key"
PATTERN = r"^[!-~]([ -~]{0,98}[!-~])?$"
View = Callable[..., HttpResponse]


def idempotent(view: View) -> View:
    """Around what an address does, inside of its door: whoever gets the stored answer may do it today."""

    @wraps(view)
    def once(request: Any, **values: Any) -> HttpResponse:
        key = request.headers.get(HEADER, "")
        if not key:
            return view(request, **values)
        if not re.fullmatch(PATTERN, key):
            raise Problem(422, _("An Idempotency-Key has at most 100 printable characters."))
        try:
            return _first_time(view, request, key, values)
        except _Known:
            return _again(request, key)

    once.__signature__ = _resolved(view)  # type: ignore[attr-defined]
    return once


def _resolved(view: View) -> inspect.Signature:
    """The signature with types instead of their names, which nobody could look up from here."""
    types = get_type_hints(view, include_extras=True)
    given = inspect.signature(view)
    return given.replace(parameters=[p.replace(annotation=types[p.name]) for p in given.parameters.values()])


class _Known(Exception):
    """This key was used before."""


def _first_time(view: View, request: Any, key: str, values: dict[str, Any]) -> HttpResponse:
    """Do it. When that raises, the key is free again."""
    token = request.bearer.token
    with transaction.atomic():
        _mine(request).filter(key=key, created_at__lt=timezone.now() - KEPT).delete()
        known = {"workspace_id": token.workspace_id, "token": token, "key": key, "request_hash": _hash(request)}
        try:
            with transaction.atomic():
                stored = StoredAnswer.objects.create(**known)
        except IntegrityError as wrong:
            raise _Known from wrong
        response = view(request, **values)
        stored.status, stored.body = response.status_code, response.content.decode()
        stored.etag = response.get("ETag", "")
        stored.save(update_fields=["status", "body", "etag"])
    return response


def _again(request: Any, key: str) -> HttpResponse:
    stored = _mine(request).filter(key=key).first()
    if stored is None:
        raise Problem(409, _("Send it again."))
    if stored.request_hash != _hash(request):
        raise Problem(422, _("This Idempotency-Key was used for another request. Take a new key for a new request."))
    headers = {"Idempotency-Replayed": "true"} | ({"ETag": stored.etag} if stored.etag else {})
    content_type = "application/json; charset=utf-8"
    return HttpResponse(stored.body, status=stored.status, content_type=content_type, headers=headers)


def _mine(request: Any) -> Any:
    token = request.bearer.token
    return StoredAnswer.objects.of(token.workspace_id).filter(token=token)


def _hash(request: Any) -> str:
    """What was sent, and with which rights: an answer holds what these let see."""
    rights = f"{request.by.role} {sorted(request.by.scopes)}"
    sent = f"{request.method} {request.get_full_path()}\n{rights}\n".encode() + request.body
    return hashlib.sha256(sent).hexdigest()


def forget_old() -> int:
    """Remove answers nobody can ask for any more; how many."""
    old = StoredAnswer.objects.everywhere().filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]
