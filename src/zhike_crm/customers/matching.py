"""Which customers may be one: equal keys, and likeness weighed by Splink's model of record linkage.

Tables in, pairs out; nothing here knows the database. The input has `id`, `name`, `email`, `phone`, `birth_date`,
`company`, `city`, `address`, with NULL for what is not known.

The model learns from the data itself how often each field agrees among strangers and among doubles. With few rows, or
with fields that say nothing, there is nothing to learn from, and equal keys are all that is found.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from zhike.errors import ZhikeError

# A value that this many customers share is no key: the telephone of a switchboard, the address of a market place.
SHARED = 20
# Below this probability a pair is not worth a look.
LIKELY = 0.5
# The model needs something to learn from.
FEWEST_ROWS = 200
PAIRS_AT_MOST = 50_000
# Likeness is compared only within blocks; one so large would be all against all.
BLOCK_AT_MOST = 500

COLUMNS = {
    "id": "BIGINT",
    "name": "VARCHAR",
    "email": "VARCHAR",
    "phone": "VARCHAR",
    "birth_date": "DATE",
    "company": "VARCHAR",
    "city": "VARCHAR",
    "address": "VARCHAR",
}

_CLEANED = """
CREATE TABLE people AS
SELECT id, city, lower(trim(city)) AS town, birth_date,
    nullif(lower(trim(email)), '') AS email,
    -- With or without the country's code or the 0 in front.
    CASE WHEN length(digits) >= 7 THEN right(digits, 9) END AS phone,
    nullif(trim(regexp_replace(lower(strip_accents(name)), '[\\s\\p{P}]+', ' ', 'g')), '') AS name,
    nullif(trim(lower(company)), '') AS company,
    nullif(trim(regexp_replace(lower(strip_accents(address)), '[\\s\\p{P}]+', ' ', 'g')), '') AS address
FROM (SELECT *, regexp_replace(coalesce(phone, ''), '\\D', '', 'g') AS digits FROM incoming)
"""

# reason → what is equal.
KEYS = {
    "email": "email",
    "phone": "phone",
    "name_company": "name || '|' || company",
    "name_birth_date": "name || '|' || birth_date",
    "name_address": "name || '|' || address",
}


@dataclass(frozen=True)
class Pairs:
    """`table`: first, second, score, reasons, likeliest first. `learned`: whether likeness could be weighed."""

    table: pa.Table
    learned: bool


def candidates(con: duckdb.DuckDBPyConnection, *, threshold: float = LIKELY) -> Pairs:
    """Pairs among the rows of the table `incoming`."""
    con.execute(_CLEANED)
    con.execute("CREATE TABLE pairs (first BIGINT, second BIGINT, score DOUBLE, reason VARCHAR)")
    for reason, key in KEYS.items():
        con.execute(_equal(reason, key))
    fields = _fields(con)
    learned = bool(fields) and _alike(con, fields, threshold)
    found = con.sql(
        "SELECT first, second, max(score) AS score, list_sort(list_distinct(list(reason))) AS reasons FROM pairs "
        f"GROUP BY first, second ORDER BY score DESC, first, second LIMIT {PAIRS_AT_MOST}"
    )
    return Pairs(found.to_arrow_table(), learned)


def _equal(reason: str, key: str) -> str:
    """Everybody with an equal key, paired; a key that too many share says nothing."""
    return f"""
    INSERT INTO pairs
    WITH keyed AS (SELECT id, {key} AS key FROM people WHERE {key} IS NOT NULL),
    shared AS (SELECT key FROM keyed GROUP BY key HAVING count(*) BETWEEN 2 AND {SHARED})
    SELECT a.id, b.id, 1, '{reason}' FROM keyed a JOIN keyed b ON a.key = b.key AND a.id < b.id
    WHERE a.key IN (SELECT key FROM shared)"""


def _fields(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The fields that say something: known for a tenth of the rows, and not the same for all."""
    rows = con.execute("SELECT count(*) FROM people").fetchall()[0][0]
    if rows < FEWEST_ROWS:
        return []
    names = ("name", "email", "phone", "birth_date", "town", "address")
    counts = ", ".join(f"count({n}), approx_count_distinct({n})" for n in names)
    counted = con.execute(f"SELECT {counts} FROM people").fetchall()[0]
    known = {n: counted[2 * i : 2 * i + 2] for i, n in enumerate(names)}
    useful = [n for n, (filled, distinct) in known.items() if filled >= rows / 10 and distinct > 10]
    # A name alone makes nobody the same person.
    return useful if "name" in useful and len(useful) > 1 else []


def _alike(con: duckdb.DuckDBPyConnection, fields: list[str], threshold: float) -> bool:
    """Add the pairs that the model takes for one; False when it could not learn."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    _parts(con)
    api = DuckDBAPI(connection=con)
    rules = _blocks(con, fields)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[_COMPARISONS[name]() for name in fields],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    try:
        small = [rule for rule in [*rules, ("address",)] if _largest(con, rule) <= BLOCK_AT_MOST]
        linker = Linker(api.register("people_to_link"), settings, log_level=logging.ERROR)
        sure = [
            block_on(*rule) for rule in (("email",), ("phone",), ("name", "birth_date")) if set(rule) <= set(fields)
        ]
        linker.training.estimate_probability_two_random_records_match(sure or [block_on(*rules[0])], recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000, seed=1)
        # Within equal names the other fields are learned from, within equal dates the names, and so on.
        for name in [n for n in ("name", "birth_date", "email", "phone", "address") if n in fields and (n,) in small]:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(name))
        found = linker.inference.predict(threshold_match_probability=threshold).physical_name
    except (ZhikeError, duckdb.Error, ValueError) as wrong:
        logging.getLogger("zhike.duplicates").warning("likeness could not be weighed: %s", wrong)
        return False
    con.execute(
        "INSERT INTO pairs SELECT least(id_l, id_r), greatest(id_l, id_r), match_probability, 'alike' "
        f'FROM "{found}" WHERE id_l <> id_r'
    )
    return True


def _parts(con: duckdb.DuckDBPyConnection) -> None:
    """What rows are compared within: parts of names that survive typing mistakes."""
    con.execute("""
    CREATE TABLE people_to_link AS
    SELECT id, name, email, phone, birth_date::VARCHAR AS birth_date, town, address,
        split_part(name, ' ', 1) AS given, split_part(name, ' ', -1) AS family, left(name, 3) AS begins,
        split_part(email, '@', 1) AS mailbox, right(phone, 6) AS phone_end, left(address, 6) AS address_begins,
        left(birth_date::VARCHAR, 7) AS birth_month
    FROM people""")


def _blocks(con: duckdb.DuckDBPyConnection, fields: list[str]) -> list[tuple[str, ...]]:
    """The blocks to compare within, those that would be too large left out."""
    wanted: list[tuple[str, ...]] = [("name",)]
    if "birth_date" in fields:
        wanted += [("birth_date",), ("birth_month", "given"), ("birth_month", "family")]
    if "email" in fields:
        wanted += [("email",), ("mailbox",)]
    if "phone" in fields:
        wanted += [("phone",), ("phone_end",)]
    if "address" in fields:
        wanted += [("address_begins", "begins"), ("address_begins", "family")]
    if "town" in fields:
        wanted += [("town", "family"), ("town", "given")]
    wanted += [("given", "family")]
    return [rule for rule in wanted if _largest(con, rule) <= BLOCK_AT_MOST] or [("id",)]


def _largest(con: duckdb.DuckDBPyConnection, rule: tuple[str, ...]) -> int:
    named = ", ".join(rule)
    known = " AND ".join(f"{name} IS NOT NULL AND {name} <> ''" for name in rule)
    counted = f"SELECT count(*) AS n FROM people_to_link WHERE {known} GROUP BY {named}"
    return int(con.execute(f"SELECT coalesce(max(n), 0) FROM ({counted})").fetchall()[0][0])


def _name() -> Any:
    import splink.comparison_library as cl

    # Given and family name apart, also the other way round.
    return cl.ForenameSurnameComparison("given", "family")


def _email() -> Any:
    import splink.comparison_library as cl

    return cl.EmailComparison("email")


def _phone() -> Any:
    import splink.comparison_library as cl

    return cl.LevenshteinAtThresholds("phone", [1, 2])


def _birth_date() -> Any:
    import splink.comparison_library as cl

    return cl.DamerauLevenshteinAtThresholds("birth_date", [1, 2])


def _town() -> Any:
    import splink.comparison_library as cl

    return cl.LevenshteinAtThresholds("town", [2])


def _address() -> Any:
    import splink.comparison_library as cl

    return cl.JaroWinklerAtThresholds("address", [0.95, 0.85])


_COMPARISONS = {
    "name": _name,
    "email": _email,
    "phone": _phone,
    "birth_date": _birth_date,
    "town": _town,
    "address": _address,
}
