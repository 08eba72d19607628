"""Finds out how a text file is encoded, and makes it UTF-8 for the reader.

The whole file is checked, not a sample: one wrong byte at the end of a gigabyte is found before anything is read.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from charset_normalizer import from_bytes

from zhike.errors import InputError
from zhike.intake.raw import Warnings
from zhike.intake.recognise import HEAD, binary_file, looks_like_utf16

_CHUNK = 4 * 1024 * 1024
_SAMPLE = 256 * 1024
_MUCH = 1024 * 1024

REPLACED = "{count} characters of the file are broken and now show as �."
GUESSED = "The file is not UTF-8; it is read as {encoding}. Name another encoding if names look wrong."


@dataclass(frozen=True)
class TextFile:
    """A text as UTF-8 on disk (the file itself where it is UTF-8 already), and what was seen on the way."""

    path: Path
    encoding: str
    has_quotes: bool = True
    longest_line: int = 0  # in bytes; exact only above the size of a chunk, which is all that matters
    lines: int = 0  # those that end in a line feed, and the last; not the empty ones at the end
    warnings: Warnings = ()


def as_utf8(path: Path, scratch: Path, encoding: str | None = None) -> TextFile:
    """The file as UTF-8; written anew to `scratch` only where it is something else.

    Raises:
        InputError: NUL bytes, an unknown encoding, or a text that the named encoding cannot be.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if encoding is None:
        encoding = looks_like_utf16(head)
    if encoding is None or _is_utf8(encoding):
        return _utf8_or_other(path, scratch, forced=encoding is not None)
    if not _is_of_texts(encoding):
        raise InputError(
            "{encoding} is not an encoding.",
            fix="Use utf-8, gb18030, utf-16 or cp1252, for example.",
            encoding=encoding,
        )
    return _transcode(path, scratch, encoding)


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
    except (LookupError, ValueError):  # a name with a NUL in it is a ValueError
        return False


def _is_of_texts(encoding: str) -> bool:
    """Whether a name is that of an encoding of texts, which Python's "bz2", "hex", "rot13" and "idna" are not."""
    try:
        # Refuses what does not make texts of bytes, and what cannot be read piece by piece or in spite of errors.
        return b"a\n".decode(encoding) is not None and _streams(encoding)
    except (LookupError, ValueError, AssertionError):
        return False


def _streams(encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return isinstance(decoder.decode(b"\xff\xfe") + decoder.decode(b"", final=True), str)


class _Lines:
    """Counts the lines of a text as it goes by."""

    def __init__(self) -> None:
        self.longest = self.current = 0
        self.ended = self.empty = 0
        self.any = False

    def see(self, chunk: bytes) -> None:
        """Takes in the next bytes, in UTF-8 or another encoding that has line feeds where ASCII has them."""
        end = chunk.find(b"\n")
        self.longest = max(self.longest, self.current + (end if end >= 0 else len(chunk)))
        self.current = len(chunk) - chunk.rfind(b"\n") - 1 if end >= 0 else self.current + len(chunk)
        written = chunk.rstrip(b"\r\n")
        if written:
            self.ended += self.empty + _line_feeds(written)
            self.empty, self.any = 0, True
        self.empty += chunk.count(b"\n", len(written))

    @property
    def count(self) -> int:
        return self.ended + self.any


def _line_feeds(text: bytes) -> int:
    """How many line feeds a text has."""
    if len(text) < _MUCH:
        return text.count(b"\n")
    # Four times as fast, but to load NumPy takes as long as reading a small file.
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _utf8_or_other(path: Path, scratch: Path, *, forced: bool) -> TextFile:
    """One pass over the bytes: valid UTF-8, NUL bytes, quotes."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    quotes, valid = False, True
    lines = _Lines()
    pending = False  # a character is cut at the end of the last chunk
    for chunk in _chunks(path):
        if b"\0" in chunk:
            raise binary_file(path)
        quotes = quotes or b'"' in chunk
        lines.see(chunk)
        if valid and (pending or not chunk.isascii()):
            try:
                decoder.decode(chunk)
                pending = bool(decoder.getstate()[0])
            except UnicodeDecodeError:
                valid = False
    if valid and not pending:
        return TextFile(path, "utf-8", quotes, lines.longest, lines.count)
    if forced or _mostly(path, "utf-8"):
        return _transcode(path, scratch, "utf-8")
    found = _guess(path)
    text = _transcode(path, scratch, found)
    return replace(text, warnings=((GUESSED, {"encoding": found}), *text.warnings))


def _mostly(path: Path, encoding: str) -> bool:
    """Whether broken characters are few among good ones beyond ASCII: a damaged file, not another encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    broken = good = 0
    for chunk in _chunks(path):
        text = decoder.decode(chunk)
        bad = text.count("\ufffd")
        broken += bad
        good += len(text) - bad - sum(map(text.count, _ASCII)) if bad or not text.isascii() else 0
    return good >= 10 * broken


_ASCII = [chr(code) for code in range(128)]


def _guess(path: Path) -> str:
    """GB18030 by its pairs of high bytes, Windows-1252 by single ones; charset-normalizer for the rest."""
    sample = _high_sample(path)
    pairs, single, common = _high_bytes(sample)
    if pairs >= 4 * single and common >= 0.6 * pairs and _mostly(path, "gb18030"):
        return "gb18030"
    if single >= 2 * pairs:
        return "cp1252" if _decodes(path, "cp1252") else "latin-1"
    best = from_bytes(sample).best()
    guess = best.encoding if best is not None else "gb18030"
    for encoding in (guess, "gb18030", "cp1252"):
        if not _is_utf8(encoding) and _decodes(path, encoding):
            return encoding
    return "latin-1"


def _high_sample(path: Path) -> bytes:
    """Lines with bytes beyond ASCII, from anywhere in the file."""
    sample: list[bytes] = []
    size = 0
    rest = b""
    for chunk in _chunks(path):
        if chunk.isascii() and not rest:
            continue
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()[-_SAMPLE:]
        high = [line for line in lines if not line.isascii()]
        sample += high
        size += sum(map(len, high))
        if size > _SAMPLE:
            break
    return b"\n".join([*sample, rest])[: 2 * _SAMPLE]


def _high_bytes(sample: bytes) -> tuple[int, int, int]:
    """Pairs of high bytes, single high bytes, and pairs that are among the 3,755 most common characters."""
    pairs = single = common = 0
    position, end = 0, len(sample)
    while position < end:
        if sample[position] < 0x80:
            position += 1
        elif position + 1 < end and sample[position + 1] >= 0xA1:
            pairs += 1
            common += 0xB0 <= sample[position] <= 0xD7 or 0xA1 <= sample[position] <= 0xA3
            position += 2
        else:
            single += 1
            position += 1
    return pairs, single, common


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _transcode(path: Path, scratch: Path, encoding: str) -> TextFile:
    """Writes the file anew as UTF-8, a chunk at a time."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    target = scratch / "transcoded.txt"
    broken, quotes, lines = 0, False, _Lines()
    with target.open("wb") as out:
        for chunk in chain(_chunks(path), (b"",)):
            text = decoder.decode(chunk, final=not chunk)
            if "\0" in text:
                raise binary_file(path)
            broken += text.count("\ufffd")
            quotes = quotes or '"' in text
            written = text.encode("utf-8", "replace")
            lines.see(written)
            out.write(written)
    warnings: Warnings = ((REPLACED, {"count": broken}),) if broken else ()
    return TextFile(target, encoding, quotes, lines.longest, lines.count, warnings)
