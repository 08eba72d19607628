"""From a program's message to the lake, exactly once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from zhike.errors import InputError
from zhike.importing.importer import import_file
from zhike.lake.batches import batches
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot
from zhike_crm.api import inbox
from zhike_crm.api.inbox import drain, waiting
from zhike_crm.api.models import InboxEvent
from zhike_crm.insights.actions import refresh_now
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

Callers = Callable[..., Any]
DAY = "2026-03-0"


def login(number: int, who: str = "7") -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"m{number}",
        "userId": who,
        "event": "Login",
        "timestamp": f"{DAY}1T08:00:00Z",
    }


@pytest.fixture
def lake(workspace: Workspace) -> Iterator[Lake]:
    with lake_of(workspace) as opened:
        yield opened


def rows(lake: Lake, table: str) -> list[dict[str, Any]]:
    found = lake.engine.to_pyarrow(snapshot(lake, table)).to_pylist()
    return sorted(found, key=lambda row: str(next(iter(row.values()))))


def test_each_item_is_answered_by_itself(caller: Callers) -> None:
    batch = [
        login(1),
        login(1),
        {"type": "track", "event": "Login"},
        {"type": "page"},
        "nonsense",
        {"type": "track", "userId": 7, "event": "x", "timestamp": "2999-01-01T00:00:00Z"},
        {"type": "track", "userId": "7", "event": "x", "properties": {"big": "x" * 40_000}},
        {"type": "track", "userId": "7", "event": "a\0b"},
        {"type": "identify", "userId": "7", "traits": {"email": "li@example.com"}, "workspace": 99, "landed_at": "x"},
        {"type": "track", "userId": "7", "event": "x", "source": "../etc"},
    ]
    answer = caller("owner").post("/batch", {"batch": batch})
    assert answer.status_code == 202
    said = answer.json()
    assert [item["status"] for item in said["items"]] == (
        ["accepted", "duplicate", *["rejected"] * 6, "accepted", "rejected"]
    )
    assert (said["accepted"], said["duplicates"], said["rejected"]) == (2, 1, 7)
    assert all(item["detail"] for item in said["items"] if item["status"] == "rejected")
    assert InboxEvent.objects.everywhere().count() == 2


def test_a_message_is_stored_once_whoever_repeats_it(caller: Callers) -> None:
    mine = caller("owner")
    assert mine.post("/track", login(1)).json()["status"] == "accepted"
    assert mine.post("/track", login(1)).json()["status"] == "duplicate"
    assert mine.post("/track", login(1) | {"userId": ""}).status_code == 422
    assert InboxEvent.objects.everywhere().count() == 1


def test_messages_become_facts(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    bought = {"order_id": "A1", "total": 99.5, "currency": "USD", "coupon": "SPRING", "products": [{"id": "p"}]}
    sent = [
        login(1) | {"properties": {"path": "/home", "value": 3, "ip": "10.0.0.1"}},
        {"type": "track", "userId": "7", "event": "Order Completed", "timestamp": f"{DAY}2", "properties": bought},
        {
            "type": "track",
            "messageId": "r",
            "userId": "7",
            "event": "Order Refunded",
            "timestamp": f"{DAY}3",
            "properties": {"order_id": "A1", "total": 9.5},
        },
        {"type": "identify", "userId": "7", "timestamp": f"{DAY}1", "traits": {"name": "Li Wei", "plan": "pro"}},
        {"type": "identify", "userId": "7", "timestamp": f"{DAY}2", "traits": {"email": "li@example.com", "city": ""}},
    ]
    assert caller("owner").post("/batch", {"batch": sent}).json()["accepted"] == 5
    assert drain(workspace, lake) == 5
    assert waiting(workspace) == 0
    [visit] = rows(lake, "interactions")
    assert (visit["interaction_id"], visit["customer_id"], visit["kind"], visit["subject"], visit["value"]) == (
        "m1",
        "7",
        "Login",
        "/home",
        3.0,
    )
    assert visit["occurred_at"] == dt.datetime(2026, 3, 1, 8)
    order, refund = rows(lake, "orders")
    assert (order["order_id"], order["amount"], order["customer_id"]) == ("A1", 99.5, "7")
    assert json.loads(json.loads(order["attributes"])["properties"])["coupon"] == "SPRING"
    assert (refund["order_id"], refund["amount"], refund["refund_of"]) == ("refund-r", -9.5, "A1")
    [person] = rows(lake, "customers")
    assert (person["name"], person["email"], person["customer_id"]) == ("Li Wei", "li@example.com", "7")


def test_a_trait_that_is_not_said_again_stays(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    mine = caller("owner")
    for traits in ({"name": "Li", "phone": "13800138000", "plan": "pro"}, {"city": "Lyon", "size": 3}):
        mine.post("/identify", {"userId": "007", "traits": traits})
        drain(workspace, lake)
    [person] = rows(lake, "customers")
    assert (person["customer_id"], person["name"], person["phone"], person["city"]) == (
        "007",
        "Li",
        "13800138000",
        "Lyon",
    )
    assert json.loads(json.loads(person["attributes"])["traits"]) == {"plan": "pro", "size": 3}


def test_sources_are_told_apart(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    sent = [login(1), login(2) | {"source": "shop"}]
    caller("owner").post("/batch", {"batch": sent})
    drain(workspace, lake)
    assert [row["customer_id"] for row in rows(lake, "interactions")] == ["7", "shop:7"]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("moment", ["marked", "imported"])
def test_killed_at_any_moment_nothing_is_lost_or_doubled(
    caller: Callers, workspace: Workspace, lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    mine = caller("owner")
    sent = [login(n) for n in range(5)] + [{"type": "identify", "userId": "7", "traits": {"name": "Li"}}]
    mine.post("/batch", {"batch": sent})

    def dies(*values: Any, **more: Any) -> Any:
        if moment == "imported":
            import_file(*values, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "import_file", dies)
        with pytest.raises(Killed):
            drain(workspace, lake)
    # Newer than the drain that was killed: it must not be overwritten by it afterwards.
    mine.post("/identify", {"userId": "7", "traits": {"name": "Li Wei"}})
    mine.post("/track", login(9))
    assert drain(workspace, lake) == 8
    assert len(rows(lake, "interactions")) == 6
    assert [row["name"] for row in rows(lake, "customers")] == ["Li Wei"]
    known = [batch.file for batch in batches(lake)]
    assert len(known) == len(set(known))
    assert drain(workspace, lake) == 0


def test_a_refused_file_keeps_its_events(
    caller: Callers, workspace: Workspace, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller("owner").post("/batch", {"batch": [login(1)]})

    def refuses(*values: Any, **more: Any) -> Any:
        raise InputError("No.")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "import_file", refuses)
        assert drain(workspace, lake) == 0
    assert waiting(workspace) == 1
    assert drain(workspace, lake) == 1


def test_what_landed_is_forgotten_after_a_month(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    caller("owner").post("/track", login(1))
    drain(workspace, lake)
    InboxEvent.objects.of(workspace).update(landed_at=timezone.now() - dt.timedelta(days=31))
    drain(workspace, lake)
    assert not InboxEvent.objects.of(workspace).exists()
    assert len(rows(lake, "interactions")) == 1


def test_workspaces_keep_their_events(
    caller: Callers, workspace: Workspace, other_workspace: Workspace, lake: Lake
) -> None:
    caller("owner").post("/track", login(1))
    with lake_of(other_workspace) as theirs:
        assert drain(other_workspace, theirs) == 0
    assert waiting(workspace) == 1


def test_facts_come_back_through_the_api(caller: Callers, workspace: Workspace, lake: Lake) -> None:
    mine = caller("owner")
    for n in range(5):
        said = {"order_id": f"A{n}", "total": 10 + n}
        at = f"2026-03-1{n}T10:00:00Z"
        mine.post("/track", {"userId": str(n % 2), "event": "Order Completed", "timestamp": at, "properties": said})
    mine.post("/track", login(1, "0"))
    drain(workspace, lake)
    refresh_now(workspace, dt.date(2026, 4, 1))
    first = mine.get("/orders?limit=3").json()
    assert [row["order_id"] for row in first["items"]] == ["A4", "A3", "A2"]
    rest = mine.get(f"/orders?limit=3&cursor={first['next']}").json()
    assert [row["order_id"] for row in rest["items"]] == ["A1", "A0"]
    assert rest["next"] is None
    who = first["items"][0]["customer"]
    assert [r["order_id"] for r in mine.get(f"/orders?customer={who}").json()["items"]] == ["A4", "A2", "A0"]
    between = mine.get("/orders?since=2026-03-11&until=2026-03-12").json()["items"]
    assert [row["order_id"] for row in between] == ["A2", "A1"]
    [visit] = mine.get(f"/customers/{who}/interactions").json()["items"]
    assert visit["kind"] == "Login"
    [score] = mine.get(f"/customers/{who}/scores").json()
    assert score["as_of"] == "2026-04-01"
    assert mine.get(f"/customers/{who}").json()["scores"]["revenue"] == 36.0
