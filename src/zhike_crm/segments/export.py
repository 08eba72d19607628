"""The members of a segment as a file: who they are, how to reach them, and what the models say of them.

The list of customers exports the columns it shows. Here nothing is shown, so a file has what work outside begins with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Identity
from zhike_crm.segments.columns import COLUMN
from zhike_crm.segments.models import Segment
from zhike_crm.ui.lists import export
from zhike_crm.ui.lists.columns import Column, Kind, Pairs
from zhike_crm.ui.lists.listing import Question

# Those that the reader may see; e-mail and phone need the right to personal data.
COLUMNS = ("number", "name", "email", "phone", "value_tier", "stage", "churn_risk", "churn_probability", "clv")


class MembersFile(CustomerList):
    """The list of customers with the numbers under which other systems know them."""

    def own_columns(self) -> list[Column]:
        known = Pairs(Identity.objects.of(self.workspace), "customer_id", "identity")
        number = Column("number", _("Customer number"), Kind.TEXT, through=known, sortable=False)
        return [number, *super().own_columns()]


def members_file(segment: Segment, asked: Mapping[str, str], by: Membership) -> Any:
    """A download of those members of a segment that one may see.

    Args:
        asked: `format` (csv or xlsx), and `columns` for others than the usual ones.
    """
    records = MembersFile(by)
    records.name = f"segment-{segment.pk}"
    members = {"column": COLUMN, "test": "any_of", "value": [str(segment.pk)]}
    columns = Question.from_query({"columns": asked.get("columns", "")}).columns
    question = Question({"all": [members]}, columns=columns or COLUMNS)
    rows = records.filtered(question, timezone.localdate())
    return export.response(records, rows, question, asked.get("format", "csv"))
