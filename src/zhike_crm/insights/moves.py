"""Who moves between tiers and stages: between two runs, and under other settings."""

from __future__ import annotations

from typing import Any

import ibis
from django.db import IntegrityError, transaction

from zhike.lake.lake import Lake
from zhike.lake.runs import Run, numbered, scores_of
from zhike.lifecycle import score_lifecycle
from zhike.pipeline import tier_moves
from zhike.settings import Settings
from zhike_crm.accounts.access import visible
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer, Identity
from zhike_crm.insights.causes import causes
from zhike_crm.insights.links import ANY
from zhike_crm.insights.models import RunMoves, RunSummary
from zhike_crm.insights.runs import previous
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

SHOWN = 12
LISTED = 100
COLUMNS = ("stage", "value_tier")

Flow = tuple[str | None, str | None, int]


def between(workspace: Workspace, before: RunSummary, after: RunSummary) -> RunMoves:
    """The moves between two runs: counted in the lake the first time, from then on kept.

    Raises:
        LakeError: one of the runs is no longer in the lake.
    """
    kept = known(workspace, before, after)
    if kept is not None:
        return kept
    with lake_of(workspace) as lake:
        return _keep(workspace, before, after, _counts(lake, before, after))


def known(workspace: Workspace, before: RunSummary, after: RunSummary) -> RunMoves | None:
    """The moves between two runs, if they have been counted."""
    found: RunMoves | None = RunMoves.objects.of(workspace).filter(before=before, after=after).first()
    if found is not None:
        found.before, found.after = before, after
    return found


def explain(workspace: Workspace, lake: Lake, after: RunSummary) -> RunMoves | None:
    """Count and keep the moves since the run of an earlier day, and what made customers move."""
    before = previous(after)
    if before is None:
        return None
    kept = known(workspace, before, after)
    if kept is not None and kept.causes is not None:
        return kept
    counted = _counts(lake, before, after) | {"causes": causes(lake, run_of(lake, before), run_of(lake, after))}
    return _keep(workspace, before, after, counted)


def _keep(workspace: Workspace, before: RunSummary, after: RunSummary, counted: dict[str, Any]) -> RunMoves:
    pair = {"workspace": workspace, "before": before, "after": after}
    try:
        with transaction.atomic():
            return RunMoves.objects.update_or_create(**pair, defaults=counted)[0]
    except IntegrityError:  # somebody else looked at the same two runs at the same moment
        return RunMoves.objects.of(workspace).get(before=before, after=after)


def _counts(lake: Lake, before: RunSummary, after: RunSummary) -> dict[str, Any]:
    """[from, to, customers] for each column."""
    with lake.temporary():
        joined = lake.materialised(_side_by_side(lake, before, after), "both_runs")
        found: dict[str, Any] = {}
        for column in COLUMNS:
            origin, goal = joined[f"from_{column}"], joined[f"to_{column}"]
            counts = joined.group_by(origin=origin, goal=goal).aggregate(customers=joined.count())
            rows = [[row["origin"], row["goal"], row["customers"]] for row in _rows(lake, counts)]
            found[column] = sorted((r for r in rows if r[0] or r[1]), key=lambda r: (-r[2], str(r[:2])))
        return found


def _side_by_side(lake: Lake, before: RunSummary, after: RunSummary) -> Any:
    old, new = (scores_of(lake, run_of(lake, run)) for run in (before, after))
    old = old.select(old_id="customer_id", **{f"from_{name}": name for name in COLUMNS})
    new = new.select(new_id="customer_id", money="monetary", **{f"to_{name}": name for name in COLUMNS})
    joined = old.outer_join(new, old.old_id == new.new_id)
    return joined.mutate(customer_id=ibis.coalesce(joined.new_id, joined.old_id))


def movers(
    member: Membership, pair: tuple[RunSummary, RunSummary], column: str, origin: str | None, goal: str | None
) -> tuple[int, list[dict[str, Any]]]:
    """How many went from one code to another, and the largest of them, as far as the member may see them."""
    with lake_of(member.workspace) as lake, lake.temporary():
        joined = _side_by_side(lake, *pair)
        begun, ended = joined[f"from_{column}"], joined[f"to_{column}"]
        there = joined.filter(begun.isnull() if origin is None else begun == origin)
        if goal == ANY:
            there = there.filter(ended.notnull())
        else:
            there = there.filter(ended.isnull() if goal is None else ended == goal)
        there = lake.materialised(there.select("customer_id", "money"), "movers")
        count = lake.engine.to_pyarrow(there.count()).as_py()
        largest = _rows(lake, there.order_by(ibis.desc("money", nulls_first=False), "customer_id").limit(LISTED))
    known = customers_known_as(member, [row["customer_id"] for row in largest])
    return count, [row | {"customer": known[row["customer_id"]]} for row in largest if row["customer_id"] in known]


def preview(member: Membership, summary: RunSummary, settings: Settings, column: str) -> dict[str, Any]:
    """Who would move if these settings were in force: counts from code to code, and the largest customers who move.

    Raises:
        LakeError: the run is no longer in the lake.
        SettingsError: the settings cannot be previewed on it.
    """
    with lake_of(member.workspace) as lake, lake.temporary():
        run = run_of(lake, summary)
        made = tier_moves(lake, run, settings) if column == "value_tier" else _stage_moves(lake, run, settings)
        made = made.select("customer_id", "monetary", origin=made[_FROM[column]], goal=made[_TO[column]])
        moves = lake.materialised(made, "moves")
        counts = moves.group_by("origin", "goal").aggregate(customers=moves.count())
        moved = moves.filter(moves.origin != moves.goal).order_by(ibis.desc("monetary"), "customer_id")
        largest = _rows(lake, moved.limit(SHOWN))
        flows = [(r["origin"], r["goal"], r["customers"]) for r in _rows(lake, counts) if r["origin"]]
    known = customers_known_as(member, [row["customer_id"] for row in largest])
    return {
        "flows": flows,
        "moved": sum(count for before, after, count in flows if before != after),
        "everyone": sum(count for _before, _after, count in flows),
        "largest": [row | {"customer": known[row["customer_id"]]} for row in largest if row["customer_id"] in known],
    }


_FROM = {"value_tier": "from_tier", "stage": "from_stage"}
_TO = {"value_tier": "to_tier", "stage": "to_stage"}


def _stage_moves(lake: Lake, run: Run, settings: Settings) -> Any:
    window = Settings.from_run(run).window_days
    now = scores_of(lake, run).filter(ibis._.never_purchased == False)  # noqa: E712 - a column
    then = score_lifecycle(now, settings.lifecycle, window_days=window)
    then = then.select(new_id="customer_id", to_stage="stage")
    joined = now.join(then, now.customer_id == then.new_id)
    return joined.select("customer_id", "monetary", "to_stage", from_stage="stage")


def run_of(lake: Lake, summary: RunSummary) -> Run:
    """The run in the lake.

    Raises:
        LakeError: its scores are gone.
    """
    return numbered(lake, summary.run)


def customers_known_as(member: Membership, identities: list[str]) -> dict[str, Customer]:
    """Identity → customer, of those the member sees."""
    mine = visible(member, Customer.objects).filter(deleted_at=None)
    rows = Identity.objects.of(member.workspace_id).filter(identity__in=identities, customer__in=mine)
    return {row.identity: row.customer for row in rows.select_related("customer")}


def _rows(lake: Lake, table: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(table).to_pylist())
