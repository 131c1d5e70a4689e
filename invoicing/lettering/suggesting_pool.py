"""What waits for its reference, as plain tuples, indexed by all that an official document may know of it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from invoicing.lettering.suggesting_names import Words, pairs_of, words_of
from invoicing.lettering.suggesting_rules import Naming
from invoicing.search import fold

FEW: Final = 64  # of one amount: beyond, only what is near in time is looked at
CROWD: Final = 256  # of one amount and near in time: beyond, only what shares a rare word of its name
NUMBER_MIN: Final = 5  # letters and digits of a number that is known in pieces
CODE_CUT: Final = 10  # letters of a transaction code that was cut
TAIL: Final = 8  # letters and digits of a number of which only the end was kept
_CODE: Final = re.compile(r"[^\s;,|\"'()\[\]]{6,}")
_RUN: Final = re.compile(r"[a-z0-9]+")
_MISREAD: Final = str.maketrans("OIL", "011")
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
        if code := as_read(document.code):
            self._codes.add(code, place)
            if len(code) > CODE_CUT:
                self._code_heads.add(code[:CODE_CUT], place)
        number = squashed(document.number)
        if len(number) >= NUMBER_MIN and not number.isdigit():  # figures alone are an amount or a year far more often
            self._numbers.add(number, place)
            if len(number) > TAIL:
                self._number_tails.add(number[-TAIL:], place)

    def of_amount(self, cents: int, first_day: int, last_day: int, words: Words) -> Sequence[int]:
        """What comes to this amount: all; where there are many, what is dated between two days (0: any).

        In a crowd, such as the dues of a year, only what is made out to somebody with one of these words in a name.
        """
        found = self._amounts.get(cents)
        if len(found) <= FEW:
            return found
        first, last = 0, len(self.documents)
        if last_day:
            first, last = bisect_left(self._days, first_day), bisect_right(self._days, last_day)
        start, end = bisect_left(found, first), bisect_left(found, last)
        if end - start <= CROWD:
            return found[start:end]
        own = (place for person in self._bearing(words) for place in self._of_person.get(person))
        return sorted(place for place in own if first <= place < last and self.documents[place].cents == cents)

    def _bearing(self, words: Words) -> set[int]:
        """People with one of these words in a name, the rarest words first, as long as they aren't many."""
        people: set[int] = set()
        for few in sorted(map(self._words.get, dict.fromkeys(words)), key=len):
            if people and len(people) + len(few) > CROWD:
                break
            people.update(few[:CROWD])
        return people

    def by_code(self, text: str) -> Iterator[tuple[int, Naming]]:
        """What has one of the codes in a text: as it stands, as somebody has misread it, or only its beginning."""
        for found in _CODE.findall(text):
            code = plain_code(found)
            read = as_read(code)
            whole = [place for place in self._codes.get(read) if self.documents[place].code == code]
            yield from ((place, Naming.code) for place in whole)
            if whole or len(read) < CODE_CUT:
                continue
            yield from ((place, Naming.code_near) for place in self._codes.get(read))
            for place in self._code_heads.get(read[:CODE_CUT]):
                known = as_read(self.documents[place].code)
                if known != read and known.startswith(read):
                    yield place, Naming.code_cut

    def by_number(self, text: str) -> Iterator[tuple[int, Naming]]:
        """What has a number that stands in a text in pieces, or of which only the end does."""
        runs = _RUN.findall(fold(text))
        for start in range(len(runs)):
            joined = ""
            for run in runs[start : start + _PARTS_MAX]:
                joined += run
                yield from ((place, Naming.number) for place in self._numbers.get(joined))
                if len(joined) >= TAIL:
                    tails = self._number_tails.get(joined[-TAIL:])
                    yield from ((place, Naming.number_cut) for place in tails if self._is_tail(joined, place))

    def of_people(self, words: Words) -> Sequence[int]:
        """People who have one of these words in a name, each once; those of the rarest word that anybody has.

        Where that word is a common one, only those who have the next rarest too.
        """
        known = sorted((found for word in dict.fromkeys(words) if (found := self._words.get(word))), key=len)
        if len(known) > 1 and len(known[0]) > CROWD:
            return sorted({*known[0]}.intersection(known[1]))
        return known[0] if known else ()

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


def as_read(code: str) -> str:
    """A plain code in which letters stand as the figures for which people take them: O is 0, I and L are 1."""
    return code.translate(_MISREAD)
