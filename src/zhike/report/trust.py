"""How far the figures can be trusted: what every import kept, flagged and rejected, and where the money went."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.cleaning.report import QualityReport, RuleCount
from zhike.cleaning.text import finding_sentences, shown
from zhike.cleaning.wording import figure_title, rule_sentence, rule_title, use_title
from zhike.lake.batches import State
from zhike.language import _, current_language
from zhike.report.blocks import Advice, Block, Cell, Column, Facts, Folded, Section, Table, Text
from zhike.report.figures import Import, ReportFigures
from zhike.report.numbers import count, day, listing, money, percent, sentences
from zhike.report.wording import amount, rows
from zhike.schema import CONTRACTS

EXAMPLES = 3
SHOWN_IMPORTS = 12
MASKED = "•••"


def trust(figures: ReportFigures) -> Section:
    """Rows and money from the files to the scores, then each import in detail."""
    standing = [i for i in figures.imports if i.batch.state is State.COMMITTED]
    blocks: list[Block] = []
    if figures.flow.gross:
        blocks.append(_flow(figures))
    if figures.imports:
        blocks.append(_imports(figures.imports))
    alone = len(standing) == 1
    blocks += [_detail(i, i.report, alone=alone) for i in reversed(standing[-SHOWN_IMPORTS:]) if i.report is not None]
    if len(standing) > SHOWN_IMPORTS:
        blocks.append(Text(_("Older imports: zhike imports.")))
    if advice := _advice(standing):
        blocks.append(advice)
    return Section(
        "trust", _("Data quality"), _("How far can the figures be trusted?"), _answer(figures, standing), blocks
    )


def _answer(figures: ReportFigures, standing: Sequence[Import]) -> str:
    total = sum(i.batch.rows for i in standing)
    if not total:
        return _("The lake lists no imported rows.")
    rejected, flagged = sum(i.batch.rejected for i in standing), sum(i.batch.flagged for i in standing)
    if rejected:
        kept = percent(1 - rejected / total, 1)
        said = _(
            "Of {rows}, {kept} were kept, {rejected} rejected.", rows=rows(total), kept=kept, rejected=count(rejected)
        )
    elif flagged:
        said = _("All {rows} were kept, {flagged} of them with a flag.", rows=rows(total), flagged=count(flagged))
    else:
        said = _("All {rows} were kept, none with a flag.", rows=rows(total))
    if not figures.flow.net:
        return said
    known = percent(figures.flow.scored / figures.flow.net)
    return sentences(said, _("{share} of net sales belong to a known customer.", share=known))


def _flow(figures: ReportFigures) -> Table:
    flow = figures.flow
    steps = (
        (_("Everything sold"), flow.gross, _("all orders and order lines with an amount above zero")),
        (_("− taken back"), -flow.matched, _("cancellations and refunds, netted against the purchases they belong to")),
        (_("= net sales"), flow.net, ""),
        (_("− without a customer"), -flow.unattributed, _("counts in no score of a customer")),
        (_("= what the scores count"), flow.scored, ""),
        (
            _("Not matched"),
            flow.unmatched,
            _("refunds and corrections of which no purchase is in the records; nothing was subtracted for them"),
        ),
        (
            _("Without customer or order"),
            flow.nameless,
            _("corrections that name neither a customer nor an order; nothing was subtracted for them"),
        ),
    )
    table_rows = [
        (Cell(title), Cell(amount(figures, value), bar=min(1.0, abs(value) / flow.gross)), Cell(note))
        for title, value, note in steps
    ]
    columns = (Column(_("From sales to scores")), Column(_("Money"), "number"), Column(_("What it is"), "long"))
    return Table(columns, table_rows, title=_("Where the money goes before it is scored"))


def _imports(imports: Sequence[Import]) -> Table:
    states = {
        State.COMMITTED: _("in the lake"),
        State.UNDONE: _("undone"),
        State.INTERRUPTED: _("interrupted, nothing stored"),
    }
    columns = (
        Column(_("Import")),
        Column(_("Rows"), "number"),
        Column(_("Accepted"), "number"),
        Column(_("Flagged, kept"), "number"),
        Column(_("Rejected"), "number"),
        Column(_("State")),
    )
    lines = []
    for found in reversed(imports[-SHOWN_IMPORTS:]):
        b = found.batch
        what = CONTRACTS[b.table].label(current_language()) if b.table in CONTRACTS else b.table
        name = _("{number}: {file}", number=b.batch, file=shown(b.file, 60))
        lines.append(
            (
                Cell(name, note=_("{what}, {day}", what=what, day=day(b.imported_at.date()))),
                *(_part(n, b.rows) for n in (b.rows, b.accepted, b.flagged)),
                Cell(
                    count(b.rejected),
                    note=percent(b.rejected / b.rows, 1) if b.rows else "",
                    tone="bad" if b.rejected else "",
                ),
                Cell(states[b.state]),
            )
        )
    return Table(columns, lines, title=_("Imports: accepted + flagged + rejected = rows"))


def _part(number: int, whole: int) -> Cell:
    return Cell(count(number), note=percent(number / whole, 1) if whole and number != whole else "")


def _detail(found: Import, report: QualityReport, *, alone: bool) -> Folded:
    blocks: list[Table | Text | Facts] = [_figures(report), _rules(report)]
    blocks += [Text(sentence) for sentence in finding_sentences(report)]
    can = [use_title(use) for use in report.can]
    if can:
        blocks.append(Text(listing(can), title=_("This file serves")))
    if report.cannot:
        contract = CONTRACTS[report.table]
        needs = [
            (use_title(need.use), listing([contract[name].label(current_language()) for name in need.columns]))
            for need in report.cannot
        ]
        blocks.append(
            Facts([(use, _("needs {columns}", columns=columns)) for use, columns in needs], _("Not served yet"))
        )
    title = _("Import {number} in detail: {file}", number=found.batch.batch, file=shown(report.file, 60))
    return Folded(title, [b for b in blocks if not isinstance(b, Table) or b.rows], open=alone)


def _figures(report: QualityReport) -> Table:
    parts = (report.figures.raw, report.figures.clean, report.figures.net)
    names = [n for n in dict.fromkeys(n for part in parts for n in part) if any(p.get(n) is not None for p in parts)]
    lines = [(Cell(figure_title(n)), *(Cell(_number(part.get(n))) for part in parts)) for n in names]
    columns = (
        Column(_("Figure")),
        Column(_("As it came"), "number"),
        Column(_("Clean"), "number"),
        Column(_("Returns netted"), "number"),
    )
    note = _("Clean: customer known, not cancelled, quantity and price above zero.")
    return Table(columns, lines, title=_("Raw, clean, net"), note=note, stacks=False)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return money(value) if isinstance(value, float) else count(value)


def _rules(report: QualityReport) -> Table:
    outcomes = {"flagged": _("flagged, kept"), "rejected": _("rejected")}
    told = _impersonal(report)
    lines = [
        (
            Cell(rule_title(r.rule), note=rule_sentence(r.rule, r.outcome)),
            Cell(count(r.rows)),
            Cell(outcomes[r.outcome], tone="bad" if r.outcome == "rejected" else ""),
            Cell(_examples(r, told)),
        )
        for r in report.rules
    ]
    columns = (Column(_("Rule")), Column(_("Rows"), "number"), Column(_("Outcome")), Column(_("Examples"), "long"))
    return Table(columns, lines, title=_("What was noticed"))


def _impersonal(report: QualityReport) -> set[str]:
    """The file's columns whose values may be passed on: those known to hold nothing about a person."""
    contract = CONTRACTS[report.table]
    return {p.theirs or p.column for p in report.profile if p.column in contract and not contract[p.column].personal}


def _examples(rule: RuleCount, told: set[str]) -> str:
    said = []
    for example in rule.examples[:EXAMPLES]:
        where = _("row {row}", row=count(example.row))
        if example.column:
            where += f" {shown(example.column)}"
        # A value that spilled over the last column may be anything.
        value = shown(example.value or "") if example.column in told else MASKED
        said.append(where if example.value is None else f"{where} = {value}")
    return listing(said) + ("…" if rule.rows > len(said) else "")


def _advice(standing: Sequence[Import]) -> Advice | None:
    """The one thing about the data that is most worth mending."""
    outliers = sum(i.report.count("outlier") for i in standing if i.report)
    rejected = next((i.batch for i in reversed(standing) if i.batch.rejected), None)
    if rejected:
        return Advice(
            _("Next"),
            _("Look at the rejected rows, mend them at the source, import the file again: rows are updated by key."),
            command=f"zhike imports remarks --rejected {rejected.batch} rejected.csv",
        )
    if outliers:
        return Advice(
            _("Next"),
            _(
                "{rows} belong to unusually large orders. They count; have someone confirm that they are real, because "
                "they pull the averages.",
                rows=rows(outliers),
            ),
        )
    return None
