"""Plain quotes, cells of several lines and empty lines: no row vanishes, and row numbers are those a person sees."""

from __future__ import annotations

import contextlib
import csv
import io
import random
import time

import pytest

from tests.intake.conftest import Load
from zhike.errors import InputError
from zhike.intake.delimited import PLAIN_QUOTES
from zhike.intake.limits import Limits

HEADER = "id,item,price\n"


def rows_of(load: Load, text: str) -> list[tuple[object, ...]]:
    return load(text.encode())[1]


def test_inch_marks_in_the_last_cell_swallow_no_row(load: Load) -> None:
    lines = [["id", "price", "item"], *([str(n), str(n * 5), f"pipe {n}"] for n in range(20))]
    for at in (3, 7):
        lines[at][2] = '"3 inch pipe'
    table, rows = load("".join(",".join(line) + "\n" for line in lines).encode())
    assert [list(row) for row in rows] == lines[1:]
    assert (PLAIN_QUOTES, {"count": 2, "line": 4}) in table.finding.warnings


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "body",
    [
        '1,"3 inch,5\n2,x,5\n3,"4 inch,5\n',  # the csv module finds a row of the right width in this
        '1,"3 inch,5\n2,x,5\n3,y,5\n',  # nothing closes it
        '1,x,5\n2,"3 inch",5\n3,"4 inch,5\n4,"5 inch,5\n',
        '1,"a, b",5\n2,"a, b","4 inch\n3,x,5\n4,"a, b","5 inch\n',  # beside cells that are quoted as they should be
        '1,"3 inch\n2,x,5\n3,"4 inch,5\n',  # a short row
        '1,"3 inch\n2,x,5\n3,y,5\n',
    ],
)
def test_as_many_rows_as_lines(load: Load, body: str, end: str) -> None:
    rows = rows_of(load, (HEADER + body).replace("\n", end))
    assert [row[0] for row in rows] == [str(n + 1) for n in range(body.count("\n"))]
    assert '"' in str(rows)


def test_quotes_that_close_by_accident(load: Load) -> None:
    """Strict CSV by its signs alone: only the numbers within tell that it is three rows."""
    rows = rows_of(load, HEADER + '0,a,5\n1,"3 inch,5\n2,x,6\n3,pipe 4",7\n' + "".join(f"{n},b,5\n" for n in range(9)))
    assert rows[1:4] == [("1", '"3 inch', "5"), ("2", "x", "6"), ("3", 'pipe 4"', "7")]
    assert len(rows) == 13


@pytest.mark.parametrize(
    "cell",
    [
        "two\nlines",
        "one, two\nthree, four",
        "three, four, five\nsix, seven, eight",
        "a\n\n\nb",
        '"said"\nnext',
        "x\r\ny",
        "\n",
        "1\n2\n3",
        ",\n,",
        "\n".join(f"line {n}, of many" for n in range(200)),
    ],
)
def test_cells_of_several_lines_stay_whole(load: Load, cell: str) -> None:
    expected = [["1", cell, "5"], ["2", "x", "6"], ["3", cell, "7"], ["4", "5", cell]]
    for width in (2, 3):
        text = io.StringIO()
        csv.writer(text).writerows([["id", "item", "price"][:width], *(row[:width] for row in expected)])
        table, rows = load(text.getvalue().encode())
        assert [list(row) for row in rows] == [row[:width] for row in expected]
        assert PLAIN_QUOTES not in [sentence for sentence, _ in table.finding.warnings]


def test_whatever_the_csv_module_writes_is_read_as_written(load: Load) -> None:
    chance = random.Random(1)
    for _ in range(60):
        width = chance.randint(1, 4)
        cells = ["".join(chance.choices('ab",\n 1', k=chance.randint(0, 6))) for _ in range(12 * width)]
        lines = [
            [f"c{n}" for n in range(width)],
            *([str(n), *cells[n * width + 1 : (n + 1) * width]] for n in range(12)),
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        _, rows = load(text.getvalue().encode(), delimiter=",", header_row=1)
        assert [list(row) for row in rows] == lines[1:]


def test_a_quote_before_lines_that_are_no_rows_never_closes(load: Load) -> None:
    with pytest.raises(InputError, match="opens on line 3 and never closes"):
        load(b'id,note,x\n1,a,b\n2,"never closed\nfree text\n')


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "first_row", "ids"),
    [
        ("id,a\n1,x\n2,y\n", 2, ["1", "2"]),
        ("id,a\n\n\n1,x\n\n2,y\n", 2, ["", "", "1", "", "2"]),
        ("\n\nid,a\n1,x\n\n2,y\n\n\n\n", 4, ["1", "", "2"]),
        ("id,a\n1,x\n   \n,\n\n2,y", 2, ["1", "   ", "", "", "2"]),
        ('id,a\n1,"x\n\ny"\n\n2,y\n', 2, ["1", "", "2"]),
        ("name\nann\n\nbob\n\n", 2, ["ann", "", "bob"]),
    ],
)
def test_an_empty_line_is_a_row(load: Load, text: str, first_row: int, ids: list[str], end: str) -> None:
    table, rows = load(text.replace("\n", end).encode())
    assert (table.first_row, [row[0] for row in rows]) == (first_row, ids)
    assert not any("irregular" in said for said in table.finding.said())


def test_empty_lines_in_another_encoding_and_beyond_a_chunk(load: Load) -> None:
    many = "编号,姓名\n" + "1,王\n" * 900_000 + "\n2,李\n" + "\n" * 20
    _, rows = load(many.encode("gb18030"))
    assert (len(rows), rows[-2:]) == (900_002, [("", ""), ("2", "李")])


def test_quotes_made_to_cost(load: Load) -> None:
    """A look ahead at every line must not make the time grow with the square of the lines."""
    hostile = [
        "a,b\n" + '1,"x\n' * 50_000,
        "a,b\n" + '1,"""\n' * 50_000,
        "a,b\n" + '1,"x\n""\n' * 50_000,
        "a,b\n" + '1,"' + '""\n' * 200_000 + '"\n',
        "a,b\n" + ',"' * 50_000 + "\n",
        "a,b\n" + (',"' * 40 + "\n") * 2_000,
    ]
    for text in hostile:
        started = time.monotonic()
        with contextlib.suppress(InputError):
            load(text.encode(), limits=Limits(longest_row=2**20))
        assert time.monotonic() - started < 30
