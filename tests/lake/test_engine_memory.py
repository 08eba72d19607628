"""ZHIKE_MEMORY bounds what a DuckDB engine takes before it spills to disk."""

from __future__ import annotations

import pytest

from zhike.errors import EngineError
from zhike.lake.engine import connect


def test_the_environment_bounds_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_MEMORY", "512MiB")
    assert connect("duckdb").con.execute("SELECT current_setting('memory_limit')").fetchall() == [("512.0 MiB",)]


def test_a_bound_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_MEMORY", "lots")
    with pytest.raises(EngineError, match="ZHIKE_MEMORY cannot be lots"):
        connect("duckdb")
