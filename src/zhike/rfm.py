"""RFM: how recently, how often, for how much (`docs/models/rfm.md`).

R = days since the last purchase, F = purchases in the window, M = net amount in the window.
Min-max: R' = (maxR−R)/(maxR−minR), F' = (F−minF)/(maxF−minF), M' likewise; score = wR·R' + wF·F' + wM·M'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import ibis

from zhike.errors import SettingsError
from zhike.facts.purchases import days_ago, is_number, need, purchase_summary
from zhike.labels import label
from zhike.language import _, current_language, speaking

Mode = Literal["minmax", "quantile", "fixed"]
NEEDS = ("customer_id", "recency_days", "frequency", "monetary")
QUINTILES = (0.2, 0.4, 0.6, 0.8)
# Scores are rounded here, so that .8 computed as .7999999999999999 still is .8.
DIGITS = 12
TIERS = {
    1: ("high", "at_risk"),
    2: ("high", "potential", "at_risk"),
    3: ("high", "potential", "general", "at_risk"),
}


@dataclass(frozen=True)
class RfmSettings:
    """How RFM is computed; checked when made.

    `weights` of R, F, M (≥ 0, sum 1). `thresholds` of the tiers, descending in (0, 1): one makes two tiers, two
    three, three four. `cuts` for mode "fixed": {"r": days, "f": purchases, "m": amounts}, each ascending; n cut
    points make scores 1 … n + 1. `grid_days`: active up to the first, silent up to the second, lost beyond.
    """

    weights: Sequence[float] = (0.3, 0.4, 0.3)
    thresholds: Sequence[float] = (0.8, 0.5)
    mode: Mode = "minmax"
    cuts: Mapping[str, Sequence[float]] | None = None
    grid_days: Sequence[int] = (90, 180)

    def __post_init__(self) -> None:
        _check_weights(self.weights)
        _check_thresholds(self.thresholds)
        _check_mode(self.mode, self.cuts)
        if not _numbers(self.grid_days) or len(self.grid_days) != 2 or not 0 <= self.grid_days[0] < self.grid_days[1]:
            raise SettingsError(
                "The days of the grid are {days}.",
                fix="Give two: active up to the first, silent up to the second, for example (90, 180).",
                days=str(self.grid_days),
            )


def _numbers(values: Any) -> bool:
    return isinstance(values, Sequence) and all(is_number(v) for v in values)


def _check_weights(weights: Sequence[float]) -> None:
    if not _numbers(weights) or len(weights) != 3 or not all(w >= 0 for w in weights) or abs(sum(weights) - 1) > 1e-9:
        raise SettingsError(
            "The weights of R, F and M are {weights}.",
            fix="Give three numbers of 0 or more that add up to 1, for example (0.3, 0.4, 0.3).",
            weights=str(weights),
        )


def _check_thresholds(thresholds: Sequence[float]) -> None:
    good = _numbers(thresholds) and len(thresholds) in TIERS and all(0 < t < 1 for t in thresholds)
    if not good or not all(a > b for a, b in pairwise(thresholds)):
        raise SettingsError(
            "The thresholds of the value tiers are {thresholds}.",
            fix="Give one, two or three numbers between 0 and 1, from high to low: (0.8, 0.5) makes high, "
            "potential and at risk; a third, such as (0.8, 0.5, 0.3), adds general.",
            thresholds=str(thresholds),
        )


def _check_mode(mode: str, cuts: Mapping[str, Sequence[float]] | None) -> None:
    if mode not in ("minmax", "quantile", "fixed"):
        raise SettingsError("There is no RFM mode {mode}.", fix="Use minmax, quantile or fixed.", mode=repr(mode))
    if (mode == "fixed") != (cuts is not None):
        raise SettingsError(
            "Cut points belong to the RFM mode “fixed”, and it needs them.",
            fix="Give both, for example mode={mode} and cuts={cuts}.",
            mode='"fixed"',
            cuts='{"r": (30, 60, 90, 180), "f": (2, 3, 5, 10), "m": (100, 300, 1000, 3000)}',
        )
    if cuts is not None and not _usable(cuts):
        raise SettingsError(
            "The cut points {cuts} are not usable.",
            fix="Give ascending numbers for each of r (days), f (purchases) and m (amounts).",
            cuts=str(cuts),
        )


def _usable(cuts: Any) -> bool:
    named = isinstance(cuts, Mapping) and set(cuts) == {"r", "f", "m"}
    return named and all(_numbers(c) and len(c) and all(a < b for a, b in pairwise(c)) for c in cuts.values())


def rfm(
    orders: Any,
    *,
    as_of: Any,
    window_days: int = 365,
    weights: Sequence[float] = (0.3, 0.4, 0.3),
    thresholds: Sequence[float] = (0.8, 0.5),
    mode: Mode = "minmax",
    cuts: Mapping[str, Sequence[float]] | None = None,
    grid_days: Sequence[int] = (90, 180),
) -> Any:
    """One row per customer with a purchase up to `as_of`.

    `customer_id`, `recency_days` (days), `frequency` (purchases in the window), `monetary` (net amount in the
    window, currency), `r`, `f`, `m` (0–1 in mode "minmax", else 1–5), `rfm_score` (0–1), `value_tier`, `grade`,
    `octant`, `grid_cell` (codes; their names are in `zhike.labels`).

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: a setting outside what is allowed; the message says what is.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "a", "b"], "order_id": [1, 2, 3],
    ...                    "ordered_at": ["2025-03-01", "2025-03-21", "2025-01-30"], "amount": [20, 40, 10]})
    >>> rfm(orders, as_of="2025-03-31").order_by("customer_id").select(
    ...     "recency_days", "frequency", "monetary", "rfm_score", "value_tier").to_pyarrow().to_pylist()[0]
    {'recency_days': 10, 'frequency': 2, 'monetary': 60.0, 'rfm_score': 1.0, 'value_tier': 'high'}
    """
    settings = RfmSettings(weights, thresholds, mode, cuts, grid_days)
    summary = purchase_summary(orders, as_of=as_of, window_days=window_days, columns=NEEDS)
    return score_rfm(summary, settings)


def score_rfm(summary: Any, settings: RfmSettings | None = None) -> Any:
    """RFM of a purchase summary (`zhike.purchase_summary`), which may hold more columns than it needs."""
    settings = settings or RfmSettings()
    customers = need(summary, NEEDS).select(*NEEDS)
    # What is true of all customers is one row, joined to each: no window over everyone.
    scored = _minmax(customers) if settings.mode == "minmax" else _banded(customers, settings)
    scored = scored.mutate(rfm_score=_weighted(scored, settings))
    # Who has not bought in the window stands out in nothing, however low the mean.
    high = {x: (scored.frequency > 0) & (scored[x] >= scored[f"mean_{x}"]) for x in "rfm"}
    return scored.select(
        *NEEDS,
        *("r", "f", "m", "rfm_score"),
        value_tier=_value_tier(scored.rfm_score, settings.thresholds),
        grade=_grade(high),
        octant=_octant(high),
        grid_cell=_grid_cell(scored, settings.grid_days),
    )


def _columns(customers: Any) -> dict[str, Any]:
    return {"r": customers.recency_days, "f": customers.frequency, "m": customers.monetary}


def _thirds(customers: Any) -> dict[str, Any]:
    """Extremes and third points over all customers. Quantiles interpolate linearly, the same on every engine."""
    facts: dict[str, Any] = {}
    for x, column in _columns(customers).items():
        facts |= {f"min_{x}": column.min(), f"max_{x}": column.max()}
        if x != "r":
            facts |= {f"third_{x}{i}": column.quantile(i / 3).round(6) for i in (1, 2)}
    return facts


def _minmax(customers: Any) -> Any:
    """r, f, m in 0–1 and their means. Scaling is linear, so the mean of the scaled is the scaled mean."""
    means = {f"raw_{x}": column.mean() for x, column in _columns(customers).items()}
    facts = customers.aggregate(**_thirds(customers), **means)
    facts = facts.mutate(**{f"mean_{x}": _scaled(facts, x, facts[f"raw_{x}"]) for x in "rfm"})
    scored = customers.cross_join(facts.drop(*means))
    return scored.mutate(**{x: _scaled(scored, x, column) for x, column in _columns(scored).items()})


def _scaled(facts: Any, x: str, value: Any) -> Any:
    """Between the worst and the best customer; all equal: one half for everyone, but 0 purchases remain nothing."""
    low, high = facts[f"min_{x}"], facts[f"max_{x}"]
    part = high - value if x == "r" else value - low
    alike = ibis.literal(0.5) if x == "r" else (facts.max_f > 0).ifelse(0.5, 0.0)
    return (part / (high - low).nullif(0)).fill_null(alike).round(DIGITS)


def _weighted(scored: Any, settings: RfmSettings) -> Any:
    """The weighted score in 0–1. Weights may miss 1 by a rounding error; scores 1 … n + 1 count as 0 … 1."""
    total, score = sum(settings.weights), ibis.literal(0.0)
    for x, weight in zip("rfm", settings.weights, strict=True):
        if settings.mode == "minmax":
            unit = scored[x]
        else:
            unit = (scored[x] - 1) / len(settings.cuts[x] if settings.cuts else QUINTILES)
        score = score + unit * (weight / total)
    return score.round(DIGITS)


def _banded(customers: Any, settings: RfmSettings) -> Any:
    """Scores 1 … n + 1 by n cut points, and their means. Equal values always share a score.

    Quantile cuts bound from above (value ≤ cut: the lower band, as pandas.qcut has it), or else a majority of
    one-time buyers would all land in the upper bands. Fixed cuts are what a person means by them: at most so many
    days, at least so many purchases and so much money.
    """
    facts = _thirds(customers)
    if settings.cuts is None:
        for x, column in _columns(customers).items():
            facts |= {f"cut_{x}{i}": column.quantile(q).round(6) for i, q in enumerate(QUINTILES)}
    joined = customers.cross_join(customers.aggregate(**facts))
    scores: dict[str, Any] = {}
    for x, value in _columns(joined).items():
        if settings.cuts is None:
            cuts = [joined[f"cut_{x}{i}"] for i in range(len(QUINTILES))]
            passed = [value <= cut if x == "r" else value > cut for cut in cuts]
        else:
            passed = [value <= cut if x == "r" else value >= cut for cut in settings.cuts[x]]
        scores[x] = sum((step.ifelse(1.0, 0.0) for step in passed), start=ibis.literal(1.0))
    scored = joined.mutate(**scores)
    return scored.cross_join(scored.aggregate(**{f"mean_{x}": scored[x].mean().round(DIGITS) for x in "rfm"}))


def _value_tier(score: Any, thresholds: Sequence[float]) -> Any:
    names = TIERS[len(thresholds)]
    steps = [(score >= limit, name) for limit, name in zip(thresholds, names, strict=False)]
    return ibis.cases(*steps, else_=names[-1])


def _grade(high: Mapping[str, Any]) -> Any:
    r, f, m = high["r"], high["f"], high["m"]
    return ibis.cases((r & f & m, "vip"), (r & ~f & ~m, "new"), (~r & ~f & m, "dormant"), else_="regular")


def _octant(high: Mapping[str, Any]) -> Any:
    """The eight corners of high and low R, F, M; "important" is a high M."""
    r, f, m = high["r"], high["f"], high["m"]

    def four(prefix: str) -> Any:
        return r.ifelse(
            f.ifelse(f"{prefix}_value", f"{prefix}_develop"), f.ifelse(f"{prefix}_keep", f"{prefix}_win_back")
        )

    return m.ifelse(four("important"), four("general"))


def _grid_cell(customers: Any, grid_days: Sequence[int]) -> Any:
    days = customers.recency_days
    activity = ibis.cases((days <= grid_days[0], "active-"), (days <= grid_days[1], "silent-"), else_="lost-")
    frequency = _third(customers, "f", customers.frequency, ("high-", "mid-", "low-"))
    return activity + frequency + _third(customers, "m", customers.monetary, ("high", "mid", "low"))


def _third(customers: Any, x: str, value: Any, names: tuple[str, str, str]) -> Any:
    """Above the upper third point, up to the lower, or between; all equal is the middle, no purchase is low."""
    return ibis.cases(
        (customers.frequency == 0, names[2]),
        (customers[f"min_{x}"] == customers[f"max_{x}"], names[1]),
        (value > customers[f"third_{x}2"], names[0]),
        (value <= customers[f"third_{x}1"], names[2]),
        else_=names[1],
    )


def explain_rfm(row: Mapping[str, Any], *, window_days: int = 365, language: str | None = None) -> str:
    """One row of `rfm` (made with the same `window_days`) in a sentence: what they did, and what that makes them."""
    with speaking(language or current_language()):
        values = {
            "frequency": f"{row['frequency']:,}",
            "monetary": f"{row['monetary']:,.2f}",
            "ago": days_ago(row["recency_days"]),
            "window": f"{window_days:,}",
            "score": f"{row['rfm_score']:.2f}",
            "tier": label("value_tier", row["value_tier"]),
            "grade": label("grade", row["grade"]),
            "octant": label("octant", row["octant"]),
        }
        if not row["frequency"]:
            return _(
                "No purchase in the last {window} days; the last was {ago}. Score {score} of 1: {tier}; "
                "grade {grade} ({octant}).",
                **values,
            )
        if row["frequency"] == 1:
            return _(
                "Bought once in the last {window} days, for {monetary}, {ago}. Score {score} of 1: "
                "{tier}; grade {grade} ({octant}).",
                **values,
            )
        return _(
            "Bought {frequency} times in the last {window} days for {monetary}, most recently {ago}. "
            "Score {score} of 1: {tier}; grade {grade} ({octant}).",
            **values,
        )
