"""Rows of e-mails: one delivery is one message to one recipient, with its history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.database import Base, enum

if TYPE_CHECKING:
    from invoicing.invoices.models import Invoice


class DeliveryKind(StrEnum):
    """What the message is: names its template too."""

    invoice = "invoice"
    invitation = "invitation"
    reset = "reset"
    sign_in = "sign_in"
    confirm = "confirm"  # a code for somebody who is signed in
    digest = "digest"  # to staff: what needs a person
    new_address = "new_address"  # to the address that an account is to have
    notice = "notice"  # what happened to an account
    news = "news"  # to members: new documents are there


class DeliveryState(StrEnum):
    """The truth about one message (SPEC M3)."""

    queued = "queued"
    sending = "sending"
    sent = "sent"
    deferred = "deferred"
    failed = "failed"
    bounced = "bounced"


_LISTED = "replaced_by_id IS NULL"


class Delivery(Base):
    """One e-mail to one recipient. `sealed` (a link, what a notice tells) is wiped once sent or expired."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "state", "next_try_at"),
        Index("ix_delivery_listed", "state", "id", sqlite_where=text(_LISTED), postgresql_where=text(_LISTED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DeliveryKind] = mapped_column(enum(DeliveryKind))
    state: Mapped[DeliveryState] = mapped_column(enum(DeliveryState), default=DeliveryState.queued)
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    language: Mapped[str] = mapped_column(String(8))
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    invoice: Mapped[Invoice | None] = relationship()
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    sealed: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None]  # after this the message is pointless: a link that no longer works
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id"))
    closed_at: Mapped[datetime | None]  # a person has set its trouble aside; the state stays true
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")  # the mail server's last words
    reason: Mapped[str] = mapped_column(String(40), default="")  # code of the cause, for a sentence
    events: Mapped[list[DeliveryEvent]] = relationship(order_by="DeliveryEvent.id", back_populates="delivery")


class DeliveryEvent(Base):
    """One step in a delivery's history; never changed."""

    __tablename__ = "delivery_event"
    __table_args__ = (Index("uq_delivery_event_notice", "delivery_id", "notice", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    delivery: Mapped[Delivery] = relationship(back_populates="events")
    at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(enum(DeliveryState))
    answer: Mapped[str] = mapped_column(String(500), default="")
    reason: Mapped[str] = mapped_column(String(40), default="")
    notice: Mapped[str | None] = mapped_column(String(64))  # digest of the returned notice that told it: told once


class ReturnsBox(Base):
    """What came of reading the mailbox of returned notices, in one row."""

    __tablename__ = "returns_box"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    read_at: Mapped[datetime]
    understood: Mapped[int] = mapped_column(default=0)  # since the beginning
    left_alone: Mapped[int] = mapped_column(default=0)  # what is no notice about a message of ours: it stays there
    fault: Mapped[str] = mapped_column(String(40), default="")  # code of why it could not be read; empty when it was
