"""A backup into an empty installation, on SQLite or PostgreSQL, whichever it came from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from zhike.errors import InputError
from zhike_crm.running.backup import tables
from zhike_crm.running.backup.archive import unpack
from zhike_crm.running.backup.backup import FORMAT
from zhike_crm.running.words import _

_FOLDERS = ("workspaces", "files")


def restore(source: Path) -> dict[str, Any]:
    """Bring back what a backup holds and return its manifest.

    Raises:
        InputError: there is something here already, or the file is no whole backup; nothing was changed.
    """
    home = Path(settings.ZHIKE_HOME)
    _require_empty(home)
    # Beside what it will become, so that it is one rename away.
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as aside:
        unpacked = Path(aside)
        manifest = unpack(source, unpacked)
        _migrate_as_then(manifest)
        moved = _move_files(unpacked, home)
        try:
            _load(unpacked / "tables", manifest)
        except BaseException:
            for folder in moved:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        if (unpacked / "secret").exists():
            (unpacked / "secret").replace(home / "secret")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    _keep_columns()
    return manifest


def _keep_columns() -> None:
    """The files that lists look into are not in a backup: they are made of what the database has."""
    from zhike_crm.customers.keeping import keep_again
    from zhike_crm.customers.models import ScoredRun

    for run in ScoredRun.objects.everywhere().select_related("workspace"):
        keep_again(run.workspace)


def _require_empty(home: Path) -> None:
    from zhike_crm.accounts.models import User
    from zhike_crm.workspaces.models import Workspace

    existing = connection.introspection.table_names()
    used = [m for m in (User, Workspace) if m._meta.db_table in existing and m.objects.exists()]
    if used or any(any((home / name).rglob("*")) for name in _FOLDERS):
        raise InputError(
            _("There are people or workspaces in {home} already.", home=str(home)),
            fix=_("Restore into an empty folder (ZHIKE_HOME) and an empty database."),
        )


def _migrate_as_then(manifest: dict[str, Any]) -> None:
    """The tables as they were when the backup was made; they become today's afterwards, with the rows in them."""
    executor = MigrationExecutor(connection)
    then = as_squashed(executor.loader, {(app, name) for app, name in manifest["migrations"]})
    if manifest["format"] > FORMAT or not then <= set(executor.loader.graph.nodes):
        raise InputError(
            _("The backup was made by a newer Zhike, {version}.", version=manifest["zhike"]),
            fix=_("Install that version first."),
        )
    if not as_squashed(executor.loader, set(MigrationRecorder(connection).applied_migrations())) <= then:
        raise InputError(
            _("The backup is older than the tables of this database."), fix=_("Restore into an empty database.")
        )
    parents = executor.loader.graph.node_map
    inner = {parent.key for node in then for parent in parents[node].parents}
    executor.migrate(sorted(then - inner))


def as_squashed(loader: MigrationLoader, applied: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of today's migrations have been applied, where one of today's may stand for several of then."""
    for key, migration in loader.replacements.items():
        if applied.issuperset(migration.replaces):
            applied = applied.difference(migration.replaces) | {key}
    return applied


def _move_files(unpacked: Path, home: Path) -> list[Path]:
    moved = []
    for name in _FOLDERS:
        if (unpacked / name).exists():
            shutil.rmtree(home / name, ignore_errors=True)
            (unpacked / name).replace(home / name)
            moved.append(home / name)
    return moved


def _load(folder: Path, manifest: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Rows that the making of the tables has left. References are checked at the end of the transaction.
        for name in manifest["rows"]:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")
        for name, rows in manifest["rows"].items():
            file = pq.ParquetFile(folder / f"{name}.parquet")
            written = tables.write(name, file.iter_batches(batch_size=tables.CHUNK))
            if written != rows:
                raise InputError(_("{file} is damaged: {member}", file="tables", member=name))
        for statement in connection.ops.sequence_reset_sql(no_style(), tables.kept_models()):
            cursor.execute(statement)
