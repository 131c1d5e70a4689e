"""Suggestions: which of our documents an official one without our number may stand for (SPEC C10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Self

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from invoicing.accounting.plan import Official
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.rules import letterable
from invoicing.lettering.queries import UNLETTERED
from invoicing.lettering.suggesting_names import (
    OVERLAP_MIN,
    Words,
    held,
    is_same,
    likeness,
    overlap,
    pairs_of,
    words_of,
)
from invoicing.lettering.suggesting_pool import Document, Person, Shelves, person_of, plain_code
from invoicing.lettering.suggesting_rules import (
    CROWDED,
    EARLY,
    MOST,
    SURENESS,
    WEAK,
    Evidence,
    Naming,
    Reason,
    Suggestion,
    before_fee,
    groups,
    leading,
    scored,
    weigh,
)
from invoicing.sellers.queries import letters_unpaid

_NEAREST: Final = 16  # of one amount: so many are looked at closely
_GROUP_OF: Final = 14  # documents of one customer among which a grouped invoice is looked for
_TOGETHER: Final = 400  # days before a grouped invoice
_AT_ONCE: Final = 5000


class Seen:
    """An official document, read once for all that it is compared with."""

    def __init__(self, official: Official) -> None:
        self.official = official
        self.day = official.day.toordinal() if official.day else 0
        self.is_credit_note = official.is_credit_note or (official.amount_cents or 0) < 0
        self.name = words_of(official.customer)
        self.pairs = pairs_of(self.name)
        texts = dict.fromkeys(text for text in official.texts if text != official.customer)
        self.cells = [words for text in texts if (words := words_of(text))]
        self.words = {word for cell in self.cells for word in cell if len(word) > 2}
        self._names: dict[int, tuple[int, int]] = {}

    def naming(self, place: int, person: Person) -> tuple[int, int]:
        """How alike the customer's name is, and how much of it the texts hold; asked once for each person."""
        if place not in self._names:
            near = [w for w, pairs in zip(*person[1:], strict=True) if overlap(self.pairs, pairs) >= OVERLAP_MIN]
            alike = max((likeness(self.name, words) for words in near), default=0)
            named = [words for words in person.names if sum(map(len, words)) > 5 and self.words.intersection(words)]
            in_text = max((held(cell, words) for cell in self.cells for words in named), default=0)
            self._names[place] = alike, in_text
        return self._names[place]

    def is_of(self, person: Person) -> bool:
        """Whether the customer is certainly this one; where the file has none, its texts tell."""
        if self.name:
            near = (w for w, pairs in zip(*person[1:], strict=True) if overlap(self.pairs, pairs) >= 90)
            return any(is_same(self.name, words) for words in near)
        return any(held(cell, words) == 100 for cell in self.cells for words in person.names if len(words) > 1)


class Pool(Shelves):
    """All that may be lettered and isn't, to be asked about many official documents one after the other."""

    @classmethod
    def load(cls, session: Session) -> Self:
        """Reads it from the database: one pass over the documents, no lines, no rows of the ORM."""
        pool = cls()
        people: dict[tuple[int, str], int] = {}
        texts: dict[str, Words] = {}
        for row in session.execute(_open_documents(session).execution_options(yield_per=_AT_ONCE)):
            number, kind, cents, currency, day, code, summary, customer_id, buyer, *names = row[1:]
            if (customer_id, buyer) not in people:
                people[customer_id, buyer] = pool.add_person(person_of(buyer, f"{names[0]} {names[1]}", names[2]))
            if summary not in texts:
                texts[summary] = tuple(word for word in words_of(summary) if len(word) > 3)
            is_credit_note = kind is InvoiceKind.credit_note
            document = Document(
                row[0], number, -cents if is_credit_note else cents, str(currency), day.toordinal(), is_credit_note,
                people[customer_id, buyer], texts[summary], plain_code(code),
            )  # fmt: skip
            pool.add(document)
        return pool

    def suggest(self, official: Official) -> list[Suggestion]:
        """What is good enough to be proposed; at most one, since it must lead."""
        return [found for found in self.fitting(official) if found.is_shown]

    def fitting(self, official: Official) -> list[Suggestion]:
        """All that may be meant, the best first, also what is weak: several that fit alike, or too little to go by."""
        seen = Seen(official)
        named = self._named(seen)
        places = dict.fromkeys([*named, *self._alike(seen)])
        weighed = [(*weigh(self._evidence(seen, place, named.get(place))), place) for place in places]
        weighed = [each for each in weighed if each[0] >= WEAK]
        weighed.sort(key=lambda each: (-each[0], abs(seen.day - self.documents[each[2]].day), each[2]))
        found = [self._suggestion(seen, place, points, reasons) for points, reasons, place in weighed[:MOST]]
        return scored(found, leading({each.invoice_id: each.points for each in found}), {})

    def grouped(self, official: Official) -> list[Document]:
        """Documents of one customer that only together come to the official amount: one invoice for all of them."""
        seen, cents = Seen(official), official.amount_cents
        if not cents:
            return []
        for person in self.of_people(seen.name or tuple(word for cell in seen.cells for word in cell)):
            if seen.is_of(self.people[person]) and (found := self._sum(seen, person, abs(cents))):
                return found
        return []

    def _sum(self, seen: Seen, person: int, cents: int) -> list[Document]:
        own = [self.documents[place] for place in self.of_person(person)]
        own = [each for each in own if self._may_be(seen, each) and 0 <= seen.day - each.day <= _TOGETHER][-_GROUP_OF:]
        places = next(groups(cents, [abs(each.cents) for each in own]), ())
        return [own[place] for place in sorted(places)]

    def _named(self, seen: Seen) -> dict[int, Naming]:
        """What the texts name by code or number: the surest way of each."""
        found: dict[int, Naming] = {}
        for text in dict.fromkeys(seen.official.texts):
            for place, naming in (*self.by_code(text), *self.by_number(text)):
                if self._may_be(seen, self.documents[place]):
                    found[place] = max(found.get(place, naming), naming, key=SURENESS.__getitem__)
        return found

    def _alike(self, seen: Seen) -> Iterator[int]:
        """What comes to the amount, or came to it before a usual fee."""
        amount = seen.official.amount_cents
        if amount is None:
            return
        window = (seen.day - CROWDED, seen.day - EARLY) if seen.day else (0, 0)
        for cents in (amount, *(before_fee(amount) if amount > 0 else ())):
            near = self.of_amount(cents, *window, seen.name or tuple(seen.words))
            found = [place for place in near if self._may_be(seen, self.documents[place])]
            if len(found) > _NEAREST:
                found.sort(key=lambda place: self._promise(seen, place))
            yield from found[:_NEAREST]

    def _promise(self, seen: Seen, place: int) -> tuple[int, int]:
        """The likelier, the smaller: names first, then days."""
        document = self.documents[place]
        alike = max((overlap(seen.pairs, pairs) for pairs in self.people[document.person].pairs), default=0)
        return -alike, abs(seen.day - document.day)

    def _may_be(self, seen: Seen, document: Document) -> bool:
        """Whether both are invoices or both credit notes, in one currency where the file names it."""
        currency = seen.official.currency
        return document.is_credit_note is seen.is_credit_note and (not currency or document.currency == currency)

    def _evidence(self, seen: Seen, place: int, naming: Naming | None) -> Evidence:
        document = self.documents[place]
        alike, in_text = seen.naming(document.person, self.people[document.person])
        summary = document.summary
        same_text = bool(summary) and any(2 * sum(w in cell for w in summary) > len(summary) for cell in seen.cells)
        days = seen.day - document.day if seen.day and document.day else None
        return Evidence(
            naming, document.cents, seen.official.amount_cents, alike, in_text, bool(seen.name), days, same_text
        )

    def _suggestion(self, seen: Seen, place: int, points: int, reasons: tuple[Reason, ...]) -> Suggestion:
        document = self.documents[place]
        days = seen.day - document.day if seen.day and document.day else None
        return Suggestion(
            document.id, document.number, 0, reasons, self.people[document.person].shown, document.cents,
            document.currency, date.fromordinal(document.day) if document.day else None, days, points,
        )  # fmt: skip


def _open_documents(session: Session) -> Select[*tuple[Any, ...]]:
    """What may be lettered and isn't (SPEC C5), in the order of its days."""
    columns = (
        Invoice.id, Invoice.number, Invoice.kind, Invoice.total_cents, Invoice.currency, Invoice.issued_on,
        Invoice.transaction_code, Invoice.summary, Invoice.customer_id, Invoice.buyer_name, Customer.first_name,
        Customer.last_name, Customer.organisation_name,
    )  # fmt: skip
    query = select(*columns).join(Customer, Customer.id == Invoice.customer_id)
    query = query.where(Invoice.status.in_(letterable(letters_unpaid(session))), *UNLETTERED)
    return query.order_by(Invoice.issued_on, Invoice.id)
