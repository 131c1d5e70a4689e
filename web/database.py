"""The request's database session, and the one way in which a view writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy.orm import Session

from invoicing.database import committing

db = SQLAlchemy(require_default_engine=False)


def now() -> datetime:
    """The clock, asked at the edge only: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def transaction() -> Iterator[Session]:
    """Commits what one core call did; a refusal rolls it back. Rows loaded before are expired."""
    with committing(db.session) as session:
        yield session
