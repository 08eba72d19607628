"""What was settled for earlier files of a source, applied to the next one."""

from __future__ import annotations

from collections.abc import Mapping as Named
from collections.abc import Sequence
from typing import Any

from zhike.errors import MappingError
from zhike.intake.mapping import Mapping, best_mapping, fit, propose
from zhike.intake.misfits import Sample
from zhike.intake.raw import RawColumn
from zhike.schema import contract

Earlier = Named[str, Any]  # a Mapping as it was stored, with `left_out` and, since there is a recall, `corrected`


def recalled_mapping(
    columns: Sequence[RawColumn],
    sample: Sample,
    *,
    table: str | None,
    corrections: Named[str, str],
    remembered: Sequence[Earlier],
) -> Mapping:
    """The mapping of a file: what a person says now wins over what was settled before, which wins over our guess.

    A file with the columns of an earlier one is the same table again. One with more columns may be another kind of
    file: of that only the corrections are taken over, column by column. `remembered` are the mappings of the
    source's earlier files, newest first; those with columns that this file lacks say nothing about it.

    Raises:
        MappingError: as `propose`.
    """
    names = {column.name for column in columns}
    known = sorted((e for e in remembered if _names(e) <= names), key=lambda e: _names(e) != names)
    fresh = _attempt(columns, sample, table, corrections) if known else None
    for earlier in known:
        if table in (None, earlier["table"]):
            again = _attempt(columns, sample, earlier["table"], _without(earlier, corrections) | dict(corrections))
            if again and _is_same_kind(again, fresh, names - _names(earlier)):
                return again
    kind = table or (fresh.table if fresh else None)
    carried = _carried(known, kind, corrections) if kind else {}
    if fresh and not carried:
        return fresh
    return propose(columns, sample, table=kind, corrections=carried | dict(corrections))


def corrected(mapping: Mapping, columns: Sequence[RawColumn], sample: Sample) -> dict[str, str]:
    """Where a mapping differs from our guess: ours → theirs, "" where a column of ours was left empty."""
    guess = best_mapping(columns, sample, mapping.table).columns
    return {
        ours: mapping.columns.get(ours, "")
        for ours in guess | mapping.columns
        if mapping.columns.get(ours) != guess.get(ours)
    }


def _attempt(
    columns: Sequence[RawColumn], sample: Sample, table: str | None, corrections: Named[str, str]
) -> Mapping | None:
    try:
        return propose(columns, sample, table=table, corrections=corrections)
    except MappingError:
        return None


def _is_same_kind(again: Mapping, fresh: Mapping | None, added: set[str]) -> bool:
    """Whether a file is once more what the earlier one was, although `added` columns are new in it.

    Not when it reads better as another table and that is owed to the new columns.
    """
    if fresh is None or again.table == fresh.table:
        return True
    return added.isdisjoint(fresh.columns.values()) or fit(again) >= fit(fresh)


def _names(earlier: Earlier) -> set[str]:
    return {*earlier["columns"].values(), *earlier["unmapped"]}


def _without(earlier: Earlier, corrections: Named[str, str]) -> dict[str, str]:
    """All that was settled for an earlier file, save what a person now uses for something else."""
    empty = [*earlier["left_out"], *(ours for ours, theirs in earlier.get("corrected", {}).items() if not theirs)]
    used = set(corrections.values())
    return {o: t for o, t in (earlier["columns"] | dict.fromkeys(empty, "")).items() if not t or t not in used}


def _carried(known: Sequence[Earlier], table: str, corrections: Named[str, str]) -> dict[str, str]:
    """The columns that a person gave to another table, where this one has them too; the latest word counts."""
    said = {ours: theirs for e in reversed(known) for ours, theirs in e.get("corrected", {}).items()}
    used = set(corrections.values())
    return {ours: theirs for ours, theirs in said.items() if theirs and theirs not in used and ours in contract(table)}
