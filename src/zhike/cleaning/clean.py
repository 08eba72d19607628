"""Raw rows → staged rows, remarks and a quality report. Nothing vanishes: every row of the file is in the result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from zhike.cleaning import figures, keys
from zhike.cleaning.currencies import collect_currency_notes
from zhike.cleaning.layers import REJECTED, derivations, staged_sql, stated
from zhike.cleaning.nameless import made_ids
from zhike.cleaning.outliers import OrderSizes, OutlierBound, collect_outliers
from zhike.cleaning.plan import Plan
from zhike.cleaning.report import ColumnProfile, Figures, Note, QualityReport, RuleCount
from zhike.cleaning.uses import uses
from zhike.errors import SettingsError
from zhike.intake.mapping import Mapping
from zhike.intake.raw import RawTable
from zhike.intake.values import column_formats
from zhike.schema import Contract, contract
from zhike.sql import literal, only_row

STAGED = "staged.parquet"
NOTES = "notes.parquet"
# From this share of rows on that are replaced by a later one, an orders file is probably one of order lines.
LINES_SHARE = 0.2
NO_ORDERS = OrderSizes()


@dataclass(frozen=True)
class CleanResult:
    """rows = accepted + flagged + rejected. `superseded` of the flagged are replaced by a later row of the file.

    `stated` are the contract columns that the file says something about, be it that they are empty; of the others
    it says nothing. `timings` are seconds per step.
    """

    rows: int
    accepted: int
    flagged: int
    rejected: int
    report: QualityReport
    superseded: int = 0
    stated: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)


def clean(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    mapping: Mapping,
    folder: Path,
    *,
    today: date | None = None,
    before: OrderSizes = NO_ORDERS,
) -> CleanResult:
    """Cast, check and derive every row of a file, and report on it.

    Writes two files into `folder`:

    - `staged.parquet`: all rows in file order, so that row number = file_row_number + raw.first_row. The contract
      columns that the file gives or yields, typed, and the key (`keys.staged_rows` adds the others); `attributes`
      (JSON of the columns outside the contract, NULL if none); `rejected`. Further columns, whose names begin with
      `_`, are for cleaning only.
    - `notes.parquet`: one row per remark in file order: row_number, outcome ('flagged' or 'rejected'), rule,
      column_name (as in the file), value (at most 200 characters).

    Rows with a remark of `keys.SUPERSEDED_RULES` are kept in `staged.parquet`, but a later row has their key: only
    that one may be stored. Date rules count from `today`. `before` are the orders of earlier imports, which an order
    of this file may be unusually large beside.

    Raises:
        SettingsError: the connection does not preserve insertion order, without which row numbers would be wrong.
    """
    forms = column_formats(con, raw, mapping)
    plan = Plan(raw, mapping, contract(mapping.table), forms, today or date.today())
    staged = folder / STAGED
    timings: dict[str, float] = {}
    with _timed(timings, "parse"), _order_kept(con):
        con.execute(f"COPY ({staged_sql(plan)}) TO {literal(str(staged))} (FORMAT parquet)")
    try:
        with _timed(timings, "keys"):
            rows = keys.staged_rows(con, staged, plan.contract)
            keys.collect_row_notes(con, rows)
            ids = made_ids(con, staged, plan) if plan.contract.name == "customers" else None
            if keys.collect_key_notes(con, rows, plan):
                keys.number_rows(con, staged, plan)
        with _timed(timings, "doubts"):
            doubts = _collect_doubts(con, rows, plan, before)
        with _timed(timings, "report"):
            report = _report(con, rows, plan, doubts, ids)
            if doubts.already_net:
                keys.add_refunds_back(con, staged)
            _write_notes(con, folder / NOTES, raw.first_row)
    finally:
        for table in (keys.NOTES, keys.REPEATS):
            con.execute(f"DROP TABLE IF EXISTS {table}")
    return CleanResult(
        report.rows,
        report.accepted,
        report.flagged,
        report.rejected,
        report,
        report.superseded,
        stated(plan),
        timings,
    )


def kept_rows(con: duckdb.DuckDBPyConnection, folder: Path, table: Contract, first_row: int) -> str:
    """The rows of a cleaned file that are to be stored, one per key: a relation with every contract column."""
    rules = ", ".join(literal(rule) for rule in keys.SUPERSEDED_RULES)
    notes = f"FROM read_parquet({literal(str(folder / NOTES))}) notes WHERE notes.rule IN ({rules})"
    kept = f"SELECT * FROM {keys.staged_rows(con, folder / STAGED, table)} rows WHERE NOT rejected"
    if not only_row(con, f"SELECT count(*) {notes}")[0]:
        # Ten million rows through a join that takes none of them out cost seconds.
        return f"({kept})"
    return f"({kept} AND NOT EXISTS (SELECT 1 {notes} AND notes.row_number - {first_row} = rows.file_row_number))"


@contextmanager
def _timed(timings: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[step] = time.perf_counter() - start


@contextmanager
def _order_kept(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows pass in file order: no setting and no join made out of a long IN (…) may mix them."""
    settings = "SELECT current_setting('preserve_insertion_order'), current_setting('disabled_optimizers')"
    ordered, disabled = only_row(con, settings)
    if not ordered:
        raise SettingsError(
            "The rows would lose their order, and with it their row numbers.",
            fix="Set preserve_insertion_order to true on the DuckDB connection.",
        )
    con.execute(f"SET disabled_optimizers = {literal(','.join(filter(None, (disabled, 'in_clause'))))}")
    try:
        yield
    finally:
        con.execute(f"SET disabled_optimizers = {literal(disabled)}")


@dataclass(frozen=True)
class _Doubts:
    """What the rows say together: which order is unusually large, whether currencies are mixed, and whether the
    amounts are already less the refunds (None: unclear)."""

    outliers: OutlierBound | None = None
    currencies: Note | None = None
    already_net: bool | None = None


def _collect_doubts(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan, before: OrderSizes) -> _Doubts:
    if plan.contract.name == "customers":
        keys.collect_identity_notes(con, rows, plan)
    if not plan.is_orders:
        return _Doubts()
    keys.collect_shared_orders(con, rows, plan)
    net = figures.already_net(con, rows, plan) if plan.contract.name == "orders" else None
    currencies = collect_currency_notes(con, f"(SELECT * FROM {rows} WHERE NOT {REJECTED})", plan, keys.NOTES)
    # Yen and dollars have no mean.
    return _Doubts(None if currencies else collect_outliers(con, rows, plan, before), currencies, net)


def _write_notes(con: duckdb.DuckDBPyConnection, path: Path, first_row: int) -> None:
    con.execute(
        f"COPY (SELECT row + {first_row} AS row_number, outcome, rule, column_name, value FROM {keys.NOTES} "
        f"ORDER BY row, outcome, rule, column_name) TO {literal(str(path))} (FORMAT parquet)"
    )


def _report(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan, doubts: _Doubts, ids: Note | None) -> QualityReport:
    total, flagged, rejected, superseded = figures.count_rows(con, rows)
    rules = figures.rule_counts(con, plan.raw.first_row)
    columns = figures.profile(con, rows, plan, total - rejected)
    amounts = _amounts(con, rows, plan, total, doubts)
    available = _available(columns, rules, ids is not None)
    can, cannot = uses(plan.contract.name, available)
    if doubts.currencies is not None:
        can, _also = uses(plan.contract.name, available - {"amount"})
    findings = [
        *_findings(plan, total, ids),
        *_made_key_findings(con, rows, plan),
        *_order_findings(plan, doubts, _share(rules, "replaced_row", total)),
    ]
    if total - rejected > figures.EXACT_ROWS:
        findings.append(Note("different_estimated"))
    if total and rejected == total:
        findings.insert(0, Note("all_rejected"))
    return QualityReport(
        table=plan.contract.name,
        file=plan.raw.finding.file,
        rows=total,
        accepted=total - flagged - rejected,
        flagged=flagged,
        rejected=rejected,
        superseded=superseded,
        rules=rules,
        findings=tuple(findings),
        warnings=(*plan.raw.finding.warnings, *(w for form in plan.formats.values() for w in form.warnings)),
        figures=amounts,
        profile=columns,
        can=can,
        cannot=cannot,
    )


def _amounts(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan, total: int, doubts: _Doubts) -> Figures:
    if not plan.is_orders:
        return Figures()
    amounts = figures.order_figures(con, rows, plan, already_net=doubts.already_net is True)
    if doubts.currencies is not None:
        counts = {name: value for name, value in amounts.clean.items() if name != "revenue"}
        amounts = replace(amounts, clean=counts, net={})
    return replace(amounts, raw={"rows": total, **amounts.raw})


def _available(columns: tuple[ColumnProfile, ...], rules: tuple[RuleCount, ...], ids: bool) -> set[str]:
    available = {column.column for column in columns if column.missing < 1}
    if ids:
        available.add("customer_id")
    if any(rule.rule in ("cancellation", "return_line", "return_order") for rule in rules):
        available.add("_returns")
    return available


def _share(rules: tuple[RuleCount, ...], name: str, rows: int) -> float:
    return sum(rule.rows for rule in rules if rule.rule == name) / rows if rows else 0.0


def _findings(plan: Plan, rows: int, ids: Note | None) -> Iterator[Note]:
    """What is true of the whole file because a column is not there."""
    if ids is not None:
        yield ids
    derived = derivations(plan)
    given = {*plan.mapping.columns, *derived, *(plan.contract.key if plan.contract.name == "customers" else ())}
    for column in plan.contract:
        if column.name in given or column.need == "may":
            continue
        if column.name == "customer_id":
            yield Note("no_customer_column", {"rows": rows})
        elif column.name == plan.contract.time:
            yield Note("no_date")
        elif column.name == "amount":
            yield Note("no_amount")
        else:
            yield Note("column_absent", {"label": column.name})
    if "amount" in derived:
        yield Note("amount_computed" if plan.has("quantity") else "amount_is_price")
    elif "quantity" in derived:
        yield Note("quantity_assumed")


def _made_key_findings(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> Iterator[Note]:
    if plan.makes_orders:
        sql = f"SELECT count(DISTINCT order_id), min(order_id) FROM {rows} WHERE NOT {REJECTED}"
        orders, example = only_row(con, sql)
        # Without the customer or the day there is nothing that could make one order of several rows.
        by_day = plan.contract.name == "order_lines" and plan.has("customer_id", "ordered_at")
        if orders:
            yield Note("orders_by_day" if by_day else "orders_by_row", {"orders": orders, "example": example})
    elif plan.made_id and not plan.has(plan.made_id):
        yield Note("keys_made")


def _order_findings(plan: Plan, doubts: _Doubts, replaced: float) -> Iterator[Note]:
    if doubts.currencies is not None:
        yield doubts.currencies
    if doubts.outliers is not None:
        yield Note("outlier_bound", asdict(doubts.outliers))
    if doubts.already_net is not None:
        yield Note("already_net" if doubts.already_net else "gross")
    if plan.contract.name == "orders" and replaced >= LINES_SHARE:
        yield Note("looks_like_lines", {"share": replaced})
