"""Rows that many tests look at, made once: tests that change them find them unchanged again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction

Made = TypeVar("Made")


@contextmanager
def kept_rows(django_db_blocker: Any, make: Callable[[], Made]) -> Iterator[Made]:
    """What `make` wrote is in the database until the end; what each test writes meanwhile is undone after it.

    For fixtures of a module or package. All of it is one transaction, and each test's own is one inside that; so no
    test among them may commit (`transaction=True`) or ask another connection.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        made = make()
    try:
        yield made
    finally:
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
