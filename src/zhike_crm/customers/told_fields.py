"""What a company's list of customers says for custom fields, onto the records: as `telling` does for names and places.

    list of customers of a run + identities → one value per customer and field, compared with what is stored

A value that came from a file is marked (`FieldValue.told`): when the list says otherwise it changes, and when the list
no longer says anything, because the import was undone, it goes. What people typed is not marked and stays; so does a
field that they have emptied (`Customer.edited`). No loop over rows: field by field, sets are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from zhike.intake.held import as_date, as_number, as_text, as_yes_no, text_of
from zhike.lake.facts_view import Facts
from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.portrait import profiles
from zhike.schema import ATTRIBUTES, CUSTOMERS
from zhike.sql import literal, only_row, quoted
from zhike_crm import bulk
from zhike_crm.customers.actions import RECORD_TYPE
from zhike_crm.customers.models import Customer
from zhike_crm.fields.actions import OPTIONS_AT_MOST, more_options
from zhike_crm.fields.models import TEXT_AT_MOST, FieldDefinition, FieldValue, Kind
from zhike_crm.fields.values import CUSTOM, definitions
from zhike_crm.workspaces.models import Workspace

BATCH = 100_000
# In front of a column of theirs that is none of ours.
THEIRS = f"{ATTRIBUTES}."
OPTION_LENGTH = 80
_VALUES = ("text", "number", "date")
_TYPES = {"text": "VARCHAR", "number": "DOUBLE", "date": "DATE"}


def retell_fields(con: duckdb.DuckDBPyConnection, workspace: Workspace, lake: Lake, run: Run) -> int:
    """Bring the fields that files fill up to what the run read; how many values were written or taken back.

    In the transaction that is open. A field that has been read from this list already is only read for new customers.

    Args:
        con: has the tables `known` (identity → customer) and `added` (the same of those who are new).
    """
    version = run.inputs.get(CUSTOMERS.name, 0)
    fields = [field for field in definitions(workspace, RECORD_TYPE) if field.told_by]
    stale = [field for field in fields if field.told_version != version]
    others = [field for field in fields if field.told_version == version]
    newcomers = bool(only_row(con, "SELECT EXISTS (FROM added)")[0])
    count = _forget_archived(workspace, version)
    if not stale and not (others and newcomers):
        return count
    _take_list(con, lake, run, fields)
    if stale:
        _take_edited(con, workspace)
        for field in stale:
            _want(con, field, "listed")
            count += _compare(con, field)
    if newcomers:
        for field in others:
            _want(con, field, "(FROM listed WHERE record_id IN (SELECT id FROM added))")
            con.execute(f"CREATE TABLE {_new(field)} AS SELECT record_id, value FROM wanted")
    count += _insert(con, workspace, [*stale, *(others if newcomers else ())])
    FieldDefinition.objects.of(workspace).filter(pk__in=[field.pk for field in stale]).update(told_version=version)
    if count:
        bulk.analyse(FieldValue)
    return count


def _forget_archived(workspace: Workspace, version: int) -> int:
    """Take back what another list than this told archived fields: one that is brought back is read anew."""
    archived = FieldDefinition.objects.of(workspace).filter(record_type=RECORD_TYPE, archived_at__isnull=False)
    stale = [field.pk for field in archived.exclude(told_version=version) if field.told_by]
    count, _ = FieldValue.objects.of(workspace).filter(field__in=stale, told=True).delete()
    FieldDefinition.objects.of(workspace).filter(pk__in=stale).update(told_version=version)
    return count


def _take_list(con: duckdb.DuckDBPyConnection, lake: Lake, run: Run, fields: Sequence[FieldDefinition]) -> None:
    """The table `listed`: whom the list is about, and its columns that fill a field."""
    asked = {column for field in fields for column in field.told_by}
    ours = sorted(name for name in asked if name in CUSTOMERS)
    names = [*ours, *([ATTRIBUTES] if any(name.startswith(THEIRS) for name in asked) else [])]
    told = profiles(Facts.of(lake, run)).select("customer_id", *names)
    with lake.stream(lake.materialised(told, "told")) as reader:
        con.register("incoming", reader)
        columns = ", ".join(f"t.{quoted(name)}" for name in names)
        con.execute(
            f"CREATE TABLE listed AS SELECT k.customer_id AS record_id, k.identity, {columns} FROM incoming t "
            "JOIN (FROM known UNION ALL SELECT identity, id FROM added) k ON k.identity = t.customer_id"
        )
        con.unregister("incoming")


def _take_edited(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """The table `edited`: customers of whom somebody typed a field that files fill, or emptied it."""
    typed = f"CAST(edited AS text) LIKE '%\"{CUSTOM}%'"
    con.register("incoming", bulk.read(Customer, ["id", "edited"], workspace.pk, typed))
    con.execute("CREATE TABLE edited AS FROM incoming")
    con.unregister("incoming")


def _want(con: duckdb.DuckDBPyConnection, field: FieldDefinition, listed: str) -> None:
    """The table `wanted`: what the list says for a field; of several identities of one, what the first says."""
    said = [as_text(_column(name)) for name in field.told_by]
    con.execute(
        f"CREATE OR REPLACE TABLE said AS SELECT record_id, identity, replace(coalesce({', '.join(said)}), chr(0), '') "
        f"AS said FROM {listed}"
    )
    kind = Kind(field.kind)
    read, table = _READERS[kind], "said"
    if kind == Kind.CHOICE:
        con.register("options", _options(con, field))
        table = f"said JOIN options ON options.label = {_cut('said.said', OPTION_LENGTH)}"
    con.execute(
        f"CREATE OR REPLACE TABLE wanted AS SELECT record_id, arg_min(value, identity) AS value FROM "
        f"(SELECT record_id, identity, {read} AS value FROM {table}) WHERE value IS NOT NULL GROUP BY record_id"
    )


def _column(name: str) -> str:
    return quoted(name) if name in CUSTOMERS else text_of(ATTRIBUTES, name.removeprefix(THEIRS))


def _cut(said: str, length: int) -> str:
    """The SQL of so many characters of a text, which may end in a blank where it is cut."""
    return as_text(f"left({said}, {length})")


_READERS = {
    Kind.TEXT: _cut("said", TEXT_AT_MOST),
    Kind.NUMBER: as_number("said"),
    Kind.DATE: as_date("said"),
    Kind.YESNO: f"CAST({as_yes_no('said')} AS DOUBLE)",
    Kind.CHOICE: "code",
}


def _options(con: duckdb.DuckDBPyConnection, field: FieldDefinition) -> pa.Table:
    """The codes of what the list says, with options for what nobody has said before, the most frequent first."""
    found = con.execute(
        f"SELECT {_cut('said', OPTION_LENGTH)} AS label FROM said WHERE label IS NOT NULL "
        f"GROUP BY label ORDER BY count(*) DESC, label LIMIT {2 * OPTIONS_AT_MOST}"
    ).fetchall()
    codes = more_options(field, [label for (label,) in found])
    return pa.table({"label": pa.array(codes, pa.string()), "code": pa.array(codes.values(), pa.string())})


def _compare(con: duckdb.DuckDBPyConnection, field: FieldDefinition) -> int:
    """Change and take back what the list says no longer; what it says anew is kept for `_insert`."""
    names = ["id", "record_id", "told", field.column]
    con.register("incoming", bulk.read(FieldValue, names, field.workspace_id, f"field_id = {field.pk:d}"))
    con.execute(f"CREATE OR REPLACE TABLE stored AS SELECT id, record_id, told, {field.column} AS value FROM incoming")
    con.unregister("incoming")
    # A merged customer has no identities and keeps its values for the day when it is one of its own again.
    gone = bulk.remove(
        FieldValue,
        _batches(
            con,
            "SELECT id FROM stored s ANTI JOIN wanted USING (record_id) "
            "WHERE told AND record_id IN (SELECT customer_id FROM known) ORDER BY id",
        ),
    )
    changed = bulk.change(
        FieldValue,
        _batches(
            con,
            f"SELECT s.id, w.value AS {field.column} FROM stored s JOIN wanted w USING (record_id) "
            "WHERE s.told AND s.value IS DISTINCT FROM w.value ORDER BY s.id",
        ),
    )
    typed = literal(f'"{CUSTOM}{field.name}"')
    con.execute(
        f"CREATE TABLE {_new(field)} AS SELECT record_id, value FROM wanted ANTI JOIN stored USING (record_id) "
        f"WHERE record_id NOT IN (SELECT id FROM edited WHERE contains(edited, {typed}))"
    )
    return gone + changed


def _insert(con: duckdb.DuckDBPyConnection, workspace: Workspace, fields: Sequence[FieldDefinition]) -> int:
    count = sum(int(only_row(con, f"SELECT count(*) FROM {_new(field)}")[0]) for field in fields)
    with bulk.rebuilding(FieldValue, count):
        for field in fields:
            values = ", ".join(
                f"{'value' if name == field.column else 'NULL'}::{_TYPES[name]} AS {name}" for name in _VALUES
            )
            rows = (
                f"SELECT {workspace.pk} AS workspace_id, {field.pk} AS field_id, record_id, {values}, "
                f"NULL::BIGINT AS link, true AS told FROM {_new(field)} ORDER BY record_id"
            )
            bulk.insert(FieldValue, _batches(con, rows))
    return count


def _new(field: FieldDefinition) -> str:
    return f"new_of_{field.pk:d}"


def _batches(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.RecordBatch]:
    yield from con.sql(query).to_arrow_reader(BATCH)


def told_column(ours: str, theirs: str) -> str:
    """What `told_by` calls a column of a file: by ours where it feeds one, else by theirs."""
    return ours or f"{THEIRS}{theirs}"
