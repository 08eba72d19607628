"""A file into the lake: counts that add up, the same file again, corrected files, undo, remembered mappings."""

from __future__ import annotations

import datetime as dt
import json
import os
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
    assert list(lake.scratch().glob("staging-*")) == []


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


def test_a_list_of_customers_without_ids(lake: Lake, orders_csv: Writer) -> None:
    header, customers = "name,email,city", Choices(table="customers")
    first = import_file(lake, orders_csv("a.csv", "Ann,ann@x.org,Rom", "Bob,bob@x.org,Ulm", header=header), customers)
    assert (first.added, first.mapping["missing"]) == (2, ["customer_id"])
    # Another list: nobody may become somebody else because of the place in the file.
    second = orders_csv("b.csv", "Cy,cy@x.org,Bonn", "Ann,ANN@x.org,Paris", header=header)
    result = import_file(lake, second, customers)
    assert (result.added, result.updated) == (1, 1)
    found = {row["name"]: row["city"] for row in rows(lake, "customers", "name", "city")}
    assert found == {"Ann": "Paris", "Bob": "Ulm", "Cy": "Bonn"}


def test_the_bank_zip(lake: Lake, test_data: Path) -> None:
    file = test_data / "bank_marketing" / "bank-additional.zip"
    result = import_file(lake, file)
    assert adds_up(result)
    assert (result.table, result.rows, result.added, result.rejected) == ("customers", 41_188, 41_188, 0)
    again = import_file(lake, file)
    assert (again.batch, again.duplicates) == (None, 41_188)


def test_a_narrower_file_erases_nothing(lake: Lake, orders_csv: Writer) -> None:
    wide = "customer_id,name,phone,city,email,pet,shoe size"
    customers = Choices(table="customers")
    import_file(lake, orders_csv("a.csv", "1,Ann,5550100,Rom,a@x.org,cat,37", header=wide), customers)
    narrow = orders_csv("b.csv", "1,ann@x.org,,red", "2,bob@x.org,dog,", header="customer_id,email,pet,hair")
    assert (import_file(lake, narrow, customers).updated, import_file(lake, narrow, customers).updated) == (1, 0)
    ann, bob = rows(lake, "customers", "customer_id", "name", "phone", "city", "email", "attributes")
    attributes = json.loads(ann.pop("attributes"))
    assert ann == {"customer_id": "1", "name": "Ann", "phone": "5550100", "city": "Rom", "email": "ann@x.org"}
    assert attributes == {"shoe size": "37", "hair": "red"}
    assert (bob["email"], bob["name"], bob["attributes"]) == ("bob@x.org", None, '{"pet":"dog"}')
    # What is there in another order is there; a column that the file leaves blank becomes blank.
    same = orders_csv("c.csv", "1,37,red", header="customer_id,shoe size,hair")
    assert import_file(lake, same, customers).batch is None
    import_file(lake, orders_csv("d.csv", "1,", header="customer_id,city"), customers)
    assert rows(lake, "customers", "name", "city")[0] == {"name": "Ann", "city": None}
    undo(lake, 2)
    assert "dog" not in str(rows(lake, "customers", "attributes"))


def test_an_assumed_quantity_does_not_overwrite(lake: Lake, orders_csv: Writer) -> None:
    lines = Choices(table="order_lines")
    import_file(lake, orders_csv("a.csv", "1,p,5,10", header="order_id,product_id,quantity,amount"), lines)
    import_file(lake, orders_csv("b.csv", "1,p,tea", "2,q,tea", header="order_id,product_id,category"), lines)
    found = [tuple(row.values()) for row in rows(lake, "order_lines", "quantity", "amount", "category")]
    assert sorted(found, key=str) == [(1.0, None, "tea"), (5.0, 10.0, "tea")]


def test_an_event_that_comes_again_with_more_attributes(lake: Lake, orders_csv: Writer) -> None:
    header, views = "customer_id,occurred_at,kind", Choices(table="interactions")
    seen = ("a,2026-01-05,view", "a,2026-01-05,view", "b,2026-01-05,view")
    assert import_file(lake, orders_csv("a.csv", *seen, header=header), views).added == 3
    wider = [f"{row},{cursor}" for row, cursor in zip(seen, "xyz", strict=True)]
    result = import_file(lake, orders_csv("b.csv", *wider, header=header + ",cursor"), views)
    assert (result.added, result.updated) == (0, 3)
    assert sorted(row["attributes"] for row in rows(lake, "interactions", "attributes")) == [
        '{"cursor":"x"}', '{"cursor":"y"}', '{"cursor":"z"}',
    ]  # fmt: skip


def test_an_undone_import_teaches_nothing(lake: Lake, orders_csv: Writer) -> None:
    header = "order_id,customer_id,ordered_at,amount,paid_net"
    file = orders_csv("a.csv", "1,a,2026-01-05,12,10", header=header)
    import_file(lake, file, Choices(table="orders", corrections={"amount": "paid_net"}))
    assert inspect_file(lake, file).mapping["columns"]["amount"] == "paid_net"
    undo(lake, 1)
    assert inspect_file(lake, file).mapping["columns"]["amount"] == "amount"


def test_a_file_of_rejected_rows_is_recorded_once(lake: Lake, orders_csv: Writer) -> None:
    bad = orders_csv("a.csv", "1,a,soon,10", "2,b,later,20")
    mapped = {"ordered_at": "ordered_at"}  # nothing in the column looks like a date
    main, shop = (Choices(table="orders", source=source, corrections=mapped) for source in ("main", "shop"))
    first = import_file(lake, bad, main)
    assert (first.batch, first.rejected, first.added) == (1, 2, 0)
    assert import_file(lake, bad, main).batch is None
    assert import_file(lake, bad, shop).batch == 2


def test_rejected_rows_beside_known_ones_are_recorded(lake: Lake, orders_csv: Writer, tmp_path: Path) -> None:
    import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10"), ORDERS)
    more = orders_csv("b.csv", "1,a,2026-01-05,10", "2,b,soon,20")
    second = import_file(lake, more, ORDERS)
    assert (second.batch, second.added, second.duplicates, second.rejected) == (2, 0, 1, 1)
    assert write_remarks(lake, 2, tmp_path / "remarks.csv") == 1
    assert import_file(lake, more, ORDERS).batch is None


def test_zoned_times_become_utc(
    lake: Lake, orders_csv: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    con = duckdb.connect()
    con.execute(
        "COPY (SELECT '1' AS order_id, 'a' AS customer_id, 5.0 AS amount, TIMESTAMPTZ '2026-01-05 10:00:00+08' AS "
        f"ordered_at, TIMESTAMPTZ '2026-01-05 11:00:00+08' AS packed) TO '{tmp_path}/a.parquet'"
    )
    import_file(lake, tmp_path / "a.parquet", ORDERS)
    written = ("2,a,2026-01-05T10:00:00+08:00,5", "3,a,2026-01-05 02:00:00Z,5", "4,a,2026-01-05 02:00:00,5")
    import_file(lake, orders_csv("b.csv", *written), ORDERS)
    found = rows(lake, "orders", "ordered_at", "attributes")
    assert [row["ordered_at"] for row in found] == [dt.datetime(2026, 1, 5, 2)] * 4
    assert {row["attributes"] for row in found} == {'{"packed":"2026-01-05 03:00:00"}', None}
    seen = inspect_file(lake, tmp_path / "a.parquet")
    assert seen.sample["ordered_at"] == ["2026-01-05 02:00:00"]


def test_a_query_is_listed_under_its_address_and_swept(lake: Lake, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute(
            "CREATE TABLE sales AS SELECT '1' AS order_id, 'a' AS customer_id, 5.0 AS amount, "
            "TIMESTAMPTZ '2026-01-05 10:00:00+08' AS ordered_at"
        )
    left = lake.scratch() / "staging-killed"
    left.mkdir()
    os.utime(left, (0, 0))
    result = import_query(lake, f"duckdb://{tmp_path}/shop.duckdb", "FROM sales", ORDERS)
    name = f"duckdb://{tmp_path}/shop.duckdb query"
    assert (result.file, result.finding["file"], result.report["file"]) == (name, name, name)
    assert [batch.file for batch in batches(lake)] == [name]
    assert [path.name for path in lake.scratch().iterdir()] == ["writer.lock"]
    assert rows(lake, "orders", "ordered_at") == [{"ordered_at": dt.datetime(2026, 1, 5, 2)}]
    assert import_query(lake, f"duckdb://{tmp_path}/shop.duckdb", "FROM sales", ORDERS).batch is None
    with pytest.raises(InputError, match=f"^{name} has a header but no rows"):
        import_query(lake, f"duckdb://{tmp_path}/shop.duckdb", "FROM sales LIMIT 0", ORDERS)


def test_a_lake_behind_an_address_is_written_and_read_alike(tmp_path: Path, orders_csv: Writer) -> None:
    # The way of an object store, which has no folder of ours: delta-rs writes, and reads.
    with Lake(f"file://{tmp_path}/lake", engine="duckdb") as lake:
        import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10", "2,,2026-01-06,20"), ORDERS)
        import_file(
            lake,
            orders_csv("b.csv", "2,b,2026-01-06,25,web", header="order_id,customer_id,ordered_at,amount,channel"),
            ORDERS,
        )
        found = rows(lake, "orders", "order_id", "customer_id", "amount", "channel", "paid_at")
        assert [tuple(row.values()) for row in found] == [("1", "a", 10, None, None), ("2", "b", 25, "web", None)]
        undo(lake, 2)
        assert [row["amount"] for row in rows(lake, "orders", "amount")] == [10, 20]
        assert not (tmp_path / "lake" / "_scratch").exists()
