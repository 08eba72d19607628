"""A list as a file: CSV as it is read, or a workbook. Cells that a spreadsheet would run as formulas are made text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.csv
import xlsxwriter
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhike.inert import inert_cells
from zhike_crm.languages import in_language
from zhike_crm.ui.lists.attaching import attach
from zhike_crm.ui.lists.columns import Column
from zhike_crm.ui.lists.listing import Question, RecordList

BATCH = 2000
# What one sheet of a workbook holds.
SHEET_ROWS = 1_048_575


def response(records: RecordList, rows: QuerySet, question: Question, form: str) -> Any:
    """The rows of a question as a download, in the columns shown."""
    columns = [_headed(column, records) for column in records.chosen(question)]
    tables = _tables(records.with_related(rows, columns).order_by("pk"), columns)
    name = f"{records.name}-{timezone.localdate().isoformat()}"
    if form == "xlsx":
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        answer: Any = HttpResponse(_workbook(tables), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    else:
        # Sent after the request's own language has been put away.
        written = _spoken(_csv(tables), get_language() or "en")
        answer = StreamingHttpResponse(written, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _headed(column: Column, records: RecordList) -> Column:
    """With a warning in its heading where the model it comes from failed its test: a file is read without the page."""
    if column.subject and column.subject in records.doubtful:
        return replace(column, label=_("%(column)s (not proven)") % {"column": column.label})
    return column


def _tables(rows: QuerySet, columns: list[Column]) -> Iterator[pa.Table]:
    """The rows in batches; the first one comes even when there is none, for its headings."""
    batch: list[Any] = []
    sent = False
    for row in rows.iterator(chunk_size=BATCH):
        batch.append(row)
        if len(batch) == BATCH:
            yield _table(batch, columns)
            batch, sent = [], True
    if batch or not sent:
        yield _table(batch, columns)


def _table(batch: list[Any], columns: list[Column]) -> pa.Table:
    attach(batch, columns)
    cells = [_cells(column, [column.value(row) for row in batch]) for column in columns]
    return inert_cells(pa.table(cells, names=[str(column.label) for column in columns]))


def _cells(column: Column, values: list[Any]) -> pa.Array:
    if column.is_numeric:
        return pa.array(values, pa.float64())
    labels = {choice.code: str(choice.label) for choice in column.choices()}

    def said(value: Any) -> str:
        several = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(one), str(one)) for one in several)

    return pa.array([None if value is None else said(value) for value in values], pa.string())


def _csv(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    # Excel takes a file without this mark for the language of the machine.
    yield "\ufeff".encode()
    for number, table in enumerate(tables):
        written = io.BytesIO()
        pyarrow.csv.write_csv(table, written, pyarrow.csv.WriteOptions(include_header=number == 0))
        yield written.getvalue()


def _spoken(parts: Iterator[bytes], language: str) -> Iterator[bytes]:
    """Each part made in a language; between them the thread is somebody else's."""
    while True:
        with in_language(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


def _workbook(tables: Iterator[pa.Table]) -> bytes:
    written = io.BytesIO()
    quiet = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(written, quiet)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    row = 0
    for table in tables:
        if row == 0:
            sheet.write_row(0, 0, table.column_names, bold)
        for cells in zip(*(column.to_pylist() for column in table.columns), strict=True):
            row += 1
            if row <= SHEET_ROWS:
                sheet.write_row(row, 0, cells)
    book.close()
    return written.getvalue()
