"""Plain documents of a French association, as their snapshots are since they tell machines what they tell people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from invoicing.documents.snapshot import Line, LineTax, Party, Place, Snapshot
from invoicing.legal.texts import legal_text
from invoicing.sellers.models import Region, TaxStatus
from tests.documents import samples

TERMS = (
    ("AAB", "Pas d’escompte pour paiement anticipé."),
    ("PMD", "En cas de retard de paiement : pénalités au taux de la BCE majoré de 10 points."),
    ("PMT", "Indemnité forfaitaire pour frais de recouvrement : 40 €."),
)
TVA20 = LineTax("TVA20", "TVA", 20_000)
PARIS = Place(("14, rue de l’Église Saint-Éloi",), "75011", "Paris", "", "FR")
SELLER = replace(samples.FRENCH_SELLER, place=PARIS)
RNA_ONLY = replace(SELLER, ids=(("rna", "W751234567"),))
BUYER = Party(
    "Société Hélène Façonnière & Œuvres SARL",
    ("À l’attention de Mme Zoé Lefèvre", "7 bis, allée des Chênes", "69003 Lyon"),
    (("siren", "404833048"), ("vat", "FR83404833048")),
    "achats@oeuvres.example",
    place=Place(("7 bis, allée des Chênes",), "69003", "Lyon", "", "FR"),
    professional=True,
)
PERSON = replace(BUYER, name="Élodie Lefèvre", lines=BUYER.lines[1:], ids=(), professional=False)
GERMAN = replace(BUYER, ids=(("vat", "DE123456789"),), place=Place(("Weg 1",), "10115", "Berlin", "", "DE"))
LINES = (
    Line("Cotisation « bienfaiteur » & C¹", 1000, 1_800_000, 0, taxes=(TVA20,)),
    Line("Atelier", 2500, 1_234_500, 0, "Le 3 octobre", 1250, (TVA20,)),
)


def at_home(lines: tuple[Line, ...] = LINES, discount_e4: int = 0, discount_cents: int = 0, **changes: Any) -> Snapshot:
    """An invoice with VAT to a French business, owed."""
    base = replace(
        samples.french(1), lines=(), taxes=(), seller=SELLER, buyer=BUYER, tax_status="vat_registered",
        sells="services", terms=tuple(text for _, text in TERMS), coded_terms=TERMS,
    )  # fmt: skip
    return replace(samples.composed(base, lines, discount_e4, discount_cents), **changes)


def untaxed(exemption: str, status: str = "vat_registered", **changes: Any) -> Snapshot:
    """An invoice whose one line bears no tax for this reason, or for the seller's own."""
    why = reason(exemption, status)
    line = Line("Séance", 1000, 900_000, 0, why_untaxed=why, exemption=exemption)
    return at_home((line,), **{"tax_status": status, "mentions": (why,), **changes})


def reason(exemption: str, status: str, day: date = date(2026, 11, 1)) -> str:
    """The sentence that the house prints for it."""
    where = (day, Region.FR, TaxStatus(status), "fr_FR")
    keys = (f"exemption_{exemption}",) if exemption else ("exemption", "untaxed_lines")
    return next(text for text in (legal_text(key, *where) for key in keys) if text)


def abroad(exemption: str, **changes: Any) -> Snapshot:
    """An invoice without tax to a German business."""
    return untaxed(exemption, **{"buyer": GERMAN, **changes})
