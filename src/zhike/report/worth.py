"""What customers are worth, and which ones: concentration, lifetime value, profit, and the two lists of people."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.labels import ABC, LIFESPAN_SOURCES, label, say
from zhike.language import _
from zhike.lifecycle import explain_lifecycle
from zhike.report.blocks import Advice, Block, Cell, Chart, Column, Facts, Section, Table, Text
from zhike.report.charts import Bar, Mark, column_chart, share_curve, wide_and_narrow
from zhike.report.figures import Bin, Group, ReportFigures, Row
from zhike.report.numbers import compact, count, percent, sentences
from zhike.report.wording import amount, customers, days
from zhike.value.clv_formula import explain_clv_formula

CURVE_ROWS = 10
ID_LENGTH = 60


def value(figures: ReportFigures) -> Section | None:
    """How unevenly revenue is spread, what customers may still bring, and what is left of it."""
    v = figures.value
    if not v.curve:
        return None
    if v.top_fifth_share is None:
        answer = _("With fewer than five customers there is no curve to speak of.")
    else:
        answer = _("The best 20 % of customers bring {share} of the revenue.", share=percent(v.top_fifth_share))
    blocks: list[Block] = [_curve(figures)]
    if v.abc:
        blocks.append(_classes(figures, v.abc))
    if v.clv_bins:
        blocks.append(_clv_chart(figures))
    blocks += [_clv_facts(figures), *_profit(figures)]
    return Section("value", _("Customer value"), _("Who brings the money, and how much is to come?"), answer, blocks)


def _curve(figures: ReportFigures) -> Chart:
    v = figures.value
    share = v.top_fifth_share
    if share is None:
        title = _("Share of revenue by share of customers, best customers first")
    else:
        title = _("20 % of the customers bring {share} of the revenue", share=percent(share))
    mark = None if share is None else Mark(0.2, share, percent(share))
    about = _("A curve of the share of revenue over the share of customers, best customers first.")
    hint = _("The dashed line: if every customer brought the same.")
    wide, narrow = wide_and_narrow(
        lambda width: share_curve(v.curve, mark=mark, width=width, title=title, about=about, hint=hint)
    )
    step = max(1, len(v.curve) // CURVE_ROWS)
    shown = [*v.curve[step - 1 :: step]]
    if shown[-1] != v.curve[-1]:
        shown.append(v.curve[-1])
    columns = [Column(_("Best customers"), "number"), Column(_("Of revenue"), "number")]
    table = Table(columns, [(Cell(percent(x)), Cell(percent(y, 1))) for x, y in shown], stacks=False)
    note = sentences(_("Revenue of all time, net of refunds; best customers first."), hint)
    return Chart(title, wide, narrow, table, note=note)


def _classes(figures: ReportFigures, groups: Sequence[Group]) -> Table:
    everyone = sum(g.customers for g in groups)
    money = sum(g.monetary for g in groups)
    by_code = {g.code: g for g in groups}
    rows = []
    for code, name in ABC.items():
        g = by_code.get(code, Group(code, 0, 0.0))
        share = g.monetary / money if money > 0 else None
        rows.append(
            (
                Cell(say(name)),
                Cell(count(g.customers), bar=g.customers / everyone, note=percent(g.customers / everyone)),
                Cell(percent(share), bar=max(0.0, share or 0.0), note=amount(figures, g.monetary)),
            )
        )
    bought = _("Revenue in {window}", window=days(figures.window_days))
    return Table((Column(_("Class")), Column(_("Customers"), "number"), Column(bought, "number")), rows)


def _clv_chart(figures: ReportFigures) -> Chart:
    bins = figures.value.clv_bins
    fullest = max(bins, key=lambda b: b.customers)
    title = _("Lifetime value: most customers are at {range}", range=_range(fullest))
    bars = [
        Bar(
            _bin_label(b),
            (b.customers,),
            _("{range}: {customers}", range=_range(b), customers=customers(b.customers)),
            value=count(b.customers) if b is fullest else "",
        )
        for b in bins
    ]
    about = _("Columns: customers by lifetime value, from low to high; each step is a round number.")
    wide, narrow = wide_and_narrow(
        lambda width: column_chart(bars, series=("s1",), width=width, title=title, about=about)
    )
    columns = [Column(_("Lifetime value")), Column(_("Customers"), "number")]
    rows = [(Cell(_range(b)), Cell(count(b.customers))) for b in bins]
    note = _("Under each column: where it begins. Customers without a purchase in the window are not in it.")
    return Chart(title, wide, narrow, Table(columns, rows, stacks=False), note=note)


def _bin_label(b: Bin) -> str:
    return f"<{compact(b.high)}" if b.low is None and b.high is not None else compact(b.low or 0)


def _range(b: Bin) -> str:
    if b.low is None:
        return _("below {high}", high=compact(b.high or 0))
    if b.high is None:
        return _("{low} and more", low=compact(b.low))
    return _("{low} to {high}", low=compact(b.low), high=compact(b.high))


def _clv_facts(figures: ReportFigures) -> Facts:
    v = figures.value
    source = say(LIFESPAN_SOURCES[v.lifespan_source]) if v.lifespan_source in LIFESPAN_SOURCES else "–"
    if v.margin is None or v.margin >= 1:
        margin = _("not given, so values are revenue, not profit")
    else:
        margin = percent(v.margin, 1)
    years = (
        "–"
        if v.lifespan_years is None
        else _("{years} years ({source})", years=f"{v.lifespan_years:.1f}", source=source)
    )
    return Facts(
        (
            (_("All customers together"), amount(figures, v.clv_total)),
            (_("Mean per customer"), amount(figures, v.clv_mean)),
            (_("Median: half have more"), amount(figures, v.clv_median)),
            (_("Customers last"), years),
            (_("Gross margin"), margin),
        ),
        title=_("Lifetime value by formula"),
    )


def _profit(figures: ReportFigures) -> list[Block]:
    v = figures.value
    if not v.profit_known:
        return [
            Advice(
                _("Profit is unknown"),
                _(
                    "The orders have no cost of goods and no margin is set, so nobody can say who earns you money. "
                    "Import costs with the orders, or give a margin:"
                ),
                command="zhike refresh --margin 0.35",
                caution=True,
            )
        ]
    told = _(
        "{customers} leave {profit} of {revenue} ({share}) after goods, service and campaigns, as far as these are "
        "known.",
        customers=customers(v.profit_known),
        profit=amount(figures, v.profit),
        revenue=amount(figures, v.profit_revenue),
        share=percent(v.profit / v.profit_revenue) if v.profit_revenue > 0 else "–",
    )
    unknown = _("For {customers} it is unknown.", customers=customers(v.profit_unknown)) if v.profit_unknown else ""
    blocks: list[Block] = [Text(sentences(told, unknown), title=_("Profit in the window"))]
    if v.losing:
        blocks.append(
            Advice(
                _("Next"),
                _(
                    "{customers} cost more than they bring: {money} in the window. Look at their discounts, returns "
                    "and tickets before spending on them again.",
                    customers=customers(v.losing),
                    money=amount(figures, v.lost_money),
                ),
            )
        )
    return blocks


def who(figures: ReportFigures) -> Section | None:
    """The customers worth most, and those worth most who are leaving, each with the reason in a sentence."""
    if not figures.best and not figures.leaving:
        return None
    blocks: list[Block] = []
    if figures.leaving:
        blocks.append(_leaving(figures))
        blocks.append(
            Advice(
                _("Next"),
                _(
                    "Give each of these an owner and a date: a call this week for the first five, a personal mail for "
                    "the rest. Ask what went wrong before offering a discount."
                ),
            )
        )
    if figures.best:
        blocks.append(_best(figures))
    note = _("Customers go by ID, companies by name; people's names are left out, so that the report may be passed on.")
    blocks.append(Text(note))
    if figures.leaving:
        top = sum(row["at_stake"] for row in figures.leaving)
        answer = _(
            "The first {n} of those leaving used to spend {money} in {window}.",
            n=count(len(figures.leaving)),
            money=amount(figures, top),
            window=days(figures.window_days),
        )
    else:
        answer = _("No customer who spent anything lately is leaving.")
    return Section("who", _("Who"), _("Whom to look after, and whom to call first?"), answer, blocks)


def _leaving(figures: ReportFigures) -> Table:
    columns = (
        Column(_("Customer")),
        Column(_("Spent in {window}", window=days(figures.window_days)), "number"),
        Column(_("Stage")),
        Column(_("Why"), "long"),
    )
    highest = max(row["at_stake"] for row in figures.leaving)
    rows = [
        (
            _id(figures, row),
            Cell(amount(figures, row["at_stake"]), bar=row["at_stake"] / highest),
            Cell(label("stage", row["stage"])),
            Cell(explain_lifecycle(row)),
        )
        for row in figures.leaving
    ]
    note = _("The better of the last two windows of {window}.", window=days(figures.window_days))
    return Table(columns, rows, title=_("Leaving, worth most first"), note=note)


def _best(figures: ReportFigures) -> Table:
    columns = (
        Column(_("Customer")),
        Column(_("Lifetime value"), "number"),
        Column(_("Grade")),
        Column(_("Why"), "long"),
    )
    highest = max(row["clv"] for row in figures.best)
    rows = [
        (
            _id(figures, row),
            Cell(amount(figures, row["clv"]), bar=row["clv"] / highest),
            Cell(label("grade", row["grade"])),
            Cell(explain_clv_formula(row)),
        )
        for row in figures.best
    ]
    return Table(columns, rows, title=_("Highest lifetime value"))


def _id(figures: ReportFigures, row: Row) -> Cell:
    """The ID as it is, cut when it is longer than anyone would read; whole when the pointer rests on it."""
    known = str(row["customer_id"])
    company = str(figures.companies.get(known, ""))[:ID_LENGTH]
    short = known if len(known) <= ID_LENGTH else known[: ID_LENGTH - 1] + "…"
    return Cell(short, note=company, hint=known[:1000] if short != known else "", code=True)
