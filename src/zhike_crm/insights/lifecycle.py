"""The figures of the lifecycle page: stages with what to do, and how they went over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike.labels import STAGES, label
from zhike.lifecycle import LEAVING, STAYING, strategy
from zhike_crm.insights.charts import COLOURS, Cell, Chart
from zhike_crm.insights.links import Links
from zhike_crm.insights.models import RunSummary
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.templatetags.zhike import number

MOST = 60


@dataclass(frozen=True)
class Stage:
    """A stage, who is in it, and what fits them. Shares are of all customers and of all revenue in the window."""

    code: str
    name: str
    customers: int
    share: float
    money: float
    money_share: float | None
    strategy: str
    first: str
    address: str


def stages(figures: dict[str, Any], links: Links) -> list[Stage]:
    """The stages in the order of a customer's life."""
    found = {row["code"]: row for row in figures["stages"]}
    everyone = sum(row["customers"] for row in found.values()) or 1
    money = sum(row["monetary"] for row in found.values())
    never = figures["headline"]["never_purchased"]
    rows = []
    for code in STAGES:
        row = found.get(code, {"customers": 0, "monetary": 0.0})
        rows.append(
            Stage(
                code,
                label("stage", code),
                row["customers"],
                row["customers"] / everyone,
                row["monetary"],
                row["monetary"] / money if money > 0 else None,
                strategy(code),
                _first_purchase(never) if code == "acquisition" and never else "",
                links.code("stage", code),
            )
        )
    return rows


def answer(figures: dict[str, Any]) -> dict[str, float] | None:
    """The shares of those who grow or stay and of those who slow down or are gone."""
    sizes = {row["code"]: row["customers"] for row in figures["stages"]}
    everyone = sum(sizes.values())
    if not everyone:
        return None
    return {
        "staying": sum(sizes.get(code, 0) for code in STAYING) / everyone,
        "leaving": sum(sizes.get(code, 0) for code in LEAVING) / everyone,
    }


def over_time(shown: Shown) -> Chart | None:
    """Customers by stage at each known run, one on the other; nothing with a single run."""
    runs = [run.pk for run in shown.known if run.as_of <= shown.summary.as_of]
    rows = RunSummary.objects.of(shown.summary.workspace_id).filter(pk__in=runs).order_by("as_of")
    found = list(rows.values_list("as_of", "figures__stages")[:MOST])
    if len(found) < 2:
        return None
    days = [as_of.isoformat() for as_of, _stages in found]
    sizes = [{row["code"]: row["customers"] for row in stages} for _as_of, stages in found]
    order = ["maturity", "growth", "acquisition", "maintenance", "churn"]
    series = [
        {
            "name": label("stage", code),
            "type": "line",
            "stack": "stages",
            "areaStyle": {"opacity": 0.55},
            "symbolSize": 5,
            "colour": COLOURS[code],
            "data": [
                {
                    "value": at.get(code, 0),
                    # Only the newest day is what lists show.
                    "address": shown.links.code("stage", code) if place == len(sizes) - 1 else "",
                }
                for place, at in enumerate(sizes)
            ],
        }
        for code in reversed(order)
    ]
    options = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0, "type": "scroll", "data": [label("stage", code) for code in order]},
        "grid": {"bottom": 36},
        "xAxis": {"type": "category", "data": days, "boundaryGap": False},
        "yAxis": {"type": "value", "compact": True},
        "series": series,
    }
    table = [
        [Cell(day), *(Cell(number(at.get(code, 0))) for code in STAGES)] for day, at in zip(days, sizes, strict=True)
    ]
    head = [_("Day"), *(label("stage", code) for code in STAGES)]
    return Chart("chart-over-time", _("Stages over time"), options, head, table)


def _first_purchase(never: int) -> str:
    return _("Of these, without a purchase that stands: %(number)s. %(strategy)s") % {
        "number": number(never),
        "strategy": strategy("acquisition", never_purchased=True),
    }
