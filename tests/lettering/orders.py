"""The orders that the accounting exports of `tests/data/accounting` speak of, as documents of ours."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.invoices.models import Status
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.sellers.models import Region
from invoicing.shop.models import Shop
from invoicing.shop.rules import Totals
from tests.factories import make_customer, make_line, make_order, make_seller, make_shop

DATA = Path(__file__).parents[1] / "data"
FILE = DATA / "provider" / "orders.csv"


def load(session: Session, file: Path = FILE) -> None:
    """Every order of the file through the core, with its reference where it has one; commits nothing."""
    shops: dict[str, Shop] = {}
    customers: dict[tuple[str, ...], Customer] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            shop = shops.get(row["shop"]) or shops.setdefault(row["shop"], _shop(session, row))
            name = row["first_name"], row["last_name"], row["organisation"], row["email"]
            customer = customers.get(name) or customers.setdefault(name, _customer(session, *name))
            _order(session, shop, customer, row)


def _shop(session: Session, row: dict[str, str]) -> Shop:
    region = Region.QC if row["currency"] == "CAD" else Region.FR
    return make_shop(session, make_seller(session, region), name=row["shop"])


def _customer(session: Session, first: str, last: str, organisation: str, email: str) -> Customer:
    names = {"first_name": first, "last_name": last, "email": email}
    if organisation:
        names |= {"kind": "organisation", "organisation_name": organisation}
    return make_customer(session, **names)


def _order(session: Session, shop: Shop, customer: Customer, row: dict[str, str]) -> None:
    net, tax, total = (int(Decimal(row[name]) * 100) for name in ("net", "tax", "total"))
    at, status = datetime.fromisoformat(row["date"]), Status(row["status"])
    code = "QC_TAXED" if row["currency"] == "CAD" else "FR_20"
    line = make_line(session, row["item"], code=code)
    made = make_order(
        session, shop, customer, line, status=status, now=at, number=row["number"], paid_cents=None,
        transaction_code=row["transaction"], totals=Totals(net, tax, total),
    )  # fmt: skip
    if row["lettering"]:
        letter(session, COMMAND, at, made.id, row["lettering"], 0)
