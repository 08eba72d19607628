"""The charts of a segment: its size over time, and its tiers and stages against everybody's."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from zhike.labels import label, names_of
from zhike_crm.customers.addresses import customers_meeting
from zhike_crm.segments.columns import COLUMN
from zhike_crm.segments.models import Segment, Turn
from zhike_crm.segments.profile import Profile
from zhike_crm.ui.charts import Cell, Chart
from zhike_crm.ui.templatetags.zhike import number, percent


def of_segment(segment: Segment, profile: Profile, turns: Sequence[Turn]) -> dict[str, Chart | None]:
    titles = {"value_tier": _("Value tiers"), "stage": _("Lifecycle stages")}
    charts: dict[str, Chart | None] = {name: against(segment, profile, name, titles[name]) for name in titles}
    return charts | {"size": size(segment, turns)}


def size(segment: Segment, turns: Sequence[Turn]) -> Chart | None:
    """Customers each time it was computed; nothing with a single time."""
    found = list(reversed(turns))
    if len(found) < 2:
        return None
    moments = [date_format(timezone.localtime(turn.at), "SHORT_DATETIME_FORMAT") for turn in found]
    now = customers_meeting(segment.workspace, (COLUMN, "any_of", [str(segment.pk)]))
    marks = [{"value": turn.count, "address": now if turn is found[-1] else ""} for turn in found]
    options = {
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": moments, "boundaryGap": False, "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "value", "compact": True, "minInterval": 1},
        "series": [
            {
                "name": _("Customers"),
                "type": "line",
                "step": "end",
                "colour": "chart-1",
                "areaStyle": {"opacity": 0.12},
                "symbolSize": 6,
                "data": marks,
            }
        ],
    }
    rows = [
        [Cell(moment), Cell(number(turn.count)), Cell(f"+{number(turn.entered)}"), Cell(f"−{number(turn.left)}")]
        for moment, turn in zip(reversed(moments), turns, strict=True)
    ]
    head = [_("When"), _("Customers"), _("Entered"), _("Left")]
    return Chart("chart-size", _("Size over time"), options, head, rows, size="chart-low")


def against(segment: Segment, profile: Profile, column: str, title: str) -> Chart:
    """The share of each code among the members, beside its share of everybody."""
    mine, all_of_them = profile.members.groups[column], profile.everybody.groups[column]
    codes = [code for code in names_of(column) if code in all_of_them]
    here, there = sum(mine.values()) or 1, sum(all_of_them.values()) or 1
    in_it = (COLUMN, "any_of", [str(segment.pk)])
    to_members = {code: customers_meeting(segment.workspace, in_it, (column, "any_of", [code])) for code in codes}
    to_all = {code: customers_meeting(segment.workspace, (column, "any_of", [code])) for code in codes}
    series = [
        (_("Everybody"), "quiet", {code: all_of_them[code] / there for code in codes}, to_all),
        (segment.title, "chart-1", {code: mine.get(code, 0) / here for code in codes}, to_members),
    ]
    options = {
        "tooltip": {"trigger": "axis", "percent": True, "axisPointer": {"type": "shadow"}},
        "legend": {"bottom": 0, "data": [segment.title, _("Everybody")]},
        "grid": {"top": 4, "bottom": 34},
        "xAxis": {"type": "value", "percent": True},
        "yAxis": {"type": "category", "data": [label(column, code) for code in codes[::-1]]},
        "series": [
            {
                "name": name,
                "type": "bar",
                "colour": colour,
                "barMaxWidth": 14,
                "data": [{"value": round(100 * shares[code], 1), "address": addresses[code]} for code in codes[::-1]],
            }
            for name, colour, shares, addresses in series
        ],
    }
    rows = [
        [
            Cell(label(column, code)),
            Cell(number(mine.get(code, 0)), to_members[code]),
            Cell(percent(mine.get(code, 0) / here, 1)),
            Cell(percent(all_of_them[code] / there, 1), to_all[code]),
        ]
        for code in codes
    ]
    head = [title, _("Customers"), _("Share"), _("Share of everybody")]
    return Chart(f"chart-{column}", title, options, head, rows)
