"""Kinds of noise beyond those of the labelled set: what an association's ledger holds that no rule was made for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from tests.lettering.noise_words import LAST, PLACE, WHAT

ONE = ("married", "weekend", "code_misread", "number_cut")  # each stands for one document of ours
UNSEEN = ("other_company",)  # so does each of these, which nobody can tell from the row
NONE = ("instalment", "two_numbers", "next_month", "membership")  # these stand for none, or for several
KINDS = frozenset({*ONE, *UNSEEN, *NONE})


@dataclass
class Row:
    """What an official document says."""

    cents: int
    name: str
    day: date
    label: str


def alter(kind: str, row: Row, code: str, numbers: list[str], chance: random.Random) -> None:
    """Makes of a plain row one of this kind."""
    first, _, last = row.name.partition(" ")
    if kind == "married":
        other = chance.choice(LAST)
        row.name = chance.choice((f"{first} {other}", f"{first} {last}-{other}", f"{first} {other} née {last}"))
    elif kind == "weekend":
        row.day += timedelta(days=chance.choice((-1, -1, 2, 3, 4)))
    elif kind == "code_misread":
        row.label, row.name = f"CB {misread(code, chance)}", ""
    elif kind == "number_cut":
        row.label = f"CB {numbers[0][2:]}"
    elif kind == "other_company":
        row.name = f"{chance.choice(WHAT)} {chance.choice(PLACE)}"
    elif kind == "instalment":
        row.cents //= 2
    elif kind == "two_numbers":
        row.cents, row.label = 2 * row.cents + 100, " et ".join(number.replace("-", " ") for number in numbers)
    elif kind == "next_month":
        row.day += timedelta(days=chance.choice((28, 29, 30, 31, 61)))
    elif kind == "membership":  # the same dues that everybody pays, by somebody who paid elsewhere
        row.day, row.name = row.day + timedelta(days=chance.randrange(9)), f"{first} {chance.choice(LAST)}"
        row.label = "REM CHQ"


def misread(code: str, chance: random.Random) -> str:
    """As somebody types it from paper; one at least is wrong where there is any to be."""
    pairs = {"O": "0", "0": "O", "I": "1", "1": "I", "L": "1"}
    found = [place for place, char in enumerate(code) if char in pairs]
    wrong = set(chance.sample(found, chance.randrange(1, len(found) + 1))) if found else set()
    return "".join(pairs[char] if place in wrong else char for place, char in enumerate(code))
