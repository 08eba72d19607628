"""A backup while everybody goes on working.

First the database as it is at one moment, then the lakes: a lake only grows, so what the database knew at that moment
is in it, and what came later does no harm. All files of a lake are listed while nobody writes, and copied afterwards:
none of them ever changes.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from zhike.lake.lake import Lake
from zhike.version import __version__
from zhike_crm.customers import keeping
from zhike_crm.running.backup import tables
from zhike_crm.running.backup.archive import MANIFEST, Writer, writing

FORMAT = 1
_UNFINISHED = "_scratch"


def back_up(target: Path) -> dict[str, int]:
    """Write a backup of the whole installation; how many rows and files are in it."""
    home = Path(settings.ZHIKE_HOME)
    rows: dict[str, int] = {}
    with writing(target) as archive:
        migrations = sorted(MigrationRecorder(connection).applied_migrations())
        with tables.snapshot() as cursor, tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as aside:
            # The snapshot begins with the first row that is read.
            for model in tables.kept_models():
                name = model._meta.db_table
                rows[name] = _add_table(archive, cursor, model, Path(aside, "table.parquet"))
        files = sum(_add_workspace(archive, home, folder) for folder in _folders(home / "workspaces"))
        files += _add_files(archive, home, list(_sizes(home / "files")))
        if (home / "secret").exists():
            archive.add("secret", home / "secret")
        manifest = {
            "format": FORMAT,
            "zhike": __version__,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "database": connection.vendor,
            "migrations": migrations,
            "rows": rows,
            "checksums": dict(archive.checksums),
        }
        archive.add_text(MANIFEST, json.dumps(manifest, indent=1))
    return {"rows": sum(rows.values()), "files": files}


def _add_table(archive: Writer, cursor: object, model: type, aside: Path) -> int:
    count = 0
    with pq.ParquetWriter(aside, tables.schema_of(model), compression="none") as written:
        for batch in tables.read(cursor, model):
            written.write_batch(batch)
            count += batch.num_rows
    archive.add(f"tables/{model._meta.db_table}.parquet", aside)
    return count


def _add_workspace(archive: Writer, home: Path, folder: Path) -> int:
    lake = folder / "lake"
    if not lake.is_dir():
        return _add_files(archive, home, list(_sizes(folder)))
    with Lake(lake) as opened, opened.writing():
        listed = list(_sizes(folder))
    return _add_files(archive, home, listed)


def _add_files(archive: Writer, home: Path, listed: list[tuple[Path, int]]) -> int:
    for file, size in listed:
        archive.add(file.relative_to(home).as_posix(), file, size)
    return len(listed)


def _sizes(folder: Path) -> Iterator[tuple[Path, int]]:
    for file in sorted(folder.rglob("*")):
        steps = file.relative_to(folder).parts
        if file.is_file() and not file.is_symlink() and _UNFINISHED not in steps and steps[0] != keeping.FOLDER:
            yield file, file.stat().st_size


def _folders(parent: Path) -> list[Path]:
    return sorted(folder for folder in parent.glob("*") if folder.is_dir())
