"""Customers and their traits as one Arrow table, a million of them in seconds: what lists show, no row in a loop."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pyarrow.compute as pc
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from zhike.lake.facts_view import Facts
from zhike.portrait import profiles
from zhike_crm.customers.models import Customer, Identity
from zhike_crm.fields.models import FieldValue
from zhike_crm.fields.models import Kind as FieldKind
from zhike_crm.segments.answers import current_facts, current_run
from zhike_crm.segments.rules import everybody as everybody_listed
from zhike_crm.segments.rules import today
from zhike_crm.segments.traits import OF_BUYERS, TOLD, Trait, traits_of
from zhike_crm.ui.lists.columns import Kind
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

_CHUNK = 50_000
# Of so many customers everything is looked at; of more, so many stand for everybody.
SAMPLED = 60_000
_KEPT_SECONDS = 7 * 24 * 3600
_NUMBERS = (Kind.NUMBER, Kind.MONEY)


def everybody(workspace: Workspace) -> QuerySet:
    """All customers that lists show."""
    return Customer.objects.of(workspace).filter(deleted_at=None, merged_into=None)


def to_be_grouped(workspace: Workspace, traits: Iterable[Trait]) -> QuerySet:
    """The customers that can be told apart by these: who has bought, where any of them is about purchases."""
    rows = everybody(workspace)
    return rows.filter(score__never_purchased=False) if OF_BUYERS & {trait.name for trait in traits} else rows


def table_of(
    customers: QuerySet, traits: Iterable[Trait], workspace: Workspace, facts: Facts | None = None
) -> pa.Table:
    """`customer_id` and a column per trait, in no order.

    Args:
        facts: of the run that lists show; looked up where it is needed.
    """
    traits = list(traits)
    own = [trait for trait in traits if trait.column is not None and trait.column.field is None]
    table = _stored(customers, own, workspace)
    told = [trait.name for trait in traits if trait.name in TOLD]
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        con.register("customers", table)
        asked, joins = ["customers.*"], []
        for place, trait in enumerate(trait for trait in traits if trait.column is not None and trait.column.field):
            con.register(f"field_{place}", _values(trait, workspace))
            joins.append(f"LEFT JOIN field_{place} ON field_{place}.record_id = customers.customer_id")
            value = f"field_{place}.value"
            asked.append(f"{f'{value} IS NOT NULL' if trait.option else value} AS {_quoted(trait.name)}")
        if told:
            con.register("told", _told(workspace, told, facts))
            joins.append("LEFT JOIN told ON told.customer_id = customers.customer_id")
            asked += [f"told.{_quoted(name)}" for name in told]
        if len(asked) == 1:
            return table
        return con.sql(f"SELECT {', '.join(asked)} FROM customers {' '.join(joins)}").to_arrow_table()


def known_shares(workspace: Workspace) -> dict[str, float]:
    """Trait → the share of the customers of whom it is known (of a sample, among many).

    Worked out once a run; but people fill in custom fields at any time and then go on with them.
    """
    traits = traits_of(everybody_listed(workspace))
    fields = {name: t for name, t in traits.items() if t.column is not None and t.column.field is not None}
    others = {name: trait for name, trait in traits.items() if name not in fields}
    return _known_once(workspace, others) | _filled_in(workspace, fields)


def _known_once(workspace: Workspace, traits: Mapping[str, Trait]) -> dict[str, float]:
    names = hashlib.sha256(" ".join(sorted(traits)).encode()).hexdigest()[:16]
    key = f"segments-known-{workspace.key.hex}-{current_run(workspace)}-{names}"
    found: dict[str, float] | None = cache.get(key)
    if found is None:
        found = _known_shares(workspace, traits)
        cache.set(key, found, _KEPT_SECONDS)
    return found


def _known_shares(workspace: Workspace, traits: Mapping[str, Trait]) -> dict[str, float]:
    columns = {name: t.column for name, t in traits.items() if t.column is not None}
    counts = {f"n{place}": _filled(column.path) for place, column in enumerate(columns.values())}
    row = sample(everybody(workspace), SAMPLED).aggregate(looked_at=Count("pk"), **counts)
    known = {name: row[f"n{place}"] / max(1, row["looked_at"]) for place, name in enumerate(columns)}
    every = max(1, everybody(workspace).count())
    with lake_of(workspace) as lake:
        facts = current_facts(workspace, lake)
        told = _from_lake(facts, list(TOLD)) if facts else _nothing(list(TOLD))
    known |= {name: (len(told) - told[name].null_count) / every for name in TOLD if name in traits}
    return {name: min(1.0, share) for name, share in known.items()}


def _filled_in(workspace: Workspace, traits: Mapping[str, Trait]) -> dict[str, float]:
    """The same of custom fields, as it is now."""
    if not traits:
        return {}
    every = max(1, everybody(workspace).count())
    field_of = {name: trait.column.field.pk for name, trait in traits.items()}
    values = FieldValue.objects.of(workspace).filter(field__in=set(field_of.values())).order_by()
    per_field = dict(values.values_list("field").annotate(Count("pk")))
    counts = {name: per_field.get(field_of[name], 0) for name in traits}
    # Who has ticked none of several choices has said so.
    return {name: 1.0 if traits[name].option and n else min(1.0, n / every) for name, n in counts.items()}


def sample(rows: QuerySet, most: int) -> QuerySet:
    """Rows of customers at even steps, so that there are no more than so many; all where there are fewer."""
    step = -(-rows.order_by().count() // most)
    return rows.alias(step=F("pk") % step).filter(step=0) if step > 1 else rows


def _filled(path: str) -> Count:
    """How many have something there; an empty text is nothing."""
    text = path in ("gender", "country", "region", "kind")
    return Count(path, filter=~Q(**{path: ""})) if text else Count(path)


def _stored(customers: QuerySet, traits: list[Trait], workspace: Workspace) -> pa.Table:
    """What the database has in the customer's own row and in that of the scores."""
    customers._require_scope()  # type: ignore[attr-defined]
    paths = [trait.column.path for trait in traits if trait.column is not None]
    text, values = customers.order_by().values_list("pk", *paths).query.sql_with_params()
    kinds = [pa.int64(), *(_kind(trait) for trait in traits)]
    batches = []
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        while rows := cursor.fetchmany(_CHUNK):
            columns = zip(*rows, strict=True)
            batches.append([pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)])
    names = ["customer_id", *(trait.name for trait in traits)]
    whole = [pa.chunked_array([batch[place] for batch in batches], kind) for place, kind in enumerate(kinds)]
    table = pa.table(dict(zip(names, whole, strict=True)))
    for place, trait in enumerate(traits, start=1):
        if trait.column is not None and trait.column.kind is Kind.AGE:
            table = table.set_column(place, trait.name, _ages(table[trait.name], today(workspace)))
    return table


def _kind(trait: Trait) -> pa.DataType:
    if trait.column.kind is Kind.AGE:
        return pa.date32()
    if trait.column.kind is Kind.YESNO:
        return pa.bool_()
    return pa.float64() if trait.column.kind in _NUMBERS else pa.string()


def _ages(born: Any, day: dt.date) -> Any:
    """In whole years, as `columns.age` says them."""
    had_birthday = pc.less_equal(
        pc.add(pc.multiply(pc.month(born), 100), pc.day(born)), pa.scalar(100 * day.month + day.day, pa.int64())
    )
    years = pc.subtract(pa.scalar(day.year, pa.int64()), pc.year(born))
    return pc.subtract(years, pc.if_else(had_birthday, 0, 1)).cast(pa.float64())


def _values(trait: Trait, workspace: Workspace) -> pa.Table:
    """Of a custom field, one value for each record that has any; of one of several choices, who has it."""
    field = trait.column.field
    rows = FieldValue.objects.of(workspace).filter(field=field)
    if trait.option:
        rows = rows.filter(text=trait.option)
    is_number = field.kind in (FieldKind.NUMBER, FieldKind.YESNO)
    text, values = rows.order_by().values_list("record_id", field.column).query.sql_with_params()
    ids: list[Any] = []
    found: list[Any] = []
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        while rows_read := cursor.fetchmany(_CHUNK):
            some_ids, some = zip(*rows_read, strict=True)
            ids.append(pa.array(some_ids, pa.int64()))
            found.append(pa.array(some, pa.float64() if is_number else pa.string()))
    kind = pa.float64() if is_number else pa.string()
    return pa.table({"record_id": pa.chunked_array(ids, pa.int64()), "value": pa.chunked_array(found, kind)})


# -- what only the lake knows ------------------------------------------------------------------------------------------
def _told(workspace: Workspace, names: list[str], facts: Facts | None) -> pa.Table:
    """`customer_id` and the columns, for the customers of whom anything is known."""
    if facts is not None:
        return _of_customers(workspace, _from_lake(facts, names), names)
    with lake_of(workspace) as lake:
        facts = current_facts(workspace, lake)
        by_identity = _from_lake(facts, names) if facts else _nothing(names)
    return _of_customers(workspace, by_identity, names)


def _nothing(names: list[str]) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in ("identity", *names)})


def _from_lake(facts: Facts, names: list[str]) -> pa.Table:
    """What the customer file says, and the newest answer of each kind, by the customers of the lake."""
    parts = []
    if profile := [name for name in names if TOLD[name][0] == "customers" and "customers" in facts.versions]:
        told = profiles(facts)
        told = told.filter(ibis.or_(*(told[TOLD[name][1]].notnull() for name in profile)))
        parts.append(told.select(identity=told.customer_id, **{name: told[TOLD[name][1]] for name in profile}))
    if answers := [name for name in names if TOLD[name][0] == "feedback" and "feedback" in facts.versions]:
        given = facts.table("feedback")
        given = given.filter(
            given.customer_id.notnull(), ibis.or_(*(given[TOLD[name][1]].notnull() for name in answers))
        )
        newest = {}
        for name in answers:
            value = given[TOLD[name][1]]
            newest[name] = value.argmax(given.given_at, where=value.notnull())
        parts.append(given.group_by(identity=given.customer_id).aggregate(**newest))
    found = _nothing(names)
    if parts:
        every = parts[0] if len(parts) == 1 else parts[0].outer_join(parts[1], "identity")
        if len(parts) == 2:
            here = ibis.coalesce(every.identity, every.identity_right)
            every = every.select(identity=here, **{name: every[name] for name in (*profile, *answers)})
        with facts.lake.temporary(), facts.lake.stream(facts.lake.materialised(every, "told")) as batches:
            found = batches.read_all()
    for name in set(names) - set(found.column_names):
        found = found.append_column(name, pa.nulls(len(found)))
    return found


def _of_customers(workspace: Workspace, told: pa.Table, names: list[str]) -> pa.Table:
    """By the customers of the database: several identities of one are one row, with whatever any of them has."""
    rows = Identity.objects.of(workspace).order_by()
    text, values = rows.values_list("identity", "customer_id").query.sql_with_params()
    batches = []
    with connection.cursor() as cursor:
        if len(told):
            cursor.execute(text, values)
            while read := cursor.fetchmany(_CHUNK):
                identities, customers = zip(*read, strict=True)
                pair = [pa.array(identities, pa.string()), pa.array(customers, pa.int64())]
                batches.append(pa.record_batch(pair, names=["identity", "customer_id"]))
    kinds = pa.schema([("identity", pa.string()), ("customer_id", pa.int64())])
    with duckdb.connect() as con:
        con.register("told", told)
        con.register("known", pa.Table.from_batches(batches, kinds))
        asked = ["customer_id", *(f"any_value({_quoted(name)}) AS {_quoted(name)}" for name in names)]
        every = con.sql("FROM known JOIN told USING (identity)")
        return every.aggregate(", ".join(asked), "customer_id").to_arrow_table()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
