"""The satisfaction page: how satisfied customers are, where and since when, and what it is that costs points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from zhike.labels import label, names_of
from zhike.language import current_language
from zhike.satisfaction.text.topics import topic_name
from zhike_crm.insights.charts import Cell, Chart
from zhike_crm.insights.feedback import CODES, KINDS
from zhike_crm.insights.runs import Shown
from zhike_crm.ui.templatetags.zhike import number, percent

COLOURS = {
    "promoters": "good",
    "passives": "quiet",
    "detractors": "bad",
    "satisfied": "good",
    "unsatisfied": "bad",
    "good": "good",
    "bad": "bad",
}
NEAR_THE_TOP = 80
LEGIBLE = 0.08  # a narrower part of a bar has no room for its number


@dataclass(frozen=True)
class Figure:
    """A score in a tile: its value, how far it may be off, from how many answers."""

    label: str
    value: str
    note: str
    address: str = ""
    change: str = ""
    better: bool = False


@dataclass(frozen=True)
class Group:
    """A line of a split; `apart` is "up" or "down" where its interval does not touch that of everybody."""

    name: str
    value: str
    interval: str
    answers: int
    address: str
    apart: str


@dataclass(frozen=True)
class Topic:
    """What people complain of or praise, and the points that come with it."""

    name: str
    complaint: bool
    share: float
    cost: float
    interval: str
    is_clear: bool
    quotes: list[str]
    address: str


class Page:
    """What the page tells of one run and one metric; `told` has nothing where nobody has answered."""

    def __init__(self, shown: Shown, wanted: str) -> None:
        self.shown, self.told = shown, shown.figures.get("satisfaction")
        known = {name: found for name, found in ((self.told or {}).get("metrics") or {}).items() if found}
        self.known = list(known)
        self.metric = wanted if wanted in known else next(iter(known), "")
        self.found: dict[str, Any] = known.get(self.metric, {})

    def address(self, **asked: str) -> str:
        """The answers behind a figure of this page."""
        query = {"run": str(self.shown.summary.run), "metric": self.metric, **asked}
        return f"{reverse('satisfaction_answers', args=[self.shown.summary.workspace.slug])}?{urlencode(query)}"

    def figures(self) -> list[Figure]:
        """A tile for each score there is."""
        told, tiles = self.told or {}, []
        for name in self.known:
            found = told["metrics"][name]
            before = found["before"]
            change = None if before["value"] is None else found["value"] - before["value"]
            tiles.append(
                Figure(
                    metric_name(name),
                    points(name, found["value"]),
                    _interval_note(name, found),
                    self.address(metric=name),
                    "" if change is None or not _apart(found, before) else f"{change:+.0f}",
                    (change or 0) > 0,
                )
            )
        if told.get("csi"):
            tiles.append(Figure("CSI", number(told["csi"]["value"]), _interval_note("csi", told["csi"])))
        if told.get("service"):
            found = told["service"]
            tiles.append(Figure(_("CSAT after tickets"), points("csat", found["value"]), _interval_note("csat", found)))
        return tiles

    def sentence(self) -> str:
        return str(self.found["said"][current_language()]) if self.found else ""

    def kinds(self) -> Chart:
        """Promoters, passives, detractors (or satisfied and not) as one bar; each part leads to its answers."""
        counts = _counts(self.metric, self.found)
        everyone = sum(counts.values()) or 1
        series = [
            {
                "name": kind_name(kind),
                "type": "bar",
                "stack": "all",
                "colour": COLOURS[kind],
                "barMaxWidth": 40,
                "label": {"show": count >= LEGIBLE * everyone, "percent": True},
                "data": [{"value": round(100 * count / everyone), "address": self.address(kind=kind)}],
            }
            for kind, count in counts.items()
        ]
        options = {
            "tooltip": {"percent": True},
            "legend": {"bottom": 0},
            "grid": {"top": 4, "bottom": 34},
            "xAxis": {"type": "value", "max": 100, "show": False},
            "yAxis": {"type": "category", "data": [""], "show": False},
            "series": series,
        }
        rows = [
            [Cell(kind_name(kind)), Cell(number(count), self.address(kind=kind)), Cell(percent(count / everyone, 1))]
            for kind, count in counts.items()
        ]
        head = [_("Answer"), _("Answers"), _("Share")]
        return Chart("chart-kinds", _("Who answered what"), options, head, rows, size="chart-bar")

    def trend(self) -> Chart | None:
        """The score by month between the bounds of its interval; nothing with a single month."""
        months = self.found["months"]
        if len(months) < 2:
            return None
        name = metric_name(self.metric)
        series: list[dict[str, Any]] = [
            {
                "name": told,
                "type": "line",
                "colour": "quiet",
                "lineStyle": {"type": "dashed", "width": 1},
                "symbol": "none",
                "silent": True,
                "data": [round(month[bound], 1) for month in months],
            }
            for bound, told in (("high", _("upper bound")), ("low", _("lower bound")))
        ]
        marks = [{"value": round(month["value"], 1), "address": self.address(month=month["month"])} for month in months]
        series.append({"name": name, "type": "line", "colour": "chart-1", "symbolSize": 8, "data": marks})
        options = {
            "tooltip": {"trigger": "axis"},
            "legend": {"bottom": 0},
            "grid": {"bottom": 34},
            "xAxis": {"type": "category", "data": [month["month"] for month in months]},
            "yAxis": {
                "type": "value",
                "scale": True,
                **({"max": 100, "interval": 20} if _reaches_the_top(months) else {}),
            },
            "series": series,
        }
        rows = [
            [
                Cell(month["month"]),
                Cell(points(self.metric, month["value"])),
                Cell(between(self.metric, month)),
                Cell(number(month["n"]), self.address(month=month["month"])),
            ]
            for month in months
        ]
        head = [_("Month"), name, _("Between"), _("Answers")]
        note = _("Dashed: between these the score lies with 95 % confidence. A month leads to its answers.")
        return Chart("chart-trend", _("%(score)s by month") % {"score": name}, options, head, rows, note=note)

    def splits(self) -> list[tuple[str, list[Group]]]:
        """Title → groups, those with most answers first."""
        titles = {
            "channel": _("By channel"),
            "value_tier": _("By value tier"),
            "grade": _("By grade"),
            "stage": _("By lifecycle stage"),
        }
        found = [(title, self._groups(split)) for split, title in titles.items()]
        return [(title, groups) for title, groups in found if groups]

    def _groups(self, split: str) -> list[Group]:
        """Those of a model in its order, others by how many answered."""
        order = list(names_of(split))
        rows = sorted(self.found["by"][split], key=lambda row: order.index(row["code"]) if row["code"] in order else 99)
        return [
            Group(
                group_name(split, row["code"]),
                points(self.metric, row["value"]),
                between(self.metric, row),
                row["n"],
                self.address(split=split, code=row["code"] or ""),
                ("up" if row["value"] > self.found["value"] else "down") if _apart(row, self.found) else "",
            )
            for row in rows
        ]

    def topics(self, *, quoted: bool) -> list[Topic]:
        """The costliest first; no text is quoted twice, and none to who may not see all customers."""
        said: set[str] = set()
        found = []
        for row in self.found["drivers"]["rows"]:
            quotes = [quote for quote in row["quotes"] if quoted and quote not in said]
            said.update(quotes)
            found.append(self._topic(row, quotes))
        return found

    def _topic(self, row: dict[str, Any], quotes: list[str]) -> Topic:
        return Topic(
            topic_name(row["topic"]),
            row["tone"] == "complaint",
            row["share"],
            row["cost"],
            _("%(low)s to %(high)s") % {"low": f"{row['cost_low']:+.1f}", "high": f"{row['cost_high']:+.1f}"},
            row["is_clear"],
            quotes,
            self.address(topic=row["topic"], tone=row["tone"]),
        )

    def short_board(self) -> str:
        return str(self.found["drivers"]["said"][current_language()])

    def texts(self) -> dict[str, Any] | None:
        """How many texts praise and complain, as shares, and how sure that is."""
        told = (self.told or {}).get("texts")
        if not told:
            return None
        shares = [(name, told[name] / told["read"]) for name in ("praise", "unclear", "complaint")]
        names = {"praise": _("Praise"), "unclear": _("Neither, or not to be told"), "complaint": _("Complaint")}
        colours = {"praise": "success", "unclear": "secondary", "complaint": "danger"}
        parts = [{"name": names[n], "colour": colours[n], "share": share, "texts": told[n]} for n, share in shares]
        return told | {"parts": parts, "said": told["why"][current_language()]}


def _reaches_the_top(months: list[dict[str, Any]]) -> bool:
    """Whether an axis for these would reach beyond 100, which no score does."""
    return max(month["high"] for month in months) > NEAR_THE_TOP


def metric_name(metric: str) -> str:
    return _("Good-review rate") if metric == "positive" else metric.upper()


def points(metric: str, value: float | None) -> str:
    """NPS 35; CSAT 82 %."""
    if value is None:
        return "–"
    return percent(value / 100) if metric in ("csat", "positive") else number(round(value) + 0.0)


def between(metric: str, row: dict[str, Any]) -> str:
    return _("%(low)s to %(high)s") % {"low": points(metric, row["low"]), "high": points(metric, row["high"])}


def kind_name(kind: str) -> str:
    return {
        "promoters": _("Promoters (9–10)"),
        "passives": _("Passives (7–8)"),
        "detractors": _("Detractors (0–6)"),
        "satisfied": _("Satisfied (4–5)"),
        "unsatisfied": _("Not satisfied (1–3)"),
        "good": _("Good reviews"),
        "bad": _("Bad reviews"),
    }[kind]


def group_name(split: str, code: str | None) -> str:
    if not code:
        return pgettext("a group", "not known")
    return label(split, code) if split in CODES else code


def _counts(metric: str, found: dict[str, Any]) -> dict[str, int]:
    """Answers of each kind, the best first."""
    counts = dict(found["counts"])
    if metric == "csat":
        counts = {"satisfied": counts["satisfied"], "unsatisfied": found["n"] - counts["satisfied"]}
    return {kind: counts[kind] for kind in KINDS[metric]}


def _interval_note(metric: str, found: dict[str, Any]) -> str:
    return _("%(between)s · %(number)s answers") % {"between": between(metric, found), "number": number(found["n"])}


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the intervals do not touch: a difference that is not chance."""
    if other["low"] is None or one["low"] is None:
        return False
    return bool(one["low"] > other["high"] or one["high"] < other["low"])
