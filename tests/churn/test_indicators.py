"""Early warnings: each fires from where its rule says, with the numbers behind it, the same on both engines."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from tests.churn.shop import tables
from tests.engines.engine import Engine, duckdb_engine
from zhike.churn import IndicatorSettings, Rule, explain_indicators, indicators, warning_counts
from zhike.errors import InputError, SettingsError

pytest_plugins = ("tests.engines.engine",)

AS_OF = dt.date(2025, 6, 30)
NUMBERS = ("warnings", "purchases_now", "purchases_before", "carts_left", "complaints", "complaint_rate", "overdue")


def ago(days: int) -> dt.datetime:
    return dt.datetime(2025, 6, 30, 12) - dt.timedelta(days=days)


def orders(**days: list[int]) -> pa.Table:
    """Customers and how many days ago they bought."""
    rows = [(who, n, ago(day)) for who, bought in days.items() for n, day in enumerate(bought)]
    made = [{"customer_id": w, "order_id": f"{w}{n}", "ordered_at": at, "amount": 9.0} for w, n, at in rows]
    return pa.Table.from_pylist(made)


def events(*given: tuple[str, int, str]) -> pa.Table:
    return pa.Table.from_pylist([{"customer_id": w, "occurred_at": ago(day), "kind": kind} for w, day, kind in given])


def of(given: Any, **rules: Rule) -> dict[str, dict[str, Any]]:
    settings = replace(IndicatorSettings(), **rules)
    return {r["customer_id"]: r for r in indicators(given, as_of=AS_OF, settings=settings).to_pyarrow().to_pylist()}


def test_activity_fell_by_half() -> None:
    found = of(orders(fell=[10, 100, 120], kept=[10, 20, 100, 120, 130], once=[120], edge=[89, 90, 179, 180]))
    assert {who: row["warn_activity"] for who, row in found.items()} == {
        "fell": True,
        "kept": False,
        "once": False,
        "edge": True,
    }
    assert (found["edge"]["purchases_now"], found["edge"]["purchases_before"]) == (1, 2)
    strict = of(orders(fell=[10, 100, 120]), activity=Rule(threshold=0.6, days=90, at_least=2))
    assert strict["fell"]["warn_activity"] is False


def test_carts_left_behind() -> None:
    carts = [
        ("a", 5, "add_to_cart"),
        ("a", 6, "Add_To_Cart"),
        ("a", 7, "加入购物车"),
        ("a", 8, "view"),
        ("a", 31, "cart"),
    ]
    carts += [
        ("b", 5, "cart"),
        ("b", 6, "cart"),
        ("b", 12, "cart"),
        ("c", 0, "cart"),
        ("c", 1, "cart"),
        ("c", 9, "cart"),
    ]
    given = {"orders": orders(a=[100, 4], b=[10]), "interactions": events(*carts)}
    found = of(given, carts=Rule(threshold=2, days=30))
    # a: bought 4 days ago, within two days of the carts of days 5 and 6; what is too new is not counted yet.
    assert {who: row["carts_left"] for who, row in found.items()} == {"a": 1, "b": 2, "c": 1}
    assert {who: row["warn_carts"] for who, row in found.items()} == {"a": False, "b": True, "c": False}


def test_complaints_of_tickets_and_answers() -> None:
    tickets = {"customer_id": ["a", "a", "b"], "ticket_id": [1, 2, 3], "kind": ["Complaint: late", "how to", "投诉"]}
    tickets["opened_at"] = [ago(5), ago(6), ago(400)]
    answers = {"customer_id": ["a", "b", "c"], "given_at": [ago(3), ago(3), ago(3)], "nps": [2.0, 9.0, 0.0]}
    given = {"orders": orders(a=[1, 2, 3, 4], b=[1]), "tickets": pa.table(tickets), "feedback": pa.table(answers)}
    found = of(given)
    assert {who: (row["complaints"], row["warn_complaints"]) for who, row in found.items()} == {
        "a": (2, True),
        "b": (0, False),
        "c": (1, False),
    }
    assert found["a"]["complaint_rate"] == 0.5
    assert found["c"]["purchase_days"] is None


def test_overdue_by_the_customers_own_rhythm() -> None:
    found = of(orders(weekly=[20, 27, 34, 41, 48], monthly=[20, 50, 80, 110, 140]))
    assert {who: row["warn_overdue"] for who, row in found.items()} == {"weekly": True, "monthly": False}
    said = explain_indicators(found["weekly"], language="en")
    assert said["overdue"].startswith("No purchase for 20 days, ")


def test_contact_and_competitors() -> None:
    before = [("a", 100 + n, "login") for n in range(6)] + [("a", 3, "login"), ("a", 4, "compare with competitor")]
    found = of({"orders": orders(a=[1], b=[1]), "interactions": events(*before)})
    assert (found["a"]["warn_interactions"], found["a"]["warn_competitor"]) == (True, True)
    assert (found["b"]["warn_interactions"], found["b"]["competitor_events"]) == (False, 0)
    words = of({"orders": orders(a=[1]), "interactions": events(*before)}, competitor=Rule(words=("ACME",)))
    assert words["a"]["warn_competitor"] is False
    said = explain_indicators(found["a"], language="en")
    assert said["interactions"] == "Less contact: 2 interactions lately, 6 in the same time before."


def test_what_is_off_or_not_known_says_nothing() -> None:
    row = of(orders(a=[10, 100, 120]), activity=Rule(on=False))["a"]
    assert (row["warn_activity"], row["warn_carts"], row["carts_left"]) == (None, None, None)
    assert (row["warn_complaints"], row["complaint_rate"]) == (None, None)
    assert row["warnings"] == 0
    assert explain_indicators(row) == {}


def test_preview_counts() -> None:
    table = indicators(orders(fell=[10, 100, 120], kept=[10, 100], gone=[200, 210, 220]), as_of=AS_OF)
    counts = warning_counts(table)
    assert counts == {
        "activity": 1,
        "interactions": 0,
        "carts": 0,
        "complaints": 0,
        "overdue": 1,
        "competitor": 0,
        "any": 2,
        "customers": 3,
    }


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0}, {"threshold": float("nan")}, {"days": 0}, {"on": 1}, {"at_least": -1}, {"words": ("",)}]
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Rule(**wrong)


def test_a_table_without_its_columns() -> None:
    with pytest.raises(InputError, match="interactions lacks the columns occurred_at"):
        indicators({"orders": orders(a=[1]), "interactions": pa.table({"customer_id": ["a"]})}, as_of=AS_OF)


def test_same_on_both_engines(engine: Engine) -> None:
    shop = tables(60)
    here = duckdb_engine()
    wanted = here.by_customer(indicators({n: here.table(t) for n, t in shop.items()}, as_of="2025-03-31"))
    found = engine.by_customer(indicators({n: engine.table(t) for n, t in shop.items()}, as_of="2025-03-31"))
    assert found.keys() == wanted.keys()
    assert sum(row["warnings"] for row in wanted.values()) > 20
    for who, row in wanted.items():
        flags = [name for name in row if name.startswith("warn_")]
        assert [found[who][name] for name in flags] == [row[name] for name in flags]
        for name in NUMBERS:
            assert found[who][name] == (None if row[name] is None else pytest.approx(row[name])), name
