"""Whether the business is growing: revenue and active customers month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhike.language import _
from zhike.report.blocks import Advice, Block, Cell, Chart, Column, Section, Table
from zhike.report.charts import Bar, column_chart, wide_and_narrow
from zhike.report.figures import Month, ReportFigures
from zhike.report.numbers import change, compact, count, money, month, percent, sentences, short_month
from zhike.report.wording import amount

QUARTER = 3


@dataclass(frozen=True)
class Trend:
    """Three whole months and the three before them."""

    first: Month
    last: Month
    now: float
    before: float

    @property
    def change(self) -> str:
        return change(self.now, self.before)


def trend(months: Sequence[Month]) -> Trend | None:
    """The last three complete months against the three before; None with fewer than six."""
    complete = [m for m in months if m.complete][-2 * QUARTER :]
    if len(complete) < 2 * QUARTER:
        return None
    before, now = complete[:QUARTER], complete[QUARTER:]
    earned = sum(m.revenue for m in before)
    return Trend(now[0], now[-1], sum(m.revenue for m in now), earned) if earned > 0 else None


def trend_sentence(found: Trend) -> str:
    """A trend in words."""
    return _(
        "The last three full months, {first} to {last}: {change} on the three before.",
        first=month(found.first.first),
        last=month(found.last.first),
        change=found.change,
    )


def growth(figures: ReportFigures) -> Section | None:
    """Revenue and active customers month by month; nothing without an order."""
    months = figures.months
    if not months:
        return None
    found = trend(months)
    best = max(months, key=lambda m: m.revenue)
    answer = _(
        "The best month was {month}, with {money}.", month=month(best.first), money=amount(figures, best.revenue)
    )
    if found:
        answer = sentences(trend_sentence(found), answer)
    blocks: list[Block] = [_revenue_chart(figures, best), _active_chart(months)]
    complete = [m for m in months if m.complete]
    if complete:
        blocks.append(_growth_advice(complete, season=found is not None and not figures.headline.comparable))
    return Section("months", _("Months"), _("Is the business growing?"), answer, blocks)


def _growth_advice(complete: Sequence[Month], *, season: bool) -> Advice:
    last = complete[-1]
    back = 1 - last.new / last.active if last.active else 0.0
    if back >= 0.5:
        text = _(
            "In {month}, {share} of the active customers had bought before. Returning customers carry the business: "
            "keep them first, then look for new ones.",
            month=month(last.first),
            share=percent(back),
        )
    else:
        text = _(
            "In {month}, only {share} of the active customers had bought before. New customers carry the business: "
            "work on the second order, or growth stops when advertising does.",
            month=month(last.first),
            share=percent(back),
        )
    if season:
        text = sentences(
            text,
            _("How much of the change is the season cannot be told yet: the same months a year before are missing."),
        )
    return Advice(_("Next"), text)


def _revenue_chart(figures: ReportFigures, best: Month) -> Chart:
    months = figures.months
    title = _("Revenue per month: most in {month}", month=month(best.first))
    bars = [
        Bar(
            short_month(m.first),
            (m.revenue,),
            _("{month}: {money}", month=_month_said(m), money=amount(figures, m.revenue)),
            group=str(m.first.year),
            faded=not m.complete,
            value=compact(float(f"{m.revenue:.3g}")) if m is best else "",
        )
        for m in months
    ]
    about = _(
        "Columns for {n} months, {first} to {last}.",
        n=count(len(months)),
        first=month(months[0].first),
        last=month(months[-1].first),
    )
    wide, narrow = wide_and_narrow(
        lambda width: column_chart(bars, series=("s1",), width=width, title=title, about=about)
    )
    note = _month_note(months, _("Revenue of known customers, net of refunds."))
    return Chart(title, wide, narrow, _month_table(months), note=note)


def _active_chart(months: Sequence[Month]) -> Chart:
    most = max(months, key=lambda m: m.active)
    title = _("Active customers per month: most in {month}", month=month(most.first))
    bars = [
        Bar(
            short_month(m.first),
            (m.active - m.new, m.new),
            _(
                "{month}: {active} active, {new} of them for the first time",
                month=_month_said(m),
                active=count(m.active),
                new=count(m.new),
            ),
            group=str(m.first.year),
            faded=not m.complete,
            value=count(m.active) if m is most else "",
        )
        for m in months
    ]
    about = _("Columns of returning and new customers for {n} months.", n=count(len(months)))
    wide, narrow = wide_and_narrow(
        lambda width: column_chart(bars, series=("s1", "s2"), width=width, title=title, about=about)
    )
    told = _("Everyone with at least one purchase in the month.")
    legend = (("s1", _("had bought before")), ("s2", _("first purchase in the records")))
    return Chart(title, wide, narrow, _month_table(months), legend, _month_note(months, told))


def _month_said(m: Month) -> str:
    return month(m.first) if m.complete else _("{month} (part of the month)", month=month(m.first))


def _month_note(months: Sequence[Month], first: str) -> str:
    notes = [first]
    if not months[-1].complete:
        notes.append(_("The pale last column is a month that was not over yet."))
    if not months[0].complete:
        notes.append(_("The records begin during the pale first month."))
    return sentences(*notes)


def _month_table(months: Sequence[Month]) -> Table:
    columns = [
        Column(_("Month")),
        Column(_("Revenue"), "number"),
        Column(_("Orders"), "number"),
        Column(_("Active"), "number"),
        Column(_("First purchase"), "number"),
    ]
    rows = [
        (
            Cell(_month_said(m)),
            Cell(money(m.revenue)),
            Cell(count(m.orders)),
            Cell(count(m.active)),
            Cell(count(m.new)),
        )
        for m in months
    ]
    return Table(columns, rows, stacks=False)
