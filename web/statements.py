"""Statements of account as both doors show them: the period in the address, the view model, the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import Response, abort, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from invoicing.customers.models import Customer
from invoicing.customers.rules import address_lines
from invoicing.days import NotADate, read_date
from invoicing.sellers.models import Region
from invoicing.sheets import Column, Row
from invoicing.statement import paper
from invoicing.statement.queries import Period, accounts, regions
from invoicing.statement.sheet import Sheet, Who, entry_text, sheet_of
from invoicing.statement.words import Words, words_for
from web.database import db, now
from web.documents import pdf
from web.errors import register
from web.exports import file_name, send_sheet
from web.filters import local
from web.security import text_arg
from web.site import organisation, today
from web.words import _, language, ngettext

SHOWN_MOST: Final = 1000  # movements on a page; the files have them all
DAYS: Final = (date(1900, 1, 1), date(2100, 12, 31))

register(paper.TooLong, 422, lambda r: ngettext(
    "Ce relevé compte plus de %(num)s opération : choisissez une période plus courte, ou le fichier CSV.",
    "Ce relevé compte plus de %(num)s opérations : choisissez une période plus courte, ou le fichier CSV.", r.most,
))  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The period as the address says it: `first` and `last` as typed, `faults` by field."""

    period: Period
    first: str
    last: str
    faults: dict[str, str]

    @property
    def days(self) -> dict[str, str]:
        """The same period in an address."""
        first, last = self.period.first, self.period.last
        return {"du": first.isoformat() if first else "", "au": last.isoformat()}


def asked() -> Asked:
    """Reads the period; without one it is this year so far. An empty first day means from the beginning."""
    here = today()
    if "du" not in request.args and "au" not in request.args:
        january = date(here.year, 1, 1)
        return Asked(Period(january, here), _written(january), _written(here), {})
    typed = {name: text_arg(name, 40) for name in ("du", "au")}
    faults: dict[str, str] = {}
    first, last = (_day(name, text, faults) for name, text in typed.items())
    if first and (last or here) < first and not faults:
        faults["au"] = _("La fin de la période vient avant son début.")
    shown = {name: _written(day) if day else typed[name] for name, day in (("du", first), ("au", last))}
    return Asked(Period(first, last or here), shown["du"], shown["au"], faults)


def _written(day: date) -> str:
    """The day as a field holds it, to be read again."""
    return f"{day:%d/%m/%Y}" if language() == "fr_FR" else day.isoformat()


def _day(name: str, text: str, faults: dict[str, str]) -> date | None:
    try:
        day = read_date(text)
    except NotADate:
        day = DAYS[0].replace(year=1)
    if day and not DAYS[0] <= day <= DAYS[1]:
        faults[name] = _("« %(value)s » n’est pas une date. Écrivez par exemple %(day)s.", value=text,
                         day=_written(today()))  # fmt: skip
        return None
    return day


@dataclass(frozen=True)
class Choice:
    """A usual period: its name, and its days in an address."""

    text: str
    first: str
    last: str


def usual() -> list[Choice]:
    """This year, last year, the last twelve months, everything."""
    here = today()
    year = here.year
    a_year_ago = date(year - 1, here.month, min(here.day, 28))
    spans = (
        (_("Cette année"), date(year, 1, 1), here),
        (_("L’année dernière"), date(year - 1, 1, 1), date(year - 1, 12, 31)),
        (_("Douze derniers mois"), a_year_ago, here),
        (_("Depuis le début"), None, here),
    )
    return [Choice(text, first.isoformat() if first else "", last.isoformat()) for text, first, last in spans]


def sheet(session: Session, customer: Customer, period: Period, words: Words | None = None) -> Sheet:
    """The statement of a customer, in the language of whoever reads it."""
    words = words or words_for(language())
    who = Who(customer.name, customer.member_number or "", tuple(address_lines(customer)))
    found = accounts(session, customer.id, period, today())
    return sheet_of(found, who, period, local(now()), words)


def file(customer: Customer, kind: str) -> AnyResponse:
    """The statement as « pdf », « csv » or « xlsx », else 404; a period that can't be read leads to its page."""
    chosen = asked()
    if kind not in ("pdf", "csv", "xlsx"):
        abort(404)
    if chosen.faults:
        return redirect(request.full_path.replace(f".{kind}", "", 1).rstrip("?"))
    name = f"{title()} {customer.name}"
    if kind == "pdf":
        return _paper(customer, chosen.period, name)
    customer_id = customer.id
    return send_sheet(name, columns(), lambda session: rows(session, customer_id, chosen.period), kind)


def _paper(customer: Customer, period: Period, name: str) -> Response:
    """On paper, made now and kept nowhere; HEAD makes nothing."""
    if request.method == "HEAD":
        return pdf(b"", file_name(name, "pdf").removesuffix(".pdf"), download=True)
    places = regions(db.session, customer.id)
    is_quebec = Region.QC in places
    made = sheet(db.session, customer, period, words_for(language(), is_quebec))
    letter = places == {Region.QC} or language() == "fr_CA"
    by = organisation().name
    db.session.rollback()  # no connection is held while it draws
    data = paper.render(made, by, "letter" if letter else "a4")
    return pdf(data, file_name(name, "pdf").removesuffix(".pdf"), download=True)


def title() -> str:
    """What the statement is called here: « Relevé de compte », in Québec « État de compte »."""
    return words_for(language()).title


def columns() -> list[Column]:
    """The columns of the file."""
    words = words_for(language())
    texts = (words.currency, words.entry, words.number, words.about, words.subject, words.seller)
    money = (words.debit, words.credit, words.balance)
    return [Column(words.date, "day"), *map(Column, texts), *(Column(name, "cents") for name in money)]


def rows(session: Session, customer_id: int, period: Period) -> Iterator[Row]:
    """One row per movement, between the opening and the closing balance of each currency."""
    words = words_for(language())
    for account in accounts(session, customer_id, period, today()):
        code = account.currency.value
        yield (period.first, code, words.opening, "", "", "", "", None, None, account.opening_cents)
        for line in account.lines:
            move = line.movement
            yield (move.day, code, entry_text(move, words), move.number, move.about, move.subject, move.seller,
                   line.debit_cents or None, line.credit_cents or None, line.balance_cents)  # fmt: skip
        yield (period.last, code, words.closing, "", "", "", "", account.debit_cents, account.credit_cents,
               account.closing_cents)  # fmt: skip
