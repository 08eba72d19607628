"""The child process of a query: it alone talks to the database. Started by `zhike.intake.query`.

One statement that only reads. Who may read what is the database's business: it is asked with the rights of the login
in the address, which on PostgreSQL must not reach beyond the tables. What a statement may do beyond reading is stopped
here, by each database's own means.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import duckdb
import pyarrow.parquet as pq

from zhike.errors import EngineError, InputError, ZhikeError
from zhike.intake.limits import MEGABYTE, Limits
from zhike.sql import quoted

_ROWS_AT_ONCE = 65_536
# What may stand before the first word. No comments between slashes and stars: databases differ in where those end.
_FIRST_WORD = re.compile(r"(?:[\s(]|--[^\r\n]*(?:[\r\n]|$))*([a-z]*)", re.IGNORECASE)
_READING = ("select", "with", "values", "table", "from")
_SQLITE_READING = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)
# What Ibis knows and runs elsewhere: a query there reaches no file here. The others open, and create, whatever the
# address or the query names.
_REMOTE = (
    "athena", "bigquery", "clickhouse", "databricks", "druid", "exasol", "impala", "materialize", "mssql", "mysql",
    "oracle", "risingwave", "singlestoredb", "snowflake", "trino",
)  # fmt: skip
_SERVER_FILES = ("pg_read_server_files", "pg_write_server_files", "pg_execute_server_program")

Batches = tuple[Any, Iterator[Any]]


def handle(request: dict[str, Any], progress: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Run a query and write its rows to a Parquet file in the order the database gives them.

    Request: url, sql, destination.

    Raises:
        InputError: the database is of no kind that can be asked, cannot be reached or refuses the query; the query is
            not one statement that only reads, or its rows are more than the limits allow.
        EngineError: the driver for this kind of database is not installed.
    """
    url, sql, limits = request["url"], request["sql"], Limits(**request["limits"])
    kind = kind_of(url)
    progress({"step": "reading"})
    try:
        with _batches(kind, url, sql, limits) as (schema, batches):
            return {"rows": _write(Path(request["destination"]), schema, batches, limits)}
    except ImportError as error:
        raise EngineError(
            "The driver for {kind} is not installed.",
            fix="Install it: pip install 'zhike[sql]' or ibis-framework with that database.",
            kind=kind,
        ) from error
    except (ZhikeError, MemoryError):
        raise
    except Exception as error:
        if "out of memory" in str(error):
            raise MemoryError from error
        # Every driver has errors of its own. Whatever it says may hold the address with its password.
        raise InputError(
            "The query on {kind} failed: {reason}",
            fix="Check the address, the rights and the SQL.",
            kind=kind,
            reason=" ".join(without_secrets(str(error), url).split())[:500],
        ) from error


def kind_of(url: str) -> str:
    """The kind of database an address names.

    >>> kind_of("PostgreSQL://db/shop")
    'postgresql'
    """
    kind, given, _ = url.partition("://")
    kind = kind.lower()
    if not given or kind not in ("sqlite", "duckdb", "postgresql", "postgres", *_REMOTE):
        raise InputError(
            "The address does not begin with a kind of database that can be asked.",
            fix="Begin with sqlite:///, duckdb://, postgresql:// or one of these and ://: {remote}. "
            "Import a file by its name, without a query.",
            remote=", ".join(_REMOTE),
        )
    return kind


def _write(destination: Path, schema: Any, batches: Iterator[Any], limits: Limits) -> int:
    rows = 0
    with pq.ParquetWriter(destination, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
            if destination.stat().st_size > limits.query_size:
                raise InputError(
                    "The query gives more than {megabytes} MB of rows.",
                    fix="Ask for fewer rows or columns, or import them in several parts.",
                    megabytes=limits.query_size // MEGABYTE,
                )
    return rows


def check_first_word(sql: str) -> None:
    """Refuses what is not a reading statement by how it begins.

    Raises:
        InputError: it begins with another word, or with a comment between slashes and stars.

    >>> check_first_word("-- all orders\\nSELECT * FROM orders")
    >>> check_first_word("COPY orders TO PROGRAM 'sh'")
    Traceback (most recent call last):
        ...
    zhike.errors.InputError: The query is not one statement that only reads. Write one SELECT, and nothing before or \
after it.
    """
    found = _FIRST_WORD.match(sql)
    if found is None or found.group(1).lower() not in _READING:
        raise _not_reading()


def _not_reading() -> InputError:
    return InputError(
        "The query is not one statement that only reads.", fix="Write one SELECT, and nothing before or after it."
    )


def _too_mighty(login: str) -> InputError:
    """A superuser above all. Its rights cannot be lowered for one query: the query could raise them again."""
    return InputError(
        "The login {login} may read the files of the database server or run programs there, not only its tables.",
        fix="Ask with a login that may only read: CREATE ROLE reader LOGIN PASSWORD '…'; "
        "GRANT pg_read_all_data TO reader;",
        login=login,
    )


@contextmanager
def _batches(kind: str, url: str, sql: str, limits: Limits) -> Iterator[Batches]:
    if kind == "sqlite":
        with _sqlite(url, sql) as found:
            yield found
    elif kind in ("postgresql", "postgres"):
        with _postgresql(url, sql, limits) as found:
            yield found
    elif kind == "duckdb":
        with _duckdb(url, sql, limits) as found:
            yield found
    else:
        with _through_ibis(url, sql) as found:
            yield found


@contextmanager
def _sqlite(url: str, sql: str) -> Iterator[Batches]:
    import adbc_driver_sqlite.dbapi as adbc
    from adbc_driver_sqlite import StatementOptions

    path = url.split("://", 1)[-1]
    path = path[1:] if path.startswith("/") else path
    if not Path(path).is_file():
        # SQLite would create an empty database.
        raise InputError("There is no file {file}.", fix="Check the name and the folder.", file=path)
    uri = f"file:{quote(str(Path(path).resolve()))}?mode=ro"
    _check_sqlite(uri, sql)
    with adbc.connect(uri) as connection, connection.cursor() as cursor:
        # The types of the columns are those of the first rows fetched.
        cursor.adbc_statement.set_options(**{StatementOptions.BATCH_ROWS.value: str(_ROWS_AT_ONCE)})
        cursor.execute(sql)
        reader = cursor.fetch_record_batch()
        try:
            yield reader.schema, reader
        except Exception as error:
            if "Type mismatch in column" not in str(error):
                raise
            column = re.search(r"column (\d+)", str(error))
            raise InputError(
                "Column {column} of the query holds values of several types.",
                fix="Write CAST(… AS TEXT) around it in the query.",
                column=reader.schema.names[int(column.group(1))] if column else "?",
            ) from error


def _check_sqlite(uri: str, sql: str) -> None:
    """SQLite itself says what the statement would do: it is prepared where only reading is authorised, and not run.

    A read-only connection is not enough: ATTACH opens other files, and creates them. Of VACUUM INTO, which writes
    them too, nobody is asked; hence the first word.
    """
    check_first_word(sql)
    denied: list[int] = []

    def authorise(action: int, _first: str | None, second: str | None, *_rest: str | None) -> int:
        if action in _SQLITE_READING and second not in ("load_extension", "fts3_tokenizer"):
            return sqlite3.SQLITE_OK
        denied.append(action)
        return sqlite3.SQLITE_DENY

    connection = sqlite3.connect(uri, uri=True)
    try:
        _open_virtual_tables(connection)
        connection.set_authorizer(authorise)
        connection.execute(f"EXPLAIN {sql}")
    except (sqlite3.Warning, sqlite3.ProgrammingError) as several:
        raise _not_reading() from several
    except sqlite3.Error as error:
        if denied:
            raise _not_reading() from error
        raise
    finally:
        connection.close()


def _open_virtual_tables(connection: sqlite3.Connection) -> None:
    """When a virtual table is first used its module asks to write; afterwards it reads as every other table does."""
    made = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'create virtual%'"
    for (name,) in connection.execute(made).fetchall():
        with suppress(sqlite3.Error):  # a module that is not there matters only to a query that names its table
            connection.execute(f"EXPLAIN SELECT * FROM {quoted(name)}")


@contextmanager
def _postgresql(url: str, sql: str, limits: Limits) -> Iterator[Batches]:
    """In a read-only transaction that is never committed. The protocol itself refuses a second statement."""
    import adbc_driver_postgresql.dbapi as adbc

    # COPY … TO PROGRAM is reading to PostgreSQL.
    check_first_word(sql)
    with adbc.connect("postgresql" + url[url.index(":") :]) as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(f"SET LOCAL statement_timeout = {int(limits.wall_seconds * 1000)}")
        held = " OR ".join(f"pg_has_role(session_user, '{role}', 'member')" for role in _SERVER_FILES)
        cursor.execute(f"SELECT session_user::text, {held}")
        [(login, reaches_files)] = cursor.fetchall()
        if reaches_files:
            raise _too_mighty(login)
        cursor.execute(sql)
        reader = cursor.fetch_record_batch()
        yield reader.schema, reader


@contextmanager
def _duckdb(url: str, sql: str, limits: Limits) -> Iterator[Batches]:
    closed: dict[str, Any] = {
        "enable_external_access": False,
        "python_enable_replacements": False,
        "lock_configuration": True,
        "memory_limit": f"{limits.memory // MEGABYTE}MB",
    }
    with duckdb.connect(url.split("://", 1)[-1], read_only=True, config=closed) as database:
        statements = database.extract_statements(sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise _not_reading()
        reader = database.sql(sql).to_arrow_reader(_ROWS_AT_ONCE)
        yield reader.schema, reader


@contextmanager
def _through_ibis(url: str, sql: str) -> Iterator[Batches]:
    """A database elsewhere, by Ibis, which asks for rows of a subquery: nothing but a query can stand in one."""
    import ibis

    check_first_word(sql)
    connection = ibis.connect(url)
    try:
        reader = connection.sql(sql).to_pyarrow_batches(chunk_size=_ROWS_AT_ONCE)
        yield reader.schema, reader
    finally:
        connection.disconnect()


def without_secrets(said: str, url: str) -> str:
    """What a driver says, without the address and the passwords in it.

    >>> without_secrets("FATAL: hunter2 is wrong", "postgresql://me:hunter2@db/shop")
    'FATAL: … is wrong'
    """
    rest = url.split("://", 1)[-1]
    secrets = [url, *re.findall(r"password=([^&\s]+)", url, re.IGNORECASE)]
    if "@" in rest and ":" in rest.split("@", 1)[0]:
        secrets.append(rest.rsplit("@", 1)[0].split(":", 1)[1])
    for secret in secrets:
        for written in filter(None, (secret, unquote(secret))):
            said = said.replace(written, "…")
    return said
