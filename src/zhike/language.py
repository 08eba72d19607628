"""The two languages of everything a person reads: English in the code, Chinese in `locale/`.

The English sentence is the key (GNU gettext's way), with a context where one English word needs several Chinese ones;
the catalogue is read from the `.po` file itself, so there is no compile step to forget. `tests/test_language.py` fails
when a sentence in the code has no Chinese.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("en", "zh")

_current: ContextVar[str | None] = ContextVar("zhike_language", default=None)


def language_of(tag: str) -> str:
    """The one of our languages that a tag such as `zh_CN.UTF-8`, `zh-Hans` or `en_GB` asks for.

    >>> language_of("zh_CN.UTF-8"), language_of("de_DE")
    ('zh', 'en')
    """
    return "zh" if tag.lower().startswith("zh") else "en"


def current_language() -> str:
    """What `speaking` set, else what the environment asks for (ZHIKE_LANG, LC_ALL, LC_MESSAGES, LANG)."""
    chosen = _current.get()
    if chosen is not None:
        return chosen
    for variable in ("ZHIKE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if tag := os.environ.get(variable):
            return language_of(tag)
    return "en"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything said inside the block is in this language.

    >>> with speaking("zh"):
    ...     current_language()
    'zh'
    """
    token = _current.set(language_of(language))
    try:
        yield
    finally:
        _current.reset(token)


@cache
def catalogue() -> dict[tuple[str, str], str]:
    """(context, English) → Chinese, as the `.po` file has them; the context of a sentence is empty."""
    path = Path(__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES" / "zhike.po"
    with path.open("rb") as file:
        messages = [m for m in read_po(file, locale="zh_Hans") if m.id and m.string]
    return {(m.context or "", str(m.id)): str(m.string) for m in messages}


def translated(english: str, *, context: str = "", language: str | None = None) -> str:
    """What the English text is in that language, or in the current one; the English where there is nothing else.

    >>> translated("No such sentence.", language="zh")
    'No such sentence.'
    """
    if language_of(language or current_language()) == "zh":
        return catalogue().get((context, english), english)
    return english


def _(sentence: str, /, **values: object) -> str:
    """The sentence in the current language, its `{names}` filled in."""
    sentence = translated(sentence)
    return sentence.format(**values) if values else sentence
