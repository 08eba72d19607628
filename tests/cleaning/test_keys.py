"""Rows that concern one another: repeated keys, rows numbered by Zhike, shared contacts."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cleaning.conftest import CleanRows
from zhike.cleaning.clean import clean
from zhike.cleaning.keys import SUPERSEDED_RULES
from zhike.intake.mapping import Mapping
from zhike.intake.raw import Finding, RawColumn, RawTable

ORDER = ("order_id", "customer_id", "ordered_at", "amount")
DAY = "2026-01-02"


def test_the_last_row_of_a_key_stands(clean_rows: CleanRows) -> None:
    rows = [("1", "a", DAY, "10"), ("1", "a", DAY, "11"), ("2", "a", DAY, "5"), ("1", "a", DAY, "10")]
    done = clean_rows("orders", ORDER, rows)
    assert done.notes == [
        (2, "flagged", "repeated_row", "order_id", "1"),
        (3, "flagged", "replaced_row", "order_id", "1"),
    ]
    assert (done.result.accepted, done.result.flagged, done.result.superseded) == (2, 2, 2)
    assert done.result.report.figures.clean == {"rows": 2, "customers": 1, "orders": 2, "revenue": 15.0}


def test_a_rejected_row_replaces_nothing(clean_rows: CleanRows) -> None:
    done = clean_rows("orders", ORDER, [("1", "a", DAY, "10"), ("1", "a", DAY, "")])
    assert done.rules(2) == set()


def test_lines_without_a_number_are_numbered_within_their_product(clean_rows: CleanRows) -> None:
    columns = ("order_id", "product_id", "amount")
    rows = [("1", "p", "5"), ("1", "q", "5"), ("1", "p", "5"), ("2", "p", "5"), ("1", "p", "6"), ("1", "", "5")]
    done = clean_rows("order_lines", columns, rows)
    assert [row["line_no"] for row in done.staged] == ["p#1", "q#1", "p#2", "p#1", "p#3", "#1"]
    assert done.rules(4) == {"repeated_line"}
    assert done.rules(6) == set()
    assert done.result.superseded == 0


def test_lines_with_a_number_are_known_by_it(clean_rows: CleanRows) -> None:
    columns = ("order_id", "line_no", "product_id", "amount")
    rows = [("1", "1", "p", "5"), ("1", "1", "p", "7"), ("1", "", "p", "5"), ("1", "", "p", "5")]
    done = clean_rows("order_lines", columns, rows)
    assert [row["line_no"] for row in done.staged] == ["1", "1", "p#1", "p#2"]
    assert done.rules(2) == {"replaced_row"}
    assert done.rules(5) == {"repeated_line"}


def test_events_without_an_id_get_one_from_what_they_say(clean_rows: CleanRows) -> None:
    columns = ("customer_id", "occurred_at", "kind")
    rows = [("a", DAY, "view"), ("a", DAY, "cart"), ("a", DAY, "view")]
    first = [str(row["interaction_id"]) for row in clean_rows("interactions", columns, rows).staged]
    assert len(set(first)) == 3
    assert first[0][:-1] == first[2][:-1]
    again = [str(row["interaction_id"]) for row in clean_rows("interactions", columns, rows[1:]).staged]
    assert again == [first[1], first[0]]


def test_customers_without_an_id_are_known_by_their_contact_or_all_they_say(clean_rows: CleanRows) -> None:
    columns = ("name", "email", "phone", "age")
    rows = [
        ("Ann", "Ann@x.org ", "", "30"),
        ("", "", "", ""),
        ("Bob", "", "+86 138-0013-8000", "40"),
        ("Cy", "none", "0000000", "50"),
        ("Cy", "none", "0000000", "50"),
    ]
    done = clean_rows("customers", columns, rows)
    ann, blank, bob, cy, twin = (row["customer_id"] for row in done.staged)
    assert (done.result.rows, done.result.rejected) == (5, 1)
    assert blank is None
    assert twin == f"{cy}#2"
    [note] = done.result.report.findings
    assert (note.code, note.values) == (
        "ids_made", {"rows": 4, "example": ann, "email": 1, "phone": 1, "content": 2},
    )  # fmt: skip
    assert "cannot be matched with orders" in done.result.report.to_text().replace("\n    ", " ")
    # Another list: other rows around them, more columns, the contacts written in another way.
    columns = ("name", "city", "email", "phone")
    again = clean_rows("customers", columns, [("Bob", "Rom", "", "8613800138000"), ("Ann", "", "ann@X.org", "1")])
    assert [row["customer_id"] for row in again.staged] == [bob, ann]


def test_people_who_share_a_contact_stay_apart(clean_rows: CleanRows) -> None:
    rows = [("Ann", "info@x.org"), ("Bob", "info@x.org"), ("ann", "info@x.org"), ("Cy", "cy@x.org"), ("Cy", "cy@x.org")]
    done = clean_rows("customers", ("name", "email"), rows)
    ids = [row["customer_id"] for row in done.staged]
    assert ids[0] == ids[2] != ids[1]
    assert ids[3] == ids[4]
    assert done.rules(2) >= {"replaced_row"}
    assert done.rules(5) == {"repeated_row"}


def test_a_customer_id_that_is_blank_once_is_flagged(clean_rows: CleanRows) -> None:
    done = clean_rows("customers", ("customer_id", "name"), [("a", "Ann"), ("", "Bob")])
    assert done.staged[0]["customer_id"] == "a"
    assert str(done.staged[1]["customer_id"]).startswith("made-")
    assert done.rules(3) == {"made_id"}


def test_an_event_is_the_same_in_an_export_with_more_columns(clean_rows: CleanRows) -> None:
    columns = ("customer_id", "occurred_at", "kind", "note", "channel")
    named = {name: name for name in ("customer_id", "occurred_at", "kind", "channel")}
    rows = [("a", DAY, "view", "x", ""), ("a", DAY, "view", "y", "")]
    wide = [row["interaction_id"] for row in clean_rows("interactions", columns, rows, mapping=named).staged]
    narrow = clean_rows("interactions", columns[:3], [row[:3] for row in rows])
    assert [row["interaction_id"] for row in narrow.staged] == wide
    assert len(set(wide)) == 2


def test_one_id_under_several_names_and_several_ids_under_one_contact(clean_rows: CleanRows) -> None:
    columns = ("customer_id", "name", "email", "phone")
    rows = [
        ("1", "Ann", "ann@x.org", "+86 138-0013-8000"),
        ("1", "Bob", "", ""),
        ("2", "Cy", "ANN@x.org", "8613800138000"),
        ("3", "Di", "", "12"),
        ("4", "Ed", "", "12"),
        ("5", "cy", "cy@x.org", ""),
    ]
    done = clean_rows("customers", columns, rows)
    assert done.rules(2) == {"several_names", "shared_email", "shared_phone", "replaced_row"}
    assert done.rules(3) == {"several_names"}
    assert done.rules(4) == {"shared_email", "shared_phone"}
    assert done.rules(5) == done.rules(6) == done.rules(7) == set()


def test_rows_keep_their_order_when_they_are_numbered(clean_rows: CleanRows) -> None:
    done = clean_rows("order_lines", ("order_id", "product_id"), [("0", "p")])
    con, folder = done.con, done.folder
    con.execute("CREATE OR REPLACE TABLE raw_rows AS SELECT (i // 7)::VARCHAR AS order_id, "
                "(i % 3)::VARCHAR AS product_id FROM range(600000) t(i)")  # fmt: skip
    names = ("order_id", "product_id")
    raw = RawTable("raw_rows", tuple(RawColumn(name) for name in names), 2, Finding("csv", "a.csv"))
    clean(con, raw, Mapping("order_lines", {name: name for name in names}), folder)
    moved = "SELECT count(*) FROM STAGED WHERE order_id::INT <> file_row_number // 7"
    assert done.one(moved) == (0,)
    assert done.one("SELECT count(*), count(DISTINCT (order_id, line_no)) FROM STAGED") == (600000, 600000)


ids = st.sampled_from(["1", "2", "C3", "", " "])
amounts = st.sampled_from(["1", "-1", "0", "x", "", "1e3", "nan", "inf"])
days = st.sampled_from([DAY, "0001-01-01", "9999-01-01", "", "?", "13/13/2013"])
Drawn = tuple[tuple[str, ...], tuple[str | None, bool]]
marks = st.tuples(st.sampled_from([None, "more"]), st.booleans())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.tuples(ids, ids, days, amounts, st.sampled_from(["", "Rom", "Ã©"])), marks), min_size=1))
def test_every_row_is_counted_once(
    clean_rows: CleanRows, drawn: list[tuple[tuple[str, ...], tuple[str | None, bool]]]
) -> None:
    rows, ragged = [row for row, _marks in drawn], [mark for _row, mark in drawn]
    for table, columns in (
        ("orders", (*ORDER, "city")),
        ("order_lines", ("order_id", "customer_id", "ordered_at", "unit_price", "product_name")),
        ("customers", ("customer_id", "phone", "joined_at", "income", "name")),
    ):
        done = clean_rows(table, columns, rows, ragged=ragged)
        result = done.result
        rejected = {note[0] for note in done.notes if note[1] == "rejected"}
        flagged = {note[0] for note in done.notes if note[1] == "flagged"}
        assert rejected.isdisjoint(flagged)
        assert (result.rows, result.rejected, result.flagged) == (len(rows), len(rejected), len(flagged))
        assert [i for i, row in enumerate(done.staged, start=2) if row["rejected"]] == sorted(rejected)
        kept = [row for i, row in enumerate(done.staged, start=2) if not row["rejected"] and not
                {n[2] for n in done.notes if n[0] == i} & set(SUPERSEDED_RULES)]  # fmt: skip
        key = {"orders": ("order_id",), "order_lines": ("order_id", "line_no"), "customers": ("customer_id",)}[table]
        assert len({tuple(row[name] for name in key) for row in kept}) == len(kept)


def test_what_the_file_says_something_about(clean_rows: CleanRows) -> None:
    assert clean_rows("orders", ORDER, [("1", "", DAY, "10")]).result.stated == ORDER
    priced = clean_rows("order_lines", ("order_id", "product_id", "unit_price"), [("1", "p", "5")])
    assert set(priced.result.stated) == {"order_id", "line_no", "product_id", "quantity", "unit_price", "amount"}
    # One piece is assumed, not said: it must not overwrite what another file knew.
    bare = clean_rows("order_lines", ("order_id", "product_id"), [("1", "p")])
    assert (bare.result.stated, bare.staged[0]["quantity"]) == (("order_id", "line_no", "product_id"), 1.0)


def test_an_order_number_of_several_customers_is_flagged(clean_rows: CleanRows) -> None:
    columns = ("order_id", "customer_id", "product_id", "ordered_at", "amount")
    rows = [("1", "A", "p", DAY, "50"), ("1", "B", "p", DAY, "30"), ("1", "", "q", DAY, "2"), ("2", "A", "p", DAY, "1")]
    done = clean_rows("order_lines", columns, [*rows, ("2", "A", "q", DAY, "1")])
    assert [note for note in done.notes if note[2] == "shared_order"] == [
        (row, "flagged", "shared_order", "order_id", "1") for row in (2, 3)
    ]
