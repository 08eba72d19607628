"""Ids belong to the source they came from, whatever they look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot


def test_an_id_cannot_pass_for_one_of_another_source(lake: Lake, orders_csv: Callable[..., Path]) -> None:
    shop = orders_csv("shop.csv", "1,1,2026-01-05,10", "2,2,2026-01-05,10")
    import_file(lake, shop, Choices(table="orders", source="shop"))
    # As order 1 of the shop it would replace that order; as customer 2 it would buy for her.
    forged = orders_csv("main.csv", "shop:1,shop:2,2026-01-06,999", "3,b,2026-01-06,5")
    result = import_file(lake, forged, Choices(table="orders"))
    assert (result.added, result.updated) == (2, 0)
    found = lake.engine.to_pyarrow(snapshot(lake, "orders").select("order_id", "customer_id", "amount")).to_pylist()
    assert sorted(tuple(row.values()) for row in found) == [
        ("3", "b", 5.0),
        ("main:shop:1", "main:shop:2", 999.0),
        ("shop:1", "shop:1", 10.0),
        ("shop:2", "shop:2", 10.0),
    ]
    assert import_file(lake, forged, Choices(table="orders")).batch is None
