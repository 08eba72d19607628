"""Which scores may be relied on: the test of every predictive model on the workspace's own past, beside no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from zhike.drift import MOVED, SHIFTED
from zhike.labels import label
from zhike.language import current_language
from zhike.proof import Proof
from zhike_crm.customers.models import Score
from zhike_crm.insights import health_charts
from zhike_crm.insights.definitions import definitions
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.charts import Chart


@dataclass(frozen=True)
class Check:
    """One model's test as the page shows it; `words` say what it counts."""

    title: str
    proof: Proof
    reason: str
    words: str
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


@dataclass(frozen=True)
class Fit:
    """What the adviser thinks of one model (`zhike.adviser.Advice`); `address` is the page it is on."""

    name: str
    verdict: str
    colour: str
    reason: str
    unlock: str
    address: str


# The page of each model, and the colour of each verdict.
_PAGES = {
    "rfm": "rfm", "lifecycle": "lifecycle", "clusters": "segments", "clv_formula": "value", "purchases": "value",
    "profit": "value", "retention": "retention", "churn": "churn", "warnings": "churn",
    "satisfaction": "satisfaction", "opinions": "satisfaction",
}  # fmt: skip
_COLOURS = {"fits": "green", "care": "orange", "locked": "secondary"}


@dataclass(frozen=True)
class Drift:
    """How far one score's spread has moved since an earlier run (`zhike.drift`)."""

    name: str
    index: float

    @property
    def verdict(self) -> str:
        if self.index > SHIFTED:
            return _("other customers than before")
        return _("moved") if self.index > MOVED else _("steady")

    @property
    def colour(self) -> str:
        return "red" if self.index > SHIFTED else "orange" if self.index > MOVED else "green"


def drifts(shown: Shown) -> list[Drift]:
    """The scores and how far each has moved, the farthest first; none where there is no earlier run."""
    told = (shown.figures.get("moves") or {}).get("drift") or {}
    names = {field.name: str(field.verbose_name) for field in Score._meta.fields}
    found = [Drift(names.get(column, column), index) for column, index in told.items()]
    return sorted(found, key=lambda drift: -drift.index)


def fits(shown: Shown) -> dict[str, list[Fit]]:
    """Which models fit these data and which data would unlock more: goal → what serves it. Empty for a run of before
    the adviser knew them all."""
    found: dict[str, list[Fit]] = {}
    language, slug = current_language(), shown.summary.workspace.slug
    for told in shown.figures.get("models") or []:
        fit = Fit(
            label("model", told["model"]),
            label("verdict", told["verdict"]),
            _COLOURS[told["verdict"]],
            told["reasons"][language],
            told["unlock"][language],
            reverse(_PAGES[told["model"]], args=[slug]),
        )
        found.setdefault(label("goal", told["goal"]), []).append(fit)
    return found


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
                definitions(shown).left() if subject == "churn" else "",
                health_charts.of_test(proof),
                health_charts.drift(subject, shown),
            )
        )
    return found
