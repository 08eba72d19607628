"""Fixtures every test may use: where the real data is, and a lake in an empty folder."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres, running_postgres
from zhike.importing.importer import import_file
from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.pipeline import refresh


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets. Those we may not redistribute are found through ZHIKE_TEST_DATA."""
    folder = os.environ.get("ZHIKE_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data sets not found: set ZHIKE_TEST_DATA to the folder that holds them")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def online_retail() -> Path:
    """The example data of the repository: UCI Online Retail, complete."""
    return Path(__file__).parent.parent / "examples" / "online_retail" / "online_retail.parquet"


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory, online_retail: Path) -> Iterator[tuple[Lake, Run]]:
    """Online Retail as of its last day, after a run of three months before."""
    with Lake(tmp_path_factory.mktemp("retail") / "lake", engine="duckdb") as lake:
        import_file(lake, online_retail)
        refresh(lake, dt.date(2011, 9, 9))
        yield lake, refresh(lake)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that stops at the end; databases in it are made with `create_database`."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake(tmp_path / "lake", engine="duckdb") as opened:
        yield opened


@pytest.fixture
def orders_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small orders file: `orders_csv("name.csv", "1,a,2026-01-05,10", …)`."""

    def write(name: str, *rows: str, header: str = "order_id,customer_id,ordered_at,amount") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write
