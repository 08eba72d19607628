"""Which models are advised: each verdict rests on what is there, and says which data would change it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import ibis
import pyarrow as pa
import pytest

from zhike.adviser import Advice, Inventory, advise, take_stock
from zhike.labels import names_of
from zhike.proof import Proof

SHOP = Inventory(buyers=4000, returning=2500, regular=1900, purchases=16_000, days=800, products=400_000)
HOLDS = Proof("clv", "BG/NBD", "rmse", error=1.2, baseline=1.6)
FAILS = replace(HOLDS, error=1.7)
NONE = Proof("clv", "", "rmse", reasons={"en": "Too few came back.", "zh": "回购的太少。"})


def told(stock: Inventory, *proofs: Proof, **settings: Any) -> dict[str, Advice]:
    return {advice.model: advice for advice in advise(stock, proofs, **settings)}


def test_every_model_has_a_name_a_goal_and_reasons_in_both_languages() -> None:
    for stock in (Inventory(), SHOP, replace(SHOP, costed=5, tickets=9, nps=100, texts=100, touches=3)):
        advices = told(stock, HOLDS)
        assert list(advices) == list(names_of("model"))
        for advice in advices.values():
            assert advice.goal in names_of("goal")
            assert advice.verdict in names_of("verdict")
            assert advice.reasons["en"]
            assert advice.reasons["zh"] != advice.reasons["en"]
            assert bool(advice.unlock["en"]) == bool(advice.unlock["zh"])


def test_without_orders_nothing_is_promised() -> None:
    advices = told(Inventory())
    assert {advice.verdict for advice in advices.values()} == {"locked"}
    assert advices["rfm"].unlock["en"] == "Orders, with customer, day and amount."


@pytest.mark.parametrize(
    ("model", "stock", "verdict", "unlocks"),
    [
        ("rfm", replace(SHOP, buyers=12), "care", ""),
        ("rfm", replace(SHOP, days=90), "fits", "Orders of 365 days"),
        ("lifecycle", replace(SHOP, regular=3), "care", ""),
        ("clusters", SHOP, "fits", "Customers with age"),
        ("clusters", replace(SHOP, profiled=4000), "fits", ""),
        ("clv_formula", replace(SHOP, days=400), "care", "Orders of 694 days"),
        ("clv_formula", SHOP, "fits", "The gross margin"),
        ("profit", SHOP, "locked", "The cost of goods"),
        ("profit", replace(SHOP, costed=10), "fits", "What tickets and campaigns cost"),
        ("retention", replace(SHOP, days=30), "care", "A year of orders"),
        ("churn", SHOP, "locked", "Interactions, Tickets, Feedback"),
        ("churn", replace(SHOP, buyers=60), "locked", "100 customers"),
        ("warnings", SHOP, "care", "Interactions (visits, carts)"),
        ("warnings", replace(SHOP, interactions=9, carts=9, competitors=1, tickets=1), "fits", ""),
        ("satisfaction", replace(SHOP, csat=29), "care", ""),
        ("satisfaction", replace(SHOP, nps=30), "fits", ""),
        ("opinions", replace(SHOP, texts=5), "care", "30 texts"),
    ],
)
def test_a_verdict_follows_from_what_there_is(model: str, stock: Inventory, verdict: str, unlocks: str) -> None:
    advice = told(stock)[model]
    assert advice.verdict == verdict
    assert advice.unlock["en"].startswith(unlocks)
    assert bool(advice.unlock["en"]) == bool(unlocks)


@pytest.mark.parametrize(("proof", "verdict"), [(HOLDS, "fits"), (FAILS, "care"), (NONE, "locked")])
def test_a_model_that_predicts_is_judged_by_its_test(proof: Proof, verdict: str) -> None:
    advice = told(SHOP, proof)["purchases"]
    assert advice.verdict == verdict
    assert (proof is NONE) == (advice.reasons["zh"] == "回购的太少。")


def test_the_margin_of_the_settings_makes_profit_rough_and_the_formula_whole() -> None:
    advices = told(SHOP, margin=0.4)
    assert (advices["profit"].verdict, advices["clv_formula"].unlock["en"]) == ("care", "")


def test_what_there_is_is_counted() -> None:
    summary = ibis.memtable(
        pa.table(
            {
                "customer_id": ["a", "b", "c"],
                "purchase_days": pa.array([1, 4, None], pa.int64()),
                "first_at": pa.array([dt.datetime(2025, 1, 1), dt.datetime(2025, 2, 1), None], pa.timestamp("us")),
            }
        )
    )
    kinds = ["view", "加入购物车", "competitor_compare"]
    tables = {
        "orders": pa.table({"cost": [1.0, None]}),
        "order_lines": pa.table({"cost": [2.0], "product_id": ["p"]}),
        "interactions": pa.table({"kind": kinds, "subject": ["", "", ""]}),
        "tickets": pa.table({"csat": [4.0, None]}),
        "feedback": pa.table({"nps": [9.0, None], "csat": [None, 5.0], "text": ["很好", " "]}),
    }
    stock = take_stock(summary, {name: ibis.memtable(table) for name, table in tables.items()}, as_of="2025-03-02")
    assert stock == Inventory(
        buyers=2, returning=1, regular=1, purchases=5, days=60, costed=2, products=1,
        interactions=3, carts=1, competitors=1, tickets=2, nps=1, csat=2, texts=1,
    )  # fmt: skip
