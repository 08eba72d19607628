"""The list of imports."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from zhike.language import current_language
from zhike.schema import CONTRACTS
from zhike_crm.imports.models import Import, State
from zhike_crm.ui.lists.columns import Choice, Column, Kind
from zhike_crm.ui.lists.listing import RecordList

COLOURS = {
    State.FOUND: "yellow",
    State.CHECKED: "yellow",
    State.LOOKING: "blue",
    State.CHECKING: "blue",
    State.IMPORTING: "blue",
    State.UNDOING: "blue",
    State.IMPORTED: "green",
    State.UNDONE: "secondary",
}


def tables() -> list[Choice]:
    return [Choice(name, kind.label(current_language())) for name, kind in CONTRACTS.items()]


def states() -> list[Choice]:
    return [Choice(state.value, state.label, COLOURS[state]) for state in State]


class ImportList(RecordList):
    name = "imports"
    record_type = "imports.import"
    default_sort = "-created_at"
    route = "imports"
    record_route = "import"
    permission = "imports.view"
    template = "imports/list.html"
    title = _("Imports")
    search_hint = _("File or source")

    def rows(self) -> QuerySet:
        # What only the page of one import shows is large.
        large = ("inspection", "check_result", "report", "mapping", "choices", "query")
        return Import.objects.of(self.workspace).defer(*large)

    def matching(self, rows: QuerySet, words: str) -> QuerySet:
        return rows.filter(name__icontains=words) | rows.filter(source=words)

    def own_columns(self) -> list[Column]:
        return [
            Column("name", _("File"), Kind.TEXT, "name", shown=True),
            Column("state", _("State"), Kind.CHOICE, "state", states, shown=True),
            Column("table", _("Table"), Kind.CHOICE, "table", tables, shown=True),
            Column("rows", _("Rows"), Kind.NUMBER, "rows", shown=True),
            Column("accepted", _("Accepted"), Kind.NUMBER, "accepted", shown=True),
            Column("flagged", _("Flagged"), Kind.NUMBER, "flagged", shown=True),
            Column("rejected", _("Rejected"), Kind.NUMBER, "rejected", shown=True),
            Column("created_by", _("Who"), Kind.TEXT, "created_by__name", sortable=False, shown=True),
            Column("created_at", _("When"), Kind.MOMENT, "created_at", shown=True),
            Column("source", _("Source"), Kind.TEXT, "source"),
            Column("added", _("Added"), Kind.NUMBER, "added"),
            Column("updated", _("Updated"), Kind.NUMBER, "updated"),
            Column("duplicates", _("Already there"), Kind.NUMBER, "duplicates"),
            Column("batch", _("Batch"), Kind.NUMBER, "batch"),
        ]
