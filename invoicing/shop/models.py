"""Rows of what is sold and where: catalogues with their categories and items, and the shops that sell from them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.database import Base, enum
from invoicing.money import Currency
from invoicing.numbering import Series
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.models import Seller
from invoicing.taxes.models import TaxSet


class Catalogue(Base):
    """A list of things for sale, in one currency."""

    __tablename__ = "catalogue"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    currency: Mapped[Currency] = mapped_column(enum(Currency))
    categories: Mapped[list[Category]] = relationship(back_populates="catalogue", order_by="Category.position")
    items: Mapped[list[Item]] = relationship(back_populates="catalogue", order_by="Item.label")
    revision: Mapped[int] = mapped_column(default=1)


class Category(Base):
    """A shelf of a catalogue."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("catalogue_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogue.id"))
    catalogue: Mapped[Catalogue] = relationship(back_populates="categories")
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]


class Item(Base):
    """One thing for sale; `price_e4` excludes tax unless `gross`."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("catalogue_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogue.id"), index=True)
    catalogue: Mapped[Catalogue] = relationship(back_populates="items")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    category: Mapped[Category | None] = relationship()
    code: Mapped[str | None] = mapped_column(String(64))  # by which shops name it, in lower case; None: they can't
    label: Mapped[str] = mapped_column(String(250))
    description: Mapped[str] = mapped_column(Text, default="")
    price_e4: Mapped[int] = mapped_column(BigInteger)
    gross: Mapped[bool] = mapped_column(default=False)
    tax_set_id: Mapped[int] = mapped_column(ForeignKey("tax_set.id"))
    tax_set: Mapped[TaxSet] = relationship()
    budget_post: Mapped[str] = mapped_column(String(64), default="")
    validity_days: Mapped[int | None]  # how long a unit is valid from the day of its sale, both days included
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)


class Shop(Base):
    """A selling instance: one catalogue, one seller, one series for its invoices."""

    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogue.id"), index=True)
    catalogue: Mapped[Catalogue] = relationship()
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    seller: Mapped[Seller] = relationship()
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    series: Mapped[Series] = relationship()
    currency: Mapped[Currency] = mapped_column(enum(Currency))
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    payment_methods: Mapped[list[ShopPaymentMethod]] = relationship(
        order_by="ShopPaymentMethod.label", cascade="all, delete-orphan"
    )


class ShopPaymentMethod(Base):
    """A way to pay that a shop offers: its own words, and what they are to the accounts."""

    __tablename__ = "shop_payment_method"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(120), primary_key=True)
    method: Mapped[PaymentMethod] = mapped_column(enum(PaymentMethod))


class ShopKey(Base):
    """A key with which a shop's program speaks to the API; only its hash is kept. Withdrawn, never deleted."""

    __tablename__ = "shop_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), index=True)
    shop: Mapped[Shop] = relationship()
    label: Mapped[str] = mapped_column(String(120))
    hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the whole key
    hint: Mapped[str] = mapped_column(String(16))  # its beginning, to tell keys apart
    scopes: Mapped[str] = mapped_column(String(200))  # values of `keys.Scope`, with blanks between them
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    last_used_at: Mapped[datetime | None]  # to the minute
    withdrawn_at: Mapped[datetime | None]


class KnownBy(StrEnum):
    """By what a shop knows a customer."""

    own_id = "own_id"  # the shop's own customer id (API)
    login = "login"  # an import's login
    person = "person"  # an import's e-mail and name together


class ShopCustomer(Base):
    """Whom a shop means by its own word for a customer; never found by another shop."""

    __tablename__ = "shop_customer"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), primary_key=True)
    known_by: Mapped[KnownBy] = mapped_column(enum(KnownBy), primary_key=True)
    value: Mapped[str] = mapped_column(String(512), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)


class ShopRequest(Base):
    """What a shop asked for once and was answered: the same again gets the same answer, anything else a conflict."""

    __tablename__ = "shop_request"
    __table_args__ = (UniqueConstraint("shop_id", "kind", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    kind: Mapped[str] = mapped_column(String(16))  # order, payment or event
    key: Mapped[str] = mapped_column(String(200))  # transaction code, and of a payment or event its own id
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of the body in its one spelling
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


_TAKEN = text("credit_note_id IS NOT NULL")  # SQLite would look up all others by it, and sort them


class SoldUnit(Base):
    """One unit of one item on one invoice; its state follows from the invoice, its dates and what took it back."""

    __tablename__ = "sold_unit"
    __table_args__ = (
        UniqueConstraint("shop_id", "reference"),
        Index("ix_sold_unit_reference", "reference", "id"),
        Index("ix_sold_unit_sold", "sold_on", "id"),
        Index("ix_sold_unit_shop_sold", "shop_id", "sold_on", "id"),
        Index("ix_sold_unit_item_sold", "item_id", "sold_on", "id"),
        Index("ix_sold_unit_credit_note_id", "credit_note_id", sqlite_where=_TAKEN, postgresql_where=_TAKEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(64))  # the shop's own, or made here
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))  # as of its invoice
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    item: Mapped[Item] = relationship()
    quantity: Mapped[int] = mapped_column(default=1)  # more than 1 only where a line has too many for a row each
    sold_on: Mapped[date]  # the day of the order, or of the document made by hand
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))  # that took it back
    created_at: Mapped[datetime]
