"""Sales without an order number: which rows become one order, and that no amount is lost or counted twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.csv
import pytest

import zhike
from tests.cleaning.conftest import Cleaned, CleanRows
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.order_tables import as_orders

LINE = ("customer_id", "ordered_at", "quantity", "amount")


@pytest.fixture
def cdnow(test_data: Path, tmp_path: Path) -> Path:
    """The CDNOW sample with a row of names: 6,919 purchases of 2,357 customers."""
    rows = [line.split() for line in (test_data / "cdnow" / "CDNOW_sample.txt").read_text().splitlines()]
    path = tmp_path / "sales.csv"
    text = "\n".join(",".join((row[0], *row[2:])) for row in rows)
    path.write_text("customer,date,units,dollars\n" + text + "\n")
    return path


def test_cdnow_has_one_order_per_customer_and_day(clean_file: Callable[..., Cleaned], cdnow: Path) -> None:
    done = clean_file(cdnow)
    report = done.result.report
    assert (report.table, report.rows, report.rejected, report.superseded) == ("order_lines", 6_919, 0, 0)
    # 6,696 pairs of customer and day in the file, counted by other means.
    assert done.one("SELECT count(DISTINCT order_id) FROM STAGED") == (6_696,)
    assert done.one("SELECT count(DISTINCT (customer_id, ordered_at)) FROM STAGED") == (6_696,)
    assert done.one("SELECT count(DISTINCT (order_id, line_no)) FROM STAGED") == (6_919,)
    note = next(note for note in report.findings if note.code == "orders_by_day")
    assert note.values["orders"] == 6_696
    assert note.values["example"].startswith("made-1997-01-01-")
    assert "rfm" in report.can


def test_cdnow_is_scored_from_its_path_and_from_a_data_frame(cdnow: Path) -> None:
    orders = as_orders(cdnow)
    found = orders.aggregate(orders=orders.count(), amount=orders.amount.sum()).to_pyarrow().to_pylist()[0]
    assert found["orders"] == 6_696
    assert found["amount"] == pytest.approx(244_091.94)
    scored = zhike.rfm(cdnow, as_of="1998-06-30").to_pyarrow()
    # The eight others never paid anything.
    assert scored.num_rows == 2_349
    frame = pyarrow.csv.read_csv(cdnow).to_pandas()
    frame["date"] = frame["date"].astype(str)
    assert as_orders(frame).count().to_pyarrow().as_py() == 6_696


def test_an_overlapping_export_adds_only_what_is_new(lake: Lake, tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    head = "customer,date,units,dollars\n"
    first.write_text(head + "a,2026-01-02,1,5\na,2026-01-02,2,7\nb,2026-01-02,1,5\n")
    # Half of the first day, and in another order.
    second.write_text(head + "a,2026-01-03,1,5\na,2026-01-02,2,7\n")
    assert import_file(lake, first, Choices()).added == 3
    again = import_file(lake, second, Choices())
    assert (again.added, again.updated, again.duplicates) == (1, 0, 1)
    run = zhike.refresh(lake)
    assert run.customers == 2


def test_rows_are_orders_where_that_is_said(clean_rows: CleanRows) -> None:
    columns = ("customer_id", "ordered_at", "amount")
    rows = [("a", "2026-01-02", "5"), ("a", "2026-01-02", "5"), ("a", "2026-01-02", "7"), ("", "2026-01-02", "7")]
    done = clean_rows("orders", columns, rows)
    ids = [str(row["order_id"]) for row in done.staged]
    assert len(set(ids)) == 4
    assert all(name.startswith("made-") for name in ids)
    assert ids[1] == ids[0].removesuffix("#1") + "#2"
    assert done.rules(3) == {"repeated_line"}
    assert "orders_by_row" in {note.code for note in done.result.report.findings}


def test_a_line_without_customer_or_date_is_an_order_alone(clean_rows: CleanRows) -> None:
    rows = [("a", "2026-01-02", "1", "5"), ("", "2026-01-02", "1", "6"), ("", "2026-01-02", "1", "7")]
    rows += [("a", "", "1", "8"), ("a", "2026-01-02 23:00", "3", "9")]
    ids = [row["order_id"] for row in clean_rows("order_lines", LINE, rows).staged]
    assert ids[0] == ids[4]
    assert len(set(ids)) == 4


def test_an_order_number_left_blank_is_still_rejected(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ("order_id", "customer_id", "ordered_at", "amount"), [("", "a", "2026-01-02", "5")])
    assert [note[2] for note in done.notes] == ["missing"]
