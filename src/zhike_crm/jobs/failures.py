"""What a person reads when a job failed for a reason nobody foresaw."""

from __future__ import annotations

import errno

from django.db import DatabaseError
from django.utils.translation import gettext as _

_FULL = ("disk is full", "no space left on device", "disk quota exceeded")


def is_disk_full(failure: BaseException | None) -> bool:
    """Whether something could not be written for lack of room, whichever library says so."""
    while failure is not None:
        if isinstance(failure, OSError) and failure.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(text in str(failure).lower() for text in _FULL):
            return True
        failure = failure.__cause__ or failure.__context__
    return False


def sentence(failure: Exception) -> str:
    """What went wrong, in the language of now."""
    if is_disk_full(failure):
        return _("The disk is full. Nothing was half done: free some space and start it again.")
    if isinstance(failure, MemoryError):
        return _("The memory of the machine did not suffice.")
    if isinstance(failure, DatabaseError):
        return _("The database refused: %(reason)s") % {"reason": str(failure).strip()[:500]}
    return f"{type(failure).__name__}: {failure}"
