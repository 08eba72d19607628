"""JSON lines (one object per line) or an array of objects → a view with every field as text."""

from __future__ import annotations

from pathlib import Path

import duckdb

from zhike.errors import InputError
from zhike.intake.encoding import as_utf8
from zhike.intake.headers import check_width
from zhike.intake.limits import MEGABYTE, Limits
from zhike.intake.raw import RELATION, SHORT, SURPLUS, Finding, RawColumn, RawTable, Warnings, unique_names
from zhike.sql import literal, literals, only_row, quoted

_LONGEST_LINE = 32 * MEGABYTE
_DOCUMENTS = "raw_documents"

BROKEN_LINES = "{count} lines are not JSON objects; they are kept as rejected rows."


def read_json(
    con: duckdb.DuckDBPyConnection, path: Path, *, scratch: Path, limits: Limits, encoding: str | None = None
) -> RawTable:
    """A view over the objects of a file: a column per key, keys of objects inside as `outer.inner`.

    A line that is not a JSON object becomes a row without values whose text is in SURPLUS.

    Raises:
        InputError: not one JSON object in the file, or more different keys than the limits allow columns.
    """
    text = as_utf8(path, scratch, encoding)
    is_array = _first_character(text.path) == "["
    source = _array(text.path) if is_array else _lines(text.path)
    con.execute(f"CREATE OR REPLACE VIEW {_DOCUMENTS} AS {source}")
    total, good = only_row(con, f"SELECT count(*), count(document) FROM {_DOCUMENTS}")
    paths = _paths(con, limits.widest_row) if good else []
    if not paths:
        raise InputError(
            "{file} holds no JSON objects.",
            fix="Write one object per line, such as {example}.",
            file=path.name,
            example='{"order_id": "1", "amount": 5}',
        )
    check_width(path.name, len(paths), limits)
    names = unique_names(".".join(keys) for keys in paths)
    fields = [f"found[{position}] AS {quoted(name)}" for position, name in enumerate(names, start=1)]
    broken = total - good
    if broken:
        fields += [f"CASE WHEN document IS NULL THEN line END AS {SURPLUS}", f"false AS {SHORT}"]
    # All values at once: taken one by one, every one of them would parse the whole line again.
    found = f"json_extract_string(document, {literals(map(_pointer, paths))}) AS found"
    con.execute(
        f"CREATE OR REPLACE VIEW {RELATION} AS SELECT {', '.join(fields)} "
        f"FROM (SELECT line, document, {found} FROM {_DOCUMENTS})"
    )
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


def _paths(con: duckdb.DuckDBPyConnection, most: int) -> list[tuple[str, ...]]:
    """The keys of all objects, in the order they first appear; objects inside are opened one level deep.

    Where there are more than `most`, some beyond that number, so that the caller sees it.
    """
    keys = [
        key
        for (key,) in con.execute(
            "SELECT key FROM (SELECT unnest(keys) AS key, unnest(range(len(keys))) AS position, place FROM ("
            f"SELECT json_keys(document) AS keys, row_number() OVER () AS place FROM {_DOCUMENTS} "
            f"WHERE document IS NOT NULL)) GROUP BY key ORDER BY min((place, position)) LIMIT {most + 1}"
        ).fetchall()
    ]
    if len(keys) > most:
        return [(key,) for key in keys]
    inner = _inner_keys(con, keys, most)
    paths: list[tuple[str, ...]] = []
    for key in keys:
        paths += [(key, name) for name in inner.get(key, ())] or [(key,)]
    return paths


def _inner_keys(con: duckdb.DuckDBPyConnection, keys: list[str], most: int) -> dict[str, list[str]]:
    """The keys inside, of the keys whose every value is an object or null."""
    kinds = f"unnest(json_type(document, {literals(_pointer((key,)) for key in keys)})) AS kind"
    positions = con.execute(
        f"SELECT position FROM (SELECT {kinds}, unnest(range({len(keys)})) AS position FROM {_DOCUMENTS} "
        "WHERE document IS NOT NULL) GROUP BY position "
        "HAVING bool_or(kind = 'OBJECT') AND NOT bool_or(kind NOT IN ('OBJECT', 'NULL')) ORDER BY position"
    ).fetchall()
    outer = [keys[position] for (position,) in positions]
    if not outer:
        return {}
    names = f"unnest(json_keys(document, {literals(_pointer((key,)) for key in outer)})) AS names"
    pairs = con.execute(
        "SELECT DISTINCT position, unnest(names) AS name "
        f"FROM (SELECT {names}, unnest(range({len(outer)})) AS position FROM {_DOCUMENTS} WHERE document IS NOT NULL) "
        f"ORDER BY position, name LIMIT {most + 1}"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for position, name in pairs:
        found.setdefault(outer[position], []).append(name)
    return found


def _pointer(keys: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901), which any key can be written as."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
