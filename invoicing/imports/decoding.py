"""Bytes of a text file to text: marks first, then UTF-8, then the old 8-bit sets by how French they make it look."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OLD: Final = ("cp1252", "iso8859-15", "cp850")  # the first wins where nothing tells them apart
_COMMON: Final = "éèàçêôîâûùëïüœ"
_RARER: Final = "ÉÈÀÇÊÔÎÂÛËŒÜÏæÆñÑöäÿ"
_SIGNS: Final = "°€«»’‘“”…–—·§£©®²³½¼¾ \u00a0"
_SAMPLE: Final = 200_000  # letters that are looked at
_STRAY: Final = 4  # of so many letters beyond ASCII one at most is no UTF-8; old sets hardly ever look like it
_AMID: Final = re.compile(r"(?<=[a-zà-ÿœ])[^\x00-\x7f](?=[a-zà-ÿœ])")
_ENDS: Final = re.compile("(?<!\r)\r+\n|\r")  # a run of CR is looked through once, not from each of them


def decode(content: bytes) -> str:
    """The text, whatever the bytes are; every line ends in "\\n", and no NUL is left."""
    text = _text(content).replace("\x00", "").removeprefix("\ufeff")
    return _ENDS.sub("\n", text)


def encoding_of(content: bytes) -> str:
    """The name of the encoding that `decode` reads the bytes in."""
    return _parted(content)[1]


def _text(content: bytes) -> str:
    bare, name = _parted(content)
    text = bare.decode(name, "replace")
    return text.removesuffix("\ufffd") if name == "utf-8" else text  # cut in its last letter


def _parted(content: bytes) -> tuple[bytes, str]:
    """What stands behind the mark, and its encoding; UTF-8 is believed when it is, whatever the mark says."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            bare = content[len(mark) :]
            return bare, _eight_bit(bare) if name == "utf-8" else name
    return content, _unmarked_utf16(content) or _eight_bit(content)


def _eight_bit(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.start >= len(content) - 3 and error.reason == "unexpected end of data"
        return "utf-8" if cut else _likeliest(content)
    return "utf-8"


def _unmarked_utf16(content: bytes) -> str:
    """UTF-16 without its mark: every other byte is nought in most of a western text."""
    sample = content[:2000]
    half = len(sample) // 2
    if half < 4:
        return ""
    if sample[1::2].count(0) > half * 7 // 10 and not sample[0::2].count(0):
        return "utf-16-le"
    return "utf-16-be" if sample[0::2].count(0) > half * 7 // 10 and not sample[1::2].count(0) else ""


def _likeliest(content: bytes) -> str:
    lines = [line for line in re.split(rb"[\r\n]+", content) if not line.isascii()]
    sample = b"\n".join(lines)[:_SAMPLE]
    wide = [char for char in sample.decode("utf-8", "replace") if char > "\x7f"]
    if len(wide) > _STRAY * wide.count("\ufffd"):  # what somebody pasted into it is no reason to misread the rest
        return "utf-8"
    return max(_OLD, key=lambda name: _plausible(sample.decode(name, "replace")))


def _plausible(text: str) -> int:
    """How much the letters beyond ASCII look like French; a capital or a sign amid small letters hardly does."""
    worth = 0
    for char, times in Counter(char for char in text if char > "\x7f").items():
        worth += times * _worth(char)
    for char, times in Counter(_AMID.findall(text)).items():
        worth += times * (4 if char in _COMMON else -4)
    return worth


def _worth(char: str) -> int:
    if char in _COMMON:
        return 6
    if char in _RARER:
        return 3
    if char in _SIGNS:
        return 2
    if char == "\ufffd" or "\x80" <= char < "\xa0" or "\u2500" <= char <= "\u259f":
        return -8
    return -1 if char.isalpha() else -2
