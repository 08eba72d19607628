"""What the system and the libraries say when a lake cannot be written or read, as errors that name the fix.

delta-rs hands on the system's error as text with its number, DuckDB the system's words alone; both raise kinds of
their own. So the cause is looked for in the error, in the number and in the words.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from zhike.errors import LakeError

# A file beyond the size that is allowed is a quota, too.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
# DuckDB's own limit on what it spills is the free space it found when it began.
_FULL_WORDS = ("max_temp_directory_size",)
_NUMBER = re.compile(r"os error (\d+)")
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_LONGEST_REASON = 300


@contextmanager
def writing_to(place: str) -> Iterator[None]:
    """Whatever goes wrong inside is an error about writing to this place.

    Raises:
        LakeError: the disk is full, the place is not writable, or something else went wrong.
    """
    try:
        yield
    except _failures() as failed:
        raise _unwritable(failed, place) from failed


def _failures() -> tuple[type[BaseException], ...]:
    """What can be raised; asked for when something was. The child that only reads a file loads neither library."""
    import pyarrow as pa
    from deltalake.exceptions import DeltaError

    return (DeltaError, duckdb.Error, OSError, pa.ArrowException)


@contextmanager
def reading_table(name: str, place: str) -> Iterator[None]:
    """Whatever goes wrong inside is an error about a table of a lake that cannot be read.

    Raises:
        LakeError: a file is missing, damaged or not readable.
    """
    try:
        yield
    except _failures() as broken:
        raise unreadable(name, place, _reason(broken)) from broken


@contextmanager
def computing(place: str) -> Iterator[None]:
    """What is computed inside from a lake's files may find them damaged, or no room for what it sets aside.

    Raises:
        LakeError: the disk is full, or a file is damaged.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.OutOfMemoryException) as failed:
        if full := disk_error(failed, place):
            raise full from failed
        if isinstance(failed, duckdb.OutOfMemoryException):
            raise
        raise LakeError(
            "The files of the lake {lake} cannot be read: {reason}.",
            fix="Restore the folder from a backup.",
            lake=place,
            reason=_reason(failed),
        ) from failed


def unreadable(name: str, place: str, reason: str) -> LakeError:
    """The error for a table that is there and cannot be read."""
    return LakeError(
        "The table {name} of the lake {lake} cannot be opened: {reason}.",
        fix="Check that the folder is complete, or restore it from a backup.",
        name=name,
        lake=place,
        reason=reason,
    )


def disk_error(failed: BaseException, place: str) -> LakeError | None:
    """The error for a disk that is full or a place that cannot be written; None when the cause is another one.

    >>> disk_error(OSError(28, "No space left on device"), "/data").values["reason"]
    'No space left on device'
    """
    said = str(failed)
    if reason := _found(failed, said, _FULL) or next((word for word in _FULL_WORDS if word in said), ""):
        return LakeError(
            "There is no room in {folder}: {reason}. Nothing was changed.",
            fix="Free space on that disk (or raise the quota), then run the same command again.",
            folder=place,
            reason=reason,
        )
    if reason := _found(failed, said, _FORBIDDEN):
        return LakeError(
            "{folder} cannot be written: {reason}. Nothing was changed.",
            fix="Check who owns the folder, its permissions, and that its disk is not mounted read-only.",
            folder=place,
            reason=reason,
        )
    return None


def _unwritable(failed: BaseException, place: str) -> LakeError:
    return disk_error(failed, place) or LakeError(
        "The lake {lake} could not be written: {reason}. Nothing was changed.",
        fix="Check free disk space and permissions, then run the same command again.",
        lake=place,
        reason=_reason(failed),
    )


def _found(failed: BaseException, said: str, numbers: tuple[int, ...]) -> str:
    """The system's words for the first of these errors that the failure speaks of; empty when it is none of them."""
    named = {int(number) for number in _NUMBER.findall(said)}
    if isinstance(failed, OSError) and failed.errno is not None:
        named.add(failed.errno)
    words = {number: os.strerror(number) for number in numbers}
    return next((word for number, word in words.items() if number in named or word in said), "")


def _reason(failed: BaseException) -> str:
    plain = _COLOUR.sub("", str(failed))
    return " ".join(plain.split())[:_LONGEST_REASON].rstrip(".")
