"""Legal texts as dated data: which sentence a document bears, by region, tax status, customer and day (LAW.md)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from invoicing.sellers.models import Region, TaxStatus

HERE = Path(__file__).parent


@dataclass(frozen=True)
class LegalText:
    """One sentence and when it holds; `status` and `buyer` are None where it holds for all."""

    key: str
    region: Region
    status: TaxStatus | None
    professional: bool
    since: date | None
    until: date | None
    fr: str
    en: str


@cache
def all_texts() -> tuple[LegalText, ...]:
    """Every text of `texts.toml`."""
    rows = tomllib.loads((HERE / "texts.toml").read_text(encoding="utf-8"))["text"]
    return tuple(
        LegalText(
            key=row["key"],
            region=Region(row["region"]),
            status=TaxStatus(row["status"]) if "status" in row else None,
            professional=row.get("buyer") == "professional",
            since=row.get("from"),
            until=row.get("to"),
            fr=row["fr"],
            en=row["en"],
        )
        for row in rows
    )


def legal_text(
    key: str, day: date, region: Region, status: TaxStatus, language: str, professional: bool = False, **facts: object
) -> str:
    """The sentence in the document's language, or "" where none holds.

    A Québec document is French, or bilingual with French first: never English alone (Charte de la langue française).
    """
    for row in all_texts():
        held = (row.since or date.min) <= day <= (row.until or date.max)
        meant = row.key == key and row.region is region and row.status in (None, status)
        if held and meant and (professional or not row.professional):
            french, english = row.fr.format(**facts), row.en.format(**facts)
            if not language.startswith("en"):
                return french
            return f"{french} / {english}" if region is Region.QC else english
    return ""
