"""Customers over time: lifecycle stages, moves between them, and who comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from zhike.labels import STAGES, label
from zhike.language import _
from zhike.lifecycle import LEAVING, STAYING, strategy
from zhike.report.blocks import Advice, Block, Cell, Column, Section, Table, Text, level, root_level
from zhike.report.figures import Cohort, Moves, ReportFigures
from zhike.report.numbers import count, day, month, percent, sentences
from zhike.report.wording import amount, customers

# Below so many customers the share who came back says little.
ENOUGH = 20
SHOWN_MONTHS = 12


def stages(figures: ReportFigures) -> Section | None:
    """The stages with their strategy, and the moves since an earlier run."""
    if not figures.stages:
        return None
    blocks: list[Block] = [_stage_table(figures)]
    blocks += _moves_blocks(figures) if figures.moves else [_how_to_see_moves(figures)]
    return Section("stages", _("Lifecycle"), _("Where are customers in their life with us?"), _answer(figures), blocks)


def _answer(figures: ReportFigures) -> str:
    if not figures.headline.customers:
        return _("{customers} still to be won.", customers=customers(figures.headline.everyone))
    sizes = {g.code: g.customers for g in figures.stages}
    everyone = sum(sizes.values())
    leaving, staying = (sum(sizes.get(code, 0) for code in codes) for codes in (LEAVING, STAYING))
    return _(
        "{staying} of the customers are growing or mature; {leaving} are slowing down or gone.",
        staying=percent(staying / everyone),
        leaving=percent(leaving / everyone),
    )


def _stage_table(figures: ReportFigures) -> Table:
    by_code = {g.code: g for g in figures.stages}
    everyone = sum(g.customers for g in figures.stages)
    money = sum(g.monetary for g in figures.stages)
    rows = []
    for code in STAGES:
        g = by_code.get(code)
        number, earned = (g.customers, g.monetary) if g else (0, 0.0)
        share = earned / money if money > 0 else None
        rows.append(
            (
                Cell(label("stage", code)),
                Cell(count(number), bar=number / everyone, note=percent(number / everyone)),
                Cell(percent(share), bar=max(0.0, share or 0.0), note=amount(figures, earned)),
                Cell(_strategy(code, number, figures.headline.never_purchased)),
            )
        )
    columns = (
        Column(_("Stage")),
        Column(_("Customers"), "number"),
        Column(_("Of revenue"), "number"),
        Column(_("Strategy"), "long"),
    )
    note = _(
        "Stages follow each customer's own rhythm: who usually buys weekly is late after two weeks, not after a year."
    )
    return Table(columns, rows, note=note)


def _strategy(code: str, number: int, never_purchased: int) -> str:
    """What to do for a stage. Who has yet to buy is in acquisition too, and needs something else."""
    if code != "acquisition" or not never_purchased:
        return strategy(code)
    first = strategy(code, never_purchased=True)
    if number == never_purchased:
        return first
    return sentences(
        strategy(code),
        _(
            "Of these, without a purchase that stands: {n}. {strategy}",
            n=count(never_purchased),
            strategy=first,
        ),
    )


def _how_to_see_moves(figures: ReportFigures) -> Text:
    earlier = figures.run.as_of - dt.timedelta(days=90)
    return Text(
        _(
            "Who moved from stage to stage shows as soon as the lake also holds a run of an earlier day. "
            "Compute one, then today's again, and write this report anew:"
        ),
        title=_("Moves between stages"),
        command=f"zhike refresh --as-of {earlier.isoformat()} && "
        f"zhike refresh --as-of {figures.run.as_of.isoformat()} && zhike report",
    )


def _moves_blocks(figures: ReportFigures) -> list[Block]:
    moves = figures.moves
    if moves is None:
        return []
    lost = _moved(moves, (*STAYING, "acquisition"), LEAVING)
    won = _moved(moves, LEAVING, STAYING)
    new = sum(n for (old, _new), n in moves.customers.items() if old is None)
    told = _(
        "Since {day}: {new} are new, {won} came back from slowing down or leaving, {lost} began to.",
        day=day(moves.since),
        new=customers(new),
        won=customers(won),
        lost=customers(lost),
    )
    note = _(
        "Rows: the stage on {then}; columns: the stage on {now}.", then=day(moves.since), now=day(figures.run.as_of)
    )
    if not moves.same_settings:
        note = sentences(note, _("The two runs had different settings, which also moves customers."))
    if lost > won:
        advice = _("More customers began to leave than came back. Act on the list of those worth most, this week.")
    else:
        advice = _(
            "At least as many customers came back as began to leave. Find out what brought them, and do more of it."
        )
    return [Text(told, title=_("Moves between stages")), _matrix(moves, note), Advice(_("Next"), advice)]


def _moved(moves: Moves, origins: Sequence[str], goals: Sequence[str]) -> int:
    return sum(n for (old, new), n in moves.customers.items() if old in origins and new in goals)


def _matrix(moves: Moves, note: str) -> Table:
    highest = max(moves.customers.values(), default=0)
    codes: list[str | None] = list(STAGES)
    olds = codes + ([None] if any(old is None for old, _new in moves.customers) else [])
    news = codes + ([None] if any(new is None for _old, new in moves.customers) else [])

    def cell(old: str | None, new: str | None) -> Cell:
        number = moves.customers.get((old, new), 0)
        before = label("stage", old) if old else _("not yet a customer")
        after = label("stage", new) if new else _("no longer there")
        hint = _("{before} → {after}: {customers}", before=before, after=after, customers=customers(number))
        return Cell(count(number) if number else "·", level=root_level(number, highest), hint=hint)

    rows = [[Cell(label("stage", old) if old else _("New")), *(cell(old, new) for new in news)] for old in olds]
    heads = [Column(label("stage", new) if new else _("Gone"), "number") for new in news]
    return Table([Column(_("from ↓ to →")), *heads], rows, note=note, stacks=False, heat=True)


def cohorts(figures: ReportFigures) -> Section | None:
    """Who came back how many months after their first purchase; nothing before the second month."""
    found = figures.cohorts
    longest = min(SHOWN_MONTHS, max((len(c.returned) for c in found), default=0))
    if not longest:
        return None
    title = _("Share of each month's new customers who bought again so many months later")
    columns = [Column(_("Month")), Column(_("New"), "size")]
    columns += [Column(str(i), "number") for i in range(1, longest + 1)]
    shares = [n / c.customers for c in found for n in c.returned]
    rows = [_cohort_row(c, longest, max(shares)) for c in found]
    new = _newcomers(figures)
    rows.append(_average_row(new, longest, max(shares)))
    notes = [_("Percent.")]
    if len(new) < len(found):
        notes.append(
            _(
                "Customers of the first month may have bought before the records begin, so they are not in the last "
                "row, nor in the sentence above."
            )
        )
    if found[0].partial:
        notes.append(_("The last field of each row is a month that was not over yet; averages leave it out."))
    table = Table(columns, rows, title=title, note=sentences(*notes), stacks=False, heat=True)
    blocks: list[Block] = [table, Advice(_("Next"), _cohort_advice(new))]
    return Section("cohorts", _("Cohorts"), _("Do new customers come back?"), _cohort_answer(new), blocks)


def _newcomers(figures: ReportFigures) -> Sequence[Cohort]:
    """Cohorts that are sure to be new: in the first month of the records everybody looks new."""
    first = figures.first_order
    later = [c for c in figures.cohorts if first is None or c.first > first]
    return later or figures.cohorts


def returned_after(cohorts: Sequence[Cohort], months: int) -> float | None:
    """The share of new customers who bought again so many whole months later, over the cohorts that can tell."""
    told = [c for c in cohorts if len(c.returned) - c.partial >= months]
    new = sum(c.customers for c in told)
    return sum(c.returned[months - 1] for c in told) / new if new else None


def _cohort_answer(found: Sequence[Cohort]) -> str:
    soon, later = returned_after(found, 1), returned_after(found, 3)
    if soon is None:
        return _("The records are too short to tell: no month after a first purchase is over yet.")
    if later is None:
        return _("Of new customers, {soon} bought again in the month after.", soon=percent(soon))
    return _(
        "Of new customers, {soon} bought again in the month after, {later} in the third month after.",
        soon=percent(soon),
        later=percent(later),
    )


def _cohort_advice(found: Sequence[Cohort]) -> str:
    if sum(c.customers for c in found) < ENOUGH:
        return _("So few customers show no pattern yet: look again when there are more.")
    return _(
        "Read down a column: if it fades towards the bottom, newer customers come back less than older ones did, and "
        "something in the first weeks has changed for the worse. Start with the message after the first order."
    )


def _cohort_row(cohort: Cohort, longest: int, highest: float) -> list[Cell]:
    cells = [Cell(f"{cohort.first:%Y-%m}"), Cell(count(cohort.customers))]
    for i, n in enumerate(cohort.returned[:longest]):
        share = n / cohort.customers
        hint = _(
            "{month}, {i} months later: {n} of {customers}",
            month=month(cohort.first),
            i=i + 1,
            n=count(n),
            customers=customers(cohort.customers),
        )
        unfinished = cohort.partial and i == len(cohort.returned) - 1
        cells.append(
            Cell(f"{share * 100:.0f}", level=level(share, highest), hint=hint, tone="muted" if unfinished else "")
        )
    return cells + [Cell("")] * (longest - len(cohort.returned))


def _average_row(found: Sequence[Cohort], longest: int, highest: float) -> list[Cell]:
    cells = [Cell(_("All")), Cell(count(sum(c.customers for c in found)))]
    for i in range(1, longest + 1):
        share = returned_after(found, i)
        cells.append(Cell("") if share is None else Cell(f"{share * 100:.0f}", level=level(share, highest)))
    return cells
