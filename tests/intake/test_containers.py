"""Workbooks, archives, JSON lines, Parquet: the same table from each."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from pathlib import Path

import duckdb
import pytest
import xlwt

from tests.intake.archives import xlsx, zipped
from tests.intake.conftest import Load, names
from zhike.errors import InputError

HEADER = ["id", "when", "amount", "note"]
WHEN = dt.datetime(2010, 12, 1, 8, 26)


def test_xlsx_cells(load: Load) -> None:
    header = [*HEADER, "mixed", "whole"]
    lines = [
        [17850, WHEN, 2.55, "naïve 客户", WHEN, 5],
        ["A1", dt.date(2011, 1, 2), -3, None, "unknown", None],
        [3, None, 1.23456789012e-7, "007", 4, 7],
    ]
    table, read = load(xlsx({"Data": [header, *lines]}), "a.xlsx")
    assert (names(table), table.first_row, table.finding.format) == (header, 2, "xlsx")
    assert [c.sql_type for c in table.columns] == ["VARCHAR", "TIMESTAMP", "DOUBLE", "VARCHAR", "VARCHAR", "BIGINT"]
    assert read == [
        ("17850", WHEN, 2.55, "naïve 客户", "2010-12-01 08:26:00", 5),
        ("A1", dt.datetime(2011, 1, 2), -3, None, "unknown", None),
        ("3", None, 1.23456789012e-7, "007", "4", 7),
    ]


def test_a_sheet_of_odd_types(load: Load) -> None:
    """Times of day beside durations have no common type: all is text then."""
    rows = [["id", "time"], [1, dt.time(3, 4)], [2, dt.timedelta(hours=30)]]
    assert [row[0] for row in load(xlsx({"Data": rows}), "a.xlsx")[1]] == ["1", "2"]


def test_a_workbook_named_csv_is_read_as_what_it_is(load: Load) -> None:
    assert load(xlsx({"Data": [["a", "b"], [1, 2]]}), "a.csv")[1] == [(1, 2)]


def test_xls(load: Load) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("数据")
    dates = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")
    for column, cell in enumerate(HEADER):
        sheet.write(0, column, cell)
    sheet.write(1, 0, 17850)
    sheet.write(1, 1, WHEN, dates)
    sheet.write(1, 2, 2.55)
    sheet.write(1, 3, "客户")
    buffer = io.BytesIO()
    book.save(buffer)
    table, read = load(buffer.getvalue(), "a.xls")
    assert (table.finding.format, table.finding.sheet) == ("xls", "数据")
    assert read == [(17850, WHEN, 2.55, "客户")]


def test_sheets(load: Load) -> None:
    data = xlsx(
        {
            "Cover": [["Sales of 2020"]],
            "Data": [["Report", None], [], ["id", "amount"], [1, 5], [2, 6]],
            "Other": [["x", "y"], [1, 2]],
        }
    )
    table, read = load(data, "a.xlsx")
    assert (table.finding.sheet, table.finding.sheets) == ("Data", ("Cover", "Data", "Other"))
    assert (names(table), table.first_row, read) == (["id", "amount"], 4, [(1, 5), (2, 6)])
    assert names(load(data, "a.xlsx", sheet="Other")[0]) == ["x", "y"]
    with pytest.raises(InputError, match="Its sheets are: Cover, Data, Other"):
        load(data, "a.xlsx", sheet="Nope")
    with pytest.raises(InputError, match="no sheet with a header"):
        load(xlsx({"Cover": [["Sales"]]}), "b.xlsx")


def test_zip_takes_the_largest_data_file(load: Load) -> None:
    data = zipped(
        {
            "in/readme.md": b"x" * 5_000,
            "in/small.csv": b"a;b\n1;2\n",
            "in/large.csv": b"c;d\n" + b"3;4\n" * 9,
            "__MACOSX/._large.csv": b"junk" * 999,
        }
    )
    table, rows = load(data, "a.zip")
    assert (table.finding.member, table.finding.file, len(rows)) == ("in/large.csv", "a.zip", 9)
    assert set(table.finding.members) == {"in/readme.md", "in/small.csv", "in/large.csv"}
    assert load(data, "a.zip", member="small.csv")[1] == [("1", "2")]
    with pytest.raises(InputError, match=r"no file nope\.csv inside"):
        load(data, "a.zip", member="nope.csv")


def test_names_inside_an_archive_shape_no_path(load: Load, tmp_path: Path) -> None:
    table, rows = load(zipped({"../../evil.csv": b"a,b\n1,2\n", "/etc/x.csv": b"a\n"}), "a.zip")
    assert (rows, table.finding.member) == ([("1", "2")], "../../evil.csv")
    assert not list(tmp_path.parent.glob("evil*"))


def test_a_zipped_workbook_and_gzip(load: Load) -> None:
    assert load(zipped({"a.xlsx": xlsx({"S": [["a", "b"], [1, 2]]})}), "a.zip")[1] == [(1, 2)]
    assert load(gzip.compress(b"a,b\n1,2\n", mtime=0), "a.csv.gz")[1] == [("1", "2")]


def test_json_lines(load: Load) -> None:
    lines = [
        {"id": 1, "name": "王", "address": {"city": "北京", "zip/code": "1"}, "tags": ["a", "b"]},
        {"id": 2, "extra": True, "name": None},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\nnot json\n[1]\n"
    table, rows = load(text.encode(), "a.jsonl")
    assert names(table) == ["id", "name", "address.city", "address.zip/code", "tags", "extra"]
    assert rows[0][:6] == ("1", "王", "北京", "1", '["a","b"]', None)
    assert rows[1][:6] == ("2", None, None, None, None, "true")
    assert table.ragged
    assert [row[6] for row in rows] == [None, None, "not json", "[1]"]
    assert any("2 lines are not JSON objects" in sentence for sentence in table.finding.said())


def test_every_key_of_json_lines_is_a_column(load: Load) -> None:
    lines = [{f"k{n}": n} for n in range(1500)] + [{"k7": None, "in": {f"x{n}": n for n in range(1500)}}]
    table, rows = load("\n".join(map(json.dumps, lines)).encode(), "a.jsonl")
    inner = sorted(f"in.x{n}" for n in range(1500))
    assert names(table) == [f"k{n}" for n in range(1500)] + inner
    assert [row[n] for n, row in enumerate(rows[:1500])] == [str(n) for n in range(1500)]
    assert dict(zip(names(table), rows[1500], strict=True))["in.x1499"] == "1499"


def test_keys_named_as_our_own_columns(load: Load) -> None:
    line = {"line": 1, "document": 2, "found": 3, "_surplus": 4, "Line": 5, "~/a": {"b/~c": 6}}
    table, rows = load(json.dumps(line).encode() + b"\nbroken\n", "a.jsonl")
    assert names(table) == ["line", "document", "found", "_surplus (2)", "Line (2)", "~/a.b/~c"]
    assert rows == [("1", "2", "3", "4", "5", "6", None, False), (None,) * 6 + ("broken", False)]


def test_a_json_array_of_objects(load: Load) -> None:
    table, rows = load(b'[{"a": 1, "b": "x"}, {"a": 2.5}]', "a.json")
    assert (names(table), rows) == (["a", "b"], [("1", "x"), ("2.5", None)])


def test_parquet_keeps_types(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.execute(
        "COPY (SELECT 1::BIGINT AS id, TIMESTAMP '2010-12-01 08:26' AS \"when \", 2.5::DOUBLE AS amount, "
        f"[1, 2] AS list, 'x' AS \"When\") TO '{path}' (FORMAT parquet)"
    )
    table, rows = load(path)
    assert [(c.name, c.sql_type) for c in table.columns] == [
        ("id", "BIGINT"), ("when", "TIMESTAMP"), ("amount", "DOUBLE"), ("list", "VARCHAR"), ("When (2)", "VARCHAR"),
    ]  # fmt: skip
    assert rows == [(1, WHEN, 2.5, "[1,2]", "x")]
