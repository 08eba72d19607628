"""Indexes made anew after a large copy are the ones there were, and a copy that fails leaves everything as it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from django.db import connection, transaction
from django.utils import timezone

from zhike_crm import bulk
from zhike_crm.customers.models import Customer, Identity, Score
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Identity._meta.db_table)
    return {name for name, about in found.items() if about["index"] or about["unique"]}


def rows(workspace: Any, customer: Any, names: list[str]) -> list[pa.RecordBatch]:
    ids = [customer.pk] * len(names)
    columns = {"workspace_id": [workspace.pk] * len(names), "customer_id": ids, "first_customer_id": ids}
    return pa.table(columns | {"identity": names}).to_batches()


@pytest.fixture
def customer(workspace: Any) -> Customer:
    made: Customer = Customer.objects.create(workspace=workspace, name="Li Wei")
    return made


@pytest.fixture
def every_copy_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_MANY", 1)


def test_the_indexes_are_there_again(workspace: Any, customer: Any, every_copy_is_large: None) -> None:
    before = indexes()
    with transaction.atomic(), bulk.rebuilding(Identity, 1000):
        during = indexes()
        bulk.insert(Identity, rows(workspace, customer, ["a", "b"]))
    assert indexes() == before
    assert (during < before) == (connection.vendor == "sqlite")
    assert set(Identity.objects.of(workspace).values_list("identity", flat=True)) >= {"a", "b"}


def test_what_the_index_forbids_is_still_refused(workspace: Any, customer: Any, every_copy_is_large: None) -> None:
    before = indexes()
    with pytest.raises(Exception, match=r"(?i)unique"), transaction.atomic(), bulk.rebuilding(Identity, 1000):
        bulk.insert(Identity, rows(workspace, customer, ["twice", "twice"]))
    assert indexes() == before
    assert not Identity.objects.of(workspace).filter(identity="twice").exists()


def test_a_few_rows_are_no_reason(workspace: Any) -> None:
    before = indexes()
    with transaction.atomic(), bulk.rebuilding(Identity, 10):
        assert indexes() == before


def test_what_is_read_is_what_is_there(workspace: Any) -> None:
    """Every kind of column, with and without a value."""
    moment = timezone.now()
    Customer.objects.create(workspace=workspace, name="", city='two\nlines, "quoted"', birth_date=dt.date(2000, 2, 29))
    Customer.objects.create(workspace=workspace, name="李伟", deleted_at=moment)
    names = ["id", "name", "city", "birth_date", "deleted_at", "company_id", "simulated"]
    (first, second) = sorted(bulk.read(Customer, names, workspace.pk).to_pylist(), key=lambda row: row["id"])
    assert first["name"] == ""
    assert first["city"] == 'two\nlines, "quoted"'
    assert first["birth_date"] == dt.date(2000, 2, 29)
    assert first["deleted_at"] is None
    assert first["company_id"] is None
    assert first["simulated"] is False
    assert second["name"] == "李伟"
    assert second["birth_date"] is None
    assert second["deleted_at"] == moment.replace(tzinfo=None)


def test_reading_nothing_has_the_same_columns(workspace: Any) -> None:
    table = bulk.read(Customer, ["id", "name", "deleted_at"], workspace.pk)
    assert (table.num_rows, table.column_names) == (0, ["id", "name", "deleted_at"])


@pytest.mark.parametrize("alone", [True, False])
def test_only_the_rows_of_the_workspace_go(workspace: Any, customer: Customer, alone: bool) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    theirs = Customer.objects.create(workspace=other, name="Kim")
    if not alone:
        Score.objects.create(workspace=other, customer=theirs, run=1, as_of=dt.date.today(), never_purchased=True)
    Score.objects.create(workspace=workspace, customer=customer, run=1, as_of=dt.date.today(), never_purchased=True)
    bulk.clear(Score, workspace.pk)
    assert not Score.objects.of(workspace).exists()
    assert Score.objects.of(other).exists() is not alone


def test_every_kind_of_value_is_stored_as_it_is(workspace: Any, customer: Customer) -> None:
    told: dict[str, Any] = {
        "never_purchased": [True, False, False],
        "warn_carts": [True, None, False],
        "value_tier": ["high", None, "high"],
        "revenue": [0.1 + 0.2, None, -5.0],
        "orders": pa.array([2**31 - 1, None, 0], pa.int64()),
        "first_at": pa.array([dt.date(2000, 2, 29), None, dt.date(2026, 1, 1)]),
    }
    ids = [customer.pk, customer.pk + 1, customer.pk + 2]
    fixed = {"customer_id": ids, "workspace_id": [workspace.pk] * 3, "run": [1] * 3, "as_of": [dt.date(2026, 1, 1)] * 3}
    bulk.insert(Score, pa.table(fixed | told).to_batches())
    stored = Score.objects.of(workspace).order_by("pk")
    for name, values in told.items():
        assert list(stored.values_list(name, flat=True)) == pa.array(values).to_pylist(), name
    Score.objects.of(workspace).delete()
