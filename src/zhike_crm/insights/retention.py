"""The figures of the retention page: do new customers come back?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhike.report.figures import Cohort
from zhike.report.stages import returned_after
from zhike_crm.insights.charts import Cell, Chart, month_of
from zhike_crm.insights.links import Links
from zhike_crm.ui.templatetags.zhike import number, percent

SHOWN = 12
HEATS = 5
# Below so many customers a share says little.
ENOUGH = 20


@dataclass(frozen=True)
class HeatCell:
    """Who of a cohort bought again so many months later. `unfinished`: that month was not over."""

    customers: int
    share: float
    heat: int
    hint: str
    unfinished: bool


@dataclass(frozen=True)
class HeatRow:
    month: str
    customers: int
    address: str
    cells: list[HeatCell]
    blank: range


def cohorts_of(figures: dict[str, Any]) -> list[Cohort]:
    return [
        Cohort(dt.date.fromisoformat(one["first"]), one["customers"], tuple(one["returned"]), one["partial"])
        for one in figures["cohorts"]
    ]


def newcomers(figures: dict[str, Any]) -> list[Cohort]:
    """Cohorts that are sure to be new: in the first month of the records everybody looks new."""
    found, first = cohorts_of(figures), figures.get("first_order")
    later = [one for one in found if first is None or one.first.isoformat() > first]
    return later or found


def heat(figures: dict[str, Any], links: Links) -> dict[str, Any] | None:
    """The cohorts as a table; None before the second month."""
    found = cohorts_of(figures)
    longest = min(SHOWN, max((len(one.returned) for one in found), default=0))
    if not longest:
        return None
    highest = max(n / one.customers for one in found for n in one.returned[:longest]) or 1.0
    sure = newcomers(figures)
    return {
        "months": range(1, longest + 1),
        "rows": [_row(one, links, longest, highest) for one in found],
        "all": [returned_after(sure, after) for after in range(1, longest + 1)],
        "new": sum(one.customers for one in sure),
        "partial": found[0].partial,
        "left_out": len(sure) < len(found),
    }


def _row(one: Cohort, links: Links, longest: int, highest: float) -> HeatRow:
    cells = []
    for place, count in enumerate(one.returned[:longest]):
        share = count / one.customers
        hint = ngettext(
            "First bought in %(month)s; %(after)s month later %(count)s of %(customers)s bought.",
            "First bought in %(month)s; %(after)s months later %(count)s of %(customers)s bought.",
            place + 1,
        ) % {
            "month": f"{one.first:%Y-%m}",
            "after": place + 1,
            "count": number(count),
            "customers": number(one.customers),
        }
        unfinished = one.partial and place == len(one.returned) - 1
        cells.append(HeatCell(count, share, round(HEATS * share / highest), hint, unfinished))
    came = links.where("first_at", "between", month_of(one.first.isoformat()))
    return HeatRow(f"{one.first:%Y-%m}", one.customers, came, cells, range(longest - len(cells)))


def curve(figures: dict[str, Any]) -> Chart | None:
    """The share of new customers who bought again, by months since the first purchase."""
    sure = newcomers(figures)
    shares = [(after, returned_after(sure, after)) for after in range(1, SHOWN + 1)]
    told = [(after, share) for after, share in shares if share is not None]
    if len(told) < 2:
        return None
    options = {
        "tooltip": {"trigger": "axis", "percent": True},
        "xAxis": {"type": "category", "data": [str(after) for after, _share in told], "boundaryGap": False},
        "yAxis": {"type": "value", "min": 0, "percent": True},
        "series": [
            {
                "name": _("Bought again"),
                "type": "line",
                "data": [round(share * 100, 1) for _after, share in told],
                "colour": "chart-1",
                "areaStyle": {"opacity": 0.12},
                "symbolSize": 7,
            }
        ],
    }
    table = [[Cell(str(after)), Cell(percent(share, 1))] for after, share in told]
    head = [_("Months after the first purchase"), _("Bought again")]
    note = _("Across: months after the first purchase. Months that are not over are left out.")
    title = _("Share of new customers who bought again")
    return Chart("chart-curve", title, options, head, table, size="chart-low", note=note)


def sentence(figures: dict[str, Any]) -> str:
    """What the table says, in words."""
    sure = newcomers(figures)
    soon, later = returned_after(sure, 1), returned_after(sure, 3)
    if soon is None:
        return _("The records are too short to tell: no month after a first purchase is over yet.")
    if later is None:
        return _("Of new customers, %(soon)s bought again in the month after.") % {"soon": percent(soon)}
    return _("Of new customers, %(soon)s bought again in the month after, %(later)s in the third month after.") % {
        "soon": percent(soon),
        "later": percent(later),
    }


def trend(figures: dict[str, Any]) -> str:
    """Whether the newer cohorts come back more or less than the older ones in the month after; "" if unclear."""
    told = [one for one in newcomers(figures) if len(one.returned) - one.partial >= 1]
    half = len(told) // 2
    older, newer = returned_after(told[:half], 1), returned_after(told[half:], 1)
    if older is None or newer is None or sum(one.customers for one in told) < ENOUGH * 10:
        return ""
    values = {"older": percent(older), "newer": percent(newer)}
    if newer >= older * 1.1:
        return _("It gets better: %(older)s of the older half of these months, %(newer)s of the newer half.") % values
    if newer <= older * 0.9:
        worse = _(
            "It gets worse: %(older)s of the older half of these months, %(newer)s of the newer half. Begin with the "
            "message after the first order."
        )
        return worse % values
    return _("Newer customers come back about as often as older ones did.")
