"""Reads one row of a shop's export of its invoices, and decides what it would change. Pure (SPEC Q2).

The export writes its dates with the month where the minutes should be: only the day is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from invoicing.imports.headings import Record
from invoicing.invoices.models import Status
from invoicing.money import CENTS_MAX, Ambiguous, NotANumber, half_up, read_scaled
from invoicing.shop.rules import STATUS_OF, Totals
from invoicing.text import clean

HEADINGS: Final = {  # column → its possible headings, in the form that `headings.plain` gives them
    "id": ("id",),
    "code": ("txid", "transaction id", "transactionid", "code transaction", "id transaction", "transaction"),
    "online": ("onlinetxid", "online tx id", "id transaction en ligne"),
    "lettering": ("lettrage", "idnum", "id num", "lettering"),
    "title": ("title", "titre"),
    "status": ("st", "status", "statut", "etat"),
    "created": ("created", "date", "date de creation", "creee le", "cree le", "emission"),
    "moved": ("lastmove", "last move", "derniere modification", "dernier changement"),
    "net": ("neat", "net", "ht", "montant ht", "total ht", "untaxed", "net amount"),
    "tax": ("tx", "taxes", "tax", "tva", "montant tva", "total taxes"),
    "total": ("ti", "ttc", "total", "montant ttc", "total ttc", "taxed", "total amount"),
    "items": ("items", "articles", "codes articles"),
    "names": ("product names", "produits", "noms des produits", "designation", "products"),
    "first_name": ("firstn", "firstname", "first name", "prenom"),
    "last_name": ("lastn", "lastname", "last name", "nom"),
    "street": ("address", "adresse"),
    "city": ("city", "ville"),
    "postcode": ("zip", "code postal", "postcode", "zip code"),
    "country": ("country", "pays"),
    "email": ("email", "e mail", "mail", "courriel", "adresse e mail"),
    "login": ("login", "username", "identifiant", "nom d utilisateur"),
    "organisation": ("institution", "organisation", "organization", "etablissement"),
    "department": ("departement", "department"),
}  # fmt: skip
ESSENTIAL: Final = ("id", "code", "status", "created", "net", "tax", "total")
PAYBACK: Final = "PAYBACK"
EXACT: Final = 6  # decimals in which amounts are compared, before they are rounded
_ID: Final = re.compile(r"[0-9A-Za-z]{1,24}\Z")
_CODE: Final = re.compile(r"[!-~]{1,64}\Z")
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T].*)?\Z")
_FRENCH: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T].*)?\Z")


class Verdict(StrEnum):
    """What becomes of a row."""

    new = "new"
    update = "update"
    unchanged = "unchanged"
    lettering = "lettering"  # comes in, or stands already, but for its reference
    older = "older"
    move_refused = "move_refused"
    amounts_differ = "amounts_differ"
    basket = "basket"
    duplicate = "duplicate"
    totals = "totals"
    bad_date = "bad_date"
    bad_amount = "bad_amount"
    bad_status = "bad_status"
    bad_text = "bad_text"
    missing = "missing"
    number_taken = "number_taken"
    other_number = "other_number"
    refused = "refused"  # for another reason, which the core gave


COMES_IN: Final = frozenset({Verdict.new, Verdict.update, Verdict.unchanged, Verdict.older, Verdict.basket})


class Unfit(ValueError):
    """A row that can't come in; its verdict and what fills in the sentence."""

    def __init__(self, verdict: Verdict, **facts: Any):
        super().__init__(verdict)
        self.verdict, self.facts = verdict, facts


@dataclass(frozen=True)
class Said:
    """What one row says, exact. `number` is the document's; `payback`: complete, and given back since."""

    id: str
    code: str
    number: str
    status: Status
    payback: bool
    created: date
    moved: date
    totals: Totals
    lettering: str
    lines: tuple[tuple[str, str], ...]  # label, code
    customer: Mapping[str, str]

    @property
    def subject(self) -> str:
        """What names the row to a person."""
        return f"{self.number} · {self.customer['title']}" if self.customer["title"] else self.number


def read(record: Record, prefix: str) -> Said:
    """The row, exact; `prefix` is what the series' numbers begin with. Raises Unfit."""
    values = {name: clean(record[name]) for name in HEADINGS}
    told = values["status"].upper()
    status = Status.complete if told == PAYBACK else STATUS_OF.get(told)
    if not told:
        raise Unfit(Verdict.missing, column="ST")
    if status is None:
        raise Unfit(Verdict.bad_status, value=values["status"][:40])
    _check_identity(values, status)
    created = day_of("created", values["created"])
    moved = day_of("lastmove", values["moved"]) if values["moved"] else created
    totals = totals_of(values)
    customer = customer_of(values)
    number = f"{prefix}{created:%Y%m%d}-{values['id']}"
    return Said(
        values["id"], values["code"], number, status, told == PAYBACK, created, max(created, moved), totals,
        record["lettering"], lines_of(values, number), customer,
    )  # fmt: skip


def _check_identity(values: Mapping[str, str], status: Status) -> None:
    """Its id and its transaction code; a basket without a code isn't an order yet."""
    if not values["id"]:
        raise Unfit(Verdict.missing, column="ID")
    if _ID.match(values["id"]) is None:
        raise Unfit(Verdict.bad_text, column="ID", value=values["id"][:40])
    if not values["code"]:
        raise Unfit(Verdict.basket) if status is Status.draft else Unfit(Verdict.missing, column="TxID")
    if _CODE.match(values["code"]) is None:
        raise Unfit(Verdict.bad_text, column="TxID", value=values["code"][:40])


def day_of(column: str, text: str) -> date:
    """The day of a moment whose time means nothing: 2026/01/13 06:01, 13/01/2026."""
    if not text:
        raise Unfit(Verdict.missing, column=column)
    try:
        if found := _ISO.match(text):
            day = date(int(found[1]), int(found[2]), int(found[3]))
        elif found := _FRENCH.match(text):
            day = date(int(found[3]), int(found[2]), int(found[1]))
        else:
            raise ValueError(text)
    except ValueError:
        raise Unfit(Verdict.bad_date, column=column, value=text[:40]) from None
    if not 2000 <= day.year <= 2100:
        raise Unfit(Verdict.bad_date, column=column, value=text[:40])
    return day


def totals_of(values: Mapping[str, str]) -> Totals:
    """Net, tax and total, which add up as they are written; only then are they rounded to the cent."""
    columns = (("Neat", "net"), ("TX", "tax"), ("TI", "total"))
    net, tax, total = (_amount(column, values[name]) for column, name in columns)
    net_cents, tax_cents, total_cents = (half_up(value, 10 ** (EXACT - 2)) for value in (net, tax, total))
    if net + tax == total:
        return Totals(net_cents, total_cents - net_cents, total_cents)
    if net_cents + tax_cents != total_cents:
        raise Unfit(Verdict.totals, net_cents=net_cents, tax_cents=tax_cents, total_cents=total_cents)
    return Totals(net_cents, tax_cents, total_cents)


def _amount(column: str, text: str) -> int:
    if not text:
        raise Unfit(Verdict.missing, column=column)
    try:
        value = read_scaled(text, EXACT)
    except Ambiguous:
        raise Unfit(Verdict.bad_amount, column=column, value=text[:40], why="ambiguous") from None
    except NotANumber:
        raise Unfit(Verdict.bad_amount, column=column, value=text[:40], why="not_a_number") from None
    if value < 0:
        raise Unfit(Verdict.bad_amount, column=column, value=text[:40], why="negative")
    if value > CENTS_MAX * 10 ** (EXACT - 2):
        raise Unfit(Verdict.bad_amount, column=column, value=text[:40], why="too_great")
    return value


def lines_of(values: Mapping[str, str], number: str) -> tuple[tuple[str, str], ...]:
    """One line per item where names and codes, both joined by commas, are as many; else one with all of them.

    Names hold commas themselves, codes don't: where the counts differ nobody can tell where a name ends.
    """
    codes = [code for part in values["items"].split(",") if (code := part.strip())]
    names = [name for part in values["names"].split(",") if (name := part.strip())]
    if len(codes) > 1 and len(codes) == len(names):
        pairs = list(zip(names, codes, strict=True))
    else:
        pairs = [(values["names"] or ", ".join(codes) or values["title"] or number, ", ".join(codes))]
    return tuple((label[:250], code[:500] if code != label else "") for label, code in pairs)


def customer_of(values: Mapping[str, str]) -> dict[str, str]:
    """Whom the order is made out to, as the row says it; `title` stands in for a missing name."""
    kept = ("first_name", "last_name", "street", "city", "postcode", "country", "email", "login", "organisation")
    found = {name: values[name] for name in (*kept, "title")}
    if found["first_name"] or found["last_name"] or found["organisation"]:
        return found
    named = found["title"] or found["login"] or found["email"]
    if not named:
        raise Unfit(Verdict.missing, column="LastN")
    return {**found, "last_name": named[:120]}


def moment_of(day: date, timezone: str) -> datetime:
    """Noon of that day at the seller's, as naive UTC: the hour isn't known, the day must stay."""
    return datetime.combine(day, time(12), ZoneInfo(timezone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
