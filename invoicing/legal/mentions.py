"""The legal sentences of one document: under its totals, and at its foot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from invoicing.legal.supplies import category_of, text_key
from invoicing.legal.texts import all_texts, legal_text
from invoicing.sellers.models import Region, Seller
from invoicing.taxes.models import TaxSet

_EXEMPTION: Final = "exemption_"


@dataclass(frozen=True)
class Situation:
    """What decides the sentences; `days` is the delay of payment, None where nothing is to pay.

    `exempt` says why lines bear no tax, `has_untaxed` whether there are others without a reason of their own;
    `exemptions` are the keys of such reasons, line by line, "" where there is none.
    """

    day: date
    language: str
    professional: bool
    has_untaxed: bool
    days: int | None
    exempt: tuple[str, ...] = ()
    exemptions: tuple[str, ...] = ()


def mentions_of(seller: Seller, at: Situation) -> tuple[str, ...]:
    """Why there is no tax, on the document or on some of its lines, and what the reform of invoices adds."""
    where = (at.day, seller.region, seller.tax_status, at.language)
    found = [legal_text("exemption", *where), *at.exempt]
    if at.has_untaxed and not found[0]:
        found.append(legal_text("untaxed_lines", *where))
    found.append(legal_text(text_key(category_of(seller.supplies, at.exemptions)), *where))
    if seller.vat_on_debits:
        found.append(legal_text("vat_on_debits", *where))
    return tuple(dict.fromkeys(text for text in found if text))


def supplies_of(seller: Seller, day: date, exemptions: Iterable[str]) -> str:
    """The category of operation, where the document must say it; `exemptions` as in `Situation`."""
    category = category_of(seller.supplies, exemptions)
    said = legal_text(text_key(category), day, seller.region, seller.tax_status, "fr_FR")
    return str(category) if said else ""


def reason_of(chosen: TaxSet, seller: Seller, day: date, language: str) -> str:
    """Why lines of this set bear no tax, in the document's language; "" where the set doesn't say."""
    if chosen.exemption:
        return legal_text(_EXEMPTION + chosen.exemption, day, seller.region, seller.tax_status, language)
    french, english = chosen.mention_fr, chosen.mention_en
    if not language.startswith("en") or not english:
        return french
    return f"{french} / {english}" if seller.region is Region.QC else english


def why_untaxed(chosen: TaxSet, seller: Seller, day: date, language: str) -> str:
    """The mention that a line of this set asks for: the set's own reason, the seller's, or the general one."""
    where = (day, seller.region, seller.tax_status, language)
    own = reason_of(chosen, seller, day, language)
    return own or legal_text("exemption", *where) or legal_text("untaxed_lines", *where)


def exemptions(region: Region) -> tuple[tuple[str, str, str], ...]:
    """What a tax set of this region may give as its reason: key, French, English, each once."""
    rows = [row for row in all_texts() if row.key.startswith(_EXEMPTION) and row.region is region]
    known = {row.key.removeprefix(_EXEMPTION): (row.fr, row.en) for row in rows}
    return tuple((key, *texts) for key, texts in known.items())


def reasons_of(sets: Iterable[TaxSet], seller: Seller, day: date, language: str) -> tuple[str, ...]:
    """The reasons of some sets, each text once, in their order."""
    return tuple(dict.fromkeys(filter(None, (reason_of(chosen, seller, day, language) for chosen in sets))))


def terms_of(seller: Seller, at: Situation) -> tuple[tuple[str, str], ...]:
    """Terms of payment: discount for early payment, delay, and for professionals penalties and compensation.

    Each with its code in UNTDID 4451 (LAW.md, « Factur-X notes »), or "".
    """
    where = (at.day, seller.region, seller.tax_status, at.language)
    found = [("AAB", seller.discount_terms or legal_text("discount", *where))]
    if seller.region is Region.QC and at.days is not None:
        found.append(("", legal_text("net_days", *where, days=at.days)))
    if at.professional:
        found.append(("PMD", seller.late_penalty or legal_text("penalty", *where, professional=True)))
        found.append(("PMT", legal_text("compensation", *where, professional=True)))
    elif seller.late_penalty and seller.region is Region.QC:
        found.append(("PMD", seller.late_penalty))
    return tuple((code, text) for code, text in found if text)
