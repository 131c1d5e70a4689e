"""The postal address of one's own record: changed as staff would, for documents to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoicing.customers import own
from invoicing.customers.models import Customer
from invoicing.customers.own import PostalAddress
from invoicing.customers.rules import address_lines
from invoicing.errors import FieldFaults, Stale
from invoicing.invoices.service import refresh_search
from web.account_door import bp
from web.countries import countries, country
from web.database import db, now, transaction
from web.faults import by_field
from web.sessions import actor, frame, me
from web.words import _

TEXTS: Final = tuple(field.name for field in fields(PostalAddress))
TEXT_MAX: Final = 1000  # characters that are looked at; each field's own limit is the core's
LABELS: Final[dict[str, Callable[[], str]]] = {
    "street": lambda: _("Rue, bâtiment, boîte postale"),
    "postcode": lambda: _("Code postal"),
    "city": lambda: _("Ville"),
    "country": lambda: _("Pays"),
    "province": lambda: _("Province ou région"),
    "phone": lambda: _("Téléphone"),
}


@dataclass(frozen=True)
class Shown:
    """A record whose address this person may change, as the account's page lists it."""

    id: int
    name: str
    lines: tuple[str, ...]


def shown(user_id: int) -> list[Shown]:
    """Every such record, with its address as a letter bears it."""
    return [Shown(each.id, each.name, _lines(each)) for each in own.records(db.session, user_id)]


def _lines(customer: Customer) -> tuple[str, ...]:
    lines = address_lines(customer)
    return (*lines, country(customer.country)) if lines and customer.country != "FR" else lines


@bp.route("/coordonnees/<int:customer_id>", methods=["GET", "POST"])
def postal(customer_id: int) -> ResponseReturnValue:
    """For invoices to come; documents that stand keep what they say."""
    customer = own.record(db.session, me().user.id, customer_id)
    if request.method != "POST":
        return _page(customer_id, {name: getattr(customer, name) for name in TEXTS}, customer.revision)
    typed, revision = PostalAddress(**{name: request.form.get(name, "")[:TEXT_MAX] for name in TEXTS}), _revision()
    try:
        with transaction() as s:
            own.change_address(s, actor(), now(), customer_id, revision, typed)
            refresh_search(s, customer_id)
    except FieldFaults as refusal:
        return _page(customer_id, asdict(typed), revision, by_field(refusal.faults)), 422
    except Stale:
        fresh = own.record(db.session, me().user.id, customer_id)
        return _page(customer_id, asdict(typed), fresh.revision, stale=True), 409
    flash(_("Adresse enregistrée, pour les factures à venir. Celles déjà établies ne changent pas."), "ok")
    return redirect(url_for("account.page"))


def _page(
    customer_id: int, values: dict[str, Any], revision: int, errors: dict[str, str] | None = None, stale: bool = False
) -> str:
    customer, errors = own.record(db.session, me().user.id, customer_id), errors or {}
    return render_template(
        "account/postal.html", frame=frame(), customer=customer, values=values, revision=revision, errors=errors,
        labels={name: say() for name, say in LABELS.items()}, countries=countries(values["country"]),
        elsewhere=_differences(values, customer) if stale else None,
    )  # fmt: skip


def _differences(values: dict[str, Any], customer: Customer) -> list[tuple[str, str]]:
    """Field and present value, where the record now says something else than the form."""
    now_says = {name: str(getattr(customer, name)) for name in LABELS}
    changed = [name for name in LABELS if now_says[name] != str(values[name]).replace("\r\n", "\n")]
    return [(LABELS[n](), country(now_says[n]) if n == "country" else now_says[n] or _("rien")) for n in changed]


def _revision() -> int:
    """The revision that the form was drawn from; 0, which none has, where it was tampered with."""
    text = request.form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
