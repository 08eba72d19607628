"""Netting of refunds: by hand, against a plain last-in-first-out stack, and on Online Retail."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhike.facts.orders import net_orders
from zhike.lake.snapshot import facts_schema
from zhike.schema import ORDER_LINES, ORDERS, Contract

DAY = dt.datetime(2026, 1, 1)


def line(day: int, amount: float, order: str, product: str = "p", customer: str | None = "a", **more: object) -> dict:
    when = DAY + dt.timedelta(days=day)
    return {
        "order_id": order,
        "customer_id": customer,
        "ordered_at": when,
        "product_id": product,
        "amount": amount,
        **more,
    }


def table(contract: Contract, rows: list[dict]) -> ibis.Table:
    arrow = facts_schema(contract)
    full = [{name: row.get(name) for name in arrow.names} for row in rows]
    return ibis.memtable(pd.DataFrame(full, columns=arrow.names), schema=ibis.Schema.from_pyarrow(arrow))


def net(rows: list[dict], orders: list[dict] | None = None) -> dict[str, float]:
    found = net_orders(table(ORDERS, orders) if orders else None, table(ORDER_LINES, rows) if rows else None)
    return found.execute().set_index("order_id")["amount"].to_dict()


def header(day: int, amount: float, order: str, customer: str | None = "a", **more: object) -> dict:
    when = DAY + dt.timedelta(days=day)
    return {"order_id": order, "customer_id": customer, "ordered_at": when, "amount": amount, **more}


def test_a_refund_takes_back_the_latest_purchase_of_the_product() -> None:
    rows = [line(1, 10, "1"), line(2, 20, "2"), line(3, 5, "3", product="q"), line(4, -20, "C4"), line(5, 7, "5")]
    assert net(rows) == {"1": 10, "2": 0, "3": 5, "5": 7}


def test_what_is_more_than_the_latest_purchase_reaches_back_further() -> None:
    assert net([line(1, 10, "1"), line(2, 20, "2"), line(3, -25, "C3")]) == {"1": 5, "2": 0}


def test_a_refund_before_any_purchase_takes_nothing_later() -> None:
    assert net([line(1, -8, "C1"), line(2, 10, "2"), line(3, -12, "C3"), line(4, 5, "4")]) == {"2": 0, "4": 5}


def test_another_customer_and_nobody_are_not_touched() -> None:
    rows = [line(1, 10, "1"), line(1, 10, "2", customer="b"), line(1, 10, "3", customer=None)]
    rows += [line(2, -10, "C4"), line(2, -3, "C5", customer=None)]
    assert net(rows) == {"1": 0, "2": 10, "3": 10}


def test_a_discount_line_is_off_its_own_order() -> None:
    rows = [line(1, 100, "1"), line(1, -20, "1", product="DISCOUNT"), line(2, -100, "C2")]
    assert net(rows) == {"1": 0}
    assert net(rows[:2]) == {"1": 80}


def test_a_named_refund_is_off_the_order_it_names_and_before_any_other() -> None:
    rows = [header(1, 100, "1"), header(2, 100, "2"), header(3, -100, "R3", refund_of="2"), header(4, -100, "R4")]
    assert net([], rows) == {"1": 0, "2": 0}
    assert net([], rows[:3]) == {"1": 100, "2": 0}


def test_a_sale_that_names_the_order_it_replaces_is_a_sale() -> None:
    assert net([], [header(1, 50, "1"), header(2, 80, "2", refund_of="1")]) == {"1": 50, "2": 80}


def test_what_an_order_says_was_refunded_is_off_that_order() -> None:
    rows = [header(1, 50, "1", refunded=20.0), header(2, 30, "2", refunded=99.0), header(3, -10, "3")]
    assert net([], rows) == {"1": 20, "2": 0}


def test_an_order_in_both_tables_counts_once_and_its_lines_can_come_back() -> None:
    lines = [line(1, 60, "1"), line(1, 40, "1", product="q"), line(2, 5, "2")]
    orders = [header(1, 90, "1")]
    assert net(lines, orders) == {"1": 90, "2": 5}
    assert net([*lines, line(3, -36, "C3", product="q")], orders) == {"1": 54, "2": 5}
    assert net([*lines, line(3, -90, "C3", product="q", refund_of="1")], orders) == {"1": 0, "2": 5}
    assert net(lines, [*orders, header(3, -5, "C3", refund_of="2")]) == {"1": 90, "2": 0}
    assert net(lines, [header(1, 0, "1")]) == {"2": 5}


def bare(order: str, amount: float, product: str = "p", **more: object) -> dict:
    """A line as most shops export it beside their orders: neither customer nor day."""
    return {"order_id": order, "line_no": product, "product_id": product, "amount": amount, **more}


def test_lines_take_from_their_order_what_they_do_not_say() -> None:
    lines = [bare("1", 60), bare("1", 40, "q"), bare("2", -30, "q"), bare("3", -20)]
    orders = [header(1, 90, "1"), header(2, -30, "2"), header(4, -20, "3", refund_of="1")]
    found = net_orders(table(ORDERS, orders), table(ORDER_LINES, lines)).execute().to_dict("records")
    [one] = found
    assert (one["order_id"], one["customer_id"], one["ordered_at"]) == ("1", "a", DAY + dt.timedelta(days=1))
    # 20 off the whole order leave 70, of which 28 are for q; and those came back.
    assert (one["gross_amount"], one["amount"]) == (90, pytest.approx(42))


def test_where_order_and_line_differ_the_order_is_right() -> None:
    lines = [line(9, 50, "1", customer="x"), line(9, 50, "2", customer="y", refund_of="7")]
    orders = [header(1, 80, "1", customer="a"), header(2, 70, "2", customer=None)]
    found = net_orders(table(ORDERS, orders), table(ORDER_LINES, lines)).execute().set_index("order_id")
    assert found["customer_id"].to_dict() == {"1": "a", "2": "y"}
    assert found["ordered_at"].to_dict() == {"1": DAY + dt.timedelta(days=1), "2": DAY + dt.timedelta(days=2)}


def test_a_line_without_a_day_is_of_the_day_of_its_order() -> None:
    orders, lines = [header(1, 90, "1"), header(5, 10, "2")], [bare("1", 60), bare("2", 10), bare("9", 3)]
    lines += [line(2, 7, "3"), line(3, 8, "2")]
    tables = table(ORDERS, orders), table(ORDER_LINES, lines)

    def known(day: int) -> dict[str, float]:
        found = net_orders(*tables, as_of=(DAY + dt.timedelta(days=day)).date()).execute()
        return found.set_index("order_id")["amount"].to_dict()

    # Order 9 has no day anywhere: nobody can say that it was later.
    assert known(0) == {"9": 3}
    assert known(4) == {"1": 90, "3": 7, "9": 3}
    assert known(5) == {"1": 90, "2": 10, "3": 7, "9": 3}


def test_a_refund_in_the_order_and_in_rows_is_taken_off_once() -> None:
    stated = header(1, 100, "1", refunded=40.0)
    assert net([], [stated, header(2, -40, "R", refund_of="1")]) == {"1": 60}
    assert net([], [stated, header(2, -25, "R", refund_of="1"), header(3, -25, "S", refund_of="1")]) == {"1": 50}
    assert net([], [stated, header(2, -25, "R", refund_of="1")]) == {"1": 60}
    assert net([bare("1", 70), bare("1", 30, "q"), line(2, -40, "R", refund_of="1")], [stated]) == {"1": 60}


def test_cost_is_known_whole_or_not_at_all_and_shrinks_with_what_came_back() -> None:
    rows = [line(1, 100, "1", cost=60.0), line(1, 100, "1", product="q"), line(2, 50, "2", cost=20.0, discount=10.0)]
    rows += [line(3, -25, "C3")]
    found = net_orders(lines=table(ORDER_LINES, rows)).execute().set_index("order_id")
    assert math.isnan(found.loc["1", "cost"])
    assert (found.loc["2", "amount"], found.loc["2", "cost"], found.loc["2", "discount"]) == (25, 10, 5)


def test_one_table_is_needed() -> None:
    with pytest.raises(ValueError, match="needs orders or lines"):
        net_orders()


def stack(moves: list[float]) -> tuple[list[float], float]:
    """The plain way: a stack; each return eats from the top. What is left of each purchase, and the unmatched."""
    left: list[float] = []
    unmatched = 0.0
    for amount in moves:
        if amount > 0:
            left.append(amount)
            continue
        back = -amount
        for i in range(len(left) - 1, -1, -1):
            eaten = min(left[i], back)
            left[i] -= eaten
            back -= eaten
        unmatched += back
    return left, unmatched


# Thirty customers in each example: a query costs the same for one as for all of them.
shoppers = st.lists(st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=14), min_size=1, max_size=30)


@settings(max_examples=8, deadline=None)
@given(shoppers)
def test_it_is_last_in_first_out(everybody: list[list[int]]) -> None:
    expected, by_product, by_customer = {}, [], []
    for who, moves in enumerate(everybody):
        bought = [day for day, amount in enumerate(moves) if amount > 0]
        for day, left in zip(bought, stack([float(amount) for amount in moves])[0], strict=True):
            expected[f"{who}-{day}"] = left
        by_product += [line(d, float(m), f"{who}-{d}", customer=str(who)) for d, m in enumerate(moves)]
        by_customer += [header(d, float(m), f"{who}-{d}", customer=str(who)) for d, m in enumerate(moves)]
    assert net(by_product) == pytest.approx(expected)
    assert net([], by_customer) == pytest.approx(expected)


def test_online_retail_adds_up(online_retail: Path) -> None:
    raw = ibis.read_parquet(online_retail)
    known = raw.filter(raw.CustomerID.notnull()).select(
        order_id="InvoiceNo",
        customer_id=raw.CustomerID.cast("int64").cast("string"),
        ordered_at="InvoiceDate",
        product_id="StockCode",
        amount=raw.Quantity * raw.UnitPrice,
    )
    found = net_orders(lines=known)
    gross, net_amount = found.aggregate([found.gross_amount.sum(), found.amount.sum()]).execute().iloc[0]
    assert found.count().execute() == 18_532
    assert gross == pytest.approx(8_911_407.904)
    assert net_amount == pytest.approx(8_439_861.254, abs=1)


def test_cutting_the_query_on_the_way_changes_nothing() -> None:
    lines = [line(1, 10, "1"), line(1, 30, "1", "q"), line(3, -4, "C1", "q"), line(4, 9, "2"), line(5, -2, "C2", "z")]
    orders = [header(1, 50, "1", refunded=5.0), header(2, 8, "3"), header(6, -3, "C3", refund_of="3")]
    names = []

    def cut(rows: ibis.Table, name: str, *, few: bool = False) -> ibis.Table:
        names.append(name)
        return ibis.memtable(rows.to_pyarrow())

    tables = table(ORDERS, orders), table(ORDER_LINES, lines)
    whole, in_parts = (net_orders(*tables, **how).order_by("order_id").to_pyarrow() for how in ({}, {"cut": cut}))
    assert in_parts.equals(whole)
    assert whole.num_rows == 3
    assert len(set(names)) == len(names) == 13


def shares(rows: list[dict], orders: list[dict] | None = None) -> dict[tuple[str, str | None], float]:
    """What is left of each order, by its number and its customer."""
    found = net_orders(table(ORDERS, orders) if orders else None, table(ORDER_LINES, rows) if rows else None)
    return {(row["order_id"], row["customer_id"]): row["amount"] for row in found.to_pyarrow().to_pylist()}


def test_an_order_number_that_two_customers_share_is_two_orders() -> None:
    rows = [line(1, 50, "1", customer="A"), line(2, 30, "1", customer="B"), line(2, 5, "1", "q", customer="B")]
    assert shares(rows) == {("1", "A"): 50, ("1", "B"): 35}
    assert shares([], [header(1, 50, "1", "A"), header(2, 30, "1", "B")]) == {("1", "A"): 50, ("1", "B"): 30}


def test_a_line_that_names_nobody_belongs_to_the_customer_of_its_order() -> None:
    alone = [line(1, 50, "1", customer="A"), line(1, 30, "1", customer=None), line(2, -30, "1", customer=None)]
    assert shares(alone) == {("1", "A"): 50}
    shared = [*alone[:2], line(1, 8, "1", customer="B"), line(1, 3, "2", customer=None)]
    assert shares(shared) == {("1", "A"): 50, ("1", None): 30, ("1", "B"): 8, ("2", None): 3}


def test_a_refund_finds_its_customers_part_of_a_shared_number() -> None:
    sold = [line(1, 50, "1", customer="A"), line(2, 30, "1", customer="B")]
    assert shares([*sold, line(3, -10, "1", customer="B")]) == {("1", "A"): 50, ("1", "B"): 20}
    assert shares([*sold, line(3, -10, "R", customer="A", refund_of="1")]) == {("1", "A"): 40, ("1", "B"): 30}
    # Nobody says whose: both in proportion, and no cent more than came back.
    assert shares([*sold, line(3, -8, "R", customer=None, refund_of="1")]) == {("1", "A"): 45, ("1", "B"): 27}
    # C's return under the number of that day is of what C bought.
    bought = [*sold, line(1, 9, "7", customer="C"), line(3, -9, "1", customer="C")]
    assert shares(bought) == {("1", "A"): 50, ("1", "B"): 30, ("7", "C"): 0}


def test_a_sale_without_a_name_can_be_refunded() -> None:
    rows = [line(1, 50, "1", customer=None), line(3, -20, "R", customer=None, refund_of="1")]
    assert shares(rows) == {("1", None): 30}
