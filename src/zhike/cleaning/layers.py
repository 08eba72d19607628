"""The single pass from the raw relation to staged rows, as layers of one SQL query.

read (their text → our types) → usable (values that cannot be are emptied) → derived (amount, ids, birth year)
→ judged (rejected? any remark?) → staged (contract columns, attributes, rejected, remarks).

Each layer names the columns of the one below, so DuckDB computes every expression once; remarks are built only
for rows that have one. No row number is computed here: staged rows are in file order, and Parquet counts them.
"""

from __future__ import annotations

from zhike.cleaning.checks import Check, checks
from zhike.cleaning.currencies import SIGN, sign_sql
from zhike.cleaning.made_keys import made_id, made_keys
from zhike.cleaning.plan import LARGEST_NUMBER, OLDEST_YEAR, Plan, parsed_name, raw_name
from zhike.intake.expressions import typed_sql
from zhike.intake.raw import SHORT, SURPLUS
from zhike.schema import ATTRIBUTES, Column
from zhike.sql import literal, quoted

REJECTED = "rejected"
REMARKS = "_remarks"  # LIST of STRUCT(rule, column_name, value); NULL on a row without remark
MADE = "_made"  # whether the row's key was made by Zhike
VALUE_LENGTH = 200  # characters of a value kept in a remark

_REMARK_TYPE = "STRUCT(rule VARCHAR, column_name VARCHAR, value VARCHAR)[]"


def staged_sql(plan: Plan) -> str:
    """The whole query: one SELECT, rows in file order, with the contract columns that the file gives or yields."""
    found = checks(plan)
    return _staged(plan, _judged(_derived(plan, _usable(plan, _read(plan))), found), found)


def _read(plan: Plan) -> str:
    items = []
    for column in plan.mapped:
        source = quoted(plan.theirs(column.name))
        form = plan.formats[column.name]
        name = quoted(column.name) if column.kind in ("id", "text") else parsed_name(column.name)
        items.append(f"{typed_sql(source, column.kind, form)} AS {name}")
        items.append(f"{source} AS {raw_name(column.name)}")
    if plan.raw.ragged:
        items += [quoted(SURPLUS), quoted(SHORT)]
    items.append(f"{_attributes(plan)} AS {ATTRIBUTES}")
    if sign := sign_sql(plan):
        items.append(f"{sign} AS {SIGN}")
    return f"SELECT {', '.join(items)} FROM {plan.raw.relation}"


def _attributes(plan: Plan) -> str:
    """Columns outside the contract as one JSON object without its blanks; NULL when nothing is left."""
    if not plan.mapping.unmapped:
        return "NULL::VARCHAR"
    pairs = []
    for theirs in plan.mapping.unmapped:
        column = plan.raw.column(theirs)
        value = f"nullif(trim({quoted(theirs)}), '')" if column.is_text else quoted(theirs)
        pairs.append(f"{literal(theirs)}, {value}")
    # A merge patch leaves out the keys that are null, which is what blanks are here.
    return f"nullif(CAST(json_merge_patch('{{}}', json_object({', '.join(pairs)})) AS VARCHAR), '{{}}')"


def _usable(plan: Plan, below: str) -> str:
    items = []
    for column in plan.mapped:
        if column.kind not in ("id", "text"):
            read = parsed_name(column.name)
            bounds = possible(plan, column)
            value = f"CASE WHEN {bounds} THEN {read} END" if bounds else read
            if column.name == "refunded":
                value = f"abs({value})"  # exports write what was given back with either sign
            items.append(f"{value} AS {quoted(column.name)}")
    return f"SELECT *{''.join(', ' + item for item in items)} FROM ({below})"


def possible(plan: Plan, column: Column) -> str:
    """The condition under which a value of this column can be true; empty when any value can."""
    read = parsed_name(column.name)
    if column.name == "birth_date":
        return f"{read} BETWEEN DATE '{plan.oldest_birth}-01-01' AND DATE '{plan.today}'"
    if column.name == "birth_year":
        return f"{read} BETWEEN {plan.oldest_birth} AND {plan.today.year}"
    if column.kind in ("date", "timestamp"):
        return f"{read} >= TIMESTAMP '{OLDEST_YEAR}-01-01' AND {read} < TIMESTAMP '{plan.latest}'"
    bounds = [_within_numbers(read)] if column.kind == "number" else []
    if column.highest is not None:
        bounds.append(f"{read} <= {column.highest}")
    if column.lowest is not None and column.name != "refunded":
        # On a return the cost and the discount come back too, so they are rightly negative.
        returned = [f"{parsed_name(name)} < 0" for name in ("amount", "quantity") if plan.has(name) and plan.is_orders]
        bounds.append(f"({' OR '.join([f'{read} >= {column.lowest}', *returned])})")
    return " AND ".join(bounds)


def _within_numbers(value: str) -> str:
    return f"{value} BETWEEN {-LARGEST_NUMBER} AND {LARGEST_NUMBER}"


def derivations(plan: Plan) -> dict[str, str]:
    """The contract columns that the file does not have and that follow from those it has: ours → expression."""
    derived = _money(plan) if plan.contract.name == "order_lines" else {}
    if plan.has("birth_date") and not plan.has("birth_year"):
        derived["birth_year"] = 'CAST(year("birth_date") AS BIGINT)'
    return derived | made_keys(plan)


def stated(plan: Plan) -> tuple[str, ...]:
    """The contract columns the file says something about; a quantity of one that is only assumed is not said."""
    derived = derivations(plan)
    assumed = {"quantity"} if "quantity" in derived and "amount" not in derived else set()
    return tuple(name for name in plan.contract.names if plan.has(name) or name in derived.keys() - assumed)


def _derived(plan: Plan, below: str) -> str:
    star, added = "*", derivations(plan)
    if plan.made_id:
        made = quoted(plan.made_id)
        added[MADE] = f"{made} IS NULL" if plan.has(plan.made_id) else "true"
        if plan.has(plan.made_id):
            star = f"* REPLACE (coalesce({made}, {made_id(plan)}) AS {made})"
    return f"SELECT {star}{''.join(f', {sql} AS {quoted(name)}' for name, sql in added.items())} FROM ({below})"


def _money(plan: Plan) -> dict[str, str]:
    """Quantity, unit price and amount of a line from the other two; a line without a quantity is one piece."""
    if plan.has("amount"):
        if plan.has("quantity") and not plan.has("unit_price"):
            return {"unit_price": _computed('"amount" / nullif("quantity", 0)')}
        return {}
    derived = {} if plan.has("quantity") else {"quantity": "1.0::DOUBLE"}
    if plan.has("unit_price"):
        derived["amount"] = _computed('"unit_price" * "quantity"') if plan.has("quantity") else '"unit_price"'
    return derived


def _computed(value: str) -> str:
    return f"CASE WHEN {_within_numbers(value)} THEN {value} END"


def _judged(below: str, found: list[Check]) -> str:
    guards = " OR ".join(f"({guard})" for guard in dict.fromkeys(check.suspicion for check in found))
    suspected = f"SELECT *, coalesce({guards}, false) AS _suspect FROM ({below})"
    rejects = " OR ".join(f"({check.condition})" for check in found if check.rejects)
    rejected = f"CASE WHEN _suspect THEN coalesce({rejects}, false) ELSE false END"
    return f"SELECT *, {rejected} AS {REJECTED} FROM ({suspected})"


def _staged(plan: Plan, below: str, found: list[Check]) -> str:
    known = {column.name for column in plan.mapped} | set(derivations(plan))
    items = [
        f"CAST({quoted(column.name) if column.name in known else 'NULL'} AS {column.sql_type}) AS {quoted(column.name)}"
        for column in plan.contract
        # Of the columns the file lacks only the key is written: it will be made.
        if column.name in known or column.name in plan.contract.key
    ]
    if plan.made_id:
        items.append(MADE)
    if sign_sql(plan):
        items.append(SIGN)
    # Of a blank row it says enough that it is blank.
    blank, *others = [check for check in found if check.rejects]
    rejects = f"CASE WHEN {blank.condition} THEN {_remarks([blank])} ELSE {_remarks(others)} END"
    flags = _remarks([check for check in found if not check.rejects])
    remarks = f"CASE WHEN {REJECTED} THEN {rejects} WHEN _suspect THEN {flags} END"
    return f"SELECT {', '.join(items)}, {ATTRIBUTES}, {REJECTED}, {remarks} AS {REMARKS} FROM ({below})"


def _remarks(found: list[Check]) -> str:
    if not found:
        return f"NULL::{_REMARK_TYPE}"
    remarks = []
    for check in found:
        column = literal(check.column) if check.column else "NULL::VARCHAR"
        value = f"left(CAST({check.value} AS VARCHAR), {VALUE_LENGTH})"
        remark = f"{{'rule': {literal(check.rule)}, 'column_name': {column}, 'value': {value}}}"
        remarks.append(f"CASE WHEN {check.condition} THEN {remark} END")
    return f"nullif(list_filter([{', '.join(remarks)}], lambda remark: remark IS NOT NULL), [])"
