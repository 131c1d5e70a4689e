"""Rows of payments: append-only, undone by a counter-entry."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base, enum


class PaymentMethod(StrEnum):
    """How money came in."""

    transfer = "transfer"
    cheque = "cheque"
    card = "card"
    cash = "cash"
    direct_debit = "direct_debit"
    interac = "interac"
    credit = "credit"  # a credit note set against another invoice
    other = "other"


class PaymentKind(StrEnum):
    """Money in, or money given back."""

    payment = "payment"
    refund = "refund"


class Payment(Base):
    """One payment of one invoice; `amount_cents` is positive, negative only in the counter-entry of `undoes_id`."""

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    kind: Mapped[PaymentKind] = mapped_column(enum(PaymentKind), default=PaymentKind.payment)
    method: Mapped[PaymentMethod] = mapped_column(enum(PaymentMethod))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(String(250), default="")  # of a counter-entry
    twin_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)  # credit set against another
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    form_token: Mapped[str | None] = mapped_column(String(43), unique=True)
