"""ZHIKE_MEMORY bounds what a DuckDB engine takes before it spills to disk."""

from __future__ import annotations

import os

import pytest

from zhike.errors import EngineError
from zhike.lake import working
from zhike.lake.engine import connect


def test_the_environment_bounds_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_MEMORY", "512MiB")
    assert connect("duckdb").con.execute("SELECT current_setting('memory_limit')").fetchall() == [("512.0 MiB",)]


def test_a_large_lake_may_use_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHIKE_MEMORY", raising=False)
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shares = [working.memory_limit(machine // part) for part in (1000, 10, 2)]
    assert shares == ["15%", "50%", "60%"]


def test_a_bound_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_MEMORY", "lots")
    with pytest.raises(EngineError, match="ZHIKE_MEMORY cannot be lots"):
        connect("duckdb")
