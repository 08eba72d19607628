"""Both languages of the product are whole: every sentence in code and templates has a Chinese one with its values."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import zhike_crm

SOURCE = Path(zhike_crm.__file__).parent
CATALOGUE = SOURCE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_VALUES = re.compile(r"%\((\w+)\)|(%%)")


Key = tuple[str, str]


def sentences() -> Iterator[tuple[str, Key]]:
    """(where, (context, English)); of a plural, the singular."""
    for path in sorted([*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html"), *SOURCE.rglob("*.txt")]):
        text = path.read_text("utf-8")
        if path.suffix != ".py":
            text = templatize(text, origin=str(path))
        for line, found, _comments, context in extract("python", io.BytesIO(text.encode()), KEYWORDS):
            english = found[0] if isinstance(found, tuple) else found
            yield f"{path.relative_to(SOURCE)}:{line}", (context or "", english)


def chinese() -> dict[Key, list[str]]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans")
    texts: dict[Key, list[str]] = {}
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        texts[message.context or "", key] = (
            list(message.string) if isinstance(message.string, tuple) else [message.string]
        )
    return texts


def test_every_sentence_has_a_chinese_one() -> None:
    known = chinese()
    missing = [f"{where}: {' | '.join(key)}" for where, key in sentences() if not any(known.get(key, []))]
    assert not missing, f"add to {CATALOGUE.relative_to(SOURCE)}:\n" + "\n".join(missing)


def test_nothing_in_the_catalogue_is_left_over() -> None:
    said = {key for _where, key in sentences()} | {("", "")}
    assert [key for key in chinese() if key not in said] == []


def test_the_same_values_are_in_both() -> None:
    """Chinese has one form, so of a plural it has the values of the English plural."""
    with CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file, locale="zh_Hans") if message.id]
    differing = []
    for message in messages:
        english = message.id[-1] if isinstance(message.id, tuple) else message.id
        texts = message.string if isinstance(message.string, tuple) else [message.string]
        if any(set(_VALUES.findall(english)) != set(_VALUES.findall(text)) for text in texts):
            differing.append(english)
    assert differing == []
