"""The short way to one customer says the same as the long one, and survives that what it kept is taken away."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zhike.history import History, history_of, keep_histories
from zhike.importing.importer import Choices, import_file
from zhike.lake import kept as keeping
from zhike.lake.batches import undo
from zhike.lake.facts_view import Facts
from zhike.lake.identities import link
from zhike.lake.kept import kept_file
from zhike.lake.lake import Lake
from zhike.lake.runs import latest, scores_of
from zhike.pipeline import PURCHASES_FROM, orders_as_of, purchases, refresh

Writer = Callable[..., Path]
ORDERS = Choices(table="orders")
FIRST = ("1,a,2025-01-05,10", "2,a,2025-02-05,30", "3,b,2025-02-20,100", "4,a,2025-02-20,-5", "5,shop:7,2025-03-01,8")


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake to copy, with the first orders and their scores."""
    folder = tmp_path_factory.mktemp("history")
    file = folder / "a.csv"
    file.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *FIRST]))
    with Lake(folder / "lake", engine="duckdb") as made:
        import_file(made, file, ORDERS)
        refresh(made)
    return folder / "lake"


@pytest.fixture
def lake(refreshed: Path, tmp_path: Path) -> Iterator[Lake]:
    shutil.copytree(refreshed, tmp_path / "lake")
    with Lake(tmp_path / "lake", engine="duckdb") as copied:
        yield copied


@pytest.fixture
def run(lake: Lake) -> Any:
    return latest(lake)


def kept_files(lake: Lake) -> list[Path]:
    return sorted(Path(lake.url, "_scratch", "kept").glob("*.parquet"))


def the_long_way(lake: Lake, run: Any, customer: str) -> list[dict[str, Any]]:
    orders = orders_as_of(Facts.of(lake, run))
    rows = orders.filter(orders.customer_id == customer).order_by(orders.ordered_at.desc())
    return list(lake.engine.to_pyarrow(rows).to_pylist())


def test_it_says_what_the_long_way_says(lake: Lake, run: Any) -> None:
    short = History(lake.url, run.run)
    for customer in ("a", "b"):
        assert short.newest("purchases", [customer], 10) == the_long_way(lake, run, customer)
    scored = lake.engine.to_pyarrow(scores_of(lake, run)).to_pylist()
    assert short.scores(["a", "b"], [run.run]) == [row for row in scored if row["customer_id"] in ("a", "b")]
    row = next(row for row in scored if row["customer_id"] == "a")
    assert short.scores(["a"], [run.run], ("as_of", "r")) == [{"as_of": row["as_of"], "r": row["r"]}]
    means = short.averages(("r", "f"))
    assert means["r"] == pytest.approx(sum(row["r"] for row in scored) / len(scored))


def test_pages_days_and_nobody(lake: Lake, run: Any) -> None:
    short = History(lake.url, run.run)
    first, second, third, fourth = short.newest("purchases", None, 10)
    assert [row["order_id"] for row in (first, second, third, fourth)] == ["5", "3", "2", "1"]
    page = short.newest("purchases", None, 2, after=(second["ordered_at"], second["order_id"]))
    assert page == [third, fourth]
    february = short.newest("purchases", None, 9, since=dt.date(2025, 2, 5), until=dt.date(2025, 2, 20))
    assert february == [second, third]
    assert short.newest("purchases", [], 9) == short.newest("tickets", None, 9) == []
    assert short.scores(["nobody"], [run.run]) == []
    with pytest.raises(KeyError):
        history_of(lake.url, 99)


def test_a_run_reads_the_links_it_was_made_with(lake: Lake, run: Any) -> None:
    link(lake, ["b"], "a")
    merged = refresh(lake)
    assert [row["order_id"] for row in History(lake.url, merged.run).newest("purchases", ["a"], 9)] == ["3", "2", "1"]
    assert [row["order_id"] for row in History(lake.url, run.run).newest("purchases", ["a"], 9)] == ["2", "1"]
    assert History(lake.url, merged.run).ids(["b"]) == ["a", "b"]
    assert list(History(lake.url, merged.run).days.values()) == [merged.run]


def test_what_was_kept_can_be_taken_away(lake: Lake, run: Any) -> None:
    before = the_long_way(lake, run, "a")
    shutil.rmtree(Path(lake.url, "_scratch"))
    assert History(lake.url, run.run).newest("purchases", ["a"], 9) == before
    assert len(kept_files(lake)) == 1


def test_an_undone_import_is_no_longer_in_it(lake: Lake, run: Any, orders_csv: Writer) -> None:
    batch = import_file(lake, orders_csv("b.csv", "6,a,2025-02-07,70"), ORDERS).batch
    with_it = refresh(lake)
    undo(lake, batch)
    without = refresh(lake)
    found = [len(History(lake.url, r.run).newest("purchases", ["a"], 9)) for r in (run, with_it, without)]
    assert found == [2, 3, 2]


def test_the_same_question_is_computed_once(lake: Lake, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = Facts.of(lake, run)
    keep_histories(facts)
    monkeypatch.setattr(keeping, "_write", lambda *_: pytest.fail("computed again"))
    keep_histories(facts)
    assert lake.engine.to_pyarrow(purchases(facts).count()).as_py() == 4


def test_old_days_are_forgotten(lake: Lake, run: Any) -> None:
    for day in range(2, 12):
        for file in kept_files(lake):
            os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 7200))
        lake.engine.to_pyarrow(purchases(Facts.of(lake, run).up_to(dt.date(2025, 3, day))).count())
    assert len(kept_files(lake)) == 4


def test_a_lake_that_may_only_be_read_computes(lake: Lake, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = Facts.of(lake, run)
    before = sorted(lake.engine.to_pyarrow(purchases(facts)).to_pylist(), key=lambda row: row["order_id"])
    file = kept_file(facts, "purchases", PURCHASES_FROM)
    assert file is not None
    file.unlink()

    def refused(_lake: Lake) -> Path:
        raise keeping.LakeError("It cannot be written.", fix="Do not.")

    monkeypatch.setattr(Lake, "scratch", refused)
    again = sorted(lake.engine.to_pyarrow(purchases(facts)).to_pylist(), key=lambda row: row["order_id"])
    assert again == before
    assert not file.exists()
