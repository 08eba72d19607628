"""Which way of scoring fits a company's data: looked at, counted, and said in a sentence (`docs/models/rfm.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from zhike.language import _, current_language, speaking
from zhike.rfm import Mode, RfmSettings, score_rfm

# A tier that holds nearly everybody who bought tells nobody apart.
LOPSIDED = 0.85
# Fewer customers than this show no distribution.
ENOUGH = 20
# Another mode is only worth changing to when its fullest tier is smaller by so much.
WORTH_CHANGING = 0.05

# The largest amount as a multiple of the mean, from which it is named as what stretches the min-max scale.
STRETCHED = 3

Case = Literal["nobody", "few", "fits", "stretched", "uneven", "alike"]


@dataclass(frozen=True)
class RfmAdvice:
    """Which RFM mode fits, and what it would change.

    Args:
        settings: those to use; the same as now where nothing fits better.
        tiers_now, tiers_then: value tier → customers, under the settings now and under those advised.
        case: nobody bought in the window; few did; the mode fits; large customers stretch the min-max scale; the
            tiers are uneven for another reason; the customers are alike, so that no mode tells them apart.
        bought: customers with a purchase in the window.
        fullest_now, fullest_then: the share of these (0–1) that lands in the fullest tier.
        stretch: how many times the mean the largest amount of the window is.
    """

    settings: RfmSettings
    tiers_now: Mapping[str, int]
    tiers_then: Mapping[str, int]
    case: Case
    bought: int
    fullest_now: float
    fullest_then: float
    stretch: float

    @property
    def mode(self) -> Mode:
        return self.settings.mode

    @property
    def changes(self) -> bool:
        """Whether another mode than now is advised."""
        return self.case in ("stretched", "uneven")

    def reason(self, language: str | None = None) -> str:
        """Which mode fits and why, in a sentence."""
        with speaking(language or current_language()):
            return _REASONS[self.case](
                bought=f"{self.bought:,}",
                now=_percent(self.fullest_now),
                then=_percent(self.fullest_then),
                stretch=f"{self.stretch:,.0f}",
            )


_REASONS = {
    "nobody": lambda **v: _(
        "Nobody bought in the window, so no mode can tell customers apart: take a longer window or a later day.", **v
    ),
    "few": lambda **v: _(
        "Too few customers bought in the window ({bought}) to show how they differ: the mode stays as it is.", **v
    ),
    "fits": lambda **v: _(
        "The present mode fits these data: of the {bought} customers who bought in the window, the fullest tier holds "
        "{now} %.",
        **v,
    ),
    "stretched": lambda **v: _(
        "Quantile scores fit these data better: the largest customer spent {stretch} times the mean and stretches the "
        "scale, so that {now} % of the {bought} customers who bought in the window fall into one tier; by quantile "
        "the fullest tier holds {then} %.",
        **v,
    ),
    "uneven": lambda **v: _(
        "Quantile scores fit these data better: now {now} % of the {bought} customers who bought in the window fall "
        "into one tier; by quantile the fullest tier holds {then} %.",
        **v,
    ),
    "alike": lambda **v: _(
        "The {bought} customers who bought in the window are so alike that scores by quantile put {then} % of them "
        "into one tier, and the present mode {now} %: keep it, or set fixed cut points of your own.",
        **v,
    ),
}


def recommend_rfm(summary: Any, settings: RfmSettings | None = None) -> RfmAdvice:
    """Which RFM mode fits the customers of a purchase summary: the present one, unless it puts nearly all of those who
    bought in the window into one tier and quantile scores do not.

    Args:
        summary: of `zhike.purchase_summary`.
        settings: the present ones; the defaults (min-max) where nothing is set yet. Weights and thresholds are kept.

    Raises:
        InputError: the summary lacks what RFM reads.

    >>> import ibis
    >>> sizes = [1, 1, 1, 1, 2, 2, 2, 3, 3, 3] * 3
    >>> summary = ibis.memtable({"customer_id": list(range(31)), "recency_days": [n % 12 for n in range(31)],
    ...                          "frequency": sizes + [100], "monetary": [9.0 * n for n in sizes] + [9000.0]})
    >>> advice = recommend_rfm(summary)
    >>> advice.mode, advice.tiers_now, advice.changes
    ('quantile', {'at_risk': 30, 'high': 1}, True)
    """
    now = settings or RfmSettings()
    even = replace(now, mode="quantile", cuts=None)
    tiers_now, fullest_now = _tiers(summary, now)
    tiers_then, fullest_then = _tiers(summary, even)
    found = summary.aggregate(
        bought=summary.count(where=summary.frequency > 0),
        mean=summary.monetary.mean(where=summary.frequency > 0),
        largest=summary.monetary.max(),
    )
    facts = found.to_pyarrow().to_pylist()[0]
    stretch = facts["largest"] / facts["mean"] if facts["mean"] else 0.0
    advice = RfmAdvice(
        settings=even,
        tiers_now=tiers_now,
        tiers_then=tiers_then,
        case=_case(facts["bought"], fullest_now, fullest_then, now.mode == "minmax" and stretch >= STRETCHED),
        bought=facts["bought"],
        fullest_now=fullest_now,
        fullest_then=fullest_then,
        stretch=stretch,
    )
    return advice if advice.changes else replace(advice, settings=now, tiers_then=tiers_now)


def _tiers(summary: Any, settings: RfmSettings) -> tuple[dict[str, int], float]:
    """Customers per tier, and the share of those who bought in the window that the fullest tier holds.

    Who did not buy is left out of the share: they belong into the lowest tier in every mode.
    """
    scored = score_rfm(summary, settings)
    counted = scored.group_by("value_tier").aggregate(
        customers=scored.count(), bought=scored.count(where=scored.frequency > 0)
    )
    rows = counted.order_by("value_tier").to_pyarrow().to_pylist()
    bought = sum(row["bought"] for row in rows)
    fullest = max((row["bought"] for row in rows), default=0)
    return {row["value_tier"]: row["customers"] for row in rows}, fullest / bought if bought else 0.0


def _case(bought: int, now: float, then: float, stretched: bool) -> Case:
    if not bought:
        return "nobody"
    if bought < ENOUGH:
        return "few"
    if now < LOPSIDED:
        return "fits"
    if then > now - WORTH_CHANGING:
        return "alike"
    return "stretched" if stretched else "uneven"


def _percent(share: float) -> str:
    """One digit where whole numbers would say "100 %" of something that is not all."""
    return f"{share * 100:.1f}" if 0.995 <= share < 1 else f"{share * 100:.0f}"
