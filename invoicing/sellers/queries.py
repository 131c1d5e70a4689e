"""Reads about the organisation and its sellers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from invoicing.documents.snapshot import Bank, Party, Place
from invoicing.errors import NotFound
from invoicing.journal import JournalEntry
from invoicing.numbering import NoSeries, Series, SeriesCounter, Use, period_of, write_number
from invoicing.sellers.models import Organisation, Region, Seller, TaxRegistration
from invoicing.sellers.rules import Missing, missing_of_seller
from invoicing.taxes.models import Tax


def organisation(session: Session) -> Organisation | None:
    """The organisation, once it has been set up."""
    return session.get(Organisation, 1)


def letters_unpaid(session: Session) -> bool:
    """Whether what awaits its payment may be lettered too: the setting of SPEC C5."""
    found = organisation(session)
    return found is not None and found.letters_unpaid


def active_sellers(session: Session) -> Sequence[Seller]:
    """The seller identities in use, oldest first."""
    return session.scalars(select(Seller).where(Seller.active).order_by(Seller.id)).all()


def seller(session: Session, seller_id: int) -> Seller:
    """One seller identity; NotFound otherwise."""
    found = session.get(Seller, seller_id, options=[selectinload(Seller.registrations)])
    if found is None:
        raise NotFound
    return found


def series_of(session: Session, seller_id: int, use: Use) -> Series:
    """The seller's series for a use; refuses where there is none."""
    query = select(Series).where(Series.seller_id == seller_id, Series.use == use, Series.active)
    found = session.scalars(query.order_by(Series.id).limit(1)).first()
    if found is None:
        raise NoSeries(use)
    return found


def registrations(session: Session, seller_id: int) -> dict[int, tuple[str, str]]:
    """Tax number → (tax code, registration number) of a seller."""
    query = select(TaxRegistration.tax_id, Tax.code, TaxRegistration.number).join(Tax, Tax.id == TaxRegistration.tax_id)
    rows = session.execute(query.where(TaxRegistration.seller_id == seller_id))
    return {tax_id: (code, number) for tax_id, code, number in rows}


def today_of(seller: Seller, now: datetime) -> date:
    """The calendar day at the seller's; `now` is naive UTC."""
    return now.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(seller.timezone)).date()


def seller_party(seller: Seller, known: Mapping[int, tuple[str, str]], country: str = "") -> Party:
    """The seller block as printed: address in its country's order, then its legal numbers (`registrations`).

    `country` is its country's name, for a buyer abroad.
    """
    lines = [line for line in seller.street.split("\n") if line]
    if seller.country == "CA":
        place = f"{seller.city} ({seller.province})" if seller.province else seller.city
        lines.append(f"{place}  {seller.postcode}".strip())
    else:
        lines.append(f"{seller.postcode} {seller.city}".strip())
    ids = [(kind, getattr(seller, field)) for kind, field in _IDS[seller.region]]
    by_code = dict(known.values())
    ids += [(kind, by_code[code]) for kind, code in (("gst", "TPS"), ("qst", "TVQ")) if code in by_code]
    return Party(
        name=seller.name, lines=tuple(filter(None, (*lines, country))), ids=tuple((k, v) for k, v in ids if v),
        email=seller.email, phone=seller.phone, legal_form=seller.legal_form,
        place=Place.written(seller.street, seller.postcode, seller.city, seller.province, seller.country),
    )  # fmt: skip


_IDS = {Region.FR: (("siret", "siret"), ("rna", "rna"), ("vat", "vat_number")), Region.QC: (("neq", "neq"),)}


def bank_of(seller: Seller) -> Bank:
    """How to pay this seller."""
    return Bank(
        holder=seller.bank_holder or (seller.name if seller.iban else ""), iban=seller.iban, bic=seller.bic,
        interac=seller.interac, cheque=seller.cheque,
    )  # fmt: skip


def all_sellers(session: Session) -> Sequence[Seller]:
    """Every seller identity, oldest first."""
    return session.scalars(select(Seller).order_by(Seller.id)).all()


def all_series(session: Session, seller_id: int) -> Sequence[Series]:
    """The series of a seller, oldest first."""
    return session.scalars(select(Series).where(Series.seller_id == seller_id).order_by(Series.id)).all()


def next_number(session: Session, series: Series, day: date) -> str:
    """The number that the series would give on a day; nothing is taken."""
    last = session.get(SeriesCounter, (series.id, period_of(series.format, day)), populate_existing=True)
    return write_number(series.format, day, last.last + 1 if last else 1)


def missing(session: Session, seller: Seller, day: date) -> list[Missing]:
    """What the identity lacks for any invoice of that day."""
    return missing_of_seller(seller, frozenset(code for code, _ in registrations(session, seller.id).values()), day)


SETTINGS = ("organisation", "seller", "series", "shop")  # what the journal calls them


def latest_changes(session: Session, most: int) -> Sequence[JournalEntry]:
    """The latest changes of settings, newest first; the index finds them among the journal's other entries."""
    places = session.scalars(select(JournalEntry.position).where(JournalEntry.subject_kind.in_(SETTINGS)))
    newest = sorted(places, reverse=True)[:most]
    query = select(JournalEntry).where(JournalEntry.position.in_(newest))
    return session.scalars(query.order_by(JournalEntry.position.desc())).all()
