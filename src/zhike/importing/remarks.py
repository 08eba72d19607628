"""The flagged and rejected rows of an import as a file, with the reason in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from zhike.cleaning.wording import rule_sentence
from zhike.lake.batches import remarks
from zhike.lake.lake import Lake
from zhike.language import _

# What a spreadsheet takes for a formula, also behind blanks (OWASP: CSV injection); a plain number is none.
_FORMULA = r"^[\s\x00]*[=+\-@＝＋－＠\t\r\x00]"
_NUMBER = r"^[+-]?[0-9]+([.,][0-9]+)*$"


def write_remarks(lake: Lake, number: int, destination: Path, *, only_rejected: bool = False) -> int:
    """Write the remarks of an import as CSV (UTF-8 with BOM, which spreadsheets need) and return how many there are.

    Raises:
        InputError: there is no such import.
    """
    found = remarks(lake, number)
    if only_rejected:
        found = found.filter(pc.equal(found["outcome"], "rejected"))
    outcomes = {"flagged": _("flagged"), "rejected": _("rejected")}
    reasons = {rule: rule_sentence(rule) for rule in pc.unique(found["rule"]).to_pylist()}
    table = pa.table(
        {
            _("Row"): found["row_number"],
            _("Outcome"): _translated(found["outcome"], outcomes),
            _("Column"): inert_cells(found["column_name"]),
            _("Value"): inert_cells(found["value"]),
            _("Reason"): _translated(found["rule"], reasons),
        }
    )
    with destination.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        csv.write_csv(table, file)
    return int(table.num_rows)


def inert_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text a spreadsheet will show and never run: what would begin a formula gets an apostrophe before it.

    >>> inert_cells(pa.chunked_array([["=1+1", "-5", " ＝cmd", "Anna"]])).to_pylist()
    ["'=1+1", '-5', "' ＝cmd", 'Anna']
    """
    text = column.cast(pa.string())
    risky = pc.and_not(pc.match_substring_regex(text, _FORMULA), pc.match_substring_regex(text, _NUMBER))
    return pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text)


def _translated(column: pa.ChunkedArray, words: dict[str, str]) -> pa.ChunkedArray:
    """Each code replaced by its word; through a dictionary, so that a million remarks cost a handful of words."""
    codes = column.cast(pa.string()).combine_chunks().dictionary_encode()
    said = pa.array([words[code] for code in codes.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([said.take(codes.indices)])
