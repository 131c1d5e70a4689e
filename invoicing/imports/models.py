"""Rows of files that come in: one run per file, one verdict per row of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base, enum


class RunKind(StrEnum):
    """What the file holds."""

    orders = "orders"  # a shop's export of its invoices (SPEC Q2)
    customers = "customers"  # a list of customers (SPEC A7)
    provider_log = "provider_log"  # a payment provider's log: scanned, never applied (SPEC A9)
    letterings = "letterings"  # what an accounting program exports: official references (SPEC C9)


class RunState(StrEnum):
    """How far a run is."""

    waiting = "waiting"  # to be read and judged
    mapping = "mapping"  # letterings: what its columns are is shown, for a person to confirm or to change
    judging = "judging"
    judged = "judged"  # every row has its verdict; nothing is written yet
    asked = "asked"  # somebody said: apply
    applying = "applying"
    applied = "applied"
    unreadable = "unreadable"  # `fault` says why
    dropped = "dropped"  # put aside by a person
    undo_asked = "undo_asked"  # letterings: somebody said: take it all back
    undoing = "undoing"
    undone = "undone"


class ImportRun(Base):
    """One file: read, judged row by row, then applied. `counts` is JSON: verdict → how many rows."""

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RunKind] = mapped_column(enum(RunKind))
    state: Mapped[RunState] = mapped_column(enum(RunState), default=RunState.waiting)
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    options: Mapped[str] = mapped_column(Text, default="{}")  # JSON: what was chosen, or recognised
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    started_at: Mapped[datetime | None]  # of the worker that has it in hand
    beat_at: Mapped[datetime | None]  # when it last said that it is alive
    judged_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    applied_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    done: Mapped[int] = mapped_column(default=0)  # rows
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[str] = mapped_column(Text, default="{}")
    fault: Mapped[str] = mapped_column(Text, default="")  # JSON: code and facts, where the file can't be read
    form_token: Mapped[str | None] = mapped_column(String(43), unique=True)


class ImportFile(Base):
    """The file itself, as long as its run isn't judged; of letterings until they are applied or put aside."""

    __tablename__ = "import_file"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Base):
    """One row of a file with its verdict, and what it became."""

    __tablename__ = "import_row"
    __table_args__ = (
        UniqueConstraint("run_id", "line"),
        Index("ix_import_row_verdict", "run_id", "verdict", "line"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    line: Mapped[int]  # as a spreadsheet or an editor counts it, from 1
    verdict: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(250), default="")  # what names the row to a person
    content: Mapped[str] = mapped_column(Text, default="")  # JSON: what would be written; empty where nothing would
    facts: Mapped[str] = mapped_column(Text, default="{}")  # JSON: what the verdict's sentence needs
    done: Mapped[bool] = mapped_column(default=False)  # applied
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
