"""The figures of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from zhike.labels import label
from zhike.lifecycle import strategy
from zhike_crm.insights.links import customers_where
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.models import Workspace


@dataclass(frozen=True)
class Tile:
    """A figure, how it compares (a share of the figure before, or None), and where the customers behind it are."""

    label: str
    value: float
    address: str
    change: float | None = None
    note: str = ""
    is_money: bool = False


def tiles(summary: RunSummary, workspace: Workspace) -> list[Tile]:
    """How many customers, how many of them active, what they brought in, what is at stake."""
    head = summary.figures["headline"]
    window = summary.settings["window_days"]
    comparable = head["comparable"]
    everyone = reverse("customer_list", args=[workspace.slug])
    return [
        Tile(
            _("Customers"),
            head["customers"],
            everyone,
            note=_("%(number)s new in the window") % {"number": head["new"]},
        ),
        Tile(
            _("Active"),
            head["active"],
            customers_where(workspace, "recency_days", "lte", window),
            _change(head["active"], head["active_before"]) if comparable else None,
            _("bought in the last %(days)s days") % {"days": window},
        ),
        Tile(
            _("Revenue"),
            head["revenue"],
            everyone,
            _change(head["revenue"], head["revenue_before"]) if comparable else None,
            _("%(currency)s in the last %(days)s days") % {"currency": workspace.currency, "days": window},
            is_money=True,
        ),
        Tile(
            _("At stake"),
            summary.figures["leaving_money"],
            customers_where(workspace, "stage", "any_of", ["maintenance", "churn"]),
            note=_("spent by %(number)s customers who are leaving")
            % {"number": f"{summary.figures['leaving_customers']:,}"},
            is_money=True,
        ),
    ]


@dataclass(frozen=True)
class Change:
    """Customers who went from one stage to another since the refresh before, and what to do about it."""

    before: str
    after: str
    count: int
    better: bool
    advice: str
    address: str


_ORDER = ["churn", "maintenance", "acquisition", "growth", "maturity"]


def changes(summary: RunSummary) -> dict[str, Any] | None:
    """The largest moves between stages, and what fits the customers who made them."""
    moves = summary.figures.get("moves")
    if not moves:
        return None
    found = [
        Change(
            label("stage", before),
            label("stage", after),
            count,
            _ORDER.index(after) > _ORDER.index(before),
            strategy(after),
            customers_where(summary.workspace, "stage", "any_of", [after]),
        )
        for before, after, count in moves["stages"]
        if before and after and before != after
    ]
    found.sort(key=lambda change: -change.count)
    new = sum(count for before, _after, count in moves["stages"] if before is None)
    return {"since": moves["since"], "same_settings": moves["same_settings"], "moves": found[:6], "new": new}


def _change(now: float, before: float) -> float | None:
    return now / before - 1 if before else None
