"""What can go wrong, in a sentence that names the fix. Few kinds, so that a caller can tell them apart."""

from __future__ import annotations

from zhike.language import _, current_language


class ZhikeError(Exception):
    """Something the caller can mend.

    The sentence is kept in English with its values and translated when it is shown, because the person who reads it
    may speak another language than the process that raised it.

    >>> str(InputError("{file} is empty.", fix="Choose a file with at least one row.", file="a.csv"))
    'a.csv is empty. Choose a file with at least one row.'
    """

    exit_code = 1

    def __init__(self, problem: str, *, fix: str = "", **values: object) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
        self.values = values

    def __str__(self) -> str:
        said = [_(part, **self.values) for part in (self.problem, self.fix) if part]
        # Chinese sentences end in a full stop as wide as a character and its blank.
        return ("" if current_language() == "zh" else " ").join(said)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.problem, self.fix, self.values))


def _rebuild(kind: type[ZhikeError], problem: str, fix: str, values: dict[str, object]) -> ZhikeError:
    return kind(problem, fix=fix, **values)


class InputError(ZhikeError):
    """A file, table or query that cannot be used as it is."""

    exit_code = 2


class MappingError(InputError):
    """The columns of a file do not give what the table needs."""


class SettingsError(ZhikeError):
    """A setting outside what is allowed."""

    exit_code = 2


class LakeError(ZhikeError):
    """The lake cannot be opened, written or is being written by somebody else."""

    exit_code = 3


class EngineError(ZhikeError):
    """The engine asked for cannot be started here."""

    exit_code = 3
