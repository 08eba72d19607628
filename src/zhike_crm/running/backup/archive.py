"""The file of a backup: a compressed tar, each member with its checksum, complete or not there at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from zhike.errors import InputError
from zhike_crm.running.words import _

MANIFEST = "manifest.json"
_COMPRESSIONS = {".zst": "zstd", ".gz": "gzip"}
_MEMBERS = ("tables/", "workspaces/", "files/")
_BLOCK = 1 << 20


class Writer:
    """Adds members and remembers their checksums."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.checksums: dict[str, str] = {}

    def add(self, name: str, file: Path, size: int | None = None) -> None:
        """Add a file as it is, or its first bytes where somebody may still be adding to it."""
        with file.open("rb") as opened:
            self._add(name, opened, os.fstat(opened.fileno()).st_size if size is None else size)

    def add_text(self, name: str, text: str) -> None:
        self._add(name, io.BytesIO(text.encode()), len(text.encode()))

    def _add(self, name: str, opened: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashed = _Hashed(opened)
        self._tar.addfile(info, hashed)
        self.checksums[name] = hashed.sha256.hexdigest()


class _Hashed(io.RawIOBase):
    """A file that adds up a checksum of what is read."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._opened.read(size)
        self.sha256.update(block)
        return block


@contextmanager
def writing(target: Path) -> Iterator[Writer]:
    """Write a new archive; it gets its name when all of it is on the disk.

    Raises:
        InputError: the name says no compression we know.
    """
    compression = _compression(target)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            pa.CompressedOutputStream(pa.PythonFile(file, "w"), compression) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            yield Writer(tar)
        _sync(unfinished)
        unfinished.replace(target)
        _sync(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Write all members into a folder and return the manifest.

    Raises:
        InputError: it is no backup of ours, or damaged.
    """
    found: dict[str, str] = {}
    try:
        with (
            pa.CompressedInputStream(pa.OSFile(str(source)), _compression(source)) as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            for member in tar:
                found[member.name] = _extract(tar, member, folder)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        expected = manifest["checksums"]
    except (OSError, tarfile.TarError, ValueError, KeyError, EOFError) as wrong:
        raise InputError(
            _("{file} is not a whole backup: {reason}", file=source.name, reason=str(wrong)),
            fix=_("Take another copy of it."),
        ) from wrong
    found.pop(MANIFEST)
    if damaged := sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)):
        raise InputError(
            _("{file} is damaged: {member}", file=source.name, member=damaged[0]), fix=_("Take another copy of it.")
        )
    return manifest


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Write one member and return its checksum. Nothing leaves the folder."""
    parts = PurePosixPath(member.name).parts
    known = member.name in (MANIFEST, "secret") or member.name.startswith(_MEMBERS)
    opened = tar.extractfile(member) if member.isfile() else None
    if opened is None or not known or ".." in parts or member.name.startswith("/"):
        raise ValueError(member.name)
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    with target.open("wb") as written:
        while block := opened.read(_BLOCK):
            sha256.update(block)
            written.write(block)
    return sha256.hexdigest()


def _compression(file: Path) -> str:
    found = _COMPRESSIONS.get(file.suffix)
    if found is None:
        raise InputError(_("The name of a backup ends in .tar.zst or .tar.gz."))
    return found


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
