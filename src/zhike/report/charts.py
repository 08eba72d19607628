"""Charts as SVG: drawn here because a report must be small, work offline, print, and follow light and dark.

Colours are CSS classes, so that they change with the page. Each chart is drawn twice, for wide and narrow pages,
because text in a drawing that shrinks with the page cannot be read on a phone.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from zhike.report.numbers import compact

WIDE, NARROW = 720, 340
HEIGHT = 230
_TOP, _BOTTOM = 22, 40
_FONT = 12
# A single month is a column too, not a wall.
_WIDEST = 90.0


@dataclass(frozen=True)
class Bar:
    """One column of a column chart: its parts from the bottom up; `group` is written once under a run of columns."""

    label: str
    parts: tuple[float, ...]
    hint: str
    group: str = ""
    faded: bool = False
    value: str = ""


@dataclass(frozen=True)
class Mark:
    """A point of a curve worth pointing out."""

    x: float
    y: float
    text: str


def wide_and_narrow(draw: Callable[[int], Markup]) -> tuple[Markup, Markup]:
    """The same drawing for both widths."""
    return draw(WIDE), draw(NARROW)


def column_chart(bars: Sequence[Bar], *, series: Sequence[str], width: int, title: str, about: str) -> Markup:
    """Columns over labels, each stacked from as many parts as there are `series` (CSS classes)."""
    highest = max((sum(bar.parts) for bar in bars), default=0.0)
    steps = ticks(highest)
    left = _axis_width(steps)
    plot = _Plot(left, _TOP, width - left - 4, HEIGHT - _TOP - _BOTTOM)
    room = min(plot.width / max(1, len(bars)), _WIDEST)
    drawn = [_grid_lines(plot, steps)]
    every = _label_every([bar.label for bar in bars], room)
    for i, bar in enumerate(bars):
        x = plot.left + i * room
        drawn.append(_column(plot, bar, series, x + room * 0.12, room * 0.76, steps[-1]))
        if i % every == 0:
            drawn.append(_text(bar.label, x + room / 2, plot.bottom + 16, anchor="middle"))
        if _begins_group(bars, i, room):
            drawn.append(_text(bar.group, x + room * 0.12, plot.bottom + 32, css="faint"))
    return _svg(Markup("").join(drawn), width, HEIGHT, title, about)


def _begins_group(bars: Sequence[Bar], i: int, room: float) -> bool:
    """Whether the name of a group is written here: at its first column, if the next group leaves it the room."""
    if i and bars[i].group == bars[i - 1].group:
        return False
    length = next((n for n, bar in enumerate(bars[i:]) if bar.group != bars[i].group), len(bars) - i)
    return length * room >= _text_width(bars[i].group) + 4


def _column(plot: _Plot, bar: Bar, series: Sequence[str], x: float, width: float, highest: float) -> Markup:
    y, pieces = plot.bottom, Markup("")
    for css, part in zip(series, bar.parts, strict=True):
        height = plot.height * part / highest
        y -= height
        faded = " faded" if bar.faded else ""
        pieces += _tag("rect", x=x, y=y, width=width, height=height, rx=1.5, class_=css + faded)
    # The whole column answers the pointer, also where it is too low to hit.
    pieces += _tag("rect", x=x, y=plot.top, width=width, height=plot.height, class_="touch")
    if bar.value:
        pieces += _text(bar.value, x + width / 2, y - 5, anchor="middle", css="strong")
    return _tag("g", _tag("title", bar.hint) + pieces)


def share_curve(
    points: Sequence[tuple[float, float]], *, mark: Mark | None, width: int, title: str, about: str, hint: str
) -> Markup:
    """A curve from (0, 0) to (1, 1) over the diagonal that equal shares would draw; both axes in percent."""
    left = 40
    plot = _Plot(left, _TOP, width - left - 20, HEIGHT + 30 - _TOP - _BOTTOM)
    drawn = [
        _grid_lines(plot, [0, 25, 50, 75, 100], unit="%"),
        *(_text(f"{x}%", plot.x(x / 100), plot.bottom + 16, anchor="middle") for x in (20, 40, 60, 80, 100)),
    ]
    line = [(0.0, 0.0), *points]
    path = "L".join(f"{plot.x(x):.1f} {plot.y(y):.1f}" for x, y in line)
    area = f"M{path}L{plot.x(line[-1][0]):.1f} {plot.bottom:.1f}Z"
    drawn += [
        _tag("path", d=area, class_="area"),
        _tag("path", d=f"M{plot.x(0):.1f} {plot.y(0):.1f}L{plot.x(1):.1f} {plot.y(1):.1f}", class_="even"),
        _tag("path", _tag("title", hint), d=f"M{path}", class_="curve"),
    ]
    if mark:
        x, y = plot.x(mark.x), plot.y(mark.y)
        drawn += [
            _tag("path", d=f"M{x:.1f} {plot.bottom:.1f}V{y:.1f}H{plot.left:.1f}", class_="guide"),
            _tag("circle", cx=x, cy=y, r=4.5, class_="dot"),
            _text(mark.text, x + 12, y + 16, css="strong"),
        ]
    return _svg(Markup("").join(drawn), width, HEIGHT + 30, title, about)


def ticks(highest: float) -> list[float]:
    """Round numbers from 0 to at least `highest`, in two to four steps.

    >>> ticks(1143), ticks(0)
    ([0.0, 500.0, 1000.0, 1500.0], [0, 1])
    >>> ticks(99)
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    if highest <= 0:
        return [0, 1]
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(s for s in (power / 4, power / 2, power, power * 2, power * 2.5) if highest / s <= 4)
    if highest >= 1:
        step = max(1.0, step)
    return [float(f"{i * step:.6g}") for i in range(math.ceil(highest / step - 1e-9) + 1)]


@dataclass(frozen=True)
class _Plot:
    """Where the data are drawn."""

    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def x(self, share: float) -> float:
        return self.left + share * self.width

    def y(self, share: float) -> float:
        return self.bottom - share * self.height


def _grid_lines(plot: _Plot, steps: Sequence[float], unit: str = "") -> Markup:
    lines = Markup("")
    for step in steps:
        y = plot.y(step / steps[-1])
        lines += _tag(
            "line", x1=plot.left, x2=plot.left + plot.width, y1=y, y2=y, class_="axis" if not step else "grid"
        )
        lines += _text(compact(step) + unit, plot.left - 6, y + 4, anchor="end", css="faint")
    return lines


def _axis_width(steps: Sequence[float]) -> float:
    return 12 + max(_text_width(compact(step)) for step in steps)


def _label_every(labels: Sequence[str], room: float) -> int:
    """1: every label fits under its column; 2: every other one does …"""
    widest = max((_text_width(label) for label in labels), default=0.0) + 6
    return max(1, math.ceil(widest / room))


def _text_width(text: str) -> float:
    return sum(_FONT if unicodedata.east_asian_width(c) in "WF" else _FONT * 0.58 for c in text)


def _text(text: str, x: float, y: float, *, anchor: str = "start", css: str = "") -> Markup:
    return _tag("text", text, x=x, y=y, text_anchor=anchor, **({"class_": css} if css else {}))


def _svg(content: Markup, width: float, height: float, title: str, about: str) -> Markup:
    # A label, not a <title>: a title would pop up wherever the pointer rests.
    return _tag(
        "svg",
        content,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"{title} {about}",
        class_="wide" if width == WIDE else "narrow",
    )


def _tag(name: str, content: str | Markup = "", **attributes: str | float) -> Markup:
    """An element; everything that is not markup already is escaped."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(f"{v:.1f}" if isinstance(v, float) else v)}"'
        for key, v in attributes.items()
    )
    return Markup(f"<{name}{said}>{escape(content)}</{name}>")  # noqa: S704 - both parts are escaped above
