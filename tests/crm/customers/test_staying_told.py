"""What a file has told stays told when customers are merged and parted, and when a change of many is undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crm.customers.test_told_fields import Company
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers.actions import RECORD_TYPE, change_customer
from zhike_crm.customers.comparing import lines
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.merging import merge, unmerge
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.models import FieldDefinition, FieldValue
from zhike_crm.ui.lists.bulk import apply, undo
from zhike_crm.workspaces.models import Workspace

HEAD = "customer_id,Plan,Kids\n"


@pytest.fixture
def by(member: Callable[..., Membership]) -> Membership:
    return member("owner")


@pytest.fixture
def company(workspace: Workspace, tmp_path: Path, by: Membership) -> Company:
    """c0 is told a plan, c1 another one and kids, c2 nothing."""
    for label, kind in (("Plan", "choice"), ("Kids", "number")):
        define_field(by, record_type=RECORD_TYPE, label=label, kind=kind, told_by=[f"attributes.{label}"])
    made = Company(workspace, tmp_path)
    made.know("c0", "c1", "c2")
    made.people = {number: made.customer(number) for number in ("c0", "c1", "c2")}
    made.tell(f"{HEAD}c0,Gold,\nc1,Silver,2\n")
    return made


def stored(company: Company, number: str) -> dict[str, tuple[Any, bool]]:
    """field → its value and whether a file told it."""
    rows = FieldValue.objects.of(company.workspace).filter(record_id=company.people[number].pk)
    return {row.field.name: (row.number if row.text is None else row.text, row.told) for row in rows}


def test_what_fills_a_gap_stays_told_and_goes_with_its_file(company: Company, by: Membership) -> None:
    done = merge(company.people["c2"], company.people["c1"], by)
    assert stored(company, "c2") == {"plan": ("silver", True), "kids": (2.0, True)}
    company.tell(f"{HEAD}c1,Silver,3\n")
    assert stored(company, "c2")["kids"] == (3.0, True)
    company.undo_last()
    company.undo_last()
    assert stored(company, "c2") == {}
    assert unmerge(done, by).newer == []


def test_what_was_told_goes_back_as_told(company: Company, by: Membership) -> None:
    before = {number: stored(company, number) for number in company.people}
    done = merge(company.people["c0"], company.people["c1"], by, take={"field.plan": True})
    # Taken instead of another value: a person has chosen it, and files leave it alone.
    assert stored(company, "c0") == {"plan": ("silver", False), "kids": (2.0, True)}
    company.tell(f"{HEAD}c0,Gold,1\nc1,Bronze,4\n")
    assert stored(company, "c0")["plan"] == ("silver", False)
    company.undo_last()
    assert unmerge(done, by).newer == []
    company.read()
    assert {number: stored(company, number) for number in company.people} == before


def test_what_somebody_typed_wins_over_what_a_file_told(company: Company, by: Membership) -> None:
    change_customer(company.people["c1"], by, custom={"plan": "gold", "kids": 5})
    change_customer(company.people["c2"], by, custom={"kids": 7})
    merge(company.people["c2"], company.people["c1"], by)
    assert stored(company, "c2") == {"plan": ("gold", False), "kids": (7.0, False)}


def test_typed_over_told_and_back(company: Company, by: Membership) -> None:
    change_customer(company.people["c1"], by, custom={"kids": 9})
    company.tell(f"{HEAD}c0,Gold,1\nc1,Silver,2\n")
    shown = {line.name: line.chosen for line in lines(company.people["c0"], company.people["c1"], by)}
    assert (shown["field.kids"], shown["field.plan"]) == ("other", "kept")
    done = merge(company.people["c0"], company.people["c1"], by)
    assert stored(company, "c0") == {"plan": ("gold", True), "kids": (9.0, False)}
    unmerge(done, by)
    assert stored(company, "c0") == {"plan": ("gold", True), "kids": (1.0, True)}


@pytest.mark.parametrize("first", [0, 1])
def test_two_merges_parted_in_any_order(company: Company, by: Membership, first: int) -> None:
    before = {number: stored(company, number) for number in company.people}
    people = company.people
    merges = [merge(people["c2"], people["c1"], by), merge(people["c0"], people["c2"], by, take={"field.plan": True})]
    for one in (first, 1 - first):
        assert unmerge(merges[one], by).newer == []
    assert {number: stored(company, number) for number in people} == before


def test_undoing_a_change_of_many_gives_back_what_was_told(company: Company, by: Membership) -> None:
    change_customer(company.people["c1"], by, custom={"plan": "silver", "kids": 2})
    before = {number: stored(company, number) for number in company.people}
    records = CustomerList(by)
    action = next(action for action in records.actions if action.name == "field.plan")
    done = apply(action, records.rows(), {"value": "gold"}, by)
    assert stored(company, "c1")["plan"] == ("gold", False)
    assert undo(company.workspace, done.group, by) == done.number
    assert {number: stored(company, number) for number in company.people} == before
    assert set(AuditEntry.objects.of(company.workspace).filter(group=done.group).values_list("undone", flat=True)) == {
        True
    }


def test_the_list_may_say_something_else_by_then(company: Company, by: Membership) -> None:
    records = CustomerList(by)
    action = next(action for action in records.actions if action.name == "field.plan")
    done = apply(action, records.rows(), {"value": "silver"}, by)
    company.tell(f"{HEAD}c0,Bronze,\nc1,Bronze,2\n")
    assert stored(company, "c0")["plan"] == ("silver", False)
    undo(company.workspace, done.group, by)
    assert stored(company, "c0")["plan"] == ("gold", True)
    company.read()
    assert stored(company, "c0")["plan"] == ("bronze", True)
    assert not FieldDefinition.objects.of(company.workspace).filter(told_version=None).exists()
