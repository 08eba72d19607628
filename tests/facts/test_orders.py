"""Netting of refunds: by hand, against a plain last-in-first-out stack, and on Online Retail."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhike.facts.orders import combined_orders, net_lines, net_orders, orders_from_lines
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


def lines(rows: list[dict]) -> ibis.Table:
    return table(ORDER_LINES, rows)


def net(rows: list[dict]) -> dict[str, float]:
    return net_lines(lines(rows)).execute().set_index("order_id")["net_amount"].to_dict()


def test_a_return_takes_back_the_latest_purchase_of_the_product() -> None:
    rows = [line(1, 10, "1"), line(2, 20, "2"), line(3, 5, "3", product="q"), line(4, -20, "C4"), line(5, 7, "5")]
    assert net(rows) == {"1": 10, "2": 0, "3": 5, "C4": 0, "5": 7}


def test_what_is_more_than_the_latest_purchase_reaches_back_further() -> None:
    assert net([line(1, 10, "1"), line(2, 20, "2"), line(3, -25, "C3")]) == {"1": 5, "2": 0, "C3": 0}


def test_a_return_before_any_purchase_is_unmatched_and_takes_nothing_later() -> None:
    found = net_lines(lines([line(1, -8, "C1"), line(2, 10, "2"), line(3, -12, "C3")])).execute()
    found = found.set_index("order_id")
    assert found["net_amount"].to_dict() == {"C1": 0, "2": 0, "C3": 0}
    assert found["unmatched_amount"].to_dict() == {"C1": 8, "2": 0, "C3": 2}


def test_another_customer_and_nobody_are_not_touched() -> None:
    rows = [line(1, 10, "1"), line(1, 10, "2", customer="b"), line(1, 10, "3", customer=None)]
    rows += [line(2, -10, "C4"), line(2, -3, "C5", customer=None)]
    assert net(rows) == {"1": 0, "2": 10, "3": 10, "C4": 0, "C5": 0}


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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=14))
def test_it_is_last_in_first_out(moves: list[int]) -> None:
    rows = [line(day, float(amount), f"{day:03}") for day, amount in enumerate(moves)]
    found = net_lines(lines(rows)).execute().sort_values("order_id")
    left, unmatched = stack([float(m) for m in moves])
    assert found.loc[~found.is_return, "net_amount"].tolist() == pytest.approx(left)
    assert found["unmatched_amount"].sum() == pytest.approx(unmatched)


def test_an_order_taken_back_whole_has_amount_zero_and_its_cost_is_not_spent() -> None:
    rows = [line(1, 10, "1", cost=6.0), line(1, 30, "1", product="q", cost=20.0), line(2, -30, "C2", product="q")]
    found = orders_from_lines(lines(rows)).execute().to_dict("records")
    assert len(found) == 1
    assert (found[0]["amount"], found[0]["gross_amount"], found[0]["cost"]) == (10, 40, 6)


def test_a_refund_that_names_its_order_is_netted_there() -> None:
    rows = [line(1, 10, "1"), line(2, 10, "2"), line(3, -10, "R3", refund_of="1")]
    found = orders_from_lines(lines(rows)).execute().set_index("order_id")["amount"].to_dict()
    assert found == {"1": 0, "2": 10}


def test_orders_know_their_own_refunds() -> None:
    rows = [
        {"order_id": "1", "customer_id": "a", "ordered_at": DAY, "amount": 50.0, "refunded": 20.0},
        {"order_id": "2", "customer_id": "a", "ordered_at": DAY + dt.timedelta(1), "amount": 30.0, "refunded": 99.0},
        {"order_id": "3", "customer_id": "a", "ordered_at": DAY + dt.timedelta(2), "amount": -10.0},
    ]
    found = net_orders(table(ORDERS, rows)).execute().set_index("order_id")["amount"].to_dict()
    assert found == {"1": 20}


def test_an_order_in_both_tables_counts_once() -> None:
    orders = table(ORDERS, [{"order_id": "1", "customer_id": "a", "ordered_at": DAY, "amount": 9.0}])
    both = combined_orders(orders, lines([line(1, 10, "1"), line(2, 5, "2"), line(3, -5, "C3")]))
    assert both.execute().set_index("order_id")["amount"].to_dict() == {"1": 9}


def test_online_retail_adds_up(test_data: Path) -> None:
    raw = ibis.read_parquet(test_data / "online_retail" / "online_retail.parquet")
    known = raw.filter(raw.CustomerID.notnull()).select(
        order_id="InvoiceNo",
        customer_id=raw.CustomerID.cast("int64").cast("string"),
        ordered_at="InvoiceDate",
        product_id="StockCode",
        amount=raw.Quantity * raw.UnitPrice,
    )
    found = net_lines(known)
    sums = found.aggregate(
        gross=found.amount.sum(where=~found.is_return),
        returned=-found.amount.sum(where=found.is_return),
        net=found.net_amount.sum(),
        unmatched=found.unmatched_amount.sum(),
    ).execute()
    gross, returned, net_amount, unmatched = sums.iloc[0]
    assert gross == pytest.approx(8_911_407.904)
    assert net_amount == pytest.approx(gross - (returned - unmatched))
    assert net_amount == pytest.approx(8_439_861.254)
