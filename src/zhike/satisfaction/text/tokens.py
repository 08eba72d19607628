"""Texts as words, for keywords and found topics; sentiment works on characters and does not need them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from zhike.errors import SettingsError
from zhike.satisfaction.text.characters import LONGEST, texts_of
from zhike.satisfaction.text.lexicon import phrases

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[\u3400-\u9fff]+")

# Words that say nothing about what a text is about.
EMPTY_ZH = """
    一个, 一下, 一点, 一次, 一些, 一直, 一样, 这个, 那个, 这些, 那些, 这么, 那么, 这样, 那样, 什么, 怎么, 怎样,
    为什么, 哪里, 这里, 那里, 我们, 你们, 他们, 她们, 自己, 大家, 就是, 还是, 但是, 可是, 不过, 而且, 因为, 所以,
    如果, 虽然, 然后, 或者, 以及, 并且, 只是, 于是, 已经, 还有, 没有, 不是, 真的, 非常, 特别, 比较, 有点, 有些, 太多,
    很多, 不会, 不能, 可以, 可能, 应该, 需要, 觉得, 感觉, 知道, 时候, 现在, 今天, 昨天, 明天, 以后, 以前, 之后, 之前,
    下次, 上次, 每次, 第一次, 东西, 几个, 起来, 出来, 过来, 下来, 居然, 竟然, 其他, 其它, 完全, 实在, 根本, 直接,
    继续, 结果, 一般, 一定, 必须, 不要, 不想, 还要, 只有, 只能, 都是, 也是, 还会, 不错, 很好, 有没有, 是不是, 不到,
    一份, 两个, 多个, 个人, 算是, 里面, 上面
"""
EMPTY_EN = """
    a, an, the, and, or, but, if, then, so, as, of, at, by, for, with, about, to, from, in, on, off, out, up, down,
    over, is, am, are, was, were, be, been, being, have, has, had, having, do, does, did, doing, done, will, would,
    can, could, should, may, might, must, shall, i, me, my, mine, we, us, our, you, your, he, him, his, she, her, it,
    its, they, them, their, this, that, these, those, there, here, who, whom, which, what, when, where, why, how,
    all, any, both, each, few, more, most, other, some, such, no, nor, not, only, own, same, than, too, very, just,
    also, even, ever, still, yet, i'm, it's, i've, i'll, i'd, don't, doesn't, didn't, can't, won't, isn't, wasn't,
    that's, he's, she's, we're, they're, you're, get, got, gets, getting, one, two, really, much, many, lot, lots,
    well, now, back, into, after, before, again, because, while, since, until, through, always, never, every, thing,
    things, make, makes, made, go, going, went, say, said, let
"""
_EMPTY = frozenset(phrases(EMPTY_ZH) + phrases(EMPTY_EN))


def tokens(texts: Any) -> list[list[str]]:
    """The words of each text that may say what it is about, in lower case: Chinese ones of two characters and more,
    English ones of three letters and more; no numbers, no function words.

    Raises:
        SettingsError: there is Chinese among the texts and no segmenter is installed.

    >>> tokens(["快递的包装很结实", "The delivery was late", None])
    [['快递', '包装', '结实'], ['delivery', 'late'], []]
    """
    given = [(text or "")[:LONGEST].lower() for text in texts_of(texts)]
    cut = _segmenter() if any(map(_HAN.search, given)) else None
    return [_words(text, cut) for text in given]


def _words(text: str, cut: Any) -> list[str]:
    found: Sequence[str] = _WORD.findall(text)
    if cut is not None and _HAN.search(text):
        found = [word for piece in found for word in (cut(piece) if _HAN.match(piece) else (piece,))]
    return [word for word in found if len(word) >= (2 if _HAN.match(word) else 3) and word not in _EMPTY]


def _segmenter() -> Any:
    try:
        import rjieba
    except ImportError as error:
        raise SettingsError(
            "Chinese words cannot be told apart: the segmenter is not installed.", fix="Run: pip install 'zhike[text]'."
        ) from error
    return rjieba.cut
