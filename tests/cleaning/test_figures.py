"""The counts of different values are exact in files a person can check, and said to be estimates in the others."""

from __future__ import annotations

import pytest

from tests.cleaning.conftest import CleanRows
from zhike.cleaning import figures

ORDER = ("order_id", "customer_id", "ordered_at", "amount")
# As many as HyperLogLog gets wrong.
ROWS = [(str(i), f"c{i % 4_999}", "2026-01-02", "5") for i in range(20_000)]


@pytest.mark.parametrize("most", [figures.EXACT_ROWS, 100])
def test_different_values(clean_rows: CleanRows, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(figures, "EXACT_ROWS", most)
    report = clean_rows("orders", ORDER, ROWS).result.report
    found = {column.column: column.distinct for column in report.profile}
    exact = {"order_id": 20_000, "customer_id": 4_999, "ordered_at": 1, "amount": 1}
    estimated = "different_estimated" in {note.code for note in report.findings}
    assert estimated == (most == 100)
    assert (found == exact) == (not estimated)
    assert found == pytest.approx(exact, rel=0.2)


PAID = (*ORDER, "listed_amount", "refunded", "refund_of")


def test_net_figures_are_net_of_what_the_orders_say_was_refunded(clean_rows: CleanRows) -> None:
    rows = [
        ("1", "a", "2026-01-02", "100", "100", "40", ""),
        ("2", "a", "2026-01-03", "-25", "", "", "1"),  # among the 40
        ("3", "a", "2026-01-04", "30", "30", "99", ""),  # no more than was paid
        ("4", "", "2026-01-05", "30", "30", "10", ""),  # of nobody
        ("5", "b", "2026-01-06", "80", "80", "", ""),
    ]
    net = clean_rows("orders", PAID, rows).result.report.figures.net
    assert net == {"paid": 215, "revenue": 60 + 0 + 80, "returned": 25, "refunded": 139}


def test_amounts_that_are_net_already_stay(clean_rows: CleanRows) -> None:
    rows = [("1", "a", "2026-01-02", "60", "100", "40", ""), ("2", "b", "2026-01-06", "80", "80", "", "")]
    report = clean_rows("orders", PAID, rows).result.report
    assert report.figures.net["revenue"] == 140
    assert "already_net" in {note.code for note in report.findings}
