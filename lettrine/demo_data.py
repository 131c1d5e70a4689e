"""The demo's people, sellers and invoices: plausible, invented, and made through the core like everything else."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from invoicing.accounts import service as accounts
from invoicing.accounts.models import Role, User
from invoicing.customers.access import link_user
from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import add_customer, make_member
from invoicing.database import transaction
from invoicing.delivery.service import claim, settle_failed, settle_sent
from invoicing.invoices.models import MadeOutTo
from invoicing.invoices.reading import DraftContent, LineContent
from invoicing.invoices.service import Finalised, finalise, fingerprint, save_draft
from invoicing.journal import COMMAND, Actor, ActorKind
from invoicing.money import Currency
from invoicing.numbering import Mode, Series, Use
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Organisation, Region, Seller, TaxRegistration, TaxStatus
from invoicing.taxes.models import Tax
from invoicing.taxes.service import load_reference
from lettrine.demo_access import let_in
from lettrine.demo_campaigns import campaigns
from lettrine.demo_cases import tell
from lettrine.demo_desk import Buyer, Desk
from lettrine.demo_goods import COURSES, DUES, RIMOUSKI, stock
from lettrine.demo_people import PEOPLE, Person
from lettrine.demo_shops import open_shops, sell

DOMAIN = "ateliers-lettre.example"
SIGN_INS = (
    ("admin@ateliers-lettre.example", Role.admin, "Nadia Benali", "fr_FR"),
    ("ventes@ateliers-lettre.example", Role.sales, "Hugo Marchand", "fr_FR"),
    ("lecture@ateliers-lettre.example", Role.reader, "Irène Vasseur", "fr_FR"),
)


def build(sessions: sessionmaker[Session], now: datetime, invoices: int, password_hash: str) -> Iterator[int]:
    """Fills an empty, migrated database; yields after each invoice how many there are.

    `invoices` are those made by hand; the shops' orders come on top.
    """
    desk = Desk(sessions, now, random.Random(1517))  # noqa: S311 - a demo, not a secret
    staff = _staff(desk, password_hash)
    sellers = _sellers(desk)
    courses, dues, rimouski = (stock(desk, goods) for goods in (COURSES, DUES, RIMOUSKI))
    customers = _customers(desk, sellers, password_hash)
    let_in(desk, customers, password_hash)
    shops = open_shops(desk, sellers, courses, rimouski)
    made = 0
    for made in sell(desk, shops, customers, staff):
        yield made
    items = {Region.FR: dues.lines, Region.QC: rimouski.lines}
    for by_hand in _invoices(desk, customers, sellers, items, staff, invoices):
        yield made + by_hand
    tell(desk, customers, sellers, staff)
    _drafts(desk, customers, sellers, items)
    campaigns(desk, sellers[Region.FR], staff, review=dues.lines[2], dues=dues.lines[0])


def _staff(desk: Desk, password_hash: str) -> Actor:
    """One user per role; the sales user makes the invoices."""
    with transaction(desk.sessions) as session:
        contact = f"tresorerie@{DOMAIN}"
        session.add(Organisation(id=1, name="Les Ateliers de la Lettre", contact_email=contact, is_demo=True))
        load_reference(session)
        ids = {}
        for email, role, name, language in SIGN_INS:
            user = accounts.add_user(session, COMMAND, desk.now, email, role, name, language)
            user.password_hash = password_hash
            ids[role] = user.id
    return Actor(ActorKind.user, ids[Role.sales])


def _sellers(desk: Desk) -> dict[Region, int]:
    """The association in Chambéry and its sister in Rimouski."""
    french = Seller(
        name="Les Ateliers de la Lettre", legal_form="Association loi 1901", street="12 rue des Imprimeurs",
        postcode="73000", city="Chambéry", email=f"tresorerie@{DOMAIN}", phone="04 79 00 00 00", region=Region.FR,
        currency=Currency.EUR, tax_status=TaxStatus.vat_registered, timezone="Europe/Paris", siret="99900001100018",
        rna="W732004567", vat_number="FR66999000011", iban="FR7630006000011234567890189", bic="AGRIFRPP",
        bank_holder="Les Ateliers de la Lettre",
        cheque="Les Ateliers de la Lettre",
        mail_from=f"factures@{DOMAIN}",
    )  # fmt: skip
    quebec = Seller(
        name="Les Ateliers de la Lettre, Rimouski", legal_form="Organisme sans but lucratif", country="CA",
        street="218, rue de l’Évêché Ouest", postcode="G5L 4H8", city="Rimouski", province="Québec",
        email=f"comptabilite@{DOMAIN}", phone="418 555-0117", region=Region.QC, currency=Currency.CAD,
        tax_status=TaxStatus.gst_qst_registered, timezone="America/Toronto", neq="1171234567",
        interac=f"comptabilite@{DOMAIN}", mail_from=f"factures@{DOMAIN}", paper="letter", window="left",
    )  # fmt: skip
    with transaction(desk.sessions) as session:
        session.add_all([french, quebec])
        session.flush()
        for code, number in (("TPS", "812345678RT0001"), ("TVQ", "1212345678TQ0001")):
            tax = session.scalars(select(Tax).where(Tax.code == code)).one()
            session.add(TaxRegistration(seller_id=quebec.id, tax_id=tax.id, number=number))
        for seller, format in ((french, "F{year}-{n:05}"), (quebec, "Q{year}-{n:05}")):
            session.add(Series(seller_id=seller.id, use=Use.manual, mode=Mode.official, format=format))
        return {Region.FR: french.id, Region.QC: quebec.id}


def _customers(desk: Desk, sellers: dict[Region, int], password_hash: str) -> list[Buyer]:
    """Members and contacts; two of the members can sign in."""
    buyers = []
    for person in PEOPLE:
        with transaction(desk.sessions) as session:
            joined = datetime(2016, 1, 4, 9) + timedelta(days=desk.dice.randint(0, 360))  # noqa: DTZ001 - naive UTC
            content = _content(person, sellers[person.region])
            customer = add_customer(session, COMMAND, joined, content)
            if person.member:
                make_member(session, COMMAND, joined, customer.id, "")
            if person.signs_in:
                _let_in(session, desk.now, customer, password_hash)
            buyers.append(
                Buyer(
                    customer.id,
                    customer.name,
                    person.region,
                    bool(person.email),
                    person.bounces,
                    bool(person.organisation),
                    person.signs_in,
                )
            )
    return buyers


def _content(person: Person, seller_id: int) -> CustomerContent:
    quebec = person.region is Region.QC
    return CustomerContent(
        kind="person" if person.last else "organisation", first_name=person.first, last_name=person.last,
        organisation_name=person.organisation, email=person.email, phone=person.phone, street=person.street,
        postcode=person.postcode, city=person.city, province="Québec" if quebec else "",
        country="CA" if quebec else "FR",
        language=person.language, professional=bool(person.organisation) and not person.last, siren=person.siren,
        seller_id=seller_id,
    )  # fmt: skip


def _let_in(session: Session, now: datetime, customer: Customer, password_hash: str) -> None:
    user: User = accounts.add_user(session, COMMAND, now, customer.email, Role.member, customer.name, customer.language)
    user.password_hash = password_hash
    link_user(session, COMMAND, now, customer.id, user.id)


def _moments(desk: Desk, count: int) -> list[datetime]:
    """Working hours over three years, in order, the last ones in these days."""
    span = timedelta(days=3 * 365)
    days = sorted(desk.dice.random() ** 0.8 for _ in range(count))
    return [
        datetime.combine((desk.now - span + span * share).date(), time(9 + n % 8, n * 7 % 60))
        for n, share in enumerate(days)
    ]


def _invoices(
    desk: Desk,
    buyers: list[Buyer],
    sellers: dict[Region, int],
    items: dict[Region, tuple[LineContent, ...]],
    staff: Actor,
    count: int,
) -> Iterator[int]:
    """Invoices in the order of their dates: most paid, some due, some overdue, about half e-mailed."""
    moments = _moments(desk, count)
    for n, moment in enumerate(moments, start=1):
        moment = min(moment, desk.now)
        buyer = desk.dice.choice(buyers)
        with transaction(desk.sessions) as session:
            made = _make(session, desk, buyer, sellers[buyer.region], items[buyer.region], staff, moment)
        if made.delivery_id is not None:
            _post(desk, made.delivery_id, buyer.bounces and n > count * 2 // 3, moment + timedelta(minutes=1))
        _pay(desk, made, staff, moment, recent=(desk.now - moment).days < 25)
        yield n


def _make(
    session: Session,
    desk: Desk,
    buyer: Buyer,
    seller_id: int,
    items: Sequence[LineContent],
    staff: Actor,
    moment: datetime,
) -> Finalised:
    lines = tuple(desk.dice.sample(items, desk.dice.choice((1, 1, 1, 2, 2, 3, 4))))
    content = DraftContent(lines=lines, made_out_to=MadeOutTo.organisation if buyer.organisation else MadeOutTo.person)
    draft = save_draft(session, staff, moment, buyer.customer_id, seller_id, content, secrets.token_urlsafe(16))
    email = buyer.has_email and desk.dice.random() < 0.5
    return finalise(
        session, staff, moment, draft.id, draft.revision, draft.total_cents, email=email, domain=DOMAIN,
        shown=fingerprint(session, draft.id, moment),
    )  # fmt: skip


def _post(desk: Desk, delivery_id: int, refused: bool, moment: datetime) -> None:
    """What a worker and a mail server would have done at the time."""
    with transaction(desk.sessions) as session:
        taken = claim(session, moment, 180, only=delivery_id)
    if taken is None:
        return
    with transaction(desk.sessions) as session:
        if refused:
            settle_failed(session, taken, "550 5.1.1 User unknown", "refused", moment)
        else:
            settle_sent(session, taken, "250 2.0.0 OK", moment)


def _pay(desk: Desk, made: Finalised, staff: Actor, moment: datetime, recent: bool) -> None:
    chance = 0.35 if recent else 0.965
    if desk.dice.random() > chance:
        return
    paid = min(moment + timedelta(days=desk.dice.randint(1, 28)), desk.now)
    method = desk.dice.choice(
        (PaymentMethod.transfer, PaymentMethod.transfer, PaymentMethod.cheque, PaymentMethod.card)
    )
    content = PaymentContent(method, paid.date() - timedelta(days=1 if paid.date() > moment.date() else 0))
    with transaction(desk.sessions) as session:
        record_payment(session, staff, paid, made.invoice_id, content, secrets.token_urlsafe(16))


def _drafts(
    desk: Desk, buyers: list[Buyer], sellers: dict[Region, int], items: dict[Region, tuple[LineContent, ...]]
) -> None:
    """Three drafts that somebody has begun."""
    for buyer in buyers[:3]:
        with transaction(desk.sessions) as session:
            content = DraftContent(lines=(items[buyer.region][0],))
            save_draft(
                session, COMMAND, desk.now, buyer.customer_id, sellers[buyer.region], content, secrets.token_urlsafe(16)
            )
