"""The figures of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.labels import label
from zhike.lifecycle import strategy
from zhike_crm.insights.links import ANY
from zhike_crm.insights.models import RunMoves
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.templatetags.zhike import number


@dataclass(frozen=True)
class Tile:
    """A figure, how it compares (a share of the figure before, or None), and where the customers behind it are."""

    label: str
    value: float
    address: str
    change: float | None = None
    note: str = ""
    is_money: bool = False


def tiles(shown: Shown, currency: str) -> list[Tile]:
    """How many customers, how many of them active, what they brought in, what is at stake."""
    head, links = shown.figures["headline"], shown.links
    if not head["customers"]:
        return _of_contracts(shown)
    window = shown.summary.settings["window_days"]
    comparable = head["comparable"]
    return [
        Tile(
            _("Customers"),
            head["customers"],
            links.where("orders", "gt", 0),
            note=_("%(number)s new in the window") % {"number": number(head["new"])},
        ),
        Tile(
            _("Active"),
            head["active"],
            links.where("frequency", "gt", 0),
            _change(head["active"], head["active_before"]) if comparable else None,
            _("bought in the last %(days)s days") % {"days": window},
        ),
        Tile(
            _("Revenue"),
            head["revenue"],
            links.where("frequency", "gt", 0),
            _change(head["revenue"], head["revenue_before"]) if comparable else None,
            _("%(currency)s in the last %(days)s days") % {"currency": currency, "days": window},
            is_money=True,
        ),
        Tile(
            _("At stake"),
            shown.figures["leaving_money"],
            links.where("stage", "any_of", ["maintenance", "churn"]),
            note=_("spent by %(number)s customers slowing down or gone")
            % {"number": number(shown.figures["leaving_customers"])},
            is_money=True,
        ),
    ]


def _of_contracts(shown: Shown) -> list[Tile]:
    """Where nobody has an order: how many there are, and how many of them leave or have left."""
    found = [Tile(_("Customers"), shown.figures["headline"]["never_purchased"], shown.links.everyone())]
    groups = (shown.figures.get("churn") or {}).get("groups") or []
    for risk in ("high", "middle", "gone") if groups else ():
        count = sum(group["customers"] for group in groups if group["churn_risk"] == risk)
        found.append(Tile(label("churn_risk", risk), count, shown.links.code("churn_risk", risk)))
    return found


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
SHOWN = 6


def changes(shown: Shown, moves: RunMoves | None) -> dict[str, Any] | None:
    """The largest moves between stages, what fits the customers who made them, and what made them move."""
    if moves is None:
        return None
    pair = (moves.before.run, moves.after.run)
    found = [
        Change(
            label("stage", before),
            label("stage", after),
            count,
            _ORDER.index(after) > _ORDER.index(before),
            strategy(after),
            shown.links.movers("stage", pair, before, after),
        )
        for before, after, count in moves.stage
        if before and after and before != after
    ]
    found.sort(key=lambda change: -change.count)
    return {
        "since": moves.before.as_of,
        "same_settings": moves.before.settings == moves.after.settings,
        "moves": found[:SHOWN],
        "new": sum(count for before, _after, count in moves.stage if before is None),
        "new_address": shown.links.movers("stage", pair, None, ANY),
        "why": why(moves, "stage"),
    }


@dataclass(frozen=True)
class Why:
    """How a code came from its old number of customers to its new one: what each cause added or took."""

    code: str
    name: str
    before: int
    time: int
    data: int
    settings: int
    after: int


def why(moves: RunMoves, column: str) -> dict[str, Any] | None:
    """What made customers move between two runs; None when nobody had it counted."""
    if not moves.causes:
        return None
    told = moves.causes[column]
    order = _ORDER[::-1] if column == "stage" else ["high", "potential", "general", "at_risk"]
    rows = [Why(code, label(column, code), *told["codes"][code]) for code in order if code in told["codes"]]
    return {
        "rows": rows,
        "moved": told["moved"],
        "since": moves.before.as_of,
        "until": moves.after.as_of,
        "same_settings": moves.before.settings == moves.after.settings,
    }


def _change(now: float, before: float) -> float | None:
    return now / before - 1 if before else None
