"""Unusually large orders: beside the others of the file, and beside those of earlier imports."""

from __future__ import annotations

import pytest

from tests.cleaning.conftest import Cleaned, CleanRows
from zhike.cleaning.outliers import OrderSizes

ORDER = ("order_id", "customer_id", "ordered_at", "amount")
DAY = "2026-01-02"
MANY = OrderSizes(1_000_000, 50_000_000.0)


def orders(*amounts: str) -> list[tuple[str, ...]]:
    return [(str(i), "a", DAY, amount) for i, amount in enumerate(amounts)]


def outliers(done: Cleaned) -> list[str | None]:
    return [value for _row, _outcome, rule, _column, value in done.notes if rule == "outlier"]


@pytest.mark.parametrize("ordinary", [2, 8, 54])
def test_an_order_of_ten_times_the_mean_of_the_others(clean_rows: CleanRows, ordinary: int) -> None:
    """Also in a file of three orders: a mean with the outlier in it is never exceeded ten times in one under ten."""
    rest = ["1"] * ordinary
    assert clean_rows("orders", ORDER, orders(*rest, "9.99")).notes == []
    noted = clean_rows("orders", ORDER, orders(*rest, "10")).notes
    assert noted == [(ordinary + 2, "flagged", "outlier", "amount", "10.0")]


def test_two_orders_tell_nothing(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, orders("1", "1000"))
    assert (outliers(done), done.result.report.findings) == ([], ())


def test_an_order_in_lines_is_noted_once_on_its_largest_line(clean_rows: CleanRows) -> None:
    columns = ("order_id", "product_id", "amount")
    rows = [(str(i), "p", "1") for i in range(54)] + [("x", "p", "4"), ("x", "q", "8")]
    assert clean_rows("order_lines", columns, rows).notes == [(57, "flagged", "outlier", None, "12.0")]


def test_the_file_of_a_day_is_held_against_all_days(clean_rows: CleanRows) -> None:
    """The mean of a million orders is 50: in a file of one order, 500 is unusual and three of 400 are not."""
    assert outliers(clean_rows("orders", ORDER, orders("501"), before=MANY)) == ["501.0"]
    assert outliers(clean_rows("orders", ORDER, orders("499"), before=MANY)) == []
    assert outliers(clean_rows("orders", ORDER, orders("1", "1", "1", "400"), before=MANY)) == []
    [found] = clean_rows("orders", ORDER, orders("400"), before=MANY).result.report.findings
    assert found.values == {"mean": pytest.approx(50, rel=1e-4), "bound": pytest.approx(500, rel=1e-4)}


def test_other_currencies_are_no_measure(clean_rows: CleanRows) -> None:
    yen = OrderSizes(1_000_000, 50_000_000.0, ("JPY",))
    columns, rows = (*ORDER, "currency"), [(*row, "EUR") for row in orders("1", "1", "1", "400")]
    assert outliers(clean_rows("orders", columns, rows, before=yen)) == ["400.0"]
    assert outliers(clean_rows("orders", columns, [(*row[:4], "JPY") for row in rows], before=yen)) == []
