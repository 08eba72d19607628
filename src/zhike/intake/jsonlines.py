"""JSON lines (one object per line) or an array of objects → a view with every field as text."""

from __future__ import annotations

from pathlib import Path

import duckdb

from zhike.errors import InputError
from zhike.intake.delimited import RELATION
from zhike.intake.encoding import as_utf8
from zhike.intake.limits import MEGABYTE
from zhike.intake.raw import SHORT, SURPLUS, Finding, RawColumn, RawTable, Warnings, unique_names
from zhike.intake.sql import literal, only_row, quoted

_MOST_COLUMNS = 1_000
_LONGEST_LINE = 32 * MEGABYTE
_DOCUMENTS = "raw_documents"

BROKEN_LINES = "{count} lines are not JSON objects; they are kept as rejected rows."


def read_json(con: duckdb.DuckDBPyConnection, path: Path, *, scratch: Path, encoding: str | None = None) -> RawTable:
    """A view over the objects of a file: a column per key, keys of objects inside as `outer.inner`.

    A line that is not a JSON object becomes a row without values whose text is in SURPLUS.

    Raises:
        InputError: not one JSON object in the file.
    """
    text = as_utf8(path, scratch, encoding)
    is_array = _first_character(text.path) == "["
    source = _array(text.path) if is_array else _lines(text.path)
    con.execute(f"CREATE OR REPLACE VIEW {_DOCUMENTS} AS {source}")
    total, good = only_row(con, f"SELECT count(*), count(document) FROM {_DOCUMENTS}")
    paths = _paths(con) if good else []
    if not paths:
        raise InputError(
            "{file} holds no JSON objects.",
            fix="Write one object per line, such as {example}.",
            file=path.name,
            example='{"order_id": "1", "amount": 5}',
        )
    names = unique_names(".".join(keys) for keys in paths)
    fields = [
        f"document ->> {literal(_pointer(keys))} AS {quoted(name)}" for keys, name in zip(paths, names, strict=True)
    ]
    broken = total - good
    if broken:
        fields += [f"CASE WHEN document IS NULL THEN line END AS {SURPLUS}", f"false AS {SHORT}"]
    con.execute(f"CREATE OR REPLACE VIEW {RELATION} AS SELECT {', '.join(fields)} FROM {_DOCUMENTS}")
    warnings: Warnings = (*text.warnings, *(((BROKEN_LINES, {"count": broken}),) if broken else ()))
    finding = Finding(format="jsonl", file=path.name, encoding=text.encoding, warnings=warnings)
    return RawTable(RELATION, tuple(map(RawColumn, names)), 1, finding, ragged=bool(broken))


def _first_character(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(4096).lstrip()[:1]


def _lines(path: Path) -> str:
    """Each line as one text field, whatever is in it."""
    reader = (
        f"read_csv({literal(str(path))}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, "
        f"strict_mode = false, delim = '\x02', quote = '', escape = '', nullstr = '\x01none', "
        f"max_line_size = {_LONGEST_LINE}, "
        f"buffer_size = {2 * _LONGEST_LINE})"
    )
    # Blank lines are no rows.
    return (
        "SELECT line, CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN line::JSON END AS document "
        f"FROM {reader} WHERE trim(line) <> ''"
    )


def _array(path: Path) -> str:
    objects = f"read_json_objects({literal(str(path))}, format = 'array', maximum_object_size = {_LONGEST_LINE})"
    return (
        f"SELECT json::VARCHAR AS line, CASE WHEN json_type(json) = 'OBJECT' THEN json END AS document FROM {objects}"
    )


def _paths(con: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    """The keys of all objects, in the order they first appear; objects inside are opened one level deep."""
    keys = con.execute(
        "SELECT key, bool_or(kind = 'OBJECT') AND NOT bool_or(kind NOT IN ('OBJECT', 'NULL')) FROM ("
        "SELECT unnest(keys) AS key, unnest(range(len(keys))) AS position, place, "
        "unnest(list_transform(keys, lambda k: json_type(document -> k))) AS kind FROM ("
        f"SELECT document, json_keys(document) AS keys, row_number() OVER () AS place FROM {_DOCUMENTS} "
        f"WHERE document IS NOT NULL)) GROUP BY key ORDER BY min((place, position)) LIMIT {_MOST_COLUMNS}"
    ).fetchall()
    paths: list[tuple[str, ...]] = []
    for key, is_object in keys:
        inner = _inner_keys(con, key) if is_object else []
        paths += [(key, name) for name in inner] or [(key,)]
    return paths[:_MOST_COLUMNS]


def _inner_keys(con: duckdb.DuckDBPyConnection, key: str) -> list[str]:
    rows = con.execute(
        f"SELECT DISTINCT unnest(json_keys(document, {literal(_pointer((key,)))})) AS k FROM {_DOCUMENTS} ORDER BY k"
    ).fetchall()
    return [name for (name,) in rows]


def _pointer(keys: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901), which any key can be written as."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
