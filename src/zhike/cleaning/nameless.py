"""Customers without an ID: one is made from what the row says, so that a later file finds the same person again.

From the e-mail address, else from the digits of the phone number, else from the whole row. Where people of several
names share an address or a number in the file, the name is added. A row's place in the file says nothing.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from zhike.cleaning.keys import rewrite, staged_rows
from zhike.cleaning.layers import REJECTED
from zhike.cleaning.plan import Plan
from zhike.cleaning.report import Note
from zhike.schema import ATTRIBUTES
from zhike.sql import only_row, quoted

_MADE = "_zhike_made_ids"  # temporary table: row (0-based), basis, made
_LEAST_DIGITS = 7  # fewer are an extension, or no number


def made_ids(con: duckdb.DuckDBPyConnection, staged: Path, plan: Plan) -> Note | None:
    """Write the staged customers again with an ID for each that has none; say how many and made from what."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_MADE} AS {_made_sql(staged_rows(con, staged, plan.contract), plan)}")
    try:
        bases = ", ".join(f"count(*) FILTER (basis = '{basis}')" for basis in ("email", "phone", "content"))
        rows, example, email, phone, content = only_row(
            con, f"SELECT count(*), arg_min(made, row), {bases} FROM {_MADE}"
        )
        if not rows:
            return None
        swap = "coalesce(rows.customer_id, again.made) AS customer_id"
        rewrite(con, staged, swap, f"LEFT JOIN {_MADE} AS again ON rows.file_row_number = again.row")
    finally:
        con.execute(f"DROP TABLE {_MADE}")
    return Note("ids_made", {"rows": rows, "example": example, "email": email, "phone": phone, "content": content})


def _made_sql(rows: str, plan: Plan) -> str:
    address = "lower(trim(email))"
    digits = "regexp_replace(phone, '[^0-9]', '', 'g')"
    # 0000000 is written into forms that insist on a number.
    usable = f"length({digits}) >= {_LEAST_DIGITS} AND replace({digits}, left({digits}, 1), '') <> ''"
    columns = [quoted(column.name) for column in plan.contract if column.name != "customer_id"]
    content = ", ".join(f"coalesce(CAST({column} AS VARCHAR), '')" for column in [*columns, ATTRIBUTES])
    nameless = (
        "SELECT file_row_number AS row, "
        f"CASE WHEN regexp_matches({address}, '^\\S+@\\S+$') THEN {address} END AS email, "
        f"CASE WHEN {usable} THEN {digits} END AS phone, coalesce(lower(name), '') AS name, "
        f"concat_ws(chr(31), {content}) AS content FROM {rows} WHERE customer_id IS NULL AND NOT {REJECTED}"
    )
    based = (
        "SELECT row, name, CASE WHEN email IS NOT NULL THEN 'email' WHEN phone IS NOT NULL THEN 'phone' "
        f"ELSE 'content' END AS basis, coalesce(email, phone, content) AS said FROM ({nameless})"
    )
    named = (
        "SELECT row, basis, 'made-' || left(md5(concat_ws(chr(31), basis, said, "
        "CASE WHEN basis <> 'content' AND min(name) OVER same <> max(name) OVER same THEN name END)), 16) AS made "
        f"FROM ({based}) WINDOW same AS (PARTITION BY basis, said)"
    )
    # Identical rows without any contact may well be several people; the same contact twice is one.
    return (
        "SELECT row, basis, made || CASE WHEN basis = 'content' AND nth > 1 THEN '#' || nth ELSE '' END AS made FROM "
        f"(SELECT *, row_number() OVER (PARTITION BY made ORDER BY row) AS nth FROM ({named}))"
    )
