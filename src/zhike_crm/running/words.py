"""The sentences of the server's commands, in both languages, without starting Django.

Django translates only once it has been set up, which makes the folder of the installation: too much for `--help`. So
the commands read Django's own catalogue themselves.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from zhike.language import current_language

_LOCALES = Path(__file__).resolve().parent.parent / "locale"


def _(sentence: str, /, **values: object) -> str:
    """The sentence in the language of the terminal, its `{names}` filled in."""
    said = _catalogue(current_language()).gettext(sentence)
    return said.format(**values) if values else said


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    wanted = {"zh": ["zh_Hans"]}.get(language, [])
    if not wanted:
        return gettext.NullTranslations()
    return gettext.translation("django", _LOCALES, wanted, fallback=True)
