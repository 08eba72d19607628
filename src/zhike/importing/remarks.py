"""The flagged and rejected rows of an import as a file, with the reason in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from zhike.cleaning.wording import rule_sentence
from zhike.inert import inert_cells
from zhike.lake.batches import remarks
from zhike.lake.lake import Lake
from zhike.language import _


def write_remarks(lake: Lake, number: int, destination: Path, *, only_rejected: bool = False) -> int:
    """Write the remarks of an import as CSV (UTF-8 with BOM, which spreadsheets need) and return how many there are.

    Raises:
        InputError: there is no such import.
    """
    found = remarks(lake, number)
    if only_rejected:
        found = found.filter(pc.equal(found["outcome"], "rejected"))
    outcomes = {"flagged": _("flagged"), "rejected": _("rejected")}
    # The outcome's name has no blank in it, the rule's has none either.
    kinds = pc.binary_join_element_wise(found["outcome"], found["rule"], " ")
    reasons = {kind: rule_sentence(kind.split()[1], kind.split()[0]) for kind in pc.unique(kinds).to_pylist()}
    table = pa.table(
        {
            _("Row"): found["row_number"],
            _("Outcome"): _translated(found["outcome"], outcomes),
            _("Column"): found["column_name"],
            _("Value"): found["value"],
            _("Reason"): _translated(kinds, reasons),
        }
    )
    with destination.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        csv.write_csv(inert_cells(table), file)
    return int(table.num_rows)


def _translated(column: pa.ChunkedArray, words: dict[str, str]) -> pa.ChunkedArray:
    """Each code replaced by its word; through a dictionary, so that a million remarks cost a handful of words."""
    codes = column.cast(pa.string()).combine_chunks().dictionary_encode()
    said = pa.array([words[code] for code in codes.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([said.take(codes.indices)])
