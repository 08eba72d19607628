"""Rows become files and one commit: types, statistics, new columns, several files, a crash between the two."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from zhike.errors import LakeError
from zhike.lake import writing
from zhike.lake.lake import Lake

KINDS = pa.schema(
    [
        ("id", pa.string()),
        ("at", pa.timestamp("us")),
        ("day", pa.date32()),
        ("money", pa.float64()),
        ("n", pa.int64()),
        ("flag", pa.bool_()),
        ("tags", pa.list_(pa.struct([("k", pa.string()), ("v", pa.int64())]))),
        ("place", pa.struct([("x", pa.int64())])),
    ]
)
FIRST = {
    "id": "客户",
    "at": dt.datetime(2024, 2, 29, 23, 59, 59, 123456),
    "day": dt.date(1969, 12, 31),
    "money": -1.5,
    "n": -(2**62),
    "flag": False,
    "tags": [{"k": "a", "v": 1}, None],
    "place": {"x": 3},
}
LAST = {"id": "it's", "at": dt.datetime(2026, 1, 1), "day": dt.date(2026, 1, 1), "money": 2.25, "n": 7, "flag": True}


def rows_of(*rows: dict[str, Any], schema: pa.Schema = KINDS) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def log_of(lake: Lake, name: str = "t") -> list[dict[str, Any]]:
    """The actions of the newest commit."""
    newest = max(Path(lake.url, name, "_delta_log").glob("*.json"))
    return [json.loads(line) for line in newest.read_text().splitlines()]


def stored(lake: Lake, name: str = "t", **how: Any) -> list[dict[str, Any]]:
    return list(lake.engine.to_pyarrow(lake.scan(name, **how)).to_pylist())


@pytest.mark.parametrize("form", ["table", "stream", "relation"])
def test_what_is_written_is_what_is_read(lake: Lake, form: str) -> None:
    given = rows_of(FIRST, LAST, {})
    con = duckdb.connect()
    rows = {"table": given, "stream": given.to_reader(), "relation": con.from_arrow(given)}[form]
    lake.append("t", rows, schema=KINDS)
    assert lake.read("t").equals(given)
    assert stored(lake) == given.to_pylist()
    kept = DeltaTable(f"{lake.url}/t")
    assert {field.name: field.type.type for field in list(kept.schema().fields)[:6]} == {
        "id": "string", "at": "timestamp_ntz", "day": "date", "money": "double", "n": "long", "flag": "boolean",
    }  # fmt: skip
    [file] = lake.files("t", kept)
    # A time without a zone stays one without a zone.
    assert pq.read_schema(file).field("at").type == pa.timestamp("us")


def test_the_log_says_what_the_files_hold(lake: Lake) -> None:
    lake.append("t", rows_of(FIRST, LAST, {}), schema=KINDS, transaction=("import-1", 1))
    actions = {name: said for action in log_of(lake) for name, said in action.items()}
    said = json.loads(actions["add"]["stats"])
    assert said["numRecords"] == 3
    assert said["nullCount"] == {"id": 1, "at": 1, "day": 1, "money": 1, "n": 1, "flag": 1}
    assert said["minValues"] == {
        "at": "2024-02-29T23:59:59.123456", "day": "1969-12-31", "money": -1.5, "n": -(2**62), "flag": False,
    }  # fmt: skip
    assert said["maxValues"] == {
        "at": "2026-01-01T00:00:00.000000", "day": "2026-01-01", "money": 2.25, "n": 7, "flag": True,
    }  # fmt: skip
    assert actions["txn"] == {"appId": "import-1", "version": 1}
    # delta-rs reads them as what they are.
    read = pa.table(DeltaTable(f"{lake.url}/t").get_add_actions(flatten=True)).to_pylist()[0]
    assert (read["max.flag"], read["max.n"], read["min.at"].year) == (True, 7, 2024)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_know_are_left_out_of_the_log(lake: Lake, odd: float) -> None:
    lake.append("t", rows_of(FIRST, LAST | {"money": odd}), schema=KINDS)
    [said] = [json.loads(action["add"]["stats"]) for action in log_of(lake) if "add" in action]
    assert "money" not in said["minValues"] | said["maxValues"]
    assert "n" in said["minValues"]
    [row] = [row for row in stored(lake) if row["id"] == "it's"]
    assert row["money"] == odd or (math.isnan(odd) and math.isnan(row["money"]))


def test_a_column_that_is_left_out_is_empty(lake: Lake) -> None:
    part = rows_of(FIRST, LAST).select(["n", "id"])
    lake.append("t", part, schema=KINDS)
    assert stored(lake) == rows_of({"id": "客户", "n": -(2**62)}, {"id": "it's", "n": 7}).to_pylist()
    lake.append("t", rows_of(LAST), schema=KINDS)
    assert sorted(row["money"] or 0 for row in stored(lake)) == [0, 0, 2.25]
    # delta-rs, which rewrites the file, sees the same.
    assert lake.delete("t", "n < 0", transaction=("import-1", 2)) == 1
    assert sorted(row["money"] or 0 for row in stored(lake)) == [0, 2.25]


def test_new_columns_join_and_another_type_is_refused(lake: Lake) -> None:
    old = pa.schema([("n", pa.int64())])
    lake.append("t", pa.table({"n": [1]}, schema=old), schema=old)
    new = pa.schema([*old, ("word", pa.string())])
    lake.append("t", pa.table({"n": [2], "word": ["b"]}, schema=new), schema=new)
    assert sorted(stored(lake), key=str) == [{"n": 1, "word": None}, {"n": 2, "word": "b"}]
    before = lake.version("t")
    other = pa.schema([("n", pa.string())])
    with pytest.raises(LakeError, match="could not be written"):
        lake.append("t", pa.table({"n": ["x"]}, schema=other), schema=other)
    assert lake.version("t") == before
    # A newer program may have added columns that this one does not know.
    lake.append("t", pa.table({"n": [3]}, schema=old), schema=old)
    assert [row["word"] for row in stored(lake) if row["n"] == 3] == [None]


def test_large_tables_are_several_files_in_one_commit(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FILE_BYTES", 1_000_000)
    schema = pa.schema([("n", pa.int64()), ("text", pa.string())])
    rows = duckdb.connect().sql("SELECT range AS n, md5(range::VARCHAR) AS text FROM range(600_000)")
    lake.append("t", rows, schema=schema, transaction=("import-1", 1))
    adds = [json.loads(action["add"]["stats"]) for action in log_of(lake) if "add" in action]
    assert len(adds) > 2
    assert sum(said["numRecords"] for said in adds) == 600_000
    assert max(said["maxValues"]["n"] for said in adds) == 599_999
    found = lake.scan("t")
    counted = found.aggregate(rows=found.count(), different=found.n.nunique())
    assert lake.engine.to_pyarrow(counted).to_pylist() == [{"rows": 600_000, "different": 600_000}]


def test_no_rows_are_a_commit_only_with_a_transaction(lake: Lake) -> None:
    lake.append("t", rows_of(FIRST), schema=KINDS)
    before = lake.version("t")
    assert lake.append("t", KINDS.empty_table(), schema=KINDS) == before
    lake.append("t", KINDS.empty_table(), schema=KINDS, transaction=("import-9", 1))
    assert lake.transaction_version("t", "import-9") == 1
    assert len(stored(lake)) == 1


def test_a_crash_before_the_commit_leaves_what_was_there(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.append("t", rows_of(FIRST), schema=KINDS)

    def die(*args: Any, **how: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DeltaTable, "create_write_transaction", die)
    with pytest.raises(KeyboardInterrupt):
        lake.append("t", rows_of(LAST), schema=KINDS, transaction=("import-2", 1))
    monkeypatch.undo()
    # The file is in the folder, and nothing names it.
    assert len(list(Path(lake.url, "t").glob("*.parquet"))) == 2
    assert (len(stored(lake)), lake.transaction_version("t", "import-2")) == (1, None)
    lake.append("t", rows_of(LAST), schema=KINDS, transaction=("import-2", 1))
    assert len(stored(lake)) == 2


def test_compacting_keeps_rows_versions_and_transactions(lake: Lake) -> None:
    for n in range(5):
        lake.append("t", rows_of(FIRST | {"n": n}), schema=KINDS, transaction=(f"import-{n}", 1))
    pinned = lake.version("t")
    assert lake.compact("t") == 4
    assert len(lake.files("t", DeltaTable(f"{lake.url}/t"))) == 1
    assert sorted(row["n"] for row in stored(lake)) == [0, 1, 2, 3, 4]
    assert lake.transaction_version("t", "import-3") == 1
    assert lake.delete("t", "n = 2", transaction=("import-2", 2)) == 1
    assert sorted(row["n"] for row in stored(lake)) == [0, 1, 3, 4]
    # What a past run read is still there, file by file.
    assert sorted(row["n"] for row in stored(lake, version=pinned)) == [0, 1, 2, 3, 4]
    assert len(lake.files("t", DeltaTable(f"{lake.url}/t", version=pinned))) == 5
    assert lake.compact("nothing") == 0
