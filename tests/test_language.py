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
from zhike.language import _, catalogue, language_of, speaking

SOURCE = Path(zhike.__file__).parent
ERRORS = {"ZhikeError", "InputError", "MappingError", "SettingsError", "LakeError", "EngineError"}


def literals(node: ast.expr) -> Iterator[str]:
    """The sentence of an argument: one literal, or the branches of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def sentences() -> Iterator[tuple[str, str]]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            said = node.args[:1] if name in ERRORS | {"_", "N_"} else []
            said += [k.value for k in node.keywords if k.arg == "fix" and name in ERRORS]
            for argument in said:
                for sentence in literals(argument):
                    if sentence:
                        yield f"{path.relative_to(SOURCE)}:{node.lineno}", sentence


def fields(sentence: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def test_every_sentence_has_a_chinese_one() -> None:
    missing = [f"{place}: {sentence}" for place, sentence in sentences() if sentence not in catalogue()]
    assert not missing, "add to locale/zh_Hans/LC_MESSAGES/zhike.po:\n" + "\n".join(missing)


def test_both_say_the_same_values() -> None:
    wrong = [english for english, chinese in catalogue().items() if fields(english) != fields(chinese)]
    assert not wrong


def test_the_chinese_is_chinese() -> None:
    # A command or a bare list of values may be the same in both.
    plain = [c for e, c in catalogue().items() if not re.search(r"[\u4e00-\u9fff]", c) and re.search(r"[a-z]{4} ", e)]
    assert not plain


def test_nothing_in_the_catalogue_is_left_over() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    said = {sentence for _place, sentence in sentences()}
    unused = [e for e in catalogue() if e not in said and ascii(e)[1:30] not in ascii(code)]
    assert not unused, "no longer in the code:\n" + "\n".join(unused)


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
