"""Why the picture changed between two runs: time went by, data came in, settings changed.

    before ──time──▶ the same data and settings, a later day
           ──data──▶ the data of the later run, still the old settings
           ──settings──▶ after

Two states in between are scored as if only that had happened, so what each cause did is counted and not guessed, and
the three add up to the whole.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis

from zhike.facts.purchases import purchase_summary
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, scores_of
from zhike.lifecycle import score_lifecycle
from zhike.pipeline import orders_as_of
from zhike.rfm import score_rfm
from zhike.settings import Settings

CAUSES = ("time", "data", "settings")
COLUMNS = ("stage", "value_tier")


def causes(lake: Lake, before: Run, after: Run) -> dict[str, Any]:
    """For stages and tiers: customers of each code before and after, what each cause added, and how many it moved.

    {"stage": {"codes": {"churn": [before, by time, by data, by settings, after]}, "moved": {"time": 12, …}}, …}
    """
    old, new = Settings.from_run(before), Settings.from_run(after)
    with lake.temporary():
        first = _stored(lake, before)
        aged = first
        if before.as_of != after.as_of:
            aged = _scored(Facts.of(lake, before), after.as_of, old, "aged")
        last = _stored(lake, after)
        fed = last if old == new else _scored(Facts.of(lake, after), after.as_of, old, "fed")
        steps = ibis.union(*(_step(table, number) for number, table in enumerate((first, aged, fed, last))))
        steps = lake.materialised(steps, "steps")
        return {column: _told(_paths(lake, steps, column)) for column in COLUMNS}


def _stored(lake: Lake, run: Run) -> Any:
    """Who had bought by that run. Customers who never did have no rhythm and no score to move."""
    scores = scores_of(lake, run)
    return scores.filter(scores.never_purchased == False)  # noqa: E712 - a column


def _scored(facts: Facts, as_of: dt.date, settings: Settings, name: str) -> Any:
    """Stages and tiers of these facts on that day."""
    lake, window = facts.lake, settings.window_days
    orders = orders_as_of(facts)
    summary = lake.materialised(purchase_summary(orders, as_of=as_of, window_days=window), f"{name}_summary")
    tiers = score_rfm(summary, settings.rfm).select("customer_id", "value_tier")
    stages = score_lifecycle(summary, settings.lifecycle, window_days=window).select(
        staged="customer_id", stage="stage"
    )
    joined = tiers.join(stages, tiers.customer_id == stages.staged)
    return lake.materialised(joined.select("customer_id", *COLUMNS), f"{name}_codes")


def _step(table: Any, number: int) -> Any:
    return table.select("customer_id", *COLUMNS, step=ibis.literal(number, "int64"))


def _paths(lake: Lake, steps: Any, column: str) -> list[tuple[list[str | None], int]]:
    """The code of a customer at each of the four steps (None: not a customer then), and how many took that way."""
    ways = [f"at_{number}" for number in range(4)]
    each = steps.group_by("customer_id").aggregate(
        **{way: steps[column].max(where=steps.step == number) for number, way in enumerate(ways)}
    )
    counts = each.group_by(ways).aggregate(customers=each.count())
    return [([row[way] for way in ways], row["customers"]) for row in lake.engine.to_pyarrow(counts).to_pylist()]


def _told(paths: list[tuple[list[str | None], int]]) -> dict[str, Any]:
    codes = sorted({code for path, _count in paths for code in path if code})
    sizes = {code: [sum(n for path, n in paths if path[step] == code) for step in range(4)] for code in codes}
    return {
        "codes": {code: [at[0], at[1] - at[0], at[2] - at[1], at[3] - at[2], at[3]] for code, at in sizes.items()},
        "moved": {
            cause: sum(n for path, n in paths if path[step] != path[step + 1]) for step, cause in enumerate(CAUSES)
        },
    }
