"""How much of the machine one import may use."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds on reading one file. Sizes in bytes, times in seconds.

    `address_space` is larger than `memory` because a process reserves more than it uses: libraries, thread stacks,
    memory-mapped files. `inflated` bounds what an archive or a workbook may become once unpacked; the ratio catches
    a bomb that stays under it. `cpu_seconds` counts all threads together. `query_size` bounds the rows of a database
    query as they are kept on disk, packed.
    """

    memory: int = 2048 * MEGABYTE
    address_space: int = 12 * 1024 * MEGABYTE
    workbook_address_space: int = 6 * 1024 * MEGABYTE
    file_size: int = 64 * 1024 * MEGABYTE
    wall_seconds: float = 3600.0
    cpu_seconds: int = 4 * 3600
    inflated: int = 16 * 1024 * MEGABYTE
    inflated_workbook: int = 256 * MEGABYTE
    query_size: int = 8 * 1024 * MEGABYTE
    ratio: float = 200.0
    members: int = 10_000
    longest_row: int = 32 * MEGABYTE
    widest_row: int = 4_096
