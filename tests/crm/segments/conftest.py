"""A shop of twelve customers with orders, order lines, tickets and a customer file, refreshed once."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crm.kept import Company, kept_company
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.lake.runs import latest
from zhike.pipeline import refresh
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer
from zhike_crm.customers.sync import copy_run
from zhike_crm.jobs.worker import Worker
from zhike_crm.segments.actions import create_segment
from zhike_crm.segments.models import Member, Segment
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

NOW = dt.date(2026, 6, 30)
Names = Callable[..., set[str]]


def files() -> dict[str, list[str]]:
    """Customer n buys every month for n months until June, tea if n is even; every third one has complained."""
    lines, order = ["order_id,customer_id,ordered_at,product_name,category,amount"], 0
    for customer in range(1, 13):
        for month in range(customer):
            order += 1
            day = dt.date(2026 if month < 6 else 2025, (6 - month - 1) % 12 + 1, 10)
            what = "Green tea,Tea" if customer % 2 == 0 else "Cup,Dishes"
            lines.append(f"{order},c{customer:02},{day},{what},{customer * 10}")
    tickets = ["ticket_id,customer_id,opened_at,kind"]
    tickets += [f"t{n},c{n:02},2026-06-{10 + n},complaint" for n in range(3, 13, 3)]
    people = ["customer_id,name,country,city,birth_date,tags"]
    for n in range(1, 13):
        country, city = ("China", "上海") if n % 2 else ("France", "Paris")
        people.append(f"c{n:02},Name {n:02},{country},{city},{1950 + 4 * n}-06-30,{'yoga' if n < 4 else 'golf'}")
    return {"order_lines": lines, "tickets": tickets, "customers": people}


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake, computed: a copy of it finds its run done."""
    folder = tmp_path_factory.mktemp("segments")
    with Lake(folder / "lake") as lake:
        for table, rows in files().items():
            file = folder / f"{table}.csv"
            file.write_text("\n".join(rows))
            import_file(lake, file, Choices(table=table))
        refresh(lake, NOW)
    return folder / "lake"


def fill(workspace: Workspace, scored: Path) -> None:
    shutil.copytree(scored, workspace.lake_folder)
    with lake_of(workspace) as lake:
        copy_run(workspace, lake, latest(lake))


@pytest.fixture(scope="module")
def kept_customers(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, scored: Path
) -> Iterator[Company]:
    files = tmp_path_factory.mktemp("customers") / "files"
    with kept_company(django_db_blocker, files, lambda workspace: fill(workspace, scored)) as made:
        yield made


@pytest.fixture
def shop(kept_customers: Company, workspace: Workspace) -> Workspace:
    """Customers c01 … c12 with their scores."""
    return workspace


@pytest.fixture
def boss(workspace: Workspace, member: Callable[..., Membership]) -> Membership:
    """The membership of the workspace's owner."""
    return member("owner")


@pytest.fixture
def made(boss: Membership) -> Callable[..., Segment]:
    """made("Tea", tree) is a segment that has been computed."""

    def make(name: str, tree: dict[str, Any] | None = None, **values: Any) -> Segment:
        kind = Segment.Kind.LIST if tree is None else Segment.Kind.RULE
        segment = create_segment(boss, name=name, kind=kind, tree=tree, **values)
        work()
        segment.refresh_from_db()
        return segment

    return make


def work() -> None:
    """Do every job that waits."""
    while Worker().work_once():
        pass


def inside(segment: Segment) -> set[str]:
    """The numbers of the customers in a segment now."""
    rows = Member.objects.of(segment.workspace_id).filter(segment=segment, left_at=None)
    return {name[-2:] for name in rows.values_list("customer__name", flat=True)}


def customers(workspace: Workspace, *numbers: int) -> Any:
    return Customer.objects.of(workspace).filter(name__in=[f"Name {number:02}" for number in numbers])


def column(name: str, test: str, value: Any = None) -> dict[str, Any]:
    return {"column": name, "test": test, "value": value}


def bought(test: str, value: Any = None, days: int | None = None, **where: str) -> dict[str, Any]:
    details = [{"detail": detail, "test": "is", "value": text} for detail, text in where.items()]
    return {"event": "purchase", "test": test, "value": value, "within_days": days, "where": details}
