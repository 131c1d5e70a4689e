"""Documents of ours for tests of lettering in bulk, and official ones as a file tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from invoicing.accounting.plan import Official
from invoicing.imports.rules import Judged
from invoicing.invoices.models import Invoice, Status
from invoicing.lettering.bulk_judging import judge_documents
from invoicing.shop.models import Shop
from invoicing.shop.rules import Totals
from tests.factories import make_customer, make_order, make_shop

DAY = date(2026, 3, 14)


def desk(session: Session) -> Shop:
    """A shop whose numbers come with its orders: "B-…"."""
    return make_shop(session)


def order(session: Session, shop: Shop, number: str, cents: int = 7200, status: Status = Status.complete,
          code: str = "", **over: Any) -> Invoice:  # fmt: skip
    """An order of so many cents with this number."""
    values: dict[str, Any] = {"number": number, "totals": Totals(cents, 0, cents), "status": status, **over}
    if code:
        values["transaction_code"] = code
    if status is Status.partial:
        values["paid_cents"] = None
    customer = values.pop("customer", None) or make_customer(session)
    return make_order(session, shop, customer, **values)


def official(line: int, reference: str, *texts: str, cents: int | None = 7200, **over: Any) -> Official:
    """An official document of 72.00 € dated 14 March 2026."""
    values: dict[str, Any] = {"amount_cents": cents, "currency": "EUR", "day": DAY, "customer": "Zoé Roy", **over}
    return Official(line, reference, (reference, *texts), **values)


def judge(session: Session, *officials: Official, widths: frozenset[int] = frozenset()) -> list[Judged]:
    """What is said of each."""
    return list(judge_documents(session, officials, widths))


def verdicts(judged: Iterable[Judged]) -> list[str]:
    """The verdicts alone."""
    return [str(each.verdict) for each in judged]
