"""What was drawn for one reader is shown to the next: whatever happened in between, it is what would be drawn now."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from zhike.settings import Settings
from zhike_crm.accounts.models import Membership, User
from zhike_crm.customers.actions import change_customer
from zhike_crm.customers.models import Customer, Score
from zhike_crm.insights.actions import go_back, put_in_force
from zhike_crm.insights.models import PublishedSettings, RunMoves, RunSummary
from zhike_crm.insights.summary import make_current
from zhike_crm.ui.fragments import FRAGMENTS
from zhike_crm.workspaces.models import Workspace

# Pieces of pages and what they are kept by: the database only holds what they are drawn of.
pytestmark = pytest.mark.one_database

PAGES = ["", "rfm/", "lifecycle/", "value/", "churn/", "retention/", "retention/?show=counts", "satisfaction/"]
PAGES += ["health/", "rfm/?take=advice", "lifecycle/?from=1", "value/?run=1"]
LANGUAGES = ["en", "zh-hans"]

Signed = Callable[..., Client]
Members = Callable[..., Membership]
_TOKEN = re.compile(r'(csrfmiddlewaretoken" value="|"X-CSRFToken": ")\w+')


def shown(client: Client, path: str) -> str:
    answer = client.get(f"/w/shop/{path}")
    assert answer.status_code == 200
    return _TOKEN.sub(r"\1", answer.content.decode())


def anew(client: Client, path: str) -> str:
    FRAGMENTS.clear()
    return shown(client, path)


def speaks(role: str, language: str, member: Members) -> None:
    User.objects.filter(pk=member(role).user_id).update(language=language)


def test_pieces_are_kept(summary: RunSummary, client_as: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the tests below would say nothing."""
    client = client_as("viewer")
    before = [shown(client, path) for path in PAGES]
    monkeypatch.setattr(
        "zhike_crm.insights.runs.Shown.figures", property(lambda _shown: pytest.fail("read the figures"))
    )
    pages = [path for path in PAGES if path != "churn/"]  # it asks which of the customers may be shown
    assert [shown(client, path) for path in pages] == [b for b, p in zip(before, PAGES, strict=True) if p in pages]


def test_roles_and_languages_do_not_mix(summary: RunSummary, client_as: Signed, member: Members) -> None:
    readers = [(role, language) for role in ("owner", "viewer", "sales") for language in LANGUAGES]
    kept, drawn = {}, {}
    for pages, show in ((kept, shown), (kept, shown), (drawn, anew)):
        for role, language in readers:
            speaks(role, language, member)
            pages[role, language] = [show(client_as(role), path) for path in PAGES]
    assert kept == drawn
    assert len({pages[1] for pages in drawn.values()}) == len(readers)


def test_of_two_who_see_their_own_customers_each_sees_their_own(
    summary: RunSummary, workspace: Workspace, client_as: Signed, member: Members
) -> None:
    names = []
    best = Score.objects.of(workspace).order_by("rank").values_list("customer_id", flat=True)
    for role, pk in zip(("sales", "service"), best, strict=False):
        owner = member(role, sees="own")
        Customer.objects.of(workspace).filter(pk=pk).update(owner=owner, name=f"Of {role}")
        names.append(f"Of {role}")
    pages = [shown(client_as(role), "value/") for role in ("sales", "service")]
    assert [[name in page for name in names] for page in pages] == [[True, False], [False, True]]


def another_run(workspace: Workspace, owner: Membership) -> None:
    make_current(RunSummary.objects.of(workspace).get(current=False))


def other_figures(workspace: Workspace, owner: Membership) -> None:
    run = RunSummary.objects.of(workspace).get(current=True)
    figures = run.figures | {"headline": run.figures["headline"] | {"active": 12_345, "bought_once": 54_321}}
    RunSummary.objects.update_or_create(workspace=workspace, run=run.run, defaults={"figures": figures})


def causes_counted(workspace: Workspace, owner: Membership) -> None:
    RunMoves.objects.of(workspace).update(causes=None)


def published(workspace: Workspace, owner: Membership) -> None:
    put_in_force(Settings.from_dict({"window_days": 90}), "Shorter", by=owner)


def published_and_undone(workspace: Workspace, owner: Membership) -> None:
    put_in_force(Settings(), "As it was", by=owner)
    published(workspace, owner)
    go_back(PublishedSettings.objects.of(workspace).get(note="As it was"), "Undone", by=owner)


def renamed(workspace: Workspace, owner: Membership) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(name="Another name", currency="JPY")


def customers_renamed(workspace: Workspace, owner: Membership) -> None:
    for customer in Customer.objects.of(workspace):
        change_customer(customer, owner, name=f"{customer.name} now")


def customers_deleted(workspace: Workspace, owner: Membership) -> None:
    best = Score.objects.of(workspace).order_by("rank").values("customer_id")[:3]
    Customer.objects.of(workspace).filter(pk__in=list(best.values_list("customer_id", flat=True))).delete()


EVENTS = [another_run, other_figures, causes_counted, published, published_and_undone, renamed]
EVENTS += [customers_renamed, customers_deleted]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_what_changed_is_shown(
    summary: RunSummary,
    workspace: Workspace,
    client_as: Signed,
    member: Members,
    event: Callable[[Workspace, Membership], None],
) -> None:
    clients = [client_as("owner"), client_as("viewer")]
    before = [shown(client, path) for client in clients for path in PAGES]
    event(workspace, member("owner"))
    after = [shown(client, path) for client in clients for path in PAGES]
    assert after != before
    assert after == [anew(client, path) for client in clients for path in PAGES]


def test_who_published_has_another_name(
    summary: RunSummary, workspace: Workspace, client_as: Signed, member: Members
) -> None:
    put_in_force(Settings(), "A note", by=member("manager"))
    assert "Manager" in shown(client_as("viewer"), "rfm/")
    User.objects.filter(pk=member("manager").user_id).update(name="Mo")
    assert "· Mo" in shown(client_as("viewer"), "rfm/")


def test_a_workspace_with_nothing_stays_empty(
    summary: RunSummary, other_workspace: Workspace, client_as: Signed
) -> None:
    shown(client_as("owner"), "rfm/")
    stranger = Client()
    stranger.force_login(User.objects.get(email="stranger@example.com"))
    page = stranger.get("/w/elsewhere/rfm/").content.decode()
    assert "Nothing is computed yet" in page
    assert "/w/shop/" not in page
