"""Pieces of pages that were drawn before: for whom, until when, and how many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client

from zhike_crm.accounts.access import Reach, audience
from zhike_crm.accounts.models import Membership, User
from zhike_crm.languages import in_language
from zhike_crm.ui.fragments import FRAGMENTS, KEY, Fragments
from zhike_crm.workspaces.models import Workspace

Members = Callable[..., Membership]


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    FRAGMENTS.clear()
    yield
    FRAGMENTS.clear()


def written(text: str, **context: Any) -> str:
    return Template("{% load zhike i18n %}" + text).render(Context(context))


def test_a_piece_is_drawn_anew_only_when_what_it_is_made_of_is_another() -> None:
    piece = '{% fragment "greeting" day %}{{ word }}{% endfragment %}'
    assert written(piece, day=1, word="Hello") == "Hello"
    assert written(piece, day=1, word="Never asked for") == "Hello"
    assert written(piece, day=2, word="Again") == "Again"
    assert written(piece.replace("greeting", "other"), day=1, word="Another") == "Another"


def test_what_only_the_piece_reads_is_asked_for_only_when_it_is_drawn() -> None:
    asked: list[int] = []

    def told() -> dict[str, int]:
        asked.append(1)
        return {"word": len(asked)}

    piece = '{% fragment "count" day with told %}{{ word }}{% endfragment %}{{ word }}'
    assert [written(piece, day=day, told=told) for day in (1, 1, 2)] == ["1", "1", "2"]
    assert len(asked) == 2


def test_everybody_gets_their_own_token() -> None:
    piece = '{% fragment "form" %}<form>{% csrf_token %}</form>{% csrf_token %}{% endfragment %}'
    mine, yours = (written(piece, csrf_token=token) for token in ("mine", "yours"))
    assert mine.count('value="mine"') == yours.count('value="yours"') == 2
    assert "mine" not in yours


def test_a_language_a_workspace_and_a_right_of_its_own(
    workspace: Workspace, other_workspace: Workspace, member: Members
) -> None:
    piece = '{% fragment "who" %}{{ word }}{% endfragment %}'
    owner = member("owner")
    assert written(piece, member=owner, workspace=workspace, word="ours") == "ours"
    assert written(piece, member=owner, workspace=workspace, word="kept") == "ours"
    assert written(piece, member=member("viewer"), workspace=workspace, word="of the viewer") == "of the viewer"
    assert written(piece, member=owner, workspace=other_workspace, word="theirs") == "theirs"
    workspace.currency = "CNY"
    assert written(piece, member=owner, workspace=workspace, word="in another currency") == "in another currency"
    with in_language("zh-hans"):
        assert written(piece, member=owner, workspace=workspace, word="另一种") == "另一种"


def test_who_sees_a_part_only_shares_with_nobody(workspace: Workspace, member: Members) -> None:
    sales, others = member("sales"), User.objects.create_user("second@example.com")
    second = Membership.objects.create(workspace=workspace, user=others, role="sales")
    assert audience(sales) == audience(second)
    assert audience(sales) != audience(member("viewer"))
    sales.sees = second.sees = Reach.OWN
    assert audience(sales) != audience(second)
    sales.sees, sales.scopes = "", frozenset({"customers.view"})
    second.sees = ""
    assert audience(sales) != audience(second)


def test_the_one_that_nobody_asked_for_the_longest_goes_first() -> None:
    kept = Fragments(room=2 * KEY + 10)
    kept.keep("a", ("12345",))
    kept.keep("b", ("1", "2"))
    assert kept.get("a") == ("12345",)
    kept.keep("c", ("1234",))
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (("12345",), None, ("1234",))
    kept.keep("c", ("123",))
    assert kept.taken == 2 * KEY + 8
    kept.keep("longer than all the room", ("1" * (2 * KEY + 11),))
    assert kept.get("longer than all the room") is None
    assert kept.taken == 2 * KEY + 8
    kept.clear()
    kept.keep("nothing to show", ("",))
    assert kept.taken == KEY


def test_the_frame_says_who_is_signed_in_and_where(client_as: Callable[..., Client], workspace: Workspace) -> None:
    """What is around a page, of several people one after the other."""
    said = {}
    for role in ("owner", "viewer", "owner"):
        page = client_as(role).get("/w/shop/customers/").content.decode()
        said[role] = {
            "name": re.findall(r'person-name">([^<]*)<', page),
            "settings": "/w/shop/settings" in page,
            "here": re.findall(r'href="([^"]*)" aria-current="page"', page),
        }
    assert said["owner"] == {"name": ["Olive Owner"] * 2, "settings": True, "here": ["/w/shop/customers/"]}
    assert said["viewer"] == {"name": ["Viewer"] * 2, "settings": False, "here": ["/w/shop/customers/"]}


def test_a_form_around_a_page_is_taken_from_each_of_two_people(
    workspace: Workspace, member: Callable[..., Membership]
) -> None:
    """The button that signs out is on every page: its token has to be that of the one who presses it."""
    for role in ("owner", "viewer"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(member(role).user)
        page = client.get("/w/shop/customers/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        assert client.post("/accounts/logout/", {"csrfmiddlewaretoken": token[1]}).status_code == 302
