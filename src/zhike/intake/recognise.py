"""What kind of file this is, by its content: the name's suffix is only a hint for text."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from zhike.errors import InputError

Format = Literal["text", "json", "xlsx", "xls", "parquet", "zip", "gzip"]

HEAD = 64 * 1024

# Beginnings of files that are not tables, with what to do about each.
_NOT_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90", "EXE"),
)
_OTHER_ARCHIVES: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)


def recognise(path: Path) -> Format:
    """The format of a file.

    Raises:
        InputError: the file is missing, empty, or of a kind that holds no table.
    """
    if not path.is_file():
        raise InputError("There is no file {file}.", fix="Check the name and the folder.", file=str(path))
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise InputError("{file} is empty.", fix="Choose a file with a header and at least one row.", file=path.name)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_or_workbook(path)
    for magic, form in _CONTAINERS:
        if head.startswith(magic):
            return form
    _refuse_other_kinds(path, head)
    return _text(path, head)


_CONTAINERS: tuple[tuple[bytes, Format], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
)


def _zip_or_workbook(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(
            "{file} is a damaged ZIP or XLSX file.", fix="Save or download it again.", file=path.name
        ) from error
    return "xlsx" if any(name.startswith("xl/") for name in names) else "zip"


def _refuse_other_kinds(path: Path, head: bytes) -> None:
    for magic, name in _NOT_TABLES:
        if head.startswith(magic):
            raise InputError(
                "{file} is a {kind} file, not a table.",
                fix="Export the table as CSV or XLSX and choose that file.",
                file=path.name,
                kind=name,
            )
    for magic, name in _OTHER_ARCHIVES:
        if head.startswith(magic):
            raise InputError(
                "{file} is packed as {kind}.", fix="Unpack it, or pack it as ZIP.", file=path.name, kind=name
            )
    if head.startswith(b"SQLite format 3\0"):
        raise InputError(
            "{file} is an SQLite database.",
            fix="Name the table with a query: --query 'SELECT * FROM …' on sqlite:///{file}.",
            file=path.name,
        )
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")):
        raise InputError(
            "{file} is a web page or XML, whatever its name says.",
            fix="Open it in a spreadsheet program and save it as XLSX or CSV.",
            file=path.name,
        )


def _text(path: Path, head: bytes) -> Format:
    if looks_like_utf16(head):
        return "text"
    if b"\0" in head or _share_of_controls(head) > 0.02:
        raise binary_file(path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    suffix = path.suffix.lower()
    if start == b"{" or (start == b"[" and suffix in (".json", ".jsonl", ".ndjson")):
        return "json"
    return "text"


def binary_file(path: Path) -> InputError:
    """The error for a file that is not text although it should be."""
    return InputError(
        "{file} is not a text file: it holds bytes that no text has.",
        fix="Check that it was not renamed or damaged; export it again as CSV, XLSX or Parquet.",
        file=path.name,
    )


def looks_like_utf16(head: bytes) -> str | None:
    """The encoding, if these bytes are UTF-16: by their mark, or by zero bytes on one side only."""
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # A comma or a line's end has a zero byte even in a Chinese text.
    if bool(even) == bool(odd) or (even + odd) * 50 < len(head):
        return None
    encoding = "utf-16-le" if odd else "utf-16-be"
    text = head[: len(head) & ~1].decode(encoding, "replace")
    return encoding if "\n" in text or "\r" in text else None


_CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\r\x0b\x0c\x1a\x1b")


def _share_of_controls(head: bytes) -> float:
    return 1 - len(head.translate(None, _CONTROLS)) / len(head)
