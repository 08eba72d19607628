"""The language of somebody: of the product's sentences (Django's catalogue) and the library's at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import translation

from zhike.language import speaking


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Everything said in the block is said in this language, "en" or "zh-hans"."""
    with translation.override(code), speaking(code):
        yield
