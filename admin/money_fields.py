"""Amounts and days that a form of a payment, a refund or a credit note holds, read with every mistake named."""

from __future__ import annotations

from datetime import date

from invoicing.days import NotADate, read_date
from invoicing.errors import Fault
from invoicing.money import CENTS_MAX, Ambiguous, NotANumber, plain_scaled, read_scaled
from web.words import language


def read_cents(field: str, text: str, faults: list[Fault]) -> int | None:
    """An amount in cents; None with its fault where there is none to be read."""
    value = text.strip()[:40]
    if not value:
        faults.append(Fault(field, "amount_required"))
        return None
    try:
        cents = read_scaled(value, 2)
    except Ambiguous:
        faults.append(Fault(field, "ambiguous_number", {"value": value}))
        return None
    except NotANumber:
        faults.append(Fault(field, "bad_price", {"value": value}))
        return None
    if abs(cents) > CENTS_MAX:
        faults.append(Fault(field, "too_great", {"value": value}))
        return None
    return cents


def read_day(field: str, text: str, faults: list[Fault], missing: str = "date_required") -> date | None:
    """A day; None with its fault where there is none to be read."""
    try:
        day = read_date(text)
    except NotADate:
        faults.append(Fault(field, "bad_date", {"value": text.strip()[:40]}))
        return None
    if day is None:
        faults.append(Fault(field, missing))
    return day


def write_cents(cents: int) -> str:
    """An amount as a field holds it: 60,00, in English 60.00."""
    return plain_scaled(cents, 2, language(), least=2)
