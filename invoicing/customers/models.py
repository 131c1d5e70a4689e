"""Rows of customers, and of who may see whose invoices."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.accounts.models import User
from invoicing.database import Base, enum


class CustomerKind(StrEnum):
    """A person, or an organisation."""

    person = "person"
    organisation = "organisation"


class Standing(StrEnum):
    """A member may sign in to the member zone; a contact has no account."""

    member = "member"
    contact = "contact"


class AccessRight(StrEnum):
    """What a user may do for a customer in the member zone; the second holds the first."""

    sees = "sees"
    manages = "manages"  # an organisation's: gives and withdraws the access of its people


_GONE = "merged_into_id IS NOT NULL"  # SQLite would look up all who live by it, and sort them


class Customer(Base):
    """Whoever an invoice is made out to."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_sort", "sort_name", "id"),
        Index("ix_customer_merged_into_id", "merged_into_id", sqlite_where=text(_GONE), postgresql_where=text(_GONE)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CustomerKind] = mapped_column(enum(CustomerKind))
    standing: Mapped[Standing] = mapped_column(enum(Standing))
    member_number: Mapped[str | None] = mapped_column(String(32), unique=True)
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    organisation_name: Mapped[str] = mapped_column(String(200), default="")  # own name, or where a person works
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    street: Mapped[str] = mapped_column(Text, default="")
    postcode: Mapped[str] = mapped_column(String(16), default="")
    city: Mapped[str] = mapped_column(String(120), default="")
    province: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    language: Mapped[str] = mapped_column(String(8), default="fr_FR")
    professional: Mapped[bool] = mapped_column(default=False)  # decides penalties and the 40 € (France)
    siren: Mapped[str] = mapped_column(String(9), default="")
    vat_number: Mapped[str] = mapped_column(String(20), default="")
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("seller.id"))  # the identity that usually sells to them
    search_text: Mapped[str] = mapped_column(Text, default="")
    sort_name: Mapped[str] = mapped_column(String(200), default="")
    revision: Mapped[int] = mapped_column(default=1)
    form_token: Mapped[str | None] = mapped_column(String(43), unique=True)  # of the form that made it, and its content
    created_at: Mapped[datetime]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))  # a duplicate
    access: Mapped[list[CustomerAccess]] = relationship(back_populates="customer")

    @property
    def name(self) -> str:
        """The name that a list shows: the person's or the organisation's."""
        if self.kind is CustomerKind.organisation:
            return self.organisation_name
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_member(self) -> bool:
        """Whether they have a member zone."""
        return self.standing is Standing.member


class CustomerAccess(Base):
    """The right of one user to one customer's invoices; withdrawn by deleting the row, in the journal."""

    __tablename__ = "customer_access"
    __table_args__ = (UniqueConstraint("customer_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[Customer] = relationship(back_populates="access")
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    user: Mapped[User] = relationship(lazy="joined", foreign_keys=[user_id])
    granted: Mapped[AccessRight] = mapped_column(enum(AccessRight), default=AccessRight.sees)
    granted_at: Mapped[datetime]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    @property
    def manages(self) -> bool:
        """Whether this user also says who sees the invoices."""
        return self.granted is AccessRight.manages

    @property
    def has_come(self) -> bool:
        """Whether the user has signed in since: before that a manager learns no more than the address they wrote."""
        return self.user.last_sign_in_at is not None and self.user.last_sign_in_at >= self.granted_at
