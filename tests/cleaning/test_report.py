"""The report: through JSON and back, in both languages, and safe to print."""

from __future__ import annotations

import json

import pytest

from tests.cleaning.conftest import CleanRows
from zhike.cleaning import wording
from zhike.cleaning.report import QualityReport
from zhike.cleaning.text import WIDTH, shown, width, wrapped
from zhike.cleaning.uses import USES
from zhike.language import catalogue, speaking
from zhike.schema import CONTRACTS

ORDER = ("order_id", "customer_id", "ordered_at", "amount")
ROWS = [
    ("1", "a", "2026-01-02", "10"),
    ("2", "", "2026-01-02", "-10"),
    ("3", "b", "soon\x1b[31m", "10"),
    ("1", "a", "2026-01-02", "12"),
]


@pytest.fixture
def report(clean_rows: CleanRows) -> QualityReport:
    return clean_rows("orders", ORDER, ROWS).result.report


def test_it_survives_json(report: QualityReport) -> None:
    assert QualityReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_a_report_of_another_version_is_read() -> None:
    rule = {"rule": "of_another_version", "rows": 2, "severity": "high"}
    old = {"table": "orders", "rows": 2, "rules": [rule], "findings": [{"code": "no_date"}], "later": 1}
    old |= {"profile": [{"column": "amount"}], "cannot": [{"use": "rfm"}]}
    report = QualityReport.from_dict(old)
    assert (report.rows, report.file, report.count("of_another_version")) == (2, "", 2)
    assert "of_another_version" in report.to_text()
    made = {"code": "ids_made", "values": {"rows": 3, "example": "row-2"}}
    report = QualityReport.from_dict({"table": "customers", "findings": [made, {"code": "of_another_version"}]})
    assert "row-2" in report.sentences("en")["findings"][0]


def test_counts_and_examples(report: QualityReport) -> None:
    assert (report.rows, report.accepted, report.flagged, report.rejected) == (4, 1, 2, 1)
    [unreadable] = [rule for rule in report.rules if rule.rule == "unreadable"]
    assert (unreadable.outcome, unreadable.rows) == ("rejected", 1)
    assert (unreadable.examples[0].row, unreadable.examples[0].column) == (4, "ordered_at")


def test_at_most_five_examples_in_file_order(clean_rows: CleanRows) -> None:
    rows = [(str(i), "", "2026-01-02", "1") for i in range(9)]
    [rule] = clean_rows("orders", ORDER, rows).result.report.rules
    assert (rule.rows, [example.row for example in rule.examples]) == (9, [2, 3, 4, 5, 6])


def test_text_in_english(report: QualityReport) -> None:
    text = report.to_text("en")
    assert "4 rows = 1 accepted + 2 flagged + 1 rejected" in text
    assert "row 4 ordered_at = soon\\x1b[31m" in text
    assert "\x1b" not in text
    assert max(width(line) for line in text.splitlines()) <= WIDTH + 2


def test_every_code_has_its_sentences() -> None:
    uses = {use.code for served in USES.values() for use in served}
    assert uses == set(wording._USES)
    assert set(USES) == set(CONTRACTS)
    for rule in wording._RULES:
        assert wording.rule_title(rule)
        assert wording.rule_sentence(rule).endswith(".")


def test_chinese_is_chosen_when_shown(report: QualityReport) -> None:
    if "Unpaid order" not in catalogue():
        pytest.skip("the Chinese catalogue has no sentences of the quality report yet")
    text = report.to_text("zh")
    assert "Unpaid" not in text
    with speaking("zh"):
        assert wording.rule_title("no_customer") in text


def test_nothing_in_the_file_is_told(clean_rows: CleanRows) -> None:
    report = clean_rows("orders", ORDER, [("", "", "", "x")]).result.report
    assert report.findings[0].code == "all_rejected"
    assert report.can == ()


def test_orders_that_look_like_lines(clean_rows: CleanRows) -> None:
    rows = [(str(i // 2), "a", "2026-01-02", str(i + 1)) for i in range(20)]
    codes = [note.code for note in clean_rows("orders", ORDER, rows).result.report.findings]
    assert "looks_like_lines" in codes


def test_sentences_for_a_page(clean_rows: CleanRows) -> None:
    report = clean_rows("interactions", ("customer_id", "occurred_at"), [("a", "2026-01-02")]).result.report
    said = report.sentences("en")
    assert "The file has no column for “Kind”." in said["findings"]
    assert said["can"] == ["Activity and early warnings per customer"]
    lines = clean_rows("order_lines", ("order_id", "product_id"), [("1", "p")]).result.report.sentences("en")
    assert "Profit per customer: needs Customer ID, Line amount, Cost of goods" in lines["cannot"]


def test_wrapping_knows_wide_characters() -> None:
    lines = wrapped("客户" * 60 + "。", "  ")
    assert all(width(line) <= WIDTH + 2 for line in lines)
    assert "".join(line.strip() for line in lines) == "客户" * 60 + "。"


def test_shown_is_one_short_line() -> None:
    assert shown("a\nb\u202ec") == "a\\nb\\u202ec"
    assert len(shown("x" * 10_000_000)) == 40


def test_a_rejected_row_is_not_said_to_be_kept() -> None:
    for rule in ("unreadable", "impossible_date", "out_of_range"):
        assert "left empty" in wording.rule_sentence(rule)
        assert wording.rule_sentence(rule, "rejected").endswith("the row is not stored.")
    assert wording.rule_sentence("missing", "rejected") == wording.rule_sentence("missing")
