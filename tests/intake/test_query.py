"""Queries on databases, streamed to Parquet."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest

from tests.intake.conftest import Load, names
from zhike.errors import EngineError, InputError
from zhike.intake.databases import without_secrets
from zhike.intake.limits import Limits
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
    assert [file.name for file in tmp_path.glob("*.partial")] == []


def test_duckdb(load: Load, tmp_path: Path) -> None:
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
    assert not out.exists()
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    "address",
    [
        "nosuch://x", "polars://", "pyspark://", "datafusion://", "file://{folder}/new.db", "file://{folder}/new.duckdb",
        "file://nofile.db", "file://{shop}", "{shop}", "{folder}/secret.csv", "{folder}/new.duckdb",
        "mysql:{folder}/new.duckdb", "DuckDB:{folder}/new.duckdb", "mysql+file://{folder}/new.db", "", "://", "parquet://x",
    ],
)  # fmt: skip
def test_databases_that_are_not_closed_are_refused(database: Path, tmp_path: Path, address: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    before = sorted(file.name for file in tmp_path.iterdir())
    for sql in (f"SELECT * FROM read_csv('{secret}')", "SELECT 1"):
        with pytest.raises(InputError, match="does not begin with a kind of database") as raised:
            fetch_query(address.format(folder=tmp_path, shop=database), sql, tmp_path / "out.parquet")
        assert "postgresql" in str(raised.value)
    assert sorted(file.name for file in tmp_path.iterdir()) == before


def test_databases_elsewhere_are_asked_through_ibis(tmp_path: Path) -> None:
    with pytest.raises((InputError, EngineError)) as raised:
        fetch_query("clickhouse://me:hunter2@127.0.0.1:1/x", "SELECT 1", tmp_path / "out.parquet")
    assert "clickhouse" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "password", ["hunter2", "hun@ter2", "h/unter2", "hunter2?x", "h?unt@er2", "hunter2#", "a:hunter2"]
)
def test_an_address_is_shown_without_its_password(password: str) -> None:
    for url in (f"postgresql://me:{password}@db/shop", f"postgresql://db/shop?user=me&password={password}"):
        shown = shown_address(url)
        assert shown in ("postgresql://me@db/shop", "postgresql://db/shop", "postgresql")


def test_a_driver_says_no_password() -> None:
    url = "postgresql://me:hun%40ter2@db/shop?sslpassword=s3cret"
    said = without_secrets(f"{url}: password hun%40ter2 (hun@ter2) or s3cret is wrong", url)
    assert said == "…: password … (…) or … is wrong"


ONE_SELECT = "not one statement that only reads"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM orders",
        "INSERT INTO orders VALUES (1, '', 2) RETURNING id",
        "WITH x AS (SELECT 1) DELETE FROM orders",
        "ATTACH '{other}' AS other",
        "ATTACH '{new}' AS new",
        "SELECT 1; ATTACH '{new}' AS new",
        "ATTACH '{new}' AS new; SELECT 1",
        "VACUUM INTO '{new}'",
        "PRAGMA journal_mode = DELETE",
        "CREATE TEMP TABLE t AS SELECT 1",
        "SELECT load_extension('{other}')",
        "/* */ SELECT 1; SELECT 2",
        "",
    ],
)
def test_a_query_on_sqlite_only_reads_its_own_file(database: Path, tmp_path: Path, sql: str) -> None:
    other, new = tmp_path / "other.db", tmp_path / "new.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE secrets (a)")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(InputError, match=ONE_SELECT):
        fetch_query(f"sqlite:///{database}", sql.format(other=other, new=new), tmp_path / "out.parquet")
    assert database.read_bytes() == before
    assert not new.exists()
    assert not list(tmp_path.glob("out*"))


def test_what_sqlite_has_to_read(tmp_path: Path, load: Load) -> None:
    """Views, window and JSON functions, recursion, virtual tables; a name that is no address; types that are mixed."""
    path = tmp_path / "our %20 #shop?.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "CREATE TABLE o (id INTEGER, v); INSERT INTO o VALUES (1, '1'), (2, '{}');"
            "CREATE VIEW w AS SELECT id, row_number() OVER (ORDER BY id DESC) AS n, json_extract(v, '$') FROM o;"
            "CREATE VIRTUAL TABLE f USING fts5(t); INSERT INTO f VALUES ('hello world'); CREATE TABLE mixed (v)"
        )
        connection.executemany("INSERT INTO mixed VALUES (?)", [*((n,) for n in range(70_000)), ("text",)])
    connection.close()

    def ask(sql: str) -> list[tuple[object, ...]]:
        return load(fetch_query(f"sqlite:///{path}", sql, tmp_path / "out.parquet"))[1]

    assert ask("SELECT id, n FROM w ORDER BY id; -- all of them") == [(1, 2), (2, 1)]
    assert ask("SELECT t FROM f WHERE t MATCH 'world'") == [("hello world",)]
    counted = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 9) SELECT max(x) AS m FROM c"
    assert ask(counted) == [(9,)]
    with pytest.raises(InputError, match="Column v of the query holds values of several types"):
        ask("SELECT v FROM mixed")


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT {what} FROM c"


def test_a_query_ends_by_size_and_by_time(database: Path, tmp_path: Path) -> None:
    out, url = tmp_path / "out.parquet", f"sqlite:///{database}"
    with pytest.raises(InputError, match="more than 5 MB of rows"):
        fetch_query(url, ENDLESS.format(what="x, hex(randomblob(50)) AS t"), out, limits=Limits(query_size=5 * 1024**2))
    with pytest.raises(InputError, match="The query took longer than 4 seconds"):
        fetch_query(url, ENDLESS.format(what="max(x)"), out, limits=Limits(wall_seconds=4))
    huge = "SELECT zeroblob(900000000) AS b UNION ALL SELECT zeroblob(900000001)"
    with pytest.raises(InputError, match="The query needed more memory"):
        fetch_query(url, huge, out, limits=Limits(address_space=2 * 1024**3))
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM read_csv('{secret}')", "Permission Error"),
        ("FROM '{secret}'", "Permission Error"),
        ("COPY (SELECT 1) TO '{new}'", ONE_SELECT),
        ("ATTACH '{new}'", ONE_SELECT),
        ("SELECT 1; SELECT 2", ONE_SELECT),
        ("FROM database", "database does not exist"),  # a variable of ours
    ],
)
def test_a_query_on_duckdb_only_reads_its_own_file(tmp_path: Path, sql: str, says: str) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    duckdb.connect(str(tmp_path / "shop.duckdb")).close()
    with pytest.raises(InputError, match=says):
        fetch_query(
            f"duckdb://{tmp_path}/shop.duckdb",
            sql.format(secret=tmp_path / "secret.csv", new=tmp_path / "new"),
            tmp_path / "out.parquet",
        )
    assert not (tmp_path / "new").exists()
