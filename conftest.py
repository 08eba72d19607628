"""What holds for every test, and for the examples in docstrings under `src`."""

from __future__ import annotations

import gc
from typing import Any

import pytest

# Started, learned or computed once, and used by many tests: parts of the tests' ids → what they share.
_SHARED = {
    "spark": "spark",
    "postgres": "postgres",
    "browser": "browser",
    "test_sentiment.py": "sentiment",
    "tests/report/": "retail",
    "test_online_retail_has": "retail",
    "test_backup.py": "postgres",
    "tests/crm/insights/": "insights",
}

# Thousands of modules and tests are made at the start and stay: to look through them for garbage again and again
# takes time from every test.
gc.disable()


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_LANG", "en")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One worker gets all tests that share something dear, so that it is made once and not once per worker.

    `xdist_group` would say it, but pytest 9.2 no longer lets pytest-xdist 3.8 write the group into a test's id. So
    the id has to hold its name.
    """
    from xdist.scheduler import LoadGroupScheduling

    class ByShare(LoadGroupScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            alone = str(nodeid)
            # What a file of the product's tests keeps in the database is dearer than an even end.
            alone = alone.partition("::")[0] if alone.startswith("tests/crm/") else alone
            return next((shared for part, shared in _SHARED.items() if part in nodeid), alone)

    return ByShare(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The scheduler knows a test by its id alone."""
    nameless = [item.nodeid for item in items if item.get_closest_marker("spark") and "spark" not in item.nodeid]
    if nameless:
        raise pytest.UsageError(f"tests on Spark need “spark” in their names: {nameless}")


def pytest_collection_finish() -> None:
    """From here on, garbage is looked for among what tests make, and less often."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_unconfigure() -> None:
    """What stays frozen is never freed, and libraries that count their objects at the end would complain."""
    gc.unfreeze()
