"""Rows of what is sold: catalogues and their items."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.database import Base, enum
from invoicing.money import Currency
from invoicing.taxes.models import TaxSet


class Catalogue(Base):
    """A list of things for sale, in one currency."""

    __tablename__ = "catalogue"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    currency: Mapped[Currency] = mapped_column(enum(Currency))
    items: Mapped[list[Item]] = relationship(back_populates="catalogue", order_by="Item.label")


class Item(Base):
    """One thing for sale; `price_e4` excludes tax."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogue.id"), index=True)
    catalogue: Mapped[Catalogue] = relationship(back_populates="items")
    label: Mapped[str] = mapped_column(String(250))
    description: Mapped[str] = mapped_column(Text, default="")
    price_e4: Mapped[int] = mapped_column(BigInteger)
    tax_set_id: Mapped[int] = mapped_column(ForeignKey("tax_set.id"))
    tax_set: Mapped[TaxSet] = relationship()
    active: Mapped[bool] = mapped_column(default=True)
