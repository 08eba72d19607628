"""Finding groups in the data, and saying after each refresh who is in them by the same centres.

customers × traits → groups, why so many, their names → a draft segment for each
customers × traits of today + the centres of then → who is in each group now, and whether they still fit
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike.errors import InputError, ZhikeError
from zhike.lake.facts_view import Facts
from zhike.segments import Assignment, Centres, cluster
from zhike.segments import Clustering as Found
from zhike.segments.choice import Quality, Verdict, reason, stability_sentence, verdict
from zhike.segments.clusters import FEWEST_CUSTOMERS
from zhike.segments.columns import left_out_sentence, read_customers
from zhike_crm import bulk
from zhike_crm.segments import members
from zhike_crm.segments.answers import roomy
from zhike_crm.segments.models import Clustering, Member, Segment, Turn
from zhike_crm.segments.naming import LANGUAGES, names_of
from zhike_crm.segments.reading import everybody, table_of, to_be_grouped
from zhike_crm.segments.rules import everybody as everybody_listed
from zhike_crm.segments.scratch import scratch
from zhike_crm.segments.traits import Names, Trait, traits_of

log = logging.getLogger("zhike.segments")


class NothingFound(Exception):
    """There are no groups, or none can be looked for; the message says why, in the reader's language."""


class Result:
    """What is known of the groups as a whole: kept as JSON, told in the language of whoever reads."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.kept = kept

    @property
    def quality(self) -> tuple[Quality, ...]:
        return tuple(Quality(**one) for one in self.kept["quality"])

    @property
    def chosen(self) -> Quality:
        return next(one for one in self.quality if one.clusters == len(self.kept["model"]["numbers"]))

    @property
    def customers(self) -> int:
        return int(self.kept["customers"])

    @property
    def stability(self) -> float | None:
        found: float | None = self.kept["stability"]
        return found

    @property
    def outside(self) -> int:
        """Customers in none of the groups: they have never bought."""
        return int(self.kept["outside"])

    @property
    def model(self) -> Centres:
        return Centres.from_dict(self.kept["model"])

    @property
    def verdict(self) -> Verdict:
        return verdict(self.chosen.silhouette, self.stability)

    @property
    def why(self) -> str:
        return reason(self.chosen, self.quality, asked=self.kept["asked"])

    @property
    def trust(self) -> str:
        return stability_sentence(self.stability)

    def remarks(self, called: Names) -> list[str]:
        """What was left out, and what was filled, a sentence each."""
        said = [left_out_sentence(called(name, None), why) for name, why in self.kept["left_out"].items()]
        filled = _("%(trait)s is unknown of %(number)s customers, who count as average in it.")
        said += [filled % {"trait": called(name, None), "number": f"{n:,}"} for name, n in self.kept["filled"].items()]
        return said


def find(clustering: Clustering, say: Callable[[str], None]) -> list[Segment]:
    """Look for the groups and make each a draft. Run twice it does the same again.

    Raises:
        NothingFound: there is a reason why there are none.
    """
    workspace = clustering.workspace
    known = traits_of(everybody_listed(workspace))
    traits = [known[name] for name in clustering.traits if name in known]
    say("reading")
    rows = to_be_grouped(workspace, traits)
    table = table_of(rows, traits, workspace)
    say("looking")
    found = _look(table, traits, clustering)
    say("writing")
    with transaction.atomic():
        looking = Clustering.objects.of(workspace).filter(pk=clustering.pk, state=Clustering.State.LOOKING)
        if looking.select_for_update(of=("self",)).first() is None:
            return []  # thrown away meanwhile, or found by another run: what is kept is not found again
        for unfinished in clustering.groups.all():
            drop(unfinished)
        groups = _drafts(clustering, found, known)
        _fill(groups, found.labels, Turn.Cause.FOUND)
        clustering.result = _told(found, everybody(workspace).count() - table.num_rows)
        clustering.state, clustering.found_at, clustering.problem = Clustering.State.FOUND, timezone.now(), ""
        clustering.save(update_fields=["result", "state", "found_at", "problem"])
    return groups


def _look(table: pa.Table, traits: list[Trait], clustering: Clustering) -> Found:
    if table.num_rows < max(FEWEST_CUSTOMERS, clustering.asked or 0):
        raise NothingFound(
            _("%(number)s customers are too few to find groups among; there have to be %(least)s.")
            % {"number": f"{table.num_rows:,}", "least": max(FEWEST_CUSTOMERS, clustering.asked or 0)}
        )
    before = clustering.follows
    like = Result(before.result).model if before is not None and before.result else None
    names = [trait.name for trait in traits]
    try:
        return cluster(table, features=names, clusters=clustering.asked, like=like)
    except InputError as wrong:
        rows = read_customers(table, names)
        if rows.columns:
            raise NothingFound(str(wrong)) from wrong
        labels = {trait.name: trait.label for trait in traits}
        why = [left_out_sentence(labels[name], reason) for name, reason in rows.left_out.items()]
        raise NothingFound(" ".join([_("Nothing tells these customers apart."), *why])) from wrong


def _told(found: Found, outside: int) -> dict[str, Any]:
    return {
        "quality": [asdict(one) for one in found.quality],
        "stability": found.stability,
        "asked": found.asked,
        "left_out": dict(found.left_out),
        "filled": {axis.column: axis.filled for axis in found.axes if axis.filled},
        "customers": len(found.labels),
        "outside": outside,
        "model": found.model.to_dict(),
    }


def _drafts(clustering: Clustering, found: Found, known: dict[str, Trait]) -> list[Segment]:
    names = {language: names_of(found, language, clustering.workspace) for language in LANGUAGES}
    own = {row.number: row for row in clustering.follows.groups.all()} if clustering.follows else {}
    groups = []
    for place, number in enumerate(found.numbers):
        called = {language: said[place] for language, said in names.items()}
        # What a person has called a group stays its name when it is found anew.
        if number in own and not own[number].names:
            called = {}
        name = called.get(_spoken(clustering)) or own[number].name
        group = Segment(
            workspace=clustering.workspace,
            clustering=clustering,
            kind=Segment.Kind.CLUSTER,
            number=number,
            name=name,
            names=called,
            owner=clustering.by,
            draft=True,
            count=0,
        )
        group.save()
        groups.append(group)
    return groups


def _spoken(clustering: Clustering) -> str:
    user = clustering.by.user if clustering.by else None
    return "zh" if (getattr(user, "language", "") or clustering.workspace.language).startswith("zh") else "en"


# -- who is in them now ------------------------------------------------------------------------------------------------
def follow(clustering: Clustering, cause: str, facts: Facts | None = None) -> int:
    """Say anew who is in each of the kept groups, by the centres of then; how many groups that are.

    When it cannot be said any more (a field is gone, …) the members stay, and `problem` says why.
    """
    workspace = clustering.workspace
    known = traits_of(everybody_listed(workspace))
    groups = list(clustering.groups.filter(archived_at=None, draft=False).select_related("workspace"))
    if not groups:
        return 0
    try:
        model = Result(clustering.result).model
        if gone := [name for name in model.features if name not in known]:
            raise NothingFound(_("What the groups were found with is gone: %(traits)s.") % {"traits": ", ".join(gone)})
        traits = [known[name] for name in model.features]
        asked = [known[name] for name in clustering.traits if name in known]
        now = model.assign(table_of(to_be_grouped(workspace, asked), traits, workspace, facts))
    except (NothingFound, ZhikeError) as wrong:
        log.warning("groups %s cannot be followed: %s", clustering.pk, wrong)
        _say_problem(clustering, groups, str(wrong)[:500])
        return 0
    _fill(groups, now.labels, cause)
    _keep_fit(clustering, now)
    return len(groups)


def _keep_fit(clustering: Clustering, now: Assignment) -> None:
    clustering.fit = {"far": now.far, "moved": now.moved, "at": timezone.now().isoformat(), "drift": now.is_adrift}
    clustering.problem = ""
    clustering.save(update_fields=["fit", "problem"])


def _say_problem(clustering: Clustering, groups: list[Segment], said: str) -> None:
    Clustering.objects.of(clustering.workspace_id).filter(pk=clustering.pk).update(problem=said)
    Segment.objects.of(clustering.workspace_id).filter(pk__in=[one.pk for one in groups]).update(problem=said)


def _fill(groups: list[Segment], labels: pa.Table, cause: str) -> None:
    """Make the customers of each number the members of the group of that number."""
    for group in groups:
        mine = labels.filter(pc.equal(labels["cluster"], group.number)).select(["customer_id"])
        with roomy(), transaction.atomic(), scratch() as table:
            bulk.insert_rows(table, mine.to_batches(max_chunksize=100_000))
            members.replace(group, _in(group, table), cause)


def _in(group: Segment, table: str) -> QuerySet:
    found = RawSQL(f"SELECT customer_id FROM {table}", [])  # noqa: S611 - a name of our own
    return everybody(group.workspace).filter(pk__in=found)


def drop(draft: Segment) -> None:
    """A draft leaves nothing behind: nobody has used it."""
    for rows in (Member.objects.of(draft.workspace_id), Turn.objects.of(draft.workspace_id)):
        rows.filter(segment=draft)._raw_delete(rows.db)
    draft.delete()


def members_of(group: Segment) -> QuerySet:
    """The customers in it now."""
    inside = Member.objects.of(group.workspace_id).filter(segment=group, left_at=None).values("customer")
    return everybody(group.workspace).filter(pk__in=inside)
