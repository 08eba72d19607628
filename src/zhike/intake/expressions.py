"""Text → typed values, as DuckDB expressions: how a column writes its numbers, dates and ids.

`zhike.intake.values` finds out the `ColumnFormat` of each column by looking at it; here it is applied.
All expressions are NULL where the text cannot be read as what is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zhike.intake.raw import Warnings
from zhike.schema import Kind
from zhike.sql import literal, literals

CountFrom = Literal["", "excel", "seconds", "milliseconds"]

# What people write into a number or date column when there is no value. In text and ids these may be real values.
NO_VALUE = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "\\n", "无", "空", "未知")

TRUE_WORDS = ("true", "t", "yes", "y", "1", "1.0", "on", "positive", "是", "对", "真", "有", "好评", "正面")
FALSE_WORDS = ("false", "f", "no", "n", "0", "0.0", "off", "negative", "否", "错", "假", "无", "差评", "负面")

# Signs of currency, and spaces of all kinds.
_CURRENCY = r"(?i)[¥￥$＄€£￡₽₹₩元圆]|CNY|RMB|USD|EUR|GBP|HKD"
_SPACE = r"[\s\x{00A0}\x{2007}\x{2009}\x{202F}\x{3000}]"
# What is no part of an id. Anywhere: signs without width, such as soft hyphens, marks of direction, BOMs. Around it:
# blanks, control characters, and joiners with nothing to join.
_UNSEEN = r"[\x{00AD}\x{061C}\x{180E}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FEFF}]+"
_AROUND = r"[\s\pZ\p{Cc}\x{200C}\x{200D}]+"
_FROM_WIDE = "０１２３４５６７８９．，－＋％（）−–"
_TO_PLAIN = "0123456789.,-+%()--"

# How far a time is from UTC, written behind it: …Z, …+08:00, … +0800, … UTC, … GMT+8, …+08:00[Asia/Shanghai].
_OFFSET = (
    r"(\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?)\s*"
    r"(?:[Zz]|UTC|GMT|(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?(?::\d{2})?)(?:\[[^\]]*\])?\s*$"
)


@dataclass(frozen=True)
class ColumnFormat:
    """How one column writes its values.

    `date_formats` are DuckDB strptime formats, the first that parses wins, empty means ISO 8601. `count_from` says
    that dates are numbers: days as Excel counts them, or seconds or milliseconds since 1970. `whole_ids` says that
    every id is written as a whole number with ".0" behind it. `has_offsets` says that times were seen which tell how
    far they are from UTC. `sql_type` is the type the file itself gives.
    """

    decimal: str = "."
    thousands: str = ""
    date_formats: tuple[str, ...] = ()
    count_from: CountFrom = ""
    whole_ids: bool = False
    has_offsets: bool = False
    sql_type: str = "VARCHAR"
    warnings: Warnings = ()


PLAIN = ColumnFormat()


def typed_sql(column_sql: str, kind: Kind, form: ColumnFormat = PLAIN) -> str:
    """The expression that reads a column as a contract's kind.

    >>> import duckdb
    >>> duckdb.execute("select " + typed_sql("'(1.234,50 €)'", "number", ColumnFormat(",", "."))).fetchone()
    (-1234.5,)
    """
    readers = {
        "id": id_sql,
        "text": text_sql,
        "number": number_sql,
        "integer": integer_sql,
        "date": date_sql,
        "timestamp": timestamp_sql,
        "boolean": boolean_sql,
    }
    return readers[kind](column_sql, form)


def missing_sql(column_sql: str, kind: Kind, form: ColumnFormat = PLAIN) -> str:
    """Whether there is no value: as opposed to a value that cannot be read.

    >>> import duckdb
    >>> duckdb.execute("select " + missing_sql("' N/A '", "number") + ", " + missing_sql("'x'", "number")).fetchone()
    (True, False)
    """
    if form.sql_type != "VARCHAR":
        return f"({column_sql} IS NULL)"
    if kind == "id":
        return f"({id_sql(column_sql)} IS NULL)"
    if kind == "text":
        return f"({column_sql} IS NULL OR trim({column_sql}) = '')"
    words = ", ".join(literal(word) for word in NO_VALUE)
    return f"({column_sql} IS NULL OR lower(trim({column_sql})) IN ({words}))"


def text_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """The text without blanks around it; NULL when nothing is left."""
    if form.sql_type != "VARCHAR":
        return f"CAST({column_sql} AS VARCHAR)"
    return f"nullif(trim({column_sql}), '')"


def id_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """An id as text without what nobody sees in it and around it; a whole number that came as 17850.0 is "17850".

    >>> import duckdb
    >>> duckdb.execute("select " + id_sql(literal("\\u200bA\\ufeff1\\t"))).fetchone()
    ('A1',)
    >>> duckdb.execute("select " + id_sql("17850.0::double", ColumnFormat(sql_type="DOUBLE"))).fetchone()
    ('17850',)
    """
    if form.sql_type in ("DOUBLE", "FLOAT") or form.sql_type.startswith("DECIMAL"):
        whole = f"TRY_CAST({column_sql} AS HUGEINT)"
        return f"CASE WHEN {whole} = {column_sql} THEN CAST({whole} AS VARCHAR) ELSE CAST({column_sql} AS VARCHAR) END"
    if form.sql_type != "VARCHAR":
        return text_sql(column_sql, form)
    # Nearly every id is plain ASCII without blanks or control characters; the long patterns run only on the others.
    seen = f"regexp_replace({column_sql}, {literal(_UNSEEN)}, '', 'g')"
    bare = f"nullif(regexp_replace({seen}, {literal(f'^{_AROUND}|{_AROUND}$')}, '', 'g'), '')"
    text = f"CASE WHEN regexp_full_match({column_sql}, '[!-~]+') THEN {column_sql} ELSE {bare} END"
    return f"regexp_replace({text}, '\\.0+$', '')" if form.whole_ids else text


def number_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """A finite DOUBLE. Reads currency signs, (1,234) and 1,234- as negative, 12% as 0.12, full-width digits.

    >>> import duckdb
    >>> texts = ["¥1,234.50", "(3)", "12%", "1,23", "inf", "5-"]
    >>> [duckdb.execute("select " + number_sql(literal(t), ColumnFormat(thousands=","))).fetchone()[0] for t in texts]
    [1234.5, -3.0, 0.12, None, None, -5.0]
    """
    if form.sql_type != "VARCHAR":
        number = f"TRY_CAST({column_sql} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    # Nearly every value is plain and cast directly; the regular expressions run only where that fails.
    plain = f"replace({column_sql}, {literal(form.decimal)}, '.')" if form.decimal != "." else column_sql
    number = f"TRY_CAST({plain} AS DOUBLE)"
    if form.decimal != ".":
        number = f"CASE WHEN NOT contains({column_sql}, '.') THEN {number} END"
    written = _written_number(column_sql, form)
    return f"CASE WHEN ({number}) IS NULL THEN {written} WHEN isfinite({number}) THEN {number} END"


def _written_number(column_sql: str, form: ColumnFormat) -> str:
    """The careful reading: the whole text must have the shape of a number, groups of thousands included."""
    bare = f"translate({column_sql}, {literal(_FROM_WIDE)}, {literal(_TO_PLAIN)})"
    bare = f"regexp_replace({bare}, {literal(_CURRENCY)}, '', 'g')"
    ends = rf"^{_SPACE}*([-+(]?){_SPACE}*(.*?){_SPACE}*([-)%]?){_SPACE}*$"
    bare = f"regexp_replace({bare}, {literal(ends)}, '\\1\\2\\3')"
    group = _SPACE if form.thousands == " " else f"[{form.thousands}]"
    point = f"[{form.decimal}]"
    whole = rf"([1-9]\d{{0,2}}({group}\d{{2,3}})*{group}\d{{3}}|\d+)" if form.thousands else r"\d+"
    amount = rf"({whole}({point}\d*)?|{point}\d+)([eE][-+]?\d+)?"
    shape = rf"^([-+]?{amount}[-%]?|\({amount}%?\))$"
    digits = f"regexp_replace({bare}, {literal(group)}, '', 'g')" if form.thousands else bare
    digits = f"replace({digits}, {literal(form.decimal)}, '.')" if form.decimal != "." else digits
    number = f"TRY_CAST(regexp_replace({digits}, '[()%]|-$', '', 'g') AS DOUBLE)"
    sign = rf"CASE WHEN regexp_matches({bare}, '^\(|\d-$') THEN -1 ELSE 1 END"
    share = f"CASE WHEN contains({bare}, '%') THEN 100 ELSE 1 END"
    return f"CASE WHEN regexp_matches({bare}, {literal(shape)}) THEN {sign} * {number} / {share} END"


def integer_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """A BIGINT; a number with a fraction is not an integer."""
    number = number_sql(column_sql, form)
    return f"CASE WHEN ({number}) = trunc({number}) THEN TRY_CAST({number} AS BIGINT) END"


def timestamp_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """A TIMESTAMP without zone, never infinite. Years 1 to 9999 pass: whether one is sensible is for cleaning.

    A time written with its distance from UTC (+08:00, Z, GMT+8) becomes UTC; one without stays as it is written.

    >>> import duckdb
    >>> form = ColumnFormat(date_formats=("%m/%d/%Y %H:%M",))
    >>> texts = ["12/1/2010 8:26", "12/1/2010 8:26 +08:00"]
    >>> [str(duckdb.execute("select " + timestamp_sql(literal(t), form)).fetchone()[0]) for t in texts]
    ['2010-12-01 08:26:00', '2010-12-01 00:26:00']
    """
    written = _written_time(column_sql, form)
    if form.sql_type != "VARCHAR" or form.count_from:
        return written
    sign, hours, minutes = (f"regexp_extract({column_sql}, {literal(_OFFSET)}, {group})" for group in (2, 3, 4))
    ahead = f"coalesce(TRY_CAST({hours} AS BIGINT) * 60, 0) + coalesce(TRY_CAST({minutes} AS BIGINT), 0)"
    ahead = f"to_minutes(CASE WHEN {sign} = '-' THEN -1 ELSE 1 END * ({ahead}))"
    local = _written_time(without_offset_sql(column_sql), form)
    zoned = has_offset_sql(column_sql)
    if not form.has_offsets:
        # The pattern costs as much as the rest of the reading: where a look at the column found no offset, only
        # what is longer than a date with its seconds is held against it.
        zoned = f"strlen({column_sql}) > 19 AND {zoned}"
    return f"CASE WHEN {zoned} THEN TRY({local} - {ahead}) ELSE {written} END"


def without_offset_sql(column_sql: str) -> str:
    """The text of a time without what says how far it is from UTC.

    >>> import duckdb
    >>> duckdb.execute("select " + without_offset_sql("'2010-12-01T08:26:00+08:00'")).fetchone()
    ('2010-12-01T08:26:00',)
    """
    return f"regexp_replace({column_sql}, {literal(_OFFSET)}, '\\1')"


def has_offset_sql(column_sql: str) -> str:
    """Whether a text says how far its time is from UTC.

    >>> import duckdb
    >>> texts = ["2010-12-01T08:26:00Z", "2010-12-01 08:26 GMT+8", "2010-12-01 08:26:00", "2010-12-01"]
    >>> [duckdb.execute("select " + has_offset_sql(literal(text))).fetchone()[0] for text in texts]
    [True, True, False, False]
    """
    return f"regexp_matches({column_sql}, {literal(_OFFSET)})"


def _written_time(column_sql: str, form: ColumnFormat) -> str:
    """The time as it is written, wherever that was."""
    if form.count_from:
        return _counted_time(column_sql, form)
    if form.sql_type != "VARCHAR" and form.date_formats:
        return parsed_time_sql(f"CAST({column_sql} AS VARCHAR)", form.date_formats)
    if not form.date_formats:
        time = f"TRY_CAST({column_sql} AS TIMESTAMP)"
        finite = f"CASE WHEN isfinite({time}) THEN {time} END"
        return _not_a_word(column_sql, finite, "1970-01-01") if form.sql_type == "VARCHAR" else finite
    parsed = parsed_time_sql(column_sql, form.date_formats)
    # A column that mostly has another form may still hold ISO dates, which are never in doubt.
    return (
        f"coalesce({parsed}, CASE WHEN regexp_matches({column_sql}, '^\\s*\\d{{4}}-') "
        f"THEN TRY_CAST({column_sql} AS TIMESTAMP) END)"
    )


def parsed_time_sql(column_sql: str, formats: Sequence[str]) -> str:
    """A text read with the first strptime format that fits. DuckDB reads "epoch" and "infinity" as 1900 with any.

    >>> import duckdb
    >>> texts = ["25/12/2020", "epoch", "-infinity"]
    >>> [str(duckdb.execute("select " + parsed_time_sql(literal(t), ["%d/%m/%Y"])).fetchone()[0])[:10] for t in texts]
    ['2020-12-25', 'None', 'None']
    """
    return _not_a_word(column_sql, f"try_strptime({column_sql}, {literals(formats)})", "1900-01-01")


def _not_a_word(column_sql: str, time: str, made_of_words: str) -> str:
    """The time, unless it is what DuckDB makes of a word; only where it is that day is the text looked at."""
    return (
        f"CASE WHEN {time} = TIMESTAMP '{made_of_words}' AND NOT regexp_matches({column_sql}, '[0-9]') THEN NULL "
        f"ELSE {time} END"
    )


def _counted_time(column_sql: str, form: ColumnFormat) -> str:
    number = f"TRY_CAST({column_sql} AS DOUBLE)"
    # Day 25569 of Excel's calendar is 1970-01-01; 2958465 is the last day of 9999.
    micros, lowest, highest = {
        "excel": (f"round(({number} - 25569) * 86400) * 1000000", 1, 2958466),
        "seconds": (f"{number} * 1000000", -62135596800, 253402300799),
        "milliseconds": (f"{number} * 1000", -62135596800000, 253402300799999),
    }[form.count_from]
    return f"CASE WHEN {number} BETWEEN {lowest} AND {highest} THEN make_timestamp(CAST({micros} AS BIGINT)) END"


def date_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """A DATE. Dates without a time are birthdays: a year of two digits that would lie ahead is a century earlier.

    Where a time with an offset stands in their place, it is the day there, not in UTC, that is meant.

    >>> import duckdb
    >>> str(duckdb.execute("select " + date_sql("'25-12-57'", ColumnFormat(date_formats=("%d-%m-%y",)))).fetchone()[0])
    '1957-12-25'
    """
    is_text = form.sql_type == "VARCHAR" and not form.count_from
    date = f"CAST({_written_time(without_offset_sql(column_sql) if is_text else column_sql, form)} AS DATE)"
    if not any("%y" in date_format for date_format in form.date_formats):
        return date
    return f"CASE WHEN {date} > current_date THEN CAST({date} - INTERVAL 100 YEAR AS DATE) ELSE {date} END"


def boolean_sql(column_sql: str, form: ColumnFormat = PLAIN) -> str:
    """A BOOLEAN from yes/no, true/false, 1/0, 是/否, 好评/差评.

    >>> import duckdb
    >>> duckdb.execute(f"select {boolean_sql(literal('是'))}, {boolean_sql(literal('maybe'))}").fetchone()
    (True, None)
    """
    if form.sql_type == "BOOLEAN":
        return column_sql
    text = f"lower(trim(CAST({column_sql} AS VARCHAR)))"
    yes, no = (", ".join(literal(word) for word in words) for words in (TRUE_WORDS, FALSE_WORDS))
    return f"CASE WHEN {text} IN ({yes}) THEN true WHEN {text} IN ({no}) THEN false END"
