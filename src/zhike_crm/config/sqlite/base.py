"""Django's SQLite backend on an SQLite that is safe to write from several processes in WAL mode.

SQLite before 3.51.3 can corrupt a database in WAL mode, and the SQLite of a Python is whatever its system shipped.
The `pysqlite3` wheel brings its own; it takes the place of the standard module before Django's backend asks for it.
"""

from __future__ import annotations

import sys

import pysqlite3

SAFE_IN_WAL = (3, 51, 3)

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

from django.db.backends.sqlite3 import base  # noqa: E402 - only after the modules above are in place

if base.Database.sqlite_version_info < SAFE_IN_WAL:
    raise ImportError(f"SQLite {base.Database.sqlite_version} can corrupt data in WAL mode; install a newer pysqlite3.")


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's; only the SQLite below it is another."""
