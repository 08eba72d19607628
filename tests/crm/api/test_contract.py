"""Every address keeps what its description promises, whatever is sent: schemathesis makes the requests up.

A bounded run, the same requests every time; `MOST=300 pytest tests/crm/api/test_contract.py` looks further.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from zhike_crm.api.limits import buckets
from zhike_crm.api.site import api
from zhike_crm.config.wsgi import application
from zhike_crm.customers.actions import create_customer, create_task, delete_customer, write_note
from zhike_crm.workspaces.models import Workspace

# What no schema can say: that a cursor is of this list, a moment is past, a custom field exists. They are refused with
# 422 (412 for a version), which the description names.
NOT_IN_A_SCHEMA = [positive_data_acceptance]
MOST = int(os.environ.get("MOST", "12"))
OPERATIONS = [
    (method.upper(), path)
    for path, methods in api.get_openapi_schema(path_prefix="")["paths"].items()
    for method in methods
]


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """The server closes connections between requests; the test's own holds its transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def described(
    _one_connection: None,
    workspace: Workspace,
    member: Callable[..., Any],
    caller: Callable[..., Any],
    settings: Any,
) -> Any:
    """The description as programs get it, with something behind the first ids."""
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.ZHIKE_API_PER_MINUTE = 10_000_000
    owner = member("owner")
    first, second, third = (create_customer(owner, name=name, email="li@example.com") for name in ("Li", "Wu", "Ma"))
    delete_customer(third, owner)
    write_note(first, "Called", owner)
    create_task(owner, title="Call back", customer=second)
    headers = {"Authorization": f"Bearer {caller('owner').secret}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, headers=headers)
    schema.config.update(headers=headers)
    return schema


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: value)
def test_it_keeps_what_it_promises(described: Any, method: str, path: str) -> None:
    quick = settings(
        max_examples=MOST,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @given(case=described[f"/api/v1{path}"][method].as_strategy())
    @quick
    def keeps(case: Any) -> None:
        buckets.clear()
        case.call_and_validate(headers=described.config.headers, excluded_checks=NOT_IN_A_SCHEMA)

    keeps()
