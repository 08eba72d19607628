"""Boosted trees with small leaves (LightGBM): they find what a column means together with another.

LightGBM is loaded when it is first needed; without it the models fall back to the spline regression and say so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from zhike.churn.layout import Feature, Matrix

# How many trees is found by looking at all of these on rows the trees were not made from.
ROUNDS = (60, 120, 200, 300, 450, 650)
SEEDS = 2
# With fewer rows the threads wait for one another longer than they work.
ROWS_PER_THREAD = 100_000
# Asking needs no waiting: each thread takes its rows.
ASKED_PER_THREAD = 5_000
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.045,
    "num_leaves": 5,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.75,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "cat_smooth": 10.0,
    "cat_l2": 10.0,
    "max_cat_threshold": 16,
    "min_data_per_group": 20,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def installed() -> bool:
    return find_spec("lightgbm") is not None


@dataclass(frozen=True)
class Trees:
    """Boosters that differ by their dice only; their log-odds are averaged. `rounds` trees of each are used."""

    boosters: tuple[Any, ...]
    rounds: int

    @classmethod
    def fit(cls, x: Matrix, left: Matrix, features: tuple[Feature, ...], rounds: int = ROUNDS[-1]) -> Trees:
        """Args: x (n × features), left (0 or 1)."""
        import lightgbm

        names = [f"f{j}" for j in range(len(features))]  # the real ones may hold characters LightGBM refuses
        categories = [j for j, feature in enumerate(features) if feature.kind == "category"]
        made = []
        for seed in range(SEEDS):
            rows = lightgbm.Dataset(x, left, feature_name=names, categorical_feature=categories, free_raw_data=True)
            settings = {**PARAMETERS, "seed": 2026 + seed, "num_threads": _threads(x)}
            made.append(lightgbm.train(settings, rows, num_boost_round=rounds))
        return cls(tuple(made), rounds)

    def logit(self, x: Matrix, rounds: int | None = None) -> Matrix:
        """Log-odds of leaving, by the first `rounds` trees."""
        wanted = rounds or self.rounds
        odds = [
            b.predict(x, raw_score=True, num_iteration=wanted, num_threads=_threads(x, ASKED_PER_THREAD))
            for b in self.boosters
        ]
        return np.asarray(np.mean(odds, axis=0))

    def parts(self, x: Matrix) -> Matrix:
        """What each column adds to the log-odds, against the average customer (Shapley values): n × features."""
        parts = [
            b.predict(x, pred_contrib=True, num_iteration=self.rounds, num_threads=_threads(x, ASKED_PER_THREAD))[
                :, :-1
            ]
            for b in self.boosters
        ]
        return np.asarray(np.mean(parts, axis=0))

    def to_dict(self) -> dict[str, Any]:
        """As LightGBM's own text."""
        texts = [b.model_to_string(num_iteration=self.rounds) for b in self.boosters]
        return {"rounds": self.rounds, "boosters": texts}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Trees:
        """Raises ValueError, TypeError or KeyError for what cannot be a fit."""
        import lightgbm

        try:
            boosters = tuple(lightgbm.Booster(model_str=text) for text in kept["boosters"])
        except lightgbm.basic.LightGBMError as error:
            raise ValueError("not a fit") from error
        if not boosters or type(kept["rounds"]) is not int:
            raise ValueError("not a fit")
        return cls(boosters, kept["rounds"])


def _threads(x: Matrix, enough: int = ROWS_PER_THREAD) -> int:
    return (os.cpu_count() or 1) if len(x) > enough else 1
