"""Purchase histories made by the models' own stories, and small summaries by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


def summary(x: list[int], recency: list[float], age: list[float], monetary: list[float] | None = None) -> pa.Table:
    money = monetary if monetary is not None else [10.0 + i if n else 0.0 for i, n in enumerate(x)]
    columns = {"frequency": x, "recency": [float(v) for v in recency], "T": [float(v) for v in age]}
    return pa.table({"customer_id": list(range(len(x))), **columns, "monetary": [float(v) for v in money]})


def simulated(customers: int, seed: int, params: dict[str, float], *, first_counts: bool = False) -> pa.Table:
    """Histories of customers who came over a year, as BG/NBD (`a`, `b`; MBG/NBD with `first_counts`) or Pareto/NBD
    (`s`, `beta`) tell it, in continuous time (weeks)."""
    dice = np.random.default_rng(seed)
    age = dice.uniform(26, 78, customers)
    rate = dice.gamma(params["r"], 1 / params["alpha"], customers)
    if "a" in params:
        leave, end = dice.beta(params["a"], params["b"], customers), age
    else:
        leave = np.zeros(customers)
        end = np.minimum(age, dice.exponential(1 / dice.gamma(params["s"], 1 / params["beta"], customers)))
    x, recency, at = np.zeros(customers, int), np.zeros(customers), np.zeros(customers)
    here = dice.random(customers) >= leave if first_counts else np.ones(customers, bool)
    while here.any():
        at = at + dice.exponential(1 / rate)
        here &= at <= end
        x, recency = x + here, np.where(here, at, recency)
        here &= dice.random(customers) >= leave
    spend = dice.gamma(6.0 * np.maximum(x, 1), 1 / (dice.gamma(4.0, 1 / 15.0, customers) * np.maximum(x, 1)))
    return summary(x.tolist(), recency.tolist(), age.tolist(), np.where(x > 0, spend, 0.0).tolist())


def column(table: Any, name: str) -> list[float]:
    """A column of an answer, in the order of the customers."""
    return list(table.order_by("customer_id").to_pyarrow()[name].to_pylist())
