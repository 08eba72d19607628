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
