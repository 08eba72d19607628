"""A value is typed at the moment in which a refresh reads the same field from a file: there is one, the typed one."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from tests.crm.customers.test_told_fields import ORDERS, Company
from zhike.importing.importer import Choices, import_file
from zhike.pipeline import refresh
from zhike_crm.accounts.models import Membership
from zhike_crm.customers import sync, told_fields
from zhike_crm.customers.actions import RECORD_TYPE, change_customer, create_customer
from zhike_crm.customers.models import Customer
from zhike_crm.customers.sync import copy_run
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.models import FieldValue
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]
# Long enough for the other to come as far as it can.
A_WHILE = 0.5


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[threading.Thread]:
    """Do it in a thread with a connection of its own; what goes wrong there goes wrong here."""
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    yield thread
    thread.join(60)
    assert wrong == []


@pytest.fixture
def by(member: Callable[..., Membership]) -> Membership:
    return member("owner")


@pytest.fixture
def copied(workspace: Workspace, tmp_path: Path, by: Membership) -> Callable[[], int]:
    """Copies a run that has read, for the first time, that c0 has three kids."""
    define_field(by, record_type=RECORD_TYPE, label="Kids", kind="number", told_by=["attributes.Kids"])
    Company(workspace, tmp_path).know("c0", "c1")
    with lake_of(workspace) as lake:
        for table, text in (("orders", ORDERS), ("customers", "customer_id,Kids\nc0,3\nc1,1\n")):
            file = tmp_path / f"{table}.csv"
            file.write_text(text, encoding="utf-8")
            import_file(lake, file, Choices(table=table, source="shop"))
        run = refresh(lake, dt.date(2025, 12, 1))

    def copy() -> int:
        with lake_of(workspace) as lake:
            return copy_run(workspace, lake, run)

    return copy


def values(workspace: Workspace) -> list[tuple[str, float | None, bool]]:
    rows = FieldValue.objects.of(workspace).order_by("record_id", "pk")
    names = dict(Customer.objects.of(workspace).values_list("pk", "name"))
    return [(names[row.record_id], row.number, row.told) for row in rows]


def test_typing_while_files_are_read(
    workspace: Workspace, by: Membership, copied: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Customer.objects.of(workspace).get(name="c0")
    insert = told_fields._insert

    with meanwhile(lambda: change_customer(one, by, custom={"kids": 7})) as typing:

        def slow(*given: Any) -> int:
            done = insert(*given)
            typing.start()
            typing.join(A_WHILE)
            return done

        monkeypatch.setattr(told_fields, "_insert", slow)
        copied()
    assert values(workspace) == [("c0", 7.0, False), ("c1", 1.0, True)]


def test_a_new_customer_while_files_are_read(
    workspace: Workspace, by: Membership, copied: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither waits for what the other holds."""
    add = sync._add_customers
    with meanwhile(lambda: create_customer(by, name="New", kind="person", custom={"kids": 2})) as typing:

        def slow(*given: Any) -> int:
            typing.start()
            typing.join(A_WHILE)
            return add(*given)

        monkeypatch.setattr(sync, "_add_customers", slow)
        copied()
    assert ("New", 2.0, False) in values(workspace)


def test_reading_files_while_somebody_types(workspace: Workspace, by: Membership, copied: Callable[[], int]) -> None:
    one = Customer.objects.of(workspace).get(name="c0")
    with meanwhile(copied) as reading, transaction.atomic():
        change_customer(one, by, custom={"kids": 7})
        reading.start()
        reading.join(4 * A_WHILE)
    assert values(workspace) == [("c0", 7.0, False), ("c1", 1.0, True)]
