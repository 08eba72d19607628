"""The file of a list's columns: what it makes of values, and which files stay open."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from zhike_crm.ui.lists import kept
from zhike_crm.ui.lists.column_tests import Filled, Meets
from zhike_crm.ui.lists.columns import Column, Kind

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ORDERS = Column("orders", "Orders", Kind.NUMBER, "orders")


@pytest.fixture(autouse=True)
def none_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_OPEN", {})


def written(path: Path, orders: pa.Array | None = None) -> Path:
    values = pa.array([0, 1, 2], pa.int64()) if orders is None else orders
    kept.write(path, pa.table({"id": pa.array([1, 2, 3], pa.int64()), "orders": values}), NOW)
    return path


@pytest.mark.parametrize("kind", [pa.int64(), pa.int32(), pa.int16(), pa.float64(), pa.bool_()], ids=str)
def test_numbers_without_gaps_are_numbers(tmp_path: Path, kind: pa.DataType) -> None:
    file = kept.open_file(written(tmp_path / "a.arrow", pa.array([0, 1, 1]).cast(kind)))
    assert file.numbers("id").dtype == "int64"
    assert file.numbers("orders").dtype == "float64"


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64()], ids=str)
def test_whole_numbers_of_older_files_are_numbers_too(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"id": pa.array([1, 2, 3]), "orders": pa.array([0, 2, 2]).cast(kind)})
    old = kept.Kept(table, table["id"].to_numpy(), NOW, None)
    for meaning, expected in (
        (Filled(True), [True, True, True]),
        (Meets({"exact": 2.0}), [False, True, True]),
        (Meets({"exact": 2.5}), [False, False, False]),
        (Meets({"lt": 1e30}), [True, True, True]),
    ):
        found = old.mask(ORDERS, meaning)
        assert found is not None
        assert found.tolist() == expected


def test_of_a_folder_only_the_newest_file_stays_open(tmp_path: Path) -> None:
    first = kept.open_file(written(tmp_path / "w" / "a.arrow"))
    assert kept.open_file(tmp_path / "w" / "a.arrow") is first
    second = kept.open_file(written(tmp_path / "w" / "b.arrow"))
    assert [known for _, known in kept._OPEN.values()] == [second]


def test_what_was_removed_does_not_stay_open(tmp_path: Path) -> None:
    kept.open_file(written(tmp_path / "gone" / "a.arrow"))
    (tmp_path / "gone" / "a.arrow").unlink()
    kept.open_file(written(tmp_path / "here" / "a.arrow"))
    assert list(kept._OPEN) == [tmp_path / "here"]


def test_files_of_so_many_folders_stay_open(tmp_path: Path) -> None:
    for number in range(kept._FOLDERS + 5):
        kept.open_file(written(tmp_path / str(number) / "a.arrow"))
    assert len(kept._OPEN) == kept._FOLDERS
    assert tmp_path / str(kept._FOLDERS + 4) in kept._OPEN


def test_half_a_file_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError("full")

    monkeypatch.setattr("zhike_crm.ui.lists.kept.os.fsync", full)
    with pytest.raises(OSError, match="full"):
        written(tmp_path / "a.arrow")
    assert not list(tmp_path.iterdir())
