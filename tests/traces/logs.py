"""Logs of payment providers with their truth, and the shops and invoices that it speaks of."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRun, RunKind, RunState
from invoicing.imports.rules import Judged
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import LineContent
from invoicing.sellers.models import Region
from invoicing.shop.models import Shop
from invoicing.traces.scanning import judge_log
from tests.factories import NOW, make_customer, make_order, make_seller, make_shop, tax_set

FOLDER = Path(__file__).parents[1] / "data" / "provider"
TRUTH = {Path(file["file"]).name: file for file in json.loads((FOLDER / "truth.json").read_text("utf-8"))["files"]}


def read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0") or 0)


def order_of(session: Session, shop: Shop, code: str, total_cents: int, **over: object) -> Invoice:
    """An order of one untaxed line that comes to this total."""
    exempt = "FR_TRAINING" if shop.seller.region is Region.FR else "QC_EXEMPT"
    line = LineContent("Cours", "", 1000, total_cents * 100, 0, tax_set(session, exempt).id)
    return make_order(session, shop, over.pop("customer", None), line, transaction_code=code, **over)  # type: ignore[arg-type]


def fill(session: Session) -> dict[str, Invoice]:
    """Every order of orders.csv, by its code: totals, numbers and statuses as there."""
    shops = {"EUR": make_shop(session, make_seller(session), format="B-", name="Formation en ligne")}
    shops["CAD"] = make_shop(session, make_seller(session, Region.QC), format="Q-", name="Boutique Québec")
    customer = make_customer(session)
    made = {}
    for row in csv.DictReader((FOLDER / "orders.csv").read_text("utf-8").splitlines()):
        at, status = datetime.fromisoformat(row["date"]), Status(row["status"])
        made[row["transaction"]] = order_of(
            session, shops[row["currency"]], row["transaction"], cents(row["total"]), customer=customer, now=at,
            status=status, number=row["number"],
        )  # fmt: skip
    return made


def run_of(session: Session, shop: Shop | None = None) -> ImportRun:
    """The row of a scan."""
    row = ImportRun(kind=RunKind.provider_log, state=RunState.judging, file_name="log", sha256="0" * 64, size=1,
                    asked_at=NOW, shop_id=shop.id if shop else None)  # fmt: skip
    session.add(row)
    session.flush()
    return row


def scan(session: Session, content: bytes, name: str = "log.csv", shop: Shop | None = None) -> list[Judged]:
    """What the scan says of a log."""
    return list(judge_log(session, run_of(session, shop), content, name, NOW))


def verdicts(session: Session, text: str, shop: Shop | None = None) -> list[tuple[int, str]]:
    """Line and verdict of each payment; what is only counted is left out."""
    found: list[Any] = scan(session, text.encode(), shop=shop)
    return [(row.line, row.verdict) for row in found if row.verdict not in ("no_code", "no_payment")]
