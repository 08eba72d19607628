"""Amounts in several currencies are said, row by row, and never added up."""

from __future__ import annotations

import pytest

from tests.cleaning.conftest import CleanRows

ORDER = ("order_id", "customer_id", "ordered_at", "amount")


def orders(*amounts: str) -> list[tuple[str, ...]]:
    return [(str(i), "a", "2026-01-02", amount) for i, amount in enumerate(amounts)]


def test_signs_in_the_amounts(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, orders("¥10", "20", "$3", "30 元", "RMB 5", "￥7"))
    assert done.notes == [(4, "flagged", "other_currency", "amount", "$")]
    report = done.result.report
    assert report.findings[0].code == "several_currencies"
    assert report.findings[0].values == {"currencies": "¥ 4, $ 1"}
    assert "several currencies (rows: ¥ 4, $ 1)" in report.to_text("en")
    assert "revenue" not in report.figures.clean
    assert report.figures.net == {}
    assert report.figures.clean["rows"] == 6
    assert not {"rfm", "clv", "revenue_trend"} & set(report.can)
    assert [row["amount"] for row in done.staged] == [10, 20, 3, 30, 5, 7]


def test_a_currency_column(clean_rows: CleanRows) -> None:
    rows = [(*row, name) for row, name in zip(orders("1", "2", "3", "4"), ("CNY", " rmb", "USD", ""), strict=True)]
    done = clean_rows("orders", (*ORDER, "currency"), rows)
    assert done.notes == [(4, "flagged", "other_currency", "currency", "$")]


@pytest.mark.parametrize("amounts", [("¥10", "20", "￥30"), ("10", "20"), ("10 €", "1.234,50 €"), ("12%", "(3)")])
def test_one_currency_is_silent(clean_rows: CleanRows, amounts: tuple[str, ...]) -> None:
    done = clean_rows("orders", ORDER, orders(*amounts))
    assert done.result.report.count("other_currency") == 0
    assert "several_currencies" not in {note.code for note in done.result.report.findings}
    assert "revenue" in done.result.report.figures.clean


def test_a_rejected_row_has_no_currency(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, [*orders("¥10"), ("9", "a", "never", "$3")])
    assert done.result.report.count("other_currency") == 0


def test_prices_of_lines(clean_rows: CleanRows) -> None:
    columns = ("order_id", "product_id", "quantity", "unit_price")
    done = clean_rows("order_lines", columns, [("1", "p", "1", "£5"), ("1", "q", "1", "£6"), ("2", "p", "2", "5 €")])
    assert done.notes == [(4, "flagged", "other_currency", "unit_price", "€")]
