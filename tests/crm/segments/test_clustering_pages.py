"""Pages of groups that are found, and of segments side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import F
from django.test import Client

from tests.crm.segments.conftest import column, customers, work
from tests.crm.segments.crowd import VALUE, crowd
from tests.crm.segments.test_clusterings import People, found
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.models import Customer, Score
from zhike_crm.fields.actions import define_field
from zhike_crm.segments import cards, members
from zhike_crm.segments.actions import create_segment
from zhike_crm.segments.clustering_actions import keep_groups
from zhike_crm.segments.models import Clustering, Segment
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
ClientAs = Callable[..., Client]
HOSTILE = "<script>alert(1)</script>"
FORM = "/w/shop/segments/groups/new"


@pytest.fixture
def people(workspace: Workspace) -> People:
    return crowd(workspace)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return unescape(str(answer.content.decode()))


def page_of(clustering: Clustering) -> str:
    return f"/w/shop/segments/groups/{clustering.pk}/"


def test_from_the_form_to_segments(people: People, client_as: ClientAs) -> None:
    client = client_as("marketer")
    form = text_of(client.get(FORM))
    assert re.search(r'value="recency_days" checked', form)
    assert "Too little known:" in form
    assert not re.search(r'value="age"', form)
    rfm = text_of(client.get(f"{FORM}?set=rfm"))
    assert re.search(r'value="monetary" checked', rfm)
    sent = client.post(FORM, {"traits": VALUE, "groups": "", "name": ""})
    clustering = Clustering.objects.everywhere().get()
    assert sent["Location"] == page_of(clustering)
    assert clustering.names == {"en": "RFM", "zh": "RFM"}
    waiting = text_of(client.get(page_of(clustering)))
    assert "Waiting for a worker" in waiting
    assert "HX-Refresh" not in client.get(f"{page_of(clustering)}state")
    work()
    assert client.get(f"{page_of(clustering)}state")["HX-Refresh"] == "true"
    page = text_of(client.get(page_of(clustering)))
    assert "3 groups of 220 customers" in page
    assert "10 customers who have never bought are in no group." in page
    # Every figure leads to the customers behind it.
    group = clustering.groups.first()
    assert re.search(rf'href="/w/shop/customers/\?where=[^"]*group[^"]*{group.pk}', page)
    client.post(f"{page_of(clustering)}names", {f"name-{group.number}-en": "Quiet", f"name-{group.number}-zh": "安静"})
    assert 'value="Quiet"' in text_of(client.get(page_of(clustering)))
    kept = text_of(client.post(f"{page_of(clustering)}keep", follow=True))
    assert "They are segments now" in kept
    assert "Quiet" in text_of(client.get("/w/shop/segments/"))
    assert "Group 1 of" in text_of(client.get(f"/w/shop/segments/{group.pk}/"))


def test_what_is_wrong_with_the_form_is_said(people: People, client_as: ClientAs) -> None:
    client = client_as("marketer")
    assert "Tick what the customers" in text_of(client.post(FORM, {"traits": []}))
    assert "is known of 0% of the customers only" in text_of(client.post(FORM, {"traits": ["age"]}))
    assert "Select a valid choice" in text_of(client.post(FORM, {"traits": ["password"]}))
    assert text_of(client.post(FORM, {"traits": VALUE, "groups": "77"}))
    assert text_of(client.get(f"{FORM}?follows=99&set=nothing"))
    assert not Clustering.objects.everywhere().exists()


def test_nothing_found_is_a_page_too(workspace: Workspace, boss: Membership, client_as: ClientAs) -> None:
    clustering = found(boss)
    page = text_of(client_as("owner").get(page_of(clustering)))
    assert "No groups were found" in page
    assert "0 customers are too few" in page
    assert client_as("owner").post(f"{page_of(clustering)}discard").status_code == 302
    assert not Clustering.objects.everywhere().exists()
    assert "Tick what" not in text_of(client_as("owner").get(FORM))


def test_who_only_reads_sees_no_buttons(people: People, boss: Membership, client_as: ClientAs) -> None:
    clustering = found(boss)
    page = text_of(client_as("viewer").get(page_of(clustering)))
    assert "3 groups of" in page
    assert "Keep as segments" not in page
    assert client_as("viewer").get(FORM).status_code == 403


def test_hidden_traits_are_not_shown(people: People, boss: Membership, client_as: ClientAs) -> None:
    import datetime as dt

    for kind, year in (("best", 1950), ("rest", 2000), ("gone", 1980)):
        ids = [one.pk for one in people[kind]]
        Customer.objects.of(boss.workspace_id).filter(pk__in=ids).update(birth_date=dt.date(year, 1, 1))
    clustering = found(boss, groups=3)
    told = f"{FORM}?set=people", page_of(clustering)
    assert all(re.search(r"\bAge\b", text_of(client_as("owner").get(path))) for path in told)
    assert not any(re.search(r"\bAge\b", text_of(client_as("analyst").get(path))) for path in told)


def test_segments_of_any_kind_side_by_side(people: People, boss: Membership, client_as: ClientAs) -> None:
    clustering = found(boss)
    keep_groups(clustering, boss)
    guests = create_segment(boss, name=HOSTILE, kind=Segment.Kind.LIST)
    members.add(guests, customers_of(people["best"][:20]), boss)
    rule = create_segment(boss, name="Gone", tree=column("stage", "any_of", ["churn"]))
    work()
    asked = [guests, rule, *clustering.groups.all()]
    address = "/w/shop/segments/compare?" + "&".join(f"segment={one.pk}" for one in asked)
    raw = client_as("viewer").get(address).content.decode()
    assert HOSTILE not in raw
    page = unescape(raw)
    assert "What they have in common" in page
    # All who are gone are in the group of those; the guests are among the best.
    assert re.search(r"Gone \+ .*?>100<", page, re.S)
    assert page.count('class="card group-card"') == 5
    assert "Everybody" in page
    one = text_of(client_as("viewer").get(f"/w/shop/segments/compare?segment={guests.pk}"))
    assert "Tick two to six segments" in one
    many = [create_segment(boss, name=f"L{n}", kind=Segment.Kind.LIST) for n in range(7)]
    crowded = "&".join(f"segment={other.pk}" for other in many)
    assert "6 segments at most" in text_of(client_as("viewer").get(f"/w/shop/segments/compare?{crowded}"))
    empty = f"/w/shop/segments/compare?segment={many[0].pk}&segment={many[1].pk}&segment=x&segment={10**30}"
    assert "Nobody is in this segment" in text_of(client_as("viewer").get(empty))


def customers_of(some: list[Customer]) -> Any:
    return Customer.objects.of(some[0].workspace_id).filter(pk__in=[one.pk for one in some])


def test_without_any_segments(workspace: Workspace, client_as: ClientAs) -> None:
    assert "There are no segments yet." in text_of(client_as("viewer").get("/w/shop/segments/compare"))


def test_with_many_customers_a_job_works_it_out(
    people: People, boss: Membership, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples of everybody and of each; sizes and money of all."""
    for name, few in (("AT_ONCE", 20), ("SAMPLED", 120), ("OF_EACH", 15)):
        monkeypatch.setattr(cards, name, few)
    monkeypatch.setattr("zhike_crm.segments.overlaps.AT_ONCE", 20)
    clustering = found(boss)
    keep_groups(clustering, boss)
    cache.clear()
    groups = list(clustering.groups.all())
    address = "/w/shop/segments/compare?" + "&".join(f"segment={one.pk}" for one in groups)
    client = client_as("viewer")
    waiting = text_of(client.get(address))
    assert "Working out what sets them apart" in waiting
    assert "Share of revenue" in waiting
    work()
    page = text_of(client.get(address))
    assert "Working out" not in page
    assert "these averages are of a sample" in page
    told = cards.portrayals(boss.workspace, groups)
    assert told is not None
    for group in groups:
        mean = told[group.pk].card.traits[0]
        assert told[group.pk].sampled <= 16
        assert mean.is_clear


def test_hostile_labels_are_inert(people: People, boss: Membership, client_as: ClientAs) -> None:
    field = define_field(
        boss, record_type="customers.customer", label=HOSTILE, kind="choice", options=[("", HOSTILE), ("", "B")]
    )
    from zhike_crm.fields.values import write_many

    first, second = (option["code"] for option in field.options)
    for kind, code in (("best", first), ("gone", second), ("rest", second)):
        write_many(boss.workspace_id, [one.pk for one in people[kind]], [field], {field.name: code})
    clustering = found(boss, [f"field.{field.name}"], name=HOSTILE, groups=2)
    client = client_as("owner")
    for path in (FORM, page_of(clustering), "/w/shop/audit/"):
        assert HOSTILE not in client.get(path).content.decode(), path
    client.post(f"{page_of(clustering)}names", {"name-1-en": HOSTILE, "name-1-zh": HOSTILE})
    client.post(f"{page_of(clustering)}keep")
    for path in ("", "segments/", "customers/?columns=name,segment,group", "segments/compare"):
        assert HOSTILE not in client.get(f"/w/shop/{path}").content.decode(), path


def test_what_the_lake_knows_is_compared(shop: Workspace, boss: Membership, client_as: ClientAs) -> None:
    """Countries and what they spend most on, of customers whose orders are in the lake."""
    odd = create_segment(boss, name="Odd", kind=Segment.Kind.LIST)
    even = create_segment(boss, name="Even", kind=Segment.Kind.LIST)
    members.add(odd, customers(shop, 1, 3, 5, 7, 9, 11), boss)
    members.add(even, customers(shop, 2, 4, 6, 8, 10, 12), boss)
    told = cards.portrayals(shop, [odd, even])
    assert told is not None
    assert told[odd.pk].countries == [("China", 1.0)]
    assert told[even.pk].products == [("Green tea", 1.0)]
    page = text_of(client_as("viewer").get(f"/w/shop/segments/compare?segment={odd.pk}&segment={even.pk}"))
    assert "Green tea" in page
    assert "China" in page


def test_pages_ask_as_many_questions_whatever_there_is(
    people: People, boss: Membership, client_as: ClientAs, django_assert_max_num_queries: Any
) -> None:
    few, many = found(boss, groups=2), found(boss, groups=6)
    client = client_as("owner")
    pages = {page_of(few): 26, page_of(many): 38, FORM: 18}
    for path, most in pages.items():
        client.get(path)
        with django_assert_max_num_queries(most):
            client.get(path)


def test_rows_say_what_their_figures_are(people: People, boss: Membership, client_as: ClientAs) -> None:
    Score.objects.of(boss.workspace_id).update(average_order_value=12.5, monetary=F("monetary") / 100)
    clustering = found(boss, VALUE, groups=3)
    sections = client_as("viewer").get(page_of(clustering)).context["comparison"].sections
    size, apart, tiers, *_others = ({row.label: row for row in section.rows} for section in sections)
    assert [size[label].measure for label in ("Customers", "Revenue", "Value to come", "Average order")] == [
        "",
        "in all",
        "in all",
        "",
    ]
    assert {row.measure for row in apart.values()} <= {"mean", "median"}
    assert {row.measure for row in tiers.values()} == {""}
    amounts = [cell.text for cell in apart["Amount in the window"].cells]
    assert len(amounts) == 3
    assert all(re.fullmatch(r"\d\d?\.\d\d", amount) for amount in amounts)
    page = " ".join(text_of(client_as("viewer").get(page_of(clustering))).split())
    assert re.search(r'<th scope="row">Revenue <span [^>]*>\(in all\)</span></th>', page)
