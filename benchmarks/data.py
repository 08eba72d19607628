"""Orders to measure on: made by DuckDB from hashes, so that every machine and run has the same rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

ORDERS_PER_CUSTOMER = 10

_ORDERED_AT = "TIMESTAMP '2024-01-01' + to_seconds((hash(i * 7 + 1) % 63072000)::BIGINT)"
# How a file writes its times: as DuckDB does, which is ISO 8601, or as most of the world does.
DATES = {"iso": _ORDERED_AT, "dmy": f"strftime({_ORDERED_AT}, '%d/%m/%Y %H:%M:%S')"}
_ORDERS = """
SELECT 'C' || lpad((hash(i) % {customers})::VARCHAR, 9, '0') AS customer_id,
       i AS order_id,
       {ordered_at} AS ordered_at,
       round(exp(((hash(i * 3 + 5) % 10000) / 10000.0) * 5) + 1, 2) AS amount
FROM range({orders}) t(i)
"""


def orders_file(folder: Path, orders: int, suffix: str = "parquet", dates: str = "iso") -> Path:
    """A file of that many orders over two years by a tenth as many customers; made once, then reused."""
    path = folder / f"orders_{orders}{'' if dates == 'iso' else '_' + dates}.{suffix}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        select = _ORDERS.format(orders=orders, customers=orders // ORDERS_PER_CUSTOMER, ordered_at=DATES[dates])
        # Streams through: a hundred million orders need no more memory than one.
        con = duckdb.connect()
        # It would be drawn on standard output, where whoever started this reads the path.
        con.execute("SET enable_progress_bar = false")
        con.execute(f"COPY ({select}) TO '{part}' (FORMAT {suffix})")
        part.rename(path)
    return path


_CUSTOMERS = """
WITH told AS (
    SELECT i, (hash(i * 11 + 2) % 4294967296)::BIGINT AS h, (hash(i * 13 + 4) % 4294967296)::BIGINT AS g
    FROM range({customers}) t(i))
SELECT 'C' || lpad(i::VARCHAR, 9, '0') AS customer_id,
       {given}[1 + h % 24] || ' ' || {start}[1 + (h // 24) % 30] || {finish}[1 + (h // 720) % 20] AS name,
       CASE WHEN g % 10 < 8 THEN 'c' || i || '@' || {hosts}[1 + g % 3] END AS email,
       CASE WHEN g % 10 < 7 THEN '+86 13' || lpad((g % 1000000000)::VARCHAR, 9, '0') END AS phone,
       CASE WHEN g % 7 < 6 THEN ['female', 'male'][1 + g % 2] END AS gender,
       CASE WHEN g % 5 < 4 THEN DATE '1940-01-01' + (h % 25000)::INTEGER END AS birth_date,
       {countries}[1 + least(h % 8, g % 8)] AS country,
       'Region ' || (h % 40) AS region,
       CASE WHEN g % 9 > 0 THEN 'City ' || (h % 900) END AS city
FROM told
"""
_WORDS = {
    "given": (
        "Ada Ben Chen Dora Elif Finn Grace Hana Ivan Jing Kofi Lena "
        "Maya Nils Olga Paul Qiang Rosa Sven Tara Uma Vera Wei Yan"
    ),
    "start": (
        "Bar Cal Dan Ell Far Gar Hal Ing Jor Kal Lan Mor Nor Ost Pal "
        "Quin Ros San Tor Ulm Ver Wal Xan Yor Zel Ash Bro Cro Dre Fel"
    ),
    "finish": "son man berg stein wood ley ton field ström ova ini escu ides akis ura moto zadeh pour wala singh",
    "hosts": "example.com example.net mail.example",
    "countries": "China Germany France Japan Brazil India Kenya Norway",
}


def customers_file(folder: Path, customers: int) -> Path:
    """The list of the customers of ten times as many orders: names, addresses, ages and places, some missing."""
    path = folder / f"customers_{customers}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        select = _CUSTOMERS.format(customers=customers, **{name: text.split() for name, text in _WORDS.items()})
        con = duckdb.connect()
        con.execute("SET enable_progress_bar = false")
        con.execute(f"COPY ({select}) TO '{part}' (FORMAT parquet)")
        part.rename(path)
    return path
