"""One record of everything in a workspace, for addresses that need one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zhike.segments import Centres
from zhike.segments.scaling import Axis
from zhike.settings import Settings
from zhike_crm.accounts.access import Role
from zhike_crm.accounts.actions import create_token, invite
from zhike_crm.accounts.models import AccessToken, Invitation, Membership
from zhike_crm.customers.actions import (
    RECORD_TYPE,
    change_customer,
    create_customer,
    create_task,
    delete_customer,
    write_note,
)
from zhike_crm.customers.duplicates import dismiss
from zhike_crm.customers.merging import merge
from zhike_crm.customers.models import Customer, DuplicatePair, Merge, Note, Task
from zhike_crm.fields.actions import define_field
from zhike_crm.fields.models import FieldDefinition
from zhike_crm.imports.models import Import, State
from zhike_crm.insights.models import PublishedSettings
from zhike_crm.segments import members
from zhike_crm.segments.actions import create_segment
from zhike_crm.segments.models import Clustering, Segment
from zhike_crm.ui.models import SavedView
from zhike_crm.workspaces.models import Workspace


@dataclass
class Samples:
    owner: Membership
    customer: Customer
    note: Note
    task: Task
    invitation: Invitation
    token: AccessToken
    view: SavedView
    group: uuid.UUID
    other: Customer
    gone: Customer
    pair: DuplicatePair
    merge: Merge
    field: FieldDefinition
    imported: Import
    settings: PublishedSettings
    segment: Segment
    clustering: Clustering


def sample(workspace: Workspace, owner: Membership) -> Samples:
    customer = create_customer(owner, name="Li Wei", email="li.wei@example.com", phone="13800138000")
    change_customer(customer, owner, city="上海")
    other, gone, double = (create_customer(owner, name=name) for name in ("Li Wei", "Gone", "Double"))
    delete_customer(gone, owner)
    segment = create_segment(owner, name="Guests", kind=Segment.Kind.LIST)
    members.add(segment, Customer.objects.of(workspace).filter(pk=customer.pk), owner)
    return Samples(
        owner=owner,
        customer=customer,
        note=write_note(customer, "Called", owner),
        task=create_task(owner, title="Call back", customer=customer),
        invitation=invite(workspace, "guest@example.com", Role.VIEWER, by=owner)[0],
        token=create_token(workspace, "shop", ["customers.view"], by=owner)[0],
        view=SavedView.objects.create(workspace=workspace, owner=owner, list_name="customers", name="Mine"),
        group=uuid.uuid4(),
        imported=Import.objects.create(workspace=workspace, name="may.csv", source="main", state=State.FOUND),
        other=other,
        gone=gone,
        pair=dismiss(customer, other, owner),
        merge=merge(customer, double, owner),
        field=define_field(owner, record_type=RECORD_TYPE, label="Size", kind="text"),
        settings=PublishedSettings.objects.create(workspace=workspace, values=asdict(Settings()), by=owner.user),
        segment=segment,
        clustering=_clustering(workspace, owner, customer),
    )


def _clustering(workspace: Workspace, owner: Membership, customer: Customer) -> Clustering:
    """Two groups that were found and not kept, as `clustering.find` leaves them."""
    axis = Axis("revenue", None, 0.0, 10.0, 5.0, 0.0, 1.0, 0)
    centres = Centres((1, 2), (axis,), np.array([[-1.0], [1.0]]), (0.5, 0.5), 1.0)
    result = {
        "quality": [{"clusters": 2, "silhouette": 0.5, "davies_bouldin": 0.5, "stability": 0.9}],
        "stability": 0.9,
        "asked": False,
        "left_out": {},
        "filled": {},
        "customers": 1,
        "outside": 0,
        "model": centres.to_dict(),
    }
    found = Clustering.objects.create(
        workspace=workspace, name="Money", traits=["revenue"], by=owner, state=Clustering.State.FOUND, result=result
    )
    for number, name in ((1, "Low revenue"), (2, "High revenue")):
        group = Segment.objects.create(
            workspace=workspace, clustering=found, kind="cluster", number=number, name=name, draft=True, count=0
        )
        members.replace(group, Customer.objects.of(workspace).filter(pk=customer.pk if number == 1 else 0), "found")
    return found


# Name of an address → its arguments after the workspace.
SAMPLES: dict[str, Callable[[Samples], list[Any]]] = {
    "customer": lambda s: [s.customer.pk],
    "edit_customer": lambda s: [s.customer.pk],
    "new_note": lambda s: [s.customer.pk],
    "new_task": lambda s: [s.customer.pk],
    "task_done": lambda s: [s.task.pk],
    "customer_list_delete_view": lambda s: [s.view.pk],
    "member": lambda s: [s.owner.pk],
    "withdraw_invitation": lambda s: [s.invitation.pk],
    "revoke_token": lambda s: [s.token.pk],
    "undo": lambda s: [s.group],
    "import": lambda s: [s.imported.pk],
    "import_progress": lambda s: [s.imported.pk],
    "import_remarks": lambda s: [s.imported.pk],
    "look_again": lambda s: [s.imported.pk],
    "choose_columns": lambda s: [s.imported.pk],
    "back_to_columns": lambda s: [s.imported.pk],
    "run_import": lambda s: [s.imported.pk],
    "undo_import": lambda s: [s.imported.pk],
    "delete_import": lambda s: [s.imported.pk],
    "refresh_after_import": lambda s: [s.imported.pk],
    "imports_delete_view": lambda s: [s.view.pk],
    "older_events": lambda s: [s.customer.pk],
    "delete_customer": lambda s: [s.customer.pk],
    "restore_customer": lambda s: [s.gone.pk],
    "edit_note": lambda s: [s.note.pk],
    "delete_note": lambda s: [s.note.pk],
    "edit_task": lambda s: [s.task.pk],
    "move_task": lambda s: [s.task.pk],
    "delete_task": lambda s: [s.task.pk],
    "compare": lambda s: [s.customer.pk, s.other.pk],
    "dismiss_pair": lambda s: [s.customer.pk, s.other.pk],
    "reopen_pair": lambda s: [s.pair.pk],
    "undo_merge": lambda s: [s.merge.pk],
    "edit_field": lambda s: [s.field.pk],
    "archive_field": lambda s: [s.field.pk],
    "bring_back_field": lambda s: [s.field.pk],
    "move_field": lambda s: [s.field.pk],
    "recycle_bin_delete_view": lambda s: [s.view.pk],
    "task_list_delete_view": lambda s: [s.view.pk],
    "restore_settings": lambda s: [s.settings.pk],
    "segment": lambda s: [s.segment.pk],
    "export_segment": lambda s: [s.segment.pk],
    "edit_segment": lambda s: [s.segment.pk],
    "segment_state": lambda s: [s.segment.pk],
    "compute_segment": lambda s: [s.segment.pk],
    "archive_segment": lambda s: [s.segment.pk],
    "restore_segment": lambda s: [s.segment.pk],
    "restore_rule": lambda s: [s.segment.pk],
    "segment_turn": lambda s: [s.segment.pk, s.segment.turns.get().pk],
    "clustering": lambda s: [s.clustering.pk],
    "clustering_state": lambda s: [s.clustering.pk],
    "keep_groups": lambda s: [s.clustering.pk],
    "rename_groups": lambda s: [s.clustering.pk],
    "discard_groups": lambda s: [s.clustering.pk],
    "segments_delete_view": lambda s: [s.view.pk],
    "archived_segments_delete_view": lambda s: [s.view.pk],
}
