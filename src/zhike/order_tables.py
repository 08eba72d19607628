"""Whatever a person has at hand → the orders that the models read: one row per order, under our names."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as types
import pyarrow.parquet as pq

from zhike.cleaning.plan import ORDER_TABLES
from zhike.errors import InputError, MappingError
from zhike.intake.mapping import Mapping, best_mapping, propose
from zhike.intake.misfits import Sample
from zhike.intake.raw import RawColumn
from zhike.intake.read import SAMPLE_ROWS
from zhike.schema import contract
from zhike.tables import TEXT_FILES, as_table, cleaned, in_place, lacking, read_once, require

ORDER_COLUMNS = ("customer_id", "order_id", "ordered_at", "amount")
# Numbers of an order that add up over its lines, and that some models use when they are there. A line without one of
# the first has none of it (no discount, nothing refunded); without one of the second nobody knows that of the order.
ADDITIVE = ("amount", "refunded", "discount", "shipping", "tax")
WHOLE = ("listed_amount", "cost")
# Up to here every order_id is compared; above, those of the first rows. Order lines repeat their ids next to each
# other, and even shuffled ones (two per order, ten million) meet three thousand times within a quarter million rows.
EXACT_ROWS = 1_000_000
FIRST_ROWS = 250_000


def _order_mapping(columns: Sequence[RawColumn], first: Sample) -> Mapping:
    """The mapping of somebody's columns onto orders or their lines, where it is certain.

    Raises:
        InputError: it is not; the columns that nothing of theirs stands for are named.
    """
    given = {ours for table in ORDER_TABLES for ours in best_mapping(columns, first, table).columns}
    given |= {*contract("orders").makeable, *({"amount"} if "unit_price" in given else ())}
    missing = [name for name in ORDER_COLUMNS if name not in given]
    try:
        mapping = propose(columns, first)
    except MappingError:
        if not missing:
            raise
    else:
        money = {"amount", "unit_price"} & mapping.columns.keys()
        if mapping.table in ORDER_TABLES and "customer_id" in mapping.columns and money:
            return mapping
    raise lacking("orders", missing or ORDER_COLUMNS, [column.name for column in columns])


def _renamed(table: Any) -> Any:
    """An Ibis table under our names, wherever its rows are: nothing is fetched but the first of them."""
    head = table.limit(SAMPLE_ROWS).to_pyarrow()
    columns = [RawColumn(name, _sql_type(table[name].type())) for name in table.columns]
    mapping = _order_mapping(columns, {name: head[name].to_pylist() for name in table.columns})
    ours = table.select(**{ours: table[theirs] for ours, theirs in mapping.columns.items()})
    if "amount" not in mapping.columns:
        pieces = ours.quantity.cast(types.float64) if "quantity" in mapping.columns else 1.0
        ours = ours.mutate(amount=ours.unit_price.cast(types.float64) * pieces)
    if "order_id" not in mapping.columns:
        # As `cleaning/made_keys.py` has it: what a customer bought on one day is one order.
        day = ours.ordered_at.cast("timestamp").strftime("%Y-%m-%d-")
        ours = ours.mutate(order_id=ibis.literal("made-") + day + ours.customer_id.cast("string"))
    return one_row_per_order(ours) if mapping.table == "order_lines" else ours


def _sql_type(kind: Any) -> str:
    """As much of a type as a mapping asks for: text, or not."""
    return "VARCHAR" if kind.is_string() else str(kind).upper()


def _of_frame(frame: Any) -> Any:
    """A data frame with somebody's own column names, read as a file with them would be."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "table.parquet")
        pq.write_table(frame.to_pyarrow(), file)
        return cleaned(file, _order_mapping)


def as_orders(source: Any, *, optional: tuple[str, ...] = ()) -> Any:
    """Orders for the models: one row per order, `customer_id, order_id, ordered_at, amount` (+ `optional` if there).

    `ordered_at` becomes a timestamp without zone (a zoned one is read in UTC), `amount` a float in currency units;
    ids stay as they are (in a CSV they are text). Rows without a customer belong to nobody and are left out.

    A file or data frame with other column names is mapped and cleaned as `import_file` would, and so is a CSV with
    ours whose dates or amounts are written otherwise ("1,234.50"); an Ibis table is
    renamed where it is, its dates and amounts taken as they are. Sales without an order number become one order per
    customer and day. An Ibis table with our names is trusted to hold one row per order (`one_row_per_order` makes it
    so). In every other source a repeated `order_id` means order lines, and they are added up to orders.

    Raises:
        InputError: columns are missing, or dates or amounts are not dates or amounts.

    >>> import pyarrow as pa
    >>> lines = pa.table({"customer_id": ["a", "a"], "order_id": [1, 1], "ordered_at": ["2025-01-01"] * 2,
    ...                   "amount": [5, 7]})
    >>> as_orders(lines).to_pyarrow().to_pylist()
    [{'customer_id': 'a', 'order_id': 1, 'ordered_at': datetime.datetime(2025, 1, 1, 0, 0), 'amount': 12.0}]
    """
    if isinstance(source, str | Path):
        return _orders_of_file(Path(source), optional)
    trusted, table = isinstance(source, ibis.Table), as_table(source)
    if not set(ORDER_COLUMNS) <= set(table.columns):
        table, trusted = _renamed(table) if trusted else _of_frame(table), False
    return _orders(table, optional, trusted=trusted)


def _orders_of_file(path: Path, optional: tuple[str, ...]) -> Any:
    """Orders in a file: in place where it has our columns and every value reads as it is, else cleaned."""
    table = in_place(path)
    if table is None or not set(ORDER_COLUMNS) <= set(table.columns):
        return _orders(cleaned(path, _order_mapping), optional)
    text = path.suffix.lower() in TEXT_FILES
    try:
        # The models ask about every row several times; text would be taken apart each time.
        return _orders(read_once(_wanted(table, optional)) if text else table, optional, in_file=not text)
    except (duckdb.Error, InputError) as error:
        if not text:
            raise _unreadable(path, error) from error
        wrong = _what_is_wrong(path, optional, error)
    return _orders(cleaned(path, _order_mapping, wrong=wrong), optional)


def _what_is_wrong(path: Path, optional: tuple[str, ...], error: duckdb.Error | InputError) -> InputError:
    """The value that cannot be used. The engine guesses types by the first rows and stumbles over a later one."""
    try:
        if isinstance(error, duckdb.Error):
            _orders(in_place(path, as_text=True), optional, in_file=True)
    except (duckdb.Error, InputError) as found:
        error = found
    return _unreadable(path, error)


def _unreadable(path: Path, error: duckdb.Error | InputError) -> InputError:
    if isinstance(error, InputError):
        return error
    return InputError(
        "{file} cannot be read: {reason}",
        fix="Import it into a lake, which sets aside the rows that cannot be used.",
        file=path.name,
        reason=str(error).splitlines()[0],
    )


def _orders(table: Any, optional: tuple[str, ...], *, trusted: bool = False, in_file: bool = False) -> Any:
    table = _wanted(table, optional)
    for name in table.columns[2:]:
        table = _typed(table, name, types.timestamp if name == "ordered_at" else types.float64, trusted=trusted)
    table = table.filter(table.customer_id.notnull())
    if trusted:
        return table
    if table.customer_id.type().is_string() and _begins_blank(table, in_file=in_file):
        table = table.filter(table.customer_id.strip() != "")
    return one_row_per_order(table) if _repeats_orders(table, in_file=in_file) else table


def _wanted(table: Any, optional: tuple[str, ...]) -> Any:
    return table.select(*ORDER_COLUMNS, *(name for name in optional if name in table.columns))


def _typed(table: Any, name: str, wanted: Any, *, trusted: bool) -> Any:
    """The column in its type. Text is looked through first, so that a bad value is named, not a cast that failed."""
    column, found = table[name], table[name].type()
    if found == wanted or (found.is_timestamp() and wanted.is_timestamp() and found.timezone is None):
        return table
    if wanted.is_timestamp():
        fits = found.is_timestamp() or found.is_date() or found.is_string()
    else:
        fits = found.is_numeric() or found.is_string()
    if not fits and not found.is_null():
        raise _unusable(name, str(found))
    if found.is_string() and not trusted:
        bad = table.filter(column.notnull(), column.try_cast(wanted).isnull())[[name]].limit(1).to_pyarrow()
        if bad.num_rows:
            raise _unusable(name, f"“{bad[name][0].as_py()}”")
    return table.mutate(column.cast(wanted).name(name))


def _unusable(column: str, value: str) -> InputError:
    return InputError(
        "{column} holds {value}, which cannot be used as {column}.",
        fix="Clean the column first, or import the file into a lake, which sets such rows aside.",
        column=column,
        value=value,
    )


def _begins_blank(table: Any, *, in_file: bool) -> bool:
    """Whether an id is empty or begins with a blank, which the least value of each part of a Parquet file tells.

    Only then are they stripped: of ten million ids that takes longer than all of RFM.
    """
    found = table.filter(table.customer_id < "!").limit(1)
    return bool(_one_row(found.aggregate(rows=found.count()), in_file=in_file)[0])


def _repeats_orders(table: Any, *, in_file: bool) -> bool:
    # Every value is looked at once, so that one that cannot be read is found here and not in somebody's model.
    values = {f"known_{name}": table[name].count() for name in table.columns[2:]} if in_file else {}
    rows, *_known = _one_row(table.aggregate(rows=table.count(), **values), in_file=in_file)
    ids = table if rows <= EXACT_ROWS else table.limit(FIRST_ROWS)
    rows, orders = _one_row(ids.aggregate(rows=ids.order_id.count(), orders=ids.order_id.nunique()), in_file=in_file)
    return bool(rows > orders)


def _one_row(table: Any, *, in_file: bool) -> tuple[Any, ...]:
    engine = table.get_backend()
    if in_file and engine.name == "duckdb":
        # Ibis's own ways to fetch load pandas, which takes longer than counting ten million orders.
        (row,) = engine.raw_sql(engine.compile(table)).fetchall()  # all: a result left open blocks the engine
        return tuple(row)
    return tuple(table.to_pyarrow().to_pylist()[0].values())


def one_row_per_order(lines: Any) -> Any:
    """Order lines → orders: one row per `customer_id, order_id`, the earliest time, amounts added up.

    `cost` and `listed_amount` are NULL where one of the lines sold has none. Lines without an `order_id` stay what
    they are: each an order of its own.

    >>> import pyarrow as pa
    >>> lines = pa.table({"customer_id": ["a", "a"], "order_id": [1, 1], "ordered_at": ["2025-01-01"] * 2,
    ...                   "amount": [5.0, 7.0], "discount": [1.0, None], "cost": [3.0, None]})
    >>> one_row_per_order(lines).select("amount", "discount", "cost").to_pyarrow().to_pylist()
    [{'amount': 12.0, 'discount': 1.0, 'cost': None}]
    """
    lines = as_table(lines)
    require(lines, ORDER_COLUMNS, "order_lines")
    known = lines.filter(lines.order_id.notnull())
    # A discount or a return among the lines has no cost of its own.
    sold = (known.amount > 0) | known.amount.isnull()
    sums = {name: known[name].sum() for name in ADDITIVE if name in lines.columns}
    sums |= {name: known_sum(known[name], where=sold) for name in WHOLE if name in lines.columns}
    kept = ["customer_id", "order_id", "ordered_at", *sums]
    orders = known.group_by("customer_id", "order_id").aggregate(ordered_at=known.ordered_at.min(), **sums)
    return orders[kept].union(lines.filter(lines.order_id.isnull())[kept])


def known_sum(values: Any, where: Any = True) -> Any:
    """The sum of a column, NULL where a value is missing in one of the rows that must have one (`where`).

    >>> orders = ibis.memtable({"order_id": [1, 1, 2], "cost": [3.0, None, 5.0]})
    >>> sums = orders.group_by("order_id").aggregate(cost=known_sum(orders.cost))
    >>> sums.order_by("order_id").cost.to_pyarrow().to_pylist()
    [None, 5.0]
    """
    return (values.isnull() & where).any().ifelse(None, values.sum())
