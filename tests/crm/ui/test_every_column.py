"""Whatever a list lets people ask, the database can answer: every column, every test of its kind, every order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList, RecycleBin
from zhike_crm.customers.task_list import TaskList
from zhike_crm.imports.lists import ImportList
from zhike_crm.segments.lists import ArchivedSegments, SegmentList
from zhike_crm.ui.lists.column_tests import TESTS
from zhike_crm.ui.lists.columns import Kind
from zhike_crm.ui.lists.listing import Question, RecordList

TODAY = dt.date(2026, 11, 1)
LISTS = (CustomerList, RecycleBin, TaskList, ImportList, SegmentList, ArchivedSegments)
_DAY = "2026-10-01"
VALUES: dict[Kind, Any] = {
    Kind.TEXT: "a",
    Kind.NUMBER: 1,
    Kind.MONEY: 1,
    Kind.DATE: _DAY,
    Kind.MOMENT: _DAY,
    Kind.CHOICE: ["a"],
    Kind.YESNO: None,
    Kind.PERSON: [1],
    Kind.LINK: [1],
    Kind.GROUP: [1],
    Kind.AGE: 40,
}
OTHERWISE = {"last_days": 30, "next_days": 30}


def value_of(kind: Kind, test: str) -> Any:
    if test == "between":
        return [VALUES[kind], VALUES[kind]]
    return OTHERWISE.get(test, VALUES[kind])


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("negated", [False, True])
def test_every_condition_is_answered(kind: type[RecordList], negated: bool, member: Callable[..., Membership]) -> None:
    records = kind(member("owner"))
    for column in records.columns.values():
        for test in TESTS[column.kind]:
            condition: dict[str, Any] = {"column": column.name, "test": test, "value": value_of(column.kind, test)}
            records.page(Question({"not": condition} if negated else {"all": [condition]}), TODAY)


@pytest.mark.parametrize("kind", LISTS)
def test_every_order_is_answered(kind: type[RecordList], member: Callable[..., Membership]) -> None:
    records = kind(member("owner"))
    for column in records.columns.values():
        for sign in ("", "-"):
            records.page(Question(sort=f"{sign}{column.name}", columns=[column.name]), TODAY)
