"""Groups found with personal data are not there for who may not see such data; and their names tell none of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.crm.api.conftest import Caller
from tests.crm.api.conftest import caller as caller
from tests.crm.segments.conftest import column, work
from tests.crm.segments.crowd import VALUE, crowd
from tests.crm.segments.test_clusterings import People, found, group_of
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.fields.actions import change_field, define_field
from zhike_crm.fields.values import write_many
from zhike_crm.segments.actions import archive_segment, create_segment
from zhike_crm.segments.clustering_actions import keep_groups, look_for_groups
from zhike_crm.segments.models import Clustering, Segment
from zhike_crm.segments.reading import everybody
from zhike_crm.segments.rules import is_hidden
from zhike_crm.ui.lists.conditions import BadCondition, query
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
BORN = {"best": (1950, "female"), "rest": (2000, "male"), "gone": (1980, "male")}


@pytest.fixture
def people(workspace: Workspace) -> People:
    found_people = crowd(workspace)
    for kind, (year, gender) in BORN.items():
        rows = Customer.objects.of(workspace).filter(pk__in=[one.pk for one in found_people[kind]])
        rows.update(birth_date=dt.date(year, 1, 1), gender=gender)
    return found_people


@pytest.fixture
def personal(people: People, boss: Membership) -> Clustering:
    """Groups that were found with the age, not kept yet."""
    return found(boss, ["age", "gender"], groups=3)


@pytest.fixture
def older(personal: Clustering, people: People) -> Segment:
    return group_of(personal, people["best"])


def listed(client: Client, path: str, name: str, pk: int) -> str:
    where = quote(json.dumps(column(name, "any_of", [str(pk)])))
    answer = client.get(f"/w/shop/customers/{path}?where={where}&columns=name,segment,group")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()


# -- names -------------------------------------------------------------------------------------------------------------
def test_names_are_made_of_what_is_not_personal(people: People, boss: Membership) -> None:
    mixed = found(boss, ["age", "gender", *VALUE], groups=3)
    assert mixed.personal
    best = group_of(mixed, people["best"])
    assert "spend" in best.names["en"].lower()
    said = " ".join(json.dumps(one.names, ensure_ascii=False) for one in mixed.groups.all()).lower()
    for word in ("age:", "older", "younger", "gender", "male", "年龄", "性别"):
        assert word not in said, said


def test_groups_that_only_personal_data_tell_apart_have_a_number(personal: Clustering) -> None:
    called = {group.number: group.names for group in personal.groups.all()}
    assert called == {number: {"en": f"Group {number}", "zh": called[number]["zh"]} for number in (1, 2, 3)}
    assert len({names["zh"] for names in called.values()}) == 3


def test_who_is_near_the_average_is_still_called_so(people: People, boss: Membership) -> None:
    plain = found(boss, ["monetary"], groups=3)
    assert not plain.personal
    assert not any("Group" in group.name for group in plain.groups.all())


# -- before they are kept ----------------------------------------------------------------------------------------------
def test_drafts_are_not_there_without_the_right(
    personal: Clustering, older: Segment, client_as: Callable[..., Client], people: People
) -> None:
    name = people["best"][0].name
    path = f"/w/shop/segments/groups/{personal.pk}/"
    for role, status in (("marketer", 200), ("analyst", 404), ("viewer", 404)):
        client = client_as(role)
        assert client.get(path).status_code == status, role
        assert client.get(f"{path}state").status_code == status, role
        assert (name in listed(client, "", "group", older.pk)) == (status == 200), role
    analyst = client_as("analyst")
    for what in ("keep", "names", "discard"):
        assert analyst.post(f"{path}{what}", {f"name-{older.number}-en": "x"}).status_code == 404
    assert path not in analyst.get("/w/shop/segments/groups/new").content.decode()
    assert path in client_as("marketer").get("/w/shop/segments/groups/new").content.decode()
    followed = analyst.get(f"/w/shop/segments/groups/new?follows={personal.pk}")
    assert followed.context["follows"] is None


def test_drafts_are_no_choice_without_the_right(
    personal: Clustering, older: Segment, member: Callable[..., Membership]
) -> None:
    assert str(older.pk) in CustomerList(member("marketer")).columns["group"].by_code
    assert CustomerList(member("analyst")).columns["group"].by_code == {}


def test_a_rule_cannot_ask_about_them(
    personal: Clustering, older: Segment, member: Callable[..., Membership], boss: Membership
) -> None:
    """A rule is computed for nobody in particular, so it would find what its author may not see."""
    analyst = member("analyst")
    with pytest.raises(BadCondition, match=f"no segment with the number {older.pk}"):
        create_segment(analyst, name="Draft", tree=column("group", "any_of", [str(older.pk)]))
    keep_groups(personal, boss)
    tree = column("segment", "none_of", [str(older.pk)])
    with pytest.raises(BadCondition, match=f"no segment with the number {older.pk}"):
        create_segment(analyst, name="Kept", tree=tree)
    assert create_segment(boss, name="Others", tree=tree).pk
    assert is_hidden(tree, CustomerList(analyst))
    assert not is_hidden(tree, CustomerList(member("marketer")))


# -- once they are kept ------------------------------------------------------------------------------------------------
def test_kept_groups_are_not_there_without_the_right(
    personal: Clustering, older: Segment, people: People, boss: Membership, client_as: Callable[..., Client]
) -> None:
    keep_groups(personal, boss)
    Segment.objects.of(boss.workspace_id).filter(pk=older.pk).update(name="Seniors", names={})
    guests = create_segment(boss, name="Guests", kind=Segment.Kind.LIST)
    name = people["best"][0].name
    for role, sees in (("marketer", True), ("analyst", False)):
        client = client_as(role)
        assert (client.get(f"/w/shop/segments/{older.pk}/").status_code == 200) == sees
        assert client.get(f"/w/shop/segments/{guests.pk}/").status_code == 200
        for path in ("segments/", "segments/compare", "customers/?columns=name,segment", "palette?q=senior"):
            page = client.get(f"/w/shop/{path}")
            assert page.status_code == 200, path
            assert ("Seniors" in page.content.decode()) == sees, (path, role)
        assert (name in listed(client, "", "segment", older.pk)) == sees
        assert (name in listed(client, "export", "segment", older.pk)) == sees
        chosen = f"segment={older.pk}&segment={guests.pk}"
        compared = client.get(f"/w/shop/segments/compare?{chosen}").context["chosen"]
        assert (older in compared) == sees
    for what in ("archive", "compute", "edit"):
        assert client_as("analyst").post(f"/w/shop/segments/{older.pk}/{what}").status_code == 404
    archive_segment(older, boss)
    for role, sees in (("marketer", True), ("analyst", False)):
        assert ("Seniors" in client_as(role).get("/w/shop/segments/archived/").content.decode()) == sees


def test_the_cells_of_lists_and_exports_do_not_tell(
    personal: Clustering, older: Segment, boss: Membership, client_as: Callable[..., Client]
) -> None:
    keep_groups(personal, boss)
    Segment.objects.of(boss.workspace_id).filter(pk=older.pk).update(name="Seniors", names={})
    for path in ("", "export"):
        address = f"/w/shop/customers/{path}?columns=name,segment&q=best"
        for role, sees in (("marketer", True), ("analyst", False)):
            answer = client_as(role).get(address)
            said = b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()
            assert "best 0 000" in said
            assert ("Seniors" in said) == sees, (path, role)
            assert sees or f"/segments/{older.pk}/" not in said


def test_that_somebody_is_in_any_segment_tells_nothing(
    personal: Clustering, boss: Membership, member: Callable[..., Membership]
) -> None:
    keep_groups(personal, boss)
    inside = {}
    for role in ("marketer", "analyst"):
        records = CustomerList(member(role))
        met = query(column("segment", "filled"), records.columns, today=dt.date(2026, 6, 30))
        inside[role] = records.rows().filter(met).count()
    assert inside == {"marketer": everybody(personal.workspace).count(), "analyst": 0}


def test_groups_of_other_traits_are_for_everybody(
    people: People, boss: Membership, client_as: Callable[..., Client]
) -> None:
    clustering = found(boss)
    best = group_of(clustering, people["best"])
    analyst = client_as("analyst")
    assert analyst.get(f"/w/shop/segments/groups/{clustering.pk}/").status_code == 200
    assert people["best"][0].name in listed(analyst, "", "group", best.pk)
    keep_groups(clustering, boss)
    assert analyst.get(f"/w/shop/segments/{best.pk}/").status_code == 200
    assert people["best"][0].name in listed(analyst, "", "segment", best.pk)


# -- what became personal since ----------------------------------------------------------------------------------------
def test_groups_of_a_field_that_became_personal_since(
    people: People, boss: Membership, client_as: Callable[..., Client], caller: Callable[..., Caller]
) -> None:
    asked = {"record_type": "customers.customer"}
    kids = define_field(boss, **asked, label="Kids", kind="number")
    mail = define_field(boss, **asked, label="Ways", kind="choices", options=[("", "Mail"), ("", "Phone")])
    for kind, many in (("best", 4), ("rest", 0), ("gone", 1)):
        ids = [one.pk for one in people[kind]]
        write_many(boss.workspace_id, ids, [kids, mail], {"kids": float(many), "ways": ["mail"] if many else ["phone"]})
    clusterings = {
        field.name: found(boss, [trait]) for field, trait in ((kids, "field.kids"), (mail, "field.ways=mail"))
    }
    keep_groups(clusterings["kids"], boss)
    kept = group_of(clusterings["kids"], people["best"])
    analyst, program = client_as("analyst"), caller("analyst")
    paths = {name: f"/w/shop/segments/groups/{one.pk}/" for name, one in clusterings.items()}
    for field in (kids, mail):
        assert analyst.get(paths[field.name]).status_code == 200
    assert people["best"][0].name in listed(analyst, "", "segment", kept.pk)
    change_field(kids, boss, label="Kids", personal=True)
    assert [analyst.get(path).status_code for path in paths.values()] == [404, 200]
    change_field(mail, boss, label="Ways", personal=True, options=[("mail", "Mail"), ("phone", "Phone")])
    assert [analyst.get(path).status_code for path in paths.values()] == [404, 404]
    assert analyst.get(f"/w/shop/segments/{kept.pk}/").status_code == 404
    assert people["best"][0].name not in listed(analyst, "", "segment", kept.pk)
    assert program.get("/clusterings").json()["items"] == []
    assert program.get(f"/segments/{kept.pk}/profile").status_code == 404
    marketer = client_as("marketer")
    assert [marketer.get(path).status_code for path in paths.values()] == [200, 200]
    assert people["best"][0].name in listed(marketer, "", "segment", kept.pk)


# -- over the API ------------------------------------------------------------------------------------------------------
def test_the_api_does_not_know_them_without_the_right(
    personal: Clustering, older: Segment, boss: Membership, caller: Callable[..., Caller]
) -> None:
    analyst, marketer = caller("analyst"), caller("marketer")
    narrow = caller("owner", ["customers.view", "segments.edit"])
    path = f"/clusterings/{personal.pk}"
    where = f'{{"column":"group","test":"any_of","value":["{older.pk}"]}}'
    for call, sees in ((marketer, True), (analyst, False), (narrow, False)):
        assert [row["id"] for row in call.get("/clusterings").json()["items"]] == [personal.pk] * sees
        assert call.get(path).status_code == (200 if sees else 404)
        assert len(call.get(f"/customers?where={where}").json()["items"]) == 40 * sees
    for call in (analyst, narrow):
        assert call.post(f"{path}/keep").status_code == 404
        assert call.patch(path, {"groups": [{"number": 1, "en": "x", "zh": "y"}]}).status_code == 404
        assert call("DELETE", path).status_code == 404
        assert call.post("/clusterings", {"traits": VALUE, "follows": personal.pk}).status_code == 404
    keep_groups(personal, boss)
    where = where.replace("group", "segment")
    for call, sees in ((marketer, True), (analyst, False)):
        assert len(call.get(f"/customers?where={where}").json()["items"]) == 40 * sees
        assert call.get(f"/segments/{older.pk}/profile").status_code == (200 if sees else 404)


# -- names that people send --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bad", ["A\x00B", "A\x1bB", "A\x7fB", "A\x85B\x9f"], ids=ascii)
def test_names_hold_no_control_characters(
    people: People, boss: Membership, client_as: Callable[..., Client], caller: Callable[..., Caller], bad: str
) -> None:
    clustering = found(boss)
    path = f"/w/shop/segments/groups/{clustering.pk}/"
    page = client_as("owner").post(f"{path}names", {"name-1-en": bad, "name-1-zh": bad}, follow=True)
    assert "A name cannot hold control characters." in page.content.decode()
    call = caller("owner")
    answer = call.patch(f"/clusterings/{clustering.pk}", {"groups": [{"number": 1, "en": bad, "zh": "x"}]})
    assert answer.status_code == 422, answer.content
    assert call.post("/clusterings", {"traits": VALUE, "name": bad}).status_code == 422
    with pytest.raises(ValidationError, match="control characters"):
        look_for_groups(boss, traits=VALUE, name=bad)
    long = client_as("owner").post(f"{path}names", {"name-1-en": "x" * 100_000, "name-1-zh": "x"}, follow=True)
    assert "80 letters at most" in long.content.decode()
    work()


def test_the_api_of_segments_does_not_know_kept_ones_without_the_right(
    personal: Clustering, boss: Membership, caller: Callable[..., Caller]
) -> None:
    kept = keep_groups(personal, boss)
    pk = kept[0].pk
    analyst, owner = caller("analyst"), caller("owner")
    assert {one["id"] for one in owner.get("/segments").json()["items"]} >= {one.pk for one in kept}
    assert {one["id"] for one in analyst.get("/segments").json()["items"]}.isdisjoint({one.pk for one in kept})
    for path in (f"/segments/{pk}", f"/segments/{pk}/history", f"/segments/{pk}/profile"):
        assert owner.get(path).status_code == 200, path
        assert analyst.get(path).status_code == 404, path
