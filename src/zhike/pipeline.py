"""The refresh: facts in the lake → models → one score row per customer, kept with everything that made it.

facts as of the day → orders net of refunds → purchase summary → RFM, lifecycle, value → scores in the lake
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import ibis

from zhike.errors import LakeError, SettingsError
from zhike.facts.orders import combined_orders
from zhike.facts.purchases import purchase_summary
from zhike.lake.identities import links
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, next_number, record, runs, scores_of
from zhike.lake.snapshot import snapshot, versions
from zhike.lifecycle import score_lifecycle
from zhike.rfm import score_rfm
from zhike.settings import Settings
from zhike.value.clv_formula import score_clv_formula
from zhike.value.contribution import score_contribution
from zhike.value.profitability import profitability
from zhike.version import __version__

Progress = Callable[[str], None]
STEPS = ("facts", "models", "scores")


def refresh(
    lake: Lake,
    as_of: dt.date | None = None,
    settings: Settings | None = None,
    *,
    on_progress: Progress = lambda _: None,
) -> Run:
    """Score every customer as of a day and keep the scores.

    Args:
        as_of: the last day that counts; default: the day of the last order.
        settings: default: those of the last refresh, else the defaults.

    A run with the same facts, day, settings and version already has these scores: it is returned as it is.

    Raises:
        LakeError: there is nothing to score, or the lake cannot be written; nothing was changed.
        SettingsError: a day before the first order.
    """
    known = runs(lake)
    settings = settings or (Settings.from_dict(known[-1].settings) if known else Settings())
    inputs = versions(lake) | {"identities": links(lake)}
    as_of = as_of or last_day(lake)
    clock = _Clock(on_progress)
    with lake.writing():
        run = Run(
            run=next_number(lake),
            as_of=as_of,
            started_at=dt.datetime.now(dt.UTC).replace(tzinfo=None),
            customers=0,
            engine=lake.engine.name,
            version=__version__,
            inputs=inputs,
            settings=settings.to_dict(),
        )
        for earlier in reversed(known):
            if earlier.answers == run.answers:
                return earlier
        return _compute(lake, run, settings, clock)


def _compute(lake: Lake, run: Run, settings: Settings, clock: _Clock) -> Run:
    clock.begin("facts")
    orders = orders_as_of(lake, run.as_of)
    summary = purchase_summary(orders, as_of=run.as_of, window_days=settings.window_days)
    summary = lake.materialised(summary, "purchase_summary")
    clock.begin("models")
    scores = score_customers(lake, orders, summary, run.as_of, settings)
    scores = scores.select(run=ibis.literal(run.run, "int64"), as_of=ibis.literal(run.as_of), **_all(scores))
    scores = lake.materialised(scores, "scores_now")
    customers = int(lake.engine.to_pyarrow(scores.count()).as_py())
    if not customers:
        raise LakeError(
            "There is no customer to score up to {day}.",
            fix="Import orders or customers first, or choose a later day.",
            day=run.as_of.isoformat(),
        )
    clock.begin("scores")
    finished = replace(run, customers=customers, seconds=clock.seconds())
    record(lake, finished, lake.stream(scores), scores.schema().to_pyarrow())
    return finished


def orders_as_of(lake: Lake, as_of: dt.date) -> Any:
    """All purchases of known customers up to a day, net of what had been taken back by then."""
    orders = combined_orders(snapshot(lake, "orders", as_of=as_of), snapshot(lake, "order_lines", as_of=as_of))
    return orders.filter(orders.customer_id.notnull() & orders.ordered_at.notnull())


def score_customers(lake: Lake, orders: Any, summary: Any, as_of: dt.date, settings: Settings) -> Any:
    """One row per customer: the summary, every model's columns, and customers who have never purchased.

    Args:
        orders: net orders up to `as_of`.
        summary: their `purchase_summary`, computed.
    """
    window, value = settings.window_days, settings.value
    models = {
        "rfm": score_rfm(summary, settings.rfm),
        "lifecycle": score_lifecycle(summary, settings.lifecycle, window_days=window),
        "clv": score_clv_formula(
            summary,
            window_days=window,
            # Where the margin is not known CLV is revenue, and its sentence says so.
            margin=1.0 if value.margin is None else value.margin,
            lifespan_years=value.lifespan_years,
        ),
        "contribution": score_contribution(summary.select("customer_id", "revenue")),
        "profitability": profitability(
            orders,
            as_of=as_of,
            window_days=window,
            margin=value.margin,
            tickets=snapshot(lake, "tickets", as_of=as_of),
            touches=snapshot(lake, "touches", as_of=as_of),
            cost_per_ticket=value.cost_per_ticket,
        ),
    }
    scores = summary
    for name, model in models.items():
        # One at a time: a single query of all models takes Ibis and the planner longer than computing them.
        computed = lake.materialised(model, name)
        new = [column for column in computed.columns if column not in scores.columns]
        scores = scores.left_join(computed.select("customer_id", *new), "customer_id", rname="{name}_again")
        scores = scores.drop("customer_id_again")
    sources = [
        snapshot(lake, name, as_of=as_of).select("customer_id") for name in ("customers", "orders", "order_lines")
    ]
    return _with_never_purchased(scores, ibis.union(*sources))


def _with_never_purchased(scores: Any, customers: Any) -> Any:
    """Who is known from a list, or has returned all they bought, is scored too: tagged, and the rest unknown."""
    known = customers.filter(customers.customer_id.notnull()).distinct()
    strangers = known.anti_join(scores, "customer_id")
    empty = {name: ibis.null(kind) for name, kind in scores.schema().items() if name != "customer_id"}
    empty |= {"stage": ibis.literal("acquisition"), "stage4": ibis.literal("acquire")}
    strangers = strangers.mutate(never_purchased=True, **empty)
    return scores.mutate(never_purchased=False).union(strangers.select(*scores.columns, "never_purchased"))


def last_day(lake: Lake) -> dt.date:
    """The day of the last order, so that a company whose export is a month old is not told that everyone has left.

    Raises:
        LakeError: there are no dated orders and no customers.
    """
    found = []
    for name in ("orders", "order_lines"):
        facts = snapshot(lake, name)
        found.append(lake.engine.to_pyarrow(facts.ordered_at.max()).as_py())
    days: list[dt.date] = [last.date() for last in found if last is not None]
    if days:
        return min(max(days), dt.date.today())
    if lake.version("facts/customers") is not None:
        return dt.date.today()
    raise LakeError(
        "There are no orders in the lake {lake}.", fix="Import some first: zhike import FILE.", lake=lake.url
    )


def tier_moves(lake: Lake, run: Run, settings: Settings) -> Any:
    """Who would change value tier under other RFM settings: `customer_id, from_tier, to_tier, old and new score`.

    Computed from the recency, frequency and money of the run, so nothing is read again and nothing is changed.

    Raises:
        SettingsError: another window changes what was counted; that needs a refresh, not a preview.
    """
    if settings.window_days != Settings.from_dict(run.settings).window_days:
        raise SettingsError(
            "A preview cannot change the window of {days} days.",
            fix="Run: zhike refresh --window-days N; earlier runs stay as they are.",
            days=Settings.from_dict(run.settings).window_days,
        )
    now = scores_of(lake, run).filter(ibis._.never_purchased == False)  # noqa: E712 - a column
    then = score_rfm(now, settings.rfm)
    then = then.select(new_id="customer_id", to_tier="value_tier", new_score="rfm_score", to_grade="grade")
    joined = now.join(then, now.customer_id == then.new_id)
    return joined.select(
        "customer_id",
        "monetary",
        "to_tier",
        "to_grade",
        "new_score",
        from_tier="value_tier",
        from_grade="grade",
        old_score="rfm_score",
    )


def _all(table: Any) -> dict[str, Any]:
    return {name: table[name] for name in table.columns}


class _Clock:
    """Seconds per step, and telling whoever waits which step it is."""

    def __init__(self, on_progress: Progress) -> None:
        self._on_progress = on_progress
        self._laps: dict[str, float] = {}
        self._step, self._since = "", perf_counter()

    def begin(self, step: str) -> None:
        self._end()
        self._on_progress(step)
        self._step = step

    def seconds(self) -> dict[str, float]:
        self._end()
        return self._laps

    def _end(self) -> None:
        now = perf_counter()
        if self._step:
            self._laps[self._step] = round(now - self._since, 4)
        self._since = now
