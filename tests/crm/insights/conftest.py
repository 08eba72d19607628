"""A shop with a year and a half of orders, refreshed at two days."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crm.kept import Company, kept_company
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.pipeline import refresh
from zhike_crm.insights.actions import refresh_now, remember_past
from zhike_crm.insights.models import RunSummary
from zhike_crm.workspaces.models import Workspace

THEN, NOW = dt.date(2025, 3, 31), dt.date(2025, 6, 30)


def rows() -> list[str]:
    """Forty customers: a third buys monthly until now, a third stopped in winter, a third came once in spring."""
    found, order = [], 0
    for customer in range(40):
        kind = customer % 3
        months = {0: range(18), 1: range(10), 2: range(14 + customer % 4, 15 + customer % 4)}[kind]
        for month in months:
            day = dt.date(2024 + month // 12, month % 12 + 1, 1 + customer % 27)
            order += 1
            found.append(f"{order},c{customer:02},{day},{10 + customer * 5}")
    return found


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that has computed both days: refreshing a copy of it finds them done."""
    folder = tmp_path_factory.mktemp("insights")
    file = folder / "orders.csv"
    file.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows()]))
    with Lake(folder / "lake") as lake:
        import_file(lake, file, Choices(table="orders"))
        for day in (THEN, NOW):
            refresh(lake, day)
    return folder / "lake"


@pytest.fixture
def orders(workspace: Workspace, scored: Path) -> None:
    shutil.copytree(scored, workspace.lake_folder)


@pytest.fixture(scope="package")
def kept_runs(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, scored: Path
) -> Iterator[Company]:
    """The figures of two days; the later ones are current."""

    def fill(workspace: Workspace) -> None:
        shutil.copytree(scored, workspace.lake_folder)
        remember_past(workspace, THEN)
        refresh_now(workspace, NOW)

    with kept_company(django_db_blocker, tmp_path_factory.mktemp("runs") / "files", fill) as made:
        yield made


@pytest.fixture
def past(kept_runs: Company, workspace: Workspace) -> RunSummary:
    """The figures of an earlier day."""
    return RunSummary.objects.of(workspace).get(as_of=THEN)


@pytest.fixture
def summary(kept_runs: Company, workspace: Workspace) -> RunSummary:
    """The current figures, after those of an earlier day."""
    return RunSummary.objects.of(workspace).select_related("workspace").get(as_of=NOW)
