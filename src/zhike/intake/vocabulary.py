"""How a name of theirs is compared with the names we know, and what marks a table."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from zhike.intake.synonyms import EVERYWHERE, TABLES

SURE = 1.0
LIKELY = 0.7

# A column that only this kind of table has: without one of them a table is not recognised by itself.
MARKS: dict[str, tuple[str, ...]] = {
    "customers": (
        "name", "email", "phone", "gender", "birth_date", "birth_year", "age", "joined_at", "marital_status",
        "education", "occupation", "income", "address",
    ),
    "orders": ("amount", "listed_amount"),
    "order_lines": ("product_id", "product_name", "quantity", "unit_price"),
    "interactions": ("kind", "session_id"),
    "tickets": ("ticket_id",),
    "feedback": ("nps", "csat", "text", "positive"),
    "touches": ("campaign",),
}  # fmt: skip


def normalised(name: str) -> str:
    """A name without case, blanks, punctuation and what is in brackets; words of CamelCase told apart first.

    >>> normalised("InvoiceNo."), normalised(" 收货地址 "), normalised("Unit Price (EUR)"), normalised("CSAT_Score")
    ('invoiceno', '收货地址', 'unitprice', 'csatscore')
    """
    text = unicodedata.normalize("NFKC", name).strip().casefold()
    without = re.sub(r"[(\[【（].*?[)\]】）]", "", text)
    return re.sub(r"[\W_]+", "", without or text)


@cache
def names_of(table: str, column: str) -> dict[str, float]:
    """What a column of a contract may be called → how sure that is."""
    names: dict[str, float] = {}
    entries = (EVERYWHERE.get(column, ("", "")), TABLES[table].get(column, ("", "")))
    for rank, confidence in ((1, LIKELY), (0, SURE)):
        for entry in entries:
            names |= {normalised(name): confidence for name in entry[rank].split(",") if name.strip()}
    names[normalised(column)] = SURE
    return names
