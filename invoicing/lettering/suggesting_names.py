"""How alike two names are, as accounting programs write them: swapped, cut, mistyped, in capitals, initials. Pure."""

from __future__ import annotations

import re
from typing import Final

from invoicing.search import fold

ALIKE: Final = 88  # of 100: the same name, but for its writing
NEAR: Final = 75
OVERLAP_MIN: Final = 40  # of 100 pairs of letters: below, two names have nothing to do with each other
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


def likeness(given: Words, name: Words) -> int:
    """How alike the name in a file and a name of ours are, 0 to 100."""
    if not given or not name:
        return 0
    if sorted(given) == sorted(name):
        return 100
    written, ours = "".join(given), "".join(name)
    if len(written) >= _CUT_MIN and ours.startswith(written):
        return 95
    turned = "".join((*name[1:], name[0])), "".join((name[-1], *name[:-1]))
    if len(written) >= _CUT_MIN and any(whole.startswith(written) for whole in turned):
        return 92
    whole = max(_near(written, each) for each in (ours, *turned))
    return max(whole if whole >= ALIKE else 0, _aligned(given, name))


def held(text: Words, name: Words) -> int:
    """How much of a name a text holds, 0 to 100: every word of it, the last one perhaps cut at the text's end."""
    found = weight = 0
    for word in name:
        weight += len(word)
        if word in text:
            found += len(word)
        elif text and len(text[-1]) >= 3 and word.startswith(text[-1]):
            found += len(text[-1])
    return 100 * found // weight if weight else 0


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
    alike = _near(word, other)
    return alike if alike >= 60 else 0


def _near(one: str, other: str) -> int:
    """100 less the share of letters that were changed, added, lost or swapped."""
    longest = max(len(one), len(other))
    if abs(len(one) - len(other)) * 2 > longest:
        return 0
    return 100 - 100 * distance(one, other) // longest


def distance(one: str, other: str) -> int:
    """How many letters were changed, added, lost, or swapped with their neighbour (optimal string alignment)."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    older: list[int] = []
    last = list(range(len(other) + 1))
    for i, char in enumerate(one):
        row = [i + 1]
        for j, sign in enumerate(other):
            cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (char != sign))
            if i and j and char == other[j - 1] and one[i - 1] == sign:
                cost = min(cost, older[j - 1] + 1)
            row.append(cost)
        older, last = last, row
    return last[-1]
