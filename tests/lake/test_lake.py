"""The lake: batches that land whole or not at all, undo that brings back what was there, identities that unlink."""

from __future__ import annotations

import datetime as dt
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from zhike.errors import EngineError, InputError, LakeError
from zhike.lake import batches as ledger
from zhike.lake import identities
from zhike.lake.batches import REMARKS_SCHEMA, Batch, State
from zhike.lake.engine import connect
from zhike.lake.facts_view import Facts
from zhike.lake.identities import link, links, qualified, qualified_sql, unlink
from zhike.lake.lake import Lake
from zhike.lake.snapshot import facts_schema, facts_table, snapshot, versions
from zhike.schema import ORDERS


def orders(rows: list[dict[str, Any]], batch: int, *, replaces: bool = False) -> pa.Table:
    schema = facts_schema(ORDERS)
    full = [{"source": "main", "batch": batch, "replaces": replaces} | row for row in rows]
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in full], schema=schema)


def order(order_id: str, customer: str = "a", day: int = 1, amount: float = 10.0) -> dict[str, Any]:
    when = dt.datetime(2026, 1, day, 12)
    return {"order_id": order_id, "customer_id": customer, "ordered_at": when, "amount": amount}


def put(lake: Lake, number: int, rows: list[dict[str, Any]], *, replaces: bool = False) -> None:
    with lake.writing():
        when = dt.datetime(2026, 2, 1)
        batch = Batch(batch=number, table="orders", source="main", file=f"{number}.csv", sha256="", imported_at=when)
        ledger.commit(lake, batch, orders(rows, number, replaces=replaces), REMARKS_SCHEMA.empty_table())


def amounts(lake: Lake, **how: Any) -> dict[str, float]:
    rows = lake.engine.to_pyarrow(snapshot(lake, "orders", **how)).to_pylist()
    return {row["order_id"]: row["amount"] for row in rows}


def test_a_table_never_imported_is_empty(lake: Lake) -> None:
    assert amounts(lake) == {}
    assert versions(lake) == {}


def test_a_correction_wins_and_undoing_it_brings_the_old_row_back(lake: Lake) -> None:
    put(lake, 1, [order("1", amount=10), order("2", amount=20)])
    put(lake, 2, [order("2", amount=25)], replaces=True)
    assert amounts(lake) == {"1": 10, "2": 25}
    ledger.undo(lake, 2)
    assert amounts(lake) == {"1": 10, "2": 20}


def test_undoing_the_older_import_keeps_what_the_newer_one_said(lake: Lake) -> None:
    put(lake, 1, [order("1", amount=10), order("2", amount=20)])
    put(lake, 2, [order("2", amount=25)], replaces=True)
    ledger.undo(lake, 1)
    assert amounts(lake) == {"2": 25}


def test_undo_twice_names_the_state(lake: Lake) -> None:
    put(lake, 1, [order("1")])
    ledger.undo(lake, 1)
    with pytest.raises(InputError, match="it was undone"):
        ledger.undo(lake, 1)
    with pytest.raises(InputError, match="no import 7"):
        ledger.undo(lake, 7)


def test_a_batch_whose_facts_never_landed_says_so(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    put(lake, 1, [order("1")])
    append = lake.append

    def die_before_the_facts(name: str, *args: Any, **how: Any) -> int:
        if name == facts_table("orders"):
            raise KeyboardInterrupt
        return append(name, *args, **how)

    monkeypatch.setattr(lake, "append", die_before_the_facts)
    with pytest.raises(KeyboardInterrupt):
        put(lake, 2, [order("2")])
    monkeypatch.undo()
    assert [b.state for b in ledger.batches(lake)] == [State.COMMITTED, State.INTERRUPTED]
    assert amounts(lake) == {"1": 10}
    assert ledger.next_number(lake) == 3


def test_as_of_leaves_out_what_came_later(lake: Lake) -> None:
    put(lake, 1, [order("1", day=1), order("2", day=2), order("3", day=3)])
    assert set(amounts(lake, as_of=dt.date(2026, 1, 2))) == {"1", "2"}


def test_an_old_version_reads_as_it_was(lake: Lake) -> None:
    put(lake, 1, [order("1")])
    before = versions(lake)["orders"]
    put(lake, 2, [order("2")])
    assert set(amounts(lake, version=before)) == {"1"}


def test_linked_identities_are_one_customer_until_unlinked(lake: Lake) -> None:
    put(lake, 1, [order("1", "a"), order("2", "shop:7"), order("3", "crm:9")])
    link(lake, ["shop:7"], "a", by="eva")
    link(lake, ["a"], "crm:9")
    assert links(lake) == {"shop:7": "crm:9", "a": "crm:9"}

    def customers() -> list[str]:
        table = lake.engine.to_pyarrow(snapshot(lake, "orders").order_by("order_id"))
        return table["customer_id"].to_pylist()

    assert customers() == ["crm:9"] * 3
    with pytest.raises(InputError, match="Link to crm:9 instead"):
        link(lake, ["x"], "a")
    unlink(lake, ["shop:7", "a"])
    assert customers() == ["a", "shop:7", "crm:9"]


def test_unlinking_brings_back_what_was_linked_before(lake: Lake) -> None:
    link(lake, ["c"], "b")
    link(lake, ["b"], "a")
    assert links(lake) == {"b": "a", "c": "a"}
    unlink(lake, ["b"])
    assert links(lake) == {"c": "b"}
    unlink(lake, ["c"])
    assert links(lake) == {}


def test_a_longer_chain_unlinks_in_the_middle(lake: Lake) -> None:
    for identity, customer in (("d", "c"), ("c", "b"), ("b", "a")):
        link(lake, [identity], customer)
    assert links(lake) == dict.fromkeys("bcd", "a")
    unlink(lake, ["c"])
    assert links(lake) == {"b": "a", "d": "c"}


def test_links_in_a_circle_are_refused(lake: Lake) -> None:
    link(lake, ["c"], "b")
    link(lake, ["b"], "a")
    with pytest.raises(InputError, match="Unlink c first"):
        link(lake, ["a"], "c")
    link(lake, ["a"], "a")
    assert links(lake) == {"b": "a", "c": "a"}


def test_a_circle_made_by_two_writers_still_reads(lake: Lake) -> None:
    write = identities._write
    with lake.writing():
        write(lake, [("b", "a"), ("a", "b"), ("c", "b")], "")
    assert links(lake) == {"b": "a", "a": "a", "c": "a"}


def test_facts_stay_what_they_were_when_taken(lake: Lake) -> None:
    put(lake, 1, [order("1", "a", day=1), order("2", "b", day=2)])
    link(lake, ["b"], "a")
    facts = Facts.now(lake)

    def read(facts: Facts) -> list[tuple[str, str]]:
        table = lake.engine.to_pyarrow(facts.table("orders").order_by("order_id"))
        return list(zip(table["order_id"].to_pylist(), table["customer_id"].to_pylist(), strict=True))

    assert read(facts) == [("1", "a"), ("2", "a")]
    unlink(lake, ["b"])
    put(lake, 2, [order("3", "c", day=1)])
    ledger.undo(lake, 1)
    assert read(facts) == [("1", "a"), ("2", "a")]
    assert read(facts.up_to(dt.date(2026, 1, 1))) == [("1", "a")]
    assert [b.batch for b in facts.imports()] == [1]
    assert facts.imports()[0].state is State.COMMITTED
    assert read(Facts.now(lake)) == [("3", "c")]
    assert [b.state for b in Facts.now(lake).imports()] == [State.UNDONE, State.COMMITTED]
    assert lake.engine.to_pyarrow(facts.table("customers")).num_rows == 0


def test_what_was_materialised_inside_is_gone_outside(lake: Lake) -> None:
    def left() -> list[str]:
        return [row[0] for row in lake.engine.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]

    kept = lake.materialised(ibis.memtable({"a": [1]}), "kept")
    with lake.temporary():
        lake.materialised(ibis.memtable({"a": [2]}), "outer")
        with lake.temporary():
            lake.materialised(ibis.memtable({"a": [3]}), "inner")
        assert sorted(name.rpartition("_")[0] for name in left()) == ["kept", "outer"]
    assert [name.rpartition("_")[0] for name in left()] == ["kept"]
    assert lake.engine.to_pyarrow(kept).to_pylist() == [{"a": 1}]


def test_threads_that_share_a_lake_take_turns(lake: Lake) -> None:
    """What one materialises stays until its own end, and nobody closes the engine under it."""
    order: list[str] = []
    began = threading.Event()

    def second() -> None:
        began.wait()
        with lake as shared, shared.temporary():
            order.append("second")
            table = shared.materialised(ibis.memtable({"a": [2]}), "theirs")
            order.append(str(shared.engine.to_pyarrow(table).to_pylist()))

    other = threading.Thread(target=second)
    other.start()
    with lake as shared, shared.temporary():
        mine = shared.materialised(ibis.memtable({"a": [1]}), "mine")
        began.set()
        other.join(0.3)
        assert shared.engine.to_pyarrow(mine).to_pylist() == [{"a": 1}]
        order.append("first")
    other.join()
    assert order == ["first", "second", "[{'a': 2}]"]


def test_what_another_thread_materialises_is_its_own(lake: Lake) -> None:
    made: list[Any] = []
    with lake.temporary():
        other = threading.Thread(target=lambda: made.append(lake.materialised(ibis.memtable({"a": [2]}), "theirs")))
        other.start()
        other.join()
    assert lake.engine.to_pyarrow(made[0]).to_pylist() == [{"a": 2}]


def test_only_one_writer_at_a_time(lake: Lake) -> None:
    with lake.writing(), pytest.raises(LakeError, match="Another process is writing"), lake.writing(wait=0):
        pass


def test_a_writer_waits_for_the_one_before(lake: Lake) -> None:
    order = []
    began = threading.Event()

    def first() -> None:
        with Lake(lake.url).writing():
            began.set()
            time.sleep(0.3)
            order.append("first")

    other = threading.Thread(target=first)
    other.start()
    began.wait()
    with lake.writing():
        order.append("second")
    other.join()
    assert order == ["first", "second"]


def test_the_engine_reads_nothing_outside_the_lake(lake: Lake, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(Exception, match="Permission Error"):
        lake.engine.read_csv(str(secret))
    with pytest.raises(Exception, match="locked"):
        lake.engine.con.execute("SET enable_external_access = true")


@pytest.mark.parametrize("damage", ["missing", "cut", "garbled"])
def test_damaged_facts_are_explained_whoever_reads_them(lake: Lake, damage: str) -> None:
    put(lake, 1, [order(str(n), f"c{n}", amount=n / 7) for n in range(2000)])
    [file] = Path(lake.url, facts_table("orders")).glob("*.parquet")
    data = file.read_bytes()
    # Of the same length, and its end whole: it shows only when the values are read.
    damaged = {"cut": data[:100], "garbled": data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :]}
    file.unlink()
    if damage in damaged:
        file.write_bytes(damaged[damage])
    with pytest.raises(LakeError, match="backup"):
        amounts(lake)
    with pytest.raises(LakeError, match="backup"):
        lake.materialised(snapshot(lake, "orders"), "copy")


def test_ids_of_two_sources_are_never_the_same(lake: Lake) -> None:
    ids = ["1", "shop:1", "main:shop:1", ":", "x:", "", "a'b"]
    composed = [(source, i, qualified(source, i)) for source in ("main", "shop", "main2") for i in ids]
    assert len({identity for *_, identity in composed}) == len(composed)
    with duckdb.connect() as con:
        for source, external, identity in composed:
            sql = f"SELECT {qualified_sql(source, 'id')} FROM (SELECT ? AS id)"
            assert con.execute(sql, [external]).fetchall() == [(identity,)]
        assert con.execute(f"SELECT {qualified_sql('main', 'NULL::VARCHAR')}").fetchall() == [(None,)]


def test_a_broken_table_is_explained(lake: Lake) -> None:
    put(lake, 1, [order("1")])
    log = Path(lake.url, facts_table("orders"), "_delta_log", "00000000000000000000.json")
    log.write_text("not json")
    with pytest.raises(LakeError, match="restore it from a backup"):
        lake.version(facts_table("orders"))


def test_an_unknown_engine_lists_those_there_are() -> None:
    with pytest.raises(EngineError, match="duckdb, spark or sc://"):
        connect("oracle")


@pytest.mark.parametrize("folder", ["sp ace", "客户", "batch=77", "qu'ote#x"])
def test_a_lake_may_lie_in_any_ordinary_folder(tmp_path: Path, folder: str) -> None:
    with Lake(tmp_path / folder) as lake:
        put(lake, 1, [order("1", amount=10)])
        put(lake, 2, [order("1", amount=12)], replaces=True)
        assert amounts(lake) == {"1": 12}
    assert [path.name for path in tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize("folder", ["la[k]e", "a%20b"])
def test_a_folder_that_reads_as_something_else_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(LakeError, match="Choose a folder"):
        Lake(tmp_path / folder)


def test_a_lost_ledger_entry_does_not_lead_to_the_same_number_twice(lake: Lake) -> None:
    put(lake, 1, [order("1")])
    put(lake, 2, [order("2")])
    Path(lake.url, "ledger/imports/_delta_log/00000000000000000002.json").unlink()
    assert ledger.next_number(lake) == 3


def test_an_import_without_a_stored_row_can_be_undone(lake: Lake) -> None:
    put(lake, 1, [order("1")])
    put(lake, 2, [])
    ledger.undo(lake, 2)
    assert [batch.state for batch in ledger.batches(lake)] == [State.COMMITTED, State.UNDONE]
    assert amounts(lake) == {"1": 10}


def test_a_lake_behind_an_address_computes_too(tmp_path: Path) -> None:
    with Lake(f"file://{tmp_path}/lake", engine="duckdb") as lake:
        given = ibis.memtable({"customer_id": ["a", "b"], "amount": [1.5, None]})
        kept = lake.materialised(given.mutate(double=given.amount * 2), "doubled")
        assert sorted(kept.to_pyarrow().to_pylist(), key=lambda row: row["customer_id"]) == [
            {"customer_id": "a", "amount": 1.5, "double": 3.0},
            {"customer_id": "b", "amount": None, "double": None},
        ]
