"""The quality report as a page of text for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zhike.cleaning.wording import figure_title, finding_sentence, rule_sentence, rule_title, use_title
from zhike.language import _, current_language
from zhike.schema import contract

if TYPE_CHECKING:
    from zhike.cleaning.report import QualityReport, RuleCount, Unmet

WIDTH = 100
INDENT = "  "
EXAMPLE_LENGTH = 40


def report_text(report: QualityReport) -> str:
    """The whole page in the current language. Control characters from the file are shown as escapes."""
    blocks = [
        _head(report),
        _section(_("Figures"), _figures(report)),
        _section(_("Not stored"), _rules(report, "rejected")),
        _section(_("Stored with a flag"), _rules(report, "flagged")),
        _section(_("About the file"), _findings(report)),
        _section(_("Columns"), _columns(report)),
        _section(_("What this file can serve"), _uses(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def shown(text: str, length: int = EXAMPLE_LENGTH) -> str:
    r"""A text from a file, safe for a terminal: one line, no control characters, not too long.

    >>> shown("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: length + 1])
    return safe if len(safe) <= length else safe[: length - 1] + "…"


def width(text: str) -> int:
    """Columns a text takes on a terminal; Chinese characters take two.

    >>> width("ab客")
    4
    """
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, to: int, *, right: bool = False) -> str:
    """The text filled up with blanks to a width."""
    blanks = " " * max(0, to - width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, indent: str) -> list[str]:
    """The text in lines of at most WIDTH; Chinese breaks between characters, other languages between words."""
    words: list[str] = []
    for word in text.split(" "):
        pieces = list(word) if any(unicodedata.east_asian_width(c) in "WF" for c in word) else [word]
        words += [*pieces, " "]
    lines, line = [], indent
    for word in words[:-1]:
        # A closing mark may stand a little over the edge, but never begin a line.
        if width(line) + width(word) > WIDTH and word.strip() and word not in "，。；：、）”":
            lines.append(line.rstrip())
            line = indent
        if word != " " or line.strip():
            line += word
    return [*lines, line.rstrip()]


def _section(title: str, lines: Iterator[str]) -> str:
    body = list(lines)
    return "\n".join([title, "─" * width(title), *body]) if body else ""


def _head(report: QualityReport) -> str:
    table = contract(report.table).label(current_language())
    title = _("{file} as {table}", file=shown(report.file, 60), table=table)
    counts = _(
        "{rows:,} rows = {accepted:,} accepted + {flagged:,} flagged + {rejected:,} rejected",
        rows=report.rows,
        accepted=report.accepted,
        flagged=report.flagged,
        rejected=report.rejected,
    )
    lines = [title, "═" * width(title), counts]
    if report.superseded:
        lines.append(_("{n:,} of the flagged rows are not stored: a later row has the same key.", n=report.superseded))
    return "\n".join(lines)


def _figures(report: QualityReport) -> Iterator[str]:
    columns = (
        (_("As it came"), report.figures.raw),
        (_("Clean"), report.figures.clean),
        (_("Returns netted"), report.figures.net),
    )
    names = list(dict.fromkeys(name for _title, values in columns for name in values))
    rows = [(figure_title(name), [_number(values.get(name)) for _title, values in columns]) for name in names]
    rows = [row for row in rows if any(row[1])]
    if not rows:
        return
    first = max(width(title) for title, _values in rows)
    widths = [max([width(title), *(width(values[i]) for _t, values in rows)]) for i, (title, _v) in enumerate(columns)]
    lines = [("", [title for title, _values in columns]), *rows]
    for title, values in lines:
        cells = [padded(value, to, right=True) for value, to in zip(values, widths, strict=True)]
        yield (INDENT + padded(title, first) + INDENT + INDENT.join(cells)).rstrip()


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _rules(report: QualityReport, outcome: str) -> Iterator[str]:
    counted = [rule for rule in report.rules if rule.outcome == outcome]
    to = max((len(f"{rule.rows:,}") for rule in counted), default=0)
    for rule in counted:
        sentence = _(
            "{title}: {sentence}", title=rule_title(rule.rule), sentence=rule_sentence(rule.rule, rule.outcome)
        )
        indent = INDENT + " " * (to + 2)
        first, *more = wrapped(sentence, indent)
        yield INDENT + f"{rule.rows:>{to},}" + first[len(INDENT) + to :]
        yield from more
        yield from wrapped(_examples(rule), indent)


def _examples(rule: RuleCount) -> str:
    said = []
    for example in rule.examples[:3]:
        row = _("row {row}", row=example.row)
        where = f" {shown(example.column)}" if example.column else ""
        value = f" = {shown(example.value)}" if example.value is not None else ""
        said.append(row + where + value)
    return "; ".join(said) + ("; …" if rule.rows > len(said) else "")


def _findings(report: QualityReport) -> Iterator[str]:
    for sentence in finding_sentences(report):
        first, *more = wrapped(sentence, INDENT + "  ")
        yield INDENT + "·" + first[len(INDENT) + 1 :]
        yield from more


def finding_sentences(report: QualityReport) -> list[str]:
    """What is true of the whole file, in the current language: cleaning's findings, then intake's warnings."""
    said = [finding_sentence(note.code, _labelled(report, note.values)) for note in report.findings]
    return said + [_(sentence, **values) for sentence, values in report.warnings]


def need_sentence(report: QualityReport, need: Unmet) -> str:
    """What the file cannot serve and which columns that would take, in the current language."""
    labels = [contract(report.table)[name].label(current_language()) for name in need.columns]
    between = "、" if current_language() == "zh" else ", "
    return _("{use}: needs {columns}", use=use_title(need.use), columns=between.join(labels))


def _labelled(report: QualityReport, values: dict[str, Any]) -> dict[str, Any]:
    """A finding names a column by its code name; a person reads its label."""
    if "label" not in values:
        return values
    return {**values, "label": contract(report.table)[values["label"]].label(current_language())}


def _columns(report: QualityReport) -> Iterator[str]:
    table = [(_("Our column"), _("In the file"), _("Empty"), _("Different"), _("Lowest"), _("Highest"))]
    for column in report.profile:
        label = contract(report.table)[column.column].label(current_language())
        ends = [shown(end, 19) if end is not None else "" for end in (column.lowest, column.highest)]
        theirs = shown(column.theirs, 20) if column.theirs else _("(computed)")
        table.append(
            (
                label,
                theirs,
                f"{column.empty:,} ({column.missing:.1%})" if column.empty else "0",
                f"{column.distinct:,}",
                ends[0],
                ends[1],
            )
        )
    if len(table) == 1:
        return
    widths = [max(width(line[i]) for line in table) for i in range(6)]
    for line in table:
        cells = [padded(cell, widths[i], right=i in (2, 3)) for i, cell in enumerate(line)]
        yield (INDENT + INDENT.join(cells)).rstrip()


def _uses(report: QualityReport) -> Iterator[str]:
    for use in report.can:
        yield f"{INDENT}✔ {use_title(use)}"
    for need in report.cannot:
        yield f"{INDENT}✘ {need_sentence(report, need)}"
