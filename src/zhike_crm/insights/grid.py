"""The 3 × 3 × 3 grid of RFM as a table of nine rows and three columns."""

from __future__ import annotations

from typing import Any

from zhike.labels import GRID_ACTIVITY, GRID_FREQUENCY, GRID_VALUE, say
from zhike_crm.insights.links import Links

HEATS = 5


def grid(figures: dict[str, Any], links: Links) -> dict[str, Any]:
    """Rows are activity and frequency, columns are value; each cell leads to its customers."""
    counts = {row["code"]: row["customers"] for row in figures["grid"]}
    most = max(counts.values(), default=1)
    rows = [
        {
            "name": f"{say(activity)} · {say(frequency)}",
            "cells": [_cell(links, counts.get(code, 0), most, code) for code in (f"{a}-{f}-{v}" for v in GRID_VALUE)],
        }
        for a, activity in GRID_ACTIVITY.items()
        for f, frequency in GRID_FREQUENCY.items()
    ]
    return {"columns": [say(name) for name in GRID_VALUE.values()], "rows": rows}


def _cell(links: Links, customers: int, most: int, code: str) -> dict[str, Any]:
    heat = round(HEATS * (customers / most) ** 0.5)
    return {"customers": customers, "heat": heat, "address": links.code("grid_cell", code)}
