"""What a churn model got on customers it had not seen, in numbers and in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from zhike.churn.candidates import BASE_RATE, BLEND, LOGISTIC, NEEDS, PURCHASES, RECENCY, TREES
from zhike.churn.layout import Matrix
from zhike.churn.measures import Measures, Tenth, as_dict, losses, tenths
from zhike.churn.trees import installed
from zhike.labels import CHURN_CANDIDATES as CANDIDATES
from zhike.labels import say
from zhike.language import _, current_language, speaking

How = Literal["time", "folds", "customers"]
# The naive answer must be beaten by so many standard errors before the model is called better (one-sided 95 %).
SURE = 1.645
# The area that says nothing beyond luck.
LUCK = 0.5
# Nobody knows the future so well: from here on something is known that could not have been.
TOO_GOOD = 0.97


@dataclass(frozen=True)
class Evaluation:
    """Of the whole procedure (fit, choice, calibration) on rows none of it had seen.

    Args:
        chosen: the candidate: "base_rate", "recency", "logistic", "trees" or "blend".
        baseline: the naive candidate it is held against: "recency" where there is one, else (and where recency itself
            was chosen) "base_rate".
        how: tested on a later "time", on "folds" in turn, or on folds that keep a customer's rows together.
        rows, churned: how many were asked about, and how many of them left.
        rarer: in the rows learnt from, how many there are of whichever is fewer, those who left or who stayed.
        measures: of the tested probabilities; `naive` of the baseline's.
        gain: by how much the log-loss is lower than the baseline's, with its standard error `gain_error`.
        lift: tenths of the customers by risk, the riskiest first.
        candidates: candidate → its measures on the same rows, before calibration.
        calibration: what was done to the odds: "none", "platt" or "isotonic".
    """

    chosen: str
    baseline: str
    how: How
    rows: int
    churned: int
    rarer: int
    measures: Measures
    naive: Measures
    gain: float
    gain_error: float
    lift: tuple[Tenth, ...]
    candidates: Mapping[str, Measures]
    calibration: str

    @property
    def auc(self) -> float:
        return self.measures.auc

    @property
    def brier(self) -> float:
        return self.measures.brier

    @property
    def ece(self) -> float:
        return self.measures.ece

    @property
    def base_rate(self) -> float:
        """The share of the tested customers who left, 0–1."""
        return self.churned / self.rows

    @property
    def beats_baseline(self) -> bool:
        """Whether the model is better than the naive answer by more than luck. If not, do not rely on it."""
        return self.gain > SURE * self.gain_error and self.measures.auc > LUCK

    def why(self, language: str | None = None) -> str:
        """What was chosen, what it got, and whether to trust it, in a few sentences."""
        with speaking(language or current_language()):
            parts = (self._got(), self._verdict(), self._too_few())
            return ("" if current_language() == "zh" else " ").join(part for part in parts if part)

    def _got(self) -> str:
        values = {
            "model": say(CANDIDATES[self.chosen]),
            "rows": f"{self.rows:,}",
            "left": f"{self.base_rate:.1%}",
            "auc": f"{self.auc:.3f}",
            "error": f"{1.96 * self.measures.auc_error:.3f}",
            "ece": f"{100 * self.ece:.1f}",
        }
        if self.how == "time":
            return _(
                "Chosen: {model}. Tested on {rows} later cases, of which {left} left: AUC {auc} ± {error}; the "
                "probabilities were off by {ece} points on average.",
                **values,
            )
        return _(
            "Chosen: {model}. Tested on {rows} cases it had not seen (not on a later time), of which {left} left: AUC "
            "{auc} ± {error}; the probabilities were off by {ece} points on average.",
            **values,
        )

    def _verdict(self) -> str:
        values = {"baseline": say(CANDIDATES[self.baseline]), "auc": f"{self.naive.auc:.3f}"}
        if self.beats_baseline:
            return _("The naive way ({baseline}) gets AUC {auc}.", **values)
        return _(
            "That is no better than the naive way ({baseline}, AUC {auc}) by more than luck: do not rely on it for "
            "single customers.",
            **values,
        )

    def _too_few(self) -> str:
        """Why a better method was not even tried."""
        untried = [name for name in (LOGISTIC, TREES, BLEND) if name not in self.candidates]
        if not untried or self.chosen == PURCHASES:
            return ""
        if self.rarer >= NEEDS[untried[0]]:
            if untried[0] == TREES and not installed():
                return _("Boosted trees were not tried: LightGBM is not installed (pip install 'zhike[ml]').")
            return _("Nothing else was tried: no column tells the customers apart.")
        return _(
            "There are only {rarer} cases of the rarer outcome to learn from; {model} needs {needed}, so a simpler "
            "method was used.",
            rarer=f"{self.rarer:,}",
            model=say(CANDIDATES[untried[0]]),
            needed=NEEDS[untried[0]],
        )

    def to_dict(self) -> dict[str, Any]:
        kept = dict(vars(self))
        kept["measures"], kept["naive"] = as_dict(self.measures), as_dict(self.naive)
        kept["lift"] = [vars(tenth) for tenth in self.lift]
        kept["candidates"] = {name: as_dict(measures) for name, measures in self.candidates.items()}
        return {name: None if _is_nan(value) else value for name, value in kept.items()}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Evaluation:
        """Raises ValueError, TypeError or KeyError for what cannot be an evaluation."""
        changed = dict(kept)
        changed["measures"], changed["naive"] = _measures(kept["measures"]), _measures(kept["naive"])
        changed["lift"] = tuple(Tenth(**tenth) for tenth in kept["lift"])
        changed["candidates"] = {name: _measures(found) for name, found in kept["candidates"].items()}
        if {kept["chosen"], kept["baseline"], *kept["candidates"]} - CANDIDATES.keys():
            raise ValueError("no such candidate")
        return cls(**changed)


def evaluate(
    *,
    chosen: str,
    calibration: str,
    how: How,
    left: Matrix,
    p: Matrix,
    by_candidate: Mapping[str, Matrix],
    rarer: int,
) -> Evaluation:
    """Args: left and p (one per tested row), by_candidate (each candidate's probabilities of the same rows)."""
    baseline = RECENCY if RECENCY in by_candidate and chosen != RECENCY else BASE_RATE
    naive = by_candidate[baseline]
    better = losses(left, naive) - losses(left, p)
    return Evaluation(
        chosen=chosen,
        baseline=baseline,
        how=how,
        rows=len(left),
        churned=int(left.sum()),
        rarer=rarer,
        measures=Measures.of(left, p),
        naive=Measures.of(left, naive),
        gain=float(better.mean()),
        gain_error=float(better.std() / np.sqrt(len(better))),
        lift=tenths(left, p),
        candidates={name: Measures.of(left, q) for name, q in by_candidate.items()},
        calibration=calibration,
    )


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _measures(kept: dict[str, Any]) -> Measures:
    return Measures(**{name: math.nan if value is None else float(value) for name, value in kept.items()})
