"""Text from outside, made harmless where a person meets it: on a terminal, on a page, in a spreadsheet.

Names, ids, file names and values come from files that anybody may have written. They are stored as they are; whatever
shows or exports them goes through here.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

# Control characters (C0 without tab and line feed, DEL, C1: a terminal obeys them), line separators and the
# bidirectional controls (they show text in another order than it is in), and surrogates (they stand for bytes that are
# no text and cannot be written).
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_HARMFUL_IN_A_LINE = re.compile(f"{HARMFUL.pattern}|\n")
_SHOWN_INSTEAD = "\ufffd"

# What a spreadsheet takes for the beginning of a formula (OWASP: CSV injection): = + - @ and every character that
# compatibility folding turns into one of them, as Chinese and Japanese spreadsheets do with the full-width forms.
_SIGNS = r"=＝﹦⁼₌⩵⩶+＋﹢⁺₊\x{FB29}\-－﹣−⁻₋@＠﹫"
# Before it may stand what cannot be seen: blanks, controls, format characters, marks without a letter, and the letters
# and symbols that are drawn as nothing.
_UNSEEN = r"\s\pZ\p{Cc}\p{Cf}\pM\x{115F}\x{1160}\x{3164}\x{FFA0}\x{2800}"
_FORMULA = rf"^(?:[{_UNSEEN}]*[{_SIGNS}]|[\t\n\r\x00])"
_NUMBER = r"^[+-]?[0-9]+([.,][0-9]+)*$"


def inert(text: str, *, lines: bool = False) -> str:
    """Text that cannot speak to a terminal nor change the order of what stands beside it; what could is shown as �.

    Args:
        lines: line feeds may stay, as they may on a page.

    >>> inert("red\\x1b[31m\\n"), inert("invoice\\u202efdp.exe"), inert("客户\\t1")
    ('red�[31m�', 'invoice�fdp.exe', '客户\\t1')
    """
    return (HARMFUL if lines else _HARMFUL_IN_A_LINE).sub(_SHOWN_INSTEAD, text)


def inert_cells(table: pa.Table) -> pa.Table:
    """The table as a spreadsheet will show it and never run it: every export to CSV or a workbook goes through this.

    In text columns and in the headings, what would begin a formula gets an apostrophe before it; a plain number is left
    as it is. Columns of other types cannot hold a formula.

    >>> inert_cells(pa.table({"=a": ["=1+1", "-5", " ＝cmd", "Anna", None]})).to_pydict()
    {"'=a": ["'=1+1", '-5', "' ＝cmd", 'Anna', None]}
    """
    columns = [_inert_column(column) if _is_text(column.type) else column for column in table.columns]
    headings = _inert_column(pa.chunked_array([pa.array(table.column_names, pa.string())])).to_pylist()
    return pa.table(columns, names=headings)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _inert_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = column.cast(pa.large_string())
    risky = pc.and_not(pc.match_substring_regex(text, _FORMULA), pc.match_substring_regex(text, _NUMBER))
    return pc.if_else(risky, pc.replace_substring_regex(text, r"\A", "'", max_replacements=1), text)
