"""Every sentence of the quality report, by its code: rules, findings about the whole file, uses, figures.

The code is stored and the sentence is made when it is shown, so that one report reads in both languages. A code of
another version of Zhike is shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhike.language import _

Sentence = Callable[[], str]

# rule → its name, and what it means and what happened to the row
_RULES: dict[str, tuple[Sentence, Sentence]] = {
    "blank_row": (lambda: _("Blank row"), lambda: _("no column has a value; the row is not stored.")),
    "more_fields": (
        lambda: _("More fields than the header"),
        lambda: _("which value belongs to which column cannot be known; the row is not stored."),
    ),
    "fewer_fields": (
        lambda: _("Fewer fields than the header"),
        lambda: _("the columns at the end are taken as empty."),
    ),
    "missing": (lambda: _("Value missing"), lambda: _("a column that this table needs is empty.")),
    "unreadable": (
        lambda: _("Value cannot be read"),
        lambda: _("it is not a number, date or yes/no as its column should have; it is left empty."),
    ),
    "impossible_date": (
        lambda: _("Impossible date"),
        lambda: _("before 1900 or after tomorrow; the date is left empty."),
    ),
    "implausible_birth": (
        lambda: _("Implausible birth"),
        lambda: _("more than 120 years ago or in the future; it is left empty."),
    ),
    "out_of_range": (
        lambda: _("Outside the scale"),
        lambda: _("lower or higher than this column can be; it is left empty."),
    ),
    "negative_refund": (
        lambda: _("Refund written as a negative number"),
        lambda: _("taken as its size."),
    ),
    "bad_encoding": (
        lambda: _("Damaged characters"),
        lambda: _("the text was saved or read in a wrong encoding before it came here; it is kept as it is."),
    ),
    "no_customer": (
        lambda: _("No customer"),
        lambda: _("the row counts in totals, not in any score of a customer."),
    ),
    "made_id": (
        lambda: _("No customer ID"),
        lambda: _("the customer gets an ID made from the e-mail, the phone number or the whole row."),
    ),
    "cancellation": (
        lambda: _("Cancellation"),
        lambda: _("a negative row under an order number that begins with C; it is netted, not dropped."),
    ),
    "return_line": (
        lambda: _("Returned line"),
        lambda: _("quantity or amount below zero; it is netted, not dropped."),
    ),
    "return_order": (lambda: _("Returned order"), lambda: _("amount below zero; it is netted, not dropped.")),
    "zero_price": (lambda: _("Price of zero"), lambda: _("a gift, a sample or a mistake; kept.")),
    "zero_amount": (lambda: _("Amount of zero"), lambda: _("nothing was paid; kept.")),
    "unpaid": (lambda: _("Unpaid order"), lambda: _("no payment date and nothing paid; kept.")),
    "adjustment": (
        lambda: _("Bookkeeping entry"),
        lambda: _("a correction, fee or discount booked as a line; kept."),
    ),
    "other_currency": (
        lambda: _("Another currency"),
        lambda: _("most rows are in another currency; the amount is kept as it is, not converted."),
    ),
    "dates_reversed": (
        lambda: _("Dates in the wrong order"),
        lambda: _("it ended before it began; both dates are kept."),
    ),
    "outlier": (
        lambda: _("Unusually large order"),
        lambda: _("at least ten times the mean of the other orders; kept, for a person to confirm."),
    ),
    "repeated_line": (
        lambda: _("Identical row again"),
        lambda: _("the same as an earlier row in every column; kept, because rows of this kind may rightly repeat."),
    ),
    "shared_order": (
        lambda: _("One order number, several customers"),
        lambda: _("counted as one order for each of them; perhaps a till that restarts its numbers."),
    ),
    "repeated_row": (
        lambda: _("Same row again"),
        lambda: _("the same key and content come again further down; stored once."),
    ),
    "replaced_row": (
        lambda: _("Replaced by a later row"),
        lambda: _("the same key comes again further down with other values; the last one is stored."),
    ),
    "several_names": (
        lambda: _("One customer ID, several names"),
        lambda: _("either the name changed or two people share an ID; look at them."),
    ),
    "shared_email": (
        lambda: _("One e-mail, several customers"),
        lambda: _("possibly the same person twice; look at them."),
    ),
    "shared_phone": (
        lambda: _("One phone number, several customers"),
        lambda: _("possibly the same person twice; look at them."),
    ),
}

# What the same rule does to a row that cannot be kept without the value.
_REJECTED: dict[str, Sentence] = {
    "unreadable": lambda: _("it is not a number, date or yes/no as its column must have; the row is not stored."),
    "impossible_date": lambda: _("before 1900 or after tomorrow; the row is not stored."),
    "out_of_range": lambda: _("lower or higher than this column can be; the row is not stored."),
}

_FINDINGS: dict[str, Callable[..., str]] = {
    "no_customer_column": lambda **v: _(
        "No column says who the customer is: all rows ({rows:,}) are kept without one. "
        "Export again with the ID of the buyer or member to get scores per customer.",
        **v,
    ),
    "ids_made": lambda **v: _(
        "Customers without an ID got one that is made, such as {example}: {rows:,} in all, {email:,} from the "
        "e-mail, {phone:,} from the phone number, {content:,} from all the row says. They cannot be matched with "
        "orders. If a column holds their IDs, name it as “Customer ID”.",
        **{"email": 0, "phone": 0, "content": v["rows"], **v},  # older reports knew rows alone
    ),
    "no_date": lambda **v: _("No column says when: what needs time (recency, trends, stages) cannot be computed.", **v),
    "no_amount": lambda **v: _("No column says how much was paid: what needs money cannot be computed.", **v),
    "column_absent": lambda **v: _("The file has no column for “{label}”.", **v),
    "amount_computed": lambda **v: _("Amount of a line = quantity × unit price.", **v),
    "amount_is_price": lambda **v: _("No quantity column: every line counts as one piece at its price.", **v),
    "quantity_assumed": lambda **v: _("No quantity column: every line counts as one piece.", **v),
    "keys_made": lambda **v: _(
        "The rows have no number of their own; they are told apart by what they say, "
        "and identical ones by their order in the file.",
        **v,
    ),
    "orders_by_day": lambda **v: _(
        "The file has no order number. All rows of one customer on one day count as one order ({orders:,} in all), "
        "with a made ID such as {example}. If a column holds the number, name it as “Order ID”.",
        **v,
    ),
    "orders_by_row": lambda **v: _(
        "The file has no order number. Every row counts as an order of its own ({orders:,} in all), with a made ID "
        "such as {example}. If a column holds the number, name it as “Order ID”.",
        **v,
    ),
    "several_currencies": lambda **v: _(
        "The amounts are in several currencies (rows: {currencies}). Nothing was converted, so no totals are given "
        "here, and scores over them would mean nothing: convert the file to one currency first, or import each "
        "currency into a lake of its own.",
        **v,
    ),
    "different_estimated": lambda **v: _(
        "The file is long: the counts of different values are estimates (≈, within a few percent).", **v
    ),
    "outlier_bound": lambda **v: _(
        "The mean of all orders known is {mean:,.2f}; an order of ten times the mean of the others, here from "
        "{bound:,.2f} on, is flagged as unusually large.",
        **v,
    ),
    "already_net": lambda **v: _(
        "The amount paid is already less the refund; it is stored as first paid, with the refund beside it.", **v
    ),
    "gross": lambda **v: _("The amount paid is before the refund, so refunds are subtracted.", **v),
    "looks_like_lines": lambda **v: _(
        "{share:.0%} of the rows repeat an order number with other values. "
        "If each row is one product of an order, import the file as “Order lines”.",
        **v,
    ),
    "all_rejected": lambda **v: _(
        "No row could be kept. Check which of your columns feeds which of ours, and correct the mapping.", **v
    ),
}

_USES: dict[str, Sentence] = {
    "rfm": lambda: _("RFM scores, value tiers and grades"),
    "lifecycle": lambda: _("Lifecycle stages and churn warnings"),
    "clv": lambda: _("Customer lifetime value"),
    "contribution": lambda: _("Contribution and Pareto curve"),
    "profit": lambda: _("Profit per customer"),
    "revenue_trend": lambda: _("Orders and revenue over time"),
    "refunds": lambda: _("Refunds and returns"),
    "regions": lambda: _("Sales by region"),
    "products": lambda: _("Sales by product"),
    "baskets": lambda: _("Products bought together"),
    "portrait": lambda: _("Customer portraits"),
    "demographics": lambda: _("Demographic segments"),
    "geography": lambda: _("Geographic segments"),
    "duplicates": lambda: _("Finding duplicate customers"),
    "engagement": lambda: _("Activity and early warnings per customer"),
    "workload": lambda: _("Tickets over time"),
    "service": lambda: _("Service history and complaints per customer"),
    "csat": lambda: _("Satisfaction (CSAT)"),
    "nps": lambda: _("Willingness to recommend (NPS)"),
    "opinions": lambda: _("Topics and mood of the feedback"),
    "feedback_trend": lambda: _("Satisfaction over time"),
    "feedback_customer": lambda: _("Satisfaction per customer"),
    "campaigns": lambda: _("Reach and cost per campaign"),
    "lift": lambda: _("Lift against a hold-out group"),
}

_FIGURES: dict[str, Sentence] = {
    "rows": lambda: _("Rows"),
    "customers": lambda: _("Customers"),
    "orders": lambda: _("Orders"),
    "revenue": lambda: _("Revenue"),
    "missing_customer": lambda: _("Rows without a customer"),
    "cancellations": lambda: _("Cancelled rows"),
    "returns": lambda: _("Returned rows"),
    "repeated": lambda: _("Repeated rows"),
    "unpaid": lambda: _("Unpaid orders"),
    "outliers": lambda: _("Unusually large orders"),
    "paid": lambda: _("Paid, all rows"),
    "returned": lambda: _("Cancelled and returned"),
    "refunded": lambda: _("Refunded"),
}


def rule_title(rule: str) -> str:
    """The name of a rule in the current language.

    >>> rule_title("unpaid")
    'Unpaid order'
    """
    return _RULES[rule][0]() if rule in _RULES else rule


def rule_sentence(rule: str, outcome: str = "flagged") -> str:
    """What a rule means and what happens to its rows.

    >>> rule_sentence("impossible_date", "rejected")
    'before 1900 or after tomorrow; the row is not stored.'
    """
    if outcome == "rejected" and rule in _REJECTED:
        return _REJECTED[rule]()
    return _RULES[rule][1]() if rule in _RULES else ""


def finding_sentence(code: str, values: dict[str, Any]) -> str:
    """A finding about the whole file as a sentence.

    >>> finding_sentence("gross", {})
    'The amount paid is before the refund, so refunds are subtracted.'
    """
    return _FINDINGS[code](**values) if code in _FINDINGS else code


def use_title(use: str) -> str:
    """What the file can be used for, in the current language."""
    return _USES[use]() if use in _USES else use


def figure_title(figure: str) -> str:
    """The name of a figure in the current language."""
    return _FIGURES[figure]() if figure in _FIGURES else figure
