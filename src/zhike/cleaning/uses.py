"""What can be computed from a file once it is clean, and what each thing it cannot serve would need."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.cleaning.report import Unmet

PLACE = ("country", "region", "city")
PERSON = ("gender", "birth_year", "birth_date", "age", "income", "education", "occupation", "marital_status")
CONTACT = ("name", "email", "phone")
PRODUCT = ("product_id", "product_name", "category")


@dataclass(frozen=True)
class Use:
    """One thing to be computed. Every entry of `needs` is a column, or several of which one is enough."""

    code: str
    needs: tuple[str | tuple[str, ...], ...]

    def lacking(self, available: set[str]) -> tuple[str, ...]:
        """The columns still needed; of several that would do, the first."""
        choices = ((need,) if isinstance(need, str) else need for need in self.needs)
        return tuple(choice[0] for choice in choices if not available.intersection(choice))


_PURCHASES = (
    Use("rfm", ("customer_id", "ordered_at", "amount")),
    Use("lifecycle", ("customer_id", "ordered_at")),
    Use("clv", ("customer_id", "ordered_at", "amount")),
    Use("contribution", ("customer_id", "amount")),
    Use("profit", ("customer_id", "amount", "cost")),
    Use("revenue_trend", ("ordered_at", "amount")),
)
USES: dict[str, tuple[Use, ...]] = {
    "orders": (
        *_PURCHASES,
        Use("refunds", (("refunded", "_returns"),)),
        Use("regions", ("amount", ("region", *PLACE))),
    ),
    "order_lines": (
        *_PURCHASES,
        Use("refunds", (("refund_of", "_returns"),)),
        Use("regions", ("amount", PLACE)),
        Use("products", ("amount", PRODUCT)),
        Use("baskets", ("order_id", PRODUCT)),
    ),
    "customers": (
        Use("portrait", ("customer_id",)),
        Use("demographics", (PERSON,)),
        Use("geography", (PLACE,)),
        Use("duplicates", (("email", *CONTACT),)),
    ),
    "interactions": (Use("engagement", ("customer_id", "occurred_at")),),
    "tickets": (Use("workload", ("opened_at",)), Use("service", ("customer_id",)), Use("csat", ("csat",))),
    "feedback": (
        Use("csat", (("csat", "positive"),)),
        Use("nps", ("nps",)),
        Use("opinions", ("text",)),
        Use("feedback_trend", ("given_at", ("csat", "nps", "positive", "text"))),
        Use("feedback_customer", ("customer_id", ("csat", "nps", "positive", "text"))),
    ),
    "touches": (Use("campaigns", ("campaign",)), Use("lift", ("customer_id", "campaign", "hold_out"))),
}


def uses(table: str, available: set[str]) -> tuple[tuple[str, ...], tuple[Unmet, ...]]:
    """What a table with values in these columns can and cannot serve.

    `_returns` among the available columns says that there are negative rows.

    >>> can, cannot = uses("orders", {"order_id", "ordered_at", "amount", "refunded", "region"})
    >>> can
    ('revenue_trend', 'refunds', 'regions')
    >>> [need.use for need in cannot if need.columns == ("customer_id",)]
    ['rfm', 'lifecycle', 'clv', 'contribution']
    """
    judged = [(use.code, use.lacking(available)) for use in USES[table]]
    can = tuple(code for code, lacking in judged if not lacking)
    return can, tuple(Unmet(code, lacking) for code, lacking in judged if lacking)
