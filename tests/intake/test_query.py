"""Queries on databases, streamed to Parquet."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest

from tests.intake.conftest import Load, names
from zhike.errors import InputError
from zhike.intake.query import fetch_query, shown_address


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER, placed TEXT, amount REAL)")
        rows = [(n, f"2020-01-{n % 28 + 1:02}", n / 4) for n in range(100_000)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    connection.close()
    return path


def test_sqlite(database: Path, load: Load, tmp_path: Path) -> None:
    url = f"sqlite:///{database}"
    path = fetch_query(url, "SELECT * FROM orders ORDER BY id", tmp_path / "out.parquet")
    table, rows = load(path)
    assert names(table) == ["id", "placed", "amount"]
    assert [row[0] for row in rows] == list(range(100_000))
    assert rows[5] == (5, "2020-01-06", 1.25)


def test_duckdb_through_ibis(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE orders AS SELECT range AS id, range / 4 AS amount FROM range(10)")
    path = fetch_query(f"duckdb://{file}", "SELECT id, amount FROM orders WHERE id > 7", tmp_path / "out.parquet")
    assert load(path)[1] == [(8, 2.0), (9, 2.25)]


def test_errors(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with pytest.raises(InputError, match="no such table"):
        fetch_query(f"sqlite:///{database}", "SELECT * FROM no_such_table", out)
    with pytest.raises(InputError, match="There is no file"):
        fetch_query(f"sqlite:///{tmp_path}/none.db", "SELECT 1", out)
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(InputError) as raised:
        fetch_query("postgresql://me:hunter2@127.0.0.1:1/x", "SELECT 1", out)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(InputError, match="failed"):
        fetch_query("nosuch://x", "SELECT 1", out)
    assert not out.exists()
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    "password", ["hunter2", "hun@ter2", "h/unter2", "hunter2?x", "h?unt@er2", "hunter2#", "a:hunter2"]
)
def test_an_address_is_shown_without_its_password(password: str) -> None:
    for url in (f"postgresql://me:{password}@db/shop", f"postgresql://db/shop?user=me&password={password}"):
        shown = shown_address(url)
        assert shown in ("postgresql://me@db/shop", "postgresql://db/shop", "postgresql")


def test_a_query_cannot_change_sqlite(database: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        fetch_query(f"sqlite:///{database}", "DELETE FROM orders", tmp_path / "out.parquet")
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (100_000,)
    connection.close()
