"""ZIP and gzip: which file inside is the data, unpacked within limits."""

from __future__ import annotations

import copy
import gzip
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from zhike.errors import InputError
from zhike.intake.limits import MEGABYTE, Limits
from zhike.intake.names import shown_name

_DATA_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".jsonl", ".ndjson", ".json", ".parquet")
_CHUNK = 4 * MEGABYTE
# Below this size a high ratio does no harm: a column of zeros packs a thousandfold.
_HARMLESS = 64 * MEGABYTE


@dataclass(frozen=True)
class Part:
    """A file taken out of an archive: its name inside, and where it lies now."""

    name: str
    path: Path


def unpack(
    path: Path, form: str, *, scratch: Path, limits: Limits, member: str | None = None
) -> tuple[Part, tuple[str, ...]]:
    """The largest data file of an archive (or the one named), and the names of all data files in it.

    The path it is unpacked to never depends on names inside the archive.

    Raises:
        InputError: no data file, no such member, a password, damage, or more bytes than the limits allow.
    """
    if form == "gzip":
        target = _target(scratch, path.stem)
        with gzip.open(path, "rb") as source:
            _copy(cast(IO[bytes], source), target, path, limits)
        inside = shown_name(path.stem)
        return Part(inside, target), (inside,)
    with zipfile.ZipFile(path) as archive:
        members = {_name(info): info for info in archive.infolist() if _is_data(info)}
        check_inflation(path, archive.infolist(), limits, limits.inflated)
        chosen = _choose(path, members, member)
        info = members[chosen]
        target = _target(scratch, chosen)
        with open_whole(archive, info, limits.inflated, path) as source:
            _copy(source, target, path, limits)
    return Part(chosen, target), tuple(members)


def _target(scratch: Path, name: str) -> Path:
    suffix = PurePosixPath(name).suffix.lower()
    return scratch / ("unpacked" + (suffix if suffix in _DATA_SUFFIXES else ".csv"))


def check_inflation(path: Path, infos: list[zipfile.ZipInfo], limits: Limits, largest: int) -> None:
    """Refuses an archive by what its own directory declares, before anything is unpacked.

    Raises:
        InputError: too many members, too large, or packed more tightly than real data ever is.
    """
    inflated = sum(info.file_size for info in infos)
    packed = max(path.stat().st_size, 1)
    too_tight = inflated > _HARMLESS and inflated / packed > limits.ratio
    if inflated > largest or too_tight or len(infos) > limits.members:
        raise _too_large(path, inflated)


def open_whole(archive: zipfile.ZipFile, info: zipfile.ZipInfo, largest: int, path: Path) -> IO[bytes]:
    """A member opened so that it is read to its real end, whatever size the directory claims.

    Raises:
        InputError: it has a password, damage, or a compression that Python does not know.
    """
    honest = copy.copy(info)
    honest.file_size = largest + 1
    if info.flag_bits & 0x1:
        raise InputError("{file} is protected by a password.", fix="Pack it again without one.", file=path.name)
    try:
        return archive.open(honest)
    except (RuntimeError, NotImplementedError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError("{file} is a damaged archive.", fix="Download or pack it again.", file=path.name)


def _too_large(path: Path, inflated: int) -> InputError:
    return InputError(
        "{file} would unpack to {megabytes} MB, which is more than allowed or not plausible.",
        fix="If the file is what it should be, unpack it first and choose the file inside.",
        file=path.name,
        megabytes=inflated // MEGABYTE,
    )


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name. Chinese Windows writes GBK where the format says code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
        return info.filename if raw.isascii() else raw.decode("gb18030")
    except UnicodeError:
        return info.filename


def _is_data(info: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(info.filename)
    hidden = name.name.startswith(".") or "__MACOSX" in name.parts
    return not info.is_dir() and not hidden and info.file_size > 0


def _choose(path: Path, members: dict[str, zipfile.ZipInfo], member: str | None) -> str:
    if member is not None:
        fitting = [name for name in members if member in (name, PurePosixPath(name).name)]
        if fitting:
            return fitting[0]
        raise InputError(
            "{file} has no file {member} inside.",
            fix="It has: {members}.",
            file=path.name,
            member=member,
            members=", ".join(list(members)[:20]) or "–",
        )
    data = [n for n in members if PurePosixPath(n).suffix.lower() in _DATA_SUFFIXES] or list(members)
    if not data:
        raise InputError("{file} holds no data file.", fix="Choose another archive.", file=path.name)
    return max(data, key=lambda name: members[name].file_size)


def _copy(source: IO[bytes], target: Path, path: Path, limits: Limits) -> None:
    """Copies to the real end, within the limits on size and on the ratio to the packed file."""
    packed = max(path.stat().st_size, 1)
    allowed = min(limits.inflated, max(_HARMLESS, int(packed * limits.ratio)))
    written = 0
    try:
        with target.open("wb") as out:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > allowed:
                    raise _too_large(path, written)
                out.write(chunk)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
        raise _damaged(path) from error
    finally:
        if written > allowed:
            target.unlink(missing_ok=True)
