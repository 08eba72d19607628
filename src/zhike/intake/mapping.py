"""Their columns → our columns: proposed from names and values, corrected by a person."""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from zhike.errors import MappingError
from zhike.intake.evidence import fits, is_unique
from zhike.intake.misfits import Sample, not_recognised, unfit, unknown_ours, unknown_theirs
from zhike.intake.raw import RawColumn
from zhike.intake.vocabulary import MARKS, SURE, names_of, names_the_buyer, normalised, sure_names, without_owner
from zhike.schema import CONTRACTS, Column, Contract, contract

# Below this likeness two names are different words; short words differ in one letter and mean another thing.
_ALIKE = 92
_SHORTEST_ALIKE = 7
# How much better the best table must be than the second to be taken without asking.
_CLEAR = 1.15
_LEAST = 2.0
_WEIGHTS = {"must": 2.0, "wanted": 1.0, "may": 0.7}


@dataclass(frozen=True)
class Mapping:
    """Which of their columns feeds each of ours.

    `columns` is ours → theirs; `unmapped` are theirs, kept as attributes; `confidence` is 0–1 per ours;
    `missing` are our "must" and "wanted" columns without a counterpart.
    """

    table: str
    columns: dict[str, str]
    unmapped: tuple[str, ...] = ()
    confidence: dict[str, float] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def propose(
    columns: Sequence[RawColumn],
    sample: Sample,
    *,
    table: str | None = None,
    corrections: abc.Mapping[str, str] | None = None,
) -> Mapping:
    """The best mapping of a file's columns; `corrections` (ours → theirs, "" or "-" to leave out) always win.

    `sample` has up to a thousand values per column. Without `table` the table is the one that fits clearly best.

    Raises:
        MappingError: unknown names in the corrections, no table that fits, `must` columns missing.

    >>> from zhike.intake.raw import RawColumn
    >>> theirs = ["InvoiceNo", "CustomerID", "StockCode", "Quantity", "Recency"]
    >>> found = propose([RawColumn(name) for name in theirs], {"Quantity": ["6"], "InvoiceNo": ["536365"]})
    >>> found.table, found.columns["order_id"], found.unmapped
    ('order_lines', 'InvoiceNo', ('Recency',))
    """
    names = [column.name for column in columns]
    wanted = dict(corrections or {})
    if table is not None:
        return _checked(_map(contract(table), names, sample, _resolved(contract(table), names, wanted)), sample)
    candidates = _candidates(wanted)
    ranked = sorted(
        ((_map(c, names, sample, _resolved(c, names, wanted))) for c in candidates),
        key=fit,
        reverse=True,
    )
    fitting = _orders_or_lines([m for m in ranked if _is_recognised(m)])
    if not fitting:
        raise not_recognised(contract(ranked[0].table), ranked[0].missing, names, sample)
    if len(fitting) > 1 and fit(fitting[0]) < _CLEAR * fit(fitting[1]):
        raise MappingError(
            "The file could be {first} or {second}.",
            fix="Say which it is.",
            first=fitting[0].table,
            second=fitting[1].table,
        )
    return _checked(_in_lines(fitting[0], names, sample, wanted), sample)


def best_mapping(columns: Sequence[RawColumn], sample: Sample, table: str) -> Mapping:
    """What of a table the columns give, however little that is."""
    return _map(contract(table), [column.name for column in columns], sample, {})


def _candidates(wanted: abc.Mapping[str, str]) -> list[Contract]:
    """The tables that have every column of ours that a person named."""
    known = {name for c in CONTRACTS.values() for name in c.names}
    for ours in wanted:
        if ours not in known:
            raise unknown_ours(ours, tuple(sorted(known)))
    candidates = [c for c in CONTRACTS.values() if all(ours in c for ours in wanted)]
    if not candidates:
        raise MappingError(
            "No table has all of these columns: {ours}.",
            fix="Choose the table, and name only its columns.",
            ours=", ".join(wanted),
        )
    return candidates


def _in_lines(best: Mapping, names: list[str], sample: Sample, wanted: abc.Mapping[str, str]) -> Mapping:
    """Sales without an order number are read as lines: several rows may be one purchase.

    Unless the file or the person names what only whole orders have, such as a refund.
    """
    lines = contract("order_lines")
    own = [ours for ours in (*best.columns, *wanted) if ours not in lines]
    if best.table != "orders" or "order_id" in best.columns or set(own) & {"refunded", *wanted}:
        return best
    given = {ours: theirs for ours, theirs in best.columns.items() if ours in lines}
    return _map(lines, names, sample, {**given, **_resolved(lines, names, wanted)})


def _map(table: Contract, names: list[str], sample: Sample, given: dict[str, str | None]) -> Mapping:
    """Each of ours gets the best of theirs that is left: what a row cannot do without chooses first."""
    taken = {theirs for theirs in given.values() if theirs is not None}
    chosen: dict[str, tuple[str, float]] = {ours: (theirs, 1.0) for ours, theirs in given.items() if theirs is not None}
    keys = tuple(map(normalised, names))
    scores = [
        (column.need == "must", score, -position, column.name, name)
        for column in table
        if column.name not in given
        for position, name in enumerate(names)
        if name not in taken
        and not names_the_buyer(table.name, column.name, keys[position], keys)
        and (score := _score(table, column, name, sample.get(name, ()))) > 0
    ]
    # A sure name is never given up for a guess, except to a column that its row cannot do without.
    scores.sort(key=lambda s: (s[1], s[0], s[2]), reverse=True)
    scores = _musts_first(table, scores, set(chosen))
    for _, score, _, ours, theirs in scores:
        if ours not in chosen and theirs not in taken:
            chosen[ours] = (theirs, score)
            taken.add(theirs)
    ordered = {c.name: chosen[c.name] for c in table if c.name in chosen}
    return Mapping(
        table=table.name,
        columns={ours: theirs for ours, (theirs, _) in ordered.items()},
        unmapped=tuple(name for name in names if name not in taken),
        confidence={ours: round(score, 3) for ours, (_, score) in ordered.items()},
        missing=tuple(c.name for c in table if c.need != "may" and c.name not in chosen),
    )


Score = tuple[bool, float, int, str, str]


def _musts_first(table: Contract, scores: list[Score], chosen: set[str]) -> list[Score]:
    """Moves to the front the best guess of each "must" column that no sure name serves, and that cannot be made."""
    served = chosen | {ours for must, score, _, ours, _ in scores if must and score >= SURE}
    front: list[Score] = []
    for ours in table.needing("must"):
        if ours not in served and ours not in table.makeable:
            front += [s for s in scores if s[3] == ours][:1]
    return front + [s for s in scores if s not in front]


def _score(table: Contract, column: Column, name: str, values: Sequence[object]) -> float:
    """How likely this column of theirs is that one of ours, 0 to 1; the values can only speak against it."""
    key = normalised(name)
    score = _named(table, column, key)
    if not score or not fits(column, values, sure=score >= SURE):
        return 0.0
    if key in ("id", "uniqueid", "编号") and not _id_fits(table, column, values):
        return 0.0
    return score


def _named(table: Contract, column: Column, key: str) -> float:
    """How likely a name is by itself. One that is sure for another column is at most what our lists say it is."""
    known = names_of(table.name, column.name)
    score = known.get(key, 0.0)
    if score or key in sure_names(table.name):
        return score
    score = 0.9 * known.get(without_owner(key, table.name, column.name), 0.0)
    return score or (_likeness(key, known) if len(key) >= _SHORTEST_ALIKE else 0.0)


def _likeness(key: str, known: dict[str, float]) -> float:
    """For misspelt names. A name with another number in it, address2 for address1, is another column."""
    digits = [c for c in key if c.isdigit()]
    alike = [
        fuzz.ratio(key, other)
        for other, sure in known.items()
        if sure == SURE and len(other) > 5 and [c for c in other if c.isdigit()] == digits
    ]
    best = max(alike, default=0.0)
    return 0.9 * best / 100 if best >= _ALIKE else 0.0


def _id_fits(table: Contract, column: Column, values: Sequence[object]) -> bool:
    """A bare "id" is the key of its rows if it never repeats; in order lines it is the order if it does."""
    is_key = column.name in table.key and len(table.key) == 1
    return is_unique(values) if is_key else not is_unique(values)


def fit(mapping: Mapping) -> float:
    """How well a table fits: the columns found, weighted by how much the table needs them."""
    table = contract(mapping.table)
    found = sum(_WEIGHTS[table[ours].need] * sure for ours, sure in mapping.confidence.items())
    marks = sum(sure for ours, sure in mapping.confidence.items() if ours in MARKS[mapping.table])
    return found + marks


def _is_recognised(mapping: Mapping) -> bool:
    table = contract(mapping.table)
    lacking = set(table.needing("must")) & set(mapping.missing)
    complete = not lacking or (lacking <= set(table.makeable) and _says_who_bought(mapping))
    marked = any(ours in MARKS[mapping.table] for ours in mapping.columns)
    return complete and marked and _has_one_of(table, mapping) and fit(mapping) >= _LEAST


def _says_who_bought(mapping: Mapping) -> bool:
    """Who, when and how much: what makes rows without an order number sales all the same."""
    given = mapping.columns.keys()
    return {"customer_id", "ordered_at"} <= given and bool({"amount", "unit_price"} & given)


def _orders_or_lines(fitting: list[Mapping]) -> list[Mapping]:
    """A file that fits both has lines if it names products, else whole orders (see also `_in_lines`)."""
    by_table = {m.table: m for m in fitting}
    if not {"orders", "order_lines"} <= by_table.keys():
        return fitting
    names_products = {"product_id", "product_name"} & by_table["order_lines"].columns.keys()
    other = "orders" if names_products else "order_lines"
    return [m for m in fitting if m.table != other]


def _has_one_of(table: Contract, mapping: Mapping) -> bool:
    return not table.one_of or any(ours in mapping.columns for ours in table.one_of)


def _checked(mapping: Mapping, sample: Sample) -> Mapping:
    table = contract(mapping.table)
    # A row without a date has nothing that an order could be made from.
    makeable = table.makeable if table.time in mapping.columns else ()
    needed = [ours for ours in table.needing("must") if ours in mapping.missing and ours not in makeable]
    if needed:
        raise unfit(table, needed, mapping.unmapped, sample) or MappingError(
            "To be read as {table}, the file lacks: {needed}. Its other columns are: {theirs}.",
            fix="Say which of its columns they are, or choose another table.",
            table=mapping.table,
            needed=", ".join(needed),
            theirs=", ".join(mapping.unmapped[:40]) or "–",
        )
    if not _has_one_of(table, mapping):
        raise MappingError(
            "To be read as {table}, the file needs one of: {needed}. Its other columns are: {theirs}.",
            fix="Say which of its columns is one of these.",
            table=mapping.table,
            needed=", ".join(table.one_of),
            theirs=", ".join(mapping.unmapped[:40]) or "–",
        )
    if not mapping.columns:
        raise not_recognised(table, mapping.missing, mapping.unmapped, sample)
    return mapping


def _resolved(table: Contract, names: list[str], corrections: abc.Mapping[str, str]) -> dict[str, str | None]:
    """The corrections with their names as the file has them; None leaves a column of ours without."""
    by_key = {normalised(name): name for name in reversed(names)}
    given: dict[str, str | None] = {}
    for ours, theirs in corrections.items():
        if ours not in table:
            raise unknown_ours(ours, table.names)
        if theirs.strip() in ("", "-"):
            given[ours] = None
            continue
        found = theirs if theirs in names else by_key.get(normalised(theirs))
        if found is None:
            raise unknown_theirs(theirs, names)
        given[ours] = found
    return given
