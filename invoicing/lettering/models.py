"""Rows of the lettering history: append-only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base, enum
from invoicing.journal import ActorKind


class LetteringChange(Base):
    """One change of one document's reference, as it was typed; None where there was or is none (SPEC C7)."""

    __tablename__ = "lettering_change"
    __table_args__ = (Index("ix_lettering_change_run_id", "run_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(enum(ActorKind))
    actor_id: Mapped[int | None]
    before: Mapped[str | None] = mapped_column(String(128))
    after: Mapped[str | None] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(String(200), default="")
    run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))  # of the import that did or undid it
    state: Mapped[str | None] = mapped_column(Text)  # of the document after it, where one journal entry holds them all
    seal: Mapped[str | None] = mapped_column(String(64))  # keyed hash of such a row (`bulk_rules.seal_of`)


class PlannedLettering(Base):
    """One row of an accounting export that would letter a document: what applying writes, all of them at once."""

    __tablename__ = "planned_lettering"
    __table_args__ = (Index("ix_planned_lettering_invoice_id", "invoice_id", "run_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)  # of its row in `import_row`
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    typed: Mapped[str] = mapped_column(String(128))
    folded: Mapped[str] = mapped_column(String(128))


class SuggestedLettering(Base):
    """One of our documents that a row of an accounting export may stand for: a person takes it, or nobody does."""

    __tablename__ = "suggested_lettering"
    __table_args__ = (Index("ix_suggested_lettering_invoice_id", "invoice_id", "run_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)  # of its row in `import_row`
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    score: Mapped[int]  # 0 to 100
    reasons: Mapped[str] = mapped_column(String(200))  # `suggesting_rules.Reason`, blanks between
    days: Mapped[int | None]  # by which the official one is dated after ours


class ColumnLayout(Base):
    """What the columns of a kind of file are, as a person has last said (SPEC C9, « remembered »)."""

    __tablename__ = "column_layout"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the headings, or of the shape
    plan: Mapped[str] = mapped_column(Text)  # JSON, `accounting.plan.Plan` without its sample
    used_at: Mapped[datetime]
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
