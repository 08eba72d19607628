"""Uploaded files: taken in within bounds, kept under names of ours, removed in time."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from zhike.inert import inert
from zhike_crm.imports.models import Import
from zhike_crm.workspaces.models import Workspace

# Room for the other fields of the form and what is between them.
_AROUND = 1024 * 1024
_DAY = 24 * 3600


class BoundedUpload(TemporaryFileUploadHandler):
    """Refuses a body before it is read when it is larger than allowed: for strangers, than the forms they may send."""

    def handle_raw_input(self, input_data: Any, meta: Any, content_length: int, *rest: Any, **more: Any) -> None:
        known = _is_known(self.request)
        allowed = settings.ZHIKE_UPLOAD_BYTES + _AROUND if known else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if content_length > allowed:
            raise RequestDataTooBig(too_large())


def _is_known(request: Any) -> bool:
    """Whether somebody signed in sends it, or a program whose token was accepted before its files are read."""
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated) or bool(getattr(request, "auth", None))


def too_large() -> str:
    return _("The file is larger than %(size)s. Split it, or ask your administrator to allow more.") % {
        "size": filesizeformat(settings.ZHIKE_UPLOAD_BYTES)
    }


def shown_name(name: str) -> str:
    """What people call the file: its last part, in one harmless line."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return inert(last).strip()[:200] or _("file")


def keep(imported: Import, upload: UploadedFile) -> None:
    """Move an upload to where its import has it.

    Raises:
        ValidationError: it is empty, or larger than allowed.
    """
    if not upload.size:
        raise ValidationError(_("The file is empty. Choose one with a header and at least one row."))
    if upload.size > settings.ZHIKE_UPLOAD_BYTES:
        raise ValidationError(too_large())
    imported.folder.mkdir(parents=True, mode=0o700)
    if hasattr(upload, "temporary_file_path"):
        shutil.move(upload.temporary_file_path(), imported.file)
    else:
        with imported.file.open("wb") as written:
            shutil.copyfileobj(upload.file, written)
    imported.file.chmod(0o600)


def sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def remove(imported: Import) -> None:
    """The file and its folder; nothing happens when they are gone already."""
    shutil.rmtree(imported.folder, ignore_errors=True)


def remove_strays(workspace: Workspace) -> int:
    """Folders that no import has: what a machine that stopped between the file and its row left behind."""
    folder = workspace.folder / "uploads"
    yesterday = time.time() - _DAY
    found = [f for f in folder.iterdir() if f.stat().st_mtime < yesterday] if folder.is_dir() else []
    known = {key.hex for key in Import.objects.of(workspace).values_list("key", flat=True)} if found else set()
    strays = [f for f in found if f.name not in known]
    for stray in strays:
        shutil.rmtree(stray, ignore_errors=True)
    return len(strays)
