"""A POST with a key happens once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from zhike_crm.api.idempotency import forget_old
from zhike_crm.api.models import StoredAnswer
from zhike_crm.customers.models import Customer

Callers = Callable[..., Any]


def test_the_same_request_gets_the_same_answer(caller: Callers) -> None:
    mine = caller("owner")
    first, second = (mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert second["ETag"] == first["ETag"]
    assert Customer.objects.everywhere().count() == 1


def test_another_request_under_the_same_key_is_refused(caller: Callers) -> None:
    mine = caller("owner")
    mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1")
    assert mine.post("/customers", {"name": "Wang"}, Idempotency_Key="k1").status_code == 422
    assert mine.post("/tasks", {"title": "Li"}, Idempotency_Key="k1").status_code == 422
    assert Customer.objects.everywhere().count() == 1


def test_keys_belong_to_a_token(caller: Callers) -> None:
    for _ in range(2):
        assert caller("owner").post("/customers", {"name": "Li"}, Idempotency_Key="k1").status_code == 201
    assert Customer.objects.everywhere().count() == 2


def test_what_was_refused_can_be_sent_again(caller: Callers) -> None:
    mine = caller("owner")
    assert mine.post("/customers", {"name": ""}, Idempotency_Key="k1").status_code == 422
    assert mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1").status_code == 201


def test_a_revoked_token_gets_no_stored_answer(caller: Callers) -> None:
    mine = caller("owner")
    mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1")
    mine.token.delete()
    assert mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1").status_code == 401


def test_narrower_rights_get_no_stored_answer(caller: Callers) -> None:
    mine = caller("owner")
    mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1")
    mine.token.scopes = []
    mine.token.save()
    assert mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1").status_code == 403


def test_after_a_day_a_key_is_new(caller: Callers) -> None:
    mine = caller("owner")
    mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1")
    rows = StoredAnswer.objects.everywhere()
    rows.update(created_at=rows.get().created_at - dt.timedelta(hours=25))
    mine.post("/customers", {"name": "Li"}, Idempotency_Key="k1")
    assert Customer.objects.everywhere().count() == 2
    rows.update(created_at=rows.get().created_at - dt.timedelta(hours=25))
    assert forget_old() == 1
