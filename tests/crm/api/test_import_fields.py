"""Columns of a list of customers become custom fields through the API as they do on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.crm.api.test_imports_and_jobs import work
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.imports.models import Import
from zhike_crm.workspaces.models import Workspace

Callers = Callable[..., Any]
PEOPLE = "customer_id,name,AGE_DESC,Kids,Ref\n" + "".join(
    f"h{n},Ann {n},{('45-54', '65+')[n % 2]},{n % 4},R-{n:05}\n" for n in range(24)
)


def uploaded(caller: Any) -> str:
    file = SimpleUploadedFile("people.csv", PEOPLE.encode(), "text/csv")
    pk = caller.upload("/imports", {"file": file, "source": "main"}).json()["id"]
    work()
    return f"/imports/{pk}"


def test_what_is_proposed_can_be_sent_back(caller: Callers, workspace: Workspace, member: Any) -> None:
    define_field(member("owner"), record_type=RECORD_TYPE, label="Note", kind="text")
    mine = caller("owner")
    address = uploaded(mine)
    offered = mine.get(address).json()["inspection"]["fields"]
    assert offered == {
        "AGE_DESC": {"kind": "choice", "field": None, "label": "AGE DESC", "personal": True},
        "Kids": {"kind": "number", "field": None, "label": "Kids", "personal": False},
    }
    wanted = {"AGE_DESC": {"kind": "choice", "label": "Age"}, "Kids": {"kind": "number"}, "Ref": {"field": "note"}}
    assert mine.post(f"{address}/check", {"fields": wanted}).status_code == 202
    work()
    assert mine.post(f"{address}/run").status_code == 202
    work()
    known = {one.label: (one.kind, one.told_by, one.personal) for one in FieldDefinition.objects.of(workspace)}
    assert known == {
        "Note": ("text", ["attributes.Ref"], False),
        "Age": ("choice", ["attributes.AGE_DESC"], True),
        "Kids": ("number", ["attributes.Kids"], False),
    }
    again = uploaded(mine)
    offered = mine.get(again).json()["inspection"]["fields"]
    assert {theirs: one["field"] for theirs, one in offered.items()} == {
        "AGE_DESC": "age",
        "Kids": "kids",
        "Ref": "note",
    }


def test_nothing_becomes_a_field_unasked(caller: Callers, workspace: Workspace) -> None:
    mine = caller("owner")
    address = uploaded(mine)
    assert mine.post(f"{address}/check", {}).status_code == 202
    assert Import.objects.of(workspace).get().choices["fields"] == []


def test_what_cannot_be_is_named(caller: Callers, workspace: Workspace, member: Any) -> None:
    by = member("owner")
    define_field(by, record_type=RECORD_TYPE, label="Note", kind="text")
    mine = caller("owner")
    address = f"{uploaded(mine)}/check"
    for wanted, said in (
        ({"Kids": {}}, "either kind or field"),
        ({"Kids": {"kind": "number", "field": "note"}}, "either kind or field"),
        ({"Kids": {"kind": "link"}}, "kind"),
        ({"Kids": {"field": "nothing"}}, "There is no custom field nothing"),
        ({"Nobody": {"kind": "text"}}, "Nobody cannot become a field"),
        ({"name": {"kind": "text"}}, "name cannot become a field"),
        ({"Kids": {"kind": "number", "label": "a\0b"}}, "label"),
    ):
        answer = mine.post(address, {"fields": wanted})
        assert (answer.status_code, said in answer.content.decode()) == (422, True), (wanted, answer.content)
    wanted = {"fields": {"Kids": {"kind": "number"}}}
    assert caller("marketer").post(address, wanted).status_code == 403
    answer = caller("analyst").post(address, {"fields": {"AGE_DESC": {"field": "note"}}})
    assert (answer.status_code, "may hold personal data" in answer.content.decode()) == (422, True)
    for number in range(99):
        define_field(by, record_type=RECORD_TYPE, label=f"F{number}", kind="text")
    assert "100 custom fields at most" in mine.post(address, wanted).content.decode()
    assert Import.objects.of(workspace).get().state == "found"
