"""Ledgers as accountants write them, with what each row stands for: the kinds of noise of the labelled set, and more.

`make(seed, documents, rows)` gives documents of ours, all to be lettered, and official ones.
"""

from __future__ import annotations

import base64
import random
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from invoicing.accounting.plan import Official
from invoicing.lettering.suggesting import Pool
from invoicing.lettering.suggesting_names import words_of
from invoicing.lettering.suggesting_pool import Document, person_of, plain_code
from invoicing.lettering.suggesting_rules import fee_of
from tests.lettering import noise_more
from tests.lettering.noise_words import FIRST, ITEMS, LAST, NONE, ONE, PLACE, PRICES, WHAT

FIRST_DAY = date(2026, 1, 9)


@dataclass(frozen=True)
class Sale:
    """One of our documents, and whom it is made out to."""

    number: str
    code: str
    cents: int
    currency: str
    day: date
    person: str
    organisation: str
    item: tuple[str, str]

    @property
    def name(self) -> str:
        """As printed."""
        return self.organisation or self.person


@dataclass(frozen=True)
class Case:
    """One official document and the numbers of ours that it stands for."""

    kind: str
    official: Official
    truth: tuple[str, ...] = ()


@dataclass
class Made:
    """A set: what is in the pool, and what is asked."""

    sales: list[Sale]
    cases: list[Case]

    def pool(self) -> Pool:
        """Its documents, as `Pool.load` would have them."""
        pool, people = Pool(), dict[tuple[str, str], int]()
        for place, sale in enumerate(sorted(self.sales, key=lambda sale: sale.day), 1):
            who = (sale.person, sale.organisation)
            if who not in people:
                people[who] = pool.add_person(person_of(sale.name, *who))
            summary = tuple(word for word in words_of(sale.item[1]) if len(word) > 3)
            pool.add(
                Document(place, sale.number, sale.cents, sale.currency, sale.day.toordinal(), False, people[who],
                         summary, plain_code(sale.code))
            )  # fmt: skip
        return pool


def make(seed: int, documents: int, rows: int) -> Made:
    """A set of its own for each seed."""
    return Maker(seed, documents).made(rows)


class Maker:
    """Sales first, then rows about some of them."""

    def __init__(self, seed: int, documents: int) -> None:
        self.chance = random.Random(seed)
        people = [f"{first} {last}" for first in FIRST for last in LAST]
        self.chance.shuffle(people)
        people = people[: max(20, documents // 8)]
        firms = [f"{what} {place}" for what in WHAT for place in PLACE]
        self.who = [(name, self.chance.choice(firms) if self.chance.random() < 0.4 else "") for name in people]
        self.sales: list[Sale] = []
        while len(self.sales) < documents:
            self.sales += self._twins(self._sale(len(self.sales) + 21))
        self.of: dict[tuple[str, str], list[Sale]] = defaultdict(list)
        for sale in self.sales:
            self.of[sale.person, sale.organisation].append(sale)

    def made(self, rows: int) -> Made:
        """With so many rows: 83 of 100 for one document each, 3 for several, the rest for none."""
        one, none = (*ONE, *noise_more.ONE, *noise_more.UNSEEN), (*NONE, *noise_more.NONE)
        kinds = [self.chance.choice(one) for _ in range(rows * 83 // 100)] + ["grouped"] * (rows * 3 // 100)
        kinds += [self.chance.choice(none) for _ in range(rows - len(kinds))]
        pairs = list(zip(kinds, self.chance.sample(self.sales, len(kinds)), strict=True))
        pairs += [pair for pair in pairs if pair[0] == "instalment"]
        return Made(self.sales, [self._case(line, kind, sale) for line, (kind, sale) in enumerate(pairs, 2)])

    def _sale(self, n: int) -> Sale:
        chance = self.chance
        cents = chance.choice(PRICES) if chance.random() < 0.5 else chance.randint(1000, 240_000)
        currency, rate = ("EUR", chance.choice((0, 200))) if chance.random() < 0.8 else ("CAD", 149.75)
        day = FIRST_DAY + timedelta(days=chance.randrange(300))
        code = base64.b64encode(chance.randbytes(13)).decode().upper()
        total = round(cents * (1000 + rate) / 1000)
        return Sale(f"B-{day:%Y%m%d}-{n}", code, total, currency, day, *chance.choice(self.who), chance.choice(ITEMS))

    def _twins(self, sale: Sale) -> list[Sale]:
        """Now and then somebody buys for the same amount again within days."""
        if self.chance.random() > 0.025:
            return [sale]
        day = sale.day + timedelta(days=self.chance.randrange(4))
        number = f"B-{day:%Y%m%d}-{sale.number.rsplit('-', 1)[1]}0"
        code = base64.b64encode(self.chance.randbytes(13)).decode().upper()
        again = Sale(number, code, sale.cents, sale.currency, day, sale.person, sale.organisation,
                     self.chance.choice(ITEMS))  # fmt: skip
        return [sale, again]

    def _case(self, line: int, kind: str, sale: Sale) -> Case:
        chance = self.chance
        day = sale.day + timedelta(days=chance.randrange(5, 15) if kind == "late" else chance.randrange(4))
        cents, name, label = sale.cents, sale.name, self._label(sale)
        truth: tuple[str, ...] = (sale.number,)
        if kind == "grouped" and len(some := self._some(sale)) < 2:
            kind = "exact"
        if kind == "grouped":
            truth, cents = tuple(s.number for s in some), sum(s.cents for s in some)
            day = max(s.day for s in some) + timedelta(days=chance.randrange(20))
            label = f"VIR SEPA {upper(name)}"[:36]
        elif kind in NONE:
            cents, name, day, label, truth = *self._trap(kind, sale), "Vente diverse", ()
        elif kind == "fee_stripe":
            cents -= fee_of(cents, (150, 25))
        elif kind in ("our_number", "our_number_spaced"):
            label = f"{label} {sale.number.replace('-', ' ' if kind == 'our_number_spaced' else '-')}".strip()
        elif kind in ("code", "code_cut"):
            label, name = f"CB {sale.code[: 14 if kind == 'code_cut' else None]}", ""
        name = self._written(kind, name, sale)
        if kind in noise_more.KINDS:
            row = noise_more.Row(cents, name, day, label)
            others = [other.number for other in self._some(sale)[1:2]]
            noise_more.alter(kind, row, sale.code, [sale.number, *others], chance)
            cents, name, day, label = row.cents, row.name, row.day, row.label
            truth = truth if kind not in noise_more.NONE else ()
        reference = f"FV26-{line:05}"
        texts = (f"L{line:05}", f"{day}", reference, label, f"{cents / 100:.2f}", sale.currency, name)
        return Case(kind, Official(line, reference, texts, cents, sale.currency, day, name), truth)

    def _some(self, sale: Sale) -> list[Sale]:
        """Two or three of the same customer's, this one among them."""
        own = [s for s in self.of[sale.person, sale.organisation] if s.currency == sale.currency and s is not sale]
        return [sale, *self.chance.sample(own, min(len(own), self.chance.randrange(1, 3)))]

    def _trap(self, kind: str, sale: Sale) -> tuple[int, str, date]:
        """Amount, name and day of what no document of ours is meant by."""
        chance = self.chance
        other = chance.choice(self.who)[0]
        if kind == "same_amount_other_name":
            return sale.cents, swapped(other), sale.day + timedelta(days=chance.choice((1, 3, 9, 80, 150, 300)))
        if kind == "same_name_last_year":
            return chance.randint(1000, 99_999), sale.name, sale.day - timedelta(days=365 + chance.randrange(30))
        if kind == "same_amount_last_year":
            return sale.cents, sale.name, sale.day - timedelta(days=365 + chance.randrange(10))
        if kind == "relative":
            names = [f"{first} {sale.person.split(' ', 1)[1]}" for first in FIRST]
            known = {name for name, _ in self.who}
            return sale.cents, chance.choice([n for n in names if n not in known] or ["Comptoir"]), sale.day
        return chance.randint(1000, 99_999), "Comptoir", sale.day + timedelta(days=chance.randrange(90))

    def _label(self, sale: Sale) -> str:
        made = ("", "REM CHQ", "CB internet", sale.item[1], f"Facture {sale.item[0]}")
        wired = f"VIR SEPA RECU /DE {upper(sale.name)}"[:38]
        return self.chance.choice((*made, wired))

    def _written(self, kind: str, name: str, sale: Sale) -> str:
        if kind in ("typo", "typo2"):
            for _ in range(1 if kind == "typo" else 2):
                name = self._mistyped(name)
        elif kind == "initial" and not sale.organisation:
            name = f"{name[0]}. {name.split(' ', 1)[1]}"
        elif kind in ("upper", "truncated"):
            name = upper(name)[: 14 if kind == "truncated" else None]
        elif kind == "noaccent":
            name = plain(name)
        elif kind == "swapped" and not sale.organisation:
            name = swapped(name)
        elif kind == "person_for_company":
            name = sale.person
        return name

    def _mistyped(self, name: str) -> str:
        at = self.chance.randrange(1, len(name) - 1)
        before, char, after = name[:at], name[at], name[at + 1 :]
        return self.chance.choice(
            (before + after, before + char + char + after, before + after[0] + char + after[1:],
             before + self.chance.choice("aeinrst") + after)
        )  # fmt: skip


def plain(name: str) -> str:
    """Without accents."""
    return unicodedata.normalize("NFD", name.replace("œ", "oe").replace("Œ", "Oe")).encode("ascii", "ignore").decode()


def upper(name: str) -> str:
    """As a bank writes it."""
    return plain(name.replace("’", "'")).upper()


def swapped(name: str) -> str:
    """The last name first."""
    first, _, last = name.partition(" ")
    return f"{last} {first}"
