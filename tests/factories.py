"""Plain factories that go through the core, on any session."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.customers.access import link_user
from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import add_customer, make_member
from invoicing.invoices.crediting import CreditContent, compose_credit, corrected_of, credit
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import DraftContent, LineContent
from invoicing.invoices.service import Finalised, finalise, fingerprint, save_draft
from invoicing.journal import COMMAND, Actor, ActorKind
from invoicing.money import Currency
from invoicing.numbering import Mode, Series, Source, Use
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.models import Organisation, Region, Seller, TaxRegistration, TaxStatus
from invoicing.sellers.queries import today_of
from invoicing.shop.models import Catalogue, Item, Shop, ShopPaymentMethod
from invoicing.shop.orders import take_order
from invoicing.shop.rules import OrderContent
from invoicing.taxes.models import Tax, TaxSet
from invoicing.taxes.service import load_reference

NOW = datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001 - naive UTC, as the core holds it
TODAY = date(2026, 11, 22)
_counter = itertools.count(1)


def make_organisation(session: Session, **over: object) -> Organisation:
    """The organisation and the reference taxes."""
    load_reference(session)
    values = {"name": "Les Ateliers de la Lettre", "contact_email": "tresorerie@ateliers-lettre.example", **over}
    row = Organisation(id=1, **values)
    session.add(row)
    session.flush()
    return row


def make_seller(session: Session, region: Region = Region.FR, **over: object) -> Seller:
    """A seller with every mandatory number, its manual series included."""
    if session.get(Organisation, 1) is None:
        make_organisation(session)
    values: dict[str, object] = dict(_FRENCH if region is Region.FR else _QUEBEC)
    values.update(over)
    prefix = str(values.pop("prefix"))
    seller = Seller(region=region, **values)
    session.add(seller)
    session.flush()
    if region is Region.QC:
        for tax in session.scalars(select(Tax).where(Tax.region == Region.QC)):
            number = {"TPS": "123456789RT0001", "TVQ": "1234567890TQ0001"}[tax.code]
            session.add(TaxRegistration(seller_id=seller.id, tax_id=tax.id, number=number))
    session.add(Series(seller_id=seller.id, use=Use.manual, mode=Mode.official, format=prefix + "{year}-{n:05}"))
    session.flush()
    return seller


_FRENCH = {
    "name": "Les Ateliers de la Lettre", "legal_form": "Association loi 1901", "street": "12 rue des Imprimeurs",
    "postcode": "73000", "city": "Chambéry", "currency": Currency.EUR, "tax_status": TaxStatus.vat_registered,
    "timezone": "Europe/Paris", "siret": "99900001100018", "vat_number": "FR66999000011",
    "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP", "email": "tresorerie@ateliers-lettre.example",
    "mail_from": "factures@ateliers-lettre.example", "prefix": "F",
}  # fmt: skip
_QUEBEC = {
    "name": "Les Ateliers de la Lettre, Rimouski", "legal_form": "Organisme sans but lucratif",
    "street": "218, rue de l’Évêché Ouest", "postcode": "G5L 4H8", "city": "Rimouski", "province": "Québec",
    "country": "CA", "currency": Currency.CAD, "tax_status": TaxStatus.gst_qst_registered,
    "timezone": "America/Toronto", "neq": "1234567890", "interac": "comptabilite@ateliers-lettre.example",
    "email": "comptabilite@ateliers-lettre.example", "mail_from": "factures@ateliers-lettre.example",
    "paper": "letter", "window": "left", "prefix": "Q",
}  # fmt: skip


def make_user(session: Session, role: Role = Role.sales, **over: object) -> User:
    """Somebody who may sign in; without a password unless `password_hash` is given."""
    n = next(_counter)
    values = {"email": f"{role}{n}@example.org", "name": f"Personne {n}", "created_at": NOW, **over}
    user = User(role=role, passkey_handle=secrets.token_bytes(32), **values)
    session.add(user)
    session.flush()
    return user


def actor_of(user: User) -> Actor:
    """The user as the one who acts."""
    return Actor(ActorKind.user, user.id)


def make_customer(session: Session, member: bool = True, users: tuple[User, ...] = (), **over: object) -> Customer:
    """A member (or contact) with an address; `users` may see their invoices."""
    n = next(_counter)
    values = {
        "kind": "person", "first_name": "Élodie", "last_name": f"Lefèvre {n}", "email": f"elodie{n}@example.fr",
        "street": "4 impasse du Clos-Saint-Éloi", "postcode": "73190", "city": "Saint-Baldoph", **over,
    }  # fmt: skip
    customer = add_customer(session, COMMAND, NOW, CustomerContent(**values))  # type: ignore[arg-type]
    if member:
        make_member(session, COMMAND, NOW, customer.id, "")
    for user in users:
        link_user(session, COMMAND, NOW, customer.id, user.id)
    return customer


def tax_set(session: Session, code: str) -> TaxSet:
    """A reference tax set by its code."""
    return session.scalars(select(TaxSet).where(TaxSet.code == code)).one()


def make_line(
    session: Session, label: str = "Cotisation annuelle 2027", price: int = 180, code: str = "FR_20"
) -> LineContent:
    """One line of one piece; `price` in whole euros or dollars."""
    return LineContent(label, "", 1000, price * 10_000, 0, tax_set(session, code).id)


def make_draft(
    session: Session, customer: Customer, seller: Seller, *lines: LineContent, now: datetime = NOW, **over: object
) -> Invoice:
    """A draft with one line, or those given."""
    usual = make_line(session, code="FR_20" if seller.region is Region.FR else "QC_TAXED")
    content = DraftContent(lines=lines or (usual,), **over)  # type: ignore[arg-type]
    return save_draft(session, COMMAND, now, customer.id, seller.id, content, secrets.token_urlsafe(16))


def make_invoice(
    session: Session,
    customer: Customer,
    seller: Seller,
    *lines: LineContent,
    email: bool = False,
    now: datetime = NOW,
    **over: object,
) -> Finalised:
    """A finalised invoice; commits nothing."""
    draft = make_draft(session, customer, seller, *lines, now=now, **over)
    return finalise(
        session, COMMAND, now, draft.id, draft.revision, draft.total_cents, email=email, domain="example.org",
        shown=fingerprint(session, draft.id, now),
    )  # fmt: skip


def make_credit(
    session: Session,
    invoice_id: int,
    *nets: tuple[int, int],
    now: datetime = NOW,
    reason: str = "Stage annulé",
    email: bool = False,
) -> Invoice:
    """A credit note on an invoice: (line's place from 0, net in cents) each, or the whole; commits nothing."""
    invoice = session.get_one(Invoice, invoice_id, populate_existing=True)
    chosen = tuple((invoice.lines[place].id, cents) for place, cents in nets)
    content = CreditContent(chosen or corrected_of(session, invoice).everything(), reason)
    composed, _found = compose_credit(session, invoice, content, today_of(invoice.seller, now))
    made = credit(
        session, COMMAND, now, invoice_id, content, composed.amounts.total_cents, email=email, domain="example.org",
        form_token=secrets.token_urlsafe(16),
    )  # fmt: skip
    return session.get_one(Invoice, made.invoice_id)


def make_shop(
    session: Session,
    seller: Seller | None = None,
    *,
    mode: Mode = Mode.portal_reference,
    source: Source = Source.external,
    format: str = "",
    **over: object,
) -> Shop:
    """A shop with its catalogue and series: "B-" external, "B-{date}-{n}" generated (further ones B2-…)."""
    seller = seller or session.scalars(select(Seller)).first() or make_seller(session)
    n = session.scalar(select(func.count(Shop.id))) or 0
    prefix = f"B{n + 1 if n else ''}-"
    format = format or (prefix if source is Source.external else prefix + "{date}-{n}")
    series = Series(seller_id=seller.id, use=Use.shop, source=source, mode=mode, format=format)
    catalogue = Catalogue(name=f"Catalogue {n + 1}", currency=seller.currency)
    session.add_all([series, catalogue])
    values = {"name": f"Boutique {n + 1}", "created_at": NOW, "currency": seller.currency, **over}
    shop = Shop(seller=seller, series=series, catalogue=catalogue, **values)
    shop.payment_methods = [
        ShopPaymentMethod(label=SYSTEMPAY, method=PaymentMethod.card),
        ShopPaymentMethod(label="Virement", method=PaymentMethod.transfer),
    ]
    session.add(shop)
    session.flush()
    return shop


def make_item(session: Session, catalogue: Catalogue, label: str = "Stage de gravure", **over: object) -> Item:
    """An item of a catalogue at 95.00, taxed in the usual way of its currency."""
    code = "FR_20" if catalogue.currency is Currency.EUR else "QC_TAXED"
    values: dict[str, object] = {"price_e4": 950_000, "tax_set_id": tax_set(session, code).id, **over}
    item = Item(catalogue=catalogue, label=label, **values)
    session.add(item)
    session.flush()
    return item


def item_line(item: Item, pieces: int = 1, **over: object) -> LineContent:
    """A line that sells so many pieces of an item."""
    line = LineContent(item.label, "", pieces * 1000, item.price_e4, 0, item.tax_set_id, item.gross, item.id)
    return replace(line, **over)  # type: ignore[arg-type]


SYSTEMPAY = "SystemPay Plus (Caisse d'Epargne/Banque Populaire)"


def make_order(
    session: Session,
    shop: Shop,
    customer: Customer | None = None,
    *lines: LineContent,
    status: Status = Status.complete,
    now: datetime = NOW,
    **over: object,
) -> Invoice:
    """An order of a shop: one line, paid as its status says, its number from the shop if the series is external."""
    n = next(_counter)
    customer = customer or make_customer(session)
    code = "FR_20" if shop.seller.region is Region.FR else "QC_TAXED"
    values: dict[str, object] = {"transaction_code": f"TX{n}==", "ordered_at": now, "payment_label": SYSTEMPAY, **over}
    if shop.series.source is Source.external:
        values.setdefault("number", f"{shop.series.format}{now:%Y%m%d}-{n}")
    usual = make_line(session, "Cours en ligne", code=code)
    if status is Status.partial:
        values.setdefault("paid_cents", 100)
    content = OrderContent(customer_id=customer.id, status=status, lines=lines or (usual,), **values)  # type: ignore[arg-type]
    return take_order(session, shop_actor(shop), now, shop.id, content)


def shop_actor(shop: Shop) -> Actor:
    """The shop as the one who acts."""
    return Actor(ActorKind.shop, shop.id)
