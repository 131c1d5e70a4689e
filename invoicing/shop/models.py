"""Rows of what is sold and where: catalogues with their categories and items, and the shops that sell from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
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

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogue.id"), index=True)
    catalogue: Mapped[Catalogue] = relationship(back_populates="items")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    category: Mapped[Category | None] = relationship()
    label: Mapped[str] = mapped_column(String(250))
    description: Mapped[str] = mapped_column(Text, default="")
    price_e4: Mapped[int] = mapped_column(BigInteger)
    gross: Mapped[bool] = mapped_column(default=False)
    tax_set_id: Mapped[int] = mapped_column(ForeignKey("tax_set.id"))
    tax_set: Mapped[TaxSet] = relationship()
    budget_post: Mapped[str] = mapped_column(String(64), default="")
    active: Mapped[bool] = mapped_column(default=True)


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
