"""What is done to segments: atomic, audited, undoable. Computing them is left to a job."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhike_crm.accounts.models import Membership
from zhike_crm.audit.log import Actor, differences, of_record, record
from zhike_crm.audit.models import AuditEntry, Via
from zhike_crm.customers.lists import CustomerList
from zhike_crm.jobs.models import Job
from zhike_crm.jobs.queue import enqueue
from zhike_crm.segments import rules
from zhike_crm.segments.models import Segment, Turn, in_use

JOB = "segment"
AT_MOST = 500


@transaction.atomic
def create_segment(
    by: Membership,
    *,
    name: str,
    kind: str = Segment.Kind.RULE,
    tree: dict[str, Any] | None = None,
    description: str = "",
    owner: Membership | None = None,
    dynamic: bool = True,
    via: str = Via.PAGE,
) -> Segment:
    """A segment of those who meet a rule, or an empty fixed list; one's own unless another owner is given.

    Raises:
        ValidationError: the name is taken or missing.
        BadCondition: the tree can be no rule.
    """
    check_room(by, 1)
    is_rule = kind == Segment.Kind.RULE
    segment = Segment(
        workspace=by.workspace,
        name=_free_name(by, name),
        description=description.strip(),
        owner_id=owner.pk if owner else by.pk,
        kind=kind,
        tree=tree or {} if is_rule else {},
        dynamic=dynamic and is_rule,
        count=None if is_rule else 0,
    )
    segment.full_clean(exclude=["workspace", "owner"])
    if is_rule:
        rules.check(segment.tree, CustomerList(by))
    segment.save()
    changes = {"name": [None, segment.name], "tree": [None, segment.tree]}
    record(segment, "segment.created", Actor(by.user, Via(via)), changes)
    if is_rule:
        _have_computed(segment, Turn.Cause.RULE, by)
    return segment


@transaction.atomic
def change_segment(segment: Segment, by: Membership, *, via: str = Via.PAGE, **values: Any) -> Segment:
    """Another name, description, owner or rule, or whether it follows its rule.

    Raises:
        ValidationError: the name is taken, or a fixed list is given a rule.
        BadCondition: the tree can be no rule.
    """
    stored = Segment.objects.of(by.workspace_id).select_for_update(of=("self",)).get(pk=segment.pk)
    if values.get("name") == stored.title and "names" not in values:
        del values["name"]
    if "name" in values:
        values["name"] = _free_name(by, values["name"], stored)
        if stored.names and "names" not in values and values["name"] not in stored.names.values():
            # What a person calls a group that was found, it is called in every language.
            values["names"] = {}
    changes = differences(stored, values)
    if not changes:
        return stored
    if {"tree", "dynamic"} & set(changes) and not stored.is_rule:
        raise ValidationError(_no_rule(stored))
    if "tree" in changes:
        rules.check(values["tree"], CustomerList(by), stored)
    for name, value in values.items():
        setattr(stored, name, value)
    stored.full_clean(exclude=["workspace", "owner"])
    stored.save(update_fields=list(values))
    record(stored, "segment.changed", Actor(by.user, Via(via)), changes)
    if {"tree", "dynamic"} & set(changes):
        _have_computed(stored, Turn.Cause.RULE, by)
    return stored


def go_back(segment: Segment, written: AuditEntry, by: Membership) -> Segment:
    """Make an earlier rule the rule again; what came after it stays in the history.

    Raises:
        BadCondition: it asks about something that is gone.
    """
    return change_segment(segment, by, tree=written.changes["tree"][1])


def earlier_rules(segment: Segment) -> list[AuditEntry]:
    """The entries of the audit log that gave the segment a rule, the newest first: that is the one in force."""
    verbs = ["segment.created", "segment.changed"]
    entries = of_record(segment).filter(verb__in=verbs)[:100]
    return [written for written in entries if "tree" in written.changes][:20]


def take_back_change(written: AuditEntry, by: Membership) -> int:
    """Undo a change: what it changed and nobody has changed since is as before."""
    stored = Segment.objects.of(written.workspace_id).filter(pk=written.record_id).first()
    if stored is None:
        return 0
    now = {name: stored._meta.get_field(name).value_from_object(stored) for name in written.changes}
    back = {name: before for name, (before, after) in written.changes.items() if now[name] == after}
    if "owner" in back:
        back["owner"] = Membership.objects.of(by.workspace_id).filter(pk=back["owner"]).first()
    if back:
        change_segment(stored, by, **back)
    return bool(back)


@transaction.atomic
def archive_segment(segment: Segment, by: Membership, *, via: str = Via.PAGE) -> None:
    """Out of lists and filters. Its members and its history stay for when it is brought back.

    Raises:
        ValidationError: another segment asks about it.
    """
    check_unused(segment)
    segment.archived_at = timezone.now()
    segment.save(update_fields=["archived_at"])
    record(segment, "segment.archived", Actor(by.user, Via(via)))


@transaction.atomic
def restore_segment(segment: Segment, by: Membership, *, via: str = Via.PAGE) -> None:
    """Back from the archive, computed anew.

    Raises:
        ValidationError: there is another one of its name by now.
    """
    _free_name(by, segment.name, segment)
    segment.archived_at = None
    segment.save(update_fields=["archived_at"])
    record(segment, "segment.restored", Actor(by.user, Via(via)))
    if segment.is_cluster or (segment.is_rule and segment.dynamic):
        _have_computed(segment, Turn.Cause.ASKED, by)


def compute_again(segment: Segment, by: Membership) -> Job:
    """Have the rule, or the centres of the groups, say anew who is in the segment.

    Raises:
        ValidationError: a fixed list has no rule.
    """
    if segment.is_list:
        raise ValidationError(_no_rule(segment))
    return _have_computed(segment, Turn.Cause.ASKED, by)


def job_of(segment: Segment) -> Job | None:
    """The computing of this segment that was asked for last."""
    rows = Job.objects.of(segment.workspace_id).filter(kind=JOB, arguments__segment=segment.pk)
    found: Job | None = rows.order_by("-created_at", "-pk").first()
    return found


def _have_computed(segment: Segment, cause: str, by: Membership) -> Job:
    """One computing waits or runs for each rule that the segment has had."""
    rule = hashlib.sha256(json.dumps(segment.tree, sort_keys=True).encode()).hexdigest()[:16]
    arguments = {"segment": segment.pk, "cause": str(cause)}
    return enqueue(segment.workspace, JOB, arguments, by=by.user, key=f"segment-{segment.pk}-{rule}")


def check_unused(segment: Segment) -> None:
    """Raises:
    ValidationError: another segment asks about it.
    """
    if users := _users_of(segment):
        names = ", ".join(f"“{one.title}”" for one in users[:3])
        raise ValidationError(_("%(names)s ask about this segment; change them first.") % {"names": names})


def check_room(by: Membership, more: int) -> None:
    """Raises:
    ValidationError: so many segments more would be too many.
    """
    if in_use(by.workspace_id).count() + more > AT_MOST:
        raise ValidationError(_("There can be %(number)s segments at most; archive some.") % {"number": AT_MOST})


def _no_rule(segment: Segment) -> str:
    return _("A fixed list has no rule.") if segment.is_list else _("A group that was found has no rule.")


def _users_of(segment: Segment) -> list[Segment]:
    rows = in_use(segment.workspace_id).exclude(pk=segment.pk)
    return [one for one in rows if segment.pk in rules.used(one.tree)]


def _free_name(by: Membership, name: str, segment: Segment | None = None) -> str:
    name = name.strip()
    if not name:
        raise ValidationError({"name": _("Give the segment a name.")})
    rows = in_use(by.workspace_id).filter(name=name)
    if (rows if segment is None else rows.exclude(pk=segment.pk)).exists():
        raise ValidationError({"name": _("There is a segment of this name already.")})
    return name
