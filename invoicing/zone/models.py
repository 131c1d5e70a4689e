"""Rows of the member zone: when somebody was last here, and which large downloads are under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from invoicing.database import Base


class MemberVisit(Base):
    """The last look of a user at the member zone; `since` is the last look of the visit before this one."""

    __tablename__ = "member_visit"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    looked_at: Mapped[datetime]
    since: Mapped[datetime | None]  # None: this is the first visit


class RunningDownload(Base):
    """One of the few large downloads that a user may have at a time: a lease, renewed while it goes on."""

    __tablename__ = "running_download"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)  # from 1 on
    token: Mapped[str] = mapped_column(String(43))  # whose it is: a lease that ran out is another's
    until: Mapped[datetime]
