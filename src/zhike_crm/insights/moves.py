"""Who moves between tiers: under other settings, and between two refreshes."""

from __future__ import annotations

from typing import Any

import ibis

from zhike.errors import SettingsError
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, runs, scores_of
from zhike.pipeline import tier_moves
from zhike.settings import Settings
from zhike_crm.customers.models import Identity
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

SHOWN = 12


def preview(workspace: Workspace, summary: RunSummary, settings: Settings) -> dict[str, Any]:
    """Who would move if these settings were in force: counts from tier to tier, and the largest customers who move.

    Raises:
        SettingsError: the settings cannot be previewed on this run.
    """
    with lake_of(workspace) as lake, lake.temporary():
        moves = lake.materialised(tier_moves(lake, _run(lake, summary.run), settings), "moves")
        counts = moves.group_by("from_tier", "to_tier").agg(customers=moves.count(), monetary=moves.monetary.sum())
        moved = moves.filter(moves.from_tier != moves.to_tier).order_by(ibis.desc("monetary"), "customer_id")
        largest = _rows(lake, moved.limit(SHOWN))
        flows = [(r["from_tier"], r["to_tier"], r["customers"]) for r in _rows(lake, counts)]
    known = _customers(workspace, [row["customer_id"] for row in largest])
    return {
        "flows": flows,
        "moved": sum(count for before, after, count in flows if before != after),
        "everyone": sum(count for _before, _after, count in flows),
        "largest": [row | {"customer": known.get(row["customer_id"])} for row in largest],
    }


def between(workspace: Workspace, before: RunSummary, after: RunSummary) -> list[tuple[str, str, int]]:
    """Customers by tier at two refreshes: (tier before, tier after, customers). Who was unknown before is left out."""
    with lake_of(workspace) as lake, lake.temporary():
        old = scores_of(lake, _run(lake, before.run)).select("customer_id", from_tier="value_tier")
        new = scores_of(lake, _run(lake, after.run)).select(later="customer_id", to_tier="value_tier")
        both = old.join(new, old.customer_id == new.later).filter(ibis._.from_tier.notnull() & ibis._.to_tier.notnull())
        counts = both.group_by("from_tier", "to_tier").agg(customers=both.count())
        return [(row["from_tier"], row["to_tier"], row["customers"]) for row in _rows(lake, counts)]


def _run(lake: Lake, number: int) -> Run:
    found = next((run for run in runs(lake) if run.run == number), None)
    if found is None:
        raise SettingsError("These scores are no longer in the lake.", fix="Refresh, then try again.")
    return found


def _customers(workspace: Workspace, identities: list[str]) -> dict[str, Any]:
    rows = Identity.objects.of(workspace).filter(identity__in=identities).select_related("customer")
    return {row.identity: row.customer for row in rows}


def _rows(lake: Lake, table: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(table).to_pylist())
