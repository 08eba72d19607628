"""What the columns of a file hold, whatever they are called: enough to say what kind of field would keep them.

A column outside the contract has no type. How its values read is decided value by value, the same way when a person is
asked about the column and when its values are taken over later, maybe with those of other files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from zhike.intake.expressions import NO_VALUE, ColumnFormat, boolean_sql, id_sql, number_sql
from zhike.intake.value_counts import HEAD_ROWS, count_values, forget
from zhike.sql import literal, only_row

# What stands for nothing in a text too. "None", "no" and "unknown" may be answers.
BLANK = ("", "na", "n/a", "#n/a", "nan", "null", "-", "--", "?", "\\n")
# 45-54, 65+, <18, Under 15K, 35-49K, 18岁以下: between two numbers, or on one side of one.
_AMOUNT = r"[$€£¥]?\d[\d.,]*\s*[kKmM万岁元%]?"
RANGE = (
    rf"(?i)^\s*({_AMOUNT}\s*(-|–|—|~|～|to|至|到)\s*{_AMOUNT}"
    rf"|{_AMOUNT}\s*(\+|以上|及以上|以下|and (over|older|more)|or more)"
    rf"|(<|>|≤|≥|<=|>=|under|over|below|above|less than|more than|up to|不到|小于|大于|超过)\s*{_AMOUNT})[\s\w岁元]*$"
)
# 1,5 can only be a fraction, 1,500 is a thousand and more: a column that has both cannot be read value by value.
_FRACTION = r"^\s*[-+]?\d+,(\d{1,2}|\d{4,})\s*$"
_GROUP = r"^\s*[-+]?\d{1,3}(,\d{3})+\s*$"
_LONG_ID = r"^\s*(0\d+|\d{16,})\s*$"
_AT_ONCE = 40


@dataclass(frozen=True)
class Held:
    """How many rows of a column have a value, how many different ones, and how many read as what.

    `present` leaves out what stands for no value in a column of numbers, such as "none". A number, day or yes/no
    counts only where that reading is safe for the whole column: one with ids such as 007 has no numbers.
    """

    filled: int
    distinct: int
    present: int
    numbers: int
    whole: int
    dates: int
    yes_no: int
    ranges: int


def as_text(value: str) -> str:
    """The SQL of a text as a field keeps it, without blanks of any kind around it; NULL where it says nothing.

    >>> duckdb.execute("SELECT " + as_text("' N/A '") + ", " + as_text("' Gold '")).fetchone()
    (None, 'Gold')
    """
    text = id_sql(f"CAST({value} AS VARCHAR)")
    return f"CASE WHEN lower({text}) NOT IN ({_words(BLANK)}) THEN {text} END"


def as_number(value: str) -> str:
    """The SQL of a number, with a decimal point or comma; NULL where it is none.

    >>> duckdb.execute("SELECT " + ", ".join(map(as_number, ["'1,234.5'", "'1,5'", "'€ 12'", "'65+'"]))).fetchone()
    (1234.5, 1.5, 12.0, None)
    """
    pointed = number_sql(value, ColumnFormat(thousands=","))
    with_comma = number_sql(value, ColumnFormat(decimal=",", thousands="."))
    return f"coalesce({pointed}, CASE WHEN contains({value}, ',') THEN {with_comma} END)"


def as_date(value: str) -> str:
    """The SQL of a day where nothing is in doubt: year first, or 31.12.2024; NULL where it is none.

    >>> duckdb.execute("SELECT " + ", ".join(map(as_date, ["'2024年1月5日'", "'5.1.2024'", "'1/5/2024'"]))).fetchone()
    (datetime.date(2024, 1, 5), datetime.date(2024, 1, 5), None)
    """
    # No year 0000: DuckDB has one, but Python and PostgreSQL have none, and what stands for no day is written so.
    year_first = r"^\s*([1-9]\d{3})[-/.年](\d{1,2})[-/.月](\d{1,2})日?([T\s].*)?$"
    day_first = r"^\s*(\d{1,2})\.(\d{1,2})\.([1-9]\d{3})([T\s].*)?$"
    texts = (
        f"nullif(regexp_replace({value}, {literal(shape)}, {literal(order)}), {value})"
        for shape, order in ((year_first, r"\1-\2-\3"), (day_first, r"\3-\2-\1"))
    )
    plain = f"CASE WHEN regexp_matches({value}, '^[1-9]\\d{{3}}-\\d{{2}}-\\d{{2}}$') THEN {value} END"
    return f"TRY_CAST(coalesce({plain}, {', '.join(texts)}) AS DATE)"


def as_yes_no(value: str) -> str:
    """The SQL of yes or no; NULL where it is neither.

    >>> duckdb.execute("SELECT " + ", ".join(map(as_yes_no, ["'Y'", "'否'", "'0'", "'maybe'"]))).fetchone()
    (True, False, False, None)
    """
    return boolean_sql(value)


def held(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> dict[str, Held]:
    """What these columns hold in the first 200,000 rows: one pass over them for every forty columns.

    >>> con = duckdb.connect()
    >>> held(con, "(VALUES ('45-54'), ('65+'), ('45-54'), (NULL)) t(age)", ["age"])["age"]
    Held(filled=3, distinct=2, present=3, numbers=0, whole=0, dates=0, yes_no=0, ranges=3)
    """
    found = {}
    head = f"(SELECT * FROM {relation} LIMIT {HEAD_ROWS})"
    for start in range(0, len(columns), _AT_ONCE):
        some = columns[start : start + _AT_ONCE]
        counted = count_values(con, head, [(name, False) for name in some])
        for name, counts in zip(some, counted, strict=True):
            found[name] = Held(*map(int, only_row(con, _counts(counts))))
    forget(con)
    return found


def _counts(counts: str) -> str:
    def times(condition: str) -> str:
        return f"coalesce(sum(times) FILTER ({condition}), 0)"

    def of(pattern: str) -> str:
        return f"coalesce(bool_or(regexp_matches(said, {literal(pattern)})), false)"

    values = f"SELECT {as_text('value')} AS said, times FROM {counts}"
    read = (
        f"SELECT said, times, {as_number('said')} AS number, {as_date('said')} AS day, {as_yes_no('said')} AS yes, "
        f"regexp_matches(said, {literal(RANGE)}) AS ranged FROM ({values}) WHERE said IS NOT NULL"
    )
    unsafe = f"({of(_LONG_ID)} OR ({of(_FRACTION)} AND {of(_GROUP)}))"
    return (
        f"SELECT coalesce(sum(times), 0), count(DISTINCT said), {times(f'lower(said) NOT IN ({_words(NO_VALUE)})')}, "
        f"CASE WHEN {unsafe} THEN 0 ELSE {times('number IS NOT NULL')} END, "
        f"CASE WHEN {unsafe} THEN 0 ELSE {times('number = trunc(number)')} END, "
        f"{times('day IS NOT NULL')}, {times('yes IS NOT NULL')}, {times('ranged')} FROM ({read})"
    )


def _words(words: Sequence[str]) -> str:
    return ", ".join(literal(word) for word in words)


def text_of(row: str, name: str) -> str:
    """The SQL of one attribute out of the JSON of all of them; `name` may hold any character.

    >>> duckdb.execute("SELECT " + text_of("'{\\"a/b $\\": 2}'", "a/b $")).fetchone()
    ('2',)
    """
    place = "/" + name.replace("~", "~0").replace("/", "~1")
    return f"json_extract_string({row}, {literal(place)})"
