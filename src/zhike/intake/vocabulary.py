"""How a name of theirs is compared with the names we know, and what marks a table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from zhike.intake.synonyms import EVERYWHERE, TABLES
from zhike.schema import CONTRACTS, CUSTOMERS

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

# Words in front that say whose column it is: "customer_email", "order_status", 客户邮箱.
_CUSTOMER = ("customer", "client", "user", "buyer", "member", "客户", "会员", "用户", "买家", "顾客")
_ORDER = ("order", "订单")
# What customers have in any table: what is known of them, and what they say.
_OF_CUSTOMERS = frozenset((*CUSTOMERS.names, "nps", "csat", "text", "positive"))
_ORDER_TABLES = ("orders", "order_lines")


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
    # Our own name and labels, which stand above the columns of what Zhike itself exports.
    own = CONTRACTS[table][column]
    names |= dict.fromkeys(map(normalised, (column, own.en, own.zh)), SURE)
    return names


@cache
def sure_names(table: str) -> dict[str, str]:
    """The names that can mean only one column of a contract → that column."""
    columns = (column.name for column in CONTRACTS[table])
    return {name: column for column in columns for name, how in names_of(table, column).items() if how == SURE}


def without_owner(key: str, table: str, column: str) -> str:
    """A normalised name without the word for its owner, where the owner has such a column.

    "customer name" is a customer's name and never that of a product.

    >>> without_owner("customername", "customers", "name"), without_owner("customername", "order_lines", "product_name")
    ('name', 'customername')
    """
    owners = _CUSTOMER if column in _OF_CUSTOMERS else _ORDER if table in _ORDER_TABLES else ()
    return next((key.removeprefix(owner) for owner in owners if key.startswith(owner)), key)


def names_the_buyer(table: str, column: str, key: str, others: Iterable[str]) -> bool:
    """Whether a bare "name" in a file with these normalised names is that of the buyer, not of the product.

    It is where the buyer is in the file and nothing else of a product is. Fewer may see people's names than those of
    products, so in doubt it is no product.
    """
    if (table, column, key) != ("order_lines", "product_name", "name"):
        return False
    sold = {name for name, ours in sure_names(table).items() if ours in MARKS[table]}
    buyer = {*names_of("orders", "customer_id"), *names_of("customers", "email"), *names_of("customers", "phone")}
    return not buyer.isdisjoint(others) and sold.isdisjoint(others)
