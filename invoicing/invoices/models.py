"""Rows of invoices and credit notes, manual and online, with their lines and taxes.

Frozen columns can't change once `frozen_at` is set: by rules, and by the database itself (`invoicing.guards`).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from invoicing.customers.models import Customer
from invoicing.database import Base, enum
from invoicing.documents.models import DocumentVersion
from invoicing.money import Currency
from invoicing.numbering import Mode, Series
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.sellers.models import Seller
from invoicing.shop.models import Shop
from invoicing.taxes.models import TaxSet


class InvoiceKind(StrEnum):
    """The document."""

    invoice = "invoice"
    credit_note = "credit_note"


class Origin(StrEnum):
    """Made by hand, or come in from a shop."""

    manual = "manual"
    online = "online"


class Status(StrEnum):
    """Where an invoice stands; the allowed moves are in `rules.MOVES` (SPEC B7)."""

    draft = "draft"
    placed = "placed"
    pending = "pending"
    partial = "partial"
    paid = "paid"
    complete = "complete"
    failed = "failed"
    refused = "refused"
    cancelled = "cancelled"


class MadeOutTo(StrEnum):
    """Whose name fills the buyer block of a person's invoice."""

    person = "person"
    organisation = "organisation"


COUNTED = (  # what the list's counts, sums and filters ask of all invoices, without reading the invoices themselves
    "kind", "status", "currency", "listed_on", "shop_id", "series_id", "origin", "customer_id", "emailed",
    "mode", "lettering_folded", "net_cents", "tax_cents", "total_cents", "id",
)  # fmt: skip
FILTERED = ("shop_id", "series_id", "origin", "mode", "currency")  # each has the list's order in an index
BARE = ("listed_on", "id", "kind", "status")  # without a reference
_BARE = "coalesce(lettering_folded, '') = ''"
UNLETTERED = (  # what waits for its reference; the last two so that SQLite reads nothing but the index
    "mode", "status", "currency", "issued_on", "id", "kind", "total_cents", "lettering_folded", "frozen_at",
)  # fmt: skip
# Not IS NULL: SQLite would take the unique index of the references, as if one row had none.
_WAITS = "coalesce(lettering_folded, '') = '' AND frozen_at IS NOT NULL"
_CHECKED = "to_check <> ''"
_DUE = "kind = 'invoice' AND status IN ('partial', 'pending')"  # as `queries.past_due` says it


class Invoice(Base):
    """One invoice or credit note. Amounts are cents, positive for credit notes too."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("number_folded"),
        UniqueConstraint("shop_id", "transaction_code"),
        UniqueConstraint("lettering_folded"),
        UniqueConstraint("form_token"),
        CheckConstraint("(frozen_at IS NULL) OR (snapshot IS NOT NULL AND issued_on IS NOT NULL)", name="frozen_whole"),
        Index("ix_invoice_customer", "customer_id", "issued_on", "id"),
        Index("ix_invoice_status", "kind", "status", "listed_on", "id"),
        Index("ix_invoice_listed", "listed_on", "id"),
        Index("ix_invoice_total", "total_cents", "id"),
        Index("ix_invoice_net", "net_cents", "id"),
        Index("ix_invoice_customer_sort", "customer_sort", "id"),
        Index("ix_invoice_code", "transaction_code", "id"),
        Index("ix_invoice_counted", *COUNTED),
        *(Index(f"ix_invoice_{name}_listed", name, "listed_on", "id") for name in FILTERED),
        Index("ix_invoice_bare", *BARE, sqlite_where=text(_BARE), postgresql_where=text(_BARE)),
        Index("ix_invoice_unlettered", *UNLETTERED, sqlite_where=text(_WAITS), postgresql_where=text(_WAITS)),
        Index("ix_invoice_shop_orders", "shop_id", "id", "kind", "status"),
        Index("ix_invoice_due", "kind", "status", "due_on", "id", sqlite_where=text(_DUE), postgresql_where=text(_DUE)),
        Index("ix_invoice_to_check", "id", sqlite_where=text(_CHECKED), postgresql_where=text(_CHECKED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[InvoiceKind] = mapped_column(enum(InvoiceKind), default=InvoiceKind.invoice)
    origin: Mapped[Origin] = mapped_column(enum(Origin), default=Origin.manual)
    mode: Mapped[Mode] = mapped_column(enum(Mode))
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    seller: Mapped[Seller] = relationship()
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    series: Mapped[Series] = relationship()
    currency: Mapped[Currency] = mapped_column(enum(Currency))
    language: Mapped[str] = mapped_column(String(8))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    shop: Mapped[Shop | None] = relationship()
    transaction_code: Mapped[str] = mapped_column(String(64))
    ordered_at: Mapped[datetime | None]  # the shop's own moment, beside the document's date
    number: Mapped[str | None] = mapped_column(String(64))
    number_folded: Mapped[str | None] = mapped_column(String(64))  # in lower case: no two differ by capitals alone
    issued_on: Mapped[date | None]  # the document's date; of a draft: as wished, or today when it is finalised
    due_on: Mapped[date | None]
    supplied_on: Mapped[date | None]
    made_out_to: Mapped[MadeOutTo] = mapped_column(enum(MadeOutTo), default=MadeOutTo.person)
    subject: Mapped[str] = mapped_column(String(250), default="")
    summary: Mapped[str] = mapped_column(String(250), default="")  # what a list shows: the subject, or the first line
    buyer_name: Mapped[str] = mapped_column(String(250), default="")  # as printed
    note: Mapped[str] = mapped_column(Text, default="")
    paid_method: Mapped[PaymentMethod | None] = mapped_column(enum(PaymentMethod))  # already received
    paid_on: Mapped[date | None]
    net_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    total_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_e4: Mapped[int] = mapped_column(default=0)  # on the whole document, as a fraction; or as an amount:
    discount_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # before tax, as wished
    allowance_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # what either comes to, out of `net_cents`
    rounding_cents: Mapped[int] = mapped_column(default=0)  # makes a total of prices that include tax right (BT-114)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    corrects: Mapped[Invoice | None] = relationship(remote_side=[id])
    credit_notes: Mapped[list[Invoice]] = relationship(order_by="Invoice.id", viewonly=True)
    reason: Mapped[str] = mapped_column(String(500), default="")  # of a credit note
    snapshot: Mapped[str | None] = mapped_column(Text)
    totals_only: Mapped[bool] = mapped_column(default=False)  # came with totals alone: its lines have no amounts (Q2)
    frozen_at: Mapped[datetime | None]
    emailed: Mapped[bool] = mapped_column(default=False)  # the tick box « Envoyer par courriel », once finalised
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    form_token: Mapped[str | None] = mapped_column(String(43))

    # outside the frozen columns
    status: Mapped[Status] = mapped_column(enum(Status), default=Status.draft)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[Customer] = relationship()
    lettering: Mapped[str | None] = mapped_column(String(128))
    lettering_folded: Mapped[str | None] = mapped_column(String(128))
    paid_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # payments − refunds, kept with them
    credited_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # totals of the credit notes that correct it
    payment_label: Mapped[str] = mapped_column(String(120), default="")  # how it is paid, in the shop's own words
    wants_mail: Mapped[bool] = mapped_column(default=False)  # the shop asks that it be e-mailed once it stands (Q1)
    to_check: Mapped[str] = mapped_column(String(24), default="")  # why a person should look at it: "payback" (Q2)
    last_event_at: Mapped[datetime | None]  # of the last of the shop's events that was applied (SPEC B7)
    listed_on: Mapped[date]  # the day that lists show and sort by: the document's, of a draft the day it was made
    customer_sort: Mapped[str] = mapped_column(String(200), default="")  # the customer's `sort_name` of today
    search_text: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(default=1)

    lines: Mapped[list[InvoiceLine]] = relationship(
        order_by="InvoiceLine.position", cascade="all, delete-orphan", back_populates="invoice"
    )
    taxes: Mapped[list[InvoiceTax]] = relationship(order_by="InvoiceTax.position", cascade="all, delete-orphan")
    versions: Mapped[list[DocumentVersion]] = relationship(order_by="DocumentVersion.position")
    payments: Mapped[list[Payment]] = relationship(order_by="Payment.id")

    @validates("number")
    def _fold_number(self, _name: str, number: str | None) -> str | None:
        self.number_folded = number.lower() if number else None
        return number

    @property
    def is_frozen(self) -> bool:
        """Whether the document stands for ever."""
        return self.frozen_at is not None

    @property
    def remaining_cents(self) -> int:
        """Total − credit notes − payments + refunds (B7), below 0 where money is owed back; 0 for a credit note."""
        if self.kind is InvoiceKind.credit_note:
            return 0
        return self.total_cents - self.credited_cents - self.paid_cents


class InvoiceLine(Base):
    """One line; `net_cents` is rounded once (see `amounts`)."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(250))
    detail: Mapped[str] = mapped_column(String(500), default="")
    quantity_e3: Mapped[int] = mapped_column(BigInteger)
    price_e4: Mapped[int] = mapped_column(BigInteger)
    discount_e4: Mapped[int] = mapped_column(default=0)
    gross: Mapped[bool] = mapped_column(default=False)  # `price_e4` includes the taxes
    net_cents: Mapped[int] = mapped_column(BigInteger)  # before the document's discount
    allowance_cents: Mapped[int] = mapped_column(BigInteger, default=0)  # its share of the document's discount
    corrects_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    tax_set_id: Mapped[int] = mapped_column(ForeignKey("tax_set.id"))
    tax_set: Mapped[TaxSet] = relationship()
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)  # what was sold, if it was an item
    taxes: Mapped[list[InvoiceLineTax]] = relationship(order_by="InvoiceLineTax.position", cascade="all, delete-orphan")


class InvoiceLineTax(Base):
    """One tax borne by a line, at the rate of the document's date."""

    __tablename__ = "invoice_line_tax"

    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    tax_id: Mapped[int] = mapped_column(ForeignKey("tax.id"))
    rate_e5: Mapped[int]


class InvoiceTax(Base):
    """One tax at one rate over the whole document."""

    __tablename__ = "invoice_tax"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    tax_id: Mapped[int] = mapped_column(ForeignKey("tax.id"))
    rate_e5: Mapped[int]
    base_cents: Mapped[int] = mapped_column(BigInteger)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
