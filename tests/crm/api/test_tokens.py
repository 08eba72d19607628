"""What a token opens, and what closes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from zhike_crm.accounts.actions import create_token, revoke_token
from zhike_crm.accounts.models import AccessToken, Membership
from zhike_crm.api.site import api
from zhike_crm.customers.actions import create_customer
from zhike_crm.customers.models import Customer
from zhike_crm.workspaces.models import Workspace

Callers = Callable[..., Any]


def test_a_token_opens_what_its_scopes_say_and_no_more(caller: Callers) -> None:
    reader = caller("owner", {"customers.view"})
    assert reader.get("/customers").status_code == 200
    refused = reader.post("/customers", {"name": "Li Wei"})
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert not Customer.objects.everywhere().exists()


def test_a_token_never_may_more_than_its_owner(caller: Callers) -> None:
    viewer = caller("viewer", {"customers.view", "customers.edit", "personal.view"})
    assert viewer.post("/customers", {"name": "Li Wei"}).status_code == 403
    assert not Customer.objects.everywhere().exists()


def test_personal_data_needs_the_scope_too(caller: Callers, member: Callable[..., Membership]) -> None:
    made = create_customer(member("owner"), name="Li", email="li@example.com", phone="13800138000")
    told = caller("owner", {"customers.view"}).get(f"/customers/{made.pk}").json()
    assert "email" not in told
    assert "phone" not in told
    told = caller("owner", {"customers.view", "personal.view"}).get(f"/customers/{made.pk}").json()
    assert told["email"] == "li@example.com"


@pytest.mark.parametrize("how", ["revoked", "expired", "left", "deactivated", "wrong"])
def test_it_closes_at_once(caller: Callers, how: str) -> None:
    mine = caller("sales")
    assert mine.get("/customers").status_code == 200
    token, member = mine.token, mine.token.member
    if how == "revoked":
        revoke_token(token, by=member)
    elif how == "expired":
        token.expires_at = timezone.now() - dt.timedelta(seconds=1)
        token.save()
    elif how == "left":
        member.is_active = False
        member.save()
    elif how == "deactivated":
        member.user.is_active = False
        member.user.save()
    else:
        mine.secret += "x"
    refused = mine.get("/customers")
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == "Bearer"


def test_a_session_in_a_browser_opens_nothing(client_as: Callable[..., Client]) -> None:
    assert client_as("owner").get("/api/v1/customers").status_code == 401


def test_use_is_noted_once_a_minute(caller: Callers) -> None:
    mine = caller("sales")
    mine.get("/customers")
    first = AccessToken.objects.everywhere().get(pk=mine.token.pk).last_used_at
    mine.get("/customers")
    assert AccessToken.objects.everywhere().get(pk=mine.token.pk).last_used_at == first
    AccessToken.objects.everywhere().filter(pk=mine.token.pk).update(last_used_at=first - dt.timedelta(minutes=2))
    mine.get("/customers")
    assert AccessToken.objects.everywhere().get(pk=mine.token.pk).last_used_at > first - dt.timedelta(minutes=1)


def test_a_token_of_the_workspace_outlives_who_made_it(caller: Callers, workspace: Workspace) -> None:
    program = caller("manager", {"customers.view", "customers.edit"}, personal=False)
    Membership.objects.of(workspace).filter(role="manager").update(is_active=False)
    made = program.post("/customers", {"name": "Li Wei"})
    assert made.status_code == 201
    assert program.post("/tasks", {"title": "Call", "customer": made.json()["id"]}).json()["owner"] is None
    note = program.post(f"/customers/{made.json()['id']}/notes", {"text": "From the shop"})
    assert note.json()["by"] is None


def test_a_token_may_not_be_a_workspace_of_another(caller: Callers, other_workspace: Workspace) -> None:
    """Every address that names a record: 404 for one of another workspace, and nothing changes there."""
    stranger = Membership.objects.of(other_workspace).select_related("workspace", "user").get()
    theirs = create_customer(stranger, name="Theirs")
    secret = create_token(other_workspace, "theirs", ["customers.view"], by=stranger)[1]
    mine = caller("owner")
    for path, methods in _with_a_record():
        for method in methods:
            answer = mine(method, path.replace("{pk}", str(theirs.pk)), _BODIES.get((method, path), {}))
            assert answer.status_code == 404, (method, path, answer.content)
            assert secret.encode() not in answer.content
    theirs.refresh_from_db()
    assert theirs.is_current
    assert theirs.name == "Theirs"


_BODIES = {
    ("PATCH", "/customers/{pk}"): {"name": "Mine"},
    ("POST", "/customers/{pk}/notes"): {"text": "Mine"},
    ("POST", "/customers/{pk}/merge"): {"merged": 1},
    ("PATCH", "/tasks/{pk}"): {"done": True},
    ("PATCH", "/clusterings/{pk}"): {"groups": [{"number": 1, "en": "Mine", "zh": "我的"}]},
}


def _with_a_record() -> list[tuple[str, list[str]]]:
    described = api.get_openapi_schema(path_prefix="")["paths"]
    return [(path, [m.upper() for m in methods]) for path, methods in described.items() if "{pk}" in path]


def test_every_address_asks_for_a_token_and_a_right(caller: Callers) -> None:
    """401 without a token, 403 with one that may nothing: from the table of addresses, so that none is forgotten."""
    nobody, powerless = Client(), caller("owner", [])
    for path, methods in api.get_openapi_schema(path_prefix="")["paths"].items():
        for method in methods:
            address = path.replace("{pk}", "1")
            assert nobody.generic(method.upper(), f"/api/v1{address}").status_code == 401, path
            assert powerless(method.upper(), address, {}).status_code == 403, path


def test_what_changes_something_is_no_get(caller: Callers) -> None:
    mine = caller("owner")
    for path, methods in api.get_openapi_schema(path_prefix="")["paths"].items():
        if "get" not in methods:
            assert mine.get(path.replace("{pk}", "1")).status_code == 405, path


def test_no_answer_holds_a_secret(caller: Callers) -> None:
    mine = caller("owner")
    mine.post("/customers", {"name": "Li"}, Idempotency_Key="k")
    for path, methods in api.get_openapi_schema(path_prefix="")["paths"].items():
        if "get" in methods:
            said = mine.get(path.replace("{pk}", "1")).content.decode()
            for secret in (mine.secret, mine.token.secret_hash, mine.token.prefix, "password"):
                assert secret not in said, path


def test_wrong_tokens_are_limited_whatever_the_headers_say(db: None) -> None:
    client = Client()
    answers = [
        client.get("/api/v1/customers", headers={"Authorization": "Bearer zhk_x", "X-Forwarded-For": f"10.0.0.{n}"})
        for n in range(70)
    ]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1


def test_requests_of_a_token_are_limited(caller: Callers, settings: Any) -> None:
    settings.ZHIKE_API_PER_MINUTE = 3
    mine = caller("viewer")
    codes = [mine.get("/fields", X_Forwarded_For=f"10.0.0.{n}").status_code for n in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert caller("viewer").get("/fields").status_code == 200
