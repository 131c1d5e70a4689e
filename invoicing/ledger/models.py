"""Rows of the accountant's exports: one per export, its bytes in parts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base, enum


class LedgerKind(StrEnum):
    """What kind of file it is."""

    csv = "csv"  # one row per document
    fec = "fec"  # a sales journal in the shape of the FEC (art. A47 A-1 LPF)


class LedgerState(StrEnum):
    """How far an export is."""

    waiting = "waiting"
    making = "making"
    made = "made"
    refused = "refused"  # `fault` says why


class LedgerExport(Base):
    """One export for the accountant. `number` counts those that were made, without gaps."""

    __tablename__ = "ledger_export"
    __table_args__ = (UniqueConstraint("number"), UniqueConstraint("form_token"))

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None]  # given when it is made
    kind: Mapped[LedgerKind] = mapped_column(enum(LedgerKind))
    state: Mapped[LedgerState] = mapped_column(enum(LedgerState), default=LedgerState.waiting)
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))  # accounts are one seller's
    first_day: Mapped[date | None]  # both included; None: open
    last_day: Mapped[date | None]
    only_new: Mapped[bool] = mapped_column(default=False)  # what no export of this seller and kind has had
    since_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_export.id"))  # the last of them
    until_position: Mapped[int | None] = mapped_column(BigInteger)  # of the journal when it was read
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    started_at: Mapped[datetime | None]  # by the worker that has it in hand
    beat_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    documents: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    totals: Mapped[str] = mapped_column(Text, default="{}")  # JSON: currency → cents
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    fault: Mapped[str] = mapped_column(Text, default="")  # JSON: code and facts
    form_token: Mapped[str | None] = mapped_column(String(43))


class LedgerPart(Base):
    """Some of the bytes of an export, in their order, deflated."""

    __tablename__ = "ledger_part"

    export_id: Mapped[int] = mapped_column(ForeignKey("ledger_export.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerItem(Base):
    """One document of an export: what is new is what no row names."""

    __tablename__ = "ledger_item"
    __table_args__ = (Index("ix_ledger_item_invoice_id", "invoice_id", "export_id"),)

    export_id: Mapped[int] = mapped_column(ForeignKey("ledger_export.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
