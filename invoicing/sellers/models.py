"""Rows of the organisation and of its seller identities."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.database import Base, enum
from invoicing.money import Currency


class Region(StrEnum):
    """Whose law a seller is under."""

    FR = "FR"
    QC = "QC"


class TaxStatus(StrEnum):
    """How a seller stands towards its taxes; decides taxes and mentions."""

    vat_registered = "vat_registered"  # France: collects VAT
    small_business = "small_business"  # France: franchise en base
    nonprofit = "nonprofit"  # France: non-profit services to members
    gst_qst_registered = "gst_qst_registered"  # Québec: collects GST and QST
    small_supplier = "small_supplier"  # Québec: below the threshold


class Supplies(StrEnum):
    """What a seller supplies: the category of operation (biens, services, mixte) of the French e-invoicing reform."""

    services = "services"
    goods = "goods"
    mixed = "mixed"


STATUSES = {
    Region.FR: (TaxStatus.vat_registered, TaxStatus.small_business, TaxStatus.nonprofit),
    Region.QC: (TaxStatus.gst_qst_registered, TaxStatus.small_supplier),
}


class Organisation(Base):
    """The one organisation of this installation, as its members know it."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(200))
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    language: Mapped[str] = mapped_column(String(8), default="fr_FR")
    letters_unpaid: Mapped[bool] = mapped_column(default=False)  # accrual accounting: pending and partial too (SPEC C5)
    shows_official: Mapped[bool] = mapped_column(default=True)  # the official number in the member zone (SPEC C13)
    sends_again: Mapped[bool] = mapped_column(default=False)  # documents e-mailed once more (SPEC D8)
    is_demo: Mapped[bool] = mapped_column(default=False)  # this database was made as a demo: it may be rebuilt whole
    revision: Mapped[int] = mapped_column(default=1)


class Seller(Base):
    """A seller identity: what is printed as « Vendeur », and the rules that follow from it."""

    __tablename__ = "seller"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    legal_form: Mapped[str] = mapped_column(String(200), default="")
    street: Mapped[str] = mapped_column(Text, default="")  # one printed line per line
    postcode: Mapped[str] = mapped_column(String(16), default="")
    city: Mapped[str] = mapped_column(String(120), default="")
    province: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    region: Mapped[Region] = mapped_column(enum(Region))
    currency: Mapped[Currency] = mapped_column(enum(Currency))
    tax_status: Mapped[TaxStatus] = mapped_column(enum(TaxStatus))
    timezone: Mapped[str] = mapped_column(String(64))
    siret: Mapped[str] = mapped_column(String(14), default="")
    rna: Mapped[str] = mapped_column(String(10), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    neq: Mapped[str] = mapped_column(String(10), default="")
    bank_holder: Mapped[str] = mapped_column(String(140), default="")
    iban: Mapped[str] = mapped_column(String(34), default="")
    bic: Mapped[str] = mapped_column(String(11), default="")
    interac: Mapped[str] = mapped_column(String(254), default="")
    cheque: Mapped[str] = mapped_column(String(300), default="")
    discount_terms: Mapped[str] = mapped_column(String(300), default="")  # escompte; empty: none is granted
    late_penalty: Mapped[str] = mapped_column(String(300), default="")  # rate, as printed
    closing_text: Mapped[str] = mapped_column(String(600), default="")  # own legal text, in the document's foot
    supplies: Mapped[Supplies] = mapped_column(enum(Supplies), default=Supplies.services)
    vat_on_debits: Mapped[bool] = mapped_column(default=False)  # option pour le paiement d'après les débits
    einvoicing_on: Mapped[date] = mapped_column(default=date(2027, 9, 1))  # from when this seller issues (LAW.md)
    due_days: Mapped[int] = mapped_column(default=30)
    accent: Mapped[str] = mapped_column(String(7), default="#0b5563")
    paper: Mapped[str] = mapped_column(String(8), default="a4")
    window: Mapped[str] = mapped_column(String(8), default="right")
    logo: Mapped[str] = mapped_column(String(64), default="")  # SHA-256 of the archived PNG
    mail_from: Mapped[str] = mapped_column(String(254), default="")
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)
    registrations: Mapped[list[TaxRegistration]] = relationship(back_populates="seller", cascade="all, delete-orphan")


class TaxRegistration(Base):
    """A seller's registration number for one tax (…RT0001, …TQ0001)."""

    __tablename__ = "tax_registration"

    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    tax_id: Mapped[int] = mapped_column(ForeignKey("tax.id"), primary_key=True)
    seller: Mapped[Seller] = relationship(back_populates="registrations")
    number: Mapped[str] = mapped_column(String(40))
