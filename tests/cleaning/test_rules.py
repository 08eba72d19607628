"""Every rule on rows made by hand: which row it speaks of, what becomes of the value, and that the rest is silent."""

from __future__ import annotations

import json
from datetime import date, datetime

import duckdb
import pytest

from tests.cleaning.conftest import CleanRows
from zhike.cleaning.clean import clean
from zhike.errors import SettingsError
from zhike.intake.mapping import Mapping
from zhike.intake.raw import Finding, RawColumn, RawTable

ORDER = ("order_id", "customer_id", "ordered_at", "amount")
LINE = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price")
GOOD = ("1", "a", "2026-01-02", "10")


def test_a_good_row_has_no_remark_and_its_types(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, [GOOD])
    row = done.staged[0]
    assert (row["order_id"], row["ordered_at"], row["amount"]) == ("1", datetime(2026, 1, 2), 10.0)
    assert (row["city"], row["attributes"], row["rejected"]) == (None, None, False)
    assert done.notes == []
    assert (done.result.accepted, done.result.flagged, done.result.rejected) == (1, 0, 0)


@pytest.mark.parametrize(
    ("row", "rule", "column", "value"),
    [
        (("", "a", "2026-01-02", "10"), "missing", "order_id", None),
        (("2", "a", "", "10"), "missing", "ordered_at", None),
        (("2", "a", "N/A", "10"), "missing", "ordered_at", None),
        (("2", "a", "2026-01-02", " "), "missing", "amount", None),
        (("2", "a", "soon", "10"), "unreadable", "ordered_at", "soon"),
        (("2", "a", "2026-01-02", "ten"), "unreadable", "amount", "ten"),
        (("2", "a", "2026-01-02", "inf"), "unreadable", "amount", "inf"),
        (("2", "a", "2026-01-02", "1e308"), "out_of_range", "amount", "1e308"),
        (("2", "a", "2026-01-02", "-1.1e15"), "out_of_range", "amount", "-1.1e15"),
        (("2", "a", "0001-01-01", "10"), "impossible_date", "ordered_at", "0001-01-01"),
        (("2", "a", "1899-12-31", "10"), "impossible_date", "ordered_at", "1899-12-31"),
        (("2", "a", "2026-06-03", "10"), "impossible_date", "ordered_at", "2026-06-03"),
        (("2", "a", "9999-12-31", "10"), "impossible_date", "ordered_at", "9999-12-31"),
    ],
)
def test_a_row_without_what_it_must_have_is_rejected(
    clean_rows: CleanRows, row: tuple[str, ...], rule: str, column: str, value: str | None
) -> None:
    done = clean_rows("orders", ORDER, [GOOD, row])
    assert done.notes == [(3, "rejected", rule, column, value)]
    assert [staged["rejected"] for staged in done.staged] == [False, True]


def test_numbers_beyond_all_money_do_not_spoil_the_sums(clean_rows: CleanRows) -> None:
    rows = [(str(i), "a", "2026-01-02", "1.7e308") for i in range(4)] + [GOOD]
    done = clean_rows("orders", ORDER, rows)
    assert (done.result.rejected, done.result.accepted) == (4, 1)
    assert done.result.report.figures.net["revenue"] == 10.0


def test_tomorrow_is_still_possible(clean_rows: CleanRows) -> None:
    assert clean_rows("orders", ORDER, [("1", "a", "2026-06-02 23:59", "10")]).notes == []


def test_every_reason_of_a_rejected_row_is_given_and_no_flag(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, [("", "", "soon", "-5"), GOOD])
    assert done.notes == [
        (2, "rejected", "missing", "order_id", None),
        (2, "rejected", "unreadable", "ordered_at", "soon"),
    ]


def test_a_blank_row_has_one_reason(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, [("", None, " ", "-"), GOOD])
    assert [note[2] for note in done.notes] == ["blank_row"]


def test_ragged_rows(clean_rows: CleanRows) -> None:
    rows = [("1", "a", "2026-01-02", "10"), ("2", "a", "2026-01-02", "10"), ("3", None, "2026-01-02", "10")]
    done = clean_rows("orders", ORDER, rows, ragged=[("x,y", False), (None, False), (None, True)])
    assert done.notes[0] == (2, "rejected", "more_fields", None, "x,y")
    assert done.rules(3) == set()
    assert done.rules(4) == {"fewer_fields", "no_customer"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"customer_id": ""}, {"no_customer"}),
        ({"amount": "-3"}, {"return_order"}),
        ({"order_id": "C77", "amount": "-3"}, {"cancellation"}),
        ({"order_id": "C77", "amount": "3"}, set()),
        ({"amount": "0"}, {"zero_amount"}),
        ({"amount": "0", "paid_at": ""}, {"unpaid"}),
        ({"amount": "0", "refunded": "8"}, set()),
        ({"paid_at": "2025-12-31"}, {"dates_reversed"}),
        ({"paid_at": "later"}, {"unreadable"}),
        ({"refunded": "-8"}, {"negative_refund"}),
        ({"refunded": "2e15"}, {"out_of_range"}),
        ({"cost": "-1e300", "amount": "-3"}, {"return_order", "out_of_range"}),
        ({"cost": "-1"}, {"out_of_range"}),
        ({"cost": "-1", "amount": "-3"}, {"return_order"}),
        ({"city": "MÃ¼nchen"}, {"bad_encoding"}),
        ({"city": "M\ufffdnchen"}, {"bad_encoding"}),
        ({"city": "München 慕尼黑 São Paulo Ângela"}, set()),
    ],
)
def test_flags_of_an_order(clean_rows: CleanRows, changes: dict[str, str], rules: set[str]) -> None:
    columns = (*ORDER, "paid_at", "refunded", "cost", "city")
    good = dict(zip(columns, (*GOOD, "2026-01-03", "0", "1", "Rome"), strict=True))
    done = clean_rows("orders", columns, [list((good | changes).values())])
    assert done.rules(2) == rules
    assert done.result.flagged == bool(rules)


def test_values_that_cannot_be_are_emptied_and_kept_in_the_remark(clean_rows: CleanRows) -> None:
    columns = ("ticket_id", "opened_at", "closed_at", "csat", "cost")
    done = clean_rows("tickets", columns, [("t", "2026-01-01", "0001-01-01", "9", "x")])
    row = done.staged[0]
    assert (row["closed_at"], row["csat"], row["cost"], row["rejected"]) == (None, None, None, False)
    assert {(rule, value) for _row, _outcome, rule, _column, value in done.notes} == {
        ("impossible_date", "0001-01-01"),
        ("out_of_range", "9"),
        ("unreadable", "x"),
    }


def test_refunds_are_read_by_their_size(clean_rows: CleanRows) -> None:
    assert clean_rows("orders", (*ORDER, "refunded"), [(*GOOD, "-8")]).staged[0]["refunded"] == 8.0


@pytest.mark.parametrize(
    ("born", "kept"), [("1893", False), ("1906", True), ("1905", False), ("2026", True), ("2027", False)]
)
def test_birth_years(clean_rows: CleanRows, born: str, kept: bool) -> None:
    done = clean_rows("customers", ("customer_id", "birth_year"), [("a", born)])
    assert done.staged[0]["birth_year"] == (int(born) if kept else None)
    assert done.rules(2) == (set() if kept else {"implausible_birth"})


def test_birth_year_follows_from_the_date(clean_rows: CleanRows) -> None:
    done = clean_rows("customers", ("customer_id", "birth_date"), [("a", "1980-05-06"), ("b", "1880-05-06")])
    assert [row["birth_year"] for row in done.staged] == [1980, None]
    assert done.staged[0]["birth_date"] == date(1980, 5, 6)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"quantity": "-2"}, {"return_line"}),
        ({"order_id": "C1", "quantity": "-2"}, {"cancellation"}),
        ({"unit_price": "0"}, {"zero_price"}),
        ({"unit_price": "-4"}, {"adjustment"}),
        ({"product_name": "Manual"}, {"adjustment"}),
        ({"product_name": "Manual coffee mill"}, set()),
        ({"unit_price": ""}, {"missing"}),
        ({"unit_price": "free"}, {"unreadable"}),
        ({"unit_price": "1e15", "quantity": "1e15"}, {"out_of_range"}),
    ],
)
def test_flags_of_a_line(clean_rows: CleanRows, changes: dict[str, str], rules: set[str]) -> None:
    columns = (*LINE, "product_name")
    good = dict(zip(columns, ("1", "a", "2026-01-02", "p", "2", "5", "Cup"), strict=True))
    assert clean_rows("order_lines", columns, [list((good | changes).values())]).rules(2) == rules


@pytest.mark.parametrize(
    ("given", "quantity", "unit_price", "amount"),
    [
        ({"quantity": "2", "unit_price": "5"}, 2.0, 5.0, 10.0),
        ({"quantity": "2", "amount": "9"}, 2.0, 4.5, 9.0),
        ({"quantity": "0", "amount": "9"}, 0.0, None, 9.0),
        ({"unit_price": "5"}, 1.0, 5.0, 5.0),
        ({"amount": "5"}, None, None, 5.0),
        ({}, 1.0, None, None),
    ],
)
def test_money_of_a_line(
    clean_rows: CleanRows, given: dict[str, str], quantity: float, unit_price: float, amount: float
) -> None:
    columns = ("order_id", "product_id", *given)
    row = clean_rows("order_lines", columns, [("1", "p", *given.values())]).staged[0]
    assert (row["quantity"], row["unit_price"], row["amount"]) == (quantity, unit_price, amount)


def test_columns_outside_the_contract_are_kept_as_attributes(clean_rows: CleanRows) -> None:
    columns = (*ORDER, 'No"te', "阶段", "n")
    rows = [(*GOOD, 'he said "hi"\n', "  ", 7), ("2", "a", "2026-01-02", "10", "", None, None)]
    named = {name: name for name in ORDER}
    done = clean_rows("orders", columns, rows, mapping=named, types={"n": "INTEGER"})
    assert json.loads(str(done.staged[0]["attributes"])) == {'No"te': 'he said "hi"\n', "n": 7}
    assert done.staged[1]["attributes"] is None


def test_remarks_use_the_names_of_the_file_and_short_values(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ("No", "Who", "When", "Paid"), [("1", "a", "2026-01-02", "x" * 999)],
                      mapping=dict(zip(ORDER, ("No", "Who", "When", "Paid"), strict=True)))  # fmt: skip
    assert done.notes == [(2, "rejected", "unreadable", "Paid", "x" * 200)]


def test_a_connection_without_order_is_refused(tmp_path: object) -> None:
    con = duckdb.connect(config={"preserve_insertion_order": "false"})
    con.execute("CREATE TABLE t (order_id VARCHAR)")
    raw = RawTable("t", (RawColumn("order_id"),), 2, Finding("csv", "a.csv"))
    with pytest.raises(SettingsError, match="preserve_insertion_order"):
        clean(con, raw, Mapping("orders", {"order_id": "order_id"}), tmp_path)  # type: ignore[arg-type]
