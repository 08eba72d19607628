"""How long the steps of a piece of work take: for what it reports of itself, and for the benchmarks."""

from __future__ import annotations

from time import perf_counter


class Clock:
    """Seconds per step. A step ends when the next begins.

    >>> clock = Clock()
    >>> clock.begin("read")
    >>> clock.begin("write")
    >>> list(clock.stop())
    ['read', 'write']
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._step, self._since = "", 0.0

    def begin(self, step: str) -> None:
        self.stop()
        self._step, self._since = step, perf_counter()

    def split(self, step: str, parts: dict[str, float]) -> None:
        """Parts of a step that has ended, timed by another process, become steps of their own."""
        self._seconds[step] = round(self._seconds[step] - sum(parts.values()), 4)
        self._seconds |= {part: round(seconds, 4) for part, seconds in parts.items()}

    def stop(self) -> dict[str, float]:
        """The seconds of all steps so far, the last of which ends."""
        if self._step:
            self._seconds[self._step] = round(perf_counter() - self._since, 4)
        self._step = ""
        return self._seconds
