"""Files through the API, and the jobs behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from zhike_crm.imports.models import Import
from zhike_crm.jobs.queue import enqueue
from zhike_crm.jobs.worker import Worker
from zhike_crm.workspaces.models import Workspace

Callers = Callable[..., Any]
ORDERS = b"order_id,customer_id,ordered_at,amount,phone\n1,a,2026-01-02,10,13800138000\n2,b,2026-01-03,20,13900139000\n"


def file(content: bytes = ORDERS) -> SimpleUploadedFile:
    return SimpleUploadedFile("../../orders.csv", content, "text/csv")


def work() -> None:
    worker = Worker()
    while worker.work_once():
        pass


def test_a_file_goes_in_and_out(caller: Callers) -> None:
    mine = caller("owner")
    sent = mine.upload("/imports", {"file": file(), "source": "main"})
    assert sent.status_code == 202, sent.content
    address = f"/imports/{sent.json()['id']}"
    assert sent.json()["name"] == "orders.csv"
    assert mine.post(f"{address}/check", {}).status_code in (409, 422)
    work()
    assert mine.get(address).json()["state"] == "found"
    assert mine.post(f"{address}/check", {}).status_code == 202
    work()
    assert mine.post(f"{address}/run").status_code == 202
    work()
    done = mine.get(address).json()
    assert (done["state"], done["counts"]["rows"], done["counts"]["rejected"]) == ("imported", 2, 0)
    assert mine.get("/imports").json()["items"][0]["id"] == done["id"]
    assert mine.post(f"{address}/undo").status_code == 202
    work()
    assert mine.get(address).json()["state"] == "undone"
    jobs = mine.get("/jobs").json()["items"]
    assert {job["state"] for job in jobs} == {"done"}
    assert mine.get(f"/jobs/{jobs[0]['id']}").json() == jobs[0]


def test_a_files_values_are_for_who_may_see_them(caller: Callers) -> None:
    sent = caller("owner").upload("/imports", {"file": file(), "source": "main"}).json()
    work()
    said = caller("analyst").get(f"/imports/{sent['id']}")
    assert said.status_code == 200
    assert b"13800138000" not in said.content


def test_rights(caller: Callers, workspace: Workspace) -> None:
    sales = caller("sales")
    assert sales.upload("/imports", {"file": file()}).status_code == 403
    assert caller("owner", {"imports.view"}).upload("/imports", {"file": file()}).status_code == 403
    assert not Import.objects.everywhere().exists()
    job = enqueue(workspace, "import_look", {"import": 1})
    assert sales.get(f"/jobs/{job.pk}").status_code == 404
    assert sales.get("/jobs").json()["items"] == []
    assert sales.post("/refresh").status_code == 403


def test_a_file_that_is_too_large_is_refused(caller: Callers, settings: Any) -> None:
    settings.ZHIKE_UPLOAD_BYTES = 10
    assert caller("owner").upload("/imports", {"file": file()}).status_code == 422
    big = caller("owner").upload("/imports", {"file": file(ORDERS * 20_000)})
    assert big.status_code == 413
    assert not Import.objects.everywhere().exists()


def test_a_refresh_waits_once(caller: Callers) -> None:
    mine = caller("owner")
    first, second = mine.post("/refresh"), mine.post("/refresh")
    assert (first.status_code, first.json()["state"]) == (202, "queued")
    assert second.json()["id"] == first.json()["id"]


def test_a_form_that_cannot_be_read(caller: Callers) -> None:
    mine = caller("owner")
    headers = {"Authorization": f"Bearer {mine.secret}"}
    answer = Client().generic("POST", "/api/v1/imports", b"x", "multipart/form-data", headers=headers)
    assert answer.status_code == 400
