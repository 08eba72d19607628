"""Fixtures every test may use: where the real data is, and a lake in an empty folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets. Those we may not redistribute are found through ZHIKE_TEST_DATA."""
    folder = os.environ.get("ZHIKE_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data sets not found: set ZHIKE_TEST_DATA to the folder that holds them")
    return Path(folder).resolve()


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_LANG", "en")
