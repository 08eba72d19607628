"""Both languages are whole: every sentence in the code has a Chinese one with the same values in it."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import zhike
from zhike.errors import InputError
from zhike.labels import NAMES, label
from zhike.language import _, catalogue, language_of, speaking, translated

SOURCE = Path(zhike.__file__).parent
ERRORS = {"ZhikeError", "InputError", "MappingError", "SettingsError", "LakeError", "EngineError"}


def literals(node: ast.expr) -> Iterator[str]:
    """The sentence of an argument: one literal, or the branches of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def said_by(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """(context, English) of a call: a sentence, an error, or the names of a column's codes."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in ERRORS | {"_"}:
        yield from (("", argument) for argument in call.args[:1])
        yield from (("", k.value) for k in call.keywords if k.arg == "fix" and name in ERRORS)
    if name == "names":
        (context,) = literals(call.args[0])
        yield from ((context, k.value) for k in call.keywords)


def sentences() -> Iterator[tuple[str, tuple[str, str]]]:
    """Where something is said in the code, and its key in the catalogue."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for context, argument in said_by(node) if isinstance(node, ast.Call) else ():
                for sentence in literals(argument):
                    if sentence:
                        yield f"{path.relative_to(SOURCE)}:{node.lineno}", (context, sentence)


def fields(sentence: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def test_every_sentence_has_a_chinese_one() -> None:
    missing = [f"{place}: {' | '.join(key)}" for place, key in sentences() if key not in catalogue()]
    assert not missing, "add to locale/zh_Hans/LC_MESSAGES/zhike.po:\n" + "\n".join(missing)


def test_both_say_the_same_values() -> None:
    wrong = [english for (_context, english), chinese in catalogue().items() if fields(english) != fields(chinese)]
    assert not wrong


def test_the_chinese_is_chinese() -> None:
    # A command or a bare list of values may be the same in both.
    entries = [(english, chinese) for (_context, english), chinese in catalogue().items()]
    plain = [c for e, c in entries if not re.search(r"[\u4e00-\u9fff]", c) and re.search(r"[a-z]{4} ", e)]
    assert not plain


def test_nothing_in_the_catalogue_is_left_over() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    said = {key for _place, key in sentences()}
    unused = [f"{c} | {e}" for c, e in catalogue() if (c, e) not in said and (c or ascii(e)[1:30] not in ascii(code))]
    assert not unused, "no longer in the code:\n" + "\n".join(unused)


def test_one_english_word_has_the_chinese_of_its_context() -> None:
    with speaking("zh"):
        assert (label("grade", "new"), label("grid_cell", "lost-low-mid")) == ("新客户", "流失·低频·中价值")
        assert translated("New", context="grade") == "新客户"
        assert translated("New", context="no such column") == "New"
    assert translated("New", context="grade", language="en") == "New"
    for column, codes in NAMES.items():
        assert [c for c, name in codes.items() if not re.search(r"[\u4e00-\u9fff]", name.zh)] == [], column


@pytest.mark.parametrize(("tag", "language"), [("zh_CN.UTF-8", "zh"), ("zh-Hans", "zh"), ("en_GB", "en"), ("C", "en")])
def test_language_of(tag: str, language: str) -> None:
    assert language_of(tag) == language


def test_an_error_speaks_the_language_of_its_reader() -> None:
    error = InputError("There is no file {file}.", fix="Check the path.", file="a.csv")
    assert str(error) == "There is no file a.csv. Check the path."
    with speaking("zh"):
        assert "a.csv" in str(error)
        assert str(error) != "There is no file a.csv. Check the path."
        assert _("not in the catalogue") == "not in the catalogue"
