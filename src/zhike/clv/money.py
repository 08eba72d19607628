"""The test in money: what customers were expected to spend in the days that were held out, and what they spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zhike.clv.fitted import Vector
from zhike.clv.gamma_gamma import GammaGamma
from zhike.clv.histories import distinct, joined_back
from zhike.clv.purchases import PurchaseModel
from zhike.errors import InputError
from zhike.proof import Group, in_groups


@dataclass(frozen=True)
class MoneyTest:
    """Purchases expected × what each is worth, both learnt before the cut, against what was spent after it.

    Args:
        error, baseline: root mean square per customer, of the models and of the better answer without one (everybody
            spends what they, or what the average customer, spent in the last period of the same length).
        expected, actual: of all customers together.
        groups: a row per tenth, the customers of whom most was expected first.
    """

    error: float
    baseline: float
    expected: float
    actual: float
    groups: tuple[Group, ...]

    @property
    def holds(self) -> bool:
        """Whether the models were nearer than both answers without one."""
        return self.error < self.baseline


def money_test(held: Any, model: PurchaseModel, length: float) -> MoneyTest | None:
    """How near the money came; None where what a purchase is worth cannot be learnt from the days before the cut.

    Args:
        held: a `zhike.facts.repeat.holdout_summary`.
        model: fitted to the part before the cut.
        length: of the held-out period, in the unit of time of the fit.
    """
    try:
        spend = GammaGamma().fit(held)
    except InputError:
        return None
    keys, histories = distinct(held)
    purchases = model._expected(model.fit_.parameters, histories, length)
    kept = ("frequency", "monetary", "held_out_spent", "previous_spent")
    joined = joined_back(held, keys, {"purchases": purchases}, keep=kept)
    # Of whom it is not known what they spent, nothing can be tested.
    joined = joined.filter(joined.held_out_spent.notnull() & joined.previous_spent.notnull())
    told = joined.select(
        "held_out_spent", "previous_spent", expected=spend.spend(joined) * joined.purchases
    ).to_pyarrow()
    if told["expected"].null_count or not told.num_rows:
        return None
    expected, actual, previous = (_numbers(told, n) for n in ("expected", "held_out_spent", "previous_spent"))
    return MoneyTest(
        error=_rmse(expected, actual),
        baseline=min(_rmse(previous, actual), _rmse(np.full(len(actual), previous.mean()), actual)),
        expected=float(expected.sum()),
        actual=float(actual.sum()),
        groups=in_groups(expected, actual, np.ones(len(actual))),
    )


def _numbers(table: Any, name: str) -> Vector:
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def _rmse(expected: Vector, actual: Vector) -> float:
    return float(np.sqrt(np.mean((expected - actual) ** 2)))
