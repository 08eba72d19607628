"""How the customer base is doing: the headline, what to do first, and the months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhike.language import _
from zhike.report.blocks import Action, Actions, Advice, Block, Card, Cards, Cell, Chart, Column, Section, Table, Tone
from zhike.report.charts import Bar, column_chart, wide_and_narrow
from zhike.report.figures import Figures, Month
from zhike.report.numbers import change, compact, count, day, money, month, percent, sentences, short_month
from zhike.report.wording import amount, customers, days

QUARTER = 3
# Sales nobody can be thanked for become something to act on from this share.
MUCH_UNATTRIBUTED = 0.05
# Characters of a figure that a card has room for.
LONGEST = 16


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


def glance(figures: Figures) -> Section:
    """The headline in a sentence, in figures, and the first things to do."""
    blocks: list[Block] = [_cards(figures)]
    if actions := _actions(figures):
        blocks.append(Actions(_("Do this first"), actions))
    if not figures.headline.customers:
        told = _("Import orders that name these customers; everything else in this report follows from them.")
        blocks.append(Advice(_("Next"), told, command="zhike import FILE --as orders"))
    return Section("glance", _("At a glance"), _("How is the customer base doing?"), _headline(figures), blocks)


def _headline(figures: Figures) -> str:
    h = figures.headline
    if not h.customers:
        return _("Nobody has bought yet: {customers} known, no orders.", customers=customers(h.everyone))
    values = {
        "customers": customers(h.active),
        "window": days(figures.window_days),
        "revenue": amount(figures, h.revenue),
    }
    if h.comparable and h.revenue_before > 0:
        said = _(
            "{customers} bought in the last {window} and brought in {revenue}, {change} on the {window} before.",
            change=change(h.revenue, h.revenue_before),
            **values,
        )
    else:
        said = _("{customers} bought in the last {window} and brought in {revenue}.", **values)
    if found := trend(figures.months):
        said = sentences(said, _trend_sentence(found))
    return said


def _trend_sentence(found: Trend) -> str:
    return _(
        "The last three full months, {first} to {last}: {change} on the three before.",
        first=month(found.first.first),
        last=month(found.last.first),
        change=found.change,
    )


def _cards(figures: Figures) -> Cards:
    h = figures.headline
    never = (
        _("{n} more without a purchase that stands", n=count(h.never_purchased))
        if h.never_purchased
        else _("ever bought")
    )
    cards = [
        Card(_("Customers"), count(h.customers), never),
        Card(
            _("Active in {window}", window=days(figures.window_days)),
            count(h.active),
            _compared(figures, h.active, h.active_before) or _share_of_all(h.active, h.customers),
            _tone(figures, h.active, h.active_before),
        ),
        Card(
            _("Revenue in {window}", window=days(figures.window_days)),
            _short(figures, h.revenue),
            _compared(figures, h.revenue, h.revenue_before) or _no_comparison(figures),
            _tone(figures, h.revenue, h.revenue_before),
        ),
        Card(
            _("Average order"),
            _short(figures, h.average_order),
            _("{n} orders in the window", n=count(h.orders)) if h.orders else "",
        ),
    ]
    if h.comparable and h.active_before:
        stayed = percent(h.stayed / h.active_before)
        cards.append(Card(_("Came back"), stayed, _("of those active in the window before")))
    else:
        once = _share_of_all(h.bought_once, h.customers)
        cards.append(Card(_("Bought on one day only"), count(h.bought_once), once))
    return Cards(cards)


def _short(figures: Figures, value: float | None) -> str:
    """An amount that fits a card: in full, or in millions and billions where that is too long."""
    full = amount(figures, value)
    return full if value is None or len(full) <= LONGEST else compact(value)


def _share_of_all(part: int, whole: int) -> str:
    return _("{share} of customers", share=percent(part / whole)) if whole else ""


def _compared(figures: Figures, now: float, before: float) -> str:
    if not figures.headline.comparable or before <= 0:
        return ""
    return _("{change} on the window before", change=change(now, before))


def _tone(figures: Figures, now: float, before: float) -> Tone:
    if not figures.headline.comparable or before <= 0 or now == before:
        return ""
    return "good" if now > before else "bad"


def _no_comparison(figures: Figures) -> str:
    if figures.first_order is None:
        return ""
    return _("records begin {day}: no window before to compare with", day=day(figures.first_order))


def _actions(figures: Figures) -> list[Action]:
    """The few things that matter most, each only when the figures say so."""
    h, found = figures.headline, []
    if figures.leaving:
        found.append(
            Action(
                _("Win back those who are leaving"),
                _(
                    "{customers} are slowing down or gone. They used to spend {money} in {window}; "
                    "the list starts with those worth most.",
                    customers=customers(figures.leaving_customers),
                    money=amount(figures, figures.leaving_money),
                    window=days(figures.window_days),
                ),
                "who",
            )
        )
    best = next((g for g in figures.value.abc if g.code == "A"), None)
    if best and h.customers >= QUARTER:
        found.append(
            Action(
                _("Look after the few who carry the business"),
                _(
                    "{customers} ({share} of all) bring the first 80 % of revenue. Give each a named contact.",
                    customers=customers(best.customers),
                    share=percent(best.customers / h.customers),
                ),
                "value",
            )
        )
    if h.bought_once:
        found.append(
            Action(
                _("Win the second purchase"),
                _(
                    "{customers}, {share} of all, have bought on one day only. A second order makes a habit.",
                    customers=customers(h.bought_once),
                    share=percent(h.bought_once / h.customers),
                ),
                "stages",
            )
        )
    flow = figures.flow
    if flow.net > 0 and flow.unattributed / flow.net >= MUCH_UNATTRIBUTED:
        found.append(
            Action(
                _("Find out who buys"),
                _(
                    "{money} of net sales ({share}) belong to no known customer. Ask for the customer number at "
                    "every sale and put it into the export.",
                    money=amount(figures, flow.unattributed),
                    share=percent(flow.unattributed / flow.net),
                ),
                "trust",
            )
        )
    return found


def growth(figures: Figures) -> Section | None:
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
        answer = sentences(_trend_sentence(found), answer)
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


def _revenue_chart(figures: Figures, best: Month) -> Chart:
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
