"""Rows of traces: what happened around a transaction that is no change and stands in no journal."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base, enum
from invoicing.journal import ActorKind


class TraceKind(StrEnum):
    """What happened."""

    viewed = "viewed"  # somebody opened the page
    downloaded = "downloaded"  # somebody took the PDF
    refused = "refused"  # the API refused what a shop sent about it
    ignored = "ignored"  # an import's row that changed nothing, and why


class Trace(Base):
    """One event. Best effort, outside the chained journal; holds numbers of people, never names."""

    __tablename__ = "trace"
    __table_args__ = (Index("ix_trace_code", "transaction_code", "id"), Index("ix_trace_invoice", "invoice_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[TraceKind] = mapped_column(enum(TraceKind))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    transaction_code: Mapped[str] = mapped_column(String(64))
    actor_kind: Mapped[ActorKind] = mapped_column(enum(ActorKind))
    actor_id: Mapped[int | None]
    facts: Mapped[str] = mapped_column(Text, default="{}")  # JSON

    def told(self) -> dict[str, Any]:
        """The facts as a dictionary."""
        found: dict[str, Any] = json.loads(self.facts)
        return found
