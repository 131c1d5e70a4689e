"""The forms of the organisation and of a seller identity: what was typed, what stands, and the choices they offer."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from admin.draft_fields import number, write_date
from admin.series import MODE_NAMES, USES
from invoicing.errors import FieldFaults
from invoicing.money import Currency
from invoicing.numbering import Source
from invoicing.sellers import queries
from invoicing.sellers.content import OrganisationContent, SellerContent
from invoicing.sellers.models import STATUSES, Organisation, Region, Seller, Supplies, TaxStatus
from invoicing.sellers.service import is_used
from web.countries import countries, country
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
PAPER_NAMES: Final = {"a4": "A4", "letter": N_("Lettre (8,5 × 11 po)")}
SUPPLIES: Final = {Supplies.services: N_("des services"), Supplies.goods: N_("des biens"),
                   Supplies.mixed: N_("des biens et des services")}  # fmt: skip
DEBITS: Final = {"": N_("à l’encaissement (règle des services)"), "1": N_("d’après les débits (option)")}
WINDOW_NAMES: Final = {"right": N_("à droite"), "left": N_("à gauche")}
ORGANISATION_LABELS: Final = {"name": N_("Nom"), "contact_email": N_("Adresse e-mail pour les questions"),
                              "timezone": N_("Fuseau horaire"), "language": N_("Langue"),
                              "letters_unpaid": N_("Lettrer aussi les factures en attente de paiement"),
                              "shows_official": N_("Montrer la référence officielle aux membres"),
                              "sends_again": N_("Permettre d’envoyer de nouveau")}  # fmt: skip
SELLER_LABELS: Final = {
    "name": N_("Nom"), "legal_form": N_("Forme juridique"), "street": N_("Rue, bâtiment, boîte postale"),
    "postcode": N_("Code postal"), "city": N_("Ville"), "country": N_("Pays"), "province": N_("Province ou région"),
    "email": N_("Adresse e-mail imprimée"), "phone": N_("Téléphone imprimé"), "timezone": N_("Fuseau horaire"),
    "region": N_("Région"), "currency": N_("Monnaie"), "tax_status": N_("Régime de taxes"),
    "siret": N_("Numéro SIRET"), "rna": N_("Numéro RNA"), "vat_number": N_("Numéro de TVA"),
    "neq": N_("Numéro d’entreprise du Québec (NEQ)"), "gst": N_("Inscription à la TPS"),
    "qst": N_("Inscription à la TVQ"), "due_days": N_("Délai de paiement, en jours"),
    "bank_holder": N_("Titulaire du compte"), "iban": N_("IBAN"), "bic": N_("BIC"),
    "interac": N_("Adresse pour un virement Interac"), "cheque": N_("Chèque à l’ordre de"),
    "discount_terms": N_("Escompte"), "late_penalty": N_("Pénalités de retard"),
    "closing_text": N_("Texte légal au pied"), "supplies": N_("Ce que vous vendez"),
    "vat_on_debits": N_("La TVA est due"), "einvoicing_on": N_("Émission de factures électroniques à partir du"),
    "mail_from": N_("Adresse de l’expéditeur"), "accent": N_("Couleur de la facture"), "paper": N_("Papier"),
    "window": N_("Fenêtre de l’enveloppe"),
}  # fmt: skip
NAMES: Final = tuple(f.name for f in fields(SellerContent))
ORDER: Final = (  # as the form has them
    "name", "legal_form", "street", "postcode", "city", "country", "province", "email", "phone", "timezone", "region",
    "currency", "tax_status", "siret", "rna", "vat_number", "supplies", "vat_on_debits", "einvoicing_on", "neq", "gst",
    "qst", "due_days", "bank_holder", "iban", "bic", "interac", "cheque", "discount_terms", "closing_text",
    "late_penalty", "mail_from", "accent", "paper", "window", "format",
)  # fmt: skip
_ORGANISATION: Final = tuple(f.name for f in fields(OrganisationContent))
PAID_BY: Final = ("bank_holder", "iban", "bic", "interac", "cheque")
_SWITCHES: Final = ("letters_unpaid", "shows_official", "sends_again")
_TAX_NUMBERS: Final = {"TPS": "gst", "TVQ": "qst"}


def organisation_of(row: Organisation | None) -> dict[str, Any]:
    """What the organisation's record says; defaults where there is none yet."""
    start = OrganisationContent(name="")
    return {name: getattr(row or start, name) for name in _ORGANISATION}


def organisation_typed() -> dict[str, Any]:
    """What was typed for the organisation; a switch that wasn't sent is off."""
    texts = {name: request.form.get(name, "") for name in _ORGANISATION}
    return {**texts, **{name: bool(texts[name]) for name in _SWITCHES}}


def seller_blank() -> dict[str, Any]:
    """A new form: a French association in euros, as long as nothing else is chosen."""
    start = SellerContent("", Region.FR, Currency.EUR, TaxStatus.nonprofit, "Europe/Paris")
    day = write_date(date.fromisoformat(start.einvoicing_on))
    return {name: getattr(start, name) for name in NAMES} | {"einvoicing_on": day, "format": ""}


def is_paid_elsewhere(values: dict[str, Any], seller: Seller) -> bool:
    """Whether the form sends customers' money to another place than what stands."""
    return any("".join(str(values[name]).split()) != "".join(getattr(seller, name).split()) for name in PAID_BY)


def format_typed(text: str) -> str:
    """The format that a prefix stands for, « F » for F2026-00001; whoever writes a whole format has it as written."""
    prefix = text.strip()
    return prefix if not prefix or "{" in prefix else prefix + "{year}-{n:05}"


def seller_of(seller: Seller) -> dict[str, Any]:
    """What the identity's record says."""
    known = queries.registrations(db.session, seller.id).values()
    numbers = {_TAX_NUMBERS[code]: number for code, number in known if code in _TAX_NUMBERS}
    written = {"einvoicing_on": write_date(seller.einvoicing_on), "vat_on_debits": "1" if seller.vat_on_debits else ""}
    numbers = {"gst": "", "qst": "", **numbers, **written}
    return {name: numbers[name] if name in numbers else getattr(seller, name) for name in NAMES}


def seller_typed(standing: dict[str, Any]) -> dict[str, Any]:
    """What was typed; a field that the page didn't offer keeps what stands."""
    return {name: request.form.get(name, str(value)) for name, value in standing.items()}


def content(values: dict[str, Any]) -> SellerContent:
    """What was typed, for the core to read."""
    return SellerContent(**{name: str(values[name]) for name in NAMES})


def revision_typed() -> int:
    """The revision that the form was drawn from; -1, which none has, where it was tampered with."""
    revision = number(request.form.get("revision", ""))
    return -1 if revision is None else revision


def settings_page(
    values: dict[str, Any], revision: int = 0, refusal: FieldFaults | None = None, stale: Organisation | None = None,
    **beside: Any,
) -> ResponseReturnValue:  # fmt: skip
    """The settings, the organisation's form as typed; a stale one shows what is said now; what stands beside it."""
    rows = []
    for seller in queries.all_sellers(db.session):
        lacks = [missing_sentence(missing) for missing in queries.missing(db.session, seller, today())]
        rows.append((seller, _(REGIONS[seller.region]), _(TAX_STATUSES[seller.tax_status][0]), _series(seller), lacks))
    drawn = render_template(
        "admin/settings.html", values=values, errors=by_field(refusal.faults) if refusal else {}, sellers=rows,
        zones=_zones(values["timezone"]), languages=list(LANGUAGES.items()),
        revision=stale.revision if stale else revision,
        elsewhere=_differences(values, organisation_of(stale), ORGANISATION_LABELS) if stale else None, **beside,
    )  # fmt: skip
    return drawn, 422 if refusal else 409 if stale else 200


def seller_page(
    values: dict[str, Any], seller: Seller | None = None, revision: int = 0, refusal: FieldFaults | None = None,
    stale: bool = False, logo_error: str = "", unproven: bool = False,
) -> ResponseReturnValue:  # fmt: skip
    """The form of an identity, as typed, with every mistake at its field; a stale one shows what is said now."""
    fixed = seller is not None and is_used(db.session, seller.id)
    regions = [seller.region] if seller is not None and fixed else list(Region)
    statuses = [(_(REGIONS[r]), r, [(s, *map(_, TAX_STATUSES[s])) for s in STATUSES[r]]) for r in regions]
    said = by_field(refusal.faults) if refusal else {}
    errors = {name: said[name] for name in ORDER if name in said}
    drawn = render_template(
        "admin/seller.html", values=values, seller=seller, fixed=fixed, errors=errors,
        lacks=[(m.field, missing_sentence(m)) for m in queries.missing(db.session, seller, today())] if seller else [],
        series=_series(seller) if seller else [], status_groups=statuses, regions=[r.value for r in regions],
        region_names=[(r.value, _(name)) for r, name in REGIONS.items()], countries=countries(values["country"]),
        currency_names=[(c.value, _(name)) for c, name in CURRENCIES.items()], zones=_zones(values["timezone"]),
        supplies=[(key.value, _(name)) for key, name in SUPPLIES.items()],
        debits=[(key, _(name)) for key, name in DEBITS.items()],
        revision=seller.revision if seller and stale else revision,
        elsewhere=_differences(values, seller_of(seller), SELLER_LABELS) if seller and stale else None,
        logo_error=logo_error, unproven=unproven,
    )  # fmt: skip
    return drawn, 422 if refusal or logo_error else 409 if stale else 403 if unproven else 200


def _differences(typed: dict[str, Any], standing: dict[str, Any], labels: dict[str, str]) -> list[tuple[str, str]]:
    """Field and present value, where something else stands by now than what was typed."""
    changed = [name for name in labels if str(standing[name]) != str(typed[name]).replace("\r\n", "\n")]
    return [(_(labels[name]), shown(name, standing[name])) for name in changed]


def shown(name: str, value: Any) -> str:
    """A value in words."""
    said: dict[str, Any] = {"region": REGIONS, "currency": CURRENCIES, "paper": PAPER_NAMES, "window": WINDOW_NAMES,
                            "supplies": SUPPLIES, "vat_on_debits": DEBITS}  # fmt: skip
    if name in said:
        return _(said[name][value])
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if name == "tax_status":
        return _(TAX_STATUSES[value][0])
    if name == "language":
        return LANGUAGES.get(value, str(value))
    return country(value) if name == "country" else str(value) or _("rien")


def _series(seller: Seller) -> list[tuple[str, str, str]]:
    """Format, next number and purpose of each series; an external one's numbers come from its shop."""
    found = queries.all_series(db.session, seller.id)
    return [
        (
            series.format,
            queries.next_number(db.session, series, today()) if series.source is Source.generated else "",
            f"{_(USES[series.use])} · {_(MODE_NAMES[series.mode][0])}",
        )
        for series in found
    ]


def _zones(chosen: str) -> list[tuple[str, str]]:
    known = ZONES if chosen in ZONES or not chosen else (*ZONES, chosen)
    return [(zone, zone.partition("/")[2].replace("_", " ") or zone) for zone in known]
