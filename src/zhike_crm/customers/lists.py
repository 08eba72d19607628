"""The list of customers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from zhike.labels import GRID_ACTIVITY, GRID_FREQUENCY, GRID_VALUE, WARNINGS, label, names_of, say
from zhike_crm.accounts.access import Reach, can, reach, visible, within_reach
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.bulk import of_customers, of_the_bin
from zhike_crm.customers.keeping import HIDDEN, changed_since, has_files, kept_columns
from zhike_crm.customers.models import Customer, Identity, ScoredRun
from zhike_crm.ui.lists.bulk import BulkAction
from zhike_crm.ui.lists.column_tests import Meaning, Meets
from zhike_crm.ui.lists.columns import Choice, Column, Kind
from zhike_crm.ui.lists.kept import Kept, Mask
from zhike_crm.ui.lists.listing import RecordList

# The colours of codes wherever they appear: lists, portraits, charts.
COLOURS = {
    "value_tier": {"high": "green", "potential": "blue", "general": "cyan", "at_risk": "orange"},
    "grade": {"vip": "purple", "new": "blue", "regular": "cyan", "dormant": "orange"},
    "stage": {"acquisition": "cyan", "growth": "blue", "maturity": "green", "maintenance": "yellow", "churn": "red"},
    "churn_risk": {"high": "red", "middle": "orange", "low": "green", "gone": "secondary"},
    "abc": {"A": "green", "B": "blue", "C": "secondary"},
}


def codes(column: str) -> Any:
    """The codes of a score with the library's own names for them."""
    colours = COLOURS.get(column, {})
    return lambda: [Choice(code, say(name), colours.get(code, "")) for code, name in names_of(column).items()]


def grid_cells() -> list[Choice]:
    cells = (f"{a}-{f}-{v}" for a in GRID_ACTIVITY for f in GRID_FREQUENCY for v in GRID_VALUE)
    return [Choice(cell, label("grid_cell", cell)) for cell in cells]


def kinds() -> list[Choice]:
    return [Choice(*kind) for kind in Customer.Kind.choices]


# What other apps add to the list of customers; filled by them when they start.
MORE_COLUMNS: list[Callable[[RecordList], list[Column]]] = []
MORE_ACTIONS: list[Callable[[RecordList], list[BulkAction]]] = []


class CustomerList(RecordList):
    name = "customers"
    record_type = "customers.customer"
    default_sort = "-revenue"
    route = "customer_list"
    record_route = "customer"
    permission = "customers.view"
    title = _("Customers")
    search_hint = _("Name, number, e-mail or phone")
    template = "customers/list.html"

    @cached_property
    def actions(self) -> list[BulkAction]:
        fields = [column.field for column in self.columns.values() if column.field is not None]
        return [*of_customers(self.member, fields), *(action for more in MORE_ACTIONS for action in more(self))]

    @cached_property
    def _scored(self) -> tuple[Collection[str], str]:
        """The models that failed their test, and the file of the columns."""
        found = ScoredRun.objects.of(self.workspace).values_list("unproven", "columns").first()
        return found or ((), "")

    @property
    def doubtful(self) -> Collection[str]:
        return frozenset(self._scored[0])

    # -- the file of the columns (`keeping`) ---------------------------------------------------------------------------
    @cached_property
    def kept(self) -> Kept | None:
        return kept_columns(self.workspace, self._scored[1]) if has_files(self.workspace) else None

    def standing(self, kept: Kept) -> Mask:
        there: Mask = kept.numbers(HIDDEN) == 0
        owners = within_reach(self.member)
        return there if owners is None else there & np.isin(kept.numbers("owner"), list(owners))

    def searched(self, kept: Kept, words: str) -> Mask | None:
        asked: list[tuple[str, Meaning]] = [("name", Meets({"icontains": words}))]
        if "email" in self.columns:
            asked += [("email", Meets({"istartswith": words})), ("phone", Meets({"startswith": words}))]
        masks = [kept.mask(self.columns[name], meaning) for name, meaning in asked]
        if any(mask is None for mask in masks):
            return None
        found: Mask = np.logical_or.reduce(masks)
        numbered = Identity.objects.of(self.workspace).filter(identity=words).values_list("customer_id", flat=True)
        found[kept.places(list(numbered))] = True
        return found

    def changed(self, kept: Kept) -> QuerySet:
        return changed_since(kept, self.workspace)

    @property
    def dense(self) -> bool:
        return reach(self.member) == Reach.ALL

    @property
    def may_edit(self) -> bool:
        return can(self.member, "customers.edit")

    @property
    def may_segment(self) -> bool:
        return can(self.member, "segments.edit")

    @property
    def may_delete(self) -> bool:
        return can(self.member, "customers.delete")

    def rows(self) -> QuerySet:
        return visible(self.member, Customer.objects).filter(deleted_at=None, merged_into=None)

    def matching(self, rows: QuerySet, words: str) -> QuerySet:
        numbered = Identity.objects.filter(workspace=self.workspace, identity=words).values("customer_id")
        found = Q(name__icontains=words) | Q(pk__in=numbered)
        if "email" in self.columns:
            found |= Q(email__istartswith=words) | Q(phone__startswith=words)
        return rows.filter(found)

    def names(self, linked: Collection[int]) -> Mapping[int, str]:
        return dict(visible(self.member, Customer.objects).filter(pk__in=linked).values_list("pk", "name"))

    def own_columns(self) -> list[Column]:
        return [
            Column("name", _("Customer"), Kind.TEXT, "name", shown=True),
            Column("value_tier", _("Value tier"), Kind.CHOICE, "score__value_tier", codes("value_tier"), shown=True),
            Column("grade", _("Grade"), Kind.CHOICE, "score__grade", codes("grade"), shown=True),
            Column("stage", _("Stage"), Kind.CHOICE, "score__stage", codes("stage"), shown=True),
            Column("revenue", _("Revenue"), Kind.MONEY, "score__revenue", shown=True),
            Column("orders", _("Orders"), Kind.NUMBER, "score__orders", shown=True),
            Column("last_at", _("Last purchase"), Kind.DATE, "score__last_at", shown=True),
            Column("clv", _("Lifetime value"), Kind.MONEY, "score__clv", shown=True),
            Column("residual_clv", _("Value to come"), Kind.MONEY, "score__residual_clv", subject="clv"),
            Column(
                "expected_purchases",
                _("Purchases to expect"),
                Kind.NUMBER,
                "score__expected_purchases",
                sortable=False,
                digits=1,
                subject="clv",
            ),
            Column(
                "p_alive",
                _("Probability of staying"),
                Kind.NUMBER,
                "score__p_alive",
                sortable=False,
                digits=2,
                subject="clv",
            ),
            Column(
                "churn_risk",
                _("Risk of leaving"),
                Kind.CHOICE,
                "score__churn_risk",
                codes("churn_risk"),
                sortable=False,
                subject="churn",
            ),
            Column(
                "churn_probability",
                _("Probability of leaving"),
                Kind.NUMBER,
                "score__churn_probability",
                digits=2,
                subject="churn",
            ),
            Column("warnings", _("Early warnings"), Kind.NUMBER, "score__warnings", sortable=False),
            *(
                Column(
                    f"warn_{rule}",
                    gettext("Warning: %(name)s") % {"name": say(name)},
                    Kind.YESNO,
                    f"score__warn_{rule}",
                    sortable=False,
                )
                for rule, name in WARNINGS.items()
            ),
            Column("rfm_score", _("RFM score"), Kind.NUMBER, "score__rfm_score", digits=2),
            Column("recency_days", _("Days since last purchase"), Kind.NUMBER, "score__recency_days"),
            Column("frequency", _("Purchases in the window"), Kind.NUMBER, "score__frequency"),
            Column("monetary", _("Amount in the window"), Kind.MONEY, "score__monetary"),
            Column("average_order_value", _("Average order"), Kind.MONEY, "score__average_order_value"),
            Column("octant", _("RFM octant"), Kind.CHOICE, "score__octant", codes("octant"), sortable=False),
            Column("grid_cell", _("RFM grid"), Kind.CHOICE, "score__grid_cell", grid_cells, sortable=False),
            Column("abc", _("ABC class"), Kind.CHOICE, "score__abc", codes("abc"), sortable=False),
            Column("rank", _("Rank by revenue"), Kind.NUMBER, "score__rank"),
            Column("profit", _("Profit"), Kind.MONEY, "score__profit"),
            Column("first_at", _("First purchase"), Kind.DATE, "score__first_at"),
            Column("never_purchased", _("Never purchased"), Kind.YESNO, "score__never_purchased", sortable=False),
            Column("email", _("E-mail"), Kind.TEXT, "email", personal=True),
            Column("phone", _("Phone"), Kind.TEXT, "phone", personal=True),
            Column("kind", _("Kind"), Kind.CHOICE, "kind", kinds, sortable=False),
            Column("gender", _("Gender"), Kind.TEXT, "gender", personal=True, sortable=False),
            Column("age", _("Age"), Kind.AGE, "birth_date", personal=True, sortable=False),
            Column("country", _("Country"), Kind.TEXT, "country"),
            Column("region", _("Region"), Kind.TEXT, "region", sortable=False),
            Column("city", _("City"), Kind.TEXT, "city"),
            Column("owner", _("Owner"), Kind.PERSON, "owner", self._members),
            Column("created_at", _("Created"), Kind.MOMENT, "created_at"),
            *(column for more in MORE_COLUMNS for column in more(self)),
        ]

    def _members(self) -> list[Choice]:
        members = Membership.objects.of(self.workspace).select_related("user").order_by("user__name")
        return [Choice(str(member.pk), str(member)) for member in members]


class RecycleBin(CustomerList):
    """Customers who were deleted, until somebody restores them."""

    name = "deleted_customers"
    route = "recycle_bin"
    permission = "customers.delete"
    default_sort = "-deleted_at"
    title = _("Recycle bin")
    template = "customers/bin.html"

    # The bin is no part of the file, and most customers are not in it.
    kept = None
    dense = False

    @cached_property
    def actions(self) -> list[BulkAction]:
        return of_the_bin()

    def rows(self) -> QuerySet:
        return visible(self.member, Customer.objects).filter(deleted_at__isnull=False)

    def own_columns(self) -> list[Column]:
        deleted = Column("deleted_at", _("Deleted"), Kind.MOMENT, "deleted_at", shown=True)
        name, *others = super().own_columns()
        return [name, deleted, *others]
