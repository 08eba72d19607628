"""A workspace: one company, or one part of it that keeps its customers to itself."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Workspace(models.Model):
    """The name, the address and the habits of a company. `key` names its folders, so that the address can change."""

    key = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(_("name"), max_length=100)
    slug = models.CharField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$", _("Use small letters, digits and hyphens."))],
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        """Where the files of this workspace lie."""
        return Path(settings.ZHIKE_HOME, "workspaces", self.key.hex)

    @property
    def lake_folder(self) -> Path:
        return self.folder / "lake"
