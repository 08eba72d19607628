"""Remarks that need more than one row: repeated and replaced rows, shared names, e-mails and phones.

They are found on the staged file with set operations. Keys are first compared by a 64-bit hash, which keeps the
search over ten million keys small; only rows whose hash occurs twice are looked at in full.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from zhike.cleaning.layers import MADE, REJECTED, REMARKS, VALUE_LENGTH
from zhike.cleaning.plan import Plan
from zhike.schema import ATTRIBUTES, Contract
from zhike.sql import literal, only_row, quoted

NOTES = "_zhike_notes"  # temporary table: row BIGINT (0-based), outcome, rule, column_name, value
REPEATS = "_zhike_repeats"
_TWICE = "_zhike_twice"
# Rows with one of these remarks are not stored under their key: a later row of the file is.
SUPERSEDED_RULES = ("repeated_row", "replaced_row")


def staged_rows(con: duckdb.DuckDBPyConnection, staged: Path, table: Contract) -> str:
    """The staged file as a relation with every contract column, its rows numbered from 0 as file_row_number."""
    file = f"read_parquet({literal(str(staged))}, file_row_number = true)"
    present = {row[0] for row in con.execute(f"DESCRIBE FROM {file}").fetchall()}
    absent = [c for c in table if c.name not in present]
    return f"(SELECT *{''.join(f', NULL::{c.sql_type} AS {quoted(c.name)}' for c in absent)} FROM {file})"


def collect_row_notes(con: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Start the notes with the remarks that the pass over the rows left."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {NOTES} AS SELECT row, outcome, note.rule, note.column_name, note.value FROM ("
        f"SELECT file_row_number AS row, CASE WHEN {REJECTED} THEN 'rejected' ELSE 'flagged' END AS outcome, "
        f"unnest({REMARKS}) AS note FROM {rows} WHERE {REMARKS} IS NOT NULL)"
    )


def collect_key_notes(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> int:
    """Note the rows whose key occurs again, and give the rows that Zhike numbers itself their numbers.

    A repeated key of the company's own: the last row stands, those before it are noted as `repeated_row` (same
    content) or `replaced_row` (other content). A key made by Zhike: the n-th row becomes `…#n` and all stay; one
    that is identical to an earlier row is noted as `repeated_line`. Returns the number of rows to be renumbered.
    """
    keys = [quoted(name) for name in plan.contract.key]
    known = " AND ".join([f"NOT {REJECTED}", *(f"{key} IS NOT NULL" for key in keys)])
    marker = MADE if plan.made_id else "false"
    content = ", ".join([*(quoted(column.name) for column in plan.contract), ATTRIBUTES])
    key = ", ".join(keys)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_TWICE} AS "
        f"SELECT hash({key}) AS h FROM {rows} WHERE {known} GROUP BY h HAVING count(*) > 1"
    )
    # In most files nothing occurs twice; then the columns are not read at all.
    some = only_row(con, f"SELECT count(*) FROM {_TWICE}")[0]
    again = f"{known} AND hash({key}) IN (SELECT h FROM {_TWICE})" if some else "false"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {REPEATS} AS "
        f"WITH candidates AS (SELECT file_row_number AS row, {key}, {marker} AS made, hash({content}) AS content "
        f"FROM {rows} WHERE {again}) "
        f"SELECT row, made, {keys[-1]} AS last_key, content, "
        f"row_number() OVER (PARTITION BY {key}, made ORDER BY row) AS nth, "
        f"row_number() OVER (PARTITION BY {key}, made, content ORDER BY row) AS nth_same, "
        f"last(content) OVER whole AS last_content, max(row) OVER whole AS last_row "
        f"FROM candidates WINDOW whole AS (PARTITION BY {key}, made ORDER BY row "
        f"ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )
    con.execute(f"DROP TABLE {_TWICE}")
    shown = literal(plan.theirs(plan.contract.key[-1]))
    rule = (
        "CASE WHEN made AND nth_same > 1 THEN 'repeated_line' "
        "WHEN NOT made AND row < last_row AND content = last_content THEN 'repeated_row' "
        "WHEN NOT made AND row < last_row THEN 'replaced_row' END"
    )
    con.execute(
        f"INSERT INTO {NOTES} SELECT row, 'flagged', rule, CASE WHEN made THEN NULL ELSE {shown} END, "
        f"CASE WHEN made THEN NULL ELSE left(last_key, {VALUE_LENGTH}) END "
        f"FROM (SELECT *, {rule} AS rule FROM {REPEATS}) WHERE rule IS NOT NULL"
    )
    return int(only_row(con, f"SELECT count(*) FROM {REPEATS} WHERE made AND nth > 1")[0])


def number_rows(con: duckdb.DuckDBPyConnection, staged: Path, plan: Plan) -> None:
    """Write the staged file again with the keys that only the whole file gives: `…#n`."""
    key = quoted(plan.contract.key[-1])
    # The first of its kind already ends in "#1".
    swap = f"CASE WHEN nth IS NULL THEN rows.{key} ELSE left(rows.{key}, -1) || nth END AS {key}"
    again = f"SELECT row, nth FROM {REPEATS} WHERE made AND nth > 1"
    rewrite(con, staged, swap, f"LEFT JOIN ({again}) AS again ON rows.file_row_number = again.row")


def rewrite(con: duckdb.DuckDBPyConnection, staged: Path, swap: str, join: str) -> None:
    """Write the staged file again with some columns replaced, in the same order."""
    file = f"read_parquet({literal(str(staged))}, file_row_number = true)"
    written = staged.with_suffix(".rewritten.parquet")
    con.execute(
        f"COPY (SELECT rows.* EXCLUDE (file_row_number) REPLACE ({swap}) FROM {file} AS rows {join} "
        # A join may hand on its rows in any order.
        f"ORDER BY rows.file_row_number) "
        f"TO {literal(str(written))} (FORMAT parquet)"
    )
    written.replace(staged)


def add_refunds_back(con: duckdb.DuckDBPyConnection, staged: Path) -> None:
    """Make `amount` what was paid at first, as the contract has it, in a file whose amounts are less the refund."""
    rewrite(con, staged, "amount + coalesce(refunded, 0) AS amount", "")


def collect_identity_notes(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> None:
    """Note customers that may be one person, or one ID that may be several."""
    # E-mail addresses are compared without case; of a phone number only the digits count, and too few say nothing.
    digits = "regexp_replace(phone, '[^0-9]', '', 'g')"
    shared = {
        "several_names": ("name", "customer_id", "lower(name)"),
        "shared_email": ("email", "lower(email)", "customer_id"),
        "shared_phone": ("phone", f"CASE WHEN length({digits}) >= 7 THEN {digits} END", "customer_id"),
    }
    for rule, (column, group, differs) in shared.items():
        if not plan.has(column):
            continue
        con.execute(
            f"INSERT INTO {NOTES} WITH marked AS (SELECT file_row_number AS row, {group} AS same, "
            f"{differs} AS differs, {column} AS value FROM {rows} WHERE NOT {REJECTED}), "
            f"doubtful AS (SELECT same FROM marked WHERE same IS NOT NULL "
            f"GROUP BY same HAVING count(DISTINCT differs) > 1) "
            f"SELECT row, 'flagged', {literal(rule)}, {literal(plan.theirs(column))}, left(value, {VALUE_LENGTH}) "
            f"FROM marked WHERE same IN (SELECT same FROM doubtful)"
        )


def collect_shared_orders(con: duckdb.DuckDBPyConnection, rows: str, plan: Plan) -> None:
    """Note the lines of an order number that several customers have: each of them is counted as having an order."""
    if plan.contract.name != "order_lines" or not plan.has("customer_id", "order_id"):
        return
    known = f"NOT {REJECTED} AND customer_id IS NOT NULL"
    con.execute(
        f"INSERT INTO {NOTES} WITH shared AS (SELECT order_id FROM {rows} WHERE {known} "
        f"GROUP BY order_id HAVING min(hash(customer_id)) <> max(hash(customer_id))) "
        f"SELECT file_row_number, 'flagged', 'shared_order', {literal(plan.theirs('order_id'))}, "
        f"left(order_id, {VALUE_LENGTH}) FROM {rows} WHERE {known} AND order_id IN (SELECT order_id FROM shared)"
    )


def standing(con: duckdb.DuckDBPyConnection) -> str:
    """The condition that no later row of the file replaces this one."""
    rules = ", ".join(literal(rule) for rule in SUPERSEDED_RULES)
    superseded = f"SELECT row FROM {NOTES} WHERE rule IN ({rules})"
    [found] = only_row(con, f"SELECT count(*) FROM ({superseded})")
    return f"file_row_number NOT IN ({superseded})" if found else "true"
