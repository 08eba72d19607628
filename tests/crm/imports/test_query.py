"""Rows of a database: only from servers that are listed, and the password stays nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db import connection
from django.test import Client

from tests.crm.imports.conftest import again
from zhike_crm.imports import querying
from zhike_crm.imports.models import Import, State
from zhike_crm.workspaces.models import Workspace

# Asks other databases than ours.
pytestmark = pytest.mark.one_database

PASSWORD = "hunter@2/:?"
FORM = {
    "host": "db.example.com", "port": "5432", "database": "shop", "user": "reader",
    "password": PASSWORD, "sql": "SELECT * FROM orders",
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were asked, by a database that has one order."""
    addresses: list[str] = []

    def fetch(url: str, sql: str, destination: Path, **_: Any) -> Path:
        addresses.append(url)
        rows = "SELECT 'A1' AS order_id, 'c1' AS customer_id, DATE '2026-01-05' AS ordered_at, 10.0 AS amount"
        duckdb.sql(rows).write_parquet(str(destination))
        return destination

    monkeypatch.setattr(querying, "fetch_query", fetch)
    return addresses


def test_a_query_becomes_an_import(
    asked: list[str], client_as: Callable[..., Client], workspace: Workspace, work: Callable[[], None], settings: Any
) -> None:
    settings.ZHIKE_QUERY_HOSTS = ["db.example.com"]
    answer = client_as("owner").post("/w/shop/imports/query", FORM)
    made = Import.objects.of(workspace).get()
    assert answer.headers["Location"] == f"/w/shop/imports/{made.pk}/"
    assert asked == ["postgresql://reader:hunter%402%2F%3A%3F@db.example.com:5432/shop"]
    assert made.address == "postgresql://reader@db.example.com:5432/shop"
    work()
    assert (again(made).state, again(made).table) == (State.FOUND, "orders")


def test_the_password_is_nowhere_in_the_database(
    asked: list[str], client_as: Callable[..., Client], workspace: Workspace, settings: Any
) -> None:
    settings.ZHIKE_QUERY_HOSTS = ["db.example.com"]
    client_as("owner").post("/w/shop/imports/query", FORM)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert "hunter" not in str(cursor.fetchall()), table


@pytest.mark.parametrize("host", ["localhost", "169.254.169.254", "db.example.com,evil", "/var/run/postgresql", ""])
def test_other_servers_are_not_asked(
    host: str, asked: list[str], client_as: Callable[..., Client], workspace: Workspace, settings: Any
) -> None:
    settings.ZHIKE_QUERY_HOSTS = ["db.example.com"]
    assert client_as("owner").post("/w/shop/imports/query", FORM | {"host": host}).status_code == 200
    assert asked == []
    assert not Import.objects.of(workspace).exists()


def test_without_a_list_nobody_is_asked(asked: list[str], client_as: Callable[..., Client]) -> None:
    browser = client_as("owner")
    assert "No database may be asked yet" in browser.get("/w/shop/imports/query").content.decode()
    browser.post("/w/shop/imports/query", FORM)
    assert asked == []
