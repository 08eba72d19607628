"""Real files, against the figures in the data folder's README (published, or counted from the file by other means)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cleaning.conftest import Cleaned, CleanRows

CleanFile = Callable[..., Cleaned]


def test_online_retail(clean_file: CleanFile, test_data: Path) -> None:
    done = clean_file(test_data / "online_retail" / "online_retail.parquet")
    report = done.result.report
    assert report.table == "order_lines"
    assert (report.rows, report.rejected) == (541_909, 0)
    raw, clean = report.figures.raw, report.figures.clean
    assert (raw["rows"], raw["customers"], raw["missing_customer"]) == (541_909, 4_372, 135_080)
    assert (raw["cancellations"], raw["repeated"]) == (9_288, 5_268)
    assert (clean["rows"], clean["customers"], clean["orders"]) == (397_884, 4_338, 18_532)
    assert clean["revenue"] == pytest.approx(8_911_407.904, abs=0.001)
    # Known customers' lines, cancellations and returns as negatives.
    assert report.figures.net["revenue"] == pytest.approx(8_300_065.814, abs=0.001)
    assert report.count("no_customer") == 135_080
    # Counted with plain SQL: of 19,960 invoices above zero, those of at least ten times the mean of all the others.
    assert report.count("outlier") == 166
    assert "rfm" in report.can
    keys = "SELECT count(DISTINCT (order_id, line_no)) FROM STAGED"
    assert done.one(keys) == (541_909,)
    source = f"'{test_data}/online_retail/online_retail.parquet'"
    moved = (
        f"SELECT count(*) FROM (FROM STAGED) s POSITIONAL JOIN (FROM {source}) r "
        "WHERE s.order_id <> r.InvoiceNo OR s.product_id <> r.StockCode OR s.quantity <> r.Quantity"
    )
    assert done.one(moved) == (0,)


def test_tmall_without_a_customer_column(clean_file: CleanFile, test_data: Path) -> None:
    report = clean_file(test_data / "tmall" / "tmall_order_report.csv").result.report
    assert (report.table, report.rows, report.rejected) == ("orders", 28_010, 0)
    assert report.figures.net["paid"] == pytest.approx(1_902_487.15)
    assert report.figures.net["refunded"] == pytest.approx(572_335.92)
    assert report.count("unpaid") == report.figures.raw["unpaid"] == 3_923
    assert {"no_customer_column", "already_net"} <= {note.code for note in report.findings}
    assert set(report.can) == {"revenue_trend", "refunds", "regions"}
    assert {need.use for need in report.cannot if need.columns == ("customer_id",)} >= {"rfm", "lifecycle", "clv"}
    assert "customer_id" not in report.figures.clean


def test_gbk_baskets(clean_file: CleanFile, test_data: Path) -> None:
    report = clean_file(test_data / "goods_gbk" / "GoodsOrder.csv").result.report
    assert (report.table, report.rows, report.accepted) == ("order_lines", 43_367, 43_367)
    assert report.figures.clean["orders"] == 9_835
    assert {"no_customer_column", "no_date", "no_amount", "quantity_assumed"} <= {n.code for n in report.findings}
    assert report.can == ("baskets",)


def test_bank_file_in_its_zip(clean_file: CleanFile, test_data: Path) -> None:
    done = clean_file(test_data / "bank_marketing" / "bank-additional.zip")
    report = done.result.report
    assert (report.table, report.rows, report.rejected) == ("customers", 41_188, 0)
    assert str(done.staged[39]["customer_id"]).startswith("made-")
    assert done.one("SELECT count(DISTINCT customer_id) FROM STAGED") == (41_188,)
    assert next(note for note in report.findings if note.code == "ids_made").values["rows"] == 41_188
    assert json.loads(str(done.staged[0]["attributes"]))["duration"] == "261"


def test_customers_born_in_1893(clean_file: CleanFile, test_data: Path) -> None:
    done = clean_file(test_data / "marketing_campaign" / "marketing_campaign.csv")
    report = done.result.report
    assert (report.rows, report.flagged) == (2_240, 3)
    births = [
        value for _r, _o, rule, column, value in done.notes if (rule, column) == ("implausible_birth", "Year_Birth")
    ]
    assert sorted(map(str, births)) == ["1893", "1899", "1900"]
    income = next(column for column in report.profile if column.column == "income")
    assert income.empty == 24
    assert income.missing == pytest.approx(24 / 2_240)


def test_telco_blank_charges(clean_file: CleanFile, test_data: Path) -> None:
    done = clean_file(test_data / "telco_churn" / "Telco-Customer-Churn.csv")
    without = "SELECT count(*) FROM STAGED WHERE json_extract_string(attributes, '$.TotalCharges') IS NULL"
    assert done.one(without) == (11,)
    assert done.result.accepted == 7_043


def test_tickets(clean_file: CleanFile, test_data: Path) -> None:
    report = clean_file(test_data / "support_tickets" / "customer_support_tickets.csv").result.report
    assert [column.empty for column in report.profile if column.column == "csat"] == [572]
    assert report.can == ("workload", "csat")


def test_naughty_strings_stay_as_they_are(clean_rows: CleanRows, test_data: Path) -> None:
    naughty = json.loads((test_data / "naughty_strings" / "blns.json").read_text(encoding="utf-8"))
    rows = [(str(i), text, text) for i, text in enumerate(naughty)]
    named = {"customer_id": "id", "name": "name"}
    done = clean_rows("customers", ("id", "name", "note"), rows, mapping=named)
    assert len(done.staged) == len(naughty) > 500
    blanks = "".join(chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) == "Zs")
    for text, row in zip(naughty, done.staged, strict=True):
        kept = text.strip(blanks) or None
        assert row["name"] == kept
        note = json.loads(str(row["attributes"]))["note"] if row["attributes"] else None
        assert note == kept
