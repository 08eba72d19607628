"""Groups found in the data: looked for, kept, followed with the same centres, found anew, thrown away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db.models import F

from tests.crm.segments.conftest import column, work
from tests.crm.segments.crowd import KINDS, STRANGERS, VALUE, crowd
from zhike_crm.accounts.models import Membership
from zhike_crm.audit.models import AuditEntry
from zhike_crm.customers.actions import create_customer, delete_customer
from zhike_crm.customers.models import Customer, Score
from zhike_crm.fields.actions import archive_field, define_field
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.fields.values import write_many
from zhike_crm.languages import in_language
from zhike_crm.segments import clustering_actions as actions
from zhike_crm.segments.actions import archive_segment, change_segment, create_segment, restore_segment
from zhike_crm.segments.clustering import NothingFound, Result, find, follow
from zhike_crm.segments.clustering_actions import discard_groups, keep_groups, look_for_groups, rename_groups
from zhike_crm.segments.computing import after_refresh
from zhike_crm.segments.models import Clustering, Member, Segment, Turn
from zhike_crm.ui.lists.bulk import undo
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
People = dict[str, list[Customer]]


@pytest.fixture
def people(workspace: Workspace) -> People:
    return crowd(workspace)


def found(by: Membership, traits: list[str] = VALUE, **values: Any) -> Clustering:
    """Groups that have been looked for."""
    clustering = look_for_groups(by, traits=traits, **values)
    work()
    return again(clustering)


def again(clustering: Clustering) -> Clustering:
    return Clustering.objects.of(clustering.workspace_id).select_related("workspace", "follows").get(pk=clustering.pk)


def inside(group: Segment) -> set[int]:
    rows = Member.objects.of(group.workspace_id).filter(segment=group, left_at=None)
    return set(rows.values_list("customer_id", flat=True))


def group_of(clustering: Clustering, people: list[Customer]) -> Segment:
    """The group in which most of these are."""
    ids = {one.pk for one in people}
    return max(clustering.groups.filter(archived_at=None), key=lambda group: len(inside(group) & ids))


def test_the_kinds_are_found_and_named(people: People, boss: Membership) -> None:
    clustering = found(boss)
    assert clustering.state == Clustering.State.FOUND
    groups = list(clustering.groups.order_by("number"))
    assert [group.count for group in groups] == sorted((count for *_x, count, _t, _s in KINDS.values()), reverse=True)
    for kind, those in people.items():
        if kind != "strangers":
            assert inside(group_of(clustering, those)) == {one.pk for one in those}
    best = group_of(clustering, people["best"])
    assert "high spend" in best.names["en"].lower()
    assert best.names["zh"] != best.names["en"]
    with in_language("zh-hans"):
        assert best.title == best.names["zh"]
    result = Result(clustering.result)
    assert (result.customers, result.outside, result.verdict) == (220, STRANGERS, "found")
    assert "3 groups" in result.why
    assert "Also found again: 3" not in result.why


def test_drafts_are_nobodys_business_until_kept(people: People, boss: Membership, client_as: Any) -> None:
    clustering = found(boss)
    group = clustering.groups.first()
    assert group.draft
    client = client_as("owner")
    assert group.name not in client.get("/w/shop/segments/").content.decode()
    assert client.get(f"/w/shop/segments/{group.pk}/").status_code == 404
    listed = client.get(f'/w/shop/customers/?where={{"column":"group","test":"any_of","value":["{group.pk}"]}}')
    assert f">{group.count}<" in "".join(listed.content.decode().split())
    keep_groups(clustering, boss)
    assert client.get(f"/w/shop/segments/{group.pk}/").status_code == 200
    listed = client.get(f'/w/shop/customers/?where={{"column":"segment","test":"any_of","value":["{group.pk}"]}}')
    assert f">{group.count}<" in "".join(listed.content.decode().split())


def test_kept_groups_follow_the_customers_with_the_same_centres(people: People, boss: Membership) -> None:
    clustering = found(boss)
    best, rest = (group_of(clustering, people[kind]) for kind in ("best", "rest"))
    keep_groups(clustering, boss)
    model = again(clustering).result["model"]
    # A rule that asks about a group is computed after it.
    rule = create_segment(boss, name="Best", tree=column("segment", "any_of", [str(best.pk)]))
    work()
    moved = people["best"][:5]
    like = Score.objects.of(boss.workspace_id).get(customer=people["rest"][0])
    values = {name: getattr(like, name) for name in VALUE}
    Score.objects.of(boss.workspace_id).filter(customer__in=moved).update(**values)
    delete_customer(people["best"][6], boss)
    assert after_refresh(boss.workspace, None) == 4
    assert inside(rest) >= {one.pk for one in moved}
    assert len(inside(best)) == KINDS["best"][3] - 6
    rule.refresh_from_db()
    assert rule.count == len(inside(best))
    newest = best.turns.first()
    assert (newest.cause, newest.entered, newest.left) == (Turn.Cause.REFRESH, 0, 6)
    stored = again(clustering)
    assert stored.result["model"] == model
    assert stored.fit["moved"] == pytest.approx(0.02, abs=0.02)
    assert not stored.fit["drift"]
    assert [turn.cause for turn in best.turns.all()] == ["refresh", "found"]


def test_the_same_customers_stay_where_they_are(people: People, boss: Membership) -> None:
    clustering = found(boss, groups=7)
    before = {group.pk: inside(group) for group in clustering.groups.all()}
    keep_groups(clustering, boss)
    after_refresh(boss.workspace, None)
    assert {group.pk: inside(group) for group in clustering.groups.all()} == before


def test_a_manager_is_told_when_the_groups_no_longer_fit(people: People, boss: Membership, client_as: Any) -> None:
    clustering = found(boss)
    keep_groups(clustering, boss)
    Score.objects.of(boss.workspace_id).update(monetary=F("monetary") * 90, recency_days=F("recency_days") * 4)
    after_refresh(boss.workspace, None)
    assert again(clustering).fit["drift"]
    page = client_as("owner").get(f"/w/shop/segments/groups/{clustering.pk}/").content.decode()
    assert "Find the groups anew." in page
    assert "to be found anew" in client_as("owner").get("/w/shop/segments/groups/new").content.decode()


def test_found_anew_the_segments_go_on(people: People, boss: Membership) -> None:
    clustering = found(boss)
    best = group_of(clustering, people["best"])
    keep_groups(clustering, boss)
    change_segment(best, boss, name="Our best")
    crowd_later = crowd(boss.workspace, ["best"], seed=5)
    anew = found(boss, follows=again(clustering))
    assert {group.number for group in anew.groups.all()} == {1, 2, 3}
    assert best.count == KINDS["best"][3]
    keep_groups(anew, boss)
    best.refresh_from_db()
    assert (best.clustering_id, best.title, best.draft) == (anew.pk, "Our best", False)
    assert inside(best) >= {one.pk for one in crowd_later["best"]}
    assert best.turns.first().cause == Turn.Cause.FOUND
    assert again(clustering).state == Clustering.State.PAST
    assert Segment.objects.of(boss.workspace_id).count() == 3
    assert {one.clustering_id for one in Segment.objects.of(boss.workspace_id)} == {anew.pk}


def test_groups_that_are_not_found_again_go_to_the_archive(people: People, boss: Membership) -> None:
    clustering = found(boss)
    keep_groups(clustering, boss)
    used = group_of(clustering, people["best"])
    rule = create_segment(boss, name="Asks", tree=column("segment", "any_of", [str(used.pk)]))
    anew = found(boss, follows=again(clustering), groups=4)
    keep_groups(anew, boss)
    assert anew.groups.filter(draft=False, archived_at=None).count() == 4
    fewer = found(boss, follows=again(anew), groups=2)
    kept = {one.number for one in fewer.groups.all()}
    if used.number not in kept:
        with pytest.raises(ValidationError, match="Asks"):
            keep_groups(fewer, boss)
        archive_segment(rule, boss)
    keep_groups(fewer, boss)
    in_use = Segment.objects.of(boss.workspace_id).filter(archived_at=None, kind="cluster")
    assert {one.number for one in in_use} == kept


# -- names -------------------------------------------------------------------------------------------------------------
def test_groups_are_called_what_people_say(people: People, boss: Membership) -> None:
    clustering = found(boss)
    one, other, third = clustering.groups.order_by("number")
    assert (
        rename_groups(clustering, {1: {"en": "Gone  away", "zh": "走了"}, 2: {"en": "Plain", "zh": "Plain"}}, boss) == 2
    )
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.name, one.names) == ("Gone away", {"en": "Gone away", "zh": "走了"})
    assert (other.name, other.names) == ("Plain", {})
    keep_groups(clustering, boss)
    with pytest.raises(ValidationError, match="Plain"):
        rename_groups(clustering, {3: {"en": "Plain", "zh": "x"}}, boss)
    for bad in ("", " ", "x" * 81):
        with pytest.raises(ValidationError):
            rename_groups(clustering, {3: {"en": bad, "zh": "x"}}, boss)
    # Called something else like any segment: in every language.
    change_segment(one, boss, name="Lost")
    one.refresh_from_db()
    with in_language("zh-hans"):
        assert one.title == "Lost"
    written = AuditEntry.objects.of(boss.workspace_id).filter(verb="segment.changed").order_by("pk").last()
    undo(boss.workspace, written.group, boss)
    one.refresh_from_db()
    assert (one.name, one.names) == ("Gone away", {"en": "Gone away", "zh": "走了"})
    third.refresh_from_db()
    assert third.names


def test_names_that_are_taken_get_a_number(people: People, boss: Membership) -> None:
    clustering = found(boss)
    name = clustering.groups.order_by("number").first().name
    create_segment(boss, name=name, kind=Segment.Kind.LIST)
    keep_groups(clustering, boss)
    assert clustering.groups.order_by("number").first().name == f"{name} (2)"


# -- undoing, throwing away, the archive -------------------------------------------------------------------------------
def test_keeping_is_undone(people: People, boss: Membership) -> None:
    clustering = found(boss)
    keep_groups(clustering, boss)
    written = AuditEntry.objects.of(boss.workspace_id).get(verb="clustering.kept")
    rule = create_segment(boss, name="Asks", tree=column("segment", "any_of", [str(clustering.groups.first().pk)]))
    with pytest.raises(ValidationError, match="Asks"):
        undo(boss.workspace, written.group, boss)
    archive_segment(rule, boss)
    undo(boss.workspace, written.group, boss)
    assert again(clustering).state == Clustering.State.FOUND
    assert all(group.draft for group in clustering.groups.all())


def test_what_is_not_kept_leaves_nothing_behind(people: People, boss: Membership) -> None:
    clustering = found(boss)
    discard_groups(clustering, boss)
    for model in (Clustering, Segment, Member, Turn):
        assert not model.objects.of(boss.workspace_id).exists(), model
    kept = found(boss)
    keep_groups(kept, boss)
    with pytest.raises(ValidationError, match="kept as segments"):
        discard_groups(kept, boss)
    with pytest.raises(ValidationError, match="nothing to keep"):
        keep_groups(kept, boss)


def test_a_group_from_the_archive_is_computed_anew(people: People, boss: Membership) -> None:
    clustering = found(boss)
    keep_groups(clustering, boss)
    best = Segment.objects.of(boss.workspace_id).get(pk=group_of(clustering, people["best"]).pk)
    archive_segment(best, boss)
    delete_customer(people["best"][0], boss)
    after_refresh(boss.workspace, None)
    assert len(inside(best)) == KINDS["best"][3]
    restore_segment(best, boss)
    work()
    assert len(inside(best)) == KINDS["best"][3] - 1


def test_run_twice_it_does_the_same(people: People, boss: Membership) -> None:
    """A worker may die at any moment, and another one begin again."""
    clustering = look_for_groups(boss, traits=VALUE)
    work()
    before = again(clustering).result
    Clustering.objects.of(boss.workspace_id).update(state=Clustering.State.LOOKING)
    actions.have_found(clustering, boss)
    work()
    assert again(clustering).result == before
    assert clustering.groups.count() == 3


def test_thrown_away_while_they_are_looked_for(people: People, boss: Membership) -> None:
    clustering = look_for_groups(boss, traits=VALUE)
    stale = again(clustering)
    discard_groups(clustering, boss)
    assert find(stale, lambda _step: None) == []
    assert not Segment.objects.of(boss.workspace_id).exists()
    work()


def test_a_late_run_leaves_what_is_kept(people: People, boss: Membership) -> None:
    """Two workers may look for the same groups: the second one ends after somebody has kept those of the first."""
    clustering = look_for_groups(boss, traits=VALUE)
    stale = again(clustering)
    find(again(clustering), lambda _step: None)
    keep_groups(again(clustering), boss)
    before = {group.pk: (group.name, inside(group)) for group in clustering.groups.all()}
    kept = again(clustering)
    assert find(stale, lambda _step: None) == []
    assert {group.pk: (group.name, inside(group)) for group in clustering.groups.all()} == before
    now = again(clustering)
    assert (now.state, now.result, now.found_at) == (Clustering.State.KEPT, kept.result, kept.found_at)


def test_a_late_run_that_finds_nothing_leaves_what_is_kept(
    people: People, boss: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    clustering = look_for_groups(boss, traits=VALUE)

    def find_late(stale: Clustering, _say: Any) -> list[Segment]:
        find(again(stale), lambda _step: None)
        keep_groups(again(stale), boss)
        raise NothingFound("the customers are gone")

    monkeypatch.setattr("zhike_crm.segments.tasks.find", find_late)
    work()
    assert (again(clustering).state, again(clustering).problem) == (Clustering.State.KEPT, "")


# -- what cannot be grouped --------------------------------------------------------------------------------------------
def test_too_few_and_all_the_same_are_said_in_a_sentence(workspace: Workspace, boss: Membership) -> None:
    nobody = found(boss)
    assert (nobody.state, nobody.problem) == (
        "failed",
        "0 customers are too few to find groups among; there have to be 10.",
    )
    create_customer(boss, name="Alone")
    assert found(boss, ["kind"]).problem.startswith("1 customers are too few")
    for number in range(12):
        create_customer(boss, name=f"C{number}", country="France")
    same = found(boss, ["kind", "country"])
    assert same.state == "failed"
    assert "Kind is not used: it is the same for everybody." in same.problem
    assert "Nothing tells these customers apart." in same.problem
    assert not Segment.objects.of(workspace).exists()


def test_customers_without_groups_are_told_so(workspace: Workspace, boss: Membership) -> None:
    rng = np.random.default_rng(4)
    people = crowd(workspace, ["gone", "rest"])
    everybody = [one for those in people.values() for one in those]
    scores = list(Score.objects.of(workspace).filter(customer__in=everybody, never_purchased=False))
    for score in scores:
        score.recency_days, score.frequency = int(rng.uniform(1, 400)), int(rng.uniform(1, 40))
        score.monetary = float(rng.uniform(10, 900))
    Score.objects.of(workspace).bulk_update(scores, VALUE)
    clustering = found(boss)
    assert clustering.state == "found"
    assert Result(clustering.result).verdict in ("drawn", "unstable")


@pytest.mark.parametrize(
    ("traits", "groups", "said"),
    [
        ([], None, "Choose from one"),
        (["password"], None, "password"),
        (["value_tier"], None, "value_tier"),
        (VALUE, 1, "from 2 to 12"),
        (VALUE, 13, "from 2 to 12"),
    ],
    ids=str,
)
def test_what_cannot_be_looked_for(boss: Membership, traits: list[str], groups: int | None, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        look_for_groups(boss, traits=traits, groups=groups)


def test_hidden_data_are_not_for_who_may_not_see_them(
    people: People, member: Callable[..., Membership], boss: Membership
) -> None:
    with pytest.raises(ValidationError, match="age"):
        look_for_groups(member("analyst"), traits=["age", "monetary"])
    look_for_groups(boss, traits=["age", "monetary"])


def test_drafts_do_not_pile_up(people: People, boss: Membership) -> None:
    for _number in range(actions.DRAFTS):
        look_for_groups(boss, traits=VALUE)
    with pytest.raises(ValidationError, match="throw some away"):
        look_for_groups(boss, traits=VALUE)


# -- fields of one's own -----------------------------------------------------------------------------------------------
@pytest.fixture
def own(people: People, boss: Membership) -> dict[str, FieldDefinition]:
    """A choice, several choices, a number and a yes or no that go with the kinds."""
    options = [("", "Tea"), ("", "Cups")]
    fields = {
        kind: define_field(boss, record_type="customers.customer", label=kind.title(), kind=kind, options=chosen)
        for kind, chosen in {"choice": options, "choices": options, "number": [], "yesno": []}.items()
    }
    tea, cups = (option["code"] for option in fields["choice"].options)
    for kind, values in {"best": (tea, [tea, cups], 5.0, True), "gone": (cups, [cups], 1.0, False)}.items():
        ids = [one.pk for one in people[kind]]
        for field, value in zip(fields.values(), values, strict=True):
            write_many(boss.workspace_id, ids, [field], {field.name: value})
    return fields


def test_own_fields_tell_customers_apart(people: People, own: dict[str, FieldDefinition], boss: Membership) -> None:
    tea = own["choice"].options[0]["code"]
    names = {kind: f"field.{field.name}" for kind, field in own.items()}
    traits = [names["choice"], f"{names['choices']}={tea}", names["number"], names["yesno"]]
    clustering = found(boss, traits, groups=2)
    best = group_of(clustering, people["best"])
    assert inside(best) >= {one.pk for one in people["best"]}
    assert not inside(best) & {one.pk for one in people["gone"]}
    assert "Tea" in " ".join(group.names["en"] for group in clustering.groups.all())
    keep_groups(clustering, boss)
    before = inside(best)
    after_refresh(boss.workspace, None)
    assert inside(best) == before


def test_a_field_that_is_gone_leaves_the_members(
    people: People, own: dict[str, FieldDefinition], boss: Membership, client_as: Any
) -> None:
    clustering = found(boss, [f"field.{own['number'].name}", "monetary"], groups=2)
    keep_groups(clustering, boss)
    before = {group.pk: inside(group) for group in clustering.groups.all()}
    archive_field(own["number"], boss)
    assert follow(again(clustering), Turn.Cause.REFRESH) == 0
    assert {group.pk: inside(group) for group in clustering.groups.all()} == before
    assert "is gone" in again(clustering).problem
    page = client_as("owner").get(f"/w/shop/segments/groups/{clustering.pk}/").content.decode()
    assert "could not be computed the last time" in page
