"""Keys and customers of shops, sold units, traces, files that come in; items that shops name, orders with totals alone."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _columns()
    _shops()
    _units()
    _traces()
    _imports()


def _add(table: str, columns: Sequence[sa.Column[object]]) -> None:
    """New columns, each with its default for the rows that are there; later rows must say."""
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        for column in columns:
            if column.server_default is not None:
                batch.alter_column(column.name, server_default=None)


def _revision() -> sa.Column[object]:
    return sa.Column("revision", sa.Integer(), nullable=False, server_default="1")


def _switch(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _columns() -> None:
    _add("catalogue", [_revision()])
    _add("shop", [_revision()])
    _add("organisation", [_switch("is_demo")])
    _add("item", [
        sa.Column("code", sa.String(length=64), nullable=True), sa.Column("validity_days", sa.Integer(), nullable=True),
        _revision(),
    ])  # fmt: skip
    with op.batch_alter_table("item") as item:
        item.create_unique_constraint(op.f("uq_item_catalogue_id_code"), ["catalogue_id", "code"])
    _add("invoice", [
        _switch("totals_only"), _switch("wants_mail"),
        sa.Column("to_check", sa.String(length=24), nullable=False, server_default=""),
    ])  # fmt: skip
    with op.batch_alter_table("invoice_line") as line:
        line.add_column(sa.Column("item_id", sa.Integer(), nullable=True))
        line.create_foreign_key(op.f("fk_invoice_line_item_id_item"), "item", ["item_id"], ["id"])
        line.create_index(op.f("ix_invoice_line_item_id"), ["item_id"])
    with op.batch_alter_table("customer") as customer:
        customer.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        customer.create_foreign_key(op.f("fk_customer_merged_into_id_customer"), "customer", ["merged_into_id"], ["id"])
        customer.create_index(op.f("ix_customer_merged_into_id"), ["merged_into_id"])


def _shops() -> None:
    op.create_table(
        "shop_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_shop_key_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_shop_key_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_shop_key_hash")),
    )
    op.create_index(op.f("ix_shop_key_shop_id"), "shop_key", ["shop_id"], unique=False)
    op.create_table(
        "shop_customer",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column(
            "known_by",
            sa.Enum("own_id", "login", "person", name="knownby", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=512), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_shop_customer_customer_id_customer")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_shop_customer_shop_id_shop")),
        sa.PrimaryKeyConstraint("shop_id", "known_by", "value", name=op.f("pk_shop_customer")),
    )
    op.create_index(op.f("ix_shop_customer_customer_id"), "shop_customer", ["customer_id"], unique=False)
    op.create_table(
        "shop_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_shop_request_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_request")),
        sa.UniqueConstraint("shop_id", "kind", "key", name=op.f("uq_shop_request_shop_id_kind_key")),
    )


def _units() -> None:
    op.create_table(
        "sold_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=True),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("credit_note_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["credit_note_id"], ["invoice.id"], name=op.f("fk_sold_unit_credit_note_id_invoice")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_sold_unit_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_sold_unit_item_id_item")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_sold_unit_line_id_invoice_line")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_sold_unit_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sold_unit")),
        sa.UniqueConstraint("shop_id", "reference", name=op.f("uq_sold_unit_shop_id_reference")),
    )
    op.create_index(op.f("ix_sold_unit_credit_note_id"), "sold_unit", ["credit_note_id"], unique=False)
    op.create_index(op.f("ix_sold_unit_invoice_id"), "sold_unit", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_sold_unit_item_id"), "sold_unit", ["item_id"], unique=False)
    op.create_index(op.f("ix_sold_unit_line_id"), "sold_unit", ["line_id"], unique=False)
    op.create_index("ix_sold_unit_reference", "sold_unit", ["reference", "id"], unique=False)
    op.create_index("ix_sold_unit_sold", "sold_unit", ["sold_on", "id"], unique=False)


def _traces() -> None:
    op.create_table(
        "trace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("viewed", "downloaded", "refused", "ignored", name="tracekind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("shop_id", sa.Integer(), nullable=True),
        sa.Column("transaction_code", sa.String(length=64), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum("user", "system", "command", "shop", name="actorkind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_trace_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_trace_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
    )
    op.create_index("ix_trace_code", "trace", ["transaction_code", "id"], unique=False)
    op.create_index("ix_trace_invoice", "trace", ["invoice_id", "id"], unique=False)


def _imports() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("orders", "customers", "provider_log", name="runkind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "judging",
                "judged",
                "asked",
                "applying",
                "applied",
                "unreadable",
                "dropped",
                name="runstate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("shop_id", sa.Integer(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("beat_at", sa.DateTime(), nullable=True),
        sa.Column("judged_at", sa.DateTime(), nullable=True),
        sa.Column("applied_at", sa.DateTime(), nullable=True),
        sa.Column("applied_by_id", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("form_token", sa.String(length=43), nullable=True),
        sa.ForeignKeyConstraint(
            ["applied_by_id"], ["user_account.id"], name=op.f("fk_import_run_applied_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_import_run_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_import_run_shop_id_shop")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("form_token", name=op.f("uq_import_run_form_token")),
    )
    op.create_index("ix_import_run_state", "import_run", ["state", "id"], unique=False)
    op.create_table(
        "import_file",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_file_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_import_file")),
    )
    op.create_table(
        "import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_import_row_customer_id_customer")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_import_row_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_row_run_id_import_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("run_id", "line", name=op.f("uq_import_row_run_id_line")),
    )
    op.create_index(op.f("ix_import_row_customer_id"), "import_row", ["customer_id"], unique=False)
    op.create_index(op.f("ix_import_row_invoice_id"), "import_row", ["invoice_id"], unique=False)
    op.create_index("ix_import_row_verdict", "import_row", ["run_id", "verdict", "line"], unique=False)
