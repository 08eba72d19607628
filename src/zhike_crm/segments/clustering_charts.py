"""Charts of groups that were found: how clear each number of them was, and what share of the money each brings."""

from __future__ import annotations

from django.utils.translation import gettext as _

from zhike.segments.centres import fit_sentence
from zhike_crm.segments.clustering import Result
from zhike_crm.segments.comparing import Column
from zhike_crm.segments.models import Clustering
from zhike_crm.ui.charts import Cell, Chart
from zhike_crm.ui.templatetags.zhike import percent


def quality(result: Result) -> Chart | None:
    """How clear the groups are and how far halves of the customers agree, by their number; none of a single number."""
    tried = result.quality
    if len(tried) < 2:
        return None
    chosen = result.chosen
    clear = [{"value": round(one.silhouette, 3), "colour": "chart-1" if one == chosen else "chart-6"} for one in tried]
    again = [None if one.stability is None else round(one.stability, 3) for one in tried]
    options = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"top": 8, "bottom": 34},
        "xAxis": {"type": "category", "data": [str(one.clusters) for one in tried]},
        "yAxis": {"type": "value", "min": 0, "max": 1},
        "series": [
            {"name": _("How clear (silhouette)"), "type": "bar", "colour": "chart-6", "barMaxWidth": 28, "data": clear},
            {"name": _("Found again in halves"), "type": "line", "colour": "chart-2", "symbolSize": 7, "data": again},
        ],
    }
    rows = [
        [
            Cell(f"{one.clusters}{' ✓' if one == chosen else ''}"),
            Cell(f"{one.silhouette:.2f}"),
            Cell("–" if one.stability is None else f"{one.stability:.2f}"),
        ]
        for one in tried
    ]
    head = [_("Groups"), _("How clear (silhouette)"), _("Found again in halves")]
    return Chart("chart-quality", _("How many groups"), options, head, rows, size="chart-low")


def money(columns: list[Column]) -> Chart | None:
    """The share of the customers beside the share of the revenue."""
    known = [one for one in columns if one.profile is not None and one.profile.share_of_revenue is not None]
    if not known:
        return None
    shares = [
        (_("Share of customers"), "quiet", [one.profile.share_of_customers or 0.0 for one in known]),
        (_("Share of revenue"), "chart-1", [one.profile.share_of_revenue or 0.0 for one in known]),
    ]
    options = {
        "tooltip": {"trigger": "axis", "percent": True, "axisPointer": {"type": "shadow"}},
        "legend": {"bottom": 0},
        "grid": {"top": 4, "bottom": 34},
        "xAxis": {"type": "value", "percent": True},
        "yAxis": {
            "type": "category",
            "data": [one.segment.title for one in known][::-1],
            "axisLabel": {"width": 130, "overflow": "truncate"},
        },
        "series": [
            {
                "name": name,
                "type": "bar",
                "colour": colour,
                "barMaxWidth": 14,
                "data": [
                    {"value": round(100 * share, 1), "address": one.customers}
                    for share, one in zip(values[::-1], known[::-1], strict=True)
                ],
            }
            for name, colour, values in shares
        ],
    }
    rows = [
        [
            Cell(one.segment.title, one.customers),
            *(Cell(percent(values[place], 1)) for _name, _colour, values in shares),
        ]
        for place, one in enumerate(known)
    ]
    head = [_("Group"), _("Share of customers"), _("Share of revenue")]
    return Chart("chart-money", _("Customers and money"), options, head, rows)


def fit(clustering: Clustering) -> str:
    """Whether kept groups still fit, in a sentence; nothing before the first refresh."""
    known = clustering.fit
    return fit_sentence(known["far"], known["moved"]) if known else ""
