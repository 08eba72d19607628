"""How the customer base is doing: the headline, and what to do first."""

from __future__ import annotations

from zhike.language import _
from zhike.report.blocks import Action, Actions, Advice, Block, Card, Cards, Section, Tone
from zhike.report.figures import ReportFigures
from zhike.report.growth import trend, trend_sentence
from zhike.report.numbers import change, compact, count, day, percent, sentences
from zhike.report.wording import amount, customers, days

# Among so few customers nobody stands out.
FEW = 3
# Sales nobody can be thanked for become something to act on from this share.
MUCH_UNATTRIBUTED = 0.05
# Characters of a figure that a card has room for.
LONGEST = 16


def glance(figures: ReportFigures) -> Section:
    """The headline in a sentence, in figures, and the first things to do."""
    blocks: list[Block] = [_cards(figures)]
    if actions := _actions(figures):
        blocks.append(Actions(_("Do this first"), actions))
    if not figures.headline.customers:
        told = _("Import orders that name these customers; everything else in this report follows from them.")
        blocks.append(Advice(_("Next"), told, command="zhike import FILE --as orders"))
    return Section("glance", _("At a glance"), _("How is the customer base doing?"), _headline(figures), blocks)


def _headline(figures: ReportFigures) -> str:
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
        said = sentences(said, trend_sentence(found))
    return said


def _cards(figures: ReportFigures) -> Cards:
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


def _short(figures: ReportFigures, value: float | None) -> str:
    """An amount that fits a card: in full, or in millions and billions where that is too long."""
    full = amount(figures, value)
    return full if value is None or len(full) <= LONGEST else compact(value)


def _share_of_all(part: int, whole: int) -> str:
    return _("{share} of customers", share=percent(part / whole)) if whole else ""


def _compared(figures: ReportFigures, now: float, before: float) -> str:
    if not figures.headline.comparable or before <= 0:
        return ""
    return _("{change} on the window before", change=change(now, before))


def _tone(figures: ReportFigures, now: float, before: float) -> Tone:
    if not figures.headline.comparable or before <= 0 or now == before:
        return ""
    return "good" if now > before else "bad"


def _no_comparison(figures: ReportFigures) -> str:
    if figures.first_order is None:
        return ""
    return _("records begin {day}: no window before to compare with", day=day(figures.first_order))


def _actions(figures: ReportFigures) -> list[Action]:
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
    if best and h.customers >= FEW:
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
