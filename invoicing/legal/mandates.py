"""Mandatory mentions as dated data: what a document can't do without, by region, tax status, buyer and day (LAW.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from invoicing.legal.texts import HERE
from invoicing.sellers.models import Region, TaxStatus


@dataclass(frozen=True)
class Mandate:
    """One field that must be filled, and when; None holds for all."""

    whose: str  # seller or customer
    field: str
    other: str = ""  # a field that does as well
    region: Region | None = None
    status: TaxStatus | None = None
    professional: bool = False
    country: str = ""
    exemption: str = ""
    einvoicing: bool = False
    since: date = date.min
    until: date = date.max


@dataclass(frozen=True)
class Demand:
    """The situation of one document. `einvoicing_on` is the day from which its seller issues electronic invoices."""

    day: date
    region: Region | None = None
    status: TaxStatus | None = None
    einvoicing_on: date = date.max
    professional: bool = False
    country: str = ""
    exemptions: Collection[str] = ()


@cache
def all_mandates() -> tuple[Mandate, ...]:
    """Every row of `mandates.toml`."""
    rows = tomllib.loads((HERE / "mandates.toml").read_text(encoding="utf-8"))["mandate"]
    return tuple(
        Mandate(
            whose=row["whose"],
            field=row["field"],
            other=row.get("or", ""),
            region=Region(row["region"]) if "region" in row else None,
            status=TaxStatus(row["status"]) if "status" in row else None,
            professional=row.get("buyer") == "professional",
            country=row.get("country", ""),
            exemption=row.get("exemption", ""),
            einvoicing=row.get("einvoicing", False),
            since=row.get("from", date.min),
            until=row.get("to", date.max),
        )
        for row in rows
    )


def mandates(whose: str, demand: Demand) -> Iterator[Mandate]:
    """What the law asks of the seller's or of the customer's record for such a document."""
    for row in all_mandates():
        if row.whose == whose and _holds(row, demand):
            yield row


def _holds(row: Mandate, demand: Demand) -> bool:
    since = max(row.since, demand.einvoicing_on) if row.einvoicing else row.since
    return (
        since <= demand.day <= row.until
        and row.region in (None, demand.region)
        and row.status in (None, demand.status)
        and row.country in ("", demand.country)
        and (demand.professional or not row.professional)
        and (not row.exemption or row.exemption in demand.exemptions)
    )
