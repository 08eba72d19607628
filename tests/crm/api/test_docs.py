"""The page of the API and its description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

# A page and a description made of code.
pytestmark = pytest.mark.one_database


def test_only_who_is_known_reads_the_description(client_as: Callable[..., Client], caller: Callable[..., Any]) -> None:
    assert Client().get("/api/v1/docs").status_code == 302
    assert Client().get("/api/v1/openapi.json").status_code == 401
    assert client_as("viewer").get("/api/v1/openapi.json").json()["openapi"].startswith("3.")
    assert caller("viewer").get("/openapi.json").status_code == 200


def test_the_page_takes_nothing_from_elsewhere(client_as: Callable[..., Client]) -> None:
    answer = client_as("viewer").get("/api/v1/docs")
    assert answer.status_code == 200
    assert b"https://" not in answer.content
    assert b"<script>" not in answer.content
    # The directives come in no fixed order.
    assert "script-src 'self'" in [one.strip() for one in answer["Content-Security-Policy"].split(";")]
