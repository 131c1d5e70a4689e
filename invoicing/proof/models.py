"""Rows of proofs: each run of the verification, what it found, and how far it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base


class ProofRun(Base):
    """One verification: asked for, started, finished. `report` is the JSON of `rules.Report` once it is done."""

    __tablename__ = "proof_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    started_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]  # when its worker last said that it is alive
    finished_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)  # rows and files looked at
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[str] = mapped_column(Text, default="")
