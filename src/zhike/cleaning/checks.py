"""What is checked on each row by itself: which rule, under which condition, and whether the row can be kept.

Conditions are SQL over the columns of the layers (`layers.py`). A condition that costs has a cheap guard, such as
"is empty" or "is below zero": only rows that meet one of the guards are held against the conditions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from zhike.cleaning.plan import Plan, parsed_name, raw_name
from zhike.intake.expressions import missing_sql
from zhike.intake.raw import SHORT, SURPLUS
from zhike.schema import ATTRIBUTES, Column
from zhike.sql import literal, quoted

# The replacement character; what GBK readers make of it; UTF-8 read as Latin-1 or Windows-1252 (é → Ã©, ’ → â€™,
# 中 → ä¸­). Marks that hardly occur in any living language, so that a good name is not accused.
MOJIBAKE = (
    r"\x{FFFD}|锟斤拷|烫烫烫|[ÂÃ][\x{80}-\x{BF}]|â€"
    r"|[äåæçèé][\x{80}-\x{BF}ŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]{2}"
)
# Lines that book money and sell nothing, by the name of their product.
ADJUSTMENTS = (
    "adjust bad debt",
    "adjustment",
    "manual",
    "discount",
    "bank charges",
    "bad debt",
    "调整",
    "冲账",
    "坏账",
)


@dataclass(frozen=True)
class Check:
    """A rule on one row. `column` is the file's name for the person who mends the file; `value` an SQL expression."""

    rule: str
    condition: str
    column: str = ""
    value: str = "NULL"
    rejects: bool = False
    guard: str = ""

    @property
    def suspicion(self) -> str:
        """What must hold for the condition to hold, and costs next to nothing to ask of every row."""
        return self.guard or self.condition


def checks(plan: Plan) -> list[Check]:
    """Every check that the columns of this file allow, rejections first, of these the blank row first."""
    found = [_blank_row(plan)]
    if plan.raw.ragged:
        found.append(Check("more_fields", f"{quoted(SURPLUS)} IS NOT NULL", value=quoted(SURPLUS), rejects=True))
        found.append(Check("fewer_fields", quoted(SHORT)))
    for column in plan.mapped:
        found += _column_checks(plan, column)
    if plan.is_orders:
        found += _order_checks(plan)
    found += _reversed_dates(plan)
    return sorted(found, key=lambda check: not check.rejects)


def text_in_doubt(value: str) -> str:
    """The condition that a text bears the marks of a wrong encoding.

    >>> import duckdb
    >>> sql = "SELECT " + ", ".join(text_in_doubt(f"'{text}'") for text in ("CafÃ©", "Café", "中文", "ä¸\xadæ\x96\x87"))
    >>> duckdb.execute(sql).fetchone()
    (True, False, False, True)
    """
    # Plain ASCII has as many bytes as characters; most columns never reach the pattern.
    return (
        f"CASE WHEN strlen({value}) <> length({value}) THEN regexp_matches({value}, {literal(MOJIBAKE)}) ELSE false END"
    )


def _blank(plan: Plan, column: Column) -> str:
    return missing_sql(raw_name(column.name), column.kind, plan.formats[column.name])


def _one_of(words: Iterable[str], value: str) -> str:
    """Whether a text is one of these words, whatever its case and the blanks around it."""
    return f"regexp_matches({value}, {literal('(?i)^ *(' + '|'.join(map(re.escape, words)) + ') *$')})"


def _blank_row(plan: Plan) -> Check:
    first, *rest = plan.mapped
    others = [_blank(plan, column) for column in (first, *rest)] + [f"{ATTRIBUTES} IS NULL"]
    if plan.raw.ragged:
        others.append(f"{quoted(SURPLUS)} IS NULL")
    return Check("blank_row", " AND ".join(others), rejects=True, guard=f"{quoted(first.name)} IS NULL")


def _column_checks(plan: Plan, column: Column) -> list[Check]:
    name, shown, raw = quoted(column.name), plan.theirs(column.name), raw_name(column.name)
    must, blank, empty = column.need == "must", _blank(plan, column), f"{quoted(column.name)} IS NULL"
    absent = empty
    found = []
    if column.kind not in ("id", "text"):
        read = parsed_name(column.name)
        absent = f"{read} IS NULL AND {blank}"
        unreadable = f"{read} IS NULL AND NOT {blank}"
        found.append(Check("unreadable", unreadable, shown, raw, must, f"{empty} AND {raw} IS NOT NULL"))
        found += _impossible(column, name, read, shown, raw)
    if column.name != plan.made_id and column.need != "may":
        found.append(Check(_absence(plan, column), absent, shown, rejects=must, guard=empty))
    if column.kind == "text":
        # Plain ASCII has as many bytes as characters; most texts never reach the pattern.
        foreign = f"strlen({name}) <> length({name})"
        found.append(Check("bad_encoding", text_in_doubt(name), shown, name, guard=foreign))
    return found


def _absence(plan: Plan, column: Column) -> str:
    if column.need == "wanted" and column.name == "customer_id":
        return "made_id" if plan.contract.name == "customers" else "no_customer"
    return "missing"


def _impossible(column: Column, name: str, read: str, shown: str, raw: str) -> list[Check]:
    emptied = f"{read} IS NOT NULL AND {name} IS NULL"
    if column.name in ("birth_date", "birth_year"):
        return [Check("implausible_birth", emptied, shown, raw)]
    if column.kind in ("date", "timestamp"):
        return [Check("impossible_date", emptied, shown, raw, column.need == "must")]
    found = []
    if column.name == "refunded":
        found.append(Check("negative_refund", f"{read} < 0", shown, raw))
    if column.kind == "number" or column.lowest is not None or column.highest is not None:
        found.append(Check("out_of_range", emptied, shown, raw, column.need == "must"))
    return found


def _order_checks(plan: Plan) -> list[Check]:
    return _line_checks(plan) if plan.contract.name == "order_lines" else _whole_order_checks(plan)


def _negatives(plan: Plan, measure: str, other: str) -> list[Check]:
    """Negative rows: cancellations have a C and digits for an order number, in many shops; the others came back."""
    value, below = quoted(measure), f"{quoted(measure)} < 0"
    cancelled = "regexp_matches(\"order_id\", '^[Cc][0-9]')"
    order = plan.theirs("order_id")
    return [
        Check("cancellation", f"{below} AND {cancelled}", order, '"order_id"', guard=below),
        Check(other, f"{below} AND NOT {cancelled}", plan.theirs(measure), value, guard=below),
    ]


def _line_checks(plan: Plan) -> list[Check]:
    found = []
    amount = plan.has("amount") or plan.has("unit_price")
    measure = "quantity" if plan.has("quantity") else "amount" if amount else None
    if measure:
        found += _negatives(plan, measure, "return_line")
    if plan.has("amount", "quantity"):
        booked = '"amount" < 0 AND "quantity" >= 0'
        found.append(Check("adjustment", booked, plan.theirs("amount"), raw_name("amount")))
    if plan.has("amount") and not plan.has("unit_price"):
        found.append(Check("zero_amount", '"amount" = 0', plan.theirs("amount"), raw_name("amount")))
    if plan.has("unit_price"):
        shown = plan.theirs("unit_price")
        found.append(Check("zero_price", '"unit_price" = 0', shown, raw_name("unit_price")))
        found.append(Check("adjustment", '"unit_price" < 0', shown, raw_name("unit_price")))
        if not plan.has("amount"):
            priced = [quoted(name) for name in ("unit_price", "quantity") if plan.has(name)]
            blank = " OR ".join(_blank(plan, plan.contract[name.strip('"')]) for name in priced)
            absent = f"({' + '.join(priced)}) IS NULL"
            found.append(Check("missing", f"{absent} AND ({blank})", shown, guard=absent))
            beyond = f'"amount" IS NULL AND {" AND ".join(f"{name} IS NOT NULL" for name in priced)}'
            found.append(Check("out_of_range", beyond, shown, raw_name("unit_price")))
    if amount and plan.has("product_name"):
        name = quoted("product_name")
        named = _one_of(ADJUSTMENTS, name)
        if plan.has("unit_price"):
            named += ' AND ("unit_price" < 0) IS NOT TRUE'  # noted already
        short = f"length({name}) <= {max(map(len, ADJUSTMENTS))}"
        found.append(Check("adjustment", named, plan.theirs("product_name"), name, guard=short))
    return found


def _whole_order_checks(plan: Plan) -> list[Check]:
    shown, raw = plan.theirs("amount"), raw_name("amount")
    found = _negatives(plan, "amount", "return_order")
    paid_later = "false"
    if plan.has("paid_at"):
        paid_later = '"paid_at" IS NULL'
        found.append(Check("unpaid", f'"amount" = 0 AND {paid_later}', plan.theirs("paid_at")))
    refunded = 'coalesce("refunded", 0) > 0' if plan.has("refunded") else "false"
    found.append(Check("zero_amount", f'"amount" = 0 AND NOT ({paid_later}) AND NOT ({refunded})', shown, raw))
    return found


def _reversed_dates(plan: Plan) -> list[Check]:
    pairs = (("opened_at", "closed_at"), ("ordered_at", "paid_at"))
    return [
        Check("dates_reversed", f"{quoted(last)} < {quoted(first)}", plan.theirs(last), raw_name(last))
        for first, last in pairs
        if plan.has(first, last)
    ]
