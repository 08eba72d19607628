"""A shop with a year and a half of orders, refreshed at two days."""

from __future__ import annotations

import copy
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.pipeline import refresh
from zhike_crm.customers.sync import copy_run
from zhike_crm.insights.actions import refresh_now, remember_past
from zhike_crm.insights.models import RunMoves, RunSummary
from zhike_crm.insights.moves import run_of
from zhike_crm.insights.summary import make_current
from zhike_crm.workspaces.lakes import lake_of
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


_KEPT: dict[str, Any] = {}


def _again(name: str, workspace: Workspace, make: Callable[[], RunSummary]) -> RunSummary:
    """Figures that an earlier test has computed are not computed again."""
    if name not in _KEPT:
        made = make()
        _KEPT[name] = {f: getattr(made, f) for f in ("run", "as_of", "customers", "settings", "figures", "proofs")}
        return made
    return RunSummary.objects.create(workspace=workspace, **copy.deepcopy(_KEPT[name]))


@pytest.fixture
def past(workspace: Workspace, orders: None) -> RunSummary:
    """An earlier day; nothing is current yet."""
    return _again("past", workspace, lambda: remember_past(workspace, THEN))


@pytest.fixture
def summary(workspace: Workspace, past: RunSummary) -> RunSummary:
    """The current figures, after those of an earlier day."""
    known = "summary" in _KEPT
    made = _again("summary", workspace, lambda: refresh_now(workspace, NOW))
    if known:
        RunMoves.objects.create(workspace=workspace, before=past, after=made, **copy.deepcopy(_KEPT["moves"]))
        with lake_of(workspace) as lake:
            copy_run(workspace, lake, run_of(lake, made))
        make_current(made)
    else:
        moves = RunMoves.objects.of(workspace).get()
        _KEPT["moves"] = {"stage": moves.stage, "value_tier": moves.value_tier, "causes": moves.causes}
    made.refresh_from_db()
    return made
