"""What the demo sells: three catalogues, invented, and how they come into the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from invoicing.database import transaction
from invoicing.invoices.reading import LineContent
from invoicing.money import Currency
from invoicing.search import fold
from invoicing.shop.models import Catalogue, Category, Item
from invoicing.taxes.models import TaxSet
from lettrine.demo_desk import Desk

BUDGET: Final = {"Cotisations": "756000", "Adhésions": "756000", "Ouvrages": "707000", "Revue": "701100"}
Row = tuple[str, str, int, str]  # label, detail, price in cents, tax set


@dataclass(frozen=True)
class Goods:
    """One catalogue: its shelves, each with its rows, in order."""

    name: str
    description: str
    currency: Currency
    shelves: dict[str, list[Row]]


@dataclass(frozen=True)
class Stock:
    """A catalogue that is there: its number, and its items as lines ready to be used."""

    catalogue_id: int
    lines: tuple[LineContent, ...]


COURSES: Final = Goods(
    "Catalogue de vente de cours",
    "Catalogue pour la commercialisation des cours et des extensions Moodle par Les Ateliers de la Lettre",
    Currency.EUR,
    {
        "Formations Moodle": [
            ("Cours « Moodle : prendre en main »", "une place", 25000, "FR_20"),
            ("Cours « Moodle : concevoir un parcours »", "une place", 32000, "FR_20"),
        ],
        "Extensions Moodle": [
            ("Extension « Local Shop », licence annuelle", "", 52880, "FR_20"),
            ("Extension « Tableau de bord », licence annuelle", "", 19000, "FR_20"),
        ],
        "Cours en ligne": [
            ("Cours en ligne « Histoire de la lettrine »", "", 4800, "FR_20"),
            ("Cours en ligne « Composer au plomb »", "", 6400, "FR_20"),
            ("Cours en ligne « L’écriture onciale »", "", 7250, "FR_20"),
        ],
        "Stages": [
            ("Stage de gravure, une journée", "matériel compris", 9500, "FR_20"),
            ("Stage de typographie au plomb", "deux journées", 19000, "FR_20"),
        ],
        "Ouvrages": [
            ("Ouvrage « Le Cœur de la lettre »", "broché, 312 pages", 3800, "FR_55"),
            ("Ouvrage « Petite histoire du caractère »", "broché, 96 pages", 1250, "FR_55"),
        ],
        "Revue": [("Abonnement à la revue « Caractères »", "quatre numéros", 6000, "FR_21")],
        "Services": [("Accompagnement à distance, une heure", "", 8000, "FR_20")],
    },
)
DUES: Final = Goods(
    "Cotisations, stages et revue",
    "Adhésions annuelles, stages à l’atelier et abonnements, facturés à la main",
    Currency.EUR,
    {
        "Cotisations": [
            ("Cotisation annuelle, membre actif", "du 1er janvier au 31 décembre", 18000, "FR_NONE"),
            ("Cotisation annuelle, membre bienfaiteur", "", 30000, "FR_NONE"),
        ],
        "Activités": [
            ("Abonnement à la revue « Caractères »", "quatre numéros", 6000, "FR_21"),
            ("Stage de gravure, une journée", "matériel compris", 9500, "FR_20"),
            ("Stage de typographie au plomb", "deux journées", 19000, "FR_20"),
            ("Cours en ligne « Histoire de la lettrine »", "", 4800, "FR_20"),
            ("Ouvrage « Le Cœur de la lettre »", "broché, 312 pages", 3800, "FR_55"),
            ("Location de l’atelier, demi-journée", "", 12000, "FR_20"),
            ("Déjeuner de l’assemblée générale", "", 2400, "FR_10"),
        ],
    },
)
RIMOUSKI: Final = Goods(
    "Adhésions et ateliers de Rimouski",
    "Adhésions, formations et ateliers de l’association sœur, en dollars canadiens",
    Currency.CAD,
    {
        "Adhésions": [("Adhésion annuelle, membre individuel", "", 10000, "QC_NONE")],
        "Formations et ateliers": [
            ("Formation « Reliure japonaise »", "une journée", 17000, "QC_TAXED"),
            ("Atelier de calligraphie", "trois soirées", 14000, "QC_TAXED"),
            ("Participation au colloque", "repas compris", 34000, "QC_TAXED"),
        ],
        "Revue et locations": [
            ("Abonnement à la revue « Caractères »", "quatre numéros, envoi compris", 6000, "QC_TAXED"),
            ("Location de la presse, une journée", "", 22000, "QC_TAXED"),
        ],
    },
)


def stock(desk: Desk, goods: Goods) -> Stock:
    """Puts a catalogue with its categories and items into the database."""
    with transaction(desk.sessions) as session:
        sets = {row.code: row.id for row in session.scalars(select(TaxSet))}
        catalogue = Catalogue(name=goods.name, description=goods.description, currency=goods.currency)
        session.add(catalogue)
        items = []
        for position, (shelf, rows) in enumerate(goods.shelves.items(), start=1):
            category = Category(name=shelf, position=position)
            catalogue.categories.append(category)
            for label, detail, cents, code in rows:
                item = Item(label=label, description=detail, price_e4=cents * 100, tax_set_id=sets[code])
                item.category, item.code, item.validity_days = category, _code(label), _validity(label)
                item.budget_post = BUDGET.get(shelf, "706000")
                catalogue.items.append(item)
                items.append(item)
        session.flush()
        return Stock(catalogue.id, tuple(map(_line, items)))


def _line(item: Item) -> LineContent:
    """One piece of an item."""
    return LineContent(item.label, item.description, 1000, item.price_e4, 0, item.tax_set_id, item.gross, item.id)


def _code(label: str) -> str:
    """« Stage de gravure, une journée » is stage-de-gravure-une-journee."""
    return re.sub("[^a-z0-9]+", "-", fold(label)).strip("-")[:64]


def _validity(label: str) -> int | None:
    """What lasts a year, and courses that stay open for a while; all else has no end."""
    if label.startswith(("Cotisation", "Adhésion", "Abonnement", "Extension")):
        return 365
    return 180 if label.startswith("Cours en ligne") else None
