"""What a list of invoices is asked for: tab, filters, order. Values only; `listing` answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from invoicing.invoices.models import InvoiceKind, Origin, Status
from invoicing.money import Currency
from invoicing.numbering import Mode


class Tab(StrEnum):
    """One per status, for invoices; credit notes have their own; and all of them."""

    complete = "complete"
    paid = "paid"
    pending = "pending"
    partial = "partial"
    placed = "placed"
    draft = "draft"
    refused = "refused"
    failed = "failed"
    cancelled = "cancelled"
    credit_note = "credit_note"
    everything = "everything"

    def holds(self, kind: InvoiceKind, status: Status) -> bool:
        """Whether a document stands under this tab."""
        if self is Tab.everything:
            return True
        if kind is InvoiceKind.credit_note:
            return self is Tab.credit_note
        return self.value == status.value


class Lettered(StrEnum):
    """Whether a document bears a reference, may be given one, or neither."""

    yes = "yes"
    wanting = "wanting"
    neither = "neither"


class Mailed(StrEnum):
    """Whether a document went out by e-mail (or is on its way), never, or failed to."""

    sent = "sent"
    never = "never"
    failed = "failed"


class Watched(StrEnum):
    """What a person should see to: past its day and unpaid, or with sums that must be looked at (SPEC Q2)."""

    late = "late"
    to_check = "to_check"


class By(StrEnum):
    """What the list is sorted by."""

    number = "number"
    customer = "customer"
    code = "code"
    day = "day"
    lettering = "lettering"
    status = "status"
    net = "net"
    total = "total"


@dataclass(frozen=True)
class Order:
    """A column and a direction; what lacks the value always comes last."""

    by: By = By.day
    descending: bool = True


@dataclass(frozen=True)
class Cursor:
    """The document beside which a page begins: the one after it, or, going backwards, the one before."""

    invoice_id: int
    backwards: bool = False


@dataclass(frozen=True)
class Wanted:
    """The filter; None and "" leave nothing out. Amounts are cents of the total, without its sign."""

    tab: Tab = Tab.complete
    query: str = ""
    shop_id: int | None = None
    catalogue_id: int | None = None
    series_id: int | None = None
    customer_id: int | None = None
    origin: Origin | None = None
    mode: Mode | None = None
    currency: Currency | None = None
    year: int | None = None
    month: int | None = None
    since: date | None = None
    until: date | None = None
    least_cents: int | None = None
    most_cents: int | None = None
    lettered: Lettered | None = None
    mailed: Mailed | None = None
    watched: Watched | None = None
    today: date | None = None  # the day on which something is late; needed where `watched` asks for it

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the tab leaves something out."""
        return self != Wanted(tab=self.tab)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day that year, month and period leave; None: no bound."""
        first, last = self.since, self.until
        if self.year:
            begin = date(self.year, self.month or 1, 1)
            end = date(self.year + 1, 1, 1) if self.month in (None, 12) else date(self.year, (self.month or 0) + 1, 1)
            first = max(first, begin) if first else begin
            last = min(last, end - timedelta(days=1)) if last else end - timedelta(days=1)
        return first, last
