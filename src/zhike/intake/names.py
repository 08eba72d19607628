"""File names: as the system has them, as people read them, as DuckDB takes them."""

from __future__ import annotations

import re
from pathlib import Path

_PATTERNS = "*?[]{}"
# Python stands these for the bytes of a name that are no UTF-8.
_NOT_TEXT = re.compile("[\ud800-\udfff]")


def shown_name(name: str) -> str:
    """A name as a text. The system allows any bytes in one; those that are no UTF-8 show as �.

    >>> shown_name("订单.csv"), shown_name("caf\\udce9.csv")
    ('订单.csv', 'caf�.csv')
    """
    return _NOT_TEXT.sub("\ufffd", name)


def plainly_named(path: Path, scratch: Path) -> Path:
    """The file under a path that is UTF-8 and no pattern to DuckDB: `sales[1]*.csv` must not match other files.

    The file itself where it is so already, else a link in `scratch`.
    """
    shown = shown_name(str(path))
    if not path.is_file() or (shown == str(path) and not set(_PATTERNS) & set(shown)):
        return path
    folder = scratch / "named"
    folder.mkdir(exist_ok=True)
    link = folder / "".join("_" if c in _PATTERNS else c for c in shown_name(path.name))
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    return link
