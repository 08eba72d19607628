"""A file into the lake: counts that add up, the same file again, corrected files, undo, remembered mappings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from zhike.errors import InputError, SettingsError
from zhike.facts.orders import net_orders
from zhike.importing.importer import Choices, ImportResult, import_file, import_query, inspect_file
from zhike.importing.remarks import write_remarks
from zhike.lake.batches import State, batches, undo
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot

Writer = Callable[..., Path]
ORDERS = Choices(table="orders")


def rows(lake: Lake, table: str = "orders", *columns: str) -> list[dict[str, Any]]:
    found = snapshot(lake, table)
    found = found.select(*columns) if columns else found
    return sorted(lake.engine.to_pyarrow(found).to_pylist(), key=str)


def adds_up(result: ImportResult) -> bool:
    return result.rows == result.accepted + result.flagged + result.rejected


def test_rows_are_accepted_flagged_or_rejected(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,a,2026-01-05,10", "2,,2026-01-06,20", "3,b,yesterday,30")
    result = import_file(lake, file, ORDERS)
    assert (result.rows, result.accepted, result.flagged, result.rejected) == (3, 1, 1, 1)
    assert (result.added, result.batch) == (2, 1)
    assert [row["order_id"] for row in rows(lake, "orders", "order_id")] == ["1", "2"]


def test_the_same_file_again_changes_nothing(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,a,2026-01-05,10", "2,b,2026-01-06,20")
    import_file(lake, file, ORDERS)
    before = lake.version("facts/orders")
    again = import_file(lake, file, ORDERS)
    assert adds_up(again)
    assert (again.batch, again.added, again.updated, again.duplicates) == (None, 0, 0, 2)
    assert lake.version("facts/orders") == before
    assert len(batches(lake)) == 1


def test_a_corrected_file_updates_by_key_and_undo_brings_the_old_value_back(lake: Lake, orders_csv: Writer) -> None:
    import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10", "2,b,2026-01-06,20"), ORDERS)
    fixed = import_file(lake, orders_csv("b.csv", "2,b,2026-01-06,25", "3,c,2026-01-07,5"), ORDERS)
    assert (fixed.added, fixed.updated, fixed.duplicates) == (1, 1, 0)
    assert [row["amount"] for row in rows(lake, "orders", "amount")] == [10, 25, 5]
    undo(lake, 2)
    assert [row["amount"] for row in rows(lake, "orders", "amount")] == [10, 20]
    assert [batch.state for batch in batches(lake)] == [State.COMMITTED, State.UNDONE]
    # Corrected twice, and back: the newest import always wins.
    import_file(lake, orders_csv("b.csv", "2,b,2026-01-06,25"), ORDERS)
    import_file(lake, orders_csv("a.csv", "2,b,2026-01-06,20"), ORDERS)
    assert [row["amount"] for row in rows(lake, "orders", "amount")] == [10, 20]


def test_within_a_file_the_last_row_of_a_key_counts(lake: Lake, orders_csv: Writer) -> None:
    result = import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10", "1,a,2026-01-05,12"), ORDERS)
    assert adds_up(result)
    assert [row["amount"] for row in rows(lake, "orders", "amount")] == [12]


def test_rows_without_an_id_are_known_by_what_they_say(lake: Lake, orders_csv: Writer) -> None:
    text = ("a,9,Great", "b,3,Slow", "b,3,Slow")
    file = orders_csv("f.csv", *text, header="customer_id,nps,comment")
    first = import_file(lake, file, Choices(table="feedback"))
    assert first.added == 3
    assert import_file(lake, file, Choices(table="feedback")).added == 0
    more = orders_csv("g.csv", *text, "c,10,Fine", header="customer_id,nps,comment")
    assert import_file(lake, more, Choices(table="feedback")).added == 1


def test_two_sources_may_use_the_same_ids(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,7,2026-01-05,10")
    import_file(lake, file, ORDERS)
    import_file(lake, file, Choices(table="orders", source="shop"))
    found = rows(lake, "orders", "order_id", "customer_id")
    assert found == [{"order_id": "1", "customer_id": "7"}, {"order_id": "shop:1", "customer_id": "shop:7"}]


def test_a_corrected_mapping_is_remembered_for_the_source(lake: Lake, orders_csv: Writer) -> None:
    header = "Nr,Wer,Wann,Brutto,Netto"
    corrections = {"order_id": "Nr", "customer_id": "Wer", "ordered_at": "Wann", "amount": "Netto"}
    first = orders_csv("a.csv", "1,a,2026-01-05,12,10", header=header)
    import_file(lake, first, Choices(table="orders", corrections=corrections))
    second = orders_csv("b.csv", "2,b,2026-01-06,24,20", header=header)
    import_file(lake, second)
    assert [row["amount"] for row in rows(lake, "orders", "amount")] == [10, 20]
    assert inspect_file(lake, second).mapping["columns"] == corrections


def test_unknown_columns_are_kept_as_attributes(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,a,2026-01-05,10,red", header="order_id,customer_id,ordered_at,amount,ribbon_hue")
    import_file(lake, file, ORDERS)
    assert rows(lake, "orders", "attributes") == [{"attributes": '{"ribbon_hue":"red"}'}]


def test_inspecting_changes_nothing(lake: Lake, orders_csv: Writer) -> None:
    seen = inspect_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10"))
    assert seen.mapping["table"] == "orders"
    assert seen.sample["amount"] == ["10"]
    assert batches(lake) == []


def test_remarks_are_saved_without_formulas(lake: Lake, orders_csv: Writer, tmp_path: Path) -> None:
    import_file(lake, orders_csv("a.csv", "1,a,=HYPERLINK(1),10", "2,b,2026-01-06,x-1", "3,,2026-01-06,9"), ORDERS)
    assert write_remarks(lake, 1, tmp_path / "all.csv") == 3
    assert write_remarks(lake, 1, tmp_path / "rejected.csv", only_rejected=True) == 2
    text = (tmp_path / "rejected.csv").read_text("utf-8-sig")
    assert text.splitlines()[0] == '"Row","Outcome","Column","Value","Reason"'
    assert "'=HYPERLINK(1)" in text
    assert '\n3,"rejected"' in text


def test_a_query_is_imported_like_a_file(lake: Lake, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE sales (id INTEGER, buyer TEXT, at TEXT, paid REAL)")
        shop.executemany(
            "INSERT INTO sales VALUES (?, ?, ?, ?)", [(1, "a", "2026-01-05", 10), (2, "b", "2026-01-06", 20)]
        )
    sql = "SELECT id AS order_id, buyer AS customer_id, at AS ordered_at, paid AS amount FROM sales"
    result = import_query(lake, f"sqlite:///{tmp_path}/shop.db", sql, ORDERS)
    assert (result.accepted, result.added) == (2, 2)


def test_what_cannot_be_is_refused_with_the_fix(lake: Lake, orders_csv: Writer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Check the path"):
        import_file(lake, tmp_path / "nothing.csv")
    with pytest.raises(SettingsError, match="Use letters"):
        import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10"), Choices(source="../x"))
    with pytest.raises(SettingsError, match="Use one of: customers"):
        import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10"), Choices(table="sales"))
    assert batches(lake) == []
    assert list(lake.scratch().glob("import-*")) == []


def test_csv_xlsx_and_parquet_give_the_same_lake(tmp_path: Path, online_retail: Path) -> None:
    con = duckdb.connect()
    part = f"(FROM '{online_retail}' LIMIT 20000)"
    con.execute(f"COPY {part} TO '{tmp_path}/part.parquet'")
    con.execute(f"COPY {part} TO '{tmp_path}/part.csv'")
    con.sql(f"FROM {part}").df().to_excel(tmp_path / "part.xlsx", index=False)
    found = {}
    for suffix in ("parquet", "csv", "xlsx"):
        with Lake(tmp_path / suffix) as lake:
            result = import_file(lake, tmp_path / f"part.{suffix}")
            assert adds_up(result)
            facts = snapshot(lake, "order_lines").drop("source", "batch", "replaces")
            found[suffix] = lake.engine.to_pyarrow(facts.order_by("order_id", "line_no", "product_id"))
    assert found["parquet"].num_rows == 20_000
    assert found["csv"].equals(found["parquet"])
    assert found["xlsx"].equals(found["parquet"])


def test_amounts_that_are_already_net_are_not_netted_twice(lake: Lake, test_data: Path) -> None:
    result = import_file(lake, test_data / "tmall" / "tmall_order_report.csv")
    assert (result.table, result.rows) == ("orders", 28_010)
    assert adds_up(result)
    found = snapshot(lake, "orders")
    sums = found.aggregate(paid=found.amount.sum(), back=found.refunded.sum())
    paid, back = lake.engine.to_pyarrow(sums).to_pylist()[0].values()
    assert back == pytest.approx(572_335.92)
    assert paid - back == pytest.approx(1_902_487.15)
    net = net_orders(found)
    assert lake.engine.to_pyarrow(net.amount.sum()).as_py() == pytest.approx(1_902_487.15)
    assert "customer_id" in result.mapping["missing"]
