"""What lies beside a version's PDF: its structured invoice, and what both were made from. Earlier versions have neither."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("xml", "source"):
        op.add_column("document_version", sa.Column(f"{name}_sha256", sa.String(length=64), nullable=True))
        op.add_column("document_version", sa.Column(f"{name}_size", sa.Integer(), nullable=True))
