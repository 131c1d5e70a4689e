"""The customer's form: what was typed, what stands, and the choices that it offers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from admin.draft_fields import token_of
from invoicing.customers.models import Customer, CustomerKind
from invoicing.customers.queries import customer as get
from invoicing.customers.rules import CustomerContent
from invoicing.errors import FieldFaults
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import active_sellers
from web.countries import countries
from web.countries import country as country
from web.database import db
from web.faults import by_field
from web.words import LANGUAGES, _

TEXTS: Final = tuple(f.name for f in fields(CustomerContent) if f.name not in ("professional", "seller_id"))
LABELS: Final[dict[str, Callable[[], str]]] = {
    "kind": lambda: _("Genre"),
    "first_name": lambda: _("Prénom"),
    "last_name": lambda: _("Nom"),
    "organisation_name": lambda: _("Organisation"),
    "email": lambda: _("Adresse e-mail"),
    "phone": lambda: _("Téléphone"),
    "street": lambda: _("Adresse"),
    "postcode": lambda: _("Code postal"),
    "city": lambda: _("Ville"),
    "province": lambda: _("Province ou région"),
    "country": lambda: _("Pays"),
    "language": lambda: _("Langue"),
    "professional": lambda: _("Client professionnel"),
    "siren": lambda: _("Numéro SIREN"),
    "vat_number": lambda: _("Numéro de TVA"),
    "seller_id": lambda: _("Vendeur habituel"),
}


def blank() -> dict[str, Any]:
    """A new form: a person, in the country and the language of the first seller."""
    seller = next(iter(active_sellers(db.session)), None)
    abroad = seller is not None and seller.country == "CA"
    values: dict[str, Any] = dict.fromkeys((*TEXTS, "seller_id"), "")
    return values | {
        "kind": CustomerKind.person, "country": "CA" if abroad else "FR", "language": "fr_CA" if abroad else "fr_FR",
        "professional": False,
    }  # fmt: skip


def of(customer: Customer) -> dict[str, Any]:
    """What the record says, as its form shows it."""
    values: dict[str, Any] = {name: getattr(customer, name) for name in TEXTS}
    return values | {"professional": customer.professional, "seller_id": str(customer.seller_id or "")}


def typed() -> dict[str, Any]:
    """What was typed, untouched."""
    values: dict[str, Any] = {name: request.form.get(name, "") for name in (*TEXTS, "seller_id")}
    return values | {"professional": bool(request.form.get("professional"))}


def token() -> str:
    """The new form's own token, as sent; empty where it isn't one of ours."""
    return token_of(request.form)


def content(values: dict[str, Any]) -> CustomerContent:
    """What was typed, for the core to read; a seller that isn't a number is no seller (0)."""
    text = values["seller_id"]
    seller_id = (int(text) if text.isdecimal() and len(text) < 10 else 0) if text else None
    return CustomerContent(**{**values, "seller_id": seller_id})


def page(values: dict[str, Any], customer_id: int | None = None, revision: int = 0, refusal: FieldFaults | None = None,
         stale: bool = False) -> ResponseReturnValue:  # fmt: skip
    """The form, as typed, with every mistake at its field; a stale one shows what the record says now."""
    customer = get(db.session, customer_id) if customer_id is not None else None
    status = 422 if refusal else 409 if stale else 200
    said = by_field(refusal.faults) if refusal else {}
    errors = {name: said[name] for name in LABELS if name in said}  # in the order of the form
    drawn = render_template(
        "admin/customer_form.html", values=values, customer=customer, errors=errors,
        revision=customer.revision if customer and stale else revision, labels={n: say() for n, say in LABELS.items()},
        elsewhere=differences(values, customer) if customer and stale else None, countries=countries(values["country"]),
        languages=list(LANGUAGES.items()), sellers=sellers(active_sellers(db.session)),
        token=token() or secrets.token_urlsafe(24),
    )  # fmt: skip
    return drawn, status


def differences(values: dict[str, Any], customer: Customer) -> list[tuple[str, str]]:
    """Field and present value, where the record now says something else than the form."""
    now = of(customer)
    changed = [name for name in LABELS if str(now[name]) != str(values[name]).replace("\r\n", "\n")]
    return [(LABELS[name](), shown(name, now[name])) for name in changed]


def shown(name: str, value: Any) -> str:
    """A value in words."""
    if name == "professional":
        return _("oui") if value else _("non")
    if name == "language":
        return LANGUAGES.get(value, str(value))
    if name == "country":
        return country(value)
    if name == "kind":
        return _("une personne") if value == CustomerKind.person else _("une organisation")
    if name == "seller_id" and value:
        seller = db.session.get(Seller, int(value))
        return seller.name if seller else ""
    return str(value) or _("rien")


def sellers(rows: Sequence[Seller]) -> list[tuple[str, str]]:
    """Who may sell; a choice only where there are several."""
    return [("", _("à choisir à chaque facture")), *((str(row.id), row.name) for row in rows)] if len(rows) > 1 else []
