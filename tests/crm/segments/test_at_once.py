"""Two workers, or a worker and a person, change the same segment at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.crm.segments.conftest import bought, customers, fill, inside
from zhike_crm.accounts.models import Membership
from zhike_crm.segments import members
from zhike_crm.segments.computing import compute
from zhike_crm.segments.models import Member, Segment
from zhike_crm.workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(workspace: Workspace, scored: Path) -> Workspace:
    """As elsewhere, but written for each test: threads see only what was committed."""
    fill(workspace, scored)
    return workspace


def at_once(*works: Callable[[], Any]) -> list[BaseException]:
    """Do them all, each in a thread of its own; what went wrong."""
    wrong: list[BaseException] = []
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        try:
            ready.wait()
            work()
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def test_computed_by_several_at_once(shop: Workspace, made: Callable[..., Segment]) -> None:
    segment = made("Tea", bought("at_least", 1, category="tea"))
    Member.objects.of(shop).all().delete()
    Segment.objects.of(shop).update(count=0)
    again = Segment.objects.of(shop).select_related("workspace").get(pk=segment.pk)
    assert at_once(*[lambda: compute(again, "asked")] * 4) == []
    segment.refresh_from_db()
    assert (len(inside(segment)), segment.count, Member.objects.of(shop).count()) == (6, 6, 6)


def test_put_on_a_list_by_several_at_once(shop: Workspace, boss: Membership, made: Callable[..., Segment]) -> None:
    segment = made("Guests")
    works = [lambda: members.add(segment, customers(shop, 1, 2, 3), boss)] * 3
    works.append(lambda: members.remove(segment, customers(shop, 4), boss))
    assert at_once(*works) == []
    segment.refresh_from_db()
    assert (len(inside(segment)), segment.count) == (3, 3)
    assert sum(turn.entered for turn in segment.turns.all()) == 3
