"""Conditions on what customers did: what they mean on facts counted by hand, and what they refuse."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhike.errors import InputError
from zhike.segments.event_conditions import EVENTS, read_condition
from zhike.segments.events import usual, who

pytest_plugins = ("tests.engines.engine",)

AS_OF = dt.date(2026, 5, 31)
_ORDER = {"order_id": "string", "customer_id": "string", "ordered_at": "timestamp", "amount": "float64"}
_ORDERS = {"order_id": "string", "customer_id": "string", "channel": "string", "store": "string"}
_LINES = {
    "order_id": "string",
    "customer_id": "string",
    "product_id": "string",
    "product_name": "string",
    "category": "string",
    "channel": "string",
    "store": "string",
    "amount": "float64",
}


def day(number: int) -> dt.datetime:
    return dt.datetime(2026, 5, number, 12)


def table(kinds: dict[str, str], *rows: tuple[Any, ...]) -> Any:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(kinds)}
    return ibis.memtable(columns, schema=kinds)


@pytest.fixture
def facts() -> dict[str, Any]:
    """Ann buys tea twice and a cup, Bob tea once in a shop, Cid a cup; order 9 is Dan's and Eve's; C1 was taken back.

    The lines of order 3 name nobody: they are of the customer of the order.
    """
    return {
        "purchases": table(
            _ORDER,
            ("1", "ann", day(1), 30.0),
            ("2", "ann", day(30), 20.0),
            ("3", "bob", day(31), 10.0),
            ("4", "cid", day(2), 500.0),
            ("9", "dan", day(3), 7.0),
            ("9", "eve", day(3), 8.0),
            ("5", None, day(3), 8.0),
        ),
        "orders": table(
            _ORDERS,
            ("1", "ann", "web", None),
            ("2", "ann", "app", None),
            ("3", "bob", None, "Bund"),
            ("4", "cid", "Web", None),
            ("C1", "cid", "web", None),
        ),
        "order_lines": table(
            _LINES,
            ("1", "ann", "t1", "Green tea", "Tea", None, None, 12.0),
            ("1", "ann", "t2", "绿茶", "Tea", None, None, 8.0),
            ("1", "ann", "c1", "Cup", "Dishes", None, None, 10.0),
            ("2", "ann", "t1", "Green tea", "Tea", None, None, 20.0),
            ("3", None, "t1", "Green tea", "Tea", None, "Bund", 10.0),
            ("4", "cid", "c1", "Cup", None, None, None, 500.0),
            ("9", "dan", "t1", "Green tea", "Tea", None, None, 7.0),
            ("9", "eve", "c1", "Cup", "Dishes", None, None, 8.0),
            ("C1", "cid", "t1", "Green tea", "Tea", None, None, 9.0),
        ),
        "tickets": table(
            {"customer_id": "string", "opened_at": "timestamp", "kind": "string", "category": "string"},
            ("ann", day(1), "complaint", "Delivery"),
            ("ann", day(31), "question", "Delivery"),
            ("bob", day(31), "complaint", None),
            (None, day(31), "complaint", None),
        ),
        "customers": table(
            {"customer_id": "string", "tags": "string", "education": "string"},
            ("ann", "yoga, tea", "PhD"),
            ("bob", "golf", None),
            ("bob", "golf", None),
        ),
    }


def found(facts: dict[str, Any], event: str, test: str, value: Any = None, days: Any = None, **where: str) -> list[str]:
    details = []
    for detail, asked in where.items():
        how, _mark, text = asked.partition(":")
        details.append({"detail": detail, "test": how, "value": text})
    tree = {"event": event, "test": test, "value": value, "within_days": days, "where": details}
    condition = read_condition(tree)
    rows = who(condition, {name: facts[name] for name in condition.reads}, as_of=AS_OF).to_pyarrow().to_pylist()
    return sorted(row["customer_id"] for row in rows)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("purchase", "at_least", 1), ["ann", "bob", "cid", "dan", "eve"]),
        (("purchase", "at_least", 2), ["ann"]),
        # The last of two days is the day of the facts itself.
        (("purchase", "at_least", 1, 2), ["ann", "bob"]),
        (("purchase", "at_least", 1, 1), ["bob"]),
        (("purchase", "amount_at_least", 50), ["ann", "cid"]),
        (("purchase", "amount_at_least", 50.01), ["cid"]),
        # About absence: those for whom it does not hold.
        (("purchase", "none"), ["ann", "bob", "cid", "dan", "eve"]),
        (("purchase", "at_most", 1), ["ann"]),
        (("ticket", "at_least", 2), ["ann"]),
        (("ticket", "at_least", 1, 1), ["ann", "bob"]),
    ],
    ids=str,
)
def test_how_often_since_when_and_for_how_much(
    facts: dict[str, Any], asked: tuple[Any, ...], expected: list[str]
) -> None:
    assert found(facts, *asked) == expected


@pytest.mark.parametrize(
    ("asked", "where", "expected"),
    [
        (("purchase", "at_least", 1), {"category": "is:tea"}, ["ann", "bob", "dan"]),
        # Two lines of one order are one purchase.
        (("purchase", "at_least", 2), {"category": "is:Tea"}, ["ann"]),
        (("purchase", "at_least", 2), {"product": "contains:绿"}, []),
        (("purchase", "at_least", 1), {"product": "contains:绿"}, ["ann"]),
        (("purchase", "at_least", 1), {"product": "is:c1"}, ["ann", "cid", "eve"]),
        # Money of these lines only.
        (("purchase", "amount_at_least", 40), {"category": "is:tea"}, ["ann"]),
        (("purchase", "amount_at_least", 40.5), {"category": "is:tea"}, []),
        # Of the order, whatever its lines say.
        (("purchase", "at_least", 1), {"channel": "is:web"}, ["ann", "cid"]),
        (("purchase", "at_least", 1), {"store": "contains:bun"}, ["bob"]),
        (("purchase", "amount_at_least", 31), {"channel": "is:web"}, ["cid"]),
        # Both at once, and since when.
        (("purchase", "at_least", 1), {"channel": "is:app", "category": "is:tea"}, ["ann"]),
        (("purchase", "at_least", 1), {"channel": "is:app", "category": "is:dishes"}, []),
        (("purchase", "at_least", 1, 1), {"category": "is:tea"}, ["bob"]),
        (("purchase", "at_least", 1), {"product": "lacks:tea"}, ["ann", "cid", "eve"]),
        (("ticket", "at_least", 1), {"type": "is:complaint"}, ["ann", "bob"]),
        (("ticket", "at_least", 1), {"type": "is:complaint", "category": "is_not:delivery"}, ["bob"]),
        (("profile", "at_least", 1), {"tags": "contains:yoga"}, ["ann"]),
        (("profile", "at_least", 1), {"education": "is:phd"}, ["ann"]),
    ],
    ids=str,
)
def test_details(facts: dict[str, Any], asked: Any, where: dict[str, str], expected: list[str]) -> None:
    assert found(facts, *asked, **where) == expected


def test_every_engine_gives_the_same(engine: Any, facts: dict[str, Any]) -> None:
    tea = {"detail": "product", "test": "contains", "value": "TEA'"}
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({"event": "purchase", "test": "at_least", "value": 1, "within_days": 2}, ["ann", "bob"]),
        ({"event": "purchase", "test": "none", "where": [tea | {"value": "tea"}]}, ["ann", "bob", "dan"]),
        ({"event": "purchase", "test": "none", "where": [tea]}, []),
        (
            {
                "event": "purchase",
                "test": "amount_at_least",
                "value": 20,
                "where": [{"detail": "channel", "test": "is", "value": "web"}],
            },
            ["ann", "cid"],
        ),
        (
            {
                "event": "ticket",
                "test": "at_least",
                "value": 1,
                "where": [{"detail": "category", "test": "is_not", "value": "delivery"}],
            },
            ["bob"],
        ),
    ]
    for tree, expected in asked:
        condition = read_condition(tree)
        tables = {name: facts[name] for name in condition.reads}
        found = engine.rows(who(condition, tables, as_of=AS_OF), "customer_id")
        assert [row["customer_id"] for row in found] == expected, tree


@pytest.mark.parametrize("text", ["'; DROP TABLE tickets; --", "%", "_", "\\", '"', "' OR 1=1 --", "${x}", "?"])
def test_what_is_written_is_compared_and_never_run(facts: dict[str, Any], text: str) -> None:
    for how in ("contains", "is"):
        assert found(facts, "ticket", "at_least", 1, type=f"{how}:{text}") == []
        assert found(facts, "purchase", "at_least", 1, product=f"{how}:{text}") == []
    assert found(facts, "ticket", "at_least", 1, type=f"lacks:{text}") == ["ann", "bob"]


REFUSED: list[Any] = [
    None,
    [],
    {},
    {"event": "burglary", "test": "none"},
    {"event": ["ticket"], "test": "none"},
    {"event": "ticket", "test": "often"},
    {"event": "ticket", "test": "amount_at_least", "value": 1},
    {"event": "ticket", "test": "at_least"},
    {"event": "ticket", "test": "at_least", "value": 0},
    {"event": "ticket", "test": "at_least", "value": 1.5},
    {"event": "ticket", "test": "at_least", "value": True},
    {"event": "ticket", "test": "at_least", "value": "many"},
    {"event": "ticket", "test": "at_least", "value": float("nan")},
    {"event": "purchase", "test": "amount_at_least", "value": float("inf")},
    {"event": "purchase", "test": "amount_at_least", "value": 0},
    {"event": "ticket", "test": "none", "within_days": 0},
    {"event": "ticket", "test": "none", "within_days": 1.5},
    {"event": "ticket", "test": "none", "within_days": "90; DROP"},
    {"event": "ticket", "test": "none", "within_days": 10**9},
    {"event": "ticket", "test": "none", "where": "x"},
    {"event": "ticket", "test": "none", "where": ["x"]},
    {"event": "ticket", "test": "none", "where": [{"detail": "customer_id", "test": "is", "value": "a"}]},
    {"event": "ticket", "test": "none", "where": [{"detail": "kind", "test": "is", "value": "a"}]},
    {"event": "ticket", "test": "none", "where": [{"detail": "type", "test": "regex", "value": "a"}]},
    {"event": "ticket", "test": "none", "where": [{"detail": "type", "test": "is", "value": ""}]},
    {"event": "ticket", "test": "none", "where": [{"detail": "type", "test": "is", "value": "x" * 201}]},
    {"event": "ticket", "test": "none", "where": [{"detail": "type", "test": "is", "value": {"a": 1}}]},
    {"event": "ticket", "test": "none", "where": [{"detail": "type", "test": "is", "value": "a"}] * 6},
]


@pytest.mark.parametrize("tree", REFUSED, ids=lambda tree: str(tree)[:70])
def test_what_is_no_condition_is_refused_with_a_sentence(tree: Any) -> None:
    with pytest.raises(InputError, match=r"\w"):
        read_condition(tree)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON)
def test_whatever_comes_is_read_or_refused(anything: Any) -> None:
    for tree in (
        anything,
        {"event": "purchase", "test": "at_least", "value": anything},
        {"event": "purchase", "test": "none", "within_days": anything},
        {"event": "purchase", "test": "none", "where": [{"detail": "product", "test": "is", "value": anything}]},
    ):
        try:
            assert read_condition(tree).event in EVENTS
        except InputError:
            continue


def test_what_is_usual_comes_first(facts: dict[str, Any]) -> None:
    known = usual("purchase", {name: facts[name] for name in ("orders", "order_lines")})
    assert known == {
        "product": ["Green tea", "Cup", "绿茶"],
        "category": ["Tea", "Dishes"],
        "channel": ["web", "Web", "app"],
        "store": ["Bund"],
    }
    assert usual("ticket", {}) == {}
    assert usual("purchase", {"order_lines": facts["order_lines"]}, limit=1)["product"] == ["Green tea"]
