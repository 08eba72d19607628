"""Queries that programs ask all the time: the text is written once, and only its values change.

The ORM takes longer to write the text of a page of customers than the database takes to answer it. So the query is
built once with marks in the place of values, and afterwards the marks are replaced.

>>> fetch("one customer", lambda workspace, pk: Customer.objects.of(workspace).filter(pk=pk).values_list("name"),
...     workspace=1, pk=7)      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# No id is as small; every database takes them for numbers.
_FIRST_MARK = -(2**40)
_KEPT = 1_000


@dataclass(frozen=True)
class _Prepared:
    text: str
    values: tuple[Any, ...]
    marks: dict[str, int]
    convert: Callable[[list[Any]], Any]


_known: dict[Hashable, _Prepared] = {}


def fetch(key: Hashable, build: Callable[..., QuerySet], **values: int) -> list[Any]:
    """The rows of a query over `values_list`, which `build` makes of the values.

    Args:
        key: whatever else the query depends on: where it is equal, `build` makes the same of the same values.
        values: whole numbers, such as ids.
    """
    key = (connection.vendor, key)
    query = _known.get(key)
    if query is None:
        if len(_known) >= _KEPT:
            _known.clear()
        query = _known[key] = _prepare(build, list(values))
    given = {mark: values[name] for name, mark in query.marks.items()}
    with connection.cursor() as cursor:
        cursor.execute(query.text, [given.get(value, value) for value in query.values])
        rows = cursor.fetchall()
    return list(query.convert(rows))


def _prepare(build: Callable[..., QuerySet], names: list[str]) -> _Prepared:
    marks = {name: _FIRST_MARK - place for place, name in enumerate(names)}
    rows = build(**marks)
    rows._require_scope()
    compiler = rows.query.get_compiler(rows.db)
    text, values = compiler.as_sql()
    converters = compiler.get_converters([column[0] for column in compiler.select])
    return _Prepared(text, values, marks, lambda found: compiler.apply_converters(found, converters))
