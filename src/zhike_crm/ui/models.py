"""What people keep of the screens they work with."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhike_crm.accounts.models import Membership
from zhike_crm.workspaces.scoping import WorkspaceRow


class SavedView(WorkspaceRow):
    """A list as somebody arranged it: conditions, columns, order. Private, or shared with the workspace."""

    list_name = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="views")
    shared = models.BooleanField(_("shared"), default=False)
    conditions = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(default=list, blank=True)
    sort = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "list_name", "name"], name="view_name")]

    def __str__(self) -> str:
        return self.name
