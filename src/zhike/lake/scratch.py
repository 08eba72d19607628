"""Folders for unfinished work, and the lock that lets one writer in at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from zhike.errors import LakeError

# How often a writer looks whether the one before has finished.
_POLL_SECONDS = 0.05
# What lies in a scratch folder longer than this was left by a process that was killed.
_ABANDONED_SECONDS = 24 * 3600


def private_folder(url: str) -> Path:
    """A folder on this machine for the unfinished work on a lake elsewhere, which only this user may enter.

    Raises:
        LakeError: somebody else has made a folder of that name.
    """
    folder = Path(tempfile.gettempdir(), f"zhike-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # In a folder that all may write to, anybody can have made it first, and would read what customers bought.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise LakeError(
            "{folder} belongs to somebody else or is open to others.",
            fix="Remove it, or set TMPDIR to a folder of your own.",
            folder=str(folder),
        )
    inner = folder / hashlib.sha256(url.encode()).hexdigest()[:16]
    inner.mkdir(mode=0o700, exist_ok=True)
    return inner


@contextmanager
def staging_folder(scratch: Path) -> Iterator[Path]:
    """A folder for unfinished files, gone afterwards; what killed processes left goes with a later one."""
    yesterday = time.time() - _ABANDONED_SECONDS
    for left in scratch.glob("staging-*"):
        # Another process may be taking its own away at this moment.
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < yesterday:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="staging-", dir=scratch) as folder:
        yield Path(folder)


@contextmanager
def locked(file: Path, *, wait: float, lake: str) -> Iterator[None]:
    """Hold a lock file. The operating system lets go of it when the process dies, however it dies.

    Raises:
        LakeError: another process still holds it after `wait` seconds.
    """
    until = time.monotonic() + wait
    # Not through a link somebody laid, and what is in the file stays.
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as lock:
        while not _taken(lock):
            if time.monotonic() >= until:
                raise LakeError(
                    "Another process is writing to the lake {lake}.",
                    fix="Wait until it has finished, then run the same command again.",
                    lake=lake,
                )
            time.sleep(_POLL_SECONDS)
        yield


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
