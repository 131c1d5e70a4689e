"""Loads the reference taxes; administrators edit them in the interface (`changes`), and what they changed stays."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.legal.texts import HERE
from invoicing.money import exact
from invoicing.taxes.models import Tax, TaxRate, TaxSet, TaxSetMember


def load_reference(session: Session) -> int:
    """Adds the taxes, dated rates and sets of `legal/taxes.toml` that are missing; says how many rows were added.

    A rate that is known already, by its tax and first day, becomes what the data say; none is ever taken away. A tax
    that an administrator has changed, or given a rate, is theirs: it stays as it is.
    """
    data = _data()
    taxes = {tax.code: tax for tax in session.scalars(select(Tax))}
    added = 0
    for row in data["tax"]:
        if row["code"] not in taxes:
            taxes[row["code"]] = tax = _tax(row)
            session.add(tax)
            added += 1
        elif taxes[row["code"]].revision == 1:
            added += _renew(taxes[row["code"]], row)
    known = set(session.scalars(select(TaxSet.code)))
    for position, row in enumerate(data["set"]):
        if row["code"] not in known:
            session.add(_tax_set(row, position, taxes))
            added += 1
    session.flush()
    return added


def reference_codes(kind: str) -> frozenset[str]:
    """The codes of the taxes ("tax") or sets ("set") that come with the program."""
    return frozenset(row["code"] for row in _data()[kind])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((HERE / "taxes.toml").read_text(encoding="utf-8"))


def _tax(row: dict[str, Any]) -> Tax:
    rates = [_rate(r) for r in row["rates"]]
    return Tax(code=row["code"], label_fr=row["fr"], label_en=row["en"], region=row["region"], rates=rates)


def _rate(row: dict[str, Any]) -> TaxRate:
    return TaxRate(rate_e5=exact(row["rate"], 3), valid_from=row["from"], valid_to=row.get("to"))


def _renew(tax: Tax, row: dict[str, Any]) -> int:
    """Brings a known tax's rates up to date: a new one is added, and the one before it ends when the data say so."""
    known, added = {rate.valid_from: rate for rate in tax.rates}, 0
    for wanted in row["rates"]:
        rate = known.get(wanted["from"])
        if rate is None:
            tax.rates.append(_rate(wanted))
            added += 1
            continue
        rate.rate_e5 = exact(wanted["rate"], 3)
        rate.valid_to = wanted.get("to", rate.valid_to)
    return added


def _tax_set(row: dict[str, Any], position: int, taxes: dict[str, Tax]) -> TaxSet:
    members = [TaxSetMember(tax=taxes[code], position=n) for n, code in enumerate(row["taxes"])]
    return TaxSet(
        code=row["code"],
        label_fr=row["fr"],
        label_en=row["en"],
        region=row["region"],
        position=position,
        exemption=row.get("exemption", ""),
        members=members,
    )
