"""The charts of the insights, as ECharts reads them; every mark leads to the customers behind it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from zhike.labels import label, names_of
from zhike_crm.insights.links import customers_where
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.models import Workspace

_COLOURS = {
    "high": "good", "potential": "mid", "general": "quiet", "at_risk": "warn",
    "acquisition": "chart-6", "growth": "mid", "maturity": "good", "maintenance": "warn", "churn": "bad",
    "vip": "good", "new": "mid", "regular": "quiet", "dormant": "warn",
}  # fmt: skip


def of_home(summary: RunSummary, workspace: Workspace) -> dict[str, Any]:
    figures = summary.figures
    return {
        "months": months(figures["months"]),
        "tiers": groups(workspace, "value_tier", figures["tiers"]),
        "stages": groups(workspace, "stage", figures["stages"]),
    }


def months(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Revenue by month; a month that the records cover in part is pale."""
    names = [row["first"][:7] for row in rows]
    bars = [{"value": round(row["revenue"], 2), "colour": "chart-1" if row["complete"] else "soft"} for row in rows]
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0, "data": [_("Revenue"), _("New customers")]},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": names},
        "yAxis": [{"type": "value"}, {"type": "value", "splitLine": {"show": False}}],
        "series": [
            {"name": _("Revenue"), "type": "bar", "data": bars, "barMaxWidth": 28},
            {
                "name": _("New customers"),
                "type": "line",
                "yAxisIndex": 1,
                "data": [row["new"] for row in rows],
                "colour": "chart-2",
                "smooth": True,
                "symbolSize": 6,
            },
        ],
    }


def groups(workspace: Workspace, column: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Customers by code, in the order of the codes, best at the top."""
    counts = {row["code"]: row["customers"] for row in rows}
    codes = [code for code in names_of(column) if code in counts][::-1]
    return {
        "grid": {"top": 4, "bottom": 4, "right": 48},
        "xAxis": {"type": "value", "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "yAxis": {"type": "category", "data": [label(column, code) for code in codes]},
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 22,
                "label": {"show": True, "position": "right"},
                "data": [
                    {
                        "value": counts[code],
                        "colour": _COLOURS.get(code, "chart-1"),
                        "address": customers_where(workspace, column, "any_of", [code]),
                    }
                    for code in codes
                ],
            }
        ],
    }


def flows(rows: list[tuple[str, str, int]], before: Any, after: Any) -> dict[str, Any]:
    """From tier to tier as a Sankey diagram: who was where at two times, or under two settings."""
    tiers = [tier for tier in names_of("value_tier") if any(tier in row[:2] for row in rows)]
    names = {
        (tier, side): f"{label('value_tier', tier)} · {when}"
        for tier in tiers
        for side, when in ((0, before), (1, after))
    }
    nodes = [
        {"name": names[tier, side], "colour": _COLOURS[tier]}
        for side in (0, 1)
        for tier in tiers
        if any(row[side] == tier for row in rows)
    ]
    links = [{"source": names[b, 0], "target": names[a, 1], "value": count} for b, a, count in rows]
    return {
        "series": [
            {
                "type": "sankey",
                "data": nodes,
                "links": links,
                "left": 8,
                "right": 150,
                "nodeGap": 14,
                "layoutIterations": 0,
                "lineStyle": {"color": "gradient", "opacity": 0.35},
                "emphasis": {"focus": "adjacency"},
            }
        ]
    }
