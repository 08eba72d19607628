"""Backup → restore → identical: every row, every file, and the lake gives the same scores. In real processes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db.migrations.loader import MigrationLoader

from tests.postgres import Postgres
from zhike_crm.running.backup.restore import as_squashed

FILL = """
import datetime as dt, pathlib, sys
from zhike_crm.running.installation import start_django
start_django()
from zhike.importing.importer import import_file
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import create_customer, write_note
from zhike_crm.insights.actions import refresh_now
from zhike_crm.jobs.schedules import set_schedule
from zhike_crm.workspaces.lakes import lake_of
me = Membership.objects.everywhere().select_related("workspace", "user").get()
orders = pathlib.Path(sys.argv[1])
orders.write_text("order_id,customer_id,ordered_at,amount\\n" + "".join(
    f"{n},c{n % 7},2026-01-{n % 28 + 1:02},{n}.5\\n" for n in range(1, 60)))
with lake_of(me.workspace) as lake:
    import_file(lake, orders)
refresh_now(me.workspace)
li = create_customer(me, name="李 “Li” \\\\N, \\t;", birth_date=dt.date(1990, 2, 28), email="li@example.com")
write_note(li, "two\\nlines, and a \\"quote\\"", me)
set_schedule(me.workspace, "refresh", "0 3 * * *")
"""


class Installation:
    """A folder and perhaps a database of PostgreSQL."""

    def __init__(self, home: Path, database: str = "") -> None:
        self.home = home
        self.environment = os.environ | {"ZHIKE_HOME": str(home), "ZHIKE_DEBUG": "1", "ZHIKE_DATABASE_URL": database}

    def zhike(self, *arguments: object, succeeds: bool = True) -> str:
        return self._run("-m", "zhike.cli.main", *arguments, succeeds=succeeds)

    def python(self, code: str, *arguments: object) -> str:
        return self._run("-c", code, *arguments, succeeds=True)

    def _run(self, *arguments: object, succeeds: bool) -> str:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr


def filled(home: Path, database: str = "") -> Installation:
    made = Installation(home, database)
    made.zhike("init", "--email", "owner@example.com", "--password", "correct horse battery", "--workspace", "Shop")
    made.python(FILL, home.parent / "orders.csv")
    return made


def contents(backup: Path, folder: Path) -> dict[str, Any]:
    """What a backup holds, in a form that does not depend on the database it came from."""
    subprocess.run(["tar", "-xzf", backup, "-C", folder], check=True)
    found: dict[str, Any] = {}
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if file.suffix == ".parquet" and name.startswith("tables/"):
            found[name] = [_plain(row) for row in pq.read_table(file).to_pylist()]
        elif file.is_file() and name != "manifest.json":
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON without the order of its keys, which PostgreSQL changes."""
    return {name: _read(value) for name, value in row.items()}


def _read(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of an installation on SQLite; the installation lies beside it."""
    folder = tmp_path_factory.mktemp("saved")
    filled(folder / "home").zhike("backup", folder / "one.tar.gz")
    return folder / "one.tar.gz"


def assert_same(first: Path, second: Path, tmp_path: Path, customers: int = 8) -> None:
    folders = [tmp_path / f"unpacked-{first.name}", tmp_path / f"unpacked-{second.name}"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    before, after = contents(first, folders[0]), contents(second, folders[1])
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert len(before["tables/customers_customer.parquet"]) == customers
    assert any(name.endswith(".parquet") for name in before if name.startswith("workspaces/"))


def test_what_comes_back_is_what_was_saved(saved: Path, tmp_path: Path) -> None:
    second = Installation(tmp_path / "second")
    second.zhike("restore", saved)
    second.zhike("backup", tmp_path / "two.tar.gz")
    assert_same(saved, tmp_path / "two.tar.gz", tmp_path)
    assert "already" in second.zhike("restore", saved, succeeds=False)
    # New rows get ids of their own, and the lake still answers.
    second.python(FILL.replace("import_file(lake, orders)", "pass"), tmp_path / "orders.csv")


def test_a_backup_from_before_migrations_were_squashed_knows_the_same_tables() -> None:
    loader = MigrationLoader(None)
    assert loader.replacements
    others = {node for node in loader.graph.nodes if node not in loader.replacements}
    before = others.union(*(migration.replaces for migration in loader.replacements.values()))
    assert as_squashed(loader, before) == set(loader.graph.nodes)
    part = before - {next(iter(loader.replacements.values())).replaces[-1]}
    assert not as_squashed(loader, part) <= set(loader.graph.nodes)


def test_from_sqlite_to_postgres_and_back(saved: Path, tmp_path: Path, postgres: Postgres) -> None:
    second = Installation(tmp_path / "second", postgres.create_database("restored"))
    second.zhike("restore", saved)
    second.python(FILL.replace("import_file(lake, orders)", "pass"), tmp_path / "orders.csv")
    second.zhike("backup", tmp_path / "two.tar.gz")
    third = Installation(tmp_path / "third")
    third.zhike("restore", tmp_path / "two.tar.gz")
    third.zhike("backup", tmp_path / "three.tar.gz")
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    assert_same(tmp_path / "two.tar.gz", tmp_path / "three.tar.gz", unpacked, customers=9)


def test_a_damaged_backup_changes_nothing(saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xzf", saved, "-C", folder], check=True)
    pq.write_table(pa.table({"id": [1]}), folder / "tables" / "customers_customer.parquet")
    changed, cut = tmp_path / "changed.tar.gz", tmp_path / "cut.tar.gz"
    subprocess.run(
        ["tar", "-czf", changed, "-C", folder, "manifest.json", "secret", "tables", "workspaces"], check=True
    )
    cut.write_bytes(saved.read_bytes()[:-2000])
    second = Installation(tmp_path / "second")
    for bad in (changed, cut):
        assert bad.name in second.zhike("restore", bad, succeeds=False)
        assert not (second.home / "workspaces").exists()


def test_a_backup_of_no_known_kind_leaves_no_file(tmp_path: Path) -> None:
    made = Installation(tmp_path / "home")
    assert ".tar.zst" in made.zhike("backup", tmp_path / "backup.zip", succeeds=False)
    # There are no tables yet.
    made.zhike("backup", tmp_path / "backup.tar.zst", succeeds=False)
    assert sorted(path.name for path in tmp_path.glob("*backup*")) == []


def test_every_column_can_be_saved() -> None:
    from zhike_crm.running.backup.tables import kept_models, schema_of

    for model in kept_models():
        assert len(schema_of(model)) == len(model._meta.concrete_fields)
