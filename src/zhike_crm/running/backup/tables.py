"""The tables of the database as Arrow, the same from SQLite and from PostgreSQL, and back into either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.apps import apps
from django.db import connection, models

from zhike_crm import bulk

CHUNK = 50_000
_TEXT = pa.string()
_INTEGERS = ("Integer", "BigInteger", "SmallInteger", "PositiveInteger", "PositiveBigInteger", "PositiveSmallInteger")
# What a Django field is in the backup.
KINDS: dict[str, pa.DataType] = {
    **{f"{name}Field": pa.int64() for name in (*_INTEGERS, "Auto", "BigAuto", "SmallAuto")},
    **{f"{name}Field": _TEXT for name in ("Char", "Text", "Email", "Slug", "URL", "File", "JSON", "UUID", "Decimal")},
    "GenericIPAddressField": _TEXT,
    "BooleanField": pa.bool_(),
    "FloatField": pa.float64(),
    "DateField": pa.date32(),
    "DateTimeField": pa.timestamp("us"),
    "BinaryField": pa.binary(),
}


def kept_models() -> list[type[models.Model]]:
    """Every model with a table, those between two others included."""
    kept = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]
    return sorted(kept, key=lambda model: model._meta.db_table)


def schema_of(model: type[models.Model]) -> pa.Schema:
    """The columns of a model's table."""
    return pa.schema([(field.column, _kind(field)) for field in model._meta.concrete_fields])


def _kind(field: Any) -> pa.DataType:
    while field.remote_field is not None:
        field = field.target_field
    return KINDS[field.get_internal_type()]


# -- reading -----------------------------------------------------------------------------------------------------------


@contextmanager
def snapshot() -> Iterator[Any]:
    """A cursor that sees the database as it is at this moment, however long it reads. It holds up no writer."""
    if connection.vendor == "postgresql":
        with connection.get_new_connection(connection.get_connection_params()) as own:
            own.autocommit = False
            with own.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL TIME ZONE 'UTC'")
                yield cursor
            own.rollback()
        own.close()
        return
    # A connection of our own: Django's would begin by taking the lock of the one writer.
    own = connection.Database.connect(str(connection.settings_dict["NAME"]), isolation_level=None, timeout=30)
    try:
        own.execute("BEGIN")
        yield own.cursor()
        own.execute("ROLLBACK")
    finally:
        own.close()


def read(cursor: Any, model: type[models.Model]) -> Iterator[pa.RecordBatch]:
    """The rows of a table in the order of their keys."""
    schema = schema_of(model)
    names = ", ".join(_quoted(name) for name in schema.names)
    key, table = _quoted(model._meta.pk.column), _quoted(model._meta.db_table)
    cursor.execute(f"SELECT {names} FROM {table} ORDER BY {key}")
    while rows := cursor.fetchmany(CHUNK):
        columns = [
            _column(list(values), kind) for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
        ]
        yield pa.record_batch(columns, schema=schema)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if kind == _TEXT:
        return pa.array([_text(value) for value in values], _TEXT)
    some = next((value for value in values if value is not None), None)
    if pa.types.is_timestamp(kind) and not isinstance(some, str):
        return pa.array(values, pa.timestamp("us", tz="UTC")).cast(kind)
    if isinstance(some, str | bool | int):
        # SQLite has no dates and no truth; Arrow reads both from what it has.
        return pa.array(values).cast(kind)
    return pa.array(values, kind)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.hex if hasattr(value, "hex") and not isinstance(value, float) else str(value)


# -- writing -----------------------------------------------------------------------------------------------------------


def write(table: str, batches: Iterator[pa.RecordBatch]) -> int:
    """Add rows to a table, in the transaction that is open."""
    return bulk.insert_rows(table, (_as_stored(batch) for batch in batches))


def _as_stored(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [_stored(column) for column in batch.columns]
    return pa.record_batch(columns, names=batch.schema.names)


def _stored(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) and connection.vendor == "sqlite":
        # As Django writes it: a search for equal moments compares text.
        return pc.replace_substring_regex(column.cast(_TEXT), r"\.000000$", "")
    if pa.types.is_binary(column.type) and connection.vendor == "postgresql":
        return pa.array([None if value is None else "\\x" + value.hex() for value in column.to_pylist()], _TEXT)
    return column


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
