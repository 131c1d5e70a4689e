"""What the list's filters offer, and the chips of those that are active, each a link that removes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from babel.dates import get_month_names
from sqlalchemy import func, select

from admin.list_filter import FIELDS, Asked
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice
from invoicing.money import Currency
from invoicing.numbering import Mode, Series
from invoicing.shop.models import Catalogue, Shop
from web.database import db
from web.filters import series, short_date
from web.words import _, language

Options = list[tuple[str, str]]


@dataclass(frozen=True)
class Chip:
    """One active filter in words, and the address without it."""

    text: str
    without: str


def choices(asked: Asked) -> dict[str, Options]:
    """Field → what may be chosen, « all » first; what was asked for stays among them."""
    made: dict[str, Options] = {
        "annee": [(str(year), str(year)) for year in _years()],
        "mois": [(str(month), name) for month, name in _months()],
        "boutique": _named(select(Shop.id, Shop.name).order_by(Shop.name)),
        "catalogue": _named(select(Catalogue.id, Catalogue.name).order_by(Catalogue.name)),
        "serie": _series(),
        "origine": [("en-ligne", _("En ligne")), ("manuelle", _("Manuelle"))],
        "officielle": [("ici", _("C’est ce document")), ("comptabilite", _("Dans la comptabilité"))],
        "devise": [(each.value, each.value) for each in Currency],
        "lettrage": [("a-lettrer", _("À lettrer")), ("lettrees", _("Lettrées")), ("sans-objet", _("Sans objet"))],
        "envoi": [
            ("envoyees", _("Envoyées ou en route")), ("jamais", _("Jamais envoyées")), ("en-echec", _("En échec")),
        ],
        "suivi": [("en-retard", _("Échues, impayées")), ("a-verifier", _("Sommes à vérifier"))],
    }  # fmt: skip
    every = {name: _("Tous") if name in ("mois", "catalogue") else _("Toutes") for name in made}
    return {name: [("", every[name]), *_kept(options, asked.typed[name])] for name, options in made.items()}


def _kept(options: Options, typed: str) -> Options:
    if not typed or typed in (value for value, _text in options):
        return options
    return [*options, (typed, typed[:40])]


def _named(query: object) -> Options:
    return [(str(number), name) for number, name in db.session.execute(query)]  # type: ignore[call-overload]


def _series() -> Options:
    found = _named(select(Series.id, Series.format).order_by(Series.format))
    return [(number, series(format)) for number, format in found]


def _years() -> Iterable[int]:
    first, last = db.session.execute(
        select(
            select(func.min(Invoice.listed_on)).scalar_subquery(), select(func.max(Invoice.listed_on)).scalar_subquery()
        )
    ).one()
    return range(last.year, first.year - 1, -1) if first else ()


def _months() -> Iterable[tuple[int, str]]:
    return get_month_names("wide", context="stand-alone", locale=language()).items()


def active(asked: Asked, offered: Mapping[str, Options], faults: Mapping[str, str]) -> list[Chip]:
    """The filters that leave something out, in the order of the fields."""
    return [
        Chip(_said(asked, name, offered), asked.address(**{name: None}))
        for name in FIELDS
        if asked.typed[name] and name not in faults
    ]


def _said(asked: Asked, name: str, offered: Mapping[str, Options]) -> str:
    text, wanted = asked.typed[name], asked.wanted
    match name:
        case "q":
            return _("« %(query)s »", query=text)
        case "du" if wanted.since:
            return _("depuis le %(day)s", day=short_date(wanted.since))
        case "au" if wanted.until:
            return _("jusqu’au %(day)s", day=short_date(wanted.until))
        case "min":
            return _("à partir de %(amount)s", amount=text)
        case "max":
            return _("jusqu’à %(amount)s", amount=text)
        case "client":
            found = db.session.get(Customer, wanted.customer_id)
            return found.name if found else _("client n° %(number)s", number=text)
        case "officielle" if wanted.mode:
            here = _("ce document est la facture officielle")
            return here if wanted.mode is Mode.official else _("facture officielle dans la comptabilité")
    return dict(offered.get(name, ())).get(text, text)
