"""Who stands behind an access token: a member with less than their own rights, or a program of the workspace.

The token is looked up anew with every request, so that a revoked or expired one, and one of somebody who left, opens
nothing from that moment on. To build the objects anew each time would take longer than many an answer: they are kept
beside the row they were made of, and serve as long as the row reads the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from zhike_crm.accounts.access import Role
from zhike_crm.accounts.actions import TOKEN_START, hashed
from zhike_crm.accounts.models import AccessToken, Membership
from zhike_crm.workspaces.models import Workspace

# `last_used_at` is for people, and a write with every read would be a waste.
NOTED_EVERY = dt.timedelta(minutes=1)
# Everything that decides what a token opens, and everything of its people and workspace that a request may ask for.
_STATE = (
    *(f.attname for f in AccessToken._meta.concrete_fields),
    *(f"workspace__{f.attname}" for f in Workspace._meta.concrete_fields),
    *(f"member__{f.attname}" for f in Membership._meta.concrete_fields),
    "member__user__name",
    "member__user__email",
    "member__user__language",
    "member__user__is_active",
    "member__team__name",
)
_KEPT = 2_000


@dataclass(frozen=True)
class Program:
    """Who acts with a token of the workspace: as much of a member as access rights and actions ask for.

    It is nobody's, so it sees every record, owns none, and may exactly what the token says.
    """

    workspace: Workspace
    scopes: frozenset[str]
    role: str = Role.OWNER
    is_active: bool = True
    sees: str = ""
    user: Any = None
    user_id: int | None = None
    team_id: int | None = None
    pk: int | None = None

    @property
    def workspace_id(self) -> int:
        return self.workspace.pk


@dataclass(frozen=True)
class Bearer:
    """A valid token and who acts with it."""

    token: AccessToken
    by: Membership | Program


def bearer_of(secret: str) -> Bearer | None:
    """Who comes with this secret; None when it opens nothing (any more).

    Several requests share what they get: nobody changes it.
    """
    if not secret.startswith(TOKEN_START) or len(secret) > 200:
        return None
    name = hashed(secret)
    state = _state(name)
    if state is None:
        return None
    kept = _known.get(name)
    if kept is None or kept[0] != state:
        if len(_known) >= _KEPT:
            _known.clear()
        kept = _known[name] = (state, _made(name))
    bearer = kept[1]
    if bearer is None or not bearer.token.is_valid:
        return None
    _note_use(bearer.token)
    return bearer


# The hash of a secret → the row as the database has it, and what was made of it.
_known: dict[str, tuple[tuple[Any, ...], Bearer | None]] = {}


def _state(name: str) -> tuple[Any, ...] | None:
    """The row as it is at this moment, in the database's own values: only to see whether it is still the same."""
    with connection.cursor() as cursor:
        cursor.execute(_question(connection.vendor), [name])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


@cache
def _question(_vendor: str) -> str:
    """The text of the query; the ORM would write it anew with every request."""
    rows = AccessToken.objects.everywhere().filter(secret_hash="").values_list(*_STATE)
    text: str = rows.query.sql_with_params()[0]
    return text


def _made(name: str) -> Bearer | None:
    known = AccessToken.objects.everywhere().select_related("workspace", "member__user", "member__team")
    token = known.filter(secret_hash=name).first()
    by = _actor(token) if token else None
    return Bearer(token, by) if by else None


def _actor(token: AccessToken) -> Membership | Program | None:
    scopes = frozenset(token.scopes)
    member = token.member
    if member is None:
        return Program(token.workspace, scopes)
    if not member.is_active or not member.user.is_active:
        return None
    member.workspace = token.workspace
    member.scopes = scopes
    return member


def _note_use(token: AccessToken) -> None:
    now = timezone.now()
    if token.last_used_at and now - token.last_used_at < NOTED_EVERY:
        return
    mine = AccessToken.objects.of(token.workspace_id).filter(pk=token.pk)
    mine.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)).update(last_used_at=now)
