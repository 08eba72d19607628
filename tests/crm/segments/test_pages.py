"""Pages of segments: editor and its preview, the page of one, ready rules, what hostile names and trees do to them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.crm.segments.conftest import bought, column, customers, inside, work
from zhike_crm.accounts.models import Membership
from zhike_crm.customers.actions import create_customer
from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer
from zhike_crm.fields.actions import define_field
from zhike_crm.languages import in_language
from zhike_crm.segments import members
from zhike_crm.segments.actions import change_segment
from zhike_crm.segments.gallery import recipes
from zhike_crm.segments.models import Segment
from zhike_crm.segments.rules import check
from zhike_crm.segments.wording import rule_in_words
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db
Made = Callable[..., Segment]
ClientAs = Callable[..., Client]
HOSTILE = "<script>alert(1)</script>"


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def previewed(client: Client, tree: Any, **more: Any) -> str:
    return text_of(client.post("/w/shop/segments/preview", {"tree": json.dumps(tree), **more}))


# -- the editor --------------------------------------------------------------------------------------------------------
def test_a_rule_is_written_looked_at_and_saved(shop: Workspace, client_as: ClientAs) -> None:
    client = client_as("marketer")
    page = text_of(client.get("/w/shop/segments/new"))
    assert '"event:' not in page
    assert '"name": "purchase"' in page
    # What is usual in the data is suggested.
    assert '"category": ["Tea", "Dishes"]' in page
    tree = {"all": [bought("at_least", 1, category="tea"), column("orders", "gte", 7)]}
    found = previewed(client, tree)
    assert ">3<" in found
    assert found.index("Name 12") < found.index("Name 10") < found.index("Name 08")
    saved = client.post("/w/shop/segments/new", {"name": "Tea", "tree": json.dumps(tree), "dynamic": "on"})
    segment = Segment.objects.of(shop).get(name="Tea")
    assert saved["Location"] == f"/w/shop/segments/{segment.pk}/"
    assert "Waiting for a worker" in text_of(client.get(saved["Location"]))
    assert "HX-Refresh" not in client.get(f"/w/shop/segments/{segment.pk}/state")
    work()
    assert client.get(f"/w/shop/segments/{segment.pk}/state")["HX-Refresh"] == "true"
    assert inside(segment) == {"08", "10", "12"}
    assert segment.owner is not None


def test_what_is_wrong_is_said_beside_its_condition(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    client = client_as("marketer")
    good = column("orders", "gte", 1)
    assert 'data-wrong="1"' in previewed(client, {"all": [good, column("orders", "gte", "x")]})
    assert 'data-wrong="1"' in previewed(client, {"all": [good, {"not": bought("at_least", 0)}]})
    assert 'data-wrong=""' in previewed(client, {"all": [good, {"any": "x"}]})
    assert "Add a condition" in previewed(client, {})
    segment = made("First", good)
    again = previewed(client, column("segment", "any_of", [str(segment.pk)]), segment=segment.pk)
    assert "First → First" in again
    for damaged in ("[]", "{", '"x"', "[" * 100_000, '{"a": "\\u0000"}'):
        assert "Begin again" in text_of(client.post("/w/shop/segments/preview", {"tree": damaged}))


def test_a_rule_that_cannot_be_is_not_saved_and_not_lost(shop: Workspace, client_as: ClientAs) -> None:
    client = client_as("marketer")
    wrong = json.dumps({"all": [column("orders", "gte", 3), column("segment", "any_of", ["77"])]})
    answer = text_of(client.post("/w/shop/segments/new", {"name": "Wrong", "tree": wrong}))
    assert "There is no segment with the number 77." in answer
    assert '"value": ["77"]' in answer
    assert not Segment.objects.of(shop).exists()


def test_the_preview_shows_only_customers_within_reach(
    shop: Workspace, client_as: ClientAs, member: Callable[..., Membership]
) -> None:
    customers(shop, 7).update(owner=member("marketer", sees="own"))
    found = previewed(client_as("marketer"), column("orders", "gte", 1))
    assert ">1<" in found
    assert "Name 07" in found
    assert "Name 08" not in found


def test_conditions_of_a_list_become_a_rule(shop: Workspace, client_as: ClientAs) -> None:
    client = client_as("marketer")
    where = quote(json.dumps(column("orders", "gte", 10)))
    listed = unescape(text_of(client.get(f"/w/shop/customers/?where={where}&q=Name")))
    assert f"/w/shop/segments/new?where={where.replace('%20', '+')}" in listed
    page = text_of(client.get(f"/w/shop/segments/new?where={where}&q=Name+1"))
    assert '"test": "contains", "value": "Name 1"' in page
    # What is no rule is no beginning either.
    for bad in ("%7B", quote(json.dumps(column("password", "is", "x"))), quote('{"raw": 1}')):
        assert "password" not in text_of(client.get(f"/w/shop/segments/new?where={bad}"))
    assert "segments/new" not in text_of(client_as("viewer").get(f"/w/shop/customers/?where={where}"))


def test_a_rule_about_hidden_data_is_not_for_who_may_not_see_them(
    shop: Workspace, client_as: ClientAs, made: Made
) -> None:
    segment = made("Gmail", {"all": [column("email", "contains", "secret@"), column("orders", "gte", 1)]})
    analyst = client_as("analyst")
    for path in ("", "edit"):
        assert "secret@" not in text_of(analyst.get(f"/w/shop/segments/{segment.pk}/{path}"))
    assert "you cannot change it" in text_of(analyst.get(f"/w/shop/segments/{segment.pk}/edit"))
    sent = {"name": "Mine", "tree": json.dumps(column("email", "contains", "a"))}
    assert "There is no column email" in text_of(analyst.post("/w/shop/segments/new", sent))
    assert "There is no column email" in previewed(analyst, column("email", "contains", "a"))


# -- the page of one ---------------------------------------------------------------------------------------------------
def test_the_page_tells_who_they_are(shop: Workspace, client_as: ClientAs, made: Made, boss: Membership) -> None:
    tree = {"all": [column("orders", "gte", 10), {"not": bought("none", None, 90, category="Tea")}]}
    segment = made("Tea <3", tree, description="Those who like it")
    page = unescape(text_of(client_as("viewer").get(f"/w/shop/segments/{segment.pk}/")))
    assert "Orders at least 10 and not (no Purchases in the last 90 days [Category is Tea])" in page
    # 10 and 12 of 12: 1,000 + 1,440 of 6,500.
    assert "37.5%" in page
    assert "16.7%" in page
    assert "segments/" in page
    change_segment(segment, boss, tree=column("orders", "gte", 12))
    work()
    page = unescape(text_of(client_as("viewer").get(f"/w/shop/segments/{segment.pk}/")))
    assert "Size over time" in page
    assert "Earlier rules" in page
    turn = segment.turns.first()
    moved = text_of(client_as("viewer").get(f"/w/shop/segments/{segment.pk}/turns/{turn.pk}"))
    assert "Name 10" in moved


def test_in_chinese(shop: Workspace, client_as: ClientAs, made: Made, boss: Membership) -> None:
    """What the catalogue says is tested elsewhere; here, that values find their places."""
    with in_language("zh-hans"):
        tree = {"all": [bought("amount_at_least", 1234.5, 30, product="杯"), bought("at_most", 2)]}
        said = rule_in_words(tree, CustomerList(boss).columns)
    assert "1,234.5" in said
    assert "杯" in said
    assert "商品" in said


def test_members_are_a_list_and_a_file(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    client = client_as("marketer")
    page = unescape(text_of(client.get(f"/w/shop/segments/{segment.pk}/")))
    where = quote(json.dumps({"all": [column("segment", "any_of", [str(segment.pk)])]}), safe="").replace("%20", "+")
    assert f"/w/shop/customers/?where={where}" in page
    listed = text_of(client.get(f"/w/shop/customers/?where={where}&columns=name,segment,age"))
    assert ">6<" in "".join(listed.split())
    assert f'href="/w/shop/segments/{segment.pk}/"' in listed
    assert "Segment is one of Tea" in listed
    sent = client.get(f"/w/shop/customers/export?where={where}&columns=name,segment,age")
    rows = list(csv.DictReader(io.StringIO(b"".join(sent.streaming_content).decode("utf-8-sig"))))
    assert {row["Segment"] for row in rows} == {"Tea"}
    assert all(20 < float(row["Age"]) < 80 for row in rows)
    assert client_as("viewer").get(f"/w/shop/customers/export?where={where}").status_code == 403


def test_the_portrait_shows_the_segments(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    segment, gone = made("Tea", bought("at_least", 1, category="tea")), made("Archived", column("orders", "gte", 1))
    Segment.objects.of(shop).filter(pk=gone.pk).update(archived_at=gone.created_at)
    drinker, other = (customers(shop, number).get() for number in (2, 3))
    shown = text_of(client_as("viewer").get(f"/w/shop/customers/{drinker.pk}/"))
    assert f'href="/w/shop/segments/{segment.pk}/"' in shown
    assert "Archived" not in shown
    assert (
        "/w/shop/segments/" not in text_of(client_as("viewer").get(f"/w/shop/customers/{other.pk}/")).split("<main")[1]
    )


def test_the_list_of_segments(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    client = client_as("marketer")
    assert "No segments yet" in text_of(client.get("/w/shop/segments/"))
    segment = made("Tea", bought("at_least", 1, category="tea"))
    assert "Tea" in text_of(client.get("/w/shop/segments/"))
    client.post(f"/w/shop/segments/{segment.pk}/archive")
    assert "No segments yet" in text_of(client.get("/w/shop/segments/"))
    assert "Tea" in text_of(client.get("/w/shop/segments/archived/"))
    assert "in the archive" in text_of(client.get(f"/w/shop/segments/{segment.pk}/"))
    client.post(f"/w/shop/segments/{segment.pk}/restore")
    segment.refresh_from_db()
    assert segment.archived_at is None


def test_the_palette_finds_segments(shop: Workspace, client_as: ClientAs, made: Made) -> None:
    segment = made("Tea drinkers", bought("at_least", 1, category="tea"))
    found = text_of(client_as("viewer").get("/w/shop/palette?q=drink"))
    assert f"/w/shop/segments/{segment.pk}/" in found


# -- hostile names -----------------------------------------------------------------------------------------------------
def test_names_are_inert_everywhere(shop: Workspace, client_as: ClientAs, boss: Membership, made: Made) -> None:
    named = create_customer(boss, name=HOSTILE)
    define_field(boss, record_type="customers.customer", label=HOSTILE, kind="choice", options=[("", HOSTILE)])
    members.add(made("=HYPERLINK(1)"), Customer.objects.of(shop).filter(pk=named.pk), boss)
    segment = made(HOSTILE, bought("at_most", 100, product=HOSTILE), description=HOSTILE)
    client = client_as("owner")
    first = segment.turns.get()
    for path in (
        "segments/",
        "segments/new",
        "segments/gallery",
        f"segments/{segment.pk}/",
        f"segments/{segment.pk}/edit",
        f"segments/{segment.pk}/turns/{first.pk}",
        f"customers/{named.pk}/",
        "customers/?columns=name,segment",
        "audit/",
    ):
        assert HOSTILE not in text_of(client.get(f"/w/shop/{path}")), path
    assert HOSTILE not in previewed(client, column("name", "contains", "script"))
    sent = client.get("/w/shop/segments/export?columns=name")
    cells = b"".join(sent.streaming_content).decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in cells
    sent = client.get("/w/shop/customers/export?columns=segment")
    assert "'=HYPERLINK(1)" in b"".join(sent.streaming_content).decode("utf-8-sig")


# -- ready rules -------------------------------------------------------------------------------------------------------
def test_ready_rules_can_be_used_where_there_are_data(shop: Workspace, boss: Membership, client_as: ClientAs) -> None:
    records = CustomerList(boss)
    known = {recipe.code: recipe for group in recipes(records) for recipe in group.recipes}
    for recipe in known.values():
        if not recipe.lacks:
            check(recipe.tree, records)
    usable = {code for code, recipe in known.items() if not recipe.lacks}
    assert usable >= {"young", "best", "frequent", "complaining", "taste", "tagged", "country", "city"}
    assert {"companies", "unreached", "opinion", "choice", "store", "education"} <= set(known) - usable
    page = text_of(client_as("marketer").get("/w/shop/segments/gallery"))
    assert "recipe=taste" in page
    assert "recipe=unreached" not in page
    assert "Campaign touches" in page
    assert '"value": "Tea"' in text_of(client_as("marketer").get("/w/shop/segments/new?recipe=taste"))


def test_without_data_nothing_is_usable_and_all_is_said(workspace: Workspace, boss: Membership) -> None:
    assert all(recipe.lacks for group in recipes(CustomerList(boss)) for recipe in group.recipes)


# -- bounds ------------------------------------------------------------------------------------------------------------
def test_pages_ask_as_many_questions_whatever_there_is(
    shop: Workspace, client_as: ClientAs, made: Made, boss: Membership, django_assert_max_num_queries: Any
) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    client = client_as("owner")
    pages = {f"segments/{segment.pk}/": 24, "segments/": 14, "segments/new": 14, "customers/?columns=name,segment": 16}
    for path in pages:
        client.get(f"/w/shop/{path}")
    for path, most in pages.items():
        with django_assert_max_num_queries(most):
            client.get(f"/w/shop/{path}")
    for number in range(15):
        other = Segment.objects.create(workspace=shop, name=f"S{number}", kind="list", owner=boss)
        members.add(other, Customer.objects.of(shop), boss)
    for path, most in pages.items():
        with django_assert_max_num_queries(most):
            client.get(f"/w/shop/{path}")
