"""The charts of a portrait, as ECharts reads them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from zhike_crm.customers.portrait import Portrait


def of_portrait(portrait: Portrait) -> dict[str, Any]:
    """R, F, M beside everybody's mean, and the score over time; empty when there is no score."""
    scores = portrait.scores
    if not scores or scores.get("r") is None:
        return {}
    return {"rfm": _against_average(portrait), "trend": _trend(portrait) if len(portrait.trend) > 1 else None}


def _against_average(portrait: Portrait) -> dict[str, Any]:
    names = [_("Recency"), _("Frequency"), _("Monetary")]
    mine = [round(portrait.scores[name], 3) for name in ("m", "f", "r")]
    mean = [round(portrait.average[name], 3) for name in ("m", "f", "r")]
    return {
        "legend": {"bottom": 0},
        "grid": {"top": 8, "bottom": 32},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "data": names[::-1]},
        "series": [
            {"name": _("Average"), "type": "bar", "data": mean, "colour": "quiet", "barMaxWidth": 12},
            {"name": _("This customer"), "type": "bar", "data": mine, "colour": "chart-1", "barMaxWidth": 12},
        ],
    }


def _trend(portrait: Portrait) -> dict[str, Any]:
    return {
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [row["as_of"].isoformat() for row in portrait.trend]},
        "yAxis": {"type": "value", "min": 0},
        "series": [
            {
                "type": "line",
                "data": [round(row["rfm_score"], 3) for row in portrait.trend],
                "symbolSize": 7,
                "colour": "chart-1",
                "name": _("RFM score"),
            }
        ],
    }
