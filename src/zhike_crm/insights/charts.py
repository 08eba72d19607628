"""The charts of the insights; every mark leads to the customers behind it."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from zhike.definitions import Definitions
from zhike.labels import label, names_of
from zhike_crm.insights.links import Links
from zhike_crm.ui.charts import Cell, Chart
from zhike_crm.ui.templatetags.zhike import money, number, percent

COLOURS = {
    "high": "good", "potential": "mid", "general": "quiet", "at_risk": "warn",
    "acquisition": "chart-6", "growth": "mid", "maturity": "good", "maintenance": "warn", "churn": "bad",
    "vip": "good", "new": "mid", "regular": "quiet", "dormant": "warn",
    "A": "good", "B": "mid", "C": "quiet",
}  # fmt: skip


def of_home(figures: dict[str, Any], links: Links, words: Definitions) -> dict[str, Chart]:
    return {
        "months": months(figures["months"], links),
        "tiers": groups(links, "value_tier", figures["tiers"], _("Value tiers"), words.tier()),
        "stages": groups(links, "stage", figures["stages"], _("Lifecycle stages"), words.stages()),
    }


def months(rows: list[dict[str, Any]], links: Links) -> Chart:
    """Revenue by month; a month that the records cover in part is pale."""
    names = [row["first"][:7] for row in rows]
    bars = [{"value": round(row["revenue"], 2), "colour": "chart-1" if row["complete"] else "soft"} for row in rows]
    came = [links.where("first_at", "between", month_of(row["first"])) for row in rows]
    options = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0, "data": [_("Revenue"), _("New customers")]},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": names},
        "yAxis": [{"type": "value", "compact": True}, {"type": "value", "splitLine": {"show": False}}],
        "series": [
            {"name": _("Revenue"), "type": "bar", "data": bars, "colour": "chart-1", "barMaxWidth": 28},
            {
                "name": _("New customers"),
                "type": "line",
                "yAxisIndex": 1,
                "data": [{"value": row["new"], "address": to} for row, to in zip(rows, came, strict=True)],
                "colour": "chart-2",
                "smooth": True,
                "symbolSize": 8,
            },
        ],
    }
    table = [
        [
            Cell(name + ("" if row["complete"] else f" ({_('in part')})")),
            Cell(money(row["revenue"])),
            Cell(number(row["new"]), to),
        ]
        for name, row, to in zip(names, rows, came, strict=True)
    ]
    in_part = any(not row["complete"] for row in rows)
    return Chart(
        "chart-months",
        _("Revenue and new customers by month"),
        options,
        [_("Month"), _("Revenue"), _("New customers")],
        table,
        note=_("Pale: the records cover only a part of the month.") if in_part else "",
    )


def groups(links: Links, column: str, rows: list[dict[str, Any]], title: str, note: str = "") -> Chart:
    """Customers by code, in the order of the codes, best at the top."""
    counts = {row["code"]: row["customers"] for row in rows}
    codes = [code for code in names_of(column) if code in counts]
    everyone = sum(counts.values()) or 1
    bars = [
        {"value": counts[code], "colour": COLOURS.get(code, "chart-1"), "address": links.code(column, code)}
        for code in codes[::-1]
    ]
    options = {
        "grid": {"top": 4, "bottom": 4, "right": 56},
        "xAxis": {"type": "value", "axisLabel": {"show": False}, "splitLine": {"show": False}},
        "yAxis": {"type": "category", "data": [label(column, code) for code in codes[::-1]]},
        "series": [
            {"type": "bar", "barMaxWidth": 22, "label": {"show": True, "position": "right"}, "data": bars},
        ],
    }
    table = [
        [
            Cell(label(column, code)),
            Cell(number(counts[code]), links.code(column, code)),
            Cell(percent(counts[code] / everyone, 1)),
        ]
        for code in codes
    ]
    head = [title, _("Customers"), _("Share")]
    return Chart(f"chart-{column}", title, options, head, table, size="chart-low", note=note)


def month_of(first: str) -> list[str]:
    """The first and the last day of a month.

    >>> month_of("2012-02-01")
    ['2012-02-01', '2012-02-29']
    """
    day = dt.date.fromisoformat(first)
    return [day.isoformat(), day.replace(day=calendar.monthrange(day.year, day.month)[1]).isoformat()]
