"""The forms of the organisation and of a seller identity: what was typed, what stands, and the choices they offer."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from admin.customer_forms import countries
from invoicing.errors import FieldFaults
from invoicing.money import Currency
from invoicing.sellers import queries
from invoicing.sellers.content import OrganisationContent, SellerContent
from invoicing.sellers.models import STATUSES, Organisation, Region, Seller, TaxStatus
from invoicing.sellers.service import is_used
from web.database import db
from web.faults import by_field, missing_sentence
from web.site import today
from web.words import LANGUAGES, N_, _

ZONES: Final = (
    "Europe/Paris", "America/Toronto", "America/Halifax", "America/Moncton", "Europe/Brussels", "Europe/Luxembourg",
    "Europe/Zurich", "America/Guadeloupe", "America/Martinique", "America/Cayenne", "America/Miquelon",
    "Indian/Reunion", "Indian/Mayotte", "Pacific/Noumea", "Pacific/Tahiti", "UTC",
)  # fmt: skip
REGIONS: Final = {Region.FR: N_("France"), Region.QC: N_("Québec")}
CURRENCIES: Final = {Currency.EUR: N_("euro (€)"), Currency.CAD: N_("dollar canadien ($)")}
TAX_STATUSES: Final = {
    TaxStatus.vat_registered: (
        N_("Assujetti à la TVA"),
        N_("Chaque ligne porte sa TVA ; le numéro de TVA est obligatoire sur les factures."),
    ),
    TaxStatus.small_business: (
        N_("Franchise en base de TVA"),
        N_("Aucune TVA. Les factures portent « TVA non applicable » avec l’article de la loi à leur date."),
    ),
    TaxStatus.nonprofit: (
        N_("Association non assujettie"),
        N_("Aucune TVA. Les factures portent « TVA non applicable, art. 261-7-1° du CGI »."),
    ),
    TaxStatus.gst_qst_registered: (
        N_("Inscrit à la TPS et à la TVQ"),
        N_("Les lignes portent la TPS et la TVQ ; les deux numéros d’inscription sont obligatoires."),
    ),
    TaxStatus.small_supplier: (
        N_("Petit fournisseur, non inscrit"),
        N_("Aucune taxe. Les factures disent que le fournisseur n’est pas inscrit à la TPS et à la TVQ."),
    ),
}
NAMES: Final = tuple(f.name for f in fields(SellerContent))
ORDER: Final = (  # as the form has them
    "name", "legal_form", "street", "postcode", "city", "country", "province", "email", "phone", "timezone", "region",
    "currency", "tax_status", "siret", "rna", "vat_number", "neq", "gst", "qst", "due_days", "bank_holder", "iban",
    "bic", "interac", "cheque", "discount_terms", "late_penalty", "mail_from", "accent", "paper", "window", "format",
)  # fmt: skip
_ORGANISATION: Final = tuple(f.name for f in fields(OrganisationContent))
_TAX_NUMBERS: Final = {"TPS": "gst", "TVQ": "qst"}


def organisation_of(row: Organisation | None) -> dict[str, str]:
    """What the organisation's record says; defaults where there is none yet."""
    start = OrganisationContent(name="")
    return {name: getattr(row or start, name) for name in _ORGANISATION}


def organisation_typed() -> dict[str, str]:
    """What was typed for the organisation."""
    return {name: request.form.get(name, "") for name in _ORGANISATION}


def seller_blank() -> dict[str, Any]:
    """A new form: a French association in euros, as long as nothing else is chosen."""
    start = SellerContent("", Region.FR, Currency.EUR, TaxStatus.nonprofit, "Europe/Paris")
    return {name: getattr(start, name) for name in NAMES} | {"format": ""}


def seller_of(seller: Seller) -> dict[str, Any]:
    """What the identity's record says."""
    known = queries.registrations(db.session, seller.id).values()
    numbers = {_TAX_NUMBERS[code]: number for code, number in known if code in _TAX_NUMBERS}
    return {name: numbers.get(name, "") if name in ("gst", "qst") else getattr(seller, name) for name in NAMES}


def seller_typed(standing: dict[str, Any]) -> dict[str, Any]:
    """What was typed; a field that the page didn't offer keeps what stands."""
    return {name: request.form.get(name, str(value)) for name, value in standing.items()}


def content(values: dict[str, Any]) -> SellerContent:
    """What was typed, for the core to read."""
    return SellerContent(**{name: str(values[name]) for name in NAMES})


def settings_page(values: dict[str, str], refusal: FieldFaults | None = None) -> ResponseReturnValue:
    """The settings, the organisation's form as typed."""
    rows = []
    for seller in queries.all_sellers(db.session):
        lacks = [missing_sentence(missing) for missing in queries.missing(db.session, seller)]
        rows.append((seller, _(REGIONS[seller.region]), _(TAX_STATUSES[seller.tax_status][0]), _series(seller), lacks))
    drawn = render_template(
        "admin/settings.html", values=values, errors=by_field(refusal.faults) if refusal else {}, sellers=rows,
        zones=_zones(values["timezone"]), languages=list(LANGUAGES.items()),
    )  # fmt: skip
    return drawn, 422 if refusal else 200


def seller_page(
    values: dict[str, Any], seller: Seller | None = None, refusal: FieldFaults | None = None
) -> ResponseReturnValue:
    """The form of an identity, as typed, with every mistake at its field."""
    fixed = seller is not None and is_used(db.session, seller.id)
    regions = [seller.region] if seller is not None and fixed else list(Region)
    statuses = [(_(REGIONS[r]), r, [(s, *map(_, TAX_STATUSES[s])) for s in STATUSES[r]]) for r in regions]
    said = by_field(refusal.faults) if refusal else {}
    errors = {name: said[name] for name in ORDER if name in said}
    drawn = render_template(
        "admin/seller.html", values=values, seller=seller, fixed=fixed, errors=errors,
        lacks=[(m.field, missing_sentence(m)) for m in queries.missing(db.session, seller)] if seller else [],
        series=_series(seller) if seller else [], status_groups=statuses, regions=[r.value for r in regions],
        region_names=[(r.value, _(name)) for r, name in REGIONS.items()], countries=countries(values["country"]),
        currency_names=[(c.value, _(name)) for c, name in CURRENCIES.items()], zones=_zones(values["timezone"]),
    )  # fmt: skip
    return drawn, 422 if refusal else 200


def _series(seller: Seller) -> list[tuple[str, str]]:
    """Format and next number of each series."""
    found = queries.all_series(db.session, seller.id)
    return [(series.format, queries.next_number(db.session, series, today())) for series in found]


def _zones(chosen: str) -> list[tuple[str, str]]:
    known = ZONES if chosen in ZONES or not chosen else (*ZONES, chosen)
    return [(zone, zone.partition("/")[2].replace("_", " ") or zone) for zone in known]
