"""What is left out when files are collected for serving: it is there, and no page asks for it."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.test import Client

from zhike_crm.running.installation import NOT_SERVED

pytestmark = pytest.mark.one_database


def test_the_page_of_the_api_asks_for_nothing_that_is_left_out(
    tmp_path: Path, settings: Any, client_as: Callable[..., Client]
) -> None:
    known = {Path(path).name for finder in get_finders() for path, _storage in finder.list([])}
    left_out = {name for name in known if any(fnmatch(name, pattern) for pattern in NOT_SERVED)}
    assert {"axe.js", "redoc.standalone.js"} <= left_out
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=NOT_SERVED)
    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == known - left_out
    page = client_as("owner").get("/api/v1/docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert not [name for name in left_out if name in page]
