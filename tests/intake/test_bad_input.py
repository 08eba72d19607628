"""Files that cannot be used: each a sentence that says what is wrong and what to do, and the process alive."""

from __future__ import annotations

import struct
from pathlib import Path
from types import ModuleType

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.intake.archives import xlsx, zipped
from tests.intake.conftest import Load
from zhike.errors import InputError
from zhike.intake import dates, delimited, encoding, headers, jsonlines, numbers, workbook
from zhike.intake.limits import Limits
from zhike.language import catalogue, speaking


def parquet_bytes(tmp_path: Path) -> bytes:
    path = tmp_path / "good.parquet"
    duckdb.execute(f"COPY (SELECT range AS n, 'x' || range AS t FROM range(1000)) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n  \n", "is empty"),
        ("a.csv", b"id,amount\n", "no rows"),
        ("a.csv", b"id,amount", "no rows"),
        ("a.csv", b"id,amount\n1,5\x00\n", "not a text file"),
        ("a.csv", b"id,amount\n" + b"1,5\n" * 40_000 + b"\x00\x00\n", "not a text file"),
        ("a.csv", bytes(range(256)) * 40, "not a text file"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
        ("a.csv", b"%PDF-1.7\n%\xe2\xe3\n", "PDF"),
        ("a.csv", b"SQLite format 3\x00" + bytes(100), "SQLite"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        ("a.csv", b'id,note,x\n1,"never closed\nno row\n3,y,z\n', "never closes"),
        ("a.csv", b"id,amount\n1," + b"9" * 40_000_000 + b"\n", "longer than"),
        ("a.xlsx", b"PK\x03\x04" + bytes(50), "damaged ZIP or XLSX"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "cannot be opened as a workbook"),
        ("a.parquet", b"PAR1" + bytes(100), "damaged Parquet"),
        ("a.parquet", b"PAR1" + bytes(100) + b"PAR1", "damaged"),
        ("a.jsonl", b'{"a": 1', "no JSON objects"),
        ("a.jsonl", b"{}\n{}\n", "no JSON objects"),
        ("a.json", b'["a", "b"]', "no JSON objects"),
        ("a.zip", zipped({}), "holds no data file"),
        ("a.zip", zipped({"in/b.zip": zipped({"c.csv": b"a,b\n1,2\n"})}), "archive inside an archive"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00garbage", "damaged archive"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(30), "7z"),
    ],
)
def test_a_clear_error(load: Load, name: str, data: bytes, says: str) -> None:
    with pytest.raises(InputError) as raised:
        load(data, name)
    assert says in str(raised.value)
    assert raised.value.fix
    assert "{" not in raised.value.problem.format(**raised.value.values)


@pytest.mark.parametrize("name", ["bz2", "hex", "rot13", "base64", "zip", "idna", "punycode", "nosuch", "", "a\0b"])
def test_an_encoding_that_is_none(load: Load, name: str) -> None:
    with pytest.raises(InputError, match="is not an encoding") as raised:
        load(b"a,b\n1,2\n", encoding=name)
    assert "utf-8" in raised.value.fix


@pytest.mark.parametrize("delimiter", ["ab", "", "\n", "\r", '"', "\\", "\0"])
def test_a_delimiter_that_is_none(load: Load, delimiter: str) -> None:
    with pytest.raises(InputError, match="A delimiter is one character"):
        load(b"a,b\n1,2\n", delimiter=delimiter)


def test_a_missing_file(load: Load, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        load(tmp_path / "nothing.csv")


@pytest.mark.parametrize("at", [3, 200, -30, -9, -5])
def test_corrupt_parquet_is_an_error_or_is_read(load: Load, tmp_path: Path, at: int) -> None:
    """A flipped byte may go unnoticed by the format itself; what it must not do is end the process."""
    data = bytearray(parquet_bytes(tmp_path))
    data[at] ^= 0xFF
    outcome = "read"
    try:
        load(bytes(data), "bad.parquet")
    except InputError:
        outcome = "refused"
    except duckdb.Error:
        # Values are read in the caller's pass; an error there is an error, not a crash.
        outcome = "refused"
    assert outcome == ("read" if at in (200, -30) else "refused")


WIDE = 4_097
WIDE_ROW = ",".join(["1"] * WIDE) + "\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", (",".join(f"c{n}" for n in range(WIDE)) + "\n" + WIDE_ROW).encode()),
        ("a.csv", (WIDE_ROW * 2).encode()),
        ("a.jsonl", "\n".join(f'{{"k{n}": 1}}' for n in range(WIDE)).encode()),
        ("a.jsonl", ('{"in": {' + ",".join(f'"k{n}": 1' for n in range(WIDE)) + "}}").encode()),
        ("a.xlsx", xlsx({"S": [[f"c{n}" for n in range(WIDE)], [1] * WIDE]})),
    ],
    ids=["csv", "csv without a header", "jsonl", "nested jsonl", "xlsx"],
)
def test_more_columns_than_can_be_handled(load: Load, name: str, data: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.\w+ has more than 4096 columns"):
        load(data, name)


def test_a_parquet_file_with_too_many_columns(load: Load, tmp_path: Path) -> None:
    pq.write_table(pa.table({f"c{n}": [1] for n in range(WIDE)}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="more than 4096 columns"):
        load(tmp_path / "a.parquet")


def test_as_many_columns_as_can_be_handled(load: Load) -> None:
    wide = ",".join(f"c{n}" for n in range(WIDE - 1)) + "\n" + WIDE_ROW[2:]
    assert len(load(wide.encode())[0].columns) == WIDE - 1


def workbook_with(sheet: bytes) -> dict[str, bytes]:
    return {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": sheet}


def test_a_workbook_that_inflates_is_refused_by_its_directory(load: Load) -> None:
    bomb = zipped(workbook_with(b"0" * 302_000_000))
    assert len(bomb) < 1_000_000
    with pytest.raises(InputError, match=r"would unpack to 28[78] MB"):
        load(bomb, "bomb.xlsx")


def test_a_workbook_that_lies_about_its_size_is_refused(load: Load) -> None:
    data = bytearray(zipped(workbook_with(b"0" * 100_000_000)))
    for signature, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = 0
        while (start := data.find(signature, start)) >= 0:
            if struct.unpack_from("<I", data, start + at)[0] == 100_000_000:
                struct.pack_into("<I", data, start + at, 1_000)
            start += 4
    with pytest.raises(InputError, match="damaged"):
        load(bytes(data), "liar.xlsx")


def test_a_zip_that_inflates_is_refused(load: Load) -> None:
    limits = Limits(inflated=1_000_000)
    with pytest.raises(InputError, match="would unpack"):
        load(zipped({"a.csv": b"a,b\n" + b"1,2\n" * 500_000}), "a.zip", limits)


def test_gzip_that_inflates_is_refused(load: Load) -> None:
    import gzip

    with pytest.raises(InputError, match="would unpack"):
        load(gzip.compress(b"0" * 150_000_000, mtime=0), "a.csv.gz")


def test_errors_speak_chinese(load: Load) -> None:
    with pytest.raises(InputError) as raised:
        load(b"")
    with speaking("zh"):
        assert str(raised.value).startswith("file.csv ")
        assert "empty" not in str(raised.value)


@pytest.mark.parametrize("module", [dates, delimited, encoding, headers, jsonlines, numbers, workbook])
def test_warnings_have_chinese(module: ModuleType) -> None:
    said = [v for k, v in vars(module).items() if k.isupper() and isinstance(v, str) and v.endswith(".")]
    assert said
    assert set(said) <= {english for _context, english in catalogue()}
