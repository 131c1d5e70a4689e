"""Lettering in bulk: what an import would give, its undoing, layouts of columns; the accountant's exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNLETTERED = (
    "mode", "status", "currency", "issued_on", "id", "kind", "total_cents", "lettering_folded", "frozen_at",
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("import_run") as run:
        run.add_column(sa.Column("undone_at", sa.DateTime(), nullable=True))
        run.add_column(sa.Column("undone_by_id", sa.Integer(), nullable=True))
        run.create_foreign_key(
            op.f("fk_import_run_undone_by_id_user_account"), "user_account", ["undone_by_id"], ["id"]
        )
    with op.batch_alter_table("lettering_change") as change:
        change.add_column(sa.Column("run_id", sa.Integer(), nullable=True))
        change.add_column(sa.Column("state", sa.Text(), nullable=True))
        change.add_column(sa.Column("seal", sa.String(length=64), nullable=True))
        change.create_foreign_key(op.f("fk_lettering_change_run_id_import_run"), "import_run", ["run_id"], ["id"])
        change.create_index("ix_lettering_change_run_id", ["run_id", "id"])
    where = sa.text("coalesce(lettering_folded, '') = '' AND frozen_at IS NOT NULL")
    op.drop_index("ix_invoice_unlettered", "invoice")
    op.create_index("ix_invoice_unlettered", "invoice", list(UNLETTERED), sqlite_where=where, postgresql_where=where)
    _letterings()
    _ledger()


def _letterings() -> None:
    op.create_table(
        "planned_lettering",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("typed", sa.String(length=128), nullable=False),
        sa.Column("folded", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_planned_lettering_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_planned_lettering_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "line", name=op.f("pk_planned_lettering")),
    )
    op.create_index("ix_planned_lettering_invoice_id", "planned_lettering", ["invoice_id", "run_id"])
    op.create_table(
        "suggested_lettering",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.String(length=200), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_suggested_lettering_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_suggested_lettering_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "line", "invoice_id", name=op.f("pk_suggested_lettering")),
    )
    op.create_index("ix_suggested_lettering_invoice_id", "suggested_lettering", ["invoice_id", "run_id"])
    op.create_table(
        "column_layout",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=False),
        sa.Column("used_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["used_by_id"], ["user_account.id"], name=op.f("fk_column_layout_used_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_column_layout")),
    )


def _ledger() -> None:
    op.create_table(
        "ledger_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Enum("csv", "fec", name="ledgerkind", native_enum=False, length=24), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "making", "made", "refused", name="ledgerstate", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("only_new", sa.Boolean(), nullable=False),
        sa.Column("since_id", sa.Integer(), nullable=True),
        sa.Column("until_position", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("beat_at", sa.DateTime(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=True),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("form_token", sa.String(length=43), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_ledger_export_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_ledger_export_seller_id_seller")),
        sa.ForeignKeyConstraint(
            ["since_id"], ["ledger_export.id"], name=op.f("fk_ledger_export_since_id_ledger_export")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_export")),
        sa.UniqueConstraint("form_token", name=op.f("uq_ledger_export_form_token")),
        sa.UniqueConstraint("number", name=op.f("uq_ledger_export_number")),
    )
    op.create_table(
        "ledger_part",
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["ledger_export.id"], name=op.f("fk_ledger_part_export_id_ledger_export")
        ),
        sa.PrimaryKeyConstraint("export_id", "position", name=op.f("pk_ledger_part")),
    )
    op.create_table(
        "ledger_item",
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["ledger_export.id"], name=op.f("fk_ledger_item_export_id_ledger_export")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_ledger_item_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("export_id", "invoice_id", name=op.f("pk_ledger_item")),
    )
    op.create_index("ix_ledger_item_invoice_id", "ledger_item", ["invoice_id", "export_id"])
