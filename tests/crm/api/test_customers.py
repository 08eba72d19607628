"""Customers through the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test.utils import CaptureQueriesContext

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers import keeping
from zhike_crm.customers.actions import RECORD_TYPE, create_customer
from zhike_crm.customers.models import Customer, Score, ScoredRun
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.workspaces.models import Workspace

Callers = Callable[..., Any]


@pytest.fixture
def people(member: Callable[..., Membership]) -> list[Customer]:
    """Thirty customers; every third without a score, some with the same revenue."""
    made = [create_customer(member("owner"), name=f"Customer {n}", city="Lyon" if n % 2 else "Köln") for n in range(30)]
    for n, customer in enumerate(made):
        if n % 3:
            Score.objects.create(
                workspace_id=customer.workspace_id,
                customer=customer,
                run=1,
                as_of="2026-01-01",
                never_purchased=False,
                revenue=float(n // 4),
                orders=n % 4,
                stage=[None, "churn", "growth"][n % 3],
            )
    return made


def pages(caller: Any, address: str) -> list[int]:
    found: list[int] = []
    cursor = ""
    for _page in range(40):
        told = caller.get(f"{address}&cursor={cursor}").json()
        found += [item["id"] for item in told["items"]]
        cursor = told["next"]
        if cursor is None:
            return found
    raise AssertionError("no end")


@pytest.mark.parametrize("kept", [False, True], ids=["small", "large"])
@pytest.mark.parametrize(
    "sort", ["id", "-id", "revenue", "-revenue", "-stage", "orders", "name", "-created_at", "city"]
)
def test_pages_give_everybody_once_in_order(
    caller: Callers, people: list[Customer], sort: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = caller("owner")
    some = quote(json.dumps({"not": {"column": "revenue", "test": "between", "value": [2, 4]}}))
    narrow = f"/customers?limit=3&sort={sort}&where={some}"
    expected = pages(mine, f"/customers?limit=7&sort={sort}"), pages(mine, narrow)
    if kept:
        # With a file of the columns, as large workspaces have.
        monkeypatch.setattr(keeping, "MANY", 1)
        ScoredRun.objects.create(workspace_id=people[0].workspace_id, run=1)
        keeping.keep_again(people[0].workspace)
    found = pages(mine, f"/customers?limit=7&sort={sort}")
    assert (found, pages(mine, narrow)) == expected
    assert sorted(found) == [c.pk for c in people]
    if sort == "-revenue":
        revenue = {c.pk: getattr(getattr(c, "score", None), "revenue", None) for c in people}
        values = [revenue[pk] for pk in found]
        scored = [v for v in values if v is not None]
        assert scored == sorted(scored, reverse=True)
        assert values[len(scored) :] == [None] * 10


def test_pages_stay_right_while_others_write(caller: Callers, people: list[Customer], member: Any) -> None:
    mine = caller("owner")
    first = mine.get("/customers?limit=10&sort=-id").json()
    create_customer(member("owner"), name="Late")
    people[-1].delete()
    second = mine.get(f"/customers?limit=30&sort=-id&cursor={first['next']}").json()
    seen = [item["id"] for item in first["items"] + second["items"]]
    assert seen == [c.pk for c in reversed(people) if c.pk] or sorted(seen, reverse=True) == seen
    assert len(set(seen)) == 30


def test_conditions_are_those_of_the_list(caller: Callers, people: list[Customer]) -> None:
    where = {
        "all": [{"column": "city", "test": "is", "value": "Lyon"}, {"column": "revenue", "test": "gt", "value": 4}]
    }
    address = f"/customers?where={quote(json.dumps(where))}&sort=-revenue&limit=200"
    found = caller("owner").get(address).json()["items"]
    assert found
    assert all(item["city"] == "Lyon" and item["scores"]["revenue"] > 4 for item in found)


def test_scores_say_which_models_failed_their_test(caller: Callers, people: list[Customer]) -> None:
    mine, scored = caller("owner"), people[1]
    assert mine.get(f"/customers/{scored.pk}").json()["scores"]["unproven"] == []
    ScoredRun.objects.create(workspace_id=scored.workspace_id, run=1, unproven=["clv"])
    assert mine.get(f"/customers/{scored.pk}").json()["scores"]["unproven"] == ["clv"]
    listed = mine.get("/customers?limit=200").json()["items"]
    assert {tuple(item["scores"]["unproven"]) for item in listed if item["scores"]} == {("clv",)}


@pytest.mark.parametrize(
    "asked",
    [
        "where=[1]",
        "where={",
        'where={"column":"workspace__name","test":"is","value":"Shop"}',
        'where={"column":"name","test":"iregex","value":"(a%2B)%2B"}',
        'where={"column":"owner__user__password","test":"starts","value":"a"}',
        'where={"column":"name","test":"is","value":{"__class__":1}}',
        'where={"column":"owner","test":"any_of","value":["9999999999999999999999"]}',
        "sort=owner__user__password",
        "sort=-workspace",
        "cursor=AAAA",
        "cursor=WyJpZCIsbnVsbCwiMSBPUiAxPTEiXQ",
        "limit=0",
        "limit=100000",
    ],
)
def test_nothing_written_becomes_a_path_or_a_lookup(caller: Callers, people: list[Customer], asked: str) -> None:
    answer = caller("owner").get(f"/customers?{asked}")
    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json()["items"] == []


@pytest.mark.parametrize("asked", ['where={"column":"email","test":"filled"}', "sort=email", "sort=phone"])
def test_what_is_hidden_cannot_be_found_out(caller: Callers, people: list[Customer], asked: str) -> None:
    assert caller("owner", {"customers.view"}).get(f"/customers?{asked}").status_code == 422
    assert caller("owner", {"customers.view", "personal.view"}).get(f"/customers?{asked}").status_code == 200


def test_personal_fields_are_not_even_named(caller: Callers, workspace: Workspace) -> None:
    FieldDefinition.objects.create(
        workspace=workspace, record_type=RECORD_TYPE, name="pay", label="Pay", kind="number", personal=True
    )
    assert caller("viewer").get("/fields").json() == []
    assert [field["name"] for field in caller("owner").get("/fields").json()] == ["pay"]


def test_own_records_only(caller: Callers, member: Any, people: list[Customer]) -> None:
    mine = caller("sales", sees="own")
    create_customer(member("owner"), name="Mine", owner=member("sales"))
    assert [item["name"] for item in mine.get("/customers").json()["items"]] == ["Mine"]
    assert mine.get(f"/customers/{people[0].pk}").status_code == 404
    assert mine.patch(f"/customers/{people[0].pk}", {"name": "x"}).status_code == 404
    assert mine.get("/orders").status_code == 403
    assert mine.post("/track", {"userId": "1", "event": "Login"}).status_code == 403


def test_create_change_delete_restore(caller: Callers, workspace: Workspace) -> None:
    FieldDefinition.objects.create(
        workspace=workspace, record_type="customers.customer", name="size", label="Size", kind="number"
    )
    mine = caller("owner")
    made = mine.post("/customers", {"name": "Li Wei", "email": "li@example.com", "fields": {"size": 3}})
    assert made.status_code == 201
    told = made.json()
    assert (told["name"], told["fields"]) == ("Li Wei", {"size": 3.0})
    address = f"/customers/{told['id']}"
    assert mine.get(address).json() == told
    changed = mine.patch(address, {"city": "Lyon", "fields": {"size": None}}, If_Match=made["ETag"])
    assert changed.status_code == 200
    assert (changed.json()["city"], changed.json()["fields"], changed.json()["name"]) == ("Lyon", {}, "Li Wei")
    late = mine.patch(address, {"city": "Köln"}, If_Match=made["ETag"])
    assert late.status_code == 412
    assert mine.get(address).json()["city"] == "Lyon"
    assert mine("DELETE", address).status_code == 204
    assert mine.get(address).status_code == 404
    assert mine.post(f"{address}/restore").json()["city"] == "Lyon"
    verbs = AuditEntry.objects.of(workspace).filter(record_type="customers.customer").order_by("pk")
    assert list(verbs.values_list("verb", flat=True))[:2] == ["customer.created", "customer.changed"]
    assert verbs.first().via == "api"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\0b"},
        '{"name": "\\ud800"}',
        {"name": "x", "workspace": 2},
        {"name": "x", "role": "owner"},
        {"name": "x", "deleted_at": "2026-01-01"},
        {"name": "x", "owner": 10**30},
        {"name": "x", "owner": 999},
        {"name": "x", "company": 999},
        {"name": "x", "kind": "robot"},
        {"name": "x", "birth_date": "yesterday"},
        {"name": "x", "fields": {"owner__user": 1}},
        {"name": "x", "fields": {"size": "\ud800"}},
        [],
        '{"name": ',
        b"\xff",
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(caller: Callers, body: Any) -> None:
    answer = caller("owner").post("/customers", body)
    assert answer.status_code in (400, 422), answer.content
    assert answer.json()["detail"]
    assert not Customer.objects.everywhere().exists()


def test_a_problem_speaks_the_callers_language(caller: Callers) -> None:
    answer = caller("owner").get("/customers/1", Accept_Language="zh-CN,zh;q=0.9")
    assert answer["Content-Language"] == "zh-hans"


def test_who_may_not_see_personal_data_cannot_overwrite_it(caller: Callers, people: list[Customer]) -> None:
    blind = caller("owner", {"customers.view", "customers.edit"})
    assert blind.patch(f"/customers/{people[0].pk}", {"email": "x@example.com"}).status_code == 403
    assert blind.patch(f"/customers/{people[0].pk}", {"city": "Bonn"}).status_code == 200


def test_merge_and_unmerge(caller: Callers, people: list[Customer]) -> None:
    mine = caller("owner")
    kept, merged = people[0].pk, people[1].pk
    done = mine.post(f"/customers/{kept}/merge", {"merged": merged})
    assert done.status_code == 201
    assert mine.get(f"/customers/{merged}").status_code == 404
    assert mine.post(f"/merges/{done.json()['id']}/undo").json()["undone"] is True
    assert mine.get(f"/customers/{merged}").status_code == 200


def test_few_queries(caller: Callers, people: list[Customer]) -> None:
    from django.db import connection

    mine = caller("owner")
    # That the token was used is noted first.
    for _ in range(2):
        mine.get("/customers")
    for address, most in ((f"/customers/{people[0].pk}", 4), ("/customers?limit=50", 4), ("/tasks", 2)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert mine.get(address).status_code == 200
        assert len(queries) <= most, [q["sql"] for q in queries]


def test_notes_and_tasks(caller: Callers, people: list[Customer]) -> None:
    mine = caller("sales")
    pk = people[0].pk
    note = mine.post(f"/customers/{pk}/notes", {"text": "Called"}).json()
    assert mine.get(f"/customers/{pk}/notes").json()["items"] == [note]
    assert caller("service")("DELETE", f"/notes/{note['id']}").status_code == 404
    assert mine("DELETE", f"/notes/{note['id']}").status_code == 204
    task = mine.post("/tasks", {"title": "Call again", "customer": pk, "due_on": "2026-12-01"}).json()
    assert task["owner"] == mine.token.member_id
    assert mine.patch(f"/tasks/{task['id']}", {"done": True}).json()["done"] is True
    assert mine.get("/tasks?done=false").json()["items"] == []


def test_a_large_body_is_refused_unread(caller: Callers) -> None:
    assert caller("owner").post("/customers", {"name": "x" * 1_100_000}).status_code == 413


def test_a_number_is_no_day_and_no_yes(caller: Callers, people: list[Customer]) -> None:
    mine = caller("owner")
    assert mine.get(f"/customers/{people[0].pk}/interactions?until=0").status_code == 422
    assert mine.post("/tasks", {"title": "Call", "due_on": 0}).status_code == 422
    task = mine.post("/tasks", {"title": "Call", "due_on": "2026-12-01"}).json()
    assert mine.patch(f"/tasks/{task['id']}", {"done": 0}).status_code == 422
