"""How good the data is: over all imports that are in the lake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from zhike.cleaning.wording import rule_sentence, rule_title
from zhike.language import current_language
from zhike.schema import CONTRACTS
from zhike_crm.customers.models import Identity
from zhike_crm.imports.models import Import, State
from zhike_crm.workspaces.models import Workspace

# More than this is "more than": counting millions would make the page wait.
COUNTED = 10_000
SHOWN_FILES = 3
# Wanted columns that are emptier than this are worth a person's time.
_GAP = 0.05


@dataclass(frozen=True)
class Completeness:
    """One of our columns over all files of its table: the share of rows that have a value."""

    label: str
    need: str
    filled: float
    given: bool


@dataclass(frozen=True)
class Table:
    name: str
    label: str
    rows: int
    columns: list[Completeness]


@dataclass
class Kind:
    """What one rule said, over all files, and in which files most."""

    rule: str
    outcome: str
    title: str
    sentence: str
    rows: int = 0
    files: list[tuple[Import, int]] = field(default_factory=list)
    examples: list[tuple[Import, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True)
class Overview:
    files: int
    rows: int
    accepted: int
    flagged: int
    rejected: int
    tables: list[Table]
    kinds: list[Kind]
    unusual: Kind | None
    nameless: int
    advice: list[str]


def overview(workspace: Workspace) -> Overview:
    """Everything the page shows, from the reports that imports left."""
    rows = Import.objects.of(workspace).filter(state=State.IMPORTED, batch__isnull=False)
    imports = list(rows.defer("inspection", "check_result", "choices", "query").order_by("-created_at"))
    totals = {n: sum(getattr(i, n) or 0 for i in imports) for n in ("rows", "accepted", "flagged", "rejected")}
    kinds = _kinds(imports)
    tables = _tables(imports)
    unusual = next((kind for kind in kinds if kind.rule == "outlier"), None)
    nameless = _nameless(workspace)
    advice = list(_advice(tables, kinds, nameless))
    return Overview(
        len(imports), **totals, tables=tables, kinds=kinds, unusual=unusual, nameless=nameless, advice=advice
    )


def _kinds(imports: Iterable[Import]) -> list[Kind]:
    found: dict[tuple[str, str], Kind] = {}
    for imported in imports:
        for counted in imported.report.get("rules", ()):
            name, outcome = counted["rule"], counted["outcome"]
            kind = found.setdefault(
                (outcome, name), Kind(name, outcome, rule_title(name), rule_sentence(name, outcome))
            )
            kind.rows += counted["rows"]
            kind.files.append((imported, counted["rows"]))
            kind.examples += [(imported, example) for example in counted.get("examples", ())]
    for kind in found.values():
        kind.files.sort(key=lambda pair: -pair[1])
        del kind.files[SHOWN_FILES:]
    return sorted(found.values(), key=lambda kind: (kind.outcome != "rejected", -kind.rows))


def _tables(imports: Iterable[Import]) -> list[Table]:
    rows: dict[str, int] = defaultdict(int)
    filled: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for imported in imports:
        kept = (imported.accepted or 0) + (imported.flagged or 0)
        rows[imported.table] += kept
        for column in imported.report.get("profile", ()):
            filled[imported.table][column["column"]] += kept - column.get("empty", 0)
    language = current_language()
    found = []
    for name, kind in CONTRACTS.items():
        if not rows.get(name):
            continue
        columns = [
            Completeness(c.label(language), c.need, min(1.0, filled[name][c.name] / rows[name]), c.name in filled[name])
            for c in kind
            if c.name in filled[name] or c.need != "may"
        ]
        found.append(
            Table(name, kind.label(language), rows[name], sorted(columns, key=lambda c: (not c.given, c.filled)))
        )
    return found


def _nameless(workspace: Workspace) -> int:
    """Customers known by their number only, counted up to a bound."""
    known = Identity.objects.of(workspace).filter(customer__deleted_at=None, customer__merged_into=None)
    return known.filter(customer__name=F("identity")).order_by().values("pk")[: COUNTED + 1].count()


def _advice(tables: list[Table], kinds: list[Kind], nameless: int) -> Iterable[str]:
    """What to do next, the most useful first."""
    rejected = [kind for kind in kinds if kind.outcome == "rejected"]
    if rejected:
        yield _("Most rows were rejected for “%(title)s”. Download them, correct the file, and import it again.") % {
            "title": rejected[0].title
        }
    by_rule = {kind.rule: kind for kind in kinds}
    if "outlier" in by_rule:
        yield _("Look at the unusually large orders: a slip of the pen there moves every average.")
    if "no_customer" in by_rule:
        yield _("Rows without a customer count in no score. Ask where the customer number got lost.")
    names = {table.name for table in tables}
    if nameless and "customers" not in names:
        yield _("Import a list of customers: their names then stand where numbers stand now.")
    if names and not names & {"orders", "order_lines"}:
        yield _("Import orders: without them nobody can be scored.")
    for table in tables:
        gaps = [c.label for c in table.columns if c.need != "may" and c.given and c.filled < 1 - _GAP]
        if gaps:
            said = {"table": table.label, "columns": ", ".join(gaps[:3])}
            yield _("%(table)s: often empty are %(columns)s. Fill them at the source.") % said
