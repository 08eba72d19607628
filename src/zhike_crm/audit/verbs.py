"""What the codes of the audit log are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "workspace.created": _("made the workspace"),
    "workspace.changed": _("changed the settings"),
    "member.invited": _("invited"),
    "member.invitation_withdrawn": _("withdrew the invitation"),
    "member.joined": _("joined"),
    "member.changed": _("changed the member"),
    "team.created": _("made the team"),
    "token.created": _("made the access token"),
    "token.revoked": _("revoked the access token"),
    "customer.created": _("created the customer"),
    "customer.changed": _("changed the customer"),
    "customer.deleted": _("deleted the customer"),
    "customer.restored": _("restored the customer"),
    "customer.merged": _("merged customers"),
    "customer.unmerged": _("took a merge apart"),
    "pair.dismissed": _("said that two customers are not the same"),
    "pair.reopened": _("put a pair of customers up for comparison again"),
    "note.written": _("wrote a note"),
    "note.changed": _("changed a note"),
    "note.deleted": _("deleted a note"),
    "task.created": _("made a task"),
    "task.done": _("did a task"),
    "task.reopened": _("reopened a task"),
    "task.changed": _("changed a task"),
    "task.deleted": _("deleted a task"),
    "field.created": _("made the custom field"),
    "field.changed": _("changed the custom field"),
    "field.archived": _("archived the custom field"),
    "field.restored": _("brought back the custom field"),
    "import.uploaded": _("uploaded"),
    "import.deleted": _("deleted the import"),
    "import.started": _("started an import"),
    "import.undone": _("undid an import"),
    "refresh.started": _("started a refresh"),
    "settings.published": _("published weights and thresholds"),
    "undone": _("undid a change of"),
}
