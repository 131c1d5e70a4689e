"""Discounts and credit notes on invoices, taxes that are managed, seals of archived versions, runs of the proof."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNSEALED = "state = 'rendered' AND sealed_at IS NULL"


def upgrade() -> None:
    _invoices()
    _payments()
    _taxes()
    _sellers()
    _documents()
    _proof()


def _add(table: str, columns: Sequence[sa.Column[object]]) -> None:
    """New columns, each with its default for the rows that are there; later rows must say."""
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        for column in columns:
            if column.server_default is not None:
                batch.alter_column(column.name, server_default=None)


def _text(name: str, length: int) -> sa.Column[object]:
    return sa.Column(name, sa.String(length=length), nullable=False, server_default="")


def _number(name: str, big: bool = True, default: str = "0") -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger() if big else sa.Integer(), nullable=False, server_default=default)


def _switch(name: str, on: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true() if on else sa.false())


def _invoices() -> None:
    _add("invoice", [
        _number("discount_e4", big=False), _number("discount_cents"), _number("allowance_cents"),
        _number("rounding_cents", big=False), _text("reason", 500),
    ])  # fmt: skip
    _add("invoice_line", [
        _switch("gross"), _number("allowance_cents"), sa.Column("corrects_line_id", sa.Integer(), nullable=True),
    ])  # fmt: skip
    with op.batch_alter_table("invoice_line") as line:
        line.create_foreign_key(
            op.f("fk_invoice_line_corrects_line_id_invoice_line"), "invoice_line", ["corrects_line_id"], ["id"]
        )
        line.create_index(op.f("ix_invoice_line_corrects_line_id"), ["corrects_line_id"])
    _add("item", [_switch("gross")])


def _payments() -> None:
    _add("payment", [_text("reason", 250), sa.Column("twin_id", sa.Integer(), nullable=True)])
    with op.batch_alter_table("payment") as payment:
        payment.create_foreign_key(op.f("fk_payment_twin_id_payment"), "payment", ["twin_id"], ["id"])
        payment.create_unique_constraint(op.f("uq_payment_twin_id"), ["twin_id"])


def _taxes() -> None:
    _add("tax", [_switch("active", on=True), _number("revision", big=False, default="1")])
    _add("tax_set", [
        _text("exemption", 40), _text("mention_fr", 300), _text("mention_en", 300), _switch("active", on=True),
        _number("revision", big=False, default="1"),
    ])  # fmt: skip


def _sellers() -> None:
    supplies = sa.Enum("services", "goods", "mixed", name="supplies", native_enum=False, length=24)
    _add("seller", [
        _text("closing_text", 600), sa.Column("supplies", supplies, nullable=False, server_default="services"),
        _switch("vat_on_debits"), sa.Column("einvoicing_on", sa.Date(), nullable=False, server_default="2027-09-01"),
    ])  # fmt: skip


def _documents() -> None:
    where = sa.text(UNSEALED)
    with op.batch_alter_table("document_version") as version:
        version.add_column(sa.Column("sealed_at", sa.DateTime(), nullable=True))
        version.create_index(op.f("ix_document_version_sha256"), ["sha256"])
    op.create_index(
        "ix_document_version_unsealed", "document_version", ["id"], sqlite_where=where, postgresql_where=where
    )


def _proof() -> None:
    op.add_column("journal", sa.Column("state", sa.Text(), nullable=True))
    op.create_table(
        "proof_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("beat_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_proof_run_asked_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_run")),
    )
