"""The refresh: facts in the lake → models → one score row per customer, kept with everything that made it.

facts as of the day → orders net of refunds → purchase summary → RFM, lifecycle, value → scores in the lake
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ibis

from zhike.clock import Clock
from zhike.errors import LakeError, SettingsError
from zhike.facts.orders import net_orders
from zhike.facts.purchases import purchase_summary
from zhike.lake.facts_view import Facts
from zhike.lake.kept import kept
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, ask_again, last_asked, next_number, record, runs, scores_of
from zhike.lake.tidy import tidy
from zhike.lifecycle import score_lifecycle
from zhike.predictions import risk_of_leaving, value_to_come
from zhike.rfm import score_rfm
from zhike.schema import contract
from zhike.settings import Settings
from zhike.tables import as_date
from zhike.value.clv_formula import score_clv_formula
from zhike.value.contribution import score_contribution
from zhike.value.profitability import profitability
from zhike.version import __version__

Progress = Callable[[str], None]

PURCHASES_FROM = ("orders", "order_lines")


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

    A run with the same facts, day, settings and version already has these scores: it is returned as it is, and is
    the latest again.

    Raises:
        LakeError: there is nothing to score, or the lake cannot be written; nothing was changed.
        SettingsError: `as_of` is not a day of the years 1900–2999.
    """
    settings = settings or last_settings(lake)
    tidy(lake)
    facts = Facts.now(lake)
    as_of = last_day(facts) if as_of is None else as_date(as_of)
    facts = facts.up_to(as_of)
    run = Run(
        run=0,  # numbered when it is recorded
        as_of=as_of,
        started_at=dt.datetime.now(dt.UTC).replace(tzinfo=None),
        customers=0,
        engine=lake.engine.name,
        version=__version__,
        inputs=facts.inputs,
        settings=settings.to_dict(),
    )
    if same := _same(lake, run):
        return same if last_asked(lake) == same else _asked_again(lake, same)
    clock = Clock()
    with lake.temporary():
        scores, proofs = _compute(facts, settings, clock, on_progress)
        customers = int(lake.engine.to_pyarrow(scores.count()).as_py())
        if not customers:
            raise _nobody(facts, as_of)
        # The time of writing is not in it: the entry in the ledger comes before the scores.
        run = replace(run, customers=customers, seconds=clock.stop(), proofs=proofs)
        on_progress("scores")
        return _record(lake, run, scores)


def _nobody(facts: Facts, as_of: dt.date) -> LakeError:
    """Why there is no customer to score: nobody is named on the orders, or there are none."""
    orders = int(facts.lake.engine.to_pyarrow(purchases(facts).count()).as_py())
    if orders:
        return LakeError(
            "Nobody is named on the orders up to {day} ({orders} in all), so there is no customer to score.",
            fix="Export them again with a column for the customer: the ID of the buyer or member.",
            day=as_of.isoformat(),
            orders=f"{orders:,}",
        )
    return LakeError(
        "There is no customer to score up to {day}.",
        fix="Import orders or customers first, or choose a later day.",
        day=as_of.isoformat(),
    )


def _same(lake: Lake, run: Run) -> Run | None:
    """The newest run that already answers this one's question."""
    return next((earlier for earlier in reversed(runs(lake)) if earlier.answers == run.answers), None)


def _asked_again(lake: Lake, run: Run) -> Run:
    with lake.writing():
        return ask_again(lake, run)


def _compute(facts: Facts, settings: Settings, clock: Clock, on_progress: Progress) -> tuple[Any, dict[str, Any]]:
    clock.begin("facts")
    on_progress("facts")
    orders = orders_as_of(facts)
    summary = purchase_summary(orders, as_of=facts.as_of, window_days=settings.window_days)
    summary = facts.lake.materialised(summary, "purchase_summary")
    clock.begin("models")
    on_progress("models")
    expected, value_proof = value_to_come(orders, summary, settings, facts)
    clock.begin("churn")
    on_progress("churn")
    risks, churn_proof = risk_of_leaving(orders, summary, settings, facts)
    clock.begin("scores")
    scores = score_customers(facts, orders, summary, settings, expected, risks)
    proofs = {proof.subject: proof.to_dict() for proof in (value_proof, churn_proof)}
    return facts.lake.materialised(scores, "scores_now"), proofs


def _record(lake: Lake, run: Run, scores: Any) -> Run:
    """Number the run and keep it. Only this needs the lock: what the run read does not change any more."""
    with lake.writing():
        # Somebody else may have asked the same meanwhile.
        if same := _same(lake, run):
            return ask_again(lake, same)
        run = replace(run, run=next_number(lake))
        numbered = scores.select(run=ibis.literal(run.run, "int64"), as_of=ibis.literal(run.as_of), **_all(scores))
        numbered = numbered.order_by("customer_id")
        with lake.stream(numbered) as stream:
            record(lake, run, stream, numbered.schema().to_pyarrow())
        return run


def purchases(facts: Facts) -> Any:
    """All purchases up to the day of the facts, net of what had been taken back by then; nothing of those whole.

    Kept (`zhike.lake.kept`): whoever asks next for the same day of the same facts reads what was computed.
    """
    return kept(facts, "purchases", PURCHASES_FROM, lambda: _netted(facts))


def _netted(facts: Facts) -> Any:
    orders = net_orders(**order_tables(facts), as_of=facts.as_of, cut=facts.lake.cut)
    return orders.filter(orders.amount > 0)


def order_tables(facts: Facts) -> dict[str, Any]:
    """`orders` and `lines` for `net_orders`, which takes the day of the facts: rows of every day.

    A line without a day is of the day of its order, and that may be later. A table that was never imported is left
    out: half the query goes with it.
    """
    names = [name for name in PURCHASES_FROM if name in facts.versions] or ["orders"]
    whole = replace(facts, as_of=None)
    arguments = {"orders": "orders", "order_lines": "lines"}
    return {arguments[name]: facts.lake.cut(whole.table(name), name) for name in names}


def orders_as_of(facts: Facts) -> Any:
    """The `purchases` that belong to a customer and a day: those that are scored."""
    orders = purchases(facts)
    return orders.filter(orders.customer_id.notnull() & orders.ordered_at.notnull())


def last_settings(lake: Lake) -> Settings:
    """The settings of the last refresh, else the defaults."""
    last = last_asked(lake)
    return Settings.from_run(last) if last else Settings()


def score_customers(facts: Facts, orders: Any, summary: Any, settings: Settings, expected: Any, risks: Any) -> Any:
    """One row per customer: the summary, every model's columns, and customers who have never purchased.

    Args:
        facts: as of the day to score.
        orders: their `orders_as_of`.
        summary: the `purchase_summary` of these, computed.
        expected: the value to come (`zhike.clv.scores`).
        risks: of leaving (`zhike.churn.scores`); they may know of customers who have never bought.
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
            as_of=facts.as_of,
            window_days=window,
            margin=value.margin,
            tickets=facts.table("tickets"),
            touches=facts.table("touches"),
            cost_per_ticket=value.cost_per_ticket,
        ),
        "expectations": expected,
    }
    scores = summary
    for name, model in models.items():
        # One at a time: a single query of all models takes Ibis and the planner longer than computing them.
        computed = facts.lake.materialised(model, name)
        new = [column for column in computed.columns if column not in scores.columns]
        scores = scores.left_join(computed.select("customer_id", *new), "customer_id", rname="{name}_again")
        scores = scores.drop("customer_id_again")
    scores = _with_never_purchased(scores, _known(facts))
    joined = scores.left_join(risks, "customer_id", rname="{name}_again")
    return joined.select(*scores.columns, *(name for name in risks.columns if name != "customer_id"))


def _known(facts: Facts) -> Any:
    """Everybody whom any table knows: who has only asked, complained or been written to is a customer to be won."""
    names = [name for name in facts.versions if "customer_id" in contract(name)]
    ids = [facts.table(name).select("customer_id") for name in names or ["customers"]]
    everybody = ibis.union(*ids) if len(ids) > 1 else ids[0]
    return everybody.filter(everybody.customer_id.notnull()).distinct()


def _with_never_purchased(scores: Any, known: Any) -> Any:
    """Who is known without a purchase, or has returned all they bought, is scored too: tagged, the rest unknown."""
    strangers = known.anti_join(scores, "customer_id")
    empty = {name: ibis.null(kind) for name, kind in scores.schema().items() if name != "customer_id"}
    empty |= {"stage": ibis.literal("acquisition"), "stage4": ibis.literal("acquire")}
    strangers = strangers.mutate(never_purchased=True, **empty)
    return scores.mutate(never_purchased=False).union(strangers.select(*scores.columns, "never_purchased"))


def last_day(facts: Facts) -> dt.date:
    """The day of the last order, so that a company whose export is a month old is not told that everyone has left.

    Raises:
        LakeError: there are no dated orders and no customers.
    """
    newest = [facts.table(name).ordered_at.max() for name in ("orders", "order_lines")]
    found = [facts.lake.engine.to_pyarrow(moment).as_py() for moment in newest]
    days: list[dt.date] = [last.date() for last in found if last is not None]
    if days:
        return min(max(days), dt.date.today())
    if "customers" in facts.versions:
        return dt.date.today()
    raise LakeError(
        "There are no orders in the lake {lake}.", fix="Import some first: zhike import FILE.", lake=facts.lake.url
    )


def tier_moves(lake: Lake, run: Run, settings: Settings) -> Any:
    """Who would change value tier under other RFM settings: `customer_id, from_tier, to_tier, old and new score`.

    Computed from the recency, frequency and money of the run, so nothing is read again and nothing is changed.

    Raises:
        SettingsError: another window changes what was counted; that needs a refresh, not a preview.
    """
    window_days = Settings.from_run(run).window_days
    if settings.window_days != window_days:
        raise SettingsError(
            "A preview cannot change the window of {days} days.",
            fix="Run: zhike refresh --window-days N; earlier runs stay as they are.",
            days=window_days,
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
