"""The view model of a statement: what page and paper show, as strings of its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from invoicing.documents.dates import long_datetime, plain_date, short_date
from invoicing.money import Currency, write_money, write_scaled
from invoicing.payments.models import PaymentMethod
from invoicing.statement.queries import Period
from invoicing.statement.rules import Account, Claim, Kind, Line, Movement
from invoicing.statement.words import Words, paper_words
from invoicing.text import clean, typeset


@dataclass(frozen=True)
class Who:
    """The customer as the statement names them."""

    name: str
    member_number: str = ""
    lines: tuple[str, ...] = ()  # of the address


@dataclass(frozen=True)
class SheetLine:
    """One movement; `number` is of the document that it is, or concerns, to be linked."""

    day: str
    text: str
    number: str
    detail: str
    debit: str
    credit: str
    balance: str


@dataclass(frozen=True)
class SheetClaim:
    """One invoice that is due; `late` is empty where it isn't."""

    text: str
    number: str
    subject: str
    day: str
    due_on: str
    late: str
    amount: str


@dataclass(frozen=True)
class SheetAccount:
    """One currency. `bands` are the ages of what is due, those without an amount left out."""

    title: str
    currency: Currency
    sellers: str
    opening: str
    lines: tuple[SheetLine, ...]
    debit: str
    credit: str
    closing: str
    claims: tuple[SheetClaim, ...]
    bands: tuple[tuple[str, str], ...]
    due: str
    owed: str  # a sentence, or empty


@dataclass(frozen=True)
class Sheet:
    """A whole statement."""

    words: Words
    who: Who
    period: str
    made: str
    due_now: str
    accounts: tuple[SheetAccount, ...]

    @property
    def count(self) -> int:
        """How many movements it shows."""
        return sum(len(account.lines) for account in self.accounts)


def sheet_of(accounts: Sequence[Account], who: Who, period: Period, made: datetime, words: Words) -> Sheet:
    """The statement of one customer; `made` is the moment on the organisation's clock."""
    return Sheet(
        words=words,
        who=who,
        period=" / ".join(_period(half, period) for half in words.halves),
        made=" / ".join(half.made.format(moment=long_datetime(made, half.locale)) for half in words.halves),
        due_now=" / ".join(half.due_now.format(day=plain_date(made.date(), half.locale)) for half in words.halves),
        accounts=tuple(_account(account, words, len(accounts) > 1) for account in accounts),
    )


def _period(words: Words, period: Period) -> str:
    """« Du 1er janvier 2026 au 22 novembre 2026 »."""
    last = plain_date(period.last, words.locale)
    if period.first is None:
        return words.period_all.format(last=last)
    return words.period.format(first=plain_date(period.first, words.locale), last=last)


def _account(account: Account, words: Words, several: bool) -> SheetAccount:
    write = _Writer(words, account.currency, len(account.sellers) > 1)
    label = words.sellers if len(account.sellers) > 1 else words.seller
    bands = zip(words.bands, account.bands, strict=True)
    return SheetAccount(
        title=account.currency.value if several else "",
        currency=account.currency,
        sellers=f"{label}{write.paper.colon}{', '.join(map(clean, account.sellers))}" if account.sellers else "",
        opening=write.amount(account.opening_cents),
        lines=tuple(map(write.line, account.lines)),
        debit=write.amount(account.debit_cents),
        credit=write.amount(account.credit_cents),
        closing=write.amount(account.closing_cents),
        claims=tuple(map(write.claim, account.claims)),
        bands=tuple((name, write.amount(cents)) for name, cents in bands if cents),
        due=write.amount(account.due_cents),
        owed=words.owed.format(amount=write.amount(account.owed_cents)) if account.owed_cents else "",
    )


class _Writer:
    """Writes the parts of one account; each line says its seller where there are several."""

    def __init__(self, words: Words, currency: Currency, sellers_differ: bool) -> None:
        self.words, self.currency, self.sellers_differ = words, currency, sellers_differ
        self.paper = paper_words(words)

    def amount(self, cents: int) -> str:
        """« 1 234,56 € »."""
        return write_money(cents, self.currency, self.words.locale)

    def line(self, line: Line) -> SheetLine:
        """One movement; a side without an amount is empty."""
        move = line.movement
        return SheetLine(
            day=short_date(move.day, self.words.locale),
            text=entry_text(move, self.words),
            number=move.number or move.about,
            detail=" · ".join(filter(None, self._details(move))),
            debit=self.amount(line.debit_cents) if line.debit_cents else "",
            credit=self.amount(line.credit_cents) if line.credit_cents else "",
            balance=self.amount(line.balance_cents),
        )

    def _details(self, move: Movement) -> Iterator[str]:
        if move.kind is Kind.credit_note:
            yield self.words.on.format(number=move.about)
        if move.other:
            yield move.other
        yield typeset(clean(move.subject), self.words.locale)
        if self.sellers_differ:
            yield clean(move.seller)

    def claim(self, claim: Claim) -> SheetClaim:
        """One invoice that is due."""
        words = self.words
        return SheetClaim(
            text=str(getattr(self.paper, claim.heading)),
            number=claim.number,
            subject=typeset(clean(claim.subject), words.locale),
            day=short_date(claim.day, words.locale),
            due_on=short_date(claim.due_on, words.locale) if claim.due_on else words.no_day,
            late=words.days.format(days=write_scaled(claim.late, 0, words.locale)) if claim.late else "",
            amount=self.amount(claim.cents),
        )


def entry_text(move: Movement, words: Words) -> str:
    """« Facture », « Avoir », « Paiement (virement) »: what a movement is."""
    paper = paper_words(words)
    if move.heading:
        return str(getattr(paper, move.heading))
    what = str(getattr(words, move.kind))
    if move.method in (None, PaymentMethod.credit, PaymentMethod.other):
        return what
    return words.by.format(what=what, method=getattr(paper, f"by_{move.method}"))
