"""The legal sentences of one document: under its totals, and at its foot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from invoicing.legal.texts import legal_text
from invoicing.sellers.models import Region, Seller


@dataclass(frozen=True)
class Situation:
    """What decides the sentences; `days` is the delay of payment, None where nothing is to pay."""

    day: date
    language: str
    professional: bool
    has_untaxed: bool
    days: int | None


def mentions_of(seller: Seller, at: Situation) -> tuple[str, ...]:
    """Why there is no tax, on the document or on some of its lines."""
    where = (at.day, seller.region, seller.tax_status, at.language)
    found = [legal_text("exemption", *where)]
    if at.has_untaxed and not found[0]:
        found.append(legal_text("untaxed_lines", *where))
    return tuple(text for text in found if text)


def terms_of(seller: Seller, at: Situation) -> tuple[str, ...]:
    """Terms of payment: discount for early payment, delay, and for professionals penalties and compensation."""
    where = (at.day, seller.region, seller.tax_status, at.language)
    found = [seller.discount_terms or legal_text("discount", *where)]
    if seller.region is Region.QC and at.days is not None:
        found.append(legal_text("net_days", *where, days=at.days))
    if at.professional:
        found.append(seller.late_penalty or legal_text("penalty", *where, professional=True))
        found.append(legal_text("compensation", *where, professional=True))
    elif seller.late_penalty and seller.region is Region.QC:
        found.append(seller.late_penalty)
    return tuple(text for text in found if text)
