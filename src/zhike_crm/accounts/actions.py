"""What is done to people and workspaces: atomic and audited. None of these knows of requests."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from zhike_crm.accounts.access import Role, grants
from zhike_crm.accounts.models import AccessToken, Invitation, Membership, Team, User
from zhike_crm.audit.log import Actor, differences, record
from zhike_crm.workspaces.models import Workspace

INVITATION_DAYS = 7
TOKEN_START = "zhk_"  # noqa: S105 - not a secret: what every token begins with, so that scanners find leaked ones


@transaction.atomic
def create_workspace(name: str, *, by: User, **values: Any) -> Workspace:
    """A workspace, owned by the person who makes it."""
    slug = values.pop("slug", "") or _free_slug(name)
    workspace = Workspace(name=name, slug=slug, **values)
    workspace.full_clean()
    workspace.save()
    owner = Membership.objects.create(workspace=workspace, user=by, role=Role.OWNER)
    record(owner, "workspace.created", Actor(by))
    return workspace


@transaction.atomic
def invite(
    workspace: Workspace, email: str, role: str, *, by: Membership, team: Team | None = None
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is shown to nobody but the invited."""
    _may_give(by, role)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email.strip().lower(),
        role=role,
        team=team,
        secret_hash=hashed(secret),
        invited_by=by.user,
        expires_at=timezone.now() + dt.timedelta(days=INVITATION_DAYS),
    )
    record(invitation, "member.invited", Actor(by.user), {"role": [None, role]})
    return invitation, secret


def invitation_of(secret: str) -> Invitation | None:
    """The open invitation that a link names."""
    found = Invitation.objects.everywhere().filter(secret_hash=hashed(secret)).select_related("workspace").first()
    return found if found and found.is_open else None


@transaction.atomic
def accept(invitation: Invitation, *, by: User) -> Membership:
    """The person joins. Only the one whose address was invited can.

    Raises:
        ValidationError: the invitation is for another address, or no longer open.
    """
    invitation = Invitation.objects.of(invitation.workspace_id).select_for_update().get(pk=invitation.pk)
    if not invitation.is_open:
        raise ValidationError(_("This invitation is no longer open. Ask for a new one."))
    if by.email.lower() != invitation.email:
        raise ValidationError(_("This invitation is for another e-mail address. Sign in with that address."))
    values = {"role": invitation.role, "team": invitation.team, "is_active": True}
    member, _created = Membership.objects.update_or_create(
        workspace_id=invitation.workspace_id, user=by, defaults=values
    )
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    record(member, "member.joined", Actor(by))
    return member


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Membership) -> None:
    """The link of this invitation opens nothing any more."""
    record(invitation, "member.invitation_withdrawn", Actor(by.user))
    invitation.delete()


@transaction.atomic
def create_team(workspace: Workspace, name: str, *, by: Membership) -> Team:
    """A team without members yet."""
    team = Team.objects.create(workspace=workspace, name=name)
    record(team, "team.created", Actor(by.user))
    return team


@transaction.atomic
def change_workspace(workspace: Workspace, *, by: Membership, **values: Any) -> Workspace:
    """Change name, currency, time zone or language."""
    before = Workspace.objects.get(pk=workspace.pk)
    changes = differences(before, values)
    if changes:
        for name, value in values.items():
            setattr(workspace, name, value)
        workspace.save()
        record(by, "workspace.changed", Actor(by.user), changes)
    return workspace


@transaction.atomic
def change_member(member: Membership, *, by: Membership, **values: Any) -> Membership:
    """Change role, team, reach, or whether the person still belongs.

    Raises:
        ValidationError: the last owner would be gone, or the role is above one's own.
    """
    changes = differences(member, values)
    if not changes:
        return member
    if member.role == Role.OWNER and ("role" in changes or "is_active" in changes):
        _may_give(by, Role.OWNER)
        _not_the_last_owner(member)
    if "role" in values:
        _may_give(by, values["role"])
    for name, value in values.items():
        setattr(member, name, value)
    member.save()
    record(member, "member.changed", Actor(by.user), changes)
    return member


@transaction.atomic
def create_token(
    workspace: Workspace,
    name: str,
    scopes: Iterable[str],
    *,
    by: Membership,
    personal: bool = True,
    expires_at: dt.datetime | None = None,
) -> tuple[AccessToken, str]:
    """A token and its secret, which is shown this once."""
    secret = TOKEN_START + secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        workspace=workspace,
        member=by if personal else None,
        name=name,
        prefix=secret[:10],
        secret_hash=hashed(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    record(token, "token.created", Actor(by.user), {"scopes": [None, token.scopes]})
    return token, secret


@transaction.atomic
def revoke_token(token: AccessToken, *, by: Membership) -> None:
    """From now on the token opens nothing."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(token, "token.revoked", Actor(by.user))


def hashed(secret: str) -> str:
    """Secrets have 256 random bits, so a plain hash is enough and can be looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _may_give(by: Membership, role: str) -> None:
    """Nobody gives a role that may more than their own."""
    if not grants(role) <= grants(by.role):
        raise ValidationError(_("You cannot give a role with more rights than your own."))


def _not_the_last_owner(member: Membership) -> None:
    others = Membership.objects.of(member.workspace_id).filter(role=Role.OWNER, is_active=True).exclude(pk=member.pk)
    if not others.exists():
        raise ValidationError(_("A workspace needs an owner: give this role to somebody else first."))


def _free_slug(name: str) -> str:
    """An address made from the name, with a number behind it when it is taken."""
    wanted = slugify(name)[:30] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(s for s in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)
