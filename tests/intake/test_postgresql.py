"""Queries on a real PostgreSQL server: what may be read is read, and nothing else happens."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.postgres import Postgres
from zhike.errors import InputError
from zhike.importing.importer import Choices, import_query
from zhike.intake.limits import Limits
from zhike.intake.query import fetch_query
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot

pytestmark = pytest.mark.xdist_group("postgres")

SHOP = """
CREATE TABLE orders AS SELECT 'o' || i AS order_id, 'c' || i % 7 AS customer_id, (i / 4.0)::numeric(12, 2) AS amount,
  TIMESTAMPTZ '2026-01-05 10:00:00+08' + i * INTERVAL '1 hour' AS ordered_at FROM generate_series(0, 499) i;
DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON orders TO reader;
DO $$ BEGIN CREATE ROLE analyst LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT pg_read_all_data TO analyst;
DO $$ BEGIN CREATE ROLE keeper LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER TABLE orders OWNER TO keeper; GRANT CREATE ON SCHEMA public TO keeper;
-- Two that look harmless: by a group they are in, and by the role they begin with.
DO $$ BEGIN CREATE ROLE loaders; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE loader LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT pg_read_server_files TO loaders; GRANT loaders TO loader; GRANT SELECT ON orders TO loader;
DO $$ BEGIN CREATE ROLE masked LOGIN SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE masked SET role = 'reader';
"""


@pytest.fixture(scope="module")
def shop(postgres: Postgres) -> Postgres:
    postgres.create_database("shop")
    postgres.run(SHOP, "shop")
    return postgres


@pytest.mark.parametrize("user", ["analyst", "reader"])
def test_orders_are_imported_by_query(shop: Postgres, lake: Lake, user: str) -> None:
    sql = "SELECT * FROM orders WHERE amount >= 1 ORDER BY ordered_at"
    result = import_query(lake, shop.url("shop", user), sql, Choices(table="orders"))
    assert (result.rows, result.accepted, result.added, result.batch) == (496, 496, 496, 1)
    assert result.file == f"postgresql://{user}@127.0.0.1:{shop.port}/shop query"
    stored = lake.engine.to_pyarrow(snapshot(lake, "orders").order_by("ordered_at")).to_pylist()
    assert sum(row["amount"] for row in stored) == sum(range(4, 500)) / 4
    assert (stored[0]["order_id"], stored[0]["ordered_at"]) == ("o4", dt.datetime(2026, 1, 5, 6))
    assert import_query(lake, shop.socket_url("shop", user), sql, Choices(table="orders")).batch is None


NOT_ONE = "not one statement that only reads"


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TABLE orders", NOT_ONE),
        ("COPY orders TO '{file}'", NOT_ONE),
        ("COPY orders TO PROGRAM 'cat > {file}'", NOT_ONE),
        ("/* /* */ SELECT 1 */ COPY orders TO PROGRAM 'cat > {file}'", NOT_ONE),
        ("--\rCOPY (--\nSELECT 1) TO PROGRAM 'cat > {file}'", NOT_ONE),
        ("DO $$ BEGIN DELETE FROM orders; END $$", NOT_ONE),
        ("SET TRANSACTION READ WRITE", NOT_ONE),
        ("SELECT 1; DROP TABLE orders", "multiple commands"),
        ("SELECT 1) TO STDOUT; DROP TABLE orders; COPY (SELECT 1", "syntax error"),
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", "read-only transaction"),
        ("SELECT * INTO copied FROM orders", "read-only transaction"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "before any query"),
        ("SELECT pg_read_file('/etc/hostname')", "permission denied"),
        ("SELECT lo_export(1, '{file}')", "permission denied"),
        ("SELECT * FROM nothing", "does not exist"),
    ],
)
def test_a_query_only_reads_tables(shop: Postgres, tmp_path: Path, sql: str, says: str) -> None:
    file = Path("/tmp", f"zhike-written-{shop.port}")
    # Somebody who may do all that with the tables themselves.
    with pytest.raises(InputError, match=says):
        fetch_query(shop.url("shop", "keeper"), sql.format(file=file), tmp_path / "out.parquet")
    assert not file.exists()
    assert shop.run("SELECT count(*) FROM orders", "shop") == "500"


RAISED = (
    "SELECT set_config('role', 'none', true), "
    "query_to_xml('select pg_read_file(''/etc/hostname'')', true, false, '')::text"
)


@pytest.mark.parametrize("sql", ["SELECT * FROM orders", RAISED])
@pytest.mark.parametrize("user", ["owner", "loader", "masked"])
def test_who_may_read_the_servers_files_is_refused(shop: Postgres, tmp_path: Path, user: str, sql: str) -> None:
    with pytest.raises(InputError, match=f"login {user} may read the files .* Ask with a login that may only read"):
        fetch_query(shop.url("shop", user), sql, tmp_path / "out.parquet")
    assert not list(tmp_path.glob("out*"))


def test_an_endless_query_ends_here_and_there(shop: Postgres, tmp_path: Path) -> None:
    limits = Limits(wall_seconds=4)
    with pytest.raises(InputError, match="took longer than 4 seconds"):
        fetch_query(shop.url("shop", "reader"), "SELECT pg_sleep(600)", tmp_path / "out.parquet", limits=limits)
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND usename = 'reader'"
    shop.run(
        "DO $$ BEGIN FOR i IN 1..100 LOOP PERFORM pg_stat_clear_snapshot(); IF NOT EXISTS (SELECT FROM "
        "pg_stat_activity WHERE usename = 'reader') THEN EXIT; END IF; PERFORM pg_sleep(.2); END LOOP; END $$"
    )
    assert shop.run(asleep) == "0"


def test_a_result_too_large_is_refused(shop: Postgres, tmp_path: Path) -> None:
    sql = "SELECT md5(random()::text || a || b) AS t FROM generate_series(1, 3000) a, generate_series(1, 3000) b"
    with pytest.raises(InputError, match="more than 10 MB"):
        fetch_query(shop.url("shop", "reader"), sql, tmp_path / "out.parquet", limits=Limits(query_size=10 * 1024**2))
    assert not list(tmp_path.glob("out*"))
