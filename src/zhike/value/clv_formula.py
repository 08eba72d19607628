"""Customer lifetime value by formula (`docs/models/clv_formula.md`).

CLV = average order value × purchases per year × lifespan in years × gross margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from zhike.assumptions import check_lifespan, check_margin
from zhike.facts.purchases import check_window, need, purchase_summary
from zhike.labels import label
from zhike.language import _, current_language, speaking

NEEDS = ("customer_id", "frequency", "monetary", "prior_frequency", "tenure_days")
YEAR_DAYS = 365

# The share of customers who came back says how long customers last: 1 / (1 − retention) windows. Below so many
# customers, or with less of the window before covered by data, that share means little and the default is used.
ENOUGH_CUSTOMERS = 30
ENOUGH_COVERED = 0.9
DEFAULT_LIFESPAN_YEARS = 3.0
# Retention near 1 would promise customers for ever.
LONGEST_LIFESPAN_YEARS = 10.0


def clv_formula(
    orders: Any,
    *,
    as_of: Any,
    window_days: int = 365,
    margin: float = 1.0,
    lifespan_years: float | None = None,
) -> Any:
    """One row per customer with a purchase up to `as_of`: what they are worth if they go on as in the window.

    `customer_id`, `average_order_value` (net amount / purchases of the window; NULL without one),
    `purchases_per_year`, `lifespan_years`, `lifespan_source` (given, retention, default), `retention` (share of the
    customers of the window before who bought again in this one; NULL when not known), `margin`, `clv` (currency;
    with margin 1 it is revenue, not profit; never below 0).

    Raises:
        InputError: `orders` cannot be read as orders.
        SettingsError: `margin` outside 0–1, or a lifespan that is not above 0.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a", "a"], "order_id": [1, 2], "amount": [30.0, 50.0],
    ...                    "ordered_at": ["2025-03-01", "2025-09-01"]})
    >>> clv_formula(orders, as_of="2025-12-31", margin=0.5, lifespan_years=4).clv.to_pyarrow().to_pylist()
    [160.0]
    """
    _check(margin, lifespan_years)
    summary = purchase_summary(orders, as_of=as_of, window_days=window_days, columns=NEEDS)
    return score_clv_formula(summary, window_days=window_days, margin=margin, lifespan_years=lifespan_years)


def _check(margin: float, lifespan_years: float | None) -> None:
    check_margin(margin)
    if lifespan_years is not None:
        check_lifespan(lifespan_years)


def score_clv_formula(
    summary: Any, *, window_days: int = 365, margin: float = 1.0, lifespan_years: float | None = None
) -> Any:
    """CLV by formula from a purchase summary made with the same `window_days`."""
    _check(margin, lifespan_years)
    years = check_window(window_days) / YEAR_DAYS
    customers = need(summary, NEEDS).select(*NEEDS)
    given = lifespan_years is not None
    lifespan = _given(customers, lifespan_years) if given else _estimated(customers, window_days)
    priced = customers.cross_join(lifespan).mutate(
        average_order_value=customers.monetary / customers.frequency.nullif(0),
        purchases_per_year=customers.frequency / years,
    )
    value = priced.average_order_value * priced.purchases_per_year * priced.lifespan_years * margin
    return priced.select(
        "customer_id",
        average_order_value=priced.average_order_value.round(6),
        purchases_per_year=priced.purchases_per_year.round(6),
        lifespan_years=priced.lifespan_years,
        lifespan_source=priced.lifespan_source,
        retention=priced.retention,
        margin=ibis.literal(float(margin)),
        clv=ibis.greatest(value.fill_null(0.0), 0.0).round(6),
    )


def _given(customers: Any, years: float | None) -> Any:
    # An aggregate, not a constant: it is one row on every engine, also when there are no customers.
    return customers.aggregate(customers=customers.count()).select(
        lifespan_years=ibis.literal(years, "float64"),
        lifespan_source=ibis.literal("given"),
        retention=ibis.null("float64"),
    )


def _estimated(customers: Any, window_days: int) -> Any:
    """One row: lifespan from the share of the earlier window's customers who are active in this one."""
    window = window_days / YEAR_DAYS
    were = customers.prior_frequency > 0
    facts = customers.aggregate(
        were=customers.count(where=were),
        stayed=customers.count(where=were & (customers.frequency > 0)),
        oldest=customers.tenure_days.max(),
    )
    covered = facts.oldest >= (1 + ENOUGH_COVERED) * window_days
    known = (covered & (facts.were >= ENOUGH_CUSTOMERS)).fill_null(False)
    facts = facts.mutate(retention=known.ifelse(facts.stayed / facts.were.nullif(0), None).round(12))
    lasting = (window / (1 - facts.retention).nullif(0)).fill_null(LONGEST_LIFESPAN_YEARS)
    bounded = ibis.least(lasting, max(LONGEST_LIFESPAN_YEARS, window))
    return facts.select(
        lifespan_years=facts.retention.isnull().ifelse(DEFAULT_LIFESPAN_YEARS, bounded).round(6),
        lifespan_source=facts.retention.isnull().ifelse("default", "retention"),
        retention=facts.retention,
    )


def explain_clv_formula(row: Mapping[str, Any], *, language: str | None = None) -> str:
    """One row of `clv_formula` in a sentence."""
    with speaking(language or current_language()):
        if not row["purchases_per_year"]:
            return _("Worth 0 by the formula: no purchase in the window.")
        values = {
            "clv": f"{row['clv']:,.2f}",
            "aov": f"{row['average_order_value']:,.2f}",
            "frequency": f"{row['purchases_per_year']:,.1f}",
            "years": f"{row['lifespan_years']:,.1f}",
            "source": label("lifespan_source", row["lifespan_source"]),
        }
        if row["margin"] == 1:
            return _(
                "Expected to bring in {clv}: {aov} per order × {frequency} orders a year × {years} years ({source}).",
                **values,
            )
        return _(
            "Worth {clv}: {aov} per order × {frequency} orders a year × {years} years ({source}) × a gross margin of "
            "{margin} %.",
            margin=f"{row['margin'] * 100:,.1f}",
            **values,
        )
