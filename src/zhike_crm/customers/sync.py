"""From the lake to the database after a refresh: customers who are new, and everybody's current scores.

    scores of a run + identities of the database → customers nobody knew, one score row per customer
    list of customers of the run → what customers are called, where they are, what custom fields say of them

Everything happens in one transaction, so a list never shows half a refresh.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

import duckdb
import ibis
import pyarrow as pa
from django.db import transaction
from django.utils import timezone

from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, runs, scores_of
from zhike.portrait import profiles
from zhike.proof import Proof
from zhike_crm import bulk
from zhike_crm.customers.keeping import columns_of, tidy, written_beside
from zhike_crm.customers.models import Customer, Identity, Score, ScoredRun
from zhike_crm.customers.telling import TEXTS, WIDTHS, retell, told_anew
from zhike_crm.customers.told_fields import retell_fields
from zhike_crm.fields import turns
from zhike_crm.workspaces.models import Workspace

BATCH = 100_000
_NOT_COPIED = ("customer", "workspace", "run", "as_of", "first_at", "last_at")
_COPIED = [f.name for f in Score._meta.fields if f.name not in _NOT_COPIED]


def copy_run(workspace: Workspace, lake: Lake, run: Run, *, simulated: bool = False) -> int:
    """Make a run the one that lists and portraits show; the number of customers scored."""
    with duckdb.connect() as con, lake.temporary():
        con.execute("SET enable_progress_bar = false")
        _take(con, lake, "scores", scores_of(lake, run).select("customer_id", *_NOT_COPIED[2:], *_COPIED))
        _take(con, lake, "profiles", _profiles(lake, run))
        with transaction.atomic():
            turns.reading(workspace)
            con.register("known", bulk.read(Identity, ["identity", "customer_id"], workspace.pk))
            # Never a whole second: that is written in two ways.
            moment = timezone.now().replace(microsecond=1)
            if told_anew(run, _copied_last(lake, workspace)):
                retell(con, workspace, moment)
            added = _add_customers(con, workspace, moment, simulated)
            retell_fields(con, workspace, lake, run)
            _choose_scores(con, workspace)
            columns = columns_of(con, workspace)
            with written_beside(columns) as file:
                copied = _replace_scores(con, workspace)
            told = {"run": run.run, "unproven": _unproven(run), "columns": file()}
            ScoredRun.objects.update_or_create(workspace=workspace, defaults=told)
            bulk.analyse(*([Customer, Identity] if added else []), Score)
            transaction.on_commit(partial(tidy, workspace))
            return copied


def _copied_last(lake: Lake, workspace: Workspace) -> Run | None:
    """The run that lists have shown so far."""
    number = ScoredRun.objects.of(workspace).values_list("run", flat=True).first()
    return next((run for run in runs(lake) if run.run == number), None)


def _unproven(run: Run) -> list[str]:
    """The models that were fitted and did no better than none."""
    proofs = [Proof.from_dict(stored) for stored in run.proofs.values()]
    return [proof.subject for proof in proofs if proof.model and not proof.holds]


def _take(con: duckdb.DuckDBPyConnection, lake: Lake, name: str, table: Any) -> None:
    """An Ibis table of the lake's engine as a table of ours."""
    with lake.stream(lake.materialised(table, name)) as reader:
        con.register("incoming", reader)
        con.execute(f"CREATE TABLE {name} AS FROM incoming")
        con.unregister("incoming")


def _profiles(lake: Lake, run: Run) -> Any:
    """What the company told about its customers: from its list of them, else the places of their orders."""
    facts = Facts.of(lake, run)
    told = profiles(facts)
    places = _places(facts)
    joined = told.outer_join(places, told.customer_id == places.buyer)
    return joined.select(
        customer_id=ibis.coalesce(joined.customer_id, joined.buyer),
        **{name: joined[name] for name in TEXTS if name != "country"},
        country=ibis.coalesce(joined.country, joined.bought_in),
        birth_date=joined.birth_date,
        is_company=joined.company.notnull() & joined.name.isnull(),
    )


def _places(facts: Facts) -> Any:
    """The country of the newest purchase."""
    every = ibis.union(
        *[facts.table(n).select("customer_id", "ordered_at", "country") for n in ("orders", "order_lines")]
    )
    every = every.filter(every.customer_id.notnull() & every.country.notnull())
    return every.group_by(buyer=every.customer_id).aggregate(bought_in=every.country.argmax(every.ordered_at))


def _add_customers(con: duckdb.DuckDBPyConnection, workspace: Workspace, moment: dt.datetime, simulated: bool) -> int:
    """Customers and identities for the scored ids that the database has never seen; how many."""
    con.execute(
        "CREATE TABLE strangers AS SELECT customer_id AS identity FROM scores "
        "WHERE customer_id NOT IN (SELECT identity FROM known) ORDER BY customer_id"
    )
    count = _count(con, "strangers")
    first = bulk.reserve_ids(Customer, count) if count else 0
    con.execute(f"CREATE TABLE added AS SELECT identity, {first} + row_number() OVER () - 1 AS id FROM strangers")
    made = f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f}'"
    texts = ", ".join(f"left(coalesce(p.{n}, ''), {WIDTHS[n]}) AS {n}" for n in TEXTS if n != "name")
    with bulk.rebuilding(Customer, count):
        _insert(
            con,
            Customer,
            f"""
            SELECT a.id, {workspace.pk} AS workspace_id, left(coalesce(nullif(p.name, ''), a.identity), 200) AS name,
                {texts},
                p.birth_date, CASE WHEN p.is_company THEN 'company' ELSE 'person' END AS kind, '' AS job_title,
                '[]' AS edited, {simulated} AS simulated, {made} AS created_at, {made} AS updated_at
            FROM added a LEFT JOIN profiles p ON p.customer_id = a.identity ORDER BY a.id""",
        )
    with bulk.rebuilding(Identity, count):
        _insert(
            con,
            Identity,
            f"""
            SELECT {workspace.pk} AS workspace_id, id AS customer_id, id AS first_customer_id,
                left(identity, 300) AS identity
            FROM added ORDER BY id""",
        )
    return count


def _choose_scores(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """The scores as the database will have them, in a table `current` of ours."""
    copied = ", ".join(f"s.{name}" for name in _COPIED)
    # An identity merged since the run leads to a customer who has a score of their own: one row each, the first.
    con.execute(
        f"""
        CREATE TABLE current AS
        WITH chosen AS (
            SELECT i.customer_id, s.customer_id AS identity
            FROM scores s JOIN (FROM known UNION ALL SELECT identity, id FROM added) i ON i.identity = s.customer_id
            QUALIFY row_number() OVER (PARTITION BY i.customer_id ORDER BY s.rank) = 1)
        SELECT c.customer_id, {workspace.pk} AS workspace_id, s.run, s.as_of, {copied},
            s.first_at::DATE AS first_at, s.last_at::DATE AS last_at
        FROM scores s JOIN chosen c ON c.identity = s.customer_id ORDER BY c.customer_id"""
    )


def _replace_scores(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> int:
    bulk.clear(Score, workspace.pk)
    with bulk.rebuilding(Score, _count(con, "current")):
        return _insert(con, Score, "FROM current")


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _insert(con: duckdb.DuckDBPyConnection, model: Any, query: str) -> int:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from con.sql(query).to_arrow_reader(BATCH)

    return bulk.insert(model, batches())
