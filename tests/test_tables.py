"""Any source becomes the same orders, and bad sources are named."""

from __future__ import annotations

import datetime as dt
import gc
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import zhike.order_tables
from zhike.errors import InputError, SettingsError
from zhike.facts.orders import net_orders
from zhike.order_tables import as_orders, one_row_per_order
from zhike.tables import as_date, as_table

ORDERS = pa.table(
    {
        "customer_id": ["a", "b", "a"],
        "order_id": ["1", "2", "3"],
        "ordered_at": pa.array(["2025-01-01", "2025-02-03", "2025-05-01"]).cast(pa.timestamp("us")),
        "amount": [1.0, 2.0, 3.5],
    }
)


def rows(source: Any) -> list[dict[str, Any]]:
    return list(as_orders(source).order_by("order_id").to_pyarrow().to_pylist())


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t,
        lambda t: t.to_pandas(),
        pl.from_arrow,
        lambda t: pl.from_arrow(t).lazy(),
        lambda t: t.to_reader(),
        lambda t: t.to_batches()[0],
        ibis.memtable,
    ],
    ids=["arrow", "pandas", "polars", "lazy", "reader", "batch", "ibis"],
)
def test_every_kind_of_table_gives_the_same_orders(make: Any) -> None:
    assert rows(make(ORDERS)) == ORDERS.to_pylist()


@pytest.mark.parametrize("as_path", [str, Path])
def test_files(tmp_path: Path, as_path: Any) -> None:
    pyarrow.parquet.write_table(ORDERS, tmp_path / "orders.parquet")
    assert rows(as_path(tmp_path / "orders.parquet")) == ORDERS.to_pylist()
    pyarrow.csv.write_csv(ORDERS, tmp_path / "orders.csv")
    assert [row["amount"] for row in rows(as_path(tmp_path / "orders.csv"))] == [1.0, 2.0, 3.5]


def test_dates_text_and_whole_numbers_are_cast() -> None:
    source = {"customer_id": [7], "order_id": [1], "amount": [5]}
    for ordered_at in (dt.date(2025, 1, 2), "2025-01-02", dt.datetime(2025, 1, 2, 8, tzinfo=dt.UTC)):
        (row,) = rows(pa.table(source | {"ordered_at": [ordered_at]}))
        assert row["ordered_at"].date() == dt.date(2025, 1, 2)
        assert row["ordered_at"].tzinfo is None
        assert (row["customer_id"], row["amount"]) == (7, 5.0)


def test_a_zoned_time_is_read_in_utc() -> None:
    east = dt.datetime(2025, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    (row,) = rows(pa.table({"customer_id": [1], "order_id": [1], "amount": [1], "ordered_at": [east]}))
    assert row["ordered_at"] == dt.datetime(2025, 1, 1, 19)


def test_nobodys_orders_are_left_out() -> None:
    source = pd.DataFrame({"customer_id": [1.0, None], "order_id": [1, 2], "ordered_at": "2025-01-01", "amount": 1.0})
    assert len(rows(source)) == 1


LINES = pa.table(
    {
        "customer_id": ["a", "a", "b", "b", "b"],
        "order_id": [1, 1, 2, None, None],
        "ordered_at": pa.array(["2025-01-02", "2025-01-01", "2025-02-03", "2025-02-04", "2025-02-05"]).cast(
            pa.timestamp("us")
        ),
        "amount": [1.0, 2.0, 4.0, 8.0, 16.0],
    }
)


def test_lines_are_added_up_to_orders() -> None:
    found = sorted((r["customer_id"], r["order_id"] or 0, r["ordered_at"].day, r["amount"]) for r in rows(LINES))
    # Order 1 at its earliest time; the lines without an order stay two orders.
    assert found == [("a", 1, 1, 3.0), ("b", 0, 4, 8.0), ("b", 0, 5, 16.0), ("b", 2, 3, 4.0)]


def test_an_ibis_table_is_trusted() -> None:
    table = ibis.memtable(LINES)
    assert len(rows(table)) == 5
    assert len(rows(one_row_per_order(table))) == 4


def test_a_large_table_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zhike.order_tables, "EXACT_ROWS", 10)
    n = 5000
    lines = pa.table(
        {
            "customer_id": [i // 4 for i in range(n)],
            "order_id": [f"o{i // 2}" for i in range(n)],
            "ordered_at": ["2025-01-01"] * n,
            "amount": [1.0] * n,
        }
    )
    assert len(rows(lines)) == n // 2
    once = lines.set_column(1, "order_id", [[f"o{i}" for i in range(n)]])
    assert len(rows(once)) == n


def test_missing_columns_are_listed() -> None:
    with pytest.raises(InputError, match=r"orders lacks the columns ordered_at, amount; found: customer_id, order_id"):
        as_orders(ORDERS.select(["customer_id", "order_id"]))


def test_bad_values_are_named() -> None:
    with pytest.raises(InputError, match="ordered_at holds “soon”"):
        as_orders(ORDERS.set_column(2, "ordered_at", [["2025-01-01", "soon", None]]))
    with pytest.raises(InputError, match="amount holds “12 €”"):
        as_orders(ORDERS.set_column(3, "amount", [["1", "12 €", None]]))
    with pytest.raises(InputError, match="ordered_at holds int64"):
        as_orders(ORDERS.set_column(2, "ordered_at", [[1, 2, 3]]))


def test_bad_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        as_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="There is no file"):
        as_table(tmp_path)
    with pytest.raises(InputError, match="int cannot be read as a table"):
        as_table(3)
    (tmp_path / "fake.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match="Export it again"):
        as_table(tmp_path / "fake.parquet")
    (tmp_path / "book.xlsx").write_bytes(b"PK")
    with pytest.raises(InputError):
        as_table(tmp_path / "book.xlsx")


def test_files_with_their_own_column_names_are_mapped_and_cleaned(tmp_path: Path) -> None:
    text = "InvoiceNo;Kundennr;InvoiceDate;Total\n1;a;05.01.2025;1.234,50\n2;b;31.01.2025;20,00\n3;c;never;5,00\n"
    (tmp_path / "theirs.csv").write_text(text.replace("Kundennr", "CustomerID"))
    assert [(row["customer_id"], row["amount"]) for row in rows(as_orders(tmp_path / "theirs.csv"))] == [
        ("a", 1234.5),
        ("b", 20.0),
    ]
    (tmp_path / "none.csv").write_text("colour,shape\nred,round\n")
    with pytest.raises(InputError, match="customer_id, ordered_at, amount; found: colour, shape") as raised:
        as_orders(tmp_path / "none.csv")
    assert "--" not in str(raised.value)


THEIRS = pa.table(
    {
        "订单编号": ["1", "1", "2", "C3"],
        "会员编号": ["a", "a", "b", "b"],
        "InvoiceDate": ["2025-01-31 08:00", "2025-01-31 08:00", "2025-02-01 09:30", "2025-02-02 10:00"],
        "StockCode": ["p", "q", "p", "p"],
        "Quantity": [2, 1, 3, -3],
        "UnitPrice": [5.0, 7.5, 5.0, 5.0],
    }
)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t,
        lambda t: t.to_pandas(),
        pl.from_arrow,
        lambda t: pl.from_arrow(t).lazy(),
        lambda t: t.to_reader(),
        ibis.memtable,
    ],
    ids=["arrow", "pandas", "polars", "lazy", "reader", "ibis"],
)
def test_data_frames_with_their_own_column_names(make: Any) -> None:
    assert [(r["customer_id"], r["order_id"], r["ordered_at"].day, r["amount"]) for r in rows(make(THEIRS))] == [
        ("a", "1", 31, 17.5),
        ("b", "2", 1, 15.0),
        ("b", "C3", 2, -15.0),
    ]


@pytest.mark.parametrize("make", [lambda t: t, ibis.memtable], ids=["arrow", "ibis"])
def test_data_frames_without_an_order_number(make: Any) -> None:
    frame = pa.table({"customer": ["a", "a", "b"], "date": ["2025-01-31"] * 3, "dollars": [1.0, 2.0, 4.0]})
    found = sorted((r["customer_id"], r["amount"]) for r in rows(make(frame)))
    assert found == [("a", 3.0), ("b", 4.0)]


@pytest.mark.parametrize("make", [lambda t: t, ibis.memtable], ids=["arrow", "ibis"])
def test_data_frames_that_fit_nothing_name_what_is_missing(make: Any) -> None:
    frame = make(THEIRS.select(["订单编号", "会员编号"]))
    with pytest.raises(InputError, match="lacks the columns ordered_at, amount; found: 订单编号, 会员编号") as raised:
        as_orders(frame)
    assert "--" not in str(raised.value)
    # Nobody's orders would be nobody's scores.
    with pytest.raises(InputError, match="lacks the columns customer_id; found"):
        as_orders(make(THEIRS.drop_columns("会员编号")))


def test_a_bad_value_under_their_name_is_named() -> None:
    bad = THEIRS.set_column(2, "InvoiceDate", [["2025-01-31", "2025-01-31", "2025-02-01", "31/12/2025"]])
    with pytest.raises(InputError, match="ordered_at holds “31/12/2025”"):
        as_orders(ibis.memtable(bad))
    assert len(rows(bad)) == 3


@pytest.mark.parametrize(
    "value", [dt.date(2025, 3, 4), dt.datetime(2025, 3, 4, 23), pd.Timestamp("2025-03-04 12:00"), "2025-03-04"]
)
def test_days(value: Any) -> None:
    assert as_date(value) == dt.date(2025, 3, 4)


@pytest.mark.parametrize("value", ["04/03/2025", "", None, 20250304, pd.NaT, "0001-01-01", "9999-12-31"])
def test_what_is_no_day(value: Any) -> None:
    with pytest.raises(SettingsError, match="YYYY-MM-DD"):
        as_date(value)


def test_what_a_line_does_not_know_is_not_known_of_the_order() -> None:
    """As `net_orders` has it: the cost of half the lines is not the cost of the order."""
    columns = ("order_id", "amount", "cost", "listed_amount", "discount", "tax")
    values = [
        ("1", 10.0, 6.0, 12.0, 2.0, None),
        ("1", 20.0, None, None, None, 1.5),
        ("2", 10.0, 6.0, 12.0, None, None),
        ("2", -3.0, None, None, None, None),
        ("3", None, None, None, None, None),
        ("3", 10.0, 4.0, 10.0, 0.0, None),
    ]
    lines = pa.table(dict(zip(columns, zip(*values, strict=True), strict=True)))
    lines = lines.append_column("customer_id", pa.array(["a"] * len(values)))
    lines = lines.append_column("ordered_at", pa.array([dt.datetime(2025, 1, 1)] * len(values)))
    found = one_row_per_order(lines).order_by("order_id").select(*columns).to_pyarrow().to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("1", 30.0, None, None, 2.0, 1.5),
        ("2", 7.0, 6.0, 12.0, None, None),
        ("3", 10.0, None, None, 0.0, None),
    ]
    netted = net_orders(lines=ibis.memtable(lines)).order_by("order_id").cost.to_pyarrow().to_pylist()
    assert netted == [None, pytest.approx(6.0 * 7 / 10), 4.0]


def csv(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


HEADER = "customer_id,order_id,ordered_at,amount"


def test_ids_of_a_file_stay_text(tmp_path: Path) -> None:
    long = ["12345678901234567891", "12345678901234567892"]
    path = csv(tmp_path, HEADER, *(f"{c},{n},2025-01-0{n},5" for n, c in enumerate([*long, "1e3", "1000", "007"], 1)))
    assert [row["customer_id"] for row in rows(path)] == [*long, "1e3", "1000", "007"]
    assert as_table(str(path)).customer_id.type().is_string()
    numbers = csv(tmp_path, HEADER, "1e3,01,2025-01-01,5", "1000,1,2025-01-02,6")
    assert [(row["customer_id"], row["order_id"]) for row in rows(numbers)] == [("1e3", "01"), ("1000", "1")]


def test_a_csv_is_read_once_and_let_go(tmp_path: Path) -> None:
    engine = ibis.get_backend()

    def held() -> set[str]:
        return {name for (name,) in engine.con.sql("SELECT table_name FROM duckdb_tables()").fetchall()}

    gc.collect()
    before = held()
    path = csv(tmp_path, HEADER, "a,1,2025-01-01,5", "b,2,2025-01-02,7")
    orders = as_orders(path).filter(ibis._.amount > 5)
    # The file is not asked again, and its rows stay as long as a table that mentions them.
    path.unlink()
    assert [row["customer_id"] for row in rows(orders)] == ["b"]
    assert len(held() - before) == 1
    del orders
    gc.collect()
    assert held() == before


def test_a_csv_is_let_go_although_somebody_was_reading(tmp_path: Path) -> None:
    """DuckDB takes no other command while a result is open: what could not be dropped then goes with the next."""
    con = ibis.get_backend().con

    def held() -> set[str]:
        return {name for (name,) in con.sql("SELECT table_name FROM duckdb_tables()").fetchall()}

    gc.collect()
    before = held()
    path = csv(tmp_path, HEADER, *(f"a,{number},2025-01-01,5" for number in range(300_000)))
    orders = as_orders(path)
    reader = con.sql(ibis.get_backend().compile(orders)).to_arrow_reader()
    rows = next(reader).num_rows
    del orders
    gc.collect()
    assert rows + sum(batch.num_rows for batch in reader) == 300_000
    del reader
    assert len(held() - before) == 1
    later = as_orders(csv(tmp_path, HEADER, "b,1,2025-01-01,5"))
    assert len(held() - before) == 1
    del later
    gc.collect()
    assert held() == before


def test_amounts_written_otherwise_go_to_the_forgiving_reader(tmp_path: Path) -> None:
    comma = csv(tmp_path, HEADER.replace(",", ";"), "a;1;31.12.2024;1.234,50", "b;2;30.12.2024;7,25")
    assert [(row["ordered_at"].day, row["amount"]) for row in rows(comma)] == [(31, 1234.5), (30, 7.25)]
    quoted = csv(tmp_path, HEADER, 'a,1,2024-12-31,"1,234.50"', 'b,2,2024-12-30,"12,345.25"')
    assert [row["amount"] for row in rows(quoted)] == [1234.5, 12345.25]


@pytest.mark.parametrize("bad", ["2025-01-01,much", "some day,5"])
def test_a_value_that_cannot_be_used_is_named_however_late_it_comes(tmp_path: Path, bad: str) -> None:
    good = [f"a,{n},2025-01-01,5" for n in range(60_000)]
    path = csv(tmp_path, HEADER, *good, f"a,x,{bad}", "a,y,2025-01-02,5")
    with pytest.raises(InputError, match=r"ordered_at holds “some day”|amount holds “much”"):
        as_orders(path)


def test_mixed_ids_of_a_data_frame_are_named() -> None:
    frame = pd.DataFrame({"customer_id": [1, "a"], "order_id": [1, 2], "ordered_at": "2025-01-01", "amount": 1.0})
    with pytest.raises(InputError, match="cannot be read as a table"):
        as_orders(frame)


def test_an_empty_customer_is_nobody() -> None:
    frame = pd.DataFrame(
        {"customer_id": ["", " ", "a"], "order_id": [1, 2, 3], "ordered_at": "2025-01-01", "amount": 1}
    )
    assert [row["customer_id"] for row in rows(frame)] == ["a"]
