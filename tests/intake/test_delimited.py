"""Delimited text in every encoding and shape: what is found out, and that no row or character is lost."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.intake.conftest import Load, names

CHINESE = "客户编号,姓名,城市\n1,王小明,北京\n2,李雷和韩梅梅,上海\n3,张伟,广州市天河区\n"
FRENCH = "id,nom,ville\n1,Zoé,Besançon\n2,François,Orléans\n3,Noël,Nîmes\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8"),
        (CHINESE, "utf-16", "utf-16-le"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE, "gbk", "gb18030"),
        (CHINESE, "gb18030", "gb18030"),
        (FRENCH, "utf-8", "utf-8"),
        (FRENCH, "cp1252", "cp1252"),
        (FRENCH, "latin-1", "cp1252"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings(load: Load, text: str, written: str, found: str, end: str) -> None:
    table, rows = load(text.replace("\n", end).encode(written))
    expected = list(csv.reader(io.StringIO(text)))
    assert table.finding.encoding == found
    assert [names(table), *map(list, rows)] == expected


def test_rare_characters_of_gb18030_survive(load: Load) -> None:
    _, rows = load("姓名,城市\n喆,北京\n㼆,𠮷野家\n陈,上海\n".encode("gb18030"))
    assert rows == [("喆", "北京"), ("㼆", "𠮷野家"), ("陈", "上海")]


def test_an_encoding_can_be_named(load: Load) -> None:
    table, rows = load("имя,город\nИван,Тверь\n".encode("cp1251"), encoding="cp1251")
    assert (names(table), rows) == (["имя", "город"], [("Иван", "Тверь")])


def test_a_few_broken_bytes_are_replaced_and_said(load: Load) -> None:
    good = "姓名,城市\n" + "王小明,北京\n" * 50
    table, rows = load(good.encode() + b"\xff\xfe,\xe5\x8c\n")
    assert table.finding.encoding == "utf-8"
    assert len(rows) == 51
    assert rows[0] == ("王小明", "北京")
    assert any("broken" in sentence for sentence in table.finding.said())


def test_a_wrong_byte_after_megabytes_is_found(load: Load) -> None:
    table, rows = load(b"name,city\n" + b"ann,york\n" * 600_000 + b"zo\xe9,paris\n")
    assert (table.finding.encoding, rows[-1]) == ("cp1252", ("zoé", "paris"))


@pytest.mark.parametrize(("mark", "name"), [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "txt")])
def test_delimiters(load: Load, mark: str, name: str) -> None:
    lines = [["id", "note", "amount"], ["1", "a b, c", "1.5"], ["2", "d; e", "2.5"], ["3", "f|g", "3.5"]]
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator="\n").writerows(lines)
    table, rows = load(text.getvalue().encode(), f"file.{name}")
    assert table.finding.delimiter == mark
    assert [names(table), *map(list, rows)] == lines


def test_a_decimal_comma_is_not_a_delimiter(load: Load) -> None:
    table, rows = load(b"id;price;weight\n1;2,50;0,1\n2;3,75;0,2\n")
    assert (table.finding.delimiter, table.finding.decimal) == (";", ",")
    assert rows == [("1", "2,50", "0,1"), ("2", "3,75", "0,2")]


@pytest.mark.parametrize(
    ("text", "header", "first_row", "count"),
    [
        ("id,amount\n1,5\n2,6\n", ["id", "amount"], 2, 2),
        ("Sales report 2020\n\nid,amount\n1,5\n2,6\n", ["id", "amount"], 4, 2),
        ("Sales report,\nMay,\nid,amount\n1,5\n2,6\n", ["id", "amount"], 4, 2),
        ('"Sales\nreport"\nid,amount\n1,5\n2,6\n', ["id", "amount"], 4, 2),
        ("1,5\n2,6\n", ["Column 1", "Column 2"], 1, 2),
        ("ann@x.org,5\nbob@y.org,6\n", ["Column 1", "Column 2"], 1, 2),
        (" id , amount \n1,5\n", ["id", "amount"], 2, 1),
        ("price,price,Price,\n1,2,3,4\n", ["price", "price (2)", "Price (3)", "Column 4"], 2, 1),
        ("id,amount,\n1,5,\n2,6,\n", ["id", "amount", "Column 3"], 2, 2),
        ("name\nann\nbob\n", ["name"], 2, 2),
        ('"na\nme",x\nann,1\n', ["na\nme", "x"], 2, 1),
        ("sep=;\nid;amount\n1;5\n", ["id", "amount"], 3, 1),
        ("product,2019,2020\nx,1,2\n", ["product", "2019", "2020"], 2, 1),
    ],
)
def test_headers(load: Load, text: str, header: list[str], first_row: int, count: int) -> None:
    table, rows = load(text.encode())
    assert (names(table), table.first_row, len(rows)) == (header, first_row, count)


def test_the_header_row_can_be_named(load: Load) -> None:
    text = b"a,b\nid,amount\n1,5\n"
    assert names(load(text, header_row=2)[0]) == ["id", "amount"]
    table, rows = load(text, header_row=0)
    assert (names(table), len(rows)) == (["Column 1", "Column 2"], 3)


@pytest.mark.parametrize("quoted", [False, True])
def test_ragged_rows_are_kept(load: Load, quoted: bool) -> None:
    cell = '"x\ny"' if quoted else "x"
    text = f"a,b,c\n1,2,3\n4,5,6\n{cell},2\n1,2,3,4,5\n1,2,3,,\n,,\n" + "9," * 40 + "9\n"
    table, rows = load(text.encode())
    assert table.ragged
    assert [row[3:] for row in rows[1:]] == [
        (None, False), (None, True), ("4,5", False), (None, False), (None, False), (",".join("9" * 38), False),
    ]  # fmt: skip
    assert rows[2][0] == ("x\ny" if quoted else "x")
    assert rows[5][:3] == ("", "", "")


def test_rows_in_file_order(load: Load) -> None:
    _, rows = load(b"n,x\n" + b"".join(b"%d,x\n" % n for n in range(500_000)))
    assert [int(row[0]) for row in rows] == list(range(500_000))


def test_a_cell_of_ten_megabytes(load: Load) -> None:
    cell = "x" * 10_000_000
    _, rows = load(f'id,text\n1,"{cell}"\n2,short\n'.encode())
    assert rows == [("1", cell), ("2", "short")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\r\n1,2\n3,4\r\n", [("1", "2"), ("3", "4")]),
        ("a,b\r1,2\r3,4\r", [("1", "2"), ("3", "4")]),
        ('a,b\n1,"5" pipe"\n3,4\n', [("1", '5 pipe"'), ("3", "4")]),
        ('a,b\n1,5" pipe\n3,4\n', [("1", '5" pipe'), ("3", "4")]),
        ('a,b\n1,"say ""hi"", ok"\n3,4\n', [("1", 'say "hi", ok'), ("3", "4")]),
        ('a,b\n1,"say \\"hi\\", ok"\n3,4\n', [("1", 'say "hi", ok'), ("3", "4")]),
        ('a,b\n1,"two\nlines"\n3,4\n', [("1", "two\nlines"), ("3", "4")]),
        ('a,b\r\n1,"two\nlines"\r\n3,4\r\n', [("1", "two\nlines"), ("3", "4")]),
    ],
)
def test_irregular_quotes_and_line_ends(load: Load, text: str, expected: list[tuple[str, str]]) -> None:
    assert load(text.encode())[1] == expected


def test_naughty_strings_round_trip(load: Load, test_data: Path) -> None:
    strings = json.loads((test_data / "naughty_strings" / "blns.json").read_text("utf-8"))
    text = io.StringIO()
    csv.writer(text).writerows([["id", "text"], *enumerate(strings)])
    table, rows = load(text.getvalue().encode())
    assert [row[1] for row in rows] == strings
    assert not table.ragged


def test_columns_set_apart_by_blanks(load: Load, test_data: Path) -> None:
    table, rows = load(test_data / "cdnow" / "CDNOW_sample.txt")
    assert len(rows) == 6_919
    assert rows[0] == ("00004", "0001", "19970101", "2", "29.33")
    assert names(table)[0] == "Column 1"


def test_a_name_with_wildcards_matches_no_other_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "sales1.csv").write_bytes(b"a,b\n1,2\n")
    table, rows = load(b"a,b\n3,4\n", "sales[1]*.csv")
    assert (rows, table.finding.file) == ([("3", "4")], "sales[1]*.csv")


def test_headers_named_as_our_own_columns(load: Load) -> None:
    header = [
        "_surplus0",
        "_SURPLUS1",
        "_surplus_0",
        "_surplus",
        "_short",
        "_row",
        "raw_rows",
        "rowid",
        "file_row_number",
    ]
    width = len(header)
    cells = [str(n) for n in range(width)]
    text = ",".join(header) + "\n" + ",".join(cells) + "\n" + ",".join([*cells, "more", "and more"]) + "\nx\n"
    table, rows = load(text.encode())
    assert names(table) == [*header[:3], "_surplus (2)", "_short (2)", *header[5:]]
    assert rows[0] == (*cells, None, False)
    assert rows[1] == (*cells, "more,and more", False)
    assert rows[2] == ("x", *[None] * (width - 1), None, True)
