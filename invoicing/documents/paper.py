"""Fills the view model of a document from its snapshot and from what one version adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from invoicing.documents import table
from invoicing.documents.dates import plain_date
from invoicing.documents.desk import PAYABLE, Desk, Facts, Heading
from invoicing.documents.sheet import Block, Fact, Paper, Row, Sum
from invoicing.documents.snapshot import Party, Snapshot
from invoicing.documents.words import BILINGUAL, EN, FR_CA, Words
from invoicing.money import NBSP, write_money
from invoicing.text import clean, typeset

__all__ = ["MAX_LINES", "Block", "Fact", "Facts", "Heading", "Paper", "Row", "Sum", "paper_of"]

MAX_LINES: Final = 500


def paper_of(snapshot: Snapshot, facts: Facts) -> Paper:
    """The document of one version; pure, and the same for ever for the same snapshot and facts."""
    desk = Desk(snapshot, facts)
    words, seller = desk.words, snapshot.seller
    pay = table.pay(desk)
    return Paper(
        words=words,
        title=str(getattr(words, facts.heading)),
        mark=words.duplicate if facts.duplicate else "",
        number=desk.number,
        seller=_block(desk, seller, (*seller.lines, seller.phone, seller.email)),
        buyer=_block(desk, snapshot.buyer, snapshot.buyer.lines),
        buyer_label=words.buyer,
        facts=tuple(_facts(desk)),
        headlines=_headlines(desk),
        subject=desk.typed(snapshot.subject),
        notes=tuple(_notes(desk)),
        columns=table.columns(desk),
        rows=tuple(table.row(desk, line) for line in snapshot.lines),
        sums=tuple(table.sums(desk)),
        grand=Sum(table.grand_label(desk), desk.amount(snapshot.total_cents)),
        mentions=tuple(filter(None, map(desk.typed, snapshot.mentions))),
        pay=pay,
        epc=table.epc(desk) if pay else "",
        terms=tuple(filter(None, map(desk.typed, (*snapshot.terms, snapshot.closing)))),
        draft=facts.draft,
        accent=snapshot.accent,
        sheet=snapshot.paper,
        window=snapshot.window,
        logo=snapshot.logo,
        issued_on=snapshot.issued_on,
    )


_GROUPS: Final = {"siren": (3, 3, 3), "siret": (3, 3, 3, 5)}


def _identifier(kind: str, number: str) -> str:
    """SIREN and SIRET in groups, any other number as it was typed."""
    sizes = _GROUPS.get(kind, ())
    if not number.isdigit() or len(number) != sum(sizes):
        return number
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return NBSP.join(number[start : start + size] for start, size in zip(starts, sizes, strict=True))


def _ids(desk: Desk, party: Party) -> tuple[Fact, ...]:
    known = ((getattr(desk.words, f"id_{kind}", kind.upper()), kind, number) for kind, number in party.ids if number)
    return tuple(Fact(label, desk.typed(_identifier(kind, number)).replace(" ", NBSP)) for label, kind, number in known)


def _block(desk: Desk, party: Party, lines: tuple[str, ...]) -> Block:
    typed = tuple(filter(None, map(desk.typed, lines)))
    return Block(desk.typed(party.name), typed, _ids(desk, party), desk.typed(party.legal_form))


def _number_facts(desk: Desk) -> Iterator[Fact]:
    """The number; on a lettered document the official one, and the order's or request's below."""
    words, number = desk.words, desk.snapshot.number
    own = words.request_number if desk.credit else words.order_number
    if desk.facts.draft:
        yield Fact(words.number, words.number_later)
    elif desk.facts.official_number:
        yield Fact(words.number, desk.number, strong=True)
        if desk.number != number:
            yield Fact(own, number)
    else:
        official = desk.facts.heading in (Heading.invoice, Heading.credit_note)
        yield Fact(words.number if official else own, number, strong=True)


def _facts(desk: Desk) -> Iterator[Fact]:
    snapshot, words = desk.snapshot, desk.words
    yield from _number_facts(desk)
    yield Fact(words.issued, desk.day(snapshot.issued_on))
    if snapshot.supplied_on and snapshot.supplied_on != snapshot.issued_on:
        yield Fact(words.supplied, desk.day(snapshot.supplied_on))
    if snapshot.due_on and desk.owed:
        yield Fact(words.due, desk.day(snapshot.due_on))
    if snapshot.corrects:
        yield _corrected(desk)
    if desk.paid_on and snapshot.paid_by:
        yield Fact(words.method, str(getattr(words, f"by_{snapshot.paid_by}", words.by_other)))
    for fact in _ids(desk, snapshot.buyer):
        yield Fact(f"{fact.label} ({words.client})", fact.value)


def _corrected(desk: Desk) -> Fact:
    """What a credit note corrects: the official invoice with our number behind it, or an order that isn't one yet."""
    snapshot, words, official = desk.snapshot, desk.words, desk.facts.corrects_official
    number = desk.typed(snapshot.corrects)
    day = desk.day(snapshot.corrects_on) if snapshot.corrects_on else ""
    if official:
        return Fact(words.corrects, f"{desk.typed(official)} ({', '.join(filter(None, (number, day)))})")
    label = words.corrects if snapshot.mode == "official" else words.corrects_order
    return Fact(label, f"{number} ({day})" if day else number)


def _headlines(desk: Desk) -> tuple[str, ...]:
    """The sentence that says what to do; on a bilingual document the same in English below."""
    both = (FR_CA, EN) if desk.words is BILINGUAL else (desk.words,)
    return tuple(_headline(desk, words) for words in both)


def _headline(desk: Desk, words: Words) -> str:
    snapshot, heading, day = desk.snapshot, desk.facts.heading, desk.paid_on
    if desk.credit:
        sentence = words.headline_credit
    elif desk.paid_on:
        sentence = words.headline_paid
    elif heading in PAYABLE and not snapshot.total_cents:
        sentence = words.headline_nothing
    elif desk.owed and snapshot.due_on:
        sentence, day = words.headline_due, snapshot.due_on
    else:
        sentence = words.headline_due_now if desk.owed and heading is Heading.invoice else words.headline_total
    amount = write_money(snapshot.total_cents, snapshot.currency, words.locale)
    return sentence.format(amount=amount, day=plain_date(day, words.locale).replace(" ", NBSP) if day else "")


def _notes(desk: Desk) -> Iterator[str]:
    words, snapshot, heading = desk.words, desk.snapshot, desk.facts.heading
    if heading in (Heading.order, Heading.pro_forma):
        yield words.not_invoice_vat if desk.french and desk.taxed else words.not_invoice
    if heading is Heading.credit_request:
        yield words.not_credit_note
    if snapshot.reason:
        yield f"{words.reason}{words.colon}{desk.typed(snapshot.reason)}"
    yield from (typeset(line, words.locale) for line in clean(snapshot.note, lines=True).split("\n") if line)
