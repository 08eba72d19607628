"""Text from files can neither steer a terminal or a page, nor run in a spreadsheet."""

from __future__ import annotations

import sys
import unicodedata

import pyarrow as pa
import pytest

from zhike.inert import inert, inert_cells

EVERYTHING = [chr(c) for c in range(sys.maxunicode + 1)]


def first_cell(text: str) -> str:
    return str(inert_cells(pa.table({"value": [text]}))["value"][0].as_py())


@pytest.mark.parametrize("lines", [False, True])
def test_no_control_character_is_left(lines: bool) -> None:
    allowed = {"\t", "\n"} if lines else {"\t"}
    harmful = [c for c in EVERYTHING if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in allowed]
    harmful += [c for c in EVERYTHING if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF")]
    harmful += [c for c in EVERYTHING if unicodedata.bidirectional(c) in ("LRI", "RLI", "FSI", "PDI")]
    assert len(harmful) > 2000
    assert inert("".join(harmful), lines=lines) == "\ufffd" * len(harmful)
    # What remains can be written, whatever it was.
    assert inert("".join(EVERYTHING), lines=lines).encode("utf-8")


@pytest.mark.parametrize(
    "text", ["Müller & Søn", "知客 · 客户", "عميل", "\u200fשלום", "👩\u200d👧", "a\tb", "−3\u202f%"]
)
def test_what_people_write_stays(text: str) -> None:
    assert inert(text) == text


SIGNS = [c for c in EVERYTHING if unicodedata.normalize("NFKC", c)[:1] in {"=", "+", "-", "@"}]
UNSEEN = [c for c in EVERYTHING if unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc", "Cf")]


def test_every_sign_a_spreadsheet_may_fold_to_a_formula_is_stopped() -> None:
    assert set("=＝﹦+＋﹢-－﹣@＠﹫") <= set(SIGNS)
    assert [c for c in SIGNS if not first_cell(f"{c}SUM(A1)").startswith("'")] == []


def test_a_formula_does_not_hide_behind_what_cannot_be_seen() -> None:
    assert {"\x0b", "\xa0", "\u3000", "\u200b", "\ufeff", "\x00"} <= set(UNSEEN)
    hidden = [
        *UNSEEN,
        "\u115f",
        "\u1160",
        "\u3164",
        "\uffa0",
        "\u2800",
        "\ufe0f",
        "\u034f",
        "\u180e",
        " \u200b\ufeff\t",
    ]
    assert [ascii(c) for c in hidden if not first_cell(f"{c}=cmd|' /C calc'!A0").startswith("'")] == []


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx", "\x00x", "-2+3", "+1+1", "@SUM(1)", "--5", "-", "=", "-5 "])
def test_what_could_be_a_formula_is_text(text: str) -> None:
    assert first_cell(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["-5", "+49301234567", "-1,234.50", "Anna", "a=b", "x@example.org", "2025-01-05", "", " "]
)
def test_numbers_and_plain_text_stay(text: str) -> None:
    assert first_cell(text) == text


def test_every_text_column_and_every_heading() -> None:
    evil, plain = ["=1", None, "-7"], [1.5, -2.0, None]
    kinds = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    arrays = [
        pa.array(evil, kind) if not pa.types.is_dictionary(kind) else pa.array(evil).dictionary_encode()
        for kind in kinds
    ]
    table = pa.table([*arrays, pa.array(plain)], names=["=a", "b", "b", "\u200b@d", "number"])
    safe = inert_cells(table)
    assert safe.column_names == ["'=a", "b", "b", "'\u200b@d", "number"]
    assert [column.to_pylist() for column in safe.columns] == [["'=1", None, "-7"]] * 4 + [plain]
    assert inert_cells(table.slice(0, 0)).num_rows == 0
    assert inert_cells(inert_cells(table)).equals(safe), "an apostrophe is no formula"
