"""File names that are no UTF-8, or patterns to DuckDB."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.intake.archives import xlsx, zipped
from tests.intake.conftest import Load
from zhike.errors import InputError
from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import batches
from zhike.lake.lake import Lake

ORDER = b"order_id,customer_id,ordered_at,amount\n1,a,2026-01-05,10\n"


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        (b".csv", b"a,b\n1,2\n"),
        (b".jsonl", b'{"a": "1", "b": "2"}'),
        (b".xlsx", xlsx({"S": [["a", "b"], ["1", "2"]]})),
        (b".zip", zipped({"x.csv": b"a,b\n1,2\n"})),
        (b".csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)),
        (b"[1]*.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)),
        (b".\xff.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)),
    ],
    # Not the bytes: archives hold the time they were made, and the workers must agree on the names of tests.
    ids=["csv", "jsonl", "xlsx", "zip", "gz", "gz with a star", "gz of another name"],
)
def test_a_name_that_is_no_utf8(load: Load, tmp_path: Path, suffix: bytes, data: bytes) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/f\xe9"))
    folder.mkdir()
    path = folder / os.fsdecode(b"\xb6\xa9\xb5\xa5" + suffix)
    path.write_bytes(data)
    table, rows = load(path)
    assert rows == [("1", "2")]
    assert table.finding.file == "����" + suffix.decode("utf-8", "replace")
    if suffix.endswith(b".gz"):
        assert table.finding.member == table.finding.file.removesuffix(".gz")


def test_what_is_wrong_is_said_with_the_name_as_it_shows(load: Load, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9 [1].csv")
    path.write_bytes(b"")
    with pytest.raises(InputError) as raised:
        load(path)
    assert str(raised.value).startswith("caf� [1].csv is empty")


def test_it_is_imported_and_listed(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_bytes(ORDER)
    assert import_file(lake, path, Choices(table="orders")).file == "caf�.csv"
    assert [batch.file for batch in batches(lake)] == ["caf�.csv"]
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(InputError, match=r"^caf�\.csv is a PDF file"):
        import_file(lake, path)
