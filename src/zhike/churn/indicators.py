"""Early warnings: rules a person can switch, tune and read, each with the numbers behind it.

They need no training and no history of leavers; they say that something changed, not how likely it is to matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from zhike.churn.events import carts, competitors, complains, discontent
from zhike.churn.sources import Sources
from zhike.churn.wording import number
from zhike.churn_settings import CART_WORDS, COMPETITOR_WORDS, COMPLAINT_WORDS, RULES, IndicatorSettings, Rule
from zhike.facts.purchases import CENTS, bought, days_between, purchase_summary
from zhike.language import _, current_language, speaking
from zhike.lifecycle import NEEDS, score_lifecycle
from zhike.tables import as_date, as_table

# Whoever buys so many days after filling a cart has not left it behind.
GRACE_DAYS = 2


def indicators(
    tables: Any, *, as_of: Any, settings: IndicatorSettings | None = None, summary: Any = None, customers: Any = None
) -> Any:
    """One row per customer with an order, interaction, ticket or answer up to the end of the day `as_of`.

    Args:
        tables: as for `zhike.churn.features`.
        as_of: the last day that counts.
        settings: which rules, and from where they fire.
        summary: the `zhike.purchase_summary` of the orders on that day, where it is there already.
        customers: only those in this table (`customer_id`).

    Returns:
        `customer_id`; per rule a flag `warn_activity`, `warn_interactions`, `warn_carts`, `warn_complaints`,
        `warn_overdue`, `warn_competitor` (NULL: switched off, or there is no table to tell it from); `warnings` (how
        many fire); and the numbers behind them: `purchases_now`, `purchases_before`, `interactions_now`,
        `interactions_before`, `carts_left`, `complaints`, `complaint_rate` (per purchase of the same days),
        `recency_days`, `rhythm_days`, `overdue`, `purchase_days`, `competitor_events`.

    Raises:
        InputError: a table cannot be read.
        SettingsError: `as_of` is no date.

    >>> import pyarrow as pa
    >>> orders = pa.table({"customer_id": ["a"] * 4, "order_id": [1, 2, 3, 4], "amount": [9.0] * 4,
    ...                    "ordered_at": ["2025-01-05", "2025-01-20", "2025-02-03", "2025-02-20"]})
    >>> row = indicators(orders, as_of="2025-05-31").to_pyarrow().to_pylist()[0]
    >>> row["warn_activity"], row["purchases_before"], row["purchases_now"], row["warn_carts"], row["warnings"]
    (True, 4, 0, None, 2)
    """
    settings = settings or IndicatorSettings()
    sources = Sources.of(tables, as_date(as_of))
    found = _everybody(sources) if customers is None else customers.select("customer_id").distinct()
    for part in (_rhythm(sources, summary), _purchases(sources, settings), *_of_events(sources, settings)):
        names = [name for name in part.columns if name != "customer_id"]
        found = found.left_join(part, "customer_id", rname="{name}_again").select(*found.columns, *names)
    return _flagged(_with_counts(found, sources), settings)


def _everybody(sources: Sources) -> Any:
    others = (sources.interactions, sources.tickets, sources.feedback)
    tables = [sources.orders, *(table for table in others if table is not None)]
    return (
        ibis.union(*(t.select("customer_id") for t in tables), distinct=True)
        if tables[1:]
        else (tables[0].select("customer_id").distinct())
    )


def _rhythm(sources: Sources, summary: Any) -> Any:
    if summary is None:
        summary = purchase_summary(sources.orders, as_of=sources.day, columns=NEEDS)
    return score_lifecycle(summary).select("customer_id", "purchase_days", "recency_days", "rhythm_days", "overdue")


def _purchases(sources: Sources, settings: IndicatorSettings) -> Any:
    orders = sources.orders.filter(bought(sources.orders))
    ago = days_between(orders.ordered_at, sources.day)
    rule, window = settings.activity, settings.complaints.days
    return orders.group_by("customer_id").aggregate(
        purchases_now=orders.count(where=ago < rule.days),
        purchases_before=orders.count(where=(ago >= rule.days) & (ago < 2 * rule.days)),
        purchases_complained=orders.count(where=ago < window),
    )


def _of_events(sources: Sources, settings: IndicatorSettings) -> list[Any]:
    parts = []
    if sources.interactions is not None:
        parts += [_interactions(sources, settings), _carts_left(sources, settings.carts)]
    if sources.tickets is not None or sources.feedback is not None:
        parts.append(_complaints(sources, settings.complaints))
    return parts


def _interactions(sources: Sources, settings: IndicatorSettings) -> Any:
    events, rule, rival = sources.interactions, settings.interactions, settings.competitor
    ago = days_between(events.occurred_at, sources.day)
    interested = competitors(events, rival.words or COMPETITOR_WORDS)
    return events.group_by("customer_id").aggregate(
        interactions_now=events.count(where=ago < rule.days),
        interactions_before=events.count(where=(ago >= rule.days) & (ago < 2 * rule.days)),
        competitor_events=events.count(where=interested & (ago < rival.days)),
    )


def _carts_left(sources: Sources, rule: Rule) -> Any:
    """Days with a cart, no purchase on them or soon after; not those of which it is too soon to tell."""
    events = sources.interactions.filter(carts(sources.interactions, rule.words or CART_WORDS))
    days = events.select("customer_id", cart_day=events.occurred_at.date()).distinct()
    ago = ibis.literal(sources.day).delta(days.cart_day, unit="day")
    days = days.filter(ago >= GRACE_DAYS, ago < rule.days)
    orders = sources.orders.filter(bought(sources.orders))
    orders = orders.select("customer_id", day=orders.ordered_at.date()).distinct()
    later = orders.day.delta(days.cart_day, unit="day")
    left = days.anti_join(orders, [days.customer_id == orders.customer_id, later >= 0, later <= GRACE_DAYS])
    return left.group_by("customer_id").aggregate(carts_left=left.count())


def _complaints(sources: Sources, rule: Rule) -> Any:
    words, made = rule.words or COMPLAINT_WORDS, []
    if sources.tickets is not None:
        tickets = sources.tickets.filter(complains(sources.tickets, words))
        made.append(tickets.select("customer_id", at=tickets.opened_at))
    if sources.feedback is not None:
        answers = sources.feedback.filter(discontent(sources.feedback, words))
        made.append(answers.select("customer_id", at=answers.given_at))
    both = ibis.union(*made) if made[1:] else made[0]
    both = both.filter(days_between(both["at"], sources.day) < rule.days)
    return both.group_by("customer_id").aggregate(complaints=both.count())


_COUNTS = {
    "purchases_now": "orders",
    "purchases_before": "orders",
    "purchases_complained": "orders",
    "interactions_now": "interactions",
    "interactions_before": "interactions",
    "competitor_events": "interactions",
    "carts_left": "interactions",
    "complaints": "complaints",
}


def _with_counts(found: Any, sources: Sources) -> Any:
    """Who is not in a table has none of it; of a table that is not there nothing is known."""
    there = {
        "orders": True,
        "interactions": sources.interactions is not None,
        "complaints": sources.tickets is not None or sources.feedback is not None,
    }
    columns = {
        name: found[name].fill_null(0).cast("int64") if there[table] else ibis.null("int64")
        for name, table in _COUNTS.items()
    }
    found = found.mutate(**columns)
    rate = found.complaints / ibis.greatest(found.purchases_complained, 1)
    return found.mutate(complaint_rate=rate.cast("float64").round(CENTS)).drop("purchases_complained")


def _flagged(found: Any, settings: IndicatorSettings) -> Any:
    activity, contact, rival = settings.activity, settings.interactions, settings.competitor
    complaints, overdue = settings.complaints, settings.overdue
    flags = {
        "activity": _fell(found.purchases_now, found.purchases_before, activity),
        "interactions": _fell(found.interactions_now, found.interactions_before, contact),
        "carts": found.carts_left >= settings.carts.threshold,
        "complaints": (found.complaints >= max(complaints.at_least, 1))
        & (found.complaint_rate >= complaints.threshold),
        "overdue": (found.purchase_days >= overdue.at_least) & (found.overdue >= overdue.threshold),
        "competitor": found.competitor_events >= max(rival.threshold, rival.at_least),
    }
    off = ibis.null("boolean")
    known = {f"warn_{name}": flag if getattr(settings, name).on else off for name, flag in flags.items()}
    found = found.mutate(**known)
    fired = sum((found[name].fill_null(False).cast("int64") for name in known), start=ibis.literal(0, "int64"))
    rest = [name for name in found.columns if name not in known and name != "customer_id"]
    return found.mutate(warnings=fired).select("customer_id", "warnings", *known, *rest)


def _fell(now: Any, before: Any, rule: Rule) -> Any:
    return (before >= max(rule.at_least, 1)) & (now <= before * (1 - rule.threshold))


def warning_counts(table: Any) -> dict[str, int]:
    """How many customers each rule warns of: rule → customers, "any" those with at least one, "customers" all.

    Before settings are kept, it previews them: `warning_counts(indicators(tables, as_of=day, settings=mine))`.
    """
    table = as_table(table)
    counts = {name: table[f"warn_{name}"].fill_null(False).sum() for name in RULES}
    found = table.aggregate(**counts, any=(table.warnings > 0).sum(), customers=table.count())
    return {name: int(value or 0) for name, value in found.to_pyarrow().to_pylist()[0].items()}


def explain_indicators(row: Mapping[str, Any], *, language: str | None = None) -> dict[str, str]:
    """The warnings of one row of `indicators`: rule → a sentence with the numbers behind it."""
    with speaking(language or current_language()):
        return {name: _SENTENCES[name](row) for name in RULES if row.get(f"warn_{name}")}


def _said(row: Mapping[str, Any], *columns: str) -> list[str]:
    return [number(row[column]) for column in columns]


def _say_activity(row: Mapping[str, Any]) -> str:
    now, before = _said(row, "purchases_now", "purchases_before")
    return _("Buys less: {now} purchases lately, {before} in the same time before.", now=now, before=before)


def _say_interactions(row: Mapping[str, Any]) -> str:
    now, before = _said(row, "interactions_now", "interactions_before")
    return _("Less contact: {now} interactions lately, {before} in the same time before.", now=now, before=before)


def _say_carts(row: Mapping[str, Any]) -> str:
    (carts_left,) = _said(row, "carts_left")
    return _("Left {carts} carts without buying.", carts=carts_left)


def _say_complaints(row: Mapping[str, Any]) -> str:
    complaints, rate = _said(row, "complaints", "complaint_rate")
    return _("Complains often: {complaints} complaints, {rate} per purchase.", complaints=complaints, rate=rate)


def _say_overdue(row: Mapping[str, Any]) -> str:
    return _(
        "No purchase for {days} days, {times} times the usual {rhythm}.",
        days=number(row["recency_days"]),
        rhythm=number(round(row["rhythm_days"])),
        times=f"{row['overdue']:.1f}",
    )


def _say_competitor(row: Mapping[str, Any]) -> str:
    (events,) = _said(row, "competitor_events")
    return _("Looked at competitors: {events} signs lately.", events=events)


_SENTENCES = {
    "activity": _say_activity,
    "interactions": _say_interactions,
    "carts": _say_carts,
    "complaints": _say_complaints,
    "overdue": _say_overdue,
    "competitor": _say_competitor,
}
