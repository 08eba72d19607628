"""The command line as a person and as a machine use it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zhike.cli import main as entry
from zhike.cli.main import cli
from zhike.importing.importer import Choices, import_file
from zhike.lake.lake import Lake
from zhike.pipeline import refresh

Writer = Callable[..., Path]
Run = Callable[..., str]
FIRST = ("1,a,2025-01-05,10", "2,a,2025-02-05,30", "3,b,2025-02-20,100", "4,c,2025-03-01,5")


@pytest.fixture
def zhike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, in a folder of its own, and returns what it printed; fails unless `code`."""
    monkeypatch.setenv("ZHIKE_LAKE", str(tmp_path / "lake"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["zhike", *arguments])
        capsys.readouterr()
        try:
            entry.main()
            ended = 0
        except SystemExit as stop:
            ended = int(stop.code or 0)
        said = capsys.readouterr()
        assert ended == code, said
        return said.out if code == 0 else said.out + said.err

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lakes to copy: `imported` has the first orders, `refreshed` also their scores."""
    folder = tmp_path_factory.mktemp("cli")
    file = folder / "a.csv"
    file.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *FIRST]))
    with Lake(folder / "imported", engine="duckdb") as lake:
        import_file(lake, file, Choices(table="orders"))
    shutil.copytree(folder / "imported", folder / "refreshed")
    with Lake(folder / "refreshed", engine="duckdb") as lake:
        refresh(lake)
    return folder


@pytest.fixture
def imported(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "imported", tmp_path / "lake")


@pytest.fixture
def refreshed(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "refreshed", tmp_path / "lake")


def machine(zhike: Run, *arguments: str, **how: Any) -> Any:
    return json.loads(zhike(*arguments, "--json", **how))


def test_from_a_file_to_a_portrait(zhike: Run, orders_csv: Writer, tmp_path: Path) -> None:
    file = str(orders_csv("a.csv", *FIRST))
    done = machine(zhike, "import", file, "--as", "orders", "--yes")
    wanted = {"table": "orders", "rows": 4, "accepted": 4, "flagged": 0, "rejected": 0, "duplicates": 0, "batch": 1}
    assert {name: done[name] for name in wanted} == wanted
    run = machine(zhike, "refresh")
    assert (run["run"], run["customers"], run["as_of"], run["unchanged"]) == (1, 3, "2025-03-01", False)
    assert machine(zhike, "refresh")["unchanged"] is True
    assert machine(zhike, "refresh", "--as-of", "2025-01-31")["customers"] == 1
    top = machine(zhike, "customers", "top", "--by", "monetary", "-n", "1", "--run", "1")
    assert top[0]["customer_id"] == "b"
    shown = machine(zhike, "customers", "show", "a", "--run", "1")
    assert shown["scores"]["frequency"] == 2
    assert "Bought 2 times" in shown["reasons"]["rfm"]
    report = machine(zhike, "report", "--out", str(tmp_path / "r.html"))
    assert Path(report["report"]).read_text("utf-8").startswith("<!doctype html>")


def test_what_was_asked_last_is_what_the_next_command_shows(zhike: Run, imported: None, tmp_path: Path) -> None:
    def shown() -> tuple[int, str]:
        report = machine(zhike, "report", "--out", str(tmp_path / "r.html"))
        return machine(zhike, "customers", "show", "a")["scores"]["as_of"], report["as_of"]

    asked = (["--window-days", "90"], ["--as-of", "2025-01-31", "--window-days", "30"], ["--window-days", "90"])
    days = []
    for options in asked:
        machine(zhike, "refresh", *options)
        days.append(shown())
    assert days == [("2025-03-01",) * 2, ("2025-01-31",) * 2, ("2025-03-01",) * 2]
    # Without options: the settings asked last, and nothing new to compute.
    again = machine(zhike, "refresh")
    assert (again["run"], again["settings"]["window_days"], again["unchanged"]) == (1, 90, True)


def test_people_see_tables_and_sentences(zhike: Run, orders_csv: Writer) -> None:
    file = str(orders_csv("a.csv", *FIRST))
    assert "To take it out again: zhike imports undo 1" in zhike("import", file, "--yes")
    assert "nothing was changed" in zhike("import", file, "--yes")
    assert "3 customers as of 2025-03-01" in zhike("refresh")
    assert "nothing has changed since" in zhike("refresh")
    assert "a.csv" in zhike("imports")
    assert "Latest orders" in zhike("customers", "show", "a")
    assert "RFM score" in zhike("customers", "top")
    assert "would change tier: 2 of 3" in zhike("preview", "--weights", "0,0,1")
    assert "out of the lake again" in zhike("imports", "undo", "1")


def test_it_speaks_chinese(zhike: Run, orders_csv: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_LANG", "zh")
    zhike("import", str(orders_csv("a.csv", *FIRST)), "--yes")
    assert "3 位客户" in zhike("refresh")
    shown = zhike("customers", "show", "a")
    assert "近 365 天" in shown or "365 天" in shown
    assert "找不到文件" in zhike("import", "nix.csv", "--yes", code=2)


def test_a_dry_run_shows_the_mapping_and_imports_nothing(zhike: Run, orders_csv: Writer) -> None:
    shown = zhike("import", str(orders_csv("a.csv", *FIRST)), "--dry-run")
    assert "4 columns fit “Orders”" in shown
    assert machine(zhike, "imports") == []


def test_without_yes_and_without_a_terminal_nothing_is_imported(zhike: Run, orders_csv: Writer) -> None:
    assert "Add --yes" in zhike("import", str(orders_csv("a.csv", *FIRST)), code=2)
    assert machine(zhike, "imports") == []


def test_preview_and_refresh_take_the_same_options(zhike: Run, refreshed: None) -> None:
    moves = machine(zhike, "preview", "--weights", "0,0,1")
    # a: .51 → .37 (40 of 5…100 spent), b: .49 → 1, c stays at the bottom.
    moved = {(row["customer_id"], row["from_tier"], row["to_tier"]) for row in moves["largest"]}
    assert moved == {("a", "potential", "at_risk"), ("b", "at_risk", "high")}
    run = machine(zhike, "refresh", "--weights", "0,0,1", "--margin", ".3")
    assert run["settings"]["rfm"]["weights"] == [0, 0, 1]
    assert run["settings"]["value"]["margin"] == 0.3


def test_settings_come_from_a_file(zhike: Run, imported: None, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("window_days = 90\n[rfm]\nmode = 'quantile'\n")
    run = machine(zhike, "refresh", "--settings", "s.toml")
    assert (run["settings"]["window_days"], run["settings"]["rfm"]["mode"]) == (90, "quantile")
    (tmp_path / "bad.toml").write_text("[rfm]\nwieghts = [1, 0, 0]\n")
    assert "no setting called rfm.wieghts" in zhike("refresh", "--settings", "bad.toml", code=2)


def test_remarks_are_saved(zhike: Run, orders_csv: Writer, tmp_path: Path) -> None:
    zhike("import", str(orders_csv("a.csv", *FIRST, "5,a,never,1")), "--yes")
    assert "1 remark written" in zhike("imports", "remarks", "1", str(tmp_path / "r.csv"), "--rejected")
    assert "never" in (tmp_path / "r.csv").read_text("utf-8-sig")


def test_customers_of_two_sources_are_linked_and_taken_apart(zhike: Run, orders_csv: Writer) -> None:
    zhike("import", str(orders_csv("a.csv", *FIRST)), "--yes", "--source", "shop")
    zhike("import", str(orders_csv("b.csv", "9,z,2025-02-01,7")), "--yes", "--source", "crm")
    assert machine(zhike, "refresh")["customers"] == 4
    done = machine(zhike, "customers", "link", "shop:a", "crm:z", "--by", "Anna")
    assert done == {"customer_id": "shop:a", "linked": ["crm:z"], "by": "Anna"}
    assert machine(zhike, "customers", "links") == [{"identity": "crm:z", "customer_id": "shop:a"}]
    assert "crm:z" in zhike("customers", "links")
    with Lake("lake") as lake:
        assert lake.read("identities")["linked_by"].to_pylist() == ["Anna"]
    assert machine(zhike, "refresh")["customers"] == 3
    assert machine(zhike, "customers", "show", "crm:z")["customer_id"] == "shop:a"
    assert machine(zhike, "customers", "link", "shop:a", "crm:z", "--undo")["unlinked"] == ["crm:z"]
    assert machine(zhike, "refresh")["customers"] == 4
    assert "No customers are linked" in zhike("customers", "links")
    assert "no imported row" in zhike("customers", "link", "shop:a", "crm:nobody", code=2).lower()
    assert "itself" in zhike("customers", "link", "shop:a", "shop:a", code=2)
    assert "None of these is linked" in zhike("customers", "link", "shop:a", "crm:z", "--undo", code=2)


def test_a_link_makes_the_scores_stale(
    zhike: Run, refreshed: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in (False, True):
        monkeypatch.setattr(sys, "argv", ["zhike", "customers", "top"])
        entry.main()
        assert ("The data have changed since run 1" in capsys.readouterr().err) == said
        zhike("customers", "link", "a", "b")


def test_a_mistyped_lake_leaves_no_folder(zhike: Run, tmp_path: Path) -> None:
    assert "Import some first" in zhike("refresh", "--lake", str(tmp_path / "new"), code=3)
    assert not (tmp_path / "new").exists()


def test_what_a_file_lacks_is_said_before_it_is_imported(zhike: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("customer,date,dollars\na,2025-01-05,10\n")
    shown = zhike("import", "a.csv", "--dry-run")
    assert "all rows of one customer on one day count as one order" in shown
    (tmp_path / "b.csv").write_text("order_id,date,amount\n1,2025-01-05,10\n")
    assert "nobody can be scored" in zhike("import", "b.csv", "--dry-run")


def test_one_is_not_many(zhike: Run, orders_csv: Writer, tmp_path: Path) -> None:
    zhike("import", str(orders_csv("a.csv", "1,a,2025-01-05,10", "2,a,2025-02-05,10", "5,a,never,1")), "--yes")
    assert "Run 1: 1 customer as of" in zhike("refresh")
    assert "1 remark written" in zhike("imports", "remarks", "1", str(tmp_path / "r.csv"))


def test_mapping_errors_say_how_to_map(zhike: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("colour,shape\nred,round\n")
    assert "--map OURS=THEIRS" in zhike("import", "a.csv", "--yes", code=2)


@pytest.mark.parametrize(
    ("arguments", "code", "fix"),
    [
        (("import", "nix.csv", "--yes"), 2, "Check the path"),
        (("imports", "undo", "9"), 2, "zhike imports"),
        (("refresh",), 3, "zhike import"),
        (("refresh", "--as-of", "tomorrow"), 2, "2026-11-21"),
        (("refresh", "--weights", "a,b"), 2, ".3,.4,.3"),
        (("refresh", "--weights", ".9,.9,.9"), 2, "add up to 1"),
        (("preview",), 3, "zhike refresh"),
        (("customers", "show", "x"), 3, "zhike refresh"),
        (("import", "x", "--map", "amount", "--yes"), 2, "--map amount=Total"),
        (("import", "x", "--as", "sales"), 2, "customers"),
        (("fly",), 2, "No such command"),
    ],
)
def test_what_is_wrong_is_said_with_the_fix_and_an_exit_code(
    zhike: Run, arguments: tuple[str, ...], code: int, fix: str
) -> None:
    assert fix in zhike(*arguments, code=code)
    if code == 3:
        assert fix in json.loads(zhike(*arguments, "--json", code=code))["error"]


def test_text_from_a_file_cannot_speak_to_the_terminal(zhike: Run, orders_csv: Writer) -> None:
    zhike("import", str(orders_csv("a.csv", "1,\x1b[31mred[bold],2025-01-05,10")), "--yes")
    zhike("refresh")
    assert "\x1b[31m" not in zhike("customers", "top")
    assert "red[bold]" in zhike("customers", "top")


def test_every_command_has_help() -> None:
    for name, command in cli.commands.items():
        assert command.help, name


def test_the_installed_command_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zhike.cli.main", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("zhike, version ")


def test_everybody_by_their_id(zhike: Run, orders_csv: Writer, tmp_path: Path) -> None:
    zhike("import", str(orders_csv("a.csv", *FIRST)), "--as", "orders", "--yes")
    (tmp_path / "people.csv").write_text("customer_id,name\nnever,Nia Ny\na,Ada\n")
    zhike("import", str(tmp_path / "people.csv"), "--as", "customers", "--yes")
    zhike("refresh")
    listed = machine(zhike, "customers", "top", "--by", "customer_id", "--ascending")
    assert [row["customer_id"] for row in listed] == ["a", "b", "c", "never"]
    assert "never" in zhike("customers", "top", "--by", "customer_id")
