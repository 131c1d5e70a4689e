"""What in an official document's texts may be a number of ours, or a transaction code. Pure.

A number is bounded on both sides: "B-20260314-4" stands neither in "B-20260314-44" nor in "AV-B-20260314-4". What has
no letter, or is too short to be told from a word, an amount or a day, counts in the column of our numbers alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from invoicing.lettering.rules import fold

_NUMBER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_CODE: Final = re.compile(r"[0-9A-Za-z+/_-]{10,64}={0,2}")
_DIGIT: Final = re.compile(r"[0-9]")
_LETTER: Final = re.compile(r"[A-Za-z]")
_DIGITS: Final = re.compile(r"[0-9]+")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))
NUMBER_MAX: Final = 64
CODE_MIN: Final = 10
CODE_MAX: Final = 64
EDGES: Final = "._-"
WIDTHS: Final[dict[str, frozenset[int]]] = {  # layout or program → where it cuts its fields (FORMATS, finding 4)
    "ximport": frozenset({12, 25}), "quadra": frozenset({10, 30}), "sage100": frozenset({17, 35}),
    "sage50": frozenset({20}), "EBP": frozenset({15, 40}),
}  # fmt: skip


@dataclass(frozen=True)
class Tokens:
    """What one official document may name: numbers folded, codes as they stand, each once.

    `cut` are numbers that end a field which its program may have cut: a longer one may be meant.
    """

    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


def tokens_of(
    texts: Sequence[str], given: Sequence[str], reference: str, widths: Collection[int] = frozenset()
) -> Tokens:  # fmt: skip
    """What the cells may name, and those of the column of our numbers (`given`), in which any number counts.

    The document's own `reference`, folded, is no number of ours, wherever in its texts it is repeated. `widths` are the
    lengths at which the program cuts its fields.
    """
    numbers: dict[str, None] = {}
    codes: dict[str, None] = {}
    cut: dict[str, None] = {}
    for text in given:
        numbers.update((token, None) for token, _end in _numbers(_plain(text)))
    for raw in dict.fromkeys(texts):
        if _DIGIT.search(raw) is None and not raw.endswith("="):
            continue
        text = _plain(raw)
        if _LETTER.search(text) is None:
            continue
        for token, is_end in _numbers(text):
            if token != reference and is_telling(token):
                numbers[token] = None
                if is_end and len(raw.rstrip()) in widths:
                    cut[token] = None
        if len(text) >= CODE_MIN:
            codes.update((token, None) for token in _codes(text) if token.lower() != reference)
    return Tokens(tuple(numbers), tuple(codes), tuple(cut))


def _plain(text: str) -> str:
    """Dashes as hyphens, letters in their usual width."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES)


def _numbers(text: str) -> Iterator[tuple[str, bool]]:
    """What may be a number, in lower case, and whether it ends the text."""
    for found in _NUMBER.finditer(text):
        whole = found[0]
        if _DIGIT.search(whole) and _is_bounded(text, found.start(), found.end()):
            token = whole.rstrip(EDGES).lower()
            if len(token) <= NUMBER_MAX:
                yield token, found.end() == len(text.rstrip())


def _codes(text: str) -> Iterator[str]:
    for found in _CODE.finditer(text):
        token = found[0]
        if len(token) <= CODE_MAX and _is_code(token) and _is_bounded(text, found.start(), found.end()):
            yield token


def _is_code(token: str) -> bool:
    """Not a word, a day, an amount or a plain number."""
    if _LETTER.search(token) is None:
        return False
    return _DIGIT.search(token) is not None or token[-1] == "=" or "+" in token


def _is_bounded(text: str, start: int, end: int) -> bool:
    """Whether neither neighbour goes on with it, in whatever script."""
    before, after = text[start - 1] if start else " ", text[end] if end < len(text) else " "
    return not (before.isalnum() or before in "=+_" or after.isalnum() or after in "=+")


def is_telling(token: str) -> bool:
    """Whether a number stands out from what else a row holds: a letter and a figure, and long enough."""
    return (len(token) >= 5 or "-" in token) and _LETTER.search(token) is not None


def shape_of(number: str) -> str:
    """What a number looks like, in lower case, with each run of figures as one sign: "b-#-#"."""
    return _DIGITS.sub("#", number.lower())


def longer(token: str) -> Iterator[str]:
    """What a cut number may have been: with one more figure."""
    return (f"{token}{digit}" for digit in range(10))


# what is written where a reference should be ---------------------------------------------------------------------

_WORDS: Final = frozenset({
    "sans", "sans ref", "sans reference", "sans numero", "sans no", "sans objet", "sans piece", "s/o", "neant",
    "aucun", "aucune", "rien", "vide", "inconnu", "inconnue", "unknown", "none", "null", "nil", "nan",
    "divers", "diverse", "diverses", "na", "n.a", "n/a", "nc", "n.c", "n/c", "nd", "n.d", "n/d", "non renseigne",
    "non renseignee", "a completer", "a renseigner", "a venir", "en attente", "tbd", "todo", "idem",
    "x", "xx", "xxx", "xxxx", "ref", "name", "value",  # the last three: #REF!, #NAME? and #VALUE! of a spreadsheet
    "ran", "a nouveau", "a nouveaux", "report a nouveau", "vir", "remcb", "cic",  # seen in real ledgers (FORMATS)
})  # fmt: skip


def is_placeholder(folded: str) -> bool:
    """Whether a folded reference is only a word that fills the cell; « 0 » is a value (SPEC C3)."""
    if _DIGIT.search(folded):
        return False
    plain = unicodedata.normalize("NFD", folded)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).strip(" \"'()[]«».:#!?")
    return plain in _WORDS or not any(char.isalnum() for char in plain)


def own(reference: str) -> str:
    """A document's reference as its tokens are written, to know it again among them."""
    return _plain(fold(reference)).rstrip(EDGES)


def shapes(numbers: Iterable[str]) -> frozenset[str]:
    """What our numbers look like; figures alone look like anything."""
    return frozenset(shape for number in numbers if any(map(str.isalpha, shape := shape_of(number))))
