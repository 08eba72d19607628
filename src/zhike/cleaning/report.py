"""The quality report of one import: what was kept, flagged and rejected, why, and what the file is good for.

Data first: `to_dict` is what goes into JSON and comes back with `from_dict`; sentences are made when it is shown,
in the language of whoever reads it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar

from zhike.cleaning.text import finding_sentences, need_sentence, report_text
from zhike.cleaning.wording import rule_sentence, rule_title, use_title
from zhike.intake.raw import Warnings
from zhike.language import _, speaking

Outcome = Literal["flagged", "rejected"]
Part = TypeVar("Part")


def _known(kind: type[Part], data: dict[str, Any]) -> Part:
    """One of our dataclasses out of the values it has a field for."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in data.items() if name in names})


@dataclass(frozen=True)
class Example:
    """One row a rule spoke of: its number as a person counts, the file's column name, the value there."""

    row: int = 0
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class RuleCount:
    """How many rows a rule flagged or rejected, with the first few."""

    rule: str
    outcome: Outcome = "flagged"
    rows: int = 0
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something true of the whole file: a code of `wording.py` and the values its sentence needs."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unmet:
    """A use the file cannot serve, and the contract columns it would need."""

    use: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnProfile:
    """One column of the rows that are kept: how many are empty, their share (0–1), lowest and highest value as
    text, about how many different values."""

    column: str
    theirs: str | None = None
    empty: int = 0
    missing: float = 0.0
    lowest: str | None = None
    highest: str | None = None
    distinct: int = 0


@dataclass(frozen=True)
class Figures:
    """Counts and sums (in the file's currency) as they came, clean, and net of returns; keys as in `wording.py`."""

    raw: dict[str, Any] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    net: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class QualityReport:
    """Everything an import found out. rows = accepted + flagged + rejected, always.

    `superseded` of the flagged rows are not stored under their key, because a later row of the file is.
    `warnings` come from intake: English sentences with their values.
    """

    table: str
    file: str = ""
    rows: int = 0
    accepted: int = 0
    flagged: int = 0
    rejected: int = 0
    superseded: int = 0
    rules: tuple[RuleCount, ...] = ()
    findings: tuple[Note, ...] = ()
    warnings: Warnings = ()
    figures: Figures = field(default_factory=Figures)
    profile: tuple[ColumnProfile, ...] = ()
    can: tuple[str, ...] = ()
    cannot: tuple[Unmet, ...] = ()

    def count(self, rule: str) -> int:
        """Rows that a rule flagged or rejected.

        >>> QualityReport("orders", "a.csv", 1, 0, 1, 0, rules=(RuleCount("unpaid", "flagged", 1),)).count("unpaid")
        1
        """
        return sum(counted.rows for counted in self.rules if counted.rule == rule)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> QualityReport:
        """The report that `to_dict` wrote, also after a trip through JSON.

        What another version of Zhike did not write has its default; what it wrote beyond is left out.

        >>> report = QualityReport("orders", "a.csv", 2, 2, 0, 0, findings=(Note("no_date"),))
        >>> QualityReport.from_dict(report.to_dict()) == report
        True
        """
        made: dict[str, Any] = {
            "rules": tuple(
                _known(RuleCount, rule | {"examples": tuple(_known(Example, e) for e in rule.get("examples", ()))})
                for rule in data.get("rules", ())
            ),
            "findings": tuple(_known(Note, note) for note in data.get("findings", ())),
            "warnings": tuple((sentence, values) for sentence, values in data.get("warnings", ())),
            "figures": _known(Figures, data.get("figures", {})),
            "profile": tuple(_known(ColumnProfile, column) for column in data.get("profile", ())),
            "can": tuple(data.get("can", ())),
            "cannot": tuple(Unmet(need["use"], tuple(need.get("columns", ()))) for need in data.get("cannot", ())),
        }
        return _known(cls, data | made)

    def sentences(self, language: str) -> dict[str, list[str]]:
        """What the report says, for a page: one sentence per entry of rules, findings, can and cannot, in order."""
        with speaking(language):
            rules = [
                _("{title}: {sentence}", title=rule_title(rule.rule), sentence=rule_sentence(rule.rule, rule.outcome))
                for rule in self.rules
            ]
            return {
                "rules": rules,
                "findings": finding_sentences(self),
                "can": [use_title(use) for use in self.can],
                "cannot": [need_sentence(self, need) for need in self.cannot],
            }

    def to_text(self, language: str = "en") -> str:
        """The report as a page of text for a terminal, at most 100 characters wide."""
        with speaking(language):
            return report_text(self)
