"""Rows of archived documents: one version per heading that an invoice has had."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base, enum


class VersionState(StrEnum):
    """Due: to be rendered from the snapshot. Rendered: archived for ever."""

    due = "due"
    rendered = "rendered"


class Part(StrEnum):
    """What is archived of a version: its PDF, its structured invoice, and what both were made from."""

    pdf = "pdf"
    xml = "xml"
    source = "source"


COLUMNS: Final = {  # where the row holds a part's SHA-256 and size
    Part.pdf: ("sha256", "size"),
    Part.xml: ("xml_sha256", "xml_size"),
    Part.source: ("source_sha256", "source_size"),
}
_UNSEALED = "state = 'rendered' AND sealed_at IS NULL"


class DocumentVersion(Base):
    """One PDF of one invoice, with what lies beside it: no XML where it has no structured invoice, neither XML nor
    source where it is from before these were kept. `facts` is the JSON of `paper.Facts`: what it adds to the snapshot.
    """

    __tablename__ = "document_version"
    __table_args__ = (UniqueConstraint("invoice_id", "position"), Index("ix_document_version_state", "state", "id"),
                      Index("ix_document_version_unsealed", "id", sqlite_where=text(_UNSEALED),
                            postgresql_where=text(_UNSEALED)))  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    position: Mapped[int]
    state: Mapped[VersionState] = mapped_column(enum(VersionState), default=VersionState.due)
    facts: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    rendered_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    size: Mapped[int | None]  # bytes
    pages: Mapped[int | None]
    xml_sha256: Mapped[str | None] = mapped_column(String(64))
    xml_size: Mapped[int | None]
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    source_size: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]  # when its bytes went into the journal's chain (`invoicing.proof`)
