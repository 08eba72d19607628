"""A full disk, a folder that may not be written, damaged files: one sentence with the fix, and nothing half-written."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from zhike.errors import LakeError
from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import batches
from zhike.lake.failures import disk_error
from zhike.lake.lake import Lake
from zhike.lake.scratch import private_folder
from zhike.lake.snapshot import snapshot

_REMOUNT, _READ_ONLY = 32, 1
SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.string())])
ORDERS = Choices(table="orders")


def some(rows: int) -> Any:
    return duckdb.connect().sql(f"SELECT range AS n, md5(range::VARCHAR) AS text FROM range({rows})")


def mount(flags: int, how: str, folder: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", flags, how.encode()) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(0, "size=3m", folder):
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    ctypes.CDLL(None).umount2(str(folder).encode(), 2)


def test_a_full_disk_is_named_and_leaves_what_was_there(small_disk: Path) -> None:
    with Lake(small_disk / "lake") as lake:
        lake.append("t", some(10), schema=SCHEMA)
        before = lake.version("t")
        with pytest.raises(LakeError, match=r"no room in .*: No space left on device. Nothing was changed. Free space"):
            lake.append("t", some(300_000), schema=SCHEMA, transaction=("import-1", 1))
        assert (lake.version("t"), lake.transaction_version("t", "import-1")) == (before, None)
        assert lake.engine.to_pyarrow(lake.scan("t")).num_rows == 10
        # What had been begun is gone again, so there is room for less.
        assert list(lake.scratch().iterdir()) == []
        lake.append("t", some(20), schema=SCHEMA)


def test_an_import_that_does_not_fit_changes_nothing(small_disk: Path, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    duckdb.connect().execute(
        "COPY (SELECT md5(range::VARCHAR) AS order_id, md5(range::VARCHAR) AS customer_id, "
        f"DATE '2025-01-01' AS ordered_at, range AS amount FROM range(200_000)) TO '{file}'"
    )
    with Lake(small_disk / "lake") as lake:
        with pytest.raises(LakeError, match="no room in"):
            import_file(lake, file, ORDERS)
        assert batches(lake) == []
        assert list(lake.scratch().glob("staging-*")) == []


def test_a_read_only_disk_can_be_read_and_says_that_it_cannot_be_written(small_disk: Path) -> None:
    with Lake(small_disk / "lake") as lake:
        lake.append("t", some(10), schema=SCHEMA)
    assert mount(_REMOUNT | _READ_ONLY, "", small_disk)
    with Lake(small_disk / "lake") as lake:
        assert lake.engine.to_pyarrow(lake.scan("t")).num_rows == 10
        tries: list[Callable[[], Any]] = [
            lambda: lake.append("t", some(1), schema=SCHEMA),
            lambda: lake.append("new", some(1), schema=SCHEMA),
            lambda: lake.delete("t", "n = 1", transaction=("import-1", 2)),
            lambda: lake.compact("t"),
        ]
        for attempt in tries:
            with pytest.raises(LakeError, match=r"cannot be written: Read-only file system\. Nothing was changed"):
                attempt()


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with Lake(Path(folder, "lake")) as lake:
            lake.append("t", some(10), schema=SCHEMA)
            os.seteuid(65534)
            try:
                with pytest.raises(LakeError, match=r"cannot be written: Permission denied"):
                    lake.append("t", some(1), schema=SCHEMA)
                with pytest.raises(LakeError, match=r"cannot be written: Permission denied"), lake.writing():
                    pass
            finally:
                os.seteuid(0)


def test_a_quota_is_a_full_disk(tmp_path: Path) -> None:
    code = (
        "import resource, signal, duckdb, pyarrow as pa\n"
        "from zhike.lake.lake import Lake\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "rows = duckdb.connect().sql('SELECT range AS n, md5(range::VARCHAR) AS text FROM range(300000)')\n"
        "schema = pa.schema([('n', pa.int64()), ('text', pa.string())])\n"
        f"lake = Lake({str(tmp_path / 'lake')!r})\n"
        "try:\n    lake.append('t', rows, schema=schema)\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("LakeError There is no room in"), done.stderr
    assert "File too large" in done.stdout
    with Lake(tmp_path / "lake") as lake:
        assert lake.read("t").num_rows == 0


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "Disk quota exceeded"),
        (OSError("Generic LocalFileSystem error: \x1b[31mno\x1b[0m (os error 28)"), "No space left on device"),
        (duckdb.IOException("Could not write file: No space left on device"), "No space left on device"),
        (duckdb.OutOfMemoryException("… 'max_temp_directory_size' setting"), "max_temp_directory_size"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
)
def test_whoever_says_it_the_cause_is_found(said: Exception, found: str) -> None:
    error = disk_error(said, "/data")
    assert error is not None
    assert error.values["reason"] == found


def test_other_failures_are_no_disk_errors() -> None:
    assert disk_error(duckdb.InvalidInputException("128 is too much"), "/data") is None


def order_files(lake: Lake) -> list[Path]:
    return sorted(Path(lake.url, "facts", "orders").glob("*.parquet"))


@pytest.fixture
def imported(lake: Lake, orders_csv: Callable[..., Path]) -> Lake:
    import_file(lake, orders_csv("a.csv", "1,a,2026-01-05,10", "2,b,2026-01-06,20"), ORDERS)
    return lake


def test_a_missing_file_is_explained(imported: Lake) -> None:
    order_files(imported)[0].unlink()
    with pytest.raises(LakeError, match=r"facts/orders of the lake .* cannot be opened.*restore it from a backup"):
        snapshot(imported, "orders")


def test_a_truncated_file_is_explained(imported: Lake) -> None:
    [file] = order_files(imported)
    os.truncate(file, file.stat().st_size - 20)
    with pytest.raises(LakeError, match=r"cannot be opened: part-.* bytes"):
        snapshot(imported, "orders")


def test_a_file_with_other_bytes_is_explained(imported: Lake) -> None:
    [file] = order_files(imported)
    size = file.stat().st_size
    file.write_bytes(b"PAR1" + os.urandom(size - 4))
    with pytest.raises(LakeError, match="cannot be opened"):
        snapshot(imported, "orders")


def test_damage_inside_a_file_is_explained_when_it_is_computed_from(imported: Lake) -> None:
    [file] = order_files(imported)
    whole = bytearray(file.read_bytes())
    whole[4:60] = b"\xff" * 56
    file.write_bytes(whole)
    rows = snapshot(imported, "orders")
    with pytest.raises(LakeError, match="cannot be read"):
        imported.materialised(rows, "rows")


def test_a_damaged_ledger_is_explained(imported: Lake) -> None:
    for file in Path(imported.url, "ledger", "imports").glob("*.parquet"):
        file.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(LakeError, match="ledger/imports of the lake"):
        batches(imported)


def test_a_commit_that_a_power_cut_emptied_is_explained(lake: Lake) -> None:
    lake.append("t", some(3), schema=SCHEMA)
    newest = max(Path(lake.url, "t", "_delta_log").glob("*.json"))
    newest.write_bytes(b"")
    with pytest.raises(LakeError, match=r"table t .* cannot be opened: .*0 bytes"):
        lake.read("t")


@pytest.mark.parametrize("beyond", ["../../other.parquet", "{tmp}/other.parquet"])
def test_a_log_does_not_lead_out_of_the_lake(lake: Lake, tmp_path: Path, beyond: str) -> None:
    lake.append("t", some(3), schema=SCHEMA)
    (own,) = Path(lake.url, "t").glob("*.parquet")
    other = (Path(lake.url, "t") / beyond.format(tmp=tmp_path)).resolve()
    own.rename(other)
    log = max(Path(lake.url, "t", "_delta_log").glob("*.json"))
    log.write_text(log.read_text().replace(own.name, beyond.format(tmp=tmp_path)))
    table = lake.delta("t")
    assert table is not None
    with pytest.raises(LakeError, match="is outside of it"):
        lake.files("t", table)


def test_the_lock_is_not_taken_through_a_link(lake: Lake, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (lake.scratch() / "writer.lock").symlink_to(victim)
    with pytest.raises(LakeError), lake.writing():
        pass
    assert victim.read_text() == "precious"


def test_commits_are_on_the_disk_before_anybody_is_told(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append(Path(f"/proc/self/fd/{file}").readlink().name) or real(file)
    )
    lake.append("t", some(3), schema=SCHEMA)
    lake.append("t", some(2), schema=SCHEMA)
    lake.compact("t")
    lake.delete("t", "n = 1", transaction=("undo", 1))
    commits = {file.name for file in Path(lake.url, "t", "_delta_log").glob("*.json")}
    assert len(commits) == 5
    assert commits <= set(synced)


def test_unfinished_work_on_a_lake_elsewhere_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one, other = private_folder("s3://bucket/one"), private_folder("s3://bucket/other")
    assert one != other
    assert one.parent.stat().st_mode & 0o077 == 0
    assert Lake("s3://bucket/one").scratch() == one
    one.parent.chmod(0o777)
    with pytest.raises(LakeError, match=r"open to others\. Remove it, or set TMPDIR"):
        private_folder("s3://bucket/one")
