"""Every address of the API × every role × strangers, from the URL table itself.

A new address is tested the moment it exists; one that names a record must say in `RECORDS` which, or the test fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.crm.access.conftest import everything
from tests.crm.access.samples import Samples
from zhike_crm.accounts.access import Role, can, grants
from zhike_crm.accounts.actions import create_token
from zhike_crm.accounts.models import Membership
from zhike_crm.api.limits import buckets
from zhike_crm.api.security import AccessToken
from zhike_crm.api.site import api
from zhike_crm.jobs.queue import enqueue
from zhike_crm.workspaces.models import Workspace

BASE = "/api/v1/"
# Not of a workspace: the page and the description (their own test below), and ninja's empty root.
FOR_PEOPLE = {"docs", "openapi.json", ""}
# The beginning of an address → the record whose id it takes.
RECORDS: dict[str, Callable[[Samples], int]] = {
    "customers/{pk}": lambda s: s.customer.pk,
    "customers/{pk}/interactions": lambda s: s.customer.pk,
    "customers/{pk}/merge": lambda s: s.customer.pk,
    "customers/{pk}/notes": lambda s: s.customer.pk,
    "customers/{pk}/restore": lambda s: s.gone.pk,
    "customers/{pk}/scores": lambda s: s.customer.pk,
    "imports/{pk}": lambda s: s.imported.pk,
    "imports/{pk}/check": lambda s: s.imported.pk,
    "imports/{pk}/run": lambda s: s.imported.pk,
    "imports/{pk}/undo": lambda s: s.imported.pk,
    "jobs/{pk}": lambda s: enqueue(s.owner.workspace, "refresh", by=s.owner.user, key="refresh").pk,
    "merges/{pk}/undo": lambda s: s.merge.pk,
    "notes/{pk}": lambda s: s.note.pk,
    "segments/{pk}": lambda s: s.segment.pk,
    "segments/{pk}/customers": lambda s: s.segment.pk,
    "segments/{pk}/profile": lambda s: s.segment.pk,
    "clusterings/{pk}": lambda s: s.clustering.pk,
    "clusterings/{pk}/keep": lambda s: s.clustering.pk,
    "segments/{pk}/history": lambda s: s.segment.pk,
    "segments/{pk}/refresh": lambda s: s.segment.pk,
    "segments/{pk}/restore": lambda s: s.segment.pk,
    "tasks/{pk}": lambda s: s.task.pk,
}
# Bodies that would be taken, so that nothing but the right is in the way.
BODIES: dict[str, Any] = {
    "PATCH customers/{pk}": {"name": "Changed"},
    "POST customers/{pk}/notes": {"text": "Written"},
    "POST customers/{pk}/merge": {"merged": 1},
    "POST imports/{pk}/check": {"columns": {}},
    "PATCH tasks/{pk}": {"done": True},
    "PATCH segments/{pk}": {"name": "Changed"},
    "PATCH clusterings/{pk}": {"groups": [{"number": 1, "en": "Little", "zh": "少"}]},
    "POST clusterings": {"traits": ["revenue"]},
    "POST segments/{pk}/customers": {"add": [], "remove": []},
}


def patterns() -> Iterator[str]:
    """The addresses below `api/v1/`, from Django's own table."""
    inside = next(e for e in get_resolver().url_patterns if isinstance(e, URLResolver) and "api/v1" in str(e.pattern))
    for entry in inside.url_patterns:
        if isinstance(entry, URLPattern):
            yield str(entry.pattern)
        else:
            yield from (str(deeper.pattern) for deeper in entry.url_patterns)


def operations() -> list[tuple[str, str, AccessToken]]:
    """(method, address, its door), from the table of the API."""
    found = []
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for one in view.operations:
                assert isinstance(one.auth_callbacks[0], AccessToken), path
                found += [(method, path.lstrip("/"), one.auth_callbacks[0]) for method in one.methods]
    return sorted(found, key=lambda known: known[:2])


OPERATIONS = operations()
WITH_A_RECORD = [known for known in OPERATIONS if "{pk}" in known[1]]


def named(known: Any) -> str:
    return f"{known[0]} {known[1]}" if isinstance(known, tuple) else ""


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    buckets.clear()


def call(method: str, path: str, secret: str = "", client: Client | None = None) -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    body = json.dumps(BODIES.get(f"{method} {path}", {}))
    return lambda pk=None: (client or Client(raise_request_exception=False)).generic(
        method, BASE + path.replace("{pk}", str(pk)), body, "application/json", headers=headers
    )


def secret_of(who: Membership, scopes: Any = None) -> str:
    return create_token(who.workspace, "test", grants(who.role) if scopes is None else scopes, by=who)[1]


def pk_of(path: str, samples: Samples) -> int | None:
    if "{pk}" not in path:
        return None
    assert path in RECORDS, f"tests/crm/access/test_api.py does not know a record for {path}"
    return RECORDS[path](samples)


def test_every_address_is_known_here() -> None:
    known = {path.replace("{pk}", "<pk>") for _method, path, _door in OPERATIONS}
    assert {path.replace("<int:pk>", "<pk>") for path in patterns()} - FOR_PEOPLE == known
    assert {path for _method, path, _door in WITH_A_RECORD} == set(RECORDS)
    assert set(BODIES) <= {named(one) for one in OPERATIONS}


@pytest.mark.parametrize("known", OPERATIONS, ids=named)
def test_strangers_learn_nothing_and_change_nothing(
    known: Any, samples: Samples, foreign: Samples, client_as: Callable[..., Client]
) -> None:
    """Without a token, with a wrong one, with a browser's session only: 401. Of another workspace: 404."""
    method, path, _door = known
    pk, theirs = pk_of(path, samples), secret_of(foreign.owner)
    signed_in = client_as("owner")
    before = everything()
    assert call(method, path)(pk).status_code == 401
    assert call(method, path, "zhk_wrong")(pk).status_code == 401
    assert call(method, path, client=signed_in)(pk).status_code == 401
    if pk is not None:
        assert call(method, path, theirs)(pk).status_code == 404
    assert unused(everything()) == unused(before)


@pytest.mark.parametrize("known", OPERATIONS, ids=named)
def test_a_role_gets_in_exactly_when_it_may(known: Any, samples: Samples, member: Callable[..., Membership]) -> None:
    method, path, door = known
    pk = pk_of(path, samples)
    powerless = secret_of(member("owner"), [])
    people = [(role, can(member(role), door.permission), secret_of(member(role))) for role in Role.values]
    before = everything()
    assert call(method, path, powerless)(pk).status_code == 403
    for role, allowed, secret in people:
        if not allowed:
            assert call(method, path, secret)(pk).status_code == 403, role
        elif method == "GET":
            assert call(method, path, secret)(pk).status_code == 200, role
    assert unused(everything()) == unused(before)


@pytest.mark.parametrize("known", [known for known in OPERATIONS if known[2].everything], ids=named)
def test_what_reaches_everybody_is_not_for_who_sees_some(known: Any, member: Callable[..., Membership]) -> None:
    method, path, _door = known
    assert call(method, path, secret_of(member("sales", sees="own")))().status_code == 403


@pytest.mark.parametrize("known", [k for k in WITH_A_RECORD if k[1].startswith("customers/")], ids=named)
def test_who_sees_their_own_records_does_not_reach_others(
    known: Any, samples: Samples, member: Callable[..., Membership]
) -> None:
    method, path, door = known
    who = member("manager", sees="own")
    assert can(who, door.permission)
    pk, secret = pk_of(path, samples), secret_of(who)
    before = everything()
    assert call(method, path, secret)(pk).status_code == 404
    assert unused(everything()) == unused(before)


@pytest.mark.parametrize("path", sorted({path for _method, path, _door in OPERATIONS}))
def test_other_methods_are_refused(path: str, samples: Samples, member: Callable[..., Membership]) -> None:
    secret, taken = secret_of(member("owner")), {method for method, other, _door in OPERATIONS if other == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - taken:
        refused = call(method, path, secret)(pk_of(path, samples))
        assert refused.status_code == 405, method
        assert set(refused["Allow"].split(", ")) == taken
        assert refused["Content-Type"] == "application/problem+json"


def test_the_page_and_the_description_are_for_people_who_are_known(
    workspace: Workspace, member: Callable[..., Membership], client_as: Callable[..., Client]
) -> None:
    for role in Role.values:
        assert client_as(role).get(BASE + "docs").status_code == 200
        assert client_as(role).get(BASE + "openapi.json").status_code == 200
        headers = {"Authorization": f"Bearer {secret_of(member(role))}"}
        assert Client().get(BASE + "openapi.json", headers=headers).status_code == 200
    assert Client().get(BASE + "docs").status_code == 302
    assert Client().get(BASE + "openapi.json").status_code == 401
    for path in ("docs", "openapi.json"):
        assert client_as("owner").post(BASE + path).status_code == 405


def test_there_is_nothing_elsewhere(workspace: Workspace, member: Callable[..., Membership]) -> None:
    for path in ("", "nothing", "customers/1/nothing", "../../profile/"):
        missing = call("GET", path, secret_of(member("owner")))()
        assert missing.status_code == 404, path
        assert missing["Content-Type"] == "application/problem+json"


def unused(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Without the tokens: that one was used is noted."""
    return {name: found for name, found in rows.items() if name != "accounts.AccessToken"}
