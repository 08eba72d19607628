"""DuckDB and Spark give the same groups."""

from __future__ import annotations

import random

import pyarrow as pa

from tests.engines.engine import Engine, duckdb_engine
from zhike.segments import cluster, profile

pytest_plugins = ("tests.engines.engine",)


def customers() -> pa.Table:
    dice = random.Random(7)
    rows = []
    for number in range(300):
        often = number % 3 == 0
        rows.append(
            {
                "customer_id": f"客{number}" if number % 2 else f"c{number}",
                "orders": dice.randrange(15, 30) if often else dice.randrange(1, 6),
                "revenue": dice.lognormvariate(7 if often else 4, 0.4),
                "city": dice.choice(["上海", "Oslo", None]),
            }
        )
    dice.shuffle(rows)
    return pa.Table.from_pylist(rows)


def test_same_groups(engine: Engine) -> None:
    tables = [one.cut(one.table(customers()), "people") for one in (duckdb_engine(), engine)]
    expected, found = (cluster(table) for table in tables)
    assert found.labels.equals(expected.labels)
    assert found.names["en"] == expected.names["en"]
    assert profile(tables[0], found).rows() == profile(tables[1], found).rows()
