"""From code to code as a Sankey diagram: who was where at two times, or under two settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from zhike.labels import label, names_of
from zhike_crm.insights.charts import COLOURS, Cell, Chart
from zhike_crm.ui.templatetags.zhike import number

# [from, to, customers]; from None: new since, to None: no longer there.
Row = Sequence[Any]


@dataclass(frozen=True)
class Sides:
    """What the left and the right are called, for example two days, and where a flow leads."""

    before: str
    after: str
    address: Callable[[str | None, str | None], str] = lambda _origin, _goal: ""


def flows(key: str, title: str, column: str, rows: Sequence[Row], sides: Sides) -> Chart:
    """The Sankey; its table has a row for each code before and a column for each code after."""
    known = codes(column, rows, 0), codes(column, rows, 1)
    nodes = [
        {
            "name": _node(column, code, side, when),
            "short": name_of(column, code, side),
            "label": {"position": "right" if side == 0 else "left"},
            "colour": COLOURS.get(code or "", "quiet"),
        }
        for side, when in ((0, sides.before), (1, sides.after))
        for code in known[side]
    ]
    links = [
        {
            "source": _node(column, before, 0, sides.before),
            "target": _node(column, after, 1, sides.after),
            "value": count,
            "address": sides.address(before, after),
        }
        for before, after, count in rows
    ]
    series = {
        "type": "sankey",
        "data": nodes,
        "links": links,
        "left": 4,
        "right": 4,
        "top": 30,
        "bottom": 8,
        "nodeGap": 16,
        "nodeWidth": 14,
        "layoutIterations": 0,
        "lineStyle": {"color": "source", "opacity": 0.28},
        "emphasis": {"focus": "adjacency"},
    }
    head = [f"{sides.before} ↓ · {sides.after} →", *(name_of(column, code, 1) for code in known[1])]
    counts = {(row[0], row[1]): row[2] for row in rows}
    table = [
        [
            Cell(name_of(column, before, 0)),
            *(
                Cell(number(counts[before, after]), sides.address(before, after))
                if (before, after) in counts
                else Cell("·")
                for after in known[1]
            ),
        ]
        for before in known[0]
    ]
    days = [{"text": sides.before, "left": 4, "top": 0}, {"text": sides.after, "right": 4, "top": 0}]
    return Chart(key, title, {"title": days, "series": [series]}, head, table)


def codes(column: str, rows: Sequence[Row], side: int) -> list[str | None]:
    """The codes of one side in their own order; who has none comes last."""
    found = {row[side] for row in rows}
    return [code for code in (*names_of(column), None) if code in found]


def name_of(column: str, code: str | None, side: int) -> str:
    if code is not None:
        return label(column, code)
    if side == 0:
        return pgettext("customers before", "not yet a customer")
    return _("no longer there")


def _node(column: str, code: str | None, side: int, when: str) -> str:
    # Names must differ between the sides, whatever the sides are called.
    return f"{name_of(column, code, side)} · {when}" + ("\u200b" if side else "")
