"""Which scores may be relied on: the test of every predictive model on the workspace's own past, beside no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.labels import label
from zhike.language import current_language
from zhike.proof import Proof
from zhike_crm.insights import health_charts
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.charts import Chart


@dataclass(frozen=True)
class Check:
    """One model's test as the page shows it."""

    title: str
    proof: Proof
    reason: str
    charts: list[Chart]
    drift: Chart | None

    @property
    def verdict(self) -> str:
        if not self.proof.model:
            return _("no model fits yet")
        return _("holds") if self.proof.holds else _("not proven")

    @property
    def colour(self) -> str:
        return "green" if self.proof.holds else "orange" if self.proof.model else "secondary"

    @property
    def is_share(self) -> bool:
        """Whether what is predicted is a probability of something, not a number of things."""
        return self.proof.measure == "brier"

    @property
    def model(self) -> str:
        """What the model is called; some have a name, of others one says what they are."""
        return label("churn_candidate", self.proof.model)

    @property
    def calibration(self) -> float | None:
        """How far the probabilities were off on average; None where none were told."""
        told = self.proof.details.get("evaluation")
        return None if not told else float(told["measures"]["ece"])

    @property
    def ranking(self) -> tuple[float, float] | None:
        """The chance of ranking one who left above one who stayed, of the model and of the naive way."""
        told = self.proof.details.get("evaluation")
        found = told and (told["measures"]["auc"], told["naive"]["auc"])
        return found if found and None not in found else None

    @property
    def money(self) -> dict[str, Any] | None:
        """The same test in money (`zhike.clv.money.MoneyTest`); None where nothing was told in money."""
        return self.proof.details.get("money")

    @property
    def better(self) -> float | None:
        """How much smaller the error is than without a model, as a share."""
        if self.proof.error is None or not self.proof.baseline:
            return None
        return 1 - self.proof.error / self.proof.baseline


def rules() -> list[tuple[str, str]]:
    """The scores that are counted by a rule and predict nothing: what they are, and what could be wrong with them."""
    return [
        (_("RFM, tiers, grades"), _("Counted by a formula. Whether it tells customers apart, the RFM page says.")),
        (_("Lifecycle stages"), _("Counted by rules over each customer's own rhythm.")),
        (_("Lifetime value by formula"), _("Multiplies averages: right for groups, rough for one customer.")),
        (_("Contribution, profit"), _("Added up from what was imported; profit only where costs are known.")),
    ]


def checks(shown: Shown) -> list[Check]:
    """The tests of a run's predictive models."""
    found = []
    titles = {
        "clv": _("Value to come: purchases expected of each customer"),
        "churn": _("Risk of leaving: the probability of each customer"),
    }
    for subject, stored in shown.summary.proofs.items():
        proof = Proof.from_dict(stored)
        found.append(
            Check(
                titles.get(subject, subject),
                proof,
                proof.reasons.get(current_language(), ""),
                health_charts.of_test(proof),
                health_charts.drift(subject, shown),
            )
        )
    return found
