"""The charts of Model health: what a model said of days it had not seen, beside what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from zhike.proof import Group, Proof
from zhike_crm.insights.models import RunSummary
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.charts import Cell, Chart
from zhike_crm.ui.templatetags.zhike import number

# Refreshes that the trend of the error looks back on.
DAYS = 12


def of_test(proof: Proof) -> list[Chart]:
    """What there is to see of one test, what matters most first."""
    found = []
    if proof.groups:
        found.append(_of_leaving(proof) if proof.measure == "brier" else _of_purchases(proof))
    money = proof.details.get("money")
    if money:
        found.append(_of_money(proof.subject, [Group(**group) for group in money["groups"]]))
    tracked = proof.details.get("tracking")
    if tracked:
        found.append(_tracked(proof, tracked))
    return found


def _of_leaving(proof: Proof) -> Chart:
    return _tenths(
        f"chart-{proof.subject}-groups",
        _("The risk that was told, and who left"),
        (_("Said"), _("Left")),
        proof.groups,
        note=_("Mean probability, and the share that left. 1: the tenth at highest risk. Equal bars: well calibrated."),
    )


def _of_purchases(proof: Proof) -> Chart:
    return _tenths(
        f"chart-{proof.subject}-groups",
        _("Expected and what came"),
        (_("Expected"), _("Came")),
        proof.groups,
        note=_("Purchases per customer after the model had seen its last day. 1: the tenth of whom most was expected."),
    )


def _of_money(subject: str, groups: list[Group]) -> Chart:
    return _tenths(
        f"chart-{subject}-money",
        _("The same in money"),
        (_("Expected"), _("Came")),
        groups,
        note=_("Spent per customer in the same days. 1: the tenth of whom most was expected."),
    )


def _tenths(key: str, title: str, names: tuple[str, str], groups: Sequence[Group], *, note: str) -> Chart:
    """What was expected of each tenth of the customers beside what they did."""
    places = [str(place) for place in range(1, len(groups) + 1)]
    series = [
        {"name": names[0], "type": "bar", "colour": "quiet", "data": [round(g.expected, 3) for g in groups]},
        {"name": names[1], "type": "bar", "colour": "chart-1", "data": [round(g.actual, 3) for g in groups]},
    ]
    options = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": places},
        "yAxis": {"type": "value", "compact": True},
        "series": series,
    }
    table = [
        [Cell(place), Cell(number(g.customers)), Cell(number(g.expected, 2)), Cell(number(g.actual, 2))]
        for place, g in zip(places, groups, strict=True)
    ]
    head = [_("Tenth of the customers"), _("Customers"), *names]
    return Chart(key, title, options, head, table, note=note)


def _tracked(proof: Proof, tracked: dict[str, list[Any]]) -> Chart:
    """All customers together, from the first day on: whether the model keeps pace after the days it had seen."""
    days, came, expected = tracked["until"], tracked["actual"], tracked["expected"]
    cut = next((day for day in days if proof.cut and day >= proof.cut.isoformat()), days[-1])
    mark = {"label": {"formatter": _("not seen from here")}, "data": [{"xAxis": cut}]}
    line = {"type": "line", "showSymbol": False}
    options = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": days, "axisLabel": {"alignMinLabel": "left", "alignMaxLabel": "right"}},
        "yAxis": {"type": "value", "compact": True},
        "series": [
            {**line, "name": _("Expected"), "colour": "quiet", "data": expected, "lineStyle": {"type": "dashed"}},
            {**line, "name": _("Came"), "colour": "chart-1", "data": came, "markLine": mark},
        ],
    }
    table = [[Cell(day), Cell(number(b, 0)), Cell(number(a))] for day, a, b in zip(days, came, expected, strict=True)]
    head = [_("Up to"), _("Expected"), _("Came")]
    note = _("Repeat purchases since the first day, of the customers who came before the line.")
    return Chart("chart-clv-tracking", _("Purchases over time"), options, head, table, note=note)


def drift(subject: str, shown: Shown) -> Chart | None:
    """The error over the days that were computed: a model that grows worse says that customers have changed."""
    days = [run.pk for run in shown.known if run.as_of <= shown.summary.as_of][:DAYS]
    rows = RunSummary.objects.of(shown.summary.workspace_id).filter(pk__in=days).order_by("as_of", "run")
    stored = [(row.as_of, row.proofs.get(subject)) for row in rows.defer("figures", "settings")]
    told = [(day, proof) for day, proof in stored if proof and proof["error"] is not None]
    if len(told) < 2:
        return None
    options: dict[str, Any] = {
        "tooltip": {"trigger": "axis"},
        "legend": {"bottom": 0},
        "grid": {"bottom": 34},
        "xAxis": {"type": "category", "data": [day.isoformat() for day, _proof in told]},
        "yAxis": {"type": "value", "min": 0},
        "series": [
            {"name": _("Without a model"), "type": "line", "colour": "quiet", "data": _rounded(told, "baseline")},
            {"name": _("With the model"), "type": "line", "colour": "chart-1", "data": _rounded(told, "error")},
        ],
    }
    table = [[Cell(day.isoformat()), Cell(number(p["baseline"], 3)), Cell(number(p["error"], 3))] for day, p in told]
    head = [_("As of"), _("Without a model"), _("With the model")]
    return Chart(f"chart-{subject}-drift", _("Error at each refresh"), options, head, table, size="chart-low")


def _rounded(told: list[tuple[Any, dict[str, Any]]], name: str) -> list[float]:
    return [round(proof[name], 4) for _day, proof in told]
