"""People: invitations, roles, and who may give which."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from zhike_crm.accounts.access import PERMISSIONS, Role, can
from zhike_crm.accounts.actions import accept, change_member, invitation_of, invite
from zhike_crm.accounts.models import Invitation, Membership, User
from zhike_crm.audit.models import AuditEntry
from zhike_crm.workspaces.models import Workspace

ClientAs = Callable[..., Client]
MemberOf = Callable[..., Membership]


def test_an_invited_person_joins_and_nobody_else(member: MemberOf, workspace: Workspace) -> None:
    invitation, secret = invite(workspace, "New@Example.com", Role.SALES, by=member("admin"))
    assert secret not in str(Invitation.objects.of(workspace).values().get())
    with pytest.raises(ValidationError):
        accept(invitation, by=User.objects.create_user("thief@example.com"))
    joined = accept(invitation_of(secret), by=User.objects.create_user("new@example.com"))
    assert (joined.role, joined.workspace) == (Role.SALES, workspace)
    assert invitation_of(secret) is None
    assert set(AuditEntry.objects.of(workspace).values_list("verb", flat=True)) >= {"member.invited", "member.joined"}


def test_nobody_gives_more_rights_than_their_own(member: MemberOf, workspace: Workspace) -> None:
    with pytest.raises(ValidationError):
        invite(workspace, "x@example.com", Role.OWNER, by=member("admin"))
    with pytest.raises(ValidationError):
        change_member(member("viewer"), by=member("admin"), role=Role.OWNER)


def test_the_last_owner_stays(member: MemberOf) -> None:
    owner = member("owner")
    with pytest.raises(ValidationError):
        change_member(owner, by=owner, role=Role.VIEWER)
    with pytest.raises(ValidationError):
        change_member(owner, by=owner, is_active=False)


def test_who_left_sees_nothing_on_the_next_request(client_as: ClientAs, member: MemberOf) -> None:
    client = client_as("sales")
    address = reverse("customer_list", args=["shop"])
    assert client.get(address).status_code == 200
    change_member(member("sales"), by=member("owner"), is_active=False)
    assert client.get(address).status_code == 404


def test_an_invitation_mail_names_the_installation_whatever_the_host_header(client_as: ClientAs) -> None:
    client = client_as("admin")
    values = {"email": "guest@example.com", "role": "viewer"}
    refused = client.post(reverse("members", args=["shop"]), values, headers={"host": "evil.example"})
    assert refused.status_code == 400
    client.post(reverse("members", args=["shop"]), values, headers={"x-forwarded-host": "evil.example"})
    (sent,) = mail.outbox
    assert "http://127.0.0.1:8000/join/" in sent.body
    assert "evil.example" not in sent.body


def test_every_role_can_do_only_what_the_table_says(member: MemberOf) -> None:
    allowed = {role: {p for p in PERMISSIONS if can(member(role), p)} for role in Role.values}
    assert allowed[Role.OWNER] == set(PERMISSIONS)
    assert allowed[Role.VIEWER] == {"customers.view", "insights.view"}
    assert "personal.view" not in allowed[Role.ANALYST]
    with pytest.raises(KeyError):
        can(member("owner"), "no.such.permission")
