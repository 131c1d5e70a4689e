"""How alike two names are, as accounting programs write them: swapped, cut, mistyped, in capitals, initials. Pure."""

from __future__ import annotations

import re
from typing import Final

from invoicing.search import fold

ALIKE: Final = 88  # of 100: the same name, but for its writing
NEAR: Final = 75
OVERLAP_MIN: Final = 50  # of 100 pairs of letters: below, two names have nothing to do with each other
_WORD: Final = re.compile(r"[a-z0-9]+")
_CUT_MIN: Final = 8  # letters of a name that was cut off at its end
_LETTERS: Final = {char: place for place, char in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
_SIGNS: Final = len(_LETTERS) + 1  # and the end of a word
Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """The words of a text in plain lower-case ASCII; « d'En-Haut » is two, an elision being no word."""
    return tuple(_WORD.findall(fold(text).replace("'", "")))


def pairs_of(words: Words) -> int:
    """The pairs of neighbouring letters of a name as bits: cheap to compare, whatever the order of its words."""
    bits = 0
    for word in words:
        last = _SIGNS - 1
        for char in word:
            place = _LETTERS[char]
            bits |= 1 << (last * _SIGNS + place)
            last = place
    return bits


def overlap(one: int, other: int) -> int:
    """What two sets of pairs have in common, of 100 that the smaller one has."""
    least = min(one.bit_count(), other.bit_count())
    return 100 * (one & other).bit_count() // least if least else 0


def is_same(given: Words, name: Words) -> bool:
    """Whether they have the same words in any order, or what there was room for."""
    if sorted(given) == sorted(name):
        return True
    written = "".join(given)
    return len(written) >= _CUT_MIN and any("".join(each).startswith(written) for each in _turned(name))


def likeness(given: Words, name: Words) -> int:
    """How alike the name in a file and a name of ours are, 0 to 100."""
    if not given or not name:
        return 0
    if is_same(given, name):
        return 100
    written = "".join(given)
    whole = max(_near(written, "".join(each), ALIKE) for each in _turned(name))
    return whole or _aligned(given, name)


def held(text: Words, name: Words) -> int:
    """How much of a name a text holds, 0 to 100: all its words side by side, or as many as there was room for."""
    return max(_held(text, each) for each in dict.fromkeys((name, name[1:] + name[:1])))


def _turned(name: Words) -> list[Words]:
    """The name as it stands, and with its first word last, or its last one first."""
    return list(dict.fromkeys((name, name[1:] + name[:1], name[-1:] + name[:-1])))


def _held(text: Words, name: Words) -> int:
    for start, word in enumerate(text):
        if name[0].startswith(word):
            part = text[start : start + len(name)]
            if part == name:
                return 100
            letters = len("".join(part))
            if start + len(part) == len(text) and letters >= _CUT_MIN and _is_cut(part, name):
                return 100 * letters // len("".join(name))
    return 0


def _is_cut(part: Words, name: Words) -> bool:
    """Whether it is the beginning of the name, and ends within a word, or after three of them."""
    last = name[len(part) - 1]
    return part[:-1] == name[: len(part) - 1] and last.startswith(part[-1]) and (last != part[-1] or len(part) > 2)


def _aligned(given: Words, name: Words) -> int:
    """Each word of the file beside its likeliest of ours, weighed by length."""
    left = list(name)
    got = weight = 0
    for word in sorted(given, key=len, reverse=True):
        alike, at = max(((_word_likeness(word, other), place) for place, other in enumerate(left)), default=(0, -1))
        counts = max(len(word), 3)
        weight += counts
        if alike:
            got += alike * counts
            left.pop(at)
    return got // (weight + sum(map(len, left)))


def _word_likeness(word: str, other: str) -> int:
    if word == other:
        return 100
    if len(word) == 1 or len(other) == 1:
        return 90 if word[0] == other[0] else 0  # an initial
    return _near(word, other, 60)


def _near(one: str, other: str, least: int) -> int:
    """100 less the share of letters that were changed, added, lost or swapped; 0 where that is less than `least`."""
    longest = max(len(one), len(other))
    most = (100 - least) * longest // 100
    apart = distance(one, other, most)
    return 100 - 100 * apart // longest if apart <= most else 0


def distance(one: str, other: str, most: int) -> int:
    """How many letters were changed, added, lost, or swapped with their neighbour (optimal string alignment).

    More than `most` where it is more: then nothing is counted to its end.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    older: list[int] = []
    last = list(range(len(other) + 1))
    for i, char in enumerate(one):
        first, beyond = max(0, i - most), min(len(other), i + most + 1)
        row = [most + 1] * (len(other) + 1)
        if i < most:
            row[0] = i + 1
        for j in range(first, beyond):
            sign = other[j]
            cost = last[j] if char == sign else 1 + min(last[j + 1], row[j], last[j])
            if i and j and char == other[j - 1] and one[i - 1] == sign and older[j - 1] < cost:
                cost = older[j - 1] + 1
            row[j + 1] = cost
        if min(row) > most:
            return most + 1
        older, last = last, row
    return min(last[-1], most + 1)
