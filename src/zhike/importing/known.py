"""What earlier imports tell of the next one: how large orders are."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

_MONEY = "details -> '$.report.figures.clean'"
# A file with several currencies has no revenue among its figures; the lowest and the highest name say the others.
_CURRENCY = (
    "list_filter(from_json(details -> '$.report.profile', "
    """'[{"column": "VARCHAR", "lowest": "VARCHAR"}]'), lambda c: c."column" = 'currency')[1].lowest"""
)


def order_sizes(imports: pa.Table) -> dict[str, Any]:
    """How many orders the imports brought, what these add up to, and their currencies, for `OrderSizes`.

    Read from their quality reports, not from the facts: ten million orders need not be added up for a file of ten. An
    order that two imports brought counts twice, which moves the mean little.

    Args:
        imports: `committed(lake, "details")`.
    """
    with duckdb.connect() as con:
        con.register("imports", imports)
        con.execute(
            f"CREATE TABLE sizes AS SELECT CAST({_MONEY} ->> 'orders' AS BIGINT) AS orders, "
            f"CAST({_MONEY} ->> 'revenue' AS DOUBLE) AS amount, {_CURRENCY} AS currency FROM imports"
        )
        query = (
            "SELECT coalesce(sum(orders), 0)::BIGINT, coalesce(sum(amount), 0), "
            "coalesce(list_sort(list(DISTINCT currency) FILTER (currency IS NOT NULL)), []) "
            "FROM sizes WHERE orders > 0 AND amount > 0"
        )
        [(orders, amount, currencies)] = con.execute(query).fetchall()
    return {"orders": orders, "amount": amount, "currencies": currencies}
