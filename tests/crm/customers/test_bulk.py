"""Indexes made anew after a large copy are the ones there were, and a copy that fails leaves everything as it was."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from django.db import connection, transaction

from zhike_crm import bulk
from zhike_crm.customers.models import Customer, Identity

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
