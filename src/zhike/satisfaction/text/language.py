"""Which language a text is in, by its script."""

from __future__ import annotations

from typing import Any

import numpy as np

from zhike.satisfaction.text.characters import Flags, blocks, is_han, is_latin, texts_of

# One Chinese character says about as much as three letters.
LETTERS_PER_HAN = 3


def languages(texts: Any) -> list[str | None]:
    """Per text "zh" or "en", whichever script says more; "other" where another script does; None without a letter.

    By script only: every language in Latin letters is "en" here, since the words that are looked for are English.
    Japanese and Korean are "other" as soon as they have as many kana or hangul as Chinese characters.

    Args:
        texts: a list or an Arrow column of text.

    >>> languages(["送餐很快", "Love my Echo!", "App 很好用", "とても美味しい", "👍 5/5", None])
    ['zh', 'en', 'zh', 'other', None, None]
    """
    given = texts_of(texts)
    found: list[str | None] = []
    for _first, characters in blocks(given):

        def counted(which: Flags, text: Any = characters.text, count: int = characters.count) -> Any:
            return np.bincount(text[which], minlength=count)

        codes = characters.codes
        han, latin = is_han(codes), is_latin(codes)
        other = counted((codes >= 0x370) & (codes < 0x2000) | (codes >= 0x3040) & (codes < 0x3100) | _hangul(codes))
        zh, en = counted(han) * LETTERS_PER_HAN, counted(latin)
        best = np.maximum(zh, en)
        names = np.select(
            [(best == 0) & (other == 0), other * LETTERS_PER_HAN >= best, zh >= en], ["", "other", "zh"], "en"
        )
        found += [str(name) or None for name in names]
    return found


def _hangul(codes: Any) -> Flags:
    return np.asarray((codes >= 0xAC00) & (codes < 0xD7B0))
