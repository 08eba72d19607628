"""Which scores may be relied on: the test of every predictive model on the workspace's own past, beside no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.labels import label
from zhike.language import current_language
from zhike.proof import Proof
from zhike_crm.insights.charts import Cell, Chart
from zhike_crm.insights.models import RunSummary
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.templatetags.zhike import number

DAYS = 12


@dataclass(frozen=True)
class Check:
    """One model's test as the page shows it."""

    title: str
    proof: Proof
    reason: str
    groups: Chart | None
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
                _groups(proof) if proof.groups else None,
                _drift(subject, shown),
            )
        )
    return found


def _groups(proof: Proof) -> Chart:
    """What was expected of each tenth of the customers beside what they did."""
    names = [str(place) for place in range(1, len(proof.groups) + 1)]
    of_leaving = proof.measure == "brier"
    expected, came = (_("Said"), _("Left")) if of_leaving else (_("Expected"), _("Came"))
    series = [
        {"name": expected, "type": "bar", "colour": "quiet", "data": [round(g.expected, 3) for g in proof.groups]},
        {"name": came, "type": "bar", "colour": "chart-1", "data": [round(g.actual, 3) for g in proof.groups]},
    ]
    options = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value"},
        "series": series,
    }
    table = [
        [Cell(name), Cell(number(g.customers)), Cell(number(g.expected, 2)), Cell(number(g.actual, 2))]
        for name, g in zip(names, proof.groups, strict=True)
    ]
    head = [_("Tenth of the customers"), _("Customers"), expected, came]
    note = _("Purchases per customer after the model had seen its last day. 1: the tenth of whom most was expected.")
    title = _("Expected and what came")
    if of_leaving:
        note = _(
            "Mean probability, and the share that left. 1: the tenth at highest risk. Equal bars: well calibrated."
        )
        title = _("The risk that was told, and who left")
    return Chart(f"chart-{proof.subject}-groups", title, options, head, table, note=note)


def _drift(subject: str, shown: Shown) -> Chart | None:
    """The error over the days that were computed: a model that grows worse says that customers have changed."""
    days = [run.pk for run in shown.known if run.as_of <= shown.summary.as_of][:DAYS]
    rows = RunSummary.objects.of(shown.summary.workspace_id).filter(pk__in=days).order_by("as_of", "run")
    stored = [(row.as_of, row.proofs.get(subject)) for row in rows.defer("figures", "settings")]
    told = [(day, proof) for day, proof in stored if proof and proof["error"] is not None]
    if len(told) < 2:
        return None
    options: dict[str, Any] = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": [day.isoformat() for day, _proof in told]},
        "yAxis": {"type": "value", "min": 0},
        "series": [
            {"name": _("Without a model"), "type": "line", "colour": "quiet", "data": _rounded(told, "baseline")},
            {"name": _("With the model"), "type": "line", "colour": "chart-1", "data": _rounded(told, "error")},
        ],
    }
    table = [[Cell(day.isoformat()), Cell(number(p["baseline"], 3)), Cell(number(p["error"], 3))] for day, p in told]
    head = [_("As of"), _("Without a model"), _("With the model")]
    return Chart(f"chart-{subject}-drift", _("Error at each refresh"), options, head, table, size="chart-low")


def _rounded(told: list[tuple[Any, dict[str, Any]]], name: str) -> list[float]:
    return [round(proof[name], 4) for _day, proof in told]
