"""Any query on any database → a Parquet file, streamed: the result never has to fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from zhike.errors import EngineError, InputError

_ROWS_AT_ONCE = 65_536


def fetch_query(url: str, sql: str, destination: Path) -> Path:
    """Runs a query and writes its rows to `destination` in the order the database gives them.

    `sqlite:///path` and `postgresql://…` go through ADBC, `duckdb://path` is opened directly, other URLs through
    `ibis.connect`. The database is asked with the rights of the login in the URL; give it one that can only read.

    Raises:
        InputError: the database cannot be reached, or refuses the query.
        EngineError: the driver for this kind of database is not installed.
    """
    kind = url.split(":", 1)[0].split("+", 1)[0].lower()
    partial = destination.with_suffix(".partial")
    try:
        with _batches(kind, url, sql) as (schema, batches), pq.ParquetWriter(partial, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
    except ImportError as error:
        raise EngineError(
            "The driver for {kind} is not installed.",
            fix="Install it: pip install 'zhike[sql]' or ibis-framework with that database.",
            kind=kind,
        ) from error
    except (InputError, EngineError):
        raise
    except Exception as error:
        # Every driver has errors of its own. Whatever it says may hold the URL with its password.
        raise InputError(
            "The query on {kind} failed: {reason}",
            fix="Check the address, the rights and the SQL.",
            kind=kind,
            reason=_without_secrets(str(error), url)[:500],
        ) from error
    finally:
        if partial.exists() and not _complete(partial):
            partial.unlink()
    partial.replace(destination)
    return destination


def shown_address(url: str) -> str:
    """The address of a database as it may be shown: without password and options.

    >>> shown_address("postgresql://me:hunter2@db.example:5432/shop?sslmode=require")
    'postgresql://me@db.example:5432/shop'
    >>> shown_address("sqlite:///shop.db"), shown_address("postgresql://db/shop?user=me&password=hunter@2")
    ('sqlite:///shop.db', 'postgresql')
    """
    kind, _, rest = url.partition("://")
    place, _, options = rest.partition("?")
    if "@" in options:  # a password may be on either side of it
        return kind[:100]
    login, at, host = place.rpartition("@")
    user = login.partition(":")[0]
    return f"{kind}://{user}{at}{host}"[:200] if rest else kind[:100]


def _complete(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        if file.tell() < 8:
            return False
        file.seek(-4, 2)
        return file.read() == b"PAR1"


@contextmanager
def _batches(kind: str, url: str, sql: str) -> Iterator[tuple[Any, Iterator[Any]]]:
    if kind in ("sqlite", "postgresql", "postgres"):
        with _adbc(kind, url) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            reader = cursor.fetch_record_batch()
            yield reader.schema, reader
        return
    if kind == "duckdb":
        closed: dict[str, Any] = {"enable_external_access": False, "lock_configuration": True}
        with duckdb.connect(url.split("://", 1)[-1], read_only=True, config=closed) as database:
            reader = database.sql(sql).to_arrow_reader(_ROWS_AT_ONCE)
            yield reader.schema, reader
        return
    import ibis

    connection = ibis.connect(url)
    try:
        table = connection.sql(sql)
        reader = table.to_pyarrow_batches(chunk_size=_ROWS_AT_ONCE)
        yield reader.schema, reader
    finally:
        connection.disconnect()


def _adbc(kind: str, url: str) -> Any:
    if kind == "sqlite":
        import adbc_driver_sqlite.dbapi as sqlite

        path = url.split("://", 1)[-1]
        path = path[1:] if path.startswith("/") else path
        if not Path(path).is_file():
            # SQLite would create an empty database.
            raise InputError("There is no file {file}.", fix="Check the name and the folder.", file=path)
        return sqlite.connect(f"file:{Path(path).resolve()}?mode=ro")
    import adbc_driver_postgresql.dbapi as postgresql

    return postgresql.connect(url)


def _without_secrets(said: str, url: str) -> str:
    said = said.replace(url, "…")
    if "@" in url and ":" in url.split("@", 1)[0].split("://", 1)[-1]:
        password = url.rsplit("@", 1)[0].split("://", 1)[-1].split(":", 1)[1]
        said = said.replace(password, "…")
    return said
