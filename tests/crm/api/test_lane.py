"""The short way to the API keeps what any answer needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhike_crm.customers.actions import create_customer
from zhike_crm.fields.actions import define_field

Callers = Callable[..., Any]


def test_answers_are_for_programs_only(caller: Callers) -> None:
    answer = caller("viewer").get("/customers")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["Content-Length"] == str(len(answer.content))
    assert not answer.cookies


def test_problems_are_said_in_the_language_of_who_asks(caller: Callers) -> None:
    mine = caller("viewer")
    chinese = mine.get("/customers/999", Accept_Language="zh-CN")
    assert chinese["Content-Language"] == "zh-hans"
    assert chinese.json()["title"] != mine.get("/customers/999").json()["title"]
    assert mine.get("/customers/999")["Content-Language"] == "en"


def test_only_our_own_host_is_answered(caller: Callers) -> None:
    headers = {"Authorization": f"Bearer {caller('viewer').secret}", "Host": "evil.example"}
    assert Client(raise_request_exception=False).get("/api/v1/customers", headers=headers).status_code == 400


def test_a_page_of_customers_takes_four_queries(
    caller: Callers, member: Any, django_assert_num_queries: Callable[..., CaptureQueriesContext]
) -> None:
    """The token, the customers with their scores, the custom fields of all of them, and which models failed."""
    owner = member("owner")
    define_field(owner, record_type="customers.customer", label="Size", kind="text")
    for n in range(5):
        made = create_customer(owner, name=f"Customer {n}", custom={"size": "L"})
    mine = caller("owner")
    for _ in range(2):
        mine.get("/customers")  # the first notes that the token is used
    with django_assert_num_queries(4):
        assert mine.get("/customers").json()["items"][0]["fields"] == {"size": "L"}
    with django_assert_num_queries(4):
        mine.get(f"/customers/{made.pk}")
