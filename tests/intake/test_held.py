"""What columns hold, on files that people have: demographics in ranges, campaigns, and columns that mislead."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from zhike.importing.importer import Choices, inspect_file
from zhike.intake.held import Held, as_date, as_number, as_text, held
from zhike.lake.lake import Lake


def of(*values: str | None) -> Held:
    con = duckdb.connect()
    con.execute("CREATE TABLE said (v VARCHAR)")
    con.executemany("INSERT INTO said VALUES (?)", [[value] for value in values])
    return held(con, "said", ["v"])["v"]


def test_ranges_of_both_languages() -> None:
    ranges = [
        "45-54",
        "65+",
        "<18",
        "Under 15K",
        "$35,000 - $49,999",
        "18岁以下",
        "60岁以上",
        "25到34岁",
        "less than 5",
    ]
    assert of(*ranges).ranges == len(ranges)
    assert of("2024-01-31", "555-1234", "A-12", "45", "-5", "PhD").ranges <= 1


def test_ids_and_mixed_marks_are_no_numbers() -> None:
    assert of("007", "12").numbers == 0
    assert of("12345678901234567").numbers == 0
    # 1,5 is a fraction and 1,500 a thousand: nobody can say what both in one column are.
    assert of("1,5", "1,500").numbers == 0
    assert of("1,500", "2,250").numbers == of("1,5", "2,25").numbers == 2


def test_what_stands_for_nothing() -> None:
    found = of("NA", "", None, " - ", "none", "3", "4")
    assert (found.filled, found.present, found.numbers) == (3, 2, 2)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024/1/5 10:00", "2024-01-05"),
        ("31.12.2024", "2024-12-31"),
        ("5/6/24", None),
        ("1000-01-01", "1000-01-01"),
        ("9999-12-31", "9999-12-31"),
        # Python has no year nought, and PostgreSQL none either.
        ("0000-05-01", None),
        ("0000/5/1", None),
        ("01.05.0000", None),
    ],
)
def test_days_that_are_in_no_doubt(text: str, day: str | None) -> None:
    [(found,)] = duckdb.execute(f"SELECT {as_date('v')} FROM (SELECT ? AS v)", [text]).fetchall()
    assert (found and found.isoformat()) == day


@pytest.mark.parametrize("blank", ["\t", "\n", "\r\n", "\u3000", "\u00a0", "\ufeff", " \x1f\x85"])
def test_blanks_of_all_kinds_around_a_text_are_no_part_of_it(blank: str) -> None:
    texts = [f"{blank}Gold card{blank}", f"{blank}n/a{blank}", blank]
    found = [duckdb.execute(f"SELECT {as_text('v')} FROM (SELECT ? AS v)", [t]).fetchall()[0][0] for t in texts]
    assert found == ["Gold card", None, None]


def test_numbers_as_they_are_written() -> None:
    texts = ["1.234,5", "1,234.5", "12 €", "-3", "x", "1e400"]
    found = [duckdb.execute(f"SELECT {as_number('v')} FROM (SELECT ? AS v)", [t]).fetchall()[0][0] for t in texts]
    assert found == [1234.5, 1234.5, 12.0, -3.0, None, None]


def test_a_list_of_customers_is_looked_into_and_other_tables_are_not(tmp_path: Path, test_data: Path) -> None:
    lake = Lake(tmp_path / "lake")
    found = inspect_file(lake, test_data / "completejourney" / "demographics.parquet").held
    assert {name: one["distinct"] for name, one in found.items()} == {
        "age": 6, "income": 12, "home_ownership": 4, "marital_status": 2,
        "household_size": 5, "household_comp": 4, "kids_count": 4,
    }  # fmt: skip
    assert found["age"]["ranges"] == found["income"]["ranges"] == 801
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,ordered_at,amount\n1,a,2025-01-01,5\n")
    assert inspect_file(lake, file, Choices(table="orders")).held == {}
