"""Programs that are known by their headings, and what these mean there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from invoicing.accounting.columns import Found
from invoicing.accounting.plan import Column, Days
from invoicing.imports.headings import plain

_C = Column


@dataclass(frozen=True)
class Program:
    """One program: headings that must all be there, how it writes days, and headings that mean something else in it."""

    name: str
    needs: frozenset[str]
    days: Days = Days.unknown
    means: Mapping[str, Column] = field(default_factory=dict)
    fills_down: bool = False  # what stands on the first line of an entry holds for those below
    codes: bool = False  # kinds are numbered
    blanks: bool = False  # a row without a reference says nothing: nobody has written one in it yet


def _needs(*headings: str) -> frozenset[str]:
    return frozenset(headings)


UNKNOWN: Final = Program("", frozenset())
PROGRAMS: Final = (
    Program("Lettrine", _needs("numero", "lettrage", "code transaction", "acheteur sur le document"), Days.iso,
            {"lettrage": _C.reference, "numero": _C.number, "statut": _C.ignored, "document": _C.ignored},
            blanks=True),
    Program("Lettrine", _needs("number", "lettering", "transaction code", "buyer on the document"), Days.iso,
            {"lettering": _C.reference, "number": _C.number, "status": _C.ignored, "document": _C.ignored},
            blanks=True),
    Program("Paheko", _needs("numero d ecriture", "numero piece comptable", "libelle ligne"), Days.day_first,
            {"reference ligne": _C.ignored, "libelle ligne": _C.ignored, "remarques": _C.ignored, "statut": _C.ignored},
            fills_down=True),
    Program("Paheko", _needs("numero d ecriture", "numero piece comptable", "montant"), Days.day_first,
            {"compte de debit": _C.account, "statut": _C.ignored, "remarques": _C.ignored}),
    Program("Dolibarr", _needs("ref facture", "date facturation"), Days.iso,
            {"type": _C.kind, "etat facture": _C.ignored}, codes=True),
    Program("Odoo", _needs("invoice bill date", "number"), Days.unknown, {"reference": _C.number}),
    Program("Odoo", _needs("invoice date", "name", "amount total"), Days.iso,
            {"name": _C.reference, "ref": _C.number, "partner id": _C.customer, "amount total": _C.amount}),
    Program("Odoo", _needs("invoice date", "name", "move type"), Days.iso,
            {"name": _C.reference, "ref": _C.number, "partner id": _C.customer}),
    Program("QuickBooks", _needs("trans", "num", "debit", "credit"), Days.month_first, {"trans": _C.entry},
            fills_down=True),
    Program("QuickBooks", _needs("transaction type", "num", "debit", "credit", "account"), Days.month_first,
            fills_down=True),
    Program("QuickBooks", _needs("transaction type", "num"), Days.month_first),
    Program("QuickBooks", _needs("type de transaction", "num"), Days.unknown),
    Program("Xero", _needs("contactname", "invoicenumber", "invoicedate"), Days.day_first,
            {"invoicenumber": _C.reference, "contactname": _C.customer, "invoicedate": _C.day, "duedate": _C.ignored,
             "reference": _C.number, "taxamount": _C.line_amount, "accountcode": _C.ignored, "status": _C.kind,
             "type": _C.kind}),
    Program("Zoho", _needs("invoice id", "invoice number", "invoice date"), Days.iso,
            {"invoice id": _C.ignored, "subject": _C.number, "account": _C.ignored}),
)  # fmt: skip


def of(found: Found) -> Program:
    """The program that writes such headings."""
    names = {plain(heading) for heading in found.headings}
    return next((program for program in PROGRAMS if program.needs <= names), UNKNOWN)


def named(name: str, headings: tuple[str, ...]) -> Program:
    """The same of a plan."""
    return of(Found(0, headings, ())) if name else UNKNOWN


def corrected(program: Program, found: Found) -> Found:
    """The headings with what they mean in this program; another column of the same meaning gives way."""
    columns = list(found.columns)
    for place, heading in enumerate(found.headings):
        role = program.means.get(plain(heading))
        if role is None:
            continue
        if role in (_C.reference, _C.customer, _C.day, _C.amount, _C.entry, _C.account):
            columns = [_C.ignored if column is role else column for column in columns]
        columns[place] = role
    return replace(found, columns=tuple(columns))
