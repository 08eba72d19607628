"""What works on files beside the lake keeps to ZHIKE_MEMORY, and is closed when it is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from zhike.errors import EngineError
from zhike.importing.check import check_file
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.lake.working import working

SETTINGS = "SELECT current_setting('memory_limit'), current_setting('TimeZone'), current_setting('temp_directory')"


def test_it_keeps_to_the_memory_it_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZHIKE_MEMORY", "512MiB")
    with working(tmp_path) as con:
        assert con.execute(SETTINGS).fetchall() == [("512.0 MiB", "UTC", str(tmp_path))]
    with pytest.raises(duckdb.ConnectionException):
        con.execute("SELECT 1")
    with working(tmp_path, "256MiB") as con:
        assert con.execute(SETTINGS).fetchall()[0][0] == "256.0 MiB"
    monkeypatch.setenv("ZHIKE_MEMORY", "lots")
    with pytest.raises(EngineError, match="ZHIKE_MEMORY cannot be lots"), working(tmp_path):
        pass


@pytest.mark.parametrize("work", [import_file, check_file])
def test_an_import_keeps_to_it_and_closes_its_engine(
    lake: Lake, orders_csv: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, work: Callable[..., Any]
) -> None:
    monkeypatch.setenv("ZHIKE_MEMORY", "300MiB")
    opened: list[tuple[duckdb.DuckDBPyConnection, str]] = []
    connect = duckdb.connect

    def watched(*args: Any, **how: Any) -> duckdb.DuckDBPyConnection:
        con = connect(*args, **how)
        if "temp_directory" in how.get("config", {}):
            opened.append((con, con.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]))
        return con

    monkeypatch.setattr(duckdb, "connect", watched)
    work(lake, orders_csv("a.csv", "1,a,2025-01-05,10"), Choices(table="orders"))
    assert {memory for _con, memory in opened} == {"300.0 MiB"}
    for con, _memory in opened:
        with pytest.raises(duckdb.ConnectionException):
            con.execute("SELECT 1")
