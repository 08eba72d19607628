"""One kept-open HTTP connection that does as little work as can be, for the server it asks runs on the same cores."""

from __future__ import annotations

import asyncio
import re
from typing import Any


class Connection:
    """One kept-open connection: a request at a time. As little work as can be, for the server runs here too."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: Any = None
        self._writer: Any = None

    async def ask(self, method: str, path: str, headers: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body; status 0 when the connection broke."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
            self._writer.write(head.encode() + body)
            await self._writer.drain()
            return await self._read()
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0, b""

    async def _read(self) -> tuple[int, bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head[9:12])
        if known := re.search(r"content-length: (\d+)", head):
            return status, await self._reader.readexactly(int(known[1]))
        if "transfer-encoding: chunked" not in head:
            return status, b""
        parts = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            parts.append((await self._reader.readexactly(size + 2))[:-2])
        await self._reader.readexactly(2)
        return status, b"".join(parts)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
