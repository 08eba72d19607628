"""What the page of an import shows, ready for its templates. All sentences are the library's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zhike.cleaning.report import QualityReport, RuleCount
from zhike.cleaning.text import finding_sentences, need_sentence
from zhike.cleaning.wording import figure_title, rule_sentence, rule_title, use_title
from zhike.inert import inert
from zhike.language import _, current_language
from zhike.schema import CONTRACTS
from zhike_crm.accounts.models import Membership
from zhike_crm.imports.models import Import
from zhike_crm.imports.overview import Kind
from zhike_crm.imports.own_fields import Offer
from zhike_crm.imports.privacy import HIDDEN, hidden_columns

SELECTABLE = 400
_LONG = 60


@dataclass(frozen=True)
class Rule:
    """What a rule said about how many rows, with examples (row, column, value)."""

    title: str
    sentence: str
    rows: int
    examples: list[tuple[int, str, str | None]]


@dataclass(frozen=True)
class Profile:
    label: str
    theirs: str
    missing: float
    empty: int
    distinct: int
    lowest: str
    highest: str


@dataclass(frozen=True)
class Quality:
    """A quality report as a page shows it."""

    rejected: list[Rule] = field(default_factory=list)
    flagged: list[Rule] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    figures: list[tuple[str, Any, Any, Any]] = field(default_factory=list)
    columns: list[Profile] = field(default_factory=list)
    can: list[str] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)


def quality(stored: dict[str, Any], hidden: set[str]) -> Quality | None:
    """The report for a reader to whom the values of some columns are hidden."""
    if not stored:
        return None
    report = QualityReport.from_dict(stored)
    kind = CONTRACTS[report.table]
    parts = (report.figures.raw, report.figures.clean, report.figures.net)
    names = dict.fromkeys(name for part in parts for name in part)
    language = current_language()

    def end(column: Any, value: str | None) -> str:
        if column.column in kind and kind[column.column].kind == "id":
            return ""  # Ids are texts: the first of them by the alphabet tells nobody anything.
        return HIDDEN if value and {column.column, column.theirs} & hidden else shown(value)

    return Quality(
        rejected=[_rule(rule, hidden) for rule in report.rules if rule.outcome == "rejected"],
        flagged=[_rule(rule, hidden) for rule in report.rules if rule.outcome == "flagged"],
        findings=finding_sentences(report),
        figures=[(figure_title(name), *(part.get(name) for part in parts)) for name in names],
        columns=[
            Profile(
                kind[c.column].label(language) if c.column in kind else c.column,
                shown(c.theirs) or _("(computed)"),
                c.missing,
                c.empty,
                c.distinct,
                end(c, c.lowest),
                end(c, c.highest),
            )
            for c in report.profile
        ],
        can=[use_title(use) for use in report.can],
        cannot=[need_sentence(report, need) for need in report.cannot],
    )


def _rule(rule: RuleCount, hidden: set[str]) -> Rule:
    examples = [(e.row, shown(e.column), _value(e.value, e.column, hidden)) for e in rule.examples[:5]]
    return Rule(rule_title(rule.rule), rule_sentence(rule.rule, rule.outcome), rule.rows, examples)


def _value(value: str | None, column: str | None, hidden: set[str]) -> str | None:
    if value is None:
        return None
    # A remark on no column in particular may quote any.
    return HIDDEN if hidden and (column is None or column in hidden) else shown(value)


def shown(text: str | None) -> str:
    """A text of the file in one harmless line of bounded length; escaping is the template's."""
    line = inert(text or "")
    return line if len(line) <= _LONG else line[: _LONG - 1] + "…"


@dataclass(frozen=True)
class Theirs:
    """A column of the file: its number in the form, sample values, what it feeds, and whether that was a guess.

    `offer` is the field it could become, where customers have no place of their own for it.
    """

    number: int
    name: str
    sample: list[str]
    ours: str
    unsure: bool
    offer: Offer | None = None


def feeds(imported: Import) -> dict[str, str]:
    """The proposed mapping: theirs → ours."""
    return {theirs: ours for ours, theirs in imported.inspection["mapping"]["columns"].items()}


def columns(
    imported: Import,
    hidden: set[str],
    chosen: dict[str, str] | None = None,
    offered: dict[str, Offer] | None = None,
) -> list[Theirs]:
    """The columns of the file with the proposed mapping, or the one that was just chosen."""
    mapping = imported.inspection["mapping"]
    fed = feeds(imported) if chosen is None else chosen
    sample = imported.inspection["sample"]
    found = []
    for number, name in enumerate(imported.inspection["columns"]):
        if number >= SELECTABLE and name not in fed:
            continue
        ours = fed.get(name, "")
        unsure = chosen is None and bool(ours) and mapping["confidence"].get(ours, 1.0) < 0.9
        values = [HIDDEN] if name in hidden else _different(sample.get(name, []))
        found.append(Theirs(number, name, values, ours, unsure, (offered or {}).get(name)))
    return found


def _different(values: list[str | None]) -> list[str]:
    return [shown(value) for value in dict.fromkeys(v for v in values if v not in (None, ""))][:3]


@dataclass(frozen=True)
class Remark:
    row: int
    is_rejected: bool
    column: str
    value: str | None
    title: str
    sentence: str


def remarks(check: dict[str, Any], hidden: set[str]) -> list[Remark]:
    """The first remarks of a dry run."""
    return [
        Remark(
            r["row"],
            r["outcome"] == "rejected",
            shown(r["column"]),
            _value(r["value"], r["column"], hidden),
            rule_title(r["rule"]),
            rule_sentence(r["rule"], r["outcome"]),
        )
        for r in check.get("remarks", ())[:50]
    ]


def preview(check: dict[str, Any], table: str, hidden: set[str]) -> tuple[list[str], list[list[str]]]:
    """The first rows as they would be stored: headings and cells."""
    kind, language = CONTRACTS[table], current_language()
    names = check.get("columns", ())
    rows = [
        [HIDDEN if name in hidden and cell else shown(cell) for name, cell in zip(names, row, strict=True)]
        for row in check.get("preview", ())[:10]
    ]
    return [kind[name].label(language) for name in names], rows


def ours(table: str) -> list[tuple[str, str, str]]:
    """The columns of a table for a person to choose from: name, label, need."""
    return [(column.name, column.label(current_language()), column.need) for column in CONTRACTS[table]]


@dataclass(frozen=True)
class Unusual:
    imported: Import
    row: int
    column: str
    value: str | None


def unusual(kind: Kind, member: Membership) -> list[Unusual]:
    """The orders that stand out, the largest first."""
    found = []
    for imported, example in kind.examples[:100]:
        hidden = hidden_columns(imported, member)
        value = _value(example.get("value"), example.get("column"), hidden)
        found.append(Unusual(imported, example.get("row", 0), shown(example.get("column")), value))
    return sorted(found, key=lambda one: -_size(one.value))[:20]


def _size(value: str | None) -> float:
    try:
        return abs(float(value or 0))
    except ValueError:
        return 0.0


def table_label(table: str) -> str:
    return CONTRACTS[table].label(current_language()) if table in CONTRACTS else table


def missing(imported: Import) -> list[str]:
    """What the table would like to have and the file seems not to."""
    kind, language = CONTRACTS[imported.table], current_language()
    return [kind[name].label(language) for name in imported.inspection["mapping"].get("missing", ())]


def warnings(finding: dict[str, Any]) -> list[str]:
    """What was odd about the file, as sentences."""
    return [_(sentence, **values) for sentence, values in finding.get("warnings", ())]
