"""Amounts in several currencies: seen by the sign written with an amount, or in a currency column.

Nothing is converted. Rows in another currency than most are flagged, and the report adds nothing up.
"""

from __future__ import annotations

import duckdb

from zhike.cleaning.plan import Plan
from zhike.cleaning.report import Note
from zhike.sql import literal, quoted

SIGN = "_currency"  # staged beside the rows: the currency written with the amount, NULL where there is none
# Currencies under the sign they are shown with: a pattern for what stands beside a number (those that a number is
# read with, see `expressions.number_sql`), and the words of a column of their own.
# ¥ is also the yen's sign: which of the two is meant stands nowhere in such a file.
_CURRENCIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "HKD": ("HKD", ("hkd", "hk$", "港币", "港元")),
    "¥": ("[¥￥元圆]|CNY|RMB", ("¥", "￥", "元", "cny", "rmb", "人民币", "人民币元")),
    "$": ("[$＄]|USD", ("$", "＄", "usd", "us$", "美元")),
    "€": ("€|EUR", ("€", "eur", "euro", "欧元")),
    "£": ("[£￡]|GBP", ("£", "￡", "gbp", "英镑")),
    "₽": ("₽", ("₽", "rub", "卢布")),
    "₹": ("₹", ("₹", "inr", "卢比")),
    "₩": ("₩", ("₩", "krw", "韩元")),
}
_MONEY = ("amount", "unit_price", "listed_amount")


def sign_sql(plan: Plan) -> str:
    """The currency of each row of a sales file, as SQL over the file's columns; empty when nothing can say it.

    A currency column says it best; else the sign beside the amount does. Numbers as such are cast once more, which
    costs far less than holding a pattern against them.
    """
    if not plan.is_orders:
        return ""
    said = []
    if plan.has("currency"):
        name = f"lower(trim(CAST({quoted(plan.theirs('currency'))} AS VARCHAR)))"
        known = " ".join(
            f"WHEN {name} IN ({', '.join(map(literal, words))}) THEN {literal(sign)}"
            for sign, (_beside, words) in _CURRENCIES.items()
        )
        said.append(f"CASE {known} ELSE upper(nullif({name}, '')) END")
    money = _money(plan)
    if money:
        amount = quoted(plan.theirs(money))
        beside = " ".join(
            f"WHEN regexp_matches({amount}, {literal('(?i)' + pattern)}) THEN {literal(sign)}"
            for sign, (pattern, _words) in _CURRENCIES.items()
        )
        said.append(f"CASE WHEN TRY_CAST({amount} AS DOUBLE) IS NULL THEN CASE {beside} END END")
    return f"coalesce({', '.join(said)}, NULL)" if said else ""


def collect_currency_notes(con: duckdb.DuckDBPyConnection, kept: str, plan: Plan, notes: str) -> Note | None:
    """Note the rows in another currency than most, and say which there are; None when there are not several.

    `kept` is the relation of staged rows that count, `notes` the table of remarks.
    """
    if not sign_sql(plan):
        return None
    counts = con.execute(
        f"SELECT {SIGN}, count(*) AS n FROM {kept} WHERE {SIGN} IS NOT NULL GROUP BY {SIGN} ORDER BY n DESC, {SIGN}"
    ).fetchall()
    if len(counts) < 2:
        return None
    main = counts[0][0]
    shown = plan.theirs("currency" if plan.has("currency") else _money(plan))
    con.execute(
        f"INSERT INTO {notes} SELECT file_row_number, 'flagged', 'other_currency', {literal(shown)}, {SIGN} "
        f"FROM {kept} WHERE {SIGN} <> {literal(main)}"
    )
    return Note("several_currencies", {"currencies": ", ".join(f"{sign} {n:,}" for sign, n in counts[:8])})


def _money(plan: Plan) -> str:
    """The column whose values may bear the sign: the first of those with money that the file gives as text."""
    for name in _MONEY:
        if plan.has(name) and plan.raw.column(plan.theirs(name)).is_text:
            return name
    return ""
