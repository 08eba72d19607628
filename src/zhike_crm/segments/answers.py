"""Who did what, out of the lake: conditions on events as conditions on customers.

Each condition is one query of the lake. The customers it finds become a temporary table of this connection, so that
the rest of the rule is one query of the database, however many they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL

from zhike.errors import ZhikeError
from zhike.lake.facts_view import Facts
from zhike.lake.failures import computing
from zhike.lake.lake import Lake
from zhike.lake.runs import Run, runs
from zhike.pipeline import purchases
from zhike.segments.event_conditions import Condition, read_condition
from zhike.segments.events import who
from zhike_crm import bulk
from zhike_crm.customers.models import Identity, Score, ScoredRun
from zhike_crm.segments.scratch import put, scratch
from zhike_crm.ui.lists.conditions import BadCondition, Leaves, Tree
from zhike_crm.workspaces.lakes import lake_of
from zhike_crm.workspaces.models import Workspace

# What sorting and hashing a million ids takes; PostgreSQL's own default is for tables of thousands.
_WORK_MEMORY = "256MB"


def read_event(tree: Tree) -> Condition:
    """A condition on events.

    Raises:
        BadCondition: it is none.
    """
    try:
        return read_condition(tree)
    except ZhikeError as wrong:
        raise BadCondition(str(wrong)) from wrong


def only_read(tree: Tree) -> Q:
    """For checking a rule without asking the lake."""
    read_event(tree)
    return Q()


@contextmanager
def answering(workspace: Workspace, facts: Facts | None = None) -> Iterator[Leaves]:
    """What `ui.lists.conditions.query` needs to read conditions on events. Ask the query inside of the block.

    Args:
        facts: of the run that lists show; default: looked up when there is an event to be asked for.
    """
    with ExitStack() as open_until_the_end:
        answers = _Answers(workspace, facts, open_until_the_end)
        yield {"event": answers.meaning}


@contextmanager
def roomy() -> Iterator[None]:
    """Around queries over all customers: enough memory to hash their ids."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL work_mem = '{_WORK_MEMORY}'")
        yield


def current_run(workspace: Workspace) -> int | None:
    """The run whose scores lists show; None before the first refresh."""
    found: int | None = ScoredRun.objects.of(workspace).values_list("run", flat=True).first()
    return found


def current_day(workspace: Workspace) -> dt.date | None:
    """The day from which periods of events count back: that of the scores which lists show."""
    found: dt.date | None = Score.objects.of(workspace).values_list("as_of", flat=True).first()
    return found


def current_facts(workspace: Workspace, lake: Lake) -> Facts | None:
    """The facts that the scores which lists show were made of."""
    number = current_run(workspace)
    run: Run | None = next((run for run in runs(lake) if run.run == number), None)
    return Facts.of(lake, run) if run else None


class _Answers:
    """The tables that were made so far: two equal conditions share one."""

    def __init__(self, workspace: Workspace, facts: Facts | None, stack: ExitStack) -> None:
        self._workspace, self._facts, self._stack = workspace, facts, stack
        self._looked = facts is not None
        self._tables: dict[Condition, str] = {}

    def meaning(self, tree: Tree) -> Q:
        condition = read_event(tree)
        facts = self._known_facts()
        if facts is None:
            # Nothing was computed yet, so nobody is known to have done anything.
            found = Q(pk__in=[])
        else:
            if condition not in self._tables:
                self._tables[condition] = self._answer(condition, facts)
            table = self._tables[condition]
            found = Q(pk__in=RawSQL(f"SELECT customer_id FROM {table}", []))  # noqa: S611 - a name of our own
        return ~found if condition.is_about_absence else found

    def _known_facts(self) -> Facts | None:
        if not self._looked:
            self._looked = True
            lake = self._stack.enter_context(lake_of(self._workspace))
            self._facts = current_facts(self._workspace, lake)
        return self._facts

    def _answer(self, condition: Condition, facts: Facts) -> str:
        """A table with the customers who did it. They are known to the lake by identities, here by ids."""
        table = self._stack.enter_context(scratch())
        with scratch("identity", "text") as identities, facts.lake.temporary():
            tables = {name: _table(facts, name) for name in condition.reads}
            found = who(condition, tables, as_of=facts.as_of)
            found = facts.lake.materialised(found.select(identity=found.customer_id), "who")
            with computing(facts.lake.url), facts.lake.stream(found) as batches:
                bulk.insert_rows(identities, batches)
            put(
                table,
                f"SELECT DISTINCT known.customer_id FROM {identities} JOIN {Identity._meta.db_table} known"
                f" ON known.workspace_id = %s AND known.identity = {identities}.identity",
                [self._workspace.pk],
            )
        return table


def _table(facts: Facts, name: str) -> Any:
    return purchases(facts) if name == "purchases" else facts.table(name)
