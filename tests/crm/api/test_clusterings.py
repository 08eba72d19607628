"""Groups found in the data, and what segments are like, over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.crm.api.conftest import Caller
from tests.crm.segments.crowd import VALUE, crowd
from zhike_crm.customers.models import Customer
from zhike_crm.jobs.worker import Worker
from zhike_crm.segments.models import Clustering
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(workspace: Workspace) -> dict[str, list[Customer]]:
    return crowd(workspace)


def work() -> None:
    while Worker().work_once():
        pass


def found(call: Caller, **body: Any) -> dict[str, Any]:
    asked = call.post("/clusterings", {"traits": VALUE, **body})
    assert asked.status_code == 202, asked.content
    assert asked.json()["state"] == "looking"
    work()
    return dict(call.get(f"/clusterings/{asked.json()['id']}").json())


def test_groups_are_found_named_kept_and_read(people: dict[str, list[Customer]], caller: Callable[..., Caller]) -> None:
    call = caller("marketer")
    known = {one["name"]: one for one in call.get("/clusterings/traits").json()["items"]}
    assert known["monetary"]["known"] == pytest.approx(220 / 230)
    assert known["age"]["known"] == 0
    one = found(call)
    path = f"/clusterings/{one['id']}"
    assert (one["state"], one["verdict"], one["customers"], one["outside"]) == ("found", "found", 220, 10)
    assert [group["count"] for group in one["groups"]] == [100, 80, 40]
    assert [tried["groups"] for tried in one["tried"]] == list(range(2, 9))
    assert "3 groups" in one["why"]
    assert call.get("/segments").json()["items"] == []
    best = one["groups"][2]
    where = f'{{"column":"group","test":"any_of","value":["{best["id"]}"]}}'
    assert len(call.get(f"/customers?where={where}").json()["items"]) == 40
    renamed = call.patch(path, {"groups": [{"number": 3, "en": "Best", "zh": "最好的"}]}).json()
    assert renamed["groups"][2]["names"] == {"en": "Best", "zh": "最好的"}
    assert call.post(f"{path}/keep").json()["state"] == "kept"
    assert call.post(f"{path}/keep").status_code == 422
    listed = call.get("/segments").json()["items"]
    assert {(row["kind"], row["clustering"]) for row in listed} == {("cluster", one["id"])}
    assert "Best" in {row["name"] for row in listed}
    assert len(call.get(f"/segments/{best['id']}/customers?limit=100").json()["items"]) == 40
    assert call.post(f"/segments/{best['id']}/customers", {"add": [people["gone"][0].pk]}).status_code == 422
    told = call.get(f"/segments/{best['id']}/profile").json()
    assert (told["ready"], told["customers"], told["tiers"]) == (True, 40, {"high": 40})
    assert told["traits"][0]["is_clear"]
    assert call("DELETE", path).status_code == 422
    assert [row["id"] for row in call.get("/clusterings").json()["items"]] == [one["id"]]


def test_anew_and_away(people: dict[str, list[Customer]], caller: Callable[..., Caller]) -> None:
    call = caller("marketer")
    one = found(call)
    call.post(f"/clusterings/{one['id']}/keep")
    anew = found(call, follows=one["id"], groups=4)
    assert (anew["follows"], anew["asked"], len(anew["groups"])) == (one["id"], 4, 4)
    call.post(f"/clusterings/{anew['id']}/keep")
    assert call.get(f"/clusterings/{one['id']}").json()["state"] == "past"
    draft = found(call)
    assert call("DELETE", f"/clusterings/{draft['id']}").status_code == 204
    assert call.get(f"/clusterings/{draft['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"traits": []},
        {"traits": ["password"]},
        {"traits": ["monetary"] * 21},
        {"traits": ["monetary"], "groups": 1},
        {"traits": ["monetary"], "groups": "x"},
        {"traits": ["monetary"], "state": "kept"},
        {"traits": [1]},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_a_sentence(caller: Callable[..., Caller], body: dict[str, Any]) -> None:
    answer = caller("marketer").post("/clusterings", body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not Clustering.objects.everywhere().exists()


def test_who_may_what(people: dict[str, list[Customer]], caller: Callable[..., Caller]) -> None:
    one = found(caller("owner"))
    reader = caller("viewer")
    assert reader.get(f"/clusterings/{one['id']}").status_code == 200
    for address in ("/clusterings", f"/clusterings/{one['id']}/keep"):
        assert reader.post(address, {"traits": VALUE}).status_code == 403
    assert reader.get("/clusterings/traits").status_code == 403
    assert reader("DELETE", f"/clusterings/{one['id']}").status_code == 403
    analyst = caller("analyst")
    assert "age" not in {row["name"] for row in analyst.get("/clusterings/traits").json()["items"]}
    assert analyst.post("/clusterings", {"traits": ["age"]}).status_code == 422
    assert analyst.post("/clusterings", {"traits": VALUE, "follows": 10**6}).status_code == 404
