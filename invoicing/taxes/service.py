"""Loads the reference taxes; later issues edit them in the interface."""

from __future__ import annotations

import tomllib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.legal.texts import HERE
from invoicing.money import exact
from invoicing.taxes.models import Tax, TaxRate, TaxSet, TaxSetMember


def load_reference(session: Session) -> int:
    """Adds the taxes, rates and sets of `legal/taxes.toml` that are missing; says how many rows were added."""
    data = tomllib.loads((HERE / "taxes.toml").read_text(encoding="utf-8"))
    taxes = {tax.code: tax for tax in session.scalars(select(Tax))}
    added = 0
    for row in data["tax"]:
        if row["code"] not in taxes:
            taxes[row["code"]] = tax = _tax(row)
            session.add(tax)
            added += 1
    known = set(session.scalars(select(TaxSet.code)))
    for position, row in enumerate(data["set"]):
        if row["code"] not in known:
            session.add(_tax_set(row, position, taxes))
            added += 1
    session.flush()
    return added


def _tax(row: dict[str, Any]) -> Tax:
    rates = [
        TaxRate(rate_e5=exact(r["rate"], 3), valid_from=r["from"], valid_to=r.get("to")) for r in row["rates"]
    ]
    return Tax(code=row["code"], label_fr=row["fr"], label_en=row["en"], region=row["region"], rates=rates)


def _tax_set(row: dict[str, Any], position: int, taxes: dict[str, Tax]) -> TaxSet:
    members = [TaxSetMember(tax=taxes[code], position=n) for n, code in enumerate(row["taxes"])]
    return TaxSet(
        code=row["code"],
        label_fr=row["fr"],
        label_en=row["en"],
        region=row["region"],
        position=position,
        members=members,
    )
