"""Shops, categories, the lettering history, and what online invoices and lists need on an invoice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

METHODS = ("transfer", "cheque", "card", "cash", "direct_debit", "interac", "other")


def upgrade() -> None:
    _shops()
    _history()
    _invoices()
    with op.batch_alter_table("item") as item:
        item.add_column(sa.Column("category_id", sa.Integer(), nullable=True))
        item.add_column(sa.Column("budget_post", sa.String(length=64), nullable=False, server_default=""))
        item.create_index(op.f("ix_item_category_id"), ["category_id"])
        item.create_foreign_key(op.f("fk_item_category_id_category"), "category", ["category_id"], ["id"])
    with op.batch_alter_table("item") as item:
        item.alter_column("budget_post", server_default=None)
    with op.batch_alter_table("organisation") as organisation:
        for name, value in (("letters_unpaid", sa.false()), ("shows_official", sa.true())):
            organisation.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=value))
    with op.batch_alter_table("organisation") as organisation:
        for name in ("letters_unpaid", "shows_official"):
            organisation.alter_column(name, server_default=None)


def _shops() -> None:
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_category_catalogue_id_catalogue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("catalogue_id", "name", name=op.f("uq_category_catalogue_id_name")),
    )
    op.create_table(
        "shop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("catalogue_id", sa.Integer(), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Enum("EUR", "CAD", name="currency", native_enum=False, length=24), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["catalogue_id"], ["catalogue.id"], name=op.f("fk_shop_catalogue_id_catalogue")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_shop_seller_id_seller")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_shop_series_id_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
        sa.UniqueConstraint("name", name=op.f("uq_shop_name")),
    )
    op.create_index(op.f("ix_shop_catalogue_id"), "shop", ["catalogue_id"])
    op.create_table(
        "shop_payment_method",
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("method", sa.Enum(*METHODS, name="paymentmethod", native_enum=False, length=24), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_shop_payment_method_shop_id_shop")),
        sa.PrimaryKeyConstraint("shop_id", "label", name=op.f("pk_shop_payment_method")),
    )


def _history() -> None:
    kinds = sa.Enum("user", "system", "command", "shop", name="actorkind", native_enum=False, length=24)
    op.create_table(
        "lettering_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor_kind", kinds, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.String(length=128), nullable=True),
        sa.Column("after", sa.String(length=128), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_lettering_change_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lettering_change")),
    )
    op.create_index(op.f("ix_lettering_change_invoice_id"), "lettering_change", ["invoice_id"])


def _invoices() -> None:
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("shop_id", sa.Integer(), nullable=True))
        invoice.add_column(sa.Column("number_folded", sa.String(length=64), nullable=True))
        invoice.add_column(sa.Column("ordered_at", sa.DateTime(), nullable=True))
        invoice.add_column(sa.Column("payment_label", sa.String(length=120), nullable=False, server_default=""))
        invoice.add_column(sa.Column("last_event_at", sa.DateTime(), nullable=True))
        invoice.add_column(sa.Column("listed_on", sa.Date(), nullable=True))
        invoice.add_column(sa.Column("customer_sort", sa.String(length=200), nullable=False, server_default=""))
        invoice.drop_constraint(op.f("uq_invoice_transaction_code"), type_="unique")
        invoice.create_unique_constraint(
            op.f("uq_invoice_shop_id_transaction_code"), ["shop_id", "transaction_code"]
        )
        invoice.create_foreign_key(op.f("fk_invoice_shop_id_shop"), "shop", ["shop_id"], ["id"])
        invoice.drop_index("ix_invoice_status")
    op.execute(
        "UPDATE invoice SET number_folded = LOWER(number), listed_on = COALESCE(issued_on, DATE(created_at)), "
        "customer_sort = (SELECT sort_name FROM customer WHERE customer.id = invoice.customer_id)"
    )
    with op.batch_alter_table("invoice") as invoice:
        invoice.alter_column("payment_label", server_default=None)
        invoice.alter_column("customer_sort", server_default=None)
        invoice.alter_column("listed_on", nullable=False)
        invoice.create_unique_constraint(op.f("uq_invoice_number_folded"), ["number_folded"])
        invoice.create_index("ix_invoice_status", ["kind", "status", "listed_on", "id"])
        for name, column in (
            ("listed", "listed_on"), ("total", "total_cents"), ("net", "net_cents"), ("customer_sort", "customer_sort")
        ):  # fmt: skip
            invoice.create_index(f"ix_invoice_{name}", [column, "id"])
