"""Any query on any database → a Parquet file, streamed: the result never has to fit into memory.

A child process talks to the database, because a query may never end or give more than any disk holds.
"""

from __future__ import annotations

from pathlib import Path

from zhike.errors import InputError
from zhike.intake.databases import kind_of
from zhike.intake.limits import Limits
from zhike.intake.sandbox import Cause, Death, run_worker

_WORKER = "zhike.intake.databases"


def fetch_query(url: str, sql: str, destination: Path, *, limits: Limits | None = None) -> Path:
    """Runs a query and writes its rows to `destination` in the order the database gives them.

    `sqlite:///path` and `postgresql://…` go through ADBC, `duckdb://path` is opened directly, databases that run
    elsewhere (`mysql://…`, `snowflake://…`) go through `ibis.connect`; other kinds are refused. The database is asked
    with the rights of the login in the URL; give it one that can only read. One statement that only reads is let
    through; on PostgreSQL it runs in a read-only transaction, and a login that may read the server's files, such as a
    superuser, is refused.

    Raises:
        InputError: the database cannot be reached, refuses the query or is not done with it within the limits on
            time, memory and size; or the query does not only read.
        EngineError: the driver for this kind of database is not installed.
    """
    # The child finds it too; who has mistyped an address need not wait for one.
    kind_of(url)
    partial = destination.with_suffix(".partial")
    request = {"url": url, "sql": sql, "destination": str(partial)}
    try:
        # Logins may come from the environment (PGPASSWORD, AWS_…); no stranger's file is read in this child.
        run_worker(_WORKER, request, limits=limits, died=_died, whole_environment=True)
        partial.replace(destination)
    finally:
        partial.unlink(missing_ok=True)
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


def _died(death: Death) -> InputError:
    if death.cause in (Cause.TIME, Cause.PROCESSOR):
        return InputError(
            "The query took longer than {seconds} seconds and was stopped.",
            fix="Ask for fewer rows, or allow more time.",
            seconds=round(death.seconds),
        )
    if death.cause is Cause.MEMORY:
        return InputError(
            "The query needed more memory than allowed.", fix="Ask for fewer rows or shorter values at once."
        )
    return InputError(
        "The query failed: the process that asked the database ended ({reason}).",
        fix="Check the address and the SQL.",
        reason=death.said,
    )
