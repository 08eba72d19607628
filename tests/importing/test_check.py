"""The dry run says what the import then does, and leaves the lake as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from zhike.errors import InputError
from zhike.importing.check import SHOWN_REMARKS, SHOWN_ROWS, check_file
from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import batches
from zhike.lake.lake import Lake

Writer = Callable[..., Path]
ORDERS = Choices(table="orders")


def test_it_counts_what_the_import_counts_and_changes_nothing(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,a,2026-01-05,10", "2,,2026-01-06,20", "3,b,yesterday,30")
    steps: list[str] = []
    check = check_file(lake, file, ORDERS, on_progress=steps.append)
    assert steps == ["reading", "cleaning"]
    assert batches(lake) == []
    assert lake.version("facts/orders") is None
    result = import_file(lake, file, ORDERS)
    for name in ("rows", "accepted", "flagged", "rejected", "report", "mapping"):
        assert getattr(check, name) == getattr(result, name)


def test_the_preview_has_the_rows_that_would_be_stored(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,a,2026-01-05,10", "1,a,2026-01-05,10", "2,b,yesterday,30", "3,c,2026-01-07,7.5")
    check = check_file(lake, file, ORDERS)
    assert check.columns == ("order_id", "customer_id", "ordered_at", "amount")
    assert check.preview == (("1", "a", "2026-01-05 00:00:00", "10.0"), ("3", "c", "2026-01-07 00:00:00", "7.5"))


def test_rejected_rows_come_before_flagged_ones(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", "1,,2026-01-05,10", "2,b,yesterday,30", "3,c,2026-01-07,7")
    first, second = check_file(lake, file, ORDERS).remarks[:2]
    assert (first.row, first.outcome, first.value) == (3, "rejected", "yesterday")
    assert (second.row, second.outcome) == (2, "flagged")


def test_a_bad_file_of_many_rows_is_shown_in_part(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("a.csv", *(f"{i},,2026-01-05,{'9' * 400 if i == 0 else i}" for i in range(1000)))
    check = check_file(lake, file, ORDERS)
    assert check.flagged >= 999
    assert len(check.remarks) == SHOWN_REMARKS
    assert len(check.preview) == SHOWN_ROWS
    assert max(len(remark.value or "") for remark in check.remarks) <= 200
    assert asdict(check)["remarks"][0]["rule"]


def test_the_file_is_called_what_people_call_it(lake: Lake, orders_csv: Writer) -> None:
    file = orders_csv("f00d", "1,a,2026-01-05,10")
    assert check_file(lake, file, ORDERS, name="May.csv").finding["file"] == "May.csv"
    assert import_file(lake, file, ORDERS, name="May.csv").file == "May.csv"


def test_a_file_that_does_not_fit_says_so(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("colour,shape\nred,round\n")
    with pytest.raises(InputError):
        check_file(lake, file)
