"""Numbers, dates, ids and yes/no as people write them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhike.intake.expressions import ColumnFormat, missing_sql, typed_sql
from zhike.intake.mapping import Mapping
from zhike.intake.raw import Finding, RawColumn, RawTable
from zhike.intake.values import column_formats

CON = duckdb.connect()


def stored(values: list[str], relation: str = "t", name: str = "x") -> None:
    CON.execute(f"CREATE OR REPLACE TABLE {relation} AS SELECT unnest(?::VARCHAR[]) AS {name}", [values])


def format_of(ours: str, decimal: str | None = None, table: str = "orders") -> ColumnFormat:
    """The format of the one column of the relation t, read as ours."""
    raw = RawTable("t", (RawColumn("x"),), 2, Finding("csv", "x.csv", decimal=decimal))
    return column_formats(CON, raw, Mapping(table, {ours: "x"}))[ours]


def numbers(values: list[str], decimal: str | None = None) -> list[float | None]:
    stored(values)
    form = format_of("amount", decimal)
    return [row[0] for row in CON.execute(f"SELECT {typed_sql('x', 'number', form)} FROM t").fetchall()]


def times(values: list[str]) -> tuple[ColumnFormat, list[dt.datetime | None]]:
    stored(values)
    form = format_of("ordered_at")
    return form, [r[0] for r in CON.execute(f"SELECT {typed_sql('x', 'timestamp', form)} FROM t").fetchall()]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["1.5", "2", "-3", "1e3", " 4 "], [1.5, 2, -3, 1000, 4]),
        (["1.234,56", "3,5", "-7"], [1234.56, 3.5, -7]),
        (["1,234.56", "3.5", "1,234,567"], [1234.56, 3.5, 1234567]),
        (["1 234,56", "12 345,00"], [1234.56, 12345]),
        (["1\u202f234,5", "2\u00a0345,25"], [1234.5, 2345.25]),
        (["1'234.50", "5"], [1234.5, 5]),
        (["12,34,567.5", "1.25"], [1234567.5, 1.25]),
        (["¥12.50", "￥3", "$ 4", "5 €", "6元", "RMB 7", "£-8", "-$9"], [12.5, 3, 4, 5, 6, 7, -8, -9]),
        (["(1,234.5)", "5-", "-5", "+5", "−6"], [-1234.5, -5, -5, 5, -6]),
        (["12%", "3.5 %"], [0.12, 0.035]),
        (["１２３．５", "4"], [123.5, 4]),
        (["1,5", "0,25"], [1.5, 0.25]),
        (["abc", "", "1.5", "12 34", "--5", "1,2,3", "(5"], [None, None, 1.5, None, None, None, None]),
        (["nan", "inf", "-Infinity", "1.5"], [None, None, None, 1.5]),
    ],
)
def test_numbers(written: list[str], read: list[float | None]) -> None:
    assert numbers(written) == pytest.approx(read)


def test_what_the_file_suggests_settles_an_open_case() -> None:
    assert numbers(["1.234", "2.500"]) == [1.234, 2.5]
    assert numbers(["1.234", "2.500"], decimal=",") == [1234, 2500]
    stored(["1,234"])
    assert format_of("amount").warnings


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=20),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]),
)
def test_any_number_survives_its_writing(cents: list[int], marks: tuple[str, str]) -> None:
    decimal, thousands = marks
    written = [f"{c / 100:,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands) for c in cents]
    assert numbers(written) == pytest.approx([c / 100 for c in cents])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2010-12-01 08:26:00", "2010-12-01 08:26:00"),
        ("2010-12-01T08:26:00Z", "2010-12-01 08:26:00"),
        ("2010/12/1 8:26", "2010-12-01 08:26:00"),
        ("31-Jul-18", "2018-07-31 00:00:00"),
        ("July 31, 2018", "2018-07-31 00:00:00"),
        ("2011年12月9日", "2011-12-09 00:00:00"),
        ("2011年12月9日 8:05", "2011-12-09 08:05:00"),
        ("19970101", "1997-01-01 00:00:00"),
        ("12/13/2010 8:26", "2010-12-13 08:26:00"),
        ("13/12/2010 8:26", "2010-12-13 08:26:00"),
        ("25-12-16", "2016-12-25 00:00:00"),
        ("1.12.2010", "2010-12-01 00:00:00"),
        ("12/31/2010 1:02 PM", "2010-12-31 13:02:00"),
        ("40513.5", "2010-12-01 12:00:00"),
        ("1291191960", "2010-12-01 08:26:00"),
        ("1291191960000", "2010-12-01 08:26:00"),
        ("20101201082600", "2010-12-01 08:26:00"),
        ("0001-01-01", "0001-01-01 00:00:00"),
        ("9999-12-31", "9999-12-31 00:00:00"),
        ("2026-01-05T10:00:00+08:00", "2026-01-05 02:00:00"),
        ("2026-01-05 10:00:00.5 -0530", "2026-01-05 15:30:00.5"),
        ("2026-1-5 8:26-05", "2026-01-05 13:26:00"),
        ("2026-01-05T10:00z", "2026-01-05 10:00:00"),
        ("2026-01-05T10:00:00+08:00[Asia/Shanghai]", "2026-01-05 02:00:00"),
        ("13/01/2026 10:00 GMT+8", "2026-01-13 02:00:00"),
        ("1/13/2026 9:00 PM UTC", "2026-01-13 21:00:00"),
    ],
)
def test_dates(written: str, read: str) -> None:
    assert times([written])[1] == [dt.datetime.fromisoformat(read)]


def test_an_offset_is_seen_far_down_and_never_breaks_the_reading() -> None:
    written = ["2026-01-05 10:00:00"] * 200_000 + ["2026-01-05 10:00:00+08:00", "290309-12-22 (BC) 00:00:00+14:00"]
    read = times(written)[1]
    assert read[0] == dt.datetime(2026, 1, 5, 10)
    assert read[-2:] == [dt.datetime(2026, 1, 5, 2), None]


def test_a_birthday_is_the_day_that_is_written() -> None:
    stored(["1990-05-01T00:00:00+08:00", "1990-05-01"])
    form = format_of("birth_date", table="customers")
    read = CON.execute(f"SELECT {typed_sql('x', 'date', form)} FROM t").fetchall()
    assert read == [(dt.date(1990, 5, 1),)] * 2


def test_the_whole_column_settles_day_and_month() -> None:
    form, read = times(["1/2/2010"] * 300_000 + ["1/13/2010"])
    assert (form.date_formats, form.warnings) == (("%m/%d/%Y",), ())
    assert read[0] == dt.datetime(2010, 1, 2)


def test_an_open_order_is_read_day_first_and_said() -> None:
    form, read = times(["1/2/2010", "3/4/2010"])
    assert read[0] == dt.datetime(2010, 2, 1)
    assert form.warnings


def test_an_open_order_among_iso_dates_is_said() -> None:
    form, read = times(["2024-01-05", "2024-02-06", "2024-03-07", "03/04/2024"])
    assert read[3] == dt.datetime(2024, 4, 3)
    [(sentence, values)] = form.warnings
    assert "{example}" in sentence
    assert values == {"column": "x", "example": "03/04/2024"}
    # What the column itself settles is no doubt.
    form, read = times(["2024-01-05"] * 9 + ["03/04/2024", "03/14/2024"])
    assert (read[9], form.warnings) == (dt.datetime(2024, 3, 4), ())


def test_open_dates_among_iso_dates_follow_another_column() -> None:
    CON.execute("CREATE OR REPLACE TABLE raw AS SELECT * FROM (VALUES ('2024-01-05', '12/31/2010'), "
                "('03/04/2024', '12/30/2010')) t(a, b)")  # fmt: skip
    raw = RawTable("raw", tuple(map(RawColumn, ("a", "b"))), 2, Finding("csv", "x.csv"))
    form = column_formats(CON, raw, Mapping("orders", {"ordered_at": "a", "paid_at": "b"}))["ordered_at"]
    assert (form.date_formats, form.warnings) == (("%Y-%m-%d", "%m/%d/%Y"), ())


def test_a_column_that_begins_empty_is_read_by_its_later_values() -> None:
    empty = [""] * 200_001
    read = times([*empty, "13/1/2010"])[1]
    assert read[-1] == dt.datetime(2010, 1, 13)
    assert numbers([*empty, "1.234,50"])[-1] == 1234.5


def test_times_of_a_day_are_tried_in_every_form_they_have() -> None:
    written = ["13/1/2010 8:05", "13/1/2010 18:05:30", "13/1/2010 8:05 PM", "13/1/2010", "13/1/2010 8:05:30 -05:00"]
    assert times(written * 3)[1][:5] == [
        dt.datetime(2010, 1, 13, 8, 5), dt.datetime(2010, 1, 13, 18, 5, 30), dt.datetime(2010, 1, 13, 20, 5),
        dt.datetime(2010, 1, 13), dt.datetime(2010, 1, 13, 13, 5, 30),
    ]  # fmt: skip


def test_a_mixed_order_is_said_and_not_guessed() -> None:
    form, read = times(["13/1/2010", "14/1/2010", "1/15/2010"])
    assert read == [dt.datetime(2010, 1, 13), dt.datetime(2010, 1, 14), None]
    assert form.warnings


def test_several_forms_in_one_column() -> None:
    _, read = times(["2010-12-01", "12/31/2010", "12/30/2010 08:00", "nonsense", ""])
    assert read == [
        dt.datetime(2010, 12, 1), dt.datetime(2010, 12, 31), dt.datetime(2010, 12, 30, 8), None, None,
    ]  # fmt: skip


FORMS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%y", "%d.%m.%Y %H:%M", "%Y%m%d", "%Y年%m月%d日", "%m/%d/%y %H:%M"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2060, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(FORMS),
)
def test_any_date_survives_its_writing(moments: list[dt.datetime], form: str) -> None:
    """A day after the twelfth is added, so that the order of day and month is never open."""
    moments = [*moments, dt.datetime(2001, 12, 31, 23, 59)]
    written = [moment.strftime(form) for moment in moments]
    assert times(written)[1] == [dt.datetime.strptime(text, form) for text in written]


def test_an_open_column_follows_the_settled_one() -> None:
    CON.execute("CREATE OR REPLACE TABLE raw AS SELECT '1/2/2010' AS a, '12/31/2010' AS b, 'x' AS id, '5' AS v")
    raw = RawTable("raw", tuple(map(RawColumn, ("a", "b", "id", "v"))), 2, Finding("csv", "x.csv"))
    mapping = Mapping("orders", {"ordered_at": "a", "paid_at": "b", "order_id": "id", "amount": "v"})
    forms = column_formats(CON, raw, mapping)
    assert forms["ordered_at"].date_formats == forms["paid_at"].date_formats == ("%m/%d/%Y",)
    assert not forms["ordered_at"].warnings
    # No result is left open that would block the next query.
    assert CON.sql("SELECT 1").fetchall() == [(1,)]


def test_ids_lose_a_point_zero_only_if_all_have_it() -> None:
    def ids(values: list[str]) -> list[str | None]:
        stored(values, "raw", "id")
        raw = RawTable("raw", (RawColumn("id"),), 2, Finding("csv", "x.csv"))
        form = column_formats(CON, raw, Mapping("orders", {"order_id": "id"}))["order_id"]
        return [r[0] for r in CON.execute(f"SELECT {typed_sql('id', 'id', form)} FROM raw").fetchall()]

    assert ids(["17850.0", " 13047.0 ", ""]) == ["17850", "13047", None]
    assert ids(["17850.0", "A1.0"]) == ["17850.0", "A1.0"]
    assert ids(["007", "7"]) == ["007", "7"]


def test_typed_columns_are_cast(test_data: Path) -> None:
    path = test_data / "online_retail" / "online_retail.parquet"
    form = ColumnFormat(sql_type="DOUBLE")
    value = CON.execute(f"SELECT {typed_sql('CustomerID', 'id', form)} FROM '{path}' LIMIT 1").fetchone()
    assert value == ("17850",)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Yes", True),
        ("0", False),
        ("是", True),
        ("否", False),
        ("TRUE", True),
        (" f ", False),
        ("2", None),
        ("好评", True),
    ],
)
def test_booleans(text: str, value: bool | None) -> None:
    stored([text])
    assert CON.execute(f"SELECT {typed_sql('x', 'boolean')} FROM t").fetchone() == (value,)


@pytest.mark.parametrize(
    "dates",
    [["25/12/2020", "2020-12-26", "01/02/2021"], ["2020-12-26", "2020-12-27"], ["26-Dec-20", "Dec 27, 2020"]],
)
def test_words_are_no_dates(dates: list[str]) -> None:
    words = ["epoch", "infinity", "-infinity", " Epoch ", "INFINITY"]
    _, read = times([*dates, *words, "1900-01-01", "1970-01-01"])
    assert read[: len(dates)].count(None) == 0
    assert read[len(dates) : -2] == [None] * len(words)
    assert [str(time) for time in read[-2:]] == ["1900-01-01 00:00:00", "1970-01-01 00:00:00"]


def test_what_nobody_sees_is_no_part_of_an_id() -> None:
    written = ["A1", "A1\t", "\u200bA1", "A1\ufeff", "\u00a0A1\u3000", "\u202aA1\u202c", "A\u200b1",
               "\r\nA1\u200d", "A\u00ad1", "\x1fA1"]  # fmt: skip
    kept = ["A 1", "می\u200cخواهم", "客户\u30001", "é", "Ａ１"]
    stored([*written, *kept, "\u200b", "\t", " "])
    form = format_of("order_id")
    read = [row[0] for row in CON.execute(f"SELECT {typed_sql('x', 'id', form)} FROM t").fetchall()]
    assert read == [*["A1"] * len(written), *kept, None, None, None]
    missing = [row[0] for row in CON.execute(f"SELECT {missing_sql('x', 'id', form)} FROM t").fetchall()]
    assert missing == [value is None for value in read]
