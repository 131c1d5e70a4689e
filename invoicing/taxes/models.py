"""Rows of taxes, their dated rates, and the sets that a line may bear."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.database import Base, enum
from invoicing.sellers.models import Region


class Tax(Base):
    """One tax, as named on documents; its rate is dated."""

    __tablename__ = "tax"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    label_fr: Mapped[str] = mapped_column(String(40))
    label_en: Mapped[str] = mapped_column(String(40))
    region: Mapped[Region] = mapped_column(enum(Region))
    active: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(default=1)
    rates: Mapped[list[TaxRate]] = relationship(back_populates="tax", order_by="TaxRate.valid_from")

    def label(self, language: str) -> str:
        """The tax's name in a document's language."""
        return self.label_en if language.startswith("en") else self.label_fr


class TaxRate(Base):
    """A rate from a day on, until a day inclusive or for good; `rate_e5` is the fraction × 10⁵."""

    __tablename__ = "tax_rate"
    __table_args__ = (UniqueConstraint("tax_id", "valid_from"), CheckConstraint("rate_e5 >= 0", name="not_negative"))

    id: Mapped[int] = mapped_column(primary_key=True)
    tax_id: Mapped[int] = mapped_column(ForeignKey("tax.id"))
    tax: Mapped[Tax] = relationship(back_populates="rates")
    rate_e5: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class TaxSet(Base):
    """What a line may be given: no tax, one, or several together (TPS + TVQ)."""

    __tablename__ = "tax_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    label_fr: Mapped[str] = mapped_column(String(60))
    label_en: Mapped[str] = mapped_column(String(60))
    region: Mapped[Region] = mapped_column(enum(Region))
    position: Mapped[int] = mapped_column(default=0)
    exemption: Mapped[str] = mapped_column(String(40), default="")  # key of a dated legal text: why there is no tax
    mention_fr: Mapped[str] = mapped_column(String(300), default="")  # own words instead
    mention_en: Mapped[str] = mapped_column(String(300), default="")
    active: Mapped[bool] = mapped_column(default=True)  # may be chosen for new lines
    revision: Mapped[int] = mapped_column(default=1)
    members: Mapped[list[TaxSetMember]] = relationship(order_by="TaxSetMember.position", cascade="all, delete-orphan")

    def label(self, language: str) -> str:
        """The choice's name in the reader's language."""
        return self.label_en if language.startswith("en") else self.label_fr


class TaxSetMember(Base):
    """One tax of a set, in the order in which it is printed."""

    __tablename__ = "tax_set_member"

    tax_set_id: Mapped[int] = mapped_column(ForeignKey("tax_set.id"), primary_key=True)
    tax_id: Mapped[int] = mapped_column(ForeignKey("tax.id"), primary_key=True)
    tax: Mapped[Tax] = relationship(lazy="joined")
    position: Mapped[int]
