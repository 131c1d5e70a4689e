"""What waits for its reference, as plain tuples, indexed by all that an official document may know of it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from invoicing.lettering.suggesting_names import Words, pairs_of, words_of
from invoicing.search import fold

FEW: Final = 64  # of one amount: beyond, only what is near in time is looked at
CODE_CUT: Final = 10  # letters of a transaction code that was cut
TAIL: Final = 8  # letters and digits of a number of which only the end was kept
_CODE: Final = re.compile(r"[^\s;,|\"'()\[\]]{6,}")
_RUN: Final = re.compile(r"[a-z0-9]+")
_PARTS_MAX: Final = 6  # of a number that is written in pieces


class Document(NamedTuple):
    """One document of ours. Cents are signed; the day counts as `date.toordinal`, 0 where it has none."""

    id: int
    number: str
    cents: int
    currency: str
    day: int
    is_credit_note: bool
    person: int  # in `Shelves.people`
    summary: Words
    code: str  # of its transaction, as `plain_code` has it


class Person(NamedTuple):
    """Whom a document is made out to: as shown, and by every name that an accountant may have used."""

    shown: str
    names: tuple[Words, ...]
    pairs: tuple[int, ...]


def person_of(shown: str, *names: str) -> Person:
    """A person or an organisation with its names, each once."""
    words = tuple(dict.fromkeys(found for name in (shown, *names) if (found := words_of(name))))
    return Person(shown or next((name for name in names if name), ""), words, tuple(map(pairs_of, words)))


class Index:
    """Key → places of documents, in their order. Most keys have one, which costs no list."""

    def __init__(self) -> None:
        self._one: dict[str | int, int] = {}
        self._more: dict[str | int, list[int]] = {}

    def add(self, key: str | int, place: int) -> None:
        """One more place; places come in their order."""
        if key in self._more:
            self._more[key].append(place)
        elif key in self._one:
            self._more[key] = [self._one.pop(key), place]
        else:
            self._one[key] = place

    def get(self, key: str | int) -> Sequence[int]:
        """The places; none where the key is unknown."""
        if key in self._one:
            return (self._one[key],)
        return self._more.get(key, ())


class Shelves:
    """Documents in the order of their days, and the ways to find some of them."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.people: list[Person] = []
        self._days: list[int] = []
        self._amounts, self._codes, self._numbers = Index(), Index(), Index()
        self._words, self._of_person = Index(), Index()
        self._code_heads, self._number_tails = Index(), Index()

    def add_person(self, person: Person) -> int:
        """One more name to look for; its place."""
        place = len(self.people)
        self.people.append(person)
        for word in {word for words in person.names for word in words if len(word) > 2}:
            self._words.add(word, place)
        return place

    def add(self, document: Document) -> None:
        """One more document, not older than the last one."""
        place = len(self.documents)
        self.documents.append(document)
        self._days.append(document.day)
        self._amounts.add(document.cents, place)
        self._of_person.add(document.person, place)
        if document.code:
            self._codes.add(document.code, place)
            if len(document.code) > CODE_CUT:
                self._code_heads.add(document.code[:CODE_CUT], place)
        if number := squashed(document.number):
            self._numbers.add(number, place)
            if len(number) > TAIL:
                self._number_tails.add(number[-TAIL:], place)

    def of_amount(self, cents: int, first_day: int, last_day: int) -> Sequence[int]:
        """What comes to this amount: all, or where there are many, what is dated between two days (0: any)."""
        found = self._amounts.get(cents)
        if len(found) <= FEW or not last_day:
            return found
        first, last = bisect_left(self._days, first_day), bisect_right(self._days, last_day)
        return found[bisect_left(found, first) : bisect_left(found, last)]

    def by_code(self, text: str) -> Iterator[tuple[int, bool]]:
        """What has one of the codes in a text; True where the text has only its beginning."""
        for found in _CODE.findall(text):
            code = plain_code(found)
            whole = self._codes.get(code)
            yield from ((place, False) for place in whole)
            if not whole and len(code) >= CODE_CUT:
                heads = self._code_heads.get(code[:CODE_CUT])
                yield from ((place, True) for place in heads if self.documents[place].code.startswith(code))

    def by_number(self, text: str) -> Iterator[tuple[int, bool]]:
        """What has a number that stands in a text in pieces; True where the text has only its end."""
        runs = _RUN.findall(fold(text))
        for start in range(len(runs)):
            joined = ""
            for run in runs[start : start + _PARTS_MAX]:
                joined += run
                yield from ((place, False) for place in self._numbers.get(joined))
                if len(joined) >= TAIL:
                    tails = self._number_tails.get(joined[-TAIL:])
                    yield from ((place, True) for place in tails if self._is_tail(joined, place))

    def of_people(self, words: Words) -> Sequence[int]:
        """People who have one of these words in a name, each once; those of the rarest word that anybody has."""
        known = [found for word in words if (found := self._words.get(word))]
        return min(known, key=len) if known else ()

    def of_person(self, person: int) -> Sequence[int]:
        """Documents made out to one of them."""
        return self._of_person.get(person)

    def _is_tail(self, joined: str, place: int) -> bool:
        number = squashed(self.documents[place].number)
        return joined != number and number.endswith(joined)


def squashed(number: str) -> str:
    """A number without what stands between its parts: "b2026030792"."""
    return "".join(_RUN.findall(fold(number)))


def plain_code(code: str) -> str:
    """A transaction code without its padding, in one case."""
    return code.rstrip("=").upper()
