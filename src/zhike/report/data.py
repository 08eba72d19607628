"""What a report says, read from the lake: the scores of one run, the orders it read, the imports.

All counting is done by the lake's engine; what comes back are a few small tables.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import ibis

from zhike.adviser import Advice, advise, recommend_rfm, take_stock
from zhike.cleaning.report import QualityReport
from zhike.drift import stability
from zhike.lake.batches import State, batches
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, runs, scores_of
from zhike.lifecycle import LEAVING, stage_moves
from zhike.portrait import profiles
from zhike.proof import Proof
from zhike.report.figures import Bin, Group, Headline, Import, Moves, ReportFigures, Row, Value
from zhike.report.sales import Sales
from zhike.settings import Settings
from zhike.value.contribution import pareto_curve

LISTED = 10
CURVE_POINTS = 100
MOST_BINS = 12
# Whose spread says whether the customers of the models are still the same.
DRIFTING = ("rfm_score", "clv", "residual_clv", "p_alive", "churn_probability", "overdue")


def read_figures(lake: Lake, run: Run) -> ReportFigures:
    """All figures of a run.

    Raises:
        LakeError: the lake has no scores.
    """
    with lake.temporary():
        return _figures(lake, run)


def _figures(lake: Lake, run: Run) -> ReportFigures:
    facts = Facts.of(lake, run)
    scores = lake.materialised(scores_of(lake, run), "report_scores")
    bought = scores.filter(~scores.never_purchased)
    sales = Sales(facts, run.as_of)
    reader = _Scores(lake, bought)
    best, leaving = reader.best(), reader.leaving()
    leaving_customers, leaving_money = reader.leaving_total()
    return ReportFigures(
        run=run,
        headline=reader.headline(scores, _reaches_back(sales.first_order, run)),
        first_order=sales.first_order,
        currency=sales.currency(),
        months=sales.months(),
        tiers=reader.groups(bought, "value_tier"),
        advice=recommend_rfm(bought, Settings.from_run(run).rfm),
        models=_models(facts, run, scores),
        grades=reader.groups(bought, "grade"),
        grid=reader.groups(bought, "grid_cell"),
        stages=reader.groups(scores, "stage"),
        moves=_moves(lake, run, scores),
        value=reader.value(),
        best=best,
        leaving=leaving,
        leaving_customers=leaving_customers,
        leaving_money=leaving_money,
        companies=_companies(facts, [row["customer_id"] for row in (*best, *leaving)]),
        cohorts=sales.cohorts(),
        flow=sales.flow(),
        imports=_imports(facts, run),
    )


def models_that_fit(lake: Lake, run: Run) -> tuple[Advice, ...]:
    """Which models fit the data that a run read, and which data would unlock more."""
    with lake.temporary():
        return _models(Facts.of(lake, run), run, scores_of(lake, run))


def _models(facts: Facts, run: Run, scores: Any) -> tuple[Advice, ...]:
    settings = Settings.from_run(run)
    stock = take_stock(scores, {name: facts.table(name) for name in facts.versions}, as_of=run.as_of)
    proofs = [Proof.from_dict(stored) for stored in run.proofs.values()]
    return tuple(advise(stock, proofs, window_days=settings.window_days, margin=settings.value.margin))


class _Scores:
    """Questions to the scores of the customers who have bought."""

    def __init__(self, lake: Lake, bought: Any) -> None:
        self._lake, self._bought = lake, bought

    def headline(self, scores: Any, comparable: bool) -> Headline:
        t = scores
        bought, now, before = ~t.never_purchased, t.frequency > 0, t.prior_frequency > 0
        row = self._one(
            t.aggregate(
                customers=t.count(where=bought),
                never_purchased=t.count(where=t.never_purchased),
                active=t.count(where=now),
                active_before=t.count(where=before),
                stayed=t.count(where=now & before),
                # Everything they ever bought, they bought in the window.
                new=t.count(where=now & (t.frequency == t.orders)),
                orders=t.frequency.sum().fill_null(0),
                orders_before=t.prior_frequency.sum().fill_null(0),
                revenue=t.monetary.sum().fill_null(0.0),
                revenue_before=t.prior_monetary.sum().fill_null(0.0),
                lifetime_revenue=t.revenue.sum().fill_null(0.0),
                bought_once=t.count(where=t.purchase_days == 1),
            )
        )
        return Headline(**row, comparable=comparable)

    def groups(self, scores: Any, column: str) -> tuple[Group, ...]:
        """Customers and money of each code, the largest money first."""
        sums = scores.group_by(code=scores[column]).aggregate(
            customers=scores.count(), monetary=scores.monetary.sum().fill_null(0.0)
        )
        rows = [row for row in self._rows(sums) if row["code"] is not None]
        return tuple(Group(**row) for row in sorted(rows, key=lambda row: (-row["monetary"], row["code"])))

    def value(self) -> Value:
        t = self._bought
        known = t.profit.notnull()
        row = self._one(
            t.aggregate(
                clv_total=t.clv.sum().fill_null(0.0),
                clv_mean=t.clv.mean(),
                clv_median=t.clv.quantile(0.5),
                lifespan_years=t.lifespan_years.max(),
                lifespan_source=t.lifespan_source.max(),
                retention=t.retention.max(),
                margin=t.margin.max(),
                profit_known=t.count(where=known),
                profit_unknown=t.count(where=~known & (t.frequency > 0)),
                profit=t.profit.sum().fill_null(0.0),
                profit_revenue=t.monetary.sum(where=known).fill_null(0.0),
                losing=t.count(where=t.profit < 0),
                lost_money=(-t.profit).sum(where=t.profit < 0).fill_null(0.0),
            )
        )
        return Value(
            **row,
            curve=self._curve(),
            top_fifth_share=self._top_fifth(),
            abc=tuple(sorted(self.groups(t, "abc"), key=lambda group: group.code)),
            clv_bins=self._bins(),
        )

    def _curve(self) -> tuple[tuple[float, float], ...]:
        rows = self._rows(pareto_curve(self._bought.select("rank", "cumulative_share"), points=CURVE_POINTS))
        return tuple((row["customer_share"], row["revenue_share"]) for row in rows)

    def _top_fifth(self) -> float | None:
        """What the best 20 % bring in; with fewer than five customers there is no fifth of them."""
        t = self._bought.cross_join(self._bought.aggregate(everyone=self._bought.count()))
        best = self._one(t.aggregate(share=t.cumulative_share.max(where=t["rank"] * 5 <= t.everyone)))
        return None if best["share"] is None else float(best["share"])

    def _bins(self) -> tuple[Bin, ...]:
        t = self._bought.filter(self._bought.clv > 0)
        ends = self._one(t.aggregate(low=t.clv.quantile(0.02), high=t.clv.quantile(0.99)))
        if ends["low"] is None:
            return ()
        edges = round_edges(ends["low"], ends["high"])
        step = sum(((t.clv >= edge).cast("int64") for edge in edges), start=ibis.literal(0, "int64"))
        numbered = t.mutate(bin=step)
        counted = numbered.group_by("bin").aggregate(customers=numbered.count())
        counts = {row["bin"]: row["customers"] for row in self._rows(counted)}
        bounds = [None, *edges, None]
        return tuple(Bin(bounds[i], bounds[i + 1], counts.get(i, 0)) for i in range(len(edges) + 1))

    def best(self) -> tuple[Row, ...]:
        t = self._bought.filter(self._bought.clv > 0)
        return tuple(self._rows(t.order_by(t.clv.desc(), t.revenue.desc(), t.customer_id).limit(LISTED)))

    def leaving(self) -> tuple[Row, ...]:
        t = self._leaving()
        return tuple(self._rows(t.order_by(t.at_stake.desc(), t.customer_id).limit(LISTED)))

    def leaving_total(self) -> tuple[int, float]:
        t = self._leaving()
        row = self._one(t.aggregate(customers=t.count(), money=t.at_stake.sum().fill_null(0.0)))
        return row["customers"], row["money"]

    def _leaving(self) -> Any:
        """Who is slowing down or gone, and what they used to spend: the better of the last two windows."""
        t = self._bought.filter(self._bought.stage.isin(LEAVING))
        t = t.mutate(at_stake=(t.monetary >= t.prior_monetary).ifelse(t.monetary, t.prior_monetary))
        return t.filter(t.at_stake > 0)

    def _one(self, table: Any) -> dict[str, Any]:
        return self._rows(table)[0]

    def _rows(self, table: Any) -> list[dict[str, Any]]:
        return list(self._lake.engine.to_pyarrow(table).to_pylist())


def round_edges(low: float, high: float) -> list[float]:
    """Round numbers (1, 2, 5, 10 …) that part the values from `low` to `high`; powers of ten when those are many.

    >>> round_edges(30, 4000)
    [50, 100, 200, 500, 1000, 2000]
    >>> round_edges(7, 7)
    [5]
    """
    for steps in ((1, 2, 5), (1,), (1e3,), (1e12,)):
        edges = [float(f"{m * 10.0**e:.6g}") for e in range(-9, 300) for m in steps if m * 10.0**e < 1e300]
        edges = [int(edge) if edge >= 1 else edge for edge in edges]
        inside = sorted({edge for edge in edges if low < edge <= high})
        if not inside:
            inside = [max((edge for edge in edges if edge <= low), default=edges[0])]
        if len(inside) < MOST_BINS:
            return inside
    return inside[:: len(inside) // MOST_BINS + 1]


def _reaches_back(first_order: dt.date | None, run: Run) -> bool:
    window = int(run.settings.get("window_days", 365))
    return first_order is not None and (run.as_of - first_order).days + 1 >= 2 * window


def _moves(lake: Lake, run: Run, scores: Any) -> Moves | None:
    """Stages now against those of the newest run of an earlier day."""
    earlier = [other for other in runs(lake) if other.as_of < run.as_of]
    if not earlier:
        return None
    before = max(earlier, key=lambda other: (other.as_of, other.run))
    then = scores_of(lake, before)
    table = stage_moves(then, scores)
    rows = lake.engine.to_pyarrow(table).to_pylist()
    return Moves(
        since=before.as_of,
        run=before.run,
        # A run just made has tuples where one read from the ledger has lists.
        same_settings=json.dumps(before.settings, sort_keys=True) == json.dumps(run.settings, sort_keys=True),
        customers={(row["from_stage"], row["to_stage"]): row["customers"] for row in rows},
        drift=stability(then, scores, DRIFTING),
    )


def _companies(facts: Facts, ids: list[str]) -> dict[str, str]:
    """Company names of the listed customers. People's names stay in the lake: a report is passed around."""
    if not ids:
        return {}
    t = profiles(facts)
    named = t.filter(t.customer_id.isin(ids) & t.company.notnull()).select("customer_id", "company")
    return {row["customer_id"]: row["company"] for row in facts.lake.engine.to_pyarrow(named).to_pylist()}


def _imports(facts: Facts, run: Run) -> tuple[Import, ...]:
    """The imports the run could read, and those that had failed by then; later ones have no part in its figures."""
    failed = [b for b in batches(facts.lake) if b.state is State.INTERRUPTED and b.imported_at <= run.started_at]
    found = []
    for batch in sorted((*facts.imports(), *failed), key=lambda batch: batch.batch):
        stored = batch.details.get("report")
        found.append(Import(batch, QualityReport.from_dict(stored) if stored else None))
    return tuple(found)
