"""What was settled for a source's earlier files: taken over where the file is the same kind, and only there."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from zhike.importing.importer import import_file
from zhike.importing.recall import corrected, recalled_mapping
from zhike.intake.mapping import Mapping
from zhike.intake.raw import RawColumn
from zhike.lake.lake import Lake
from zhike.lake.snapshot import snapshot


class Source:
    """Files of one source, one after the other, each mapping stored as an import stores it."""

    def __init__(self) -> None:
        self.remembered: list[dict[str, Any]] = []

    def read(self, text: str, table: str | None = None, corrections: dict[str, str] | None = None) -> Mapping:
        names, *rows = (line.split(",") for line in text.splitlines())
        columns, said = [RawColumn(name) for name in names], corrections or {}
        sample = {name: [row[n] for row in rows] for n, name in enumerate(names)}
        found = recalled_mapping(columns, sample, table=table, corrections=said, remembered=self.remembered)
        left_out = [ours for ours, theirs in said.items() if not theirs]
        own = {"corrected": corrected(found, columns, sample), "left_out": left_out}
        self.remembered.insert(0, asdict(found) | own)
        return found


PEOPLE = "customer_id,name,email\na,Ann,a@b.cd\nb,Bob,b@b.cd\n"
SALES = "order_id,customer_id,name,email,ordered_at,amount\n1,a,Ann,a@b.cd,2026-01-05,10\n2,b,Bob,b@b.cd,2026-01-06,7\n"


def test_another_kind_of_file_is_not_the_earlier_table(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "sales.csv").write_text(SALES)
    assert import_file(lake, tmp_path / "people.csv").table == "customers"
    sold = import_file(lake, tmp_path / "sales.csv")
    assert (sold.table, sold.added) == ("orders", 2)
    stored = lake.engine.to_pyarrow(snapshot(lake, "orders").order_by("order_id").select("customer_id", "amount"))
    assert stored.to_pylist() == [{"customer_id": "a", "amount": 10.0}, {"customer_id": "b", "amount": 7.0}]


def test_nor_is_the_earlier_kind_taken_for_the_later() -> None:
    source = Source()
    assert [source.read(text).table for text in (PEOPLE, SALES, PEOPLE, SALES)] == ["customers", "orders"] * 2


GERMAN = "Nr,Kunde,name,email,Tag,Betrag\n1,a,Ann,a@b.cd,2026-01-05,10\n"
SETTLED = {"order_id": "Nr", "customer_id": "Kunde", "ordered_at": "Tag", "amount": "Betrag"}


def test_a_further_column_does_not_undo_what_a_person_settled() -> None:
    """By itself the file looks like customers, and a city belongs to customers too."""
    source = Source()
    source.read(GERMAN, table="orders", corrections=SETTLED)
    wider = "Nr,Kunde,name,email,Tag,Betrag,city,hue\n2,a,Ann,a@b.cd,2026-01-06,12,Bonn,red\n"
    again = source.read(wider)
    assert (again.table, again.columns) == ("orders", SETTLED | {"city": "city"})


def test_only_corrections_go_over_to_another_kind_of_file() -> None:
    source = Source()
    people = "id,name,email,ref\n1,Ann,a@b.cd,x9\n2,Bob,b@b.cd,x8\n"
    source.read(people, corrections={"customer_id": "ref"})
    source.read("id,name\n7,Zoe\n8,Yan\n", table="customers")
    sold = "id,name,email,ref,customer_id,ordered_at,order_id,amount\n1,Ann,a@b.cd,x9,c,2026-01-05,1,10\n"
    # "ref" was said to be the customer; that "id" was taken for the customer in a third file was our guess.
    assert source.read(sold).columns == {
        "order_id": "order_id", "customer_id": "ref", "ordered_at": "ordered_at", "amount": "amount",
    }  # fmt: skip


def test_a_column_left_empty_stays_so_for_all_files_to_come() -> None:
    source = Source()
    header = "order_id,customer_id,ordered_at,amount,store\n"
    source.read(header + "1,a,2026-01-05,10,x\n", corrections={"store": ""})
    for number in (2, 3):
        again = source.read(header + f"{number},a,2026-01-05,10,x\n")
        assert "store" not in again.columns
    # Until somebody says otherwise.
    source.read(header + "4,a,2026-01-05,10,x\n", corrections={"store": "store"})
    assert source.read(header + "5,a,2026-01-05,10,x\n").columns["store"] == "store"


def test_what_is_said_now_takes_a_column_from_what_was_settled() -> None:
    source = Source()
    header = "order_id,customer_id,ordered_at,net,gross\n"
    source.read(header + "1,a,2026-01-05,10,12\n", table="orders", corrections={"amount": "gross"})
    now = {"listed_amount": "gross", "amount": "net"}
    found = source.read(header + "2,a,2026-01-06,10,12\n", corrections=now).columns
    assert (found["amount"], found["listed_amount"]) == ("net", "gross")


def test_the_same_columns_come_before_the_latest_file() -> None:
    source = Source()
    wide = "customer,date,dollars,colour\na,2026-01-05,10,red\nb,2026-01-05,11,blue\n"
    narrow = "customer,date,dollars\na,2026-01-07,12\nb,2026-01-07,14\n"
    source.read(wide, table="orders")
    source.read(narrow, table="order_lines")
    assert source.read(wide.replace("01-05", "01-09")).table == "orders"
    assert source.read(narrow.replace("01-07", "01-08")).table == "order_lines"
