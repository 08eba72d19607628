"""Segments over the API: the same actions as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.crm.api.conftest import Caller
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers.actions import create_customer
from zhike_crm.customers.models import Customer
from zhike_crm.jobs.worker import Worker
from zhike_crm.segments.models import Segment
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
PARIS = {"column": "city", "test": "is", "value": "Paris"}


@pytest.fixture
def people(workspace: Workspace, member: Callable[..., Membership]) -> list[Customer]:
    boss = member("owner")
    return [create_customer(boss, name=f"C{n}", city="Paris" if n < 3 else "上海") for n in range(5)]


def work() -> None:
    while Worker().work_once():
        pass


def made(call: Caller, **body: Any) -> dict[str, Any]:
    answer = call.post("/segments", {"name": "Paris", "rule": PARIS, **body})
    assert answer.status_code == 201, answer.content
    work()
    return dict(call.get(f"/segments/{answer.json()['id']}").json())


def test_a_segment_is_made_counted_read_and_archived(people: list[Customer], caller: Callable[..., Caller]) -> None:
    call = caller("marketer")
    assert call.post("/segments/count", {"rule": PARIS}).json() == {"customers": 3}
    one = made(call, description="In Paris")
    assert (one["count"], one["rule"], one["kind"], one["dynamic"], one["archived"]) == (3, PARIS, "rule", True, False)
    assert one["counted_at"] is not None
    path = f"/segments/{one['id']}"
    first = call.get(f"{path}/customers?limit=2").json()
    second = call.get(f"{path}/customers?limit=2&cursor={first['next']}").json()
    assert [row["name"] for row in first["items"] + second["items"]] == ["C0", "C1", "C2"]
    assert second["next"] is None
    # The list of customers knows segments too.
    where = f'{{"column":"segment","test":"none_of","value":["{one["id"]}"]}}'
    assert [row["name"] for row in call.get(f"/customers?where={where}").json()["items"]] == ["C3", "C4"]
    changed = call.patch(path, {"rule": {"not": PARIS}, "name": "Elsewhere"})
    assert changed.json()["name"] == "Elsewhere"
    work()
    assert call.get(path).json()["count"] == 2
    history = call.get(f"{path}/history").json()["items"]
    assert [(turn["entered"], turn["left"], turn["count"]) for turn in history] == [(2, 3, 2), (3, 0, 3)]
    assert call("DELETE", path).status_code == 204
    assert call.get("/segments").json()["items"] == []
    assert [row["id"] for row in call.get("/segments?archived=true").json()["items"]] == [one["id"]]
    assert call.post(f"{path}/restore").json()["archived"] is False
    verbs = AuditEntry.objects.filter(workspace=people[0].workspace, record_type="segments.segment", via="api")
    assert set(verbs.values_list("verb", flat=True)) == {
        "segment.created",
        "segment.changed",
        "segment.archived",
        "segment.restored",
    }


def test_a_fixed_list_is_changed_by_ids(people: list[Customer], caller: Callable[..., Caller]) -> None:
    call = caller("marketer")
    one = made(call, name="Guests", kind="list", rule={})
    path, ids = f"/segments/{one['id']}/customers", [customer.pk for customer in people]
    assert call.post(path, {"add": ids[:4]}).json()["count"] == 4
    assert call.post(path, {"remove": ids[:1], "add": ids[3:]}).json()["count"] == 4
    assert [row["id"] for row in call.get(path).json()["items"]] == ids[1:]
    assert call.post(path, {"add": [10**9]}).status_code == 422
    assert call.post(path, {"add": ["x"]}).status_code == 422
    assert call.post(f"/segments/{one['id']}/refresh").status_code == 422
    rule = made(call)
    assert call.post(f"/segments/{rule['id']}/customers", {"add": ids}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": " ", "rule": PARIS},
        {"name": "x", "rule": {"column": "password", "test": "is", "value": "x"}},
        {"name": "x", "rule": {"column": "segment", "test": "any_of", "value": ["99"]}},
        {"name": "x", "rule": {"event": "purchase", "test": "at_least", "value": "1; DROP"}},
        {"name": "x", "rule": {"event": "purchase", "test": "none", "where": [{"detail": "x"}]}},
        {"name": "x", "rule": [1]},
        {"name": "x", "rule": PARIS, "workspace": 2},
        {"name": "x", "rule": PARIS, "kind": "cluster"},
        {"name": "x", "rule": PARIS, "count": 5},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_a_sentence(caller: Callable[..., Caller], body: dict[str, Any]) -> None:
    answer = caller("marketer").post("/segments", body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not Segment.objects.everywhere().exists()


def test_circles_are_refused(people: list[Customer], caller: Callable[..., Caller]) -> None:
    call = caller("marketer")
    one = made(call)
    asked = {"column": "segment", "test": "any_of", "value": [one["id"]]}
    two = made(call, name="Two", rule=asked)
    wrong = call.patch(f"/segments/{one['id']}", {"rule": asked | {"value": [two["id"]]}})
    assert wrong.status_code == 422
    assert "Paris → Two → Paris" in wrong.json()["detail"]


def test_what_is_hidden_stays_hidden(people: list[Customer], caller: Callable[..., Caller]) -> None:
    secret = {"column": "email", "test": "contains", "value": "secret@"}
    one = made(caller("marketer"), rule=secret)
    analyst = caller("analyst")
    assert analyst.get(f"/segments/{one['id']}").json()["rule"] is None
    assert "secret@" not in analyst.get("/segments").content.decode()
    assert analyst.post("/segments/count", {"rule": secret}).status_code == 422
    assert analyst.post("/segments", {"name": "x", "rule": secret}).status_code == 422


def test_only_customers_within_reach(
    people: list[Customer], caller: Callable[..., Caller], member: Callable[..., Membership]
) -> None:
    one = made(caller("owner"))
    few = caller("marketer", sees="own")
    Customer.objects.of(people[1].workspace).filter(pk=people[1].pk).update(owner=member("marketer"))
    assert [row["name"] for row in few.get(f"/segments/{one['id']}/customers").json()["items"]] == ["C1"]
    assert few.post("/segments/count", {"rule": PARIS}).json() == {"customers": 1}
    listed = made(few, name="Mine", kind="list", rule={})
    assert few.post(f"/segments/{listed['id']}/customers", {"add": [people[0].pk]}).status_code == 422


def test_a_program_of_the_workspace_makes_segments_of_nobody(
    workspace: Workspace, member: Callable[..., Membership]
) -> None:
    from zhike_crm.accounts.actions import create_token

    boss = member("owner")
    token, secret = create_token(workspace, "shop", ["customers.view", "segments.edit"], by=boss, personal=False)
    call = Caller(token, secret)
    one = made(call)
    assert (one["owner"], one["count"]) == (None, 0)


def test_a_list_asks_as_many_questions_whatever_its_length(
    people: list[Customer], caller: Callable[..., Caller], django_assert_max_num_queries: Any
) -> None:
    call = caller("owner")
    for number in range(12):
        Segment.objects.create(workspace=people[0].workspace, name=f"S{number}", kind="list", count=0)
    call.get("/segments")
    with django_assert_max_num_queries(6):
        assert len(call.get("/segments").json()["items"]) == 12
