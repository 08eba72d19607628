"""Small files are put together, and nothing that anybody can ask for changes by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zhike.importing.importer import Choices, import_file
from zhike.lake import tidy as tidying
from zhike.lake.batches import batches, undo
from zhike.lake.lake import Lake
from zhike.lake.snapshot import facts_table, snapshot
from zhike.lake.tidy import tidy
from zhike.pipeline import refresh

Writer = Callable[..., Path]
ORDERS = Choices(table="orders")


def rows(lake: Lake) -> list[dict[str, object]]:
    found = snapshot(lake, "orders")
    return list(lake.engine.to_pyarrow(found.order_by("order_id")).to_pylist())


def files(lake: Lake, name: str) -> int:
    table = lake.delta(name)
    assert table is not None
    return len(lake.files(name, table))


@pytest.fixture
def many(lake: Lake, orders_csv: Writer, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(tidying, "MANY", 4)
    for day in range(1, 6):
        import_file(lake, orders_csv(f"{day}.csv", f"{day},a,2025-01-0{day},10"), ORDERS)
    return lake


def test_a_refresh_puts_small_files_together(many: Lake) -> None:
    before, state = rows(many), [batch.state for batch in batches(many)]
    assert files(many, facts_table("orders")) == 5
    run = refresh(many)
    assert files(many, facts_table("orders")) == files(many, "ledger/imports") == 1
    assert rows(many) == before
    assert [batch.state for batch in batches(many)] == state
    # A table that was compacted has another version, which is the question of the next refresh too.
    assert refresh(many).run == run.run
    undo(many, 5)
    assert rows(many) == before[:-1]


def test_while_somebody_writes_it_waits_for_another_time(many: Lake) -> None:
    with Lake(many.url).writing():
        assert tidy(many) == 0
    assert files(many, facts_table("orders")) == 5
    assert tidy(many) == 2
