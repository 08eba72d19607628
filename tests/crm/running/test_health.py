"""Those who watch the server ask by any name, and learn whether it can work."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from zhike_crm.running import health


def test_it_answers_to_any_host(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_is_ready_with_all_tables(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_it_is_not_ready_without_its_database(client: Client, monkeypatch: Any) -> None:
    def gone() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(health.connection, "cursor", gone, raising=False)
    monkeypatch.setattr(health.connection, "close", lambda: None, raising=False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "no database"})
