"""The one door of the API: a token, its limits, its rights, and how much it sends.

>>> @router.get("/customers", auth=may("customers.view"))      # doctest: +SKIP
... def customer_list(request): ...     # request.by and request.workspace are set

Rights are checked before the body is read and before anything is read or written.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from zhike_crm.accounts.access import Reach, reach, require
from zhike_crm.accounts.tokens import Bearer, bearer_of
from zhike_crm.api import limits
from zhike_crm.api.problems import Problem

BODY = 1024 * 1024


class AccessToken(HttpBearer):
    """What every address of the API asks for."""

    def __init__(self, permission: str, *, everything: bool = False) -> None:
        super().__init__()
        self.permission, self.everything = permission, everything

    def authenticate(self, request: Any, token: str) -> Bearer | None:
        bearer = known_bearer(request, token)
        if bearer is None:
            _stop_if_spent(limits.of_stranger(request.META.get("REMOTE_ADDR", "")))
            return None
        request.allowance = limits.of_token(bearer.token.pk)
        _stop_if_spent(request.allowance)
        request.by, request.workspace = bearer.by, bearer.token.workspace
        require(bearer.by, self.permission)
        if self.everything and reach(bearer.by) != Reach.ALL:
            raise PermissionDenied(str(Reach.ALL.label))
        self.look_at_size(request)
        return bearer

    def look_at_size(self, request: HttpRequest) -> None:
        """Refuse a body that is too large before it is read."""
        not_larger_than(request, BODY)


def may(permission: str) -> AccessToken:
    """The door for who has this right."""
    return AccessToken(permission)


def reaching_all(permission: str) -> AccessToken:
    """The door for who has this right over the records of everybody."""
    return AccessToken(permission, everything=True)


def known_bearer(request: Any, token: str) -> Bearer | None:
    """Who comes with the token, looked up once a request."""
    if not hasattr(request, "bearer"):
        request.bearer = bearer_of(token.strip())
    return request.bearer


def secret_of(request: HttpRequest) -> str:
    kind, _blank, secret = request.headers.get("Authorization", "").partition(" ")
    return secret if kind.lower() == "bearer" else ""


def _stop_if_spent(allowance: limits.Allowance) -> None:
    if allowance.is_spent:
        wait = _("Wait %(seconds)s seconds, then go on more slowly.") % {"seconds": allowance.wait}
        raise Problem(429, wait, allowance.headers)


def length_of(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def not_larger_than(request: HttpRequest, most: int) -> None:
    if length_of(request) > most:
        raise Problem(413, _("Send at most %(size)s bytes at once.") % {"size": most})
