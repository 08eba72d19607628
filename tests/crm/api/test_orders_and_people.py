"""What messages say of orders, line by line, and of customers who are on record already."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zhike.errors import InputError
from zhike.importing.importer import import_file
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot
from zhike_crm.api import inbox
from zhike_crm.api.inbox import drain, waiting
from zhike_crm.audit.log import of_record
from zhike_crm.audit.models import AuditEntry, Via
from zhike_crm.customers.actions import change_customer
from zhike_crm.customers.models import Customer, Identity
from zhike_crm.insights.actions import refresh_now
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

Callers = Callable[..., Any]
BOUGHT = {
    "order_id": "A1",
    "total": 99.5,
    "currency": "USD",
    "products": [
        {"product_id": "p1", "sku": "S1", "name": "Lamp", "category": "Light", "price": 40, "quantity": 2},
        {"sku": "S2", "name": "Bulb", "price": "9.75"},
        {"name": "Card", "quantity": 1},
        {"colour": "red"},
        "nonsense",
    ],
}


@pytest.fixture
def lake(workspace: Workspace) -> Iterator[Lake]:
    with lake_of(workspace) as opened:
        yield opened


def rows(lake: Lake, table: str) -> list[dict[str, Any]]:
    found = lake.engine.to_pyarrow(snapshot(lake, table)).to_pylist()
    return sorted(found, key=lambda row: tuple(str(value) for value in list(row.values())[:2]))


def bought(said: dict[str, Any], event: str = "Order Completed", day: int = 2, **more: Any) -> dict[str, Any]:
    return {"userId": "7", "event": event, "timestamp": f"2026-03-0{day}T10:00:00Z", "properties": said} | more


def test_products_become_lines(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    assert caller("owner").post("/track", bought(BOUGHT)).status_code == 202
    assert drain(workspace, lake) == 1
    assert waiting(workspace) == 0
    [order] = rows(lake, "orders")
    assert (order["order_id"], order["amount"]) == ("A1", 99.5)
    lines = rows(lake, "order_lines")
    told = [(one["line_no"], one["product_id"], one["product_name"], one["quantity"], one["amount"]) for one in lines]
    assert told == [("1", "p1", "Lamp", 2.0, 80.0), ("2", "S2", "Bulb", None, 9.75), ("3", None, "Card", 1.0, None)]
    assert {(one["order_id"], one["customer_id"], one["ordered_at"]) for one in lines} == {
        ("A1", "7", dt.datetime(2026, 3, 2, 10))
    }
    assert lines[0]["category"] == "Light"
    assert json.loads(json.loads(order["attributes"])["properties"])["products"][3] == {"colour": "red"}


def test_an_order_with_lines_counts_once(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    mine = caller("owner")
    mine.post("/track", bought(BOUGHT))
    mine.post("/track", bought({"order_id": "A2", "products": [{"id": "p", "price": 5, "quantity": 3}]}))
    mine.post("/track", bought({"order_id": "A2", "products": [{"id": "p", "price": 5}]}, "Order Refunded", 3))
    mine.post("/track", bought({"order_id": "A3", "products": [{"id": "p"}]}))
    assert drain(workspace, lake) == 4
    refresh_now(workspace, dt.date(2026, 4, 1))
    orders = {row["order_id"]: row["amount"] for row in mine.get("/orders").json()["items"]}
    assert orders == {"A1": 99.5, "A2": 10.0}
    # Neither a total nor prices: not an order anybody could count, and not lost either.
    assert [row["kind"] for row in rows(lake, "interactions")] == ["Order Completed"]


def test_a_message_waits_until_all_of_it_has_landed(
    caller: Callers, workspace: Workspace, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller("owner").post("/track", bought(BOUGHT))

    def refuses_lines(lake: Lake, file: Any, choices: Any, **more: Any) -> Any:
        if choices.table == "order_lines":
            raise InputError("No.")
        return import_file(lake, file, choices, **more)

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "import_file", refuses_lines)
        assert drain(workspace, lake) == 0
    assert waiting(workspace) == 1
    assert drain(workspace, lake) == 1
    assert len(rows(lake, "orders")) == 1
    assert len(rows(lake, "order_lines")) == 3


@pytest.fixture
def li(caller: Callers, workspace: Workspace, lake: Lake) -> Customer:
    """Known since a refresh: Li in Lyon."""
    mine = caller("owner")
    mine.post("/track", bought(BOUGHT))
    mine.post("/identify", {"userId": "7", "traits": {"name": "Li", "city": "Lyon"}})
    drain(workspace, lake)
    refresh_now(workspace, dt.date(2026, 4, 1))
    return Identity.objects.of(workspace).select_related("customer").get(identity="7").customer


def test_what_is_said_later_reaches_the_record(caller: Callers, workspace: Workspace, lake: Lake, li: Customer) -> None:
    traits = {"name": "Li Wei", "address": {"city": "Bonn"}, "birthday": "1990-05-17T00:00:00Z", "phone": "", "plan": 1}
    mine = caller("owner")
    mine.post("/identify", {"userId": "7", "traits": {"name": "L. Wei", "phone": "13800138000"}})
    mine.post("/identify", {"userId": "7", "traits": traits})
    mine.post("/identify", {"userId": "nobody yet", "traits": traits})
    drain(workspace, lake)
    li.refresh_from_db()
    assert (li.name, li.city, li.phone, li.birth_date) == ("Li Wei", "Bonn", "13800138000", dt.date(1990, 5, 17))
    assert li.edited == []
    newest = of_record(li)[0]
    assert (newest.via, newest.by, newest.changes["city"]) == (Via.API, None, ["Lyon", "Bonn"])
    count = AuditEntry.objects.of(workspace).count()
    mine.post("/identify", {"userId": "7", "traits": traits})
    drain(workspace, lake)
    assert AuditEntry.objects.of(workspace).count() == count


def test_what_a_person_typed_stays(
    caller: Callers, workspace: Workspace, lake: Lake, li: Customer, member: Callable[..., Any]
) -> None:
    change_customer(li, member("sales"), name="Li Wei (Lyon)")
    caller("owner").post("/identify", {"userId": "7", "traits": {"name": "LI", "city": "x" * 500}})
    drain(workspace, lake)
    li.refresh_from_db()
    assert (li.name, li.city) == ("Li Wei (Lyon)", "x" * 80)


def test_who_did_it_came_through_the_api(caller: Callers, workspace: Workspace) -> None:
    mine = caller("owner")
    pk = mine.post("/customers", {"name": "Li"}).json()["id"]
    note = mine.post(f"/customers/{pk}/notes", {"text": "Called"}).json()["id"]
    task = mine.post("/tasks", {"title": "Call", "customer": pk}).json()["id"]
    mine.patch(f"/tasks/{task}", {"done": True})
    mine("DELETE", f"/notes/{note}")
    mine("DELETE", f"/customers/{pk}")
    mine.post(f"/customers/{pk}/restore")
    verbs = {
        *("customer.created", "customer.deleted", "customer.restored"),
        *("note.written", "note.deleted", "task.created", "task.done"),
    }
    through_the_api = AuditEntry.objects.of(workspace).filter(via=Via.API)
    assert set(through_the_api.values_list("verb", flat=True)) == verbs
