"""What a company's list of customers says anew of customers who are known already.

A file of customers may come long after the orders that made them, or be corrected. What it says replaces what the
record has, except for what people typed themselves (`Customer.edited`); what it does not say stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from zhike.lake.runs import Run
from zhike_crm import bulk
from zhike_crm.customers.models import Customer
from zhike_crm.workspaces.models import Workspace

TEXTS = ("name", "email", "phone", "gender", "country", "region", "city", "address")
WIDTHS = {field.name: field.max_length for field in Customer._meta.get_fields() if field.name in TEXTS}
COLUMNS = (*TEXTS, "birth_date")
BATCH = 100_000


def told_anew(run: Run, before: Run | None) -> bool:
    """Whether the list of customers has changed since the run that was copied last."""
    return before is None or before.inputs.get("customers") != run.inputs.get("customers")


def retell(con: duckdb.DuckDBPyConnection, workspace: Workspace, moment: dt.datetime) -> int:
    """Change the records of customers whom the company told something new about; how many.

    Args:
        con: has the tables `profiles` (what is told, by identity) and `known` (identity → customer).
        moment: of the change.
    """
    if not con.execute("SELECT EXISTS (FROM profiles)").fetchall()[0][0]:
        return 0
    con.register("people", bulk.read(Customer, ["id", *COLUMNS, "edited"], workspace.pk))
    wanted = ", ".join(f"{_wanted(name)} AS {name}" for name in COLUMNS)
    differs = " OR ".join(f"w.{name} IS DISTINCT FROM p.{name}" for name in COLUMNS)
    told = ", ".join(f"arg_min({_told(name)}, k.identity) AS {name}" for name in COLUMNS)
    changed = con.sql(
        f"""
        WITH told AS (
            SELECT k.customer_id AS id, {told} FROM profiles t JOIN known k ON k.identity = t.customer_id GROUP BY ALL),
        wanted AS (SELECT p.id, {wanted} FROM people p JOIN told t ON t.id = p.id)
        SELECT w.*, TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f}' AS updated_at
        FROM wanted w JOIN people p ON p.id = w.id WHERE {differs} ORDER BY w.id"""
    )

    def batches() -> Iterator[pa.RecordBatch]:
        yield from changed.to_arrow_reader(BATCH)

    count = bulk.change(Customer, batches())
    con.unregister("people")
    return count


def _told(name: str) -> str:
    """A value that says something; NULL otherwise."""
    return f"t.{name}" if name == "birth_date" else f"left(nullif(trim(t.{name}), ''), {WIDTHS[name]})"


def _wanted(name: str) -> str:
    return f"""CASE WHEN contains(p.edited, '"{name}"') THEN p.{name} ELSE coalesce(t.{name}, p.{name}) END"""
