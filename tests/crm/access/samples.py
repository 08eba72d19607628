"""One record of everything in a workspace, for addresses that need one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zhike_crm.accounts.access import Role
from zhike_crm.accounts.actions import create_token, invite
from zhike_crm.accounts.models import AccessToken, Invitation, Membership
from zhike_crm.customers.actions import change_customer, create_customer, create_task, write_note
from zhike_crm.customers.models import Customer, Note, Task
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


def sample(workspace: Workspace, owner: Membership) -> Samples:
    customer = create_customer(owner, name="Li Wei", email="li.wei@example.com", phone="13800138000")
    change_customer(customer, owner, city="上海")
    return Samples(
        owner=owner,
        customer=customer,
        note=write_note(customer, "Called", owner),
        task=create_task(owner, title="Call back", customer=customer),
        invitation=invite(workspace, "guest@example.com", Role.VIEWER, by=owner)[0],
        token=create_token(workspace, "shop", ["customers.view"], by=owner)[0],
        view=SavedView.objects.create(workspace=workspace, owner=owner, list_name="customers", name="Mine"),
        group=uuid.uuid4(),
    )


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
}
