"""The refresh: any past day again, from what was known by then; every customer in; nothing computed twice."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pytest

from zhike import pipeline
from zhike.errors import LakeError, SettingsError
from zhike.importing.importer import Choices, import_file
from zhike.lake.batches import undo
from zhike.lake.facts_view import Facts
from zhike.lake.identities import link, unlink
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, latest, runs, scores_of
from zhike.pipeline import last_day, refresh, tier_moves
from zhike.portrait import portrait
from zhike.report.data import read_figures
from zhike.settings import Settings

Writer = Callable[..., Path]
ORDERS = Choices(table="orders")
FIRST = ("1,a,2025-01-05,10", "2,a,2025-02-05,30", "3,b,2025-02-20,100", "4,c,2025-03-01,5")
LATER = ("5,a,2025-03-09,40", "6,d,2025-06-01,70", "7,b,2025-06-02,-100")
MARCH = dt.date(2025, 3, 1)


def scores(lake: Lake, run: Any) -> dict[str, dict[str, Any]]:
    rows = lake.engine.to_pyarrow(scores_of(lake, run).drop("run")).to_pylist()
    return {row["customer_id"]: row for row in rows}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lakes to copy: `imported` has the first orders, `refreshed` also their scores as of their last day."""
    folder = tmp_path_factory.mktemp("pipeline")
    file = folder / "a.csv"
    file.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *FIRST]))
    with Lake(folder / "imported", engine="duckdb") as lake:
        import_file(lake, file, ORDERS)
    shutil.copytree(folder / "imported", folder / "refreshed")
    with Lake(folder / "refreshed", engine="duckdb") as lake:
        refresh(lake)
    return folder


@pytest.fixture
def imported(made: Path, tmp_path: Path) -> Iterator[Lake]:
    shutil.copytree(made / "imported", tmp_path / "lake")
    with Lake(tmp_path / "lake", engine="duckdb") as lake:
        yield lake


@pytest.fixture
def refreshed(made: Path, tmp_path: Path) -> Iterator[Lake]:
    shutil.copytree(made / "refreshed", tmp_path / "lake")
    with Lake(tmp_path / "lake", engine="duckdb") as lake:
        yield lake


def test_a_past_day_gives_the_same_scores_whatever_came_later(refreshed: Lake, orders_csv: Writer) -> None:
    before = scores(refreshed, latest(refreshed))
    import_file(refreshed, orders_csv("b.csv", *LATER), ORDERS)
    again = refresh(refreshed, MARCH)
    assert again.run == 2
    assert scores(refreshed, again) == before
    assert before["b"]["monetary"] == 100
    assert scores(refreshed, refresh(refreshed))["b"]["never_purchased"]


def test_the_same_question_is_answered_by_the_run_there_is(refreshed: Lake) -> None:
    first = latest(refreshed)
    assert refresh(refreshed).run == first.run
    assert refresh(refreshed, settings=Settings.from_dict({"rfm": {"weights": [0.2, 0.2, 0.6]}})).run == 2
    assert refresh(refreshed).settings["rfm"]["weights"] == [0.2, 0.2, 0.6]
    assert len(runs(refreshed)) == 2


def test_undoing_an_import_is_seen_by_the_next_refresh(refreshed: Lake, orders_csv: Writer) -> None:
    before = scores(refreshed, latest(refreshed))
    import_file(refreshed, orders_csv("b.csv", "9,a,2025-02-06,1000"), ORDERS)
    assert scores(refreshed, refresh(refreshed, MARCH)) != before
    undo(refreshed, 2)
    assert scores(refreshed, refresh(refreshed, MARCH)) == before


def test_merged_customers_are_scored_as_one_until_unmerged(refreshed: Lake) -> None:
    before = scores(refreshed, latest(refreshed))
    link(refreshed, ["b"], "a")
    merged = scores(refreshed, refresh(refreshed))
    assert set(merged) == {"a", "c"}
    assert merged["a"]["revenue"] == 140
    unlink(refreshed, ["b"])
    assert {c: row["revenue"] for c, row in scores(refreshed, refresh(refreshed)).items()} == {
        c: row["revenue"] for c, row in before.items()
    }


def test_an_earlier_run_asked_again_is_the_latest_until_another_is(imported: Lake) -> None:
    short, long = Settings(window_days=30), Settings(window_days=90)
    asked = [(MARCH, long), (dt.date(2025, 1, 31), short), (MARCH, long), (dt.date(2025, 1, 31), short), (MARCH, long)]
    seen = []
    for day, settings in asked:
        assert refresh(imported, day, settings).as_of == day
        seen.append(latest(imported).run)
        assert refresh(imported, day).settings["window_days"] == settings.window_days
    assert seen == [1, 2, 1, 2, 1]
    version = imported.version("scores")
    refresh(imported)
    assert imported.version("scores") == version, "asked twice in a row, there is nothing to write"
    refresh(imported, dt.date(2025, 2, 5))
    assert (latest(imported).run, [run.run for run in runs(imported)]) == (3, [1, 2, 3])
    with Lake(imported.url) as same:
        assert latest(same).run == 3


def test_orders_and_their_lines_in_two_files(lake: Lake, orders_csv: Writer) -> None:
    """The usual export of a shop: who and when stand in the orders, what in the lines."""
    import_file(lake, orders_csv("orders.csv", *FIRST), ORDERS)
    lines = orders_csv("items.csv", "1,p,4", "1,q,6", "2,p,35", "4,p,5", header="order_id,product_id,amount")
    import_file(lake, lines, Choices(table="order_lines"))
    found = scores(lake, refresh(lake))
    assert {c: (row["revenue"], row["never_purchased"]) for c, row in found.items()} == {
        "a": (40, False), "b": (100, False), "c": (5, False),
    }  # fmt: skip
    february = refresh(lake, dt.date(2025, 2, 4))
    assert {c: row["revenue"] for c, row in scores(lake, february).items() if not row["never_purchased"]} == {"a": 10}
    flow = read_figures(lake, february).flow
    assert (flow.gross, flow.net, flow.unattributed) == (10, 10, 0)


def test_who_is_known_from_any_table_is_scored(imported: Lake, orders_csv: Writer) -> None:
    headers = {
        "interactions": "customer_id,occurred_at,kind",
        "tickets": "customer_id,opened_at,ticket_id",
        "feedback": "customer_id,given_at,text",
        "touches": "customer_id,touched_at,campaign",
    }
    for table, header in headers.items():
        rows = (f"only in {table},2025-02-01,one", "a,2025-02-01,two", f"later in {table},2025-06-01,three")
        import_file(imported, orders_csv(f"{table}.csv", *rows, header=header), Choices(table=table))
    found = scores(imported, refresh(imported))
    assert {c: row["never_purchased"] for c, row in found.items()} == {"a": False, "b": False, "c": False} | {
        f"only in {table}": True for table in headers
    }


def test_customers_who_never_purchased_are_in_and_tagged(imported: Lake, orders_csv: Writer) -> None:
    people = orders_csv("c.csv", "a,Anna", "z,Zoe", header="customer_id,name")
    import_file(imported, people, Choices(table="customers"))
    run = refresh(imported)
    found = scores(imported, run)
    assert run.customers == 4
    assert [found[c]["never_purchased"] for c in "az"] == [False, True]
    assert (found["z"]["stage"], found["z"]["rfm_score"]) == ("acquisition", None)
    assert portrait(imported, run, "z").reasons() == {
        "lifecycle": "No purchase that stands so far: nothing bought, or everything returned."
    }
    assert portrait(imported, run, "a").profile["name"] == "Anna"


def test_default_day_is_that_of_the_last_order(refreshed: Lake) -> None:
    assert last_day(Facts.now(refreshed)) == MARCH
    assert latest(refreshed).as_of == MARCH


def test_nothing_to_score_is_said(lake: Lake, orders_csv: Writer) -> None:
    with pytest.raises(LakeError, match="zhike import"):
        refresh(lake)
    with pytest.raises(LakeError, match="zhike refresh"):
        latest(lake)
    import_file(lake, orders_csv("a.csv", *FIRST), ORDERS)
    with pytest.raises(LakeError, match="no customer to score up to 2020-01-01"):
        refresh(lake, dt.date(2020, 1, 1))
    assert runs(lake) == []


def test_a_run_that_was_killed_before_its_scores_does_not_count(
    imported: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = imported.append

    def die_at_the_scores(name: str, *args: Any, **how: Any) -> int:
        if name == "scores":
            raise KeyboardInterrupt
        return append(name, *args, **how)

    monkeypatch.setattr(imported, "append", die_at_the_scores)
    with pytest.raises(KeyboardInterrupt):
        refresh(imported)
    monkeypatch.undo()
    assert runs(imported) == []
    assert refresh(imported).run == 2


def while_computing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """`happens` once, in the middle of the next refresh."""
    score, todo = pipeline.score_customers, [happens]

    def scored(*args: Any) -> Any:
        if todo:
            todo.pop()()
        return score(*args)

    monkeypatch.setattr(pipeline, "score_customers", scored)


def test_a_refresh_reads_what_its_run_says(
    refreshed: Lake, orders_csv: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scores(refreshed, latest(refreshed))

    def others() -> None:
        # Not refused either: a refresh holds the lock only while it writes.
        with Lake(refreshed.url) as other:
            people = orders_csv("c.csv", "z,Zoe", header="customer_id,name")
            import_file(other, people, Choices(table="customers"))
            import_file(other, orders_csv("b.csv", "9,new,2025-02-06,1000"), ORDERS)
            link(other, ["b"], "a")

    while_computing(monkeypatch, others)
    changed = Settings.from_dict({"window_days": 364})
    run = refresh(refreshed, MARCH, changed)
    assert (set(scores(refreshed, run)), run.inputs["identities"]) == (set(before), 0)
    after = refresh(refreshed, MARCH, changed)
    assert set(scores(refreshed, after)) == {"a", "c", "new", "z"}


def test_two_refreshes_at_once_with_one_question_give_one_run(imported: Lake, monkeypatch: pytest.MonkeyPatch) -> None:

    def other() -> None:
        with Lake(imported.url) as same:
            refresh(same)

    while_computing(monkeypatch, other)
    assert refresh(imported).run == 1
    assert [run.run for run in runs(imported)] == [1]


@dataclass
class Watched:
    lake: Lake
    run: Any
    begun: list[str]
    summarised: list[Any]


@pytest.fixture(scope="module")
def watched(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A refresh, what it said meanwhile and what it counted; its lake stays open."""
    begun: list[str] = []
    given: list[Any] = []
    summarise = pipeline.purchase_summary
    place = tmp_path_factory.mktemp("watched") / "lake"
    shutil.copytree(made / "imported", place)
    with Lake(place, engine="duckdb") as lake:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pipeline, "purchase_summary", lambda t, **how: given.append(t) or summarise(t, **how))
            run = refresh(lake, on_progress=begun.append)
        yield Watched(lake, run, begun, given)


def test_a_lake_that_stays_open_does_not_fill_up(watched: Watched) -> None:
    read_figures(watched.lake, watched.run)
    assert watched.lake.engine.con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []


def test_orders_are_netted_once(watched: Watched) -> None:
    (orders,) = watched.summarised
    read = {type(node).__name__ for node in orders.op().find(ibis.expr.operations.Relation)}
    assert read == {"DatabaseTable", "Filter"}, "an expression is computed by each reader"


def test_seconds_are_of_steps_that_were_timed(watched: Watched) -> None:
    seconds = watched.run.seconds
    assert watched.begun == ["facts", "models", "churn", "scores"]
    assert set(seconds) == {"facts", "models", "churn", "scores"}
    assert all(second > 0 for second in seconds.values())
    assert latest(watched.lake).seconds == seconds


def test_a_setting_that_is_gone_does_not_stop_the_next_refresh(imported: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Settings.from_dict({"window_days": 90}).to_dict()
    old["rfm"]["abolished"] = 1
    old["gone"] = {"x": 2}
    with monkeypatch.context() as patched:
        patched.setattr(Settings, "to_dict", lambda _: old)
        run = refresh(imported)
    assert run.settings["gone"] == {"x": 2}
    assert refresh(imported, dt.date(2025, 2, 28)).settings == Settings(window_days=90).to_dict()
    tier_moves(imported, run, Settings(window_days=90))


def test_preview_says_who_would_move_and_changes_nothing(refreshed: Lake) -> None:
    run = latest(refreshed)
    settings = Settings.from_dict({"rfm": {"weights": [0.0, 0.0, 1.0]}})
    moves = refreshed.engine.to_pyarrow(tier_moves(refreshed, run, settings)).to_pylist()
    then = {row["customer_id"]: row["to_tier"] for row in moves}
    assert then == {"a": "at_risk", "b": "high", "c": "at_risk"}
    published = scores(refreshed, refresh(refreshed, settings=settings))
    assert {c: row["value_tier"] for c, row in published.items()} == then
    with pytest.raises(SettingsError, match="zhike refresh --window-days"):
        tier_moves(refreshed, run, Settings(window_days=90))


def test_online_retail_has_every_customer(retail: tuple[Lake, Run]) -> None:
    lake, run = retail
    found = scores(lake, run)
    # 4,372 customers in the file; 4,327 still have something they bought and kept.
    assert run.customers == len(found) == 4372
    bought = [row for row in found.values() if not row["never_purchased"]]
    assert len(bought) == 4327
    assert sum(row["revenue"] for row in bought) == pytest.approx(8_439_861.254)
    assert run.as_of == dt.date(2011, 12, 9)


def test_orders_that_name_nobody_are_said_to(lake: Lake, orders_csv: Writer) -> None:
    import_file(
        lake, orders_csv("a.csv", "1,2025-01-05,10", "2,2025-01-06,3", header="order_id,ordered_at,amount"), ORDERS
    )
    with pytest.raises(LakeError, match=r"Nobody is named on the orders up to 2025-01-06 \(2 in all\)"):
        refresh(lake)


def test_the_end_of_time_is_no_day_to_score(lake: Lake, orders_csv: Writer) -> None:
    import_file(lake, orders_csv("a.csv", *FIRST), ORDERS)
    with pytest.raises(SettingsError, match="9999-12-31"):
        refresh(lake, dt.date(9999, 12, 31))


def test_two_customers_with_one_order_number_are_both_scored(lake: Lake, tmp_path: Path) -> None:
    till = tmp_path / "till.csv"
    till.write_text("order_id,customer_id,ordered_at,amount\n1,A,2025-01-05,50\n1,B,2025-01-06,30\n")
    import_file(lake, till, Choices(table="order_lines"))
    scores = scores_of(lake, refresh(lake)).select("customer_id", "monetary").to_pyarrow().to_pylist()
    assert {row["customer_id"]: row["monetary"] for row in scores} == {"A": 50, "B": 30}
