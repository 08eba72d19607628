"""Programs that call the API with a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from zhike_crm.accounts.access import grants
from zhike_crm.accounts.actions import create_token
from zhike_crm.accounts.models import AccessToken, Membership
from zhike_crm.api.limits import buckets

BASE = "/api/v1"


class Caller:
    """A program with a token. Answers have `.status_code`, `.json()` and headers."""

    def __init__(self, token: AccessToken, secret: str) -> None:
        self.token, self.secret = token, secret
        self._client = Client(raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.secret}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        content = body if isinstance(body, (str, bytes)) else json.dumps(body) if body is not None else ""
        return self._client.generic(method, BASE + path, content, "application/json", headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def upload(self, path: str, values: dict[str, Any]) -> Any:
        return self._client.post(BASE + path, values, headers={"Authorization": f"Bearer {self.secret}"})


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    buckets.clear()


@pytest.fixture
def caller(member: Callable[..., Membership]) -> Callable[..., Caller]:
    """caller("sales") has a token of somebody of that role with all their rights, or with the scopes that are named."""

    def of_role(role: str = "owner", scopes: Any = None, *, personal: bool = True, **values: Any) -> Caller:
        by = member(role, **values)
        asked = grants(by.role) if scopes is None else scopes
        return Caller(*create_token(by.workspace, "test", asked, by=by, personal=personal))

    return of_role
