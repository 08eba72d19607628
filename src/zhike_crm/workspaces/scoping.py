"""Every row belongs to one workspace, and every query says which. One that does not raises before it runs.

>>> Customer.objects.of(workspace).filter(...)      # fine
>>> customer.notes.all()                            # fine: reached from a row of the workspace
>>> Customer.objects.filter(name="Li")              # Unscoped
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from django.db.models.sql.where import AND, WhereNode
from django.utils import timezone


class Unscoped(RuntimeError):
    """A query over the rows of all workspaces: a mistake in the code, never one of the user."""


class ScopedQuerySet(models.QuerySet):
    """A query set that runs only when its conditions name the workspace."""

    def of(self, workspace: Any) -> ScopedQuerySet:
        """The rows of one workspace (the object or its id)."""
        return self.filter(workspace=workspace)

    def everywhere(self) -> ScopedQuerySet:
        """The rows of all workspaces: for the few jobs that serve the whole installation (queue, backup, clean-up)."""
        clone = self._chain()
        clone._everywhere = True
        return clone

    _everywhere = False

    def _clone(self) -> ScopedQuerySet:
        clone = super()._clone()
        clone._everywhere = self._everywhere
        return clone

    def _require_scope(self) -> None:
        if self._everywhere or isinstance(self._hints.get("instance"), models.Model):
            return
        if self.query.is_empty() or _names_workspace(self.query.where, self.model):
            return
        raise Unscoped(f"A query on {self.model.__name__} does not say which workspace; begin it with .of(workspace).")

    # Everything that reaches the database goes through one of these.
    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._require_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._require_scope()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._require_scope()
        return super().count()

    def exists(self) -> bool:
        self._require_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._require_scope()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """As Django's, and it moves the moment of the last change too (`auto_now`), which Django leaves to `save`."""
        self._require_scope()
        moved = [f.name for f in self.model._meta.concrete_fields if getattr(f, "auto_now", False)]
        return super().update(**{name: timezone.now() for name in moved} | kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        self._require_scope()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


def _names_workspace(where: WhereNode, model: type[models.Model]) -> bool:
    """Whether a condition that all rows must meet compares the model's own workspace with a value."""
    if where.negated or where.connector != AND:
        return False
    return any(
        _names_workspace(child, model) if isinstance(child, WhereNode) else _is_workspace(child, model)
        for child in where.children
    )


def _is_workspace(condition: Any, model: type[models.Model]) -> bool:
    return (
        isinstance(condition, Lookup)
        and condition.lookup_name in ("exact", "in")
        and isinstance(condition.lhs, Col)
        and condition.lhs.target.name == "workspace"
        and condition.lhs.alias == model._meta.db_table
    )


class WorkspaceRow(models.Model):
    """Base of every table whose rows belong to a workspace."""

    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
