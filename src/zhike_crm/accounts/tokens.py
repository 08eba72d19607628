"""Who stands behind an access token: a member with less than their own rights, or a program of the workspace.

The token is looked up anew with every request, so that a revoked or expired one, and one of somebody who left, opens
nothing from that moment on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from zhike_crm.accounts.access import Role
from zhike_crm.accounts.actions import TOKEN_START, hashed
from zhike_crm.accounts.models import AccessToken, Membership
from zhike_crm.workspaces.models import Workspace

# `last_used_at` is for people, and a write with every read would be a waste.
NOTED_EVERY = dt.timedelta(minutes=1)


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
    """Who comes with this secret; None when it opens nothing (any more)."""
    if not secret.startswith(TOKEN_START) or len(secret) > 200:
        return None
    known = AccessToken.objects.everywhere().select_related("workspace", "member__user", "member__team")
    token = known.filter(secret_hash=hashed(secret)).first()
    if token is None or not token.is_valid:
        return None
    by = _actor(token)
    if by is None:
        return None
    _note_use(token)
    return Bearer(token, by)


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
