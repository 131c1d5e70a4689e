"""« Tous les clients »: the list with its search, filters, order and pages, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import bp, list_words
from admin.customer_forms import country
from admin.list_words import Words
from invoicing.customers import listing
from invoicing.customers.listing import CustomersBy, CustomersWanted
from invoicing.customers.models import CustomerKind, Standing
from invoicing.customers.queries import CustomerRow
from invoicing.invoices.models import Invoice
from invoicing.money import Currency
from invoicing.sheets import Column, Row
from web.database import db
from web.exports import send_sheet
from web.faults import by_field
from web.words import LANGUAGES, _

FIELDS: Final = ("q", "statut", "genre", "pays", "langue", "solde")
SORTS: Final = {"nom": CustomersBy.name, "ajout": CustomersBy.added}
STANDINGS: Final = {"membres": Standing.member, "contacts": Standing.contact}
KINDS: Final = {"personnes": CustomerKind.person, "organisations": CustomerKind.organisation}
OWING: Final = {"du": True, "a-jour": False}


@bp.get("/clients")
def customers() -> ResponseReturnValue:
    """Every customer, or those that a search and filters leave, with what was invoiced and what is due."""
    words = _words()
    wanted = _wanted(words)
    page, counts = listing.page(db.session, wanted, words.cursor, words.backwards), listing.counts(db.session, wanted)
    return render_template(
        "admin/customers.html", words=words, page=page, query=wanted.query, choices=choices(),
        shown=words.typed["statut"] if wanted.standing else "", faults=by_field(words.faults),
        counts={"": sum(counts.values()), **{word: counts[standing] for word, standing in STANDINGS.items()}},
        newer=words.address(avant=page.rows[0].customer.id) if page.before and page.rows else None,
        older=words.address(apres=page.rows[-1].customer.id) if page.after else None,
    )  # fmt: skip


@bp.get("/clients/export.<kind>")
def customers_export(kind: str) -> ResponseReturnValue:
    """The customers that the filter shows, as a file."""
    wanted = _wanted(_words())
    return send_sheet(_("Clients"), _columns, lambda session: _rows(session, wanted), kind)


def _words() -> Words:
    return list_words.read(request.args, "admin.customers", FIELDS, tuple(SORTS), "nom")


def _wanted(words: Words) -> CustomersWanted:
    return CustomersWanted(
        words.typed["q"], words.one_of("statut", STANDINGS), words.one_of("genre", KINDS),
        words.typed["pays"][:2], words.typed["langue"] if words.typed["langue"] in LANGUAGES else "",
        words.one_of("solde", OWING), SORTS[words.sort], words.descending,
    )  # fmt: skip


def choices() -> dict[str, list[tuple[str, str]]]:
    """Field → what may be chosen, « all » first."""
    lands = sorted((country(code), code) for code in listing.countries(db.session))
    return {
        "genre": [("", _("Tous")), ("personnes", _("Personnes")), ("organisations", _("Organisations"))],
        "pays": [("", _("Tous")), *((code, name) for name, code in lands)],
        "langue": [("", _("Toutes")), *LANGUAGES.items()],
        "solde": [("", _("Tous")), ("du", _("Doivent quelque chose")), ("a-jour", _("Ne doivent rien"))],
    }


def _columns(session: Session) -> list[Column]:
    sums = [Column(f"{text} ({currency})", "cents") for currency in _currencies(session)
            for text in (_("Facturé"), _("Reste dû"), _("À rendre"))]  # fmt: skip
    texts = (_("Nom"), _("Statut"), _("Numéro de membre"), _("Genre"), _("Prénom"), _("Nom de famille"),
             _("Organisation"), _("Adresse e-mail"), _("Téléphone"), _("Adresse"), _("Code postal"), _("Ville"),
             _("Province ou région"), _("Pays"), _("Langue"))  # fmt: skip
    return [*map(Column, texts), Column(_("Ajouté le"), "moment"), Column(_("Factures"), "whole"), *sums]


def _currencies(session: Session) -> Sequence[Currency]:
    return session.scalars(select(Invoice.currency).distinct().order_by(Invoice.currency)).all()


def _rows(session: Session, wanted: CustomersWanted) -> Iterator[Row]:
    currencies, words = _currencies(session), (_("Membre"), _("Contact"))
    kinds = {CustomerKind.person: _("Personne"), CustomerKind.organisation: _("Organisation")}
    for row in listing.every(session, wanted):
        one = row.customer
        yield (
            one.name, words[0] if one.is_member else words[1], one.member_number, kinds[one.kind], one.first_name,
            one.last_name, one.organisation_name, one.email, one.phone, one.street, one.postcode, one.city,
            one.province, one.country, LANGUAGES.get(one.language, one.language), one.created_at, row.count,
            *_sums(row, currencies),
        )  # fmt: skip


def _sums(row: CustomerRow, currencies: Sequence[Currency]) -> Iterator[int]:
    found = {each.currency: each for each in row.sums}
    for currency in currencies:
        own = found.get(currency.value)
        yield from (own.invoiced_cents, own.due_cents, own.owed_cents) if own else (0, 0, 0)
