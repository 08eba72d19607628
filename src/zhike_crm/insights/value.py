"""The figures of the value page: who brings the money, how much is to come, what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.labels import ABC, label
from zhike_crm.accounts.access import visible
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer, Score
from zhike_crm.insights.charts import COLOURS, Cell, Chart
from zhike_crm.insights.links import Condition, Links
from zhike_crm.ui.templatetags.zhike import number, percent

LISTED = 10
CURVE_ROWS = 10
LEGIBLE = 0.08  # a narrower part of a bar has no room for its number


def pareto(figures: dict[str, Any], links: Links) -> Chart | None:
    """The share of revenue over the share of customers, best first; a point leads to the customers up to it."""
    curve = figures["value"]["curve"]
    if not curve:
        return None
    everyone = figures["headline"]["customers"]
    points = [
        {"value": [round(x * 100, 2), round(y * 100, 2)], "address": _best(links, x * everyone)} for x, y in curve
    ]
    options = {
        "tooltip": {"trigger": "axis", "percent": True},
        "grid": {"right": 24},
        "xAxis": {"type": "value", "max": 100, "percent": True, "splitLine": {"show": False}},
        "yAxis": {"type": "value", "max": 100, "percent": True},
        "series": [
            {
                "name": _("Share of revenue"),
                "type": "line",
                "data": [{"value": [0, 0]}, *points],
                "colour": "chart-1",
                "areaStyle": {"opacity": 0.12},
                "symbolSize": 6,
                "showSymbol": False,
            },
            {
                "name": _("If every customer brought the same"),
                "type": "line",
                "data": [[0, 0], [100, 100]],
                "colour": "quiet",
                "lineStyle": {"type": "dashed"},
                "symbol": "none",
                "silent": True,
            },
        ],
    }
    step = max(1, len(curve) // CURVE_ROWS)
    shown = curve[step - 1 :: step]
    shown = shown if shown[-1] == curve[-1] else [*shown, curve[-1]]
    table = [
        [Cell(percent(x)), Cell(number(round(x * everyone)), _best(links, x * everyone)), Cell(percent(y, 1))]
        for x, y in shown
    ]
    head = [_("Best customers"), _("Customers"), _("Share of revenue")]
    note = _("Revenue of all time, net of refunds. Dashed: if every customer brought the same.")
    title = _("Share of revenue by share of customers")
    return Chart("chart-pareto", title, options, head, table, size="chart-high", note=note)


def lifetime(figures: dict[str, Any], links: Links) -> Chart | None:
    """Customers by lifetime value; the steps are round numbers."""
    bins = figures["value"]["clv_bins"]
    if not bins:
        return None
    bars = [{"value": one["customers"], "colour": "chart-1", "address": links.meeting(*_between(one))} for one in bins]
    options = {
        "xAxis": {"type": "category", "data": [_begin(one) for one in bins]},
        "yAxis": {"type": "value"},
        "series": [{"type": "bar", "data": bars, "barCategoryGap": "12%"}],
    }
    table = [[Cell(_range(one)), Cell(number(one["customers"]), links.meeting(*_between(one)))] for one in bins]
    note = _(
        "Under each column: where it begins. Customers without a purchase in the window are worth 0 by the formula and "
        "not shown."
    )
    head = [_("Lifetime value"), _("Customers")]
    return Chart("chart-lifetime", _("Customers by lifetime value"), options, head, table, note=note)


def classes(figures: dict[str, Any], links: Links) -> Chart | None:
    """ABC: the share of customers beside the share of revenue."""
    found = {row["code"]: row for row in figures["value"]["abc"]}
    if not found:
        return None
    everyone = sum(row["customers"] for row in found.values()) or 1
    money = sum(row["monetary"] for row in found.values()) or 1
    codes = [code for code in ABC if code in found]
    series = [
        {
            "name": label("abc", code),
            "type": "bar",
            "stack": "all",
            "colour": COLOURS[code],
            "barMaxWidth": 34,
            "label": {"show": True, "percent": True},
            "data": [
                {
                    "value": round(part * 100),
                    "address": links.code("abc", code),
                    **({} if part >= LEGIBLE else {"label": {"show": False}}),
                }
                for part in (found[code]["monetary"] / money, found[code]["customers"] / everyone)
            ],
        }
        for code in codes
    ]
    options = {
        "tooltip": {"percent": True},
        "legend": {"bottom": 0, "data": [label("abc", code) for code in codes]},
        "grid": {"bottom": 36, "top": 4},
        "xAxis": {"type": "value", "max": 100, "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "yAxis": {"type": "category", "data": [_("Revenue"), _("Customers")]},
        "series": series,
    }
    table = [
        [
            Cell(label("abc", code)),
            Cell(number(found[code]["customers"]), links.code("abc", code)),
            Cell(percent(found[code]["customers"] / everyone)),
            Cell(percent(found[code]["monetary"] / money)),
        ]
        for code in codes
    ]
    head = [_("Class"), _("Customers"), _("Share of customers"), _("Share of revenue")]
    note = _("Classes by revenue of all time; the bar of revenue is that of the window.")
    return Chart("chart-abc", _("ABC: few bring most"), options, head, table, size="chart-low", note=note)


@dataclass(frozen=True)
class Contributor:
    """One of the best customers: their revenue, its share of everybody's, and the share of all up to this one."""

    customer: Customer
    revenue: float
    share: float
    together: float


def best(member: Membership) -> list[Customer]:
    """Those of the highest ranks whom the member sees, by the scores the lists show."""
    rows = visible(member, Customer.objects).filter(deleted_at=None, merged_into=None)
    # Read off the index of the revenues.
    first = Score.objects.of(member.workspace_id).filter(revenue__isnull=False).order_by("-revenue", "customer")
    rows = rows.filter(pk__in=list(first.values_list("pk", flat=True)[:LISTED]))
    return list(rows.select_related("score").order_by("score__rank"))


def contributions(customers: list[Customer], figures: dict[str, Any]) -> list[Contributor]:
    """What each of them brings, and all up to it together."""
    total = figures["headline"]["lifetime_revenue"]
    found, together = [], 0.0
    for customer in customers:
        share = customer.score.revenue / total if total > 0 else 0.0
        together += share
        found.append(Contributor(customer, customer.score.revenue, share, together))
    return found


@dataclass(frozen=True)
class Profit:
    """What is left of revenue, where the costs are known; `losing` cost more than they bring."""

    known: int
    unknown: int
    profit: float
    revenue: float
    losing: int
    lost: float
    known_address: str
    unknown_address: str
    losing_address: str

    @property
    def share(self) -> float | None:
        return self.profit / self.revenue if self.revenue > 0 else None


def profit(figures: dict[str, Any], links: Links) -> Profit:
    value = figures["value"]
    return Profit(
        value["profit_known"],
        value["profit_unknown"],
        value["profit"],
        value["profit_revenue"],
        value["losing"],
        value["lost_money"],
        links.where("profit", "filled", None),
        links.meeting(("profit", "empty", None), ("frequency", "gt", 0)),
        links.where("profit", "lt", 0),
    )


def _best(links: Links, count: float) -> str:
    return links.where("rank", "lte", round(count))


def _between(one: dict[str, Any]) -> list[Condition]:
    """The lowest class is of those above 0: who did not buy in the window is worth 0."""
    conditions: list[Condition] = [("clv", "gt", 0) if one["low"] is None else ("clv", "gte", one["low"])]
    if one["high"] is not None:
        conditions.append(("clv", "lt", one["high"]))
    return conditions


def _begin(one: dict[str, Any]) -> str:
    return f"< {_short(one['high'] or 0)}" if one["low"] is None else _short(one["low"])


def _range(one: dict[str, Any]) -> str:
    if one["low"] is None or one["high"] is None:
        return _begin(one) if one["low"] is None else f"≥ {_short(one['low'])}"
    return f"{_short(one['low'])} – {_short(one['high'])}"


def _short(value: float) -> str:
    """The edges of the classes are round numbers: 500, 2k, 1M."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
