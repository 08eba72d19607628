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
