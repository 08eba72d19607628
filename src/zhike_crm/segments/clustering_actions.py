"""What is done to groups that are found: looked for, kept as segments, called something else, thrown away."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, record
from zhike_crm.audit.models import AuditEntry, Via
from zhike_crm.customers.lists import CustomerList
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import enqueue
from zhike_crm.languages import in_language
from zhike_crm.segments import actions, members
from zhike_crm.segments.clustering import drop, members_of
from zhike_crm.segments.models import Clustering, Segment, Turn, in_use
from zhike_crm.segments.naming import LANGUAGES, NAME_LENGTH
from zhike_crm.segments.traits import MOST_TRAITS, SETS, Trait, listed, traits_of, usual

JOB = "find_groups"
FEWEST_GROUPS, MOST_GROUPS = 2, 12
DRAFTS = 20
State = Clustering.State


@transaction.atomic
def look_for_groups(
    by: Membership,
    *,
    traits: Iterable[str],
    groups: int | None = None,
    name: str = "",
    follows: Clustering | None = None,
    via: str = Via.PAGE,
) -> Clustering:
    """Have groups looked for in the background.

    Args:
        traits: names of what customers are told apart by (`traits.traits_of`).
        groups: how many; as many as the data say when not given (as before, of groups that are found anew).
        name: of the groups together.
        follows: kept groups that are found anew.

    Raises:
        ValidationError: there are no such traits, too many, or too many groups that nobody has kept.
    """
    known = traits_of(CustomerList(by))
    wanted = _checked(list(dict.fromkeys(traits)), groups, known)
    drafts = Clustering.objects.of(by.workspace_id).filter(state__in=[State.LOOKING, State.FOUND])
    if drafts.count() >= DRAFTS:
        raise ValidationError(
            _("There are %(number)s groupings that nobody has kept; throw some away.") % {"number": DRAFTS}
        )
    given = _written(name)[:NAME_LENGTH]
    names = {} if given else {code: _usual_name(wanted, by, language) for code, language in LANGUAGES.items()}
    clustering = Clustering(
        workspace=by.workspace,
        name=given or names["en"],
        names=names,
        traits=wanted,
        personal=any(known[name].is_personal for name in wanted),
        asked=groups,
        follows=follows,
        by_id=by.pk,
    )
    clustering.save()
    told = {"traits": [None, wanted], "asked": [None, groups]}
    record(clustering, "clustering.started", Actor(by.user, Via(via)), told)
    have_found(clustering, by)
    return clustering


def have_found(clustering: Clustering, by: Membership) -> Job:
    arguments = {"clustering": clustering.pk}
    return enqueue(clustering.workspace, JOB, arguments, by=by.user, key=f"{JOB}-{clustering.pk}")


def job_of(clustering: Clustering) -> Job | None:
    """The looking for these groups."""
    rows = Job.objects.of(clustering.workspace_id).filter(kind=JOB, arguments__clustering=clustering.pk)
    found: Job | None = rows.order_by("-created_at", "-pk").first()
    return found


@transaction.atomic
def keep_groups(clustering: Clustering, by: Membership, *, via: str = Via.PAGE) -> list[Segment]:
    """Make segments of the groups: from now on it is computed after every refresh who is in them.

    Found anew for kept groups, they go on as those: the same segments, with their history, under the new centres.

    Raises:
        ValidationError: there is nothing to keep, or there would be too many segments; a segment asks about a group
            that was not found again.
    """
    stored = _locked(clustering)
    if stored.state != State.FOUND:
        raise ValidationError(_("There is nothing to keep."))
    earlier = stored.follows if stored.follows and stored.follows.state == State.KEPT else None
    if earlier is None:
        actions.check_room(by, stored.groups.count())
    else:
        _hand_over(earlier, stored, by)
    for group in stored.groups.filter(draft=True):
        group.name, group.draft = free_name(group.name, stored.workspace_id), False
        group.save(update_fields=["name", "draft"])
        record(group, "segment.created", Actor(by.user, Via(via)), {"name": [None, group.name]})
    _settle(stored, State.KEPT, "clustering.kept", by, via)
    return list(stored.groups.order_by("number"))


@transaction.atomic
def rename_groups(
    clustering: Clustering, names: Mapping[int, Mapping[str, str]], by: Membership, *, via: str = Via.PAGE
) -> int:
    """Call groups something else: number → language → name; how many of them changed.

    Raises:
        ValidationError: a name is missing, too long, or not text, or another segment has it.
    """
    changed = 0
    for group in clustering.groups.select_for_update(of=("self",)).order_by("number"):
        wanted = {code: _written(said) for code, said in names.get(group.number, {}).items()}
        if not wanted or wanted == titles(group):
            continue
        if not all(0 < len(said) <= NAME_LENGTH for said in wanted.values()):
            raise ValidationError(_("Give each group a name of %(most)s letters at most.") % {"most": NAME_LENGTH})
        before = {"name": group.name, "names": group.names}
        group.names = {} if len(set(wanted.values())) == 1 else wanted
        group.name = next((said for code, said in wanted.items() if before["names"].get(code) == group.name), None) or (
            next(iter(wanted.values()))
        )
        if not group.draft and _taken(group.name, group):
            raise ValidationError(_("There is a segment called %(name)s already.") % {"name": f"“{group.name}”"})
        group.save(update_fields=["name", "names"])
        told = {name: [before[name], getattr(group, name)] for name in before if before[name] != getattr(group, name)}
        record(group, "segment.changed", Actor(by.user, Via(via)), told)
        changed += 1
    return changed


@transaction.atomic
def discard_groups(clustering: Clustering, by: Membership, *, via: str = Via.PAGE) -> None:
    """Throw away groups that were not kept.

    Raises:
        ValidationError: they are kept: each is a segment, to be archived by itself.
    """
    stored = _locked(clustering)
    if stored.state in (State.KEPT, State.PAST):
        raise ValidationError(_("These groups are kept as segments; archive the segments that you no longer need."))
    record(stored, "clustering.discarded", Actor(by.user, Via(via)))
    for group in stored.groups.all():
        drop(group)
    stored.delete()


@transaction.atomic
def stop_keeping(written: AuditEntry, by: Membership) -> int:
    """Undo keeping: the groups are drafts again, as long as nothing asks about them."""
    stored = (
        Clustering.objects.of(written.workspace_id).select_for_update(of=("self",)).filter(pk=written.record_id).first()
    )
    if stored is None or stored.state != State.KEPT or (stored.follows and stored.follows.state == State.PAST):
        return 0
    groups = list(stored.groups.filter(archived_at=None).select_related("workspace"))
    for group in groups:
        actions.check_unused(group)
        group.draft = True
        group.save(update_fields=["draft"])
    _settle(stored, State.FOUND, "undone", by, Via.PAGE)
    return len(groups)


def titles(group: Segment) -> dict[str, str]:
    """Language → what the group is called in it."""
    return {code: group.names.get(code) or group.name for code in LANGUAGES}


def free_name(name: str, workspace: Any) -> str:
    """The name, with a number behind it where another segment has it."""
    taken = set(in_use(workspace).filter(name__startswith=name[: NAME_LENGTH - 5]).values_list("name", flat=True))
    number, free = 2, name
    while free in taken:
        free, number = f"{name[: NAME_LENGTH - 5]} ({number})", number + 1
    return free


def _hand_over(earlier: Clustering, found: Clustering, by: Membership) -> None:
    """The kept groups go on with the centres and the customers that were found anew.

    A group with the number of an earlier one takes its place and its history; one that is new is kept by who calls
    this; one that was not found again goes into the archive.
    """
    kept = {one.number: one for one in earlier.groups.filter(archived_at=None).select_related("workspace")}
    for draft in list(found.groups.select_related("workspace")):
        group = kept.pop(draft.number, None)
        if group is None:
            continue
        if draft.names and not _taken(draft.name, group):
            group.name, group.names = draft.name, draft.names
        group.clustering = found
        group.save(update_fields=["clustering", "name", "names"])
        members.replace(group, members_of(draft), Turn.Cause.FOUND, by=by.user)
        drop(draft)
    for group in kept.values():
        actions.archive_segment(group, by)
    earlier.state = State.PAST
    earlier.save(update_fields=["state"])


def _settle(clustering: Clustering, state: str, verb: str, by: Membership, via: str) -> None:
    before = clustering.state
    clustering.state = state
    clustering.save(update_fields=["state"])
    record(clustering, verb, Actor(by.user, Via(via)), {"state": [before, str(state)]})


def _locked(clustering: Clustering) -> Clustering:
    rows = Clustering.objects.of(clustering.workspace_id).select_for_update(of=("self",))
    stored: Clustering = rows.select_related("workspace").get(pk=clustering.pk)
    return stored


def _taken(name: str, group: Segment) -> bool:
    return bool(in_use(group.workspace_id).filter(Q(name=name) & ~Q(pk=group.pk)).exists())


def _written(name: str) -> str:
    """A name on one line.

    Raises:
        ValidationError: it holds characters that are no text: NUL and the like, halves of characters.
    """
    line = " ".join(name.split())
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in line):
        raise ValidationError(_("A name cannot hold control characters."))
    return line


def _checked(wanted: list[str], groups: int | None, known: Mapping[str, Trait]) -> list[str]:
    usable = [name for name in wanted if name in known and known[name].theme != "models"]
    if len(usable) < len(wanted):
        unknown = next(name for name in wanted if name not in usable)
        raise ValidationError(_("Customers cannot be told apart by %(name)s.") % {"name": unknown[:80]})
    if not 1 <= len(usable) <= MOST_TRAITS:
        raise ValidationError(_("Choose from one to %(most)s traits.") % {"most": MOST_TRAITS})
    if groups is not None and not FEWEST_GROUPS <= groups <= MOST_GROUPS:
        said = _("There can be from %(fewest)s to %(most)s groups.")
        raise ValidationError(said % {"fewest": FEWEST_GROUPS, "most": MOST_GROUPS})
    return usable


def _usual_name(names: list[str], by: Membership, language: str) -> str:
    """By what the customers are told apart, in a language."""
    with in_language(language):
        known = traits_of(CustomerList(by))
        for code, usual_ones in usual(known).items():
            if sorted(names) == sorted(usual_ones):
                return str(SETS[code])
        said = listed(known[name].label for name in names[:3])
        if len(names) > 3:
            said = _("%(traits)s and %(number)s more") % {"traits": said, "number": len(names) - 3}
        return said if len(said) <= NAME_LENGTH else said[: NAME_LENGTH - 1] + "…"
