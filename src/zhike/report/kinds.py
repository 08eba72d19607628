"""What kinds of customers there are: value tiers, grades, and the RFM grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zhike.adviser import RfmAdvice
from zhike.labels import GRADES, GRID_ACTIVITY, GRID_FREQUENCY, GRID_VALUE, VALUE_TIERS, label, say
from zhike.language import _
from zhike.report.blocks import Advice, Block, Cell, Column, Section, Side, Table, root_level
from zhike.report.figures import Group, ReportFigures
from zhike.report.numbers import count, listing, percent, sentences
from zhike.report.wording import amount, customers, days, grade_advice, tier_advice


def kinds(figures: ReportFigures) -> Section | None:
    """Tiers and grades with their size, their part of the revenue and what to do for them."""
    if not figures.tiers:
        return None
    blocks: list[Block] = [_mode_advice(figures.advice)] if figures.advice else []
    blocks += [
        _groups(figures.tiers, VALUE_TIERS, "value_tier", tier_advice, _("Value tiers, by RFM score")),
        _groups(figures.grades, GRADES, "grade", grade_advice, _("Grades, by what is high and what is low")),
    ]
    return Section("kinds", _("Tiers and grades"), _("Who is worth how much?"), _kinds_answer(figures), blocks)


def _kinds_answer(figures: ReportFigures) -> str:
    everyone, money = _totals(figures.grades)
    vip = next((g for g in figures.grades if g.code == "vip"), None)
    if vip and money > 0:
        return _(
            "{customers} are VIP: {share} of all, with {part} of the revenue of the last {window}.",
            customers=customers(vip.customers),
            share=percent(vip.customers / everyone),
            part=percent(vip.monetary / money),
            window=days(figures.window_days),
        )
    return _("No customer stands out in recency, frequency and amount at once.")


def _mode_advice(advice: RfmAdvice) -> Advice:
    """Whether the tiers tell customers apart; if another mode does it better, who would be where, and how to see it."""
    if not advice.changes:
        return Advice(_("How far the tiers tell customers apart"), advice.reason())
    parts = [
        _("{tier} {n}", tier=label("value_tier", code), n=count(advice.tiers_then[code]))
        for code in VALUE_TIERS
        if code in advice.tiers_then
    ]
    return Advice(
        _("Read the tiers with care"),
        sentences(
            advice.reason(),
            _(
                "The tiers would be: {tiers}. Grades compare with the mean instead and suffer less. To see who would "
                "move:",
                tiers=listing(parts),
            ),
        ),
        command=f"zhike preview --mode {advice.mode}",
        caution=True,
    )


def _groups(
    groups: Sequence[Group], names: Mapping[str, Any], column: str, advice: Callable[[str], str], title: str
) -> Table:
    everyone, money = _totals(groups)
    rows = [
        (
            Cell(label(column, g.code)),
            Cell(count(g.customers), bar=g.customers / everyone, note=percent(g.customers / everyone)),
            Cell(
                percent(g.monetary / money) if money > 0 else "–", bar=max(0.0, g.monetary / money) if money > 0 else 0
            ),
            Cell(advice(g.code)),
        )
        for g in _in_order(groups, names)
    ]
    columns = (
        Column(_("Group")),
        Column(_("Customers"), "number"),
        Column(_("Of revenue"), "number"),
        Column(_("What to do"), "long"),
    )
    return Table(columns, rows, title=title)


def _in_order(groups: Sequence[Group], names: Mapping[str, Any]) -> list[Group]:
    """The best first, as the names are listed; a code without a name comes last."""
    order = list(names)
    return sorted(groups, key=lambda g: order.index(g.code) if g.code in names else len(order))


def _totals(groups: Sequence[Group]) -> tuple[int, float]:
    return sum(g.customers for g in groups), sum(g.monetary for g in groups)


def grid(figures: ReportFigures) -> Section | None:
    """Activity × frequency for each level of value, shaded by the number of customers."""
    if not figures.grid:
        return None
    by_code = {g.code: g for g in figures.grid}
    quiet = [by_code[c] for c in by_code if c.split("-")[0] != "active" and c.endswith("-high")]
    number, money = _totals(quiet)
    if number:
        answer = _(
            "{customers} of high value have gone quiet: they spent {money} in the last {window}.",
            customers=customers(number),
            money=amount(figures, money),
            window=days(figures.window_days),
        )
    else:
        answer = _("No customer of high value has gone quiet.")
    active, silent = figures.run.settings.get("rfm", {}).get("grid_days", (90, 180))
    note = _(
        "Active: bought in the last {active} days; silent: in the last {silent}; lost: longer ago. High, mid and low "
        "are thirds of the customers. Each field: customers, and their part of the revenue; the stronger, the more "
        "customers.",
        active=count(active),
        silent=count(silent),
    )
    blocks: list[Block] = [Side([_value_grid(figures, by_code, value) for value in GRID_VALUE], note=note)]
    if number:
        blocks.append(
            Advice(
                _("Next"),
                _(
                    "Call the silent customers of high value first: they left more recently than the lost ones and are "
                    "easier to bring back. For the lost ones one strong offer is enough."
                ),
            )
        )
    return Section("grid", _("RFM grid"), _("Where is good money going quiet?"), answer, blocks)


def _value_grid(figures: ReportFigures, by_code: Mapping[str, Group], value: str) -> Table:
    everyone, money = _totals(figures.grid)
    highest = max(g.customers for g in figures.grid)
    rows = []
    for activity, activity_name in GRID_ACTIVITY.items():
        cells = [Cell(say(activity_name))]
        for frequency in GRID_FREQUENCY:
            code = f"{activity}-{frequency}-{value}"
            g = by_code.get(code, Group(code, 0, 0.0))
            cells.append(
                Cell(
                    count(g.customers),
                    level=root_level(g.customers, highest),
                    note=percent(g.monetary / money) if money > 0 else "",
                    hint=_(
                        "{cell}: {customers} ({share}), {money}",
                        cell=label("grid_cell", code),
                        customers=customers(g.customers),
                        share=percent(g.customers / everyone, 1),
                        money=amount(figures, g.monetary),
                    ),
                )
            )
        rows.append(cells)
    steps = {"high": _("high"), "mid": _("mid"), "low": _("low")}
    columns = [Column(_("Frequency:")), *(Column(steps[code], "number") for code in GRID_FREQUENCY)]
    return Table(columns, rows, title=say(GRID_VALUE[value]), stacks=False, heat=True)
