"""Every address, for everybody: one table says what each role gets; an address that isn't in it fails.

Own objects, foreign ones, missing ones; GET, HEAD and POST; with and without the form's token. On both engines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
import time_machine
from flask import Flask, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from invoicing.campaigns.service import CampaignContent, begin
from invoicing.customers.access import link_user
from invoicing.customers.models import AccessRight
from invoicing.delivery.models import Delivery
from invoicing.imports.models import ImportRow, RunKind, RunState
from invoicing.imports.service import start
from invoicing.invoices.models import Status
from invoicing.journal import COMMAND
from invoicing.lettering.models import PlannedLettering
from invoicing.numbering import Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.shop.keys import add_key
from invoicing.shop.models import Category, Shop
from invoicing.tables import metadata
from tests.conftest import Browser
from tests.factories import (
    NOW,
    TODAY,
    make_customer,
    make_draft,
    make_invoice,
    make_item,
    make_order,
    make_seller,
    make_shop,
    make_user,
)

IN = "sent to sign in"
DID = "did it, or said why not"  # the door let the person through; what the form lacks is another test's matter
ROLES: Final = (None, Role.member, Role.reader, Role.sales, Role.admin)
Answers = tuple[int | str, ...]  # one per role, in their order

EVERYBODY: Final = (200, 200, 200, 200, 200)
SIGNED_IN: Final = (IN, 200, 200, 200, 200)
ANYBODY_DOES: Final = (DID, DID, DID, DID, DID)
SIGNED_IN_DO: Final = (IN, DID, DID, DID, DID)
STAFF: Final = (IN, 403, 200, 200, 200)
SALES: Final = (IN, 403, 403, 200, 200)
ADMIN: Final = (IN, 403, 403, 403, 200)
STAFF_DO: Final = (IN, 403, DID, DID, DID)
SALES_DO: Final = (IN, 403, 403, DID, DID)
ADMIN_DOES: Final = (IN, 403, 403, 403, DID)
KEYED: Final = (401, 401, 401, 401, 401)  # for a shop's key alone: whoever is signed in has none
ABSENT: Final = (404, 404, 404, 404, 404)
UNFORMED: Final[dict[object, int]] = {KEYED: 401, ABSENT: 404}  # what has no form, nor its token


@dataclass(frozen=True)
class Door:
    """What each role gets at one address; None: the method isn't there (405 for everybody)."""

    get: Answers | None = None
    post: Answers | None = None


ENTERING: Final = ("signin.enter", "signin.code", "signin.link", "signin.second_factor", "signin.passkey")
DOORS: Final[dict[str, Door]] = {
    "static": Door(EVERYBODY),
    "site.home": Door((IN, 302, 302, 302, 302)),
    "site.language": Door((302, 302, 302, 302, 302)),
    "site.preferences": Door(EVERYBODY, (DID, DID, DID, DID, DID)),
    "signin.enter": Door((200, 302, 302, 302, 302), (DID, DID, DID, DID, DID)),
    "signin.ask_code": Door(None, ANYBODY_DOES),
    "signin.code": Door((IN, 302, 302, 302, 302), ANYBODY_DOES),  # this browser has asked for none
    "signin.link": Door((410, 410, 410, 410, 410), (410, 410, 410, 410, 410)),
    "signin.passkey_options": Door(None, ANYBODY_DOES),
    "signin.passkey": Door(None, ANYBODY_DOES),
    "signin.second_factor": Door((IN,) * 5, ANYBODY_DOES),  # for sessions that are half open; see tests/web
    "signin.enrol": Door((IN,) * 5, ANYBODY_DOES),
    "signin.enrol_passkey_options": Door(None, ANYBODY_DOES),
    "signin.enrol_passkey": Door(None, ANYBODY_DOES),
    "signin.confirm": Door(SIGNED_IN, SIGNED_IN_DO),
    "signin.waiting_form": Door((IN, 302, 302, 302, 302)),
    "signin.confirm_mail": Door(None, SIGNED_IN_DO),
    "signin.confirm_passkey": Door(None, SIGNED_IN_DO),
    "signin.forgotten": Door(EVERYBODY, (DID, DID, DID, DID, DID)),
    "signin.new_password": Door((410, 410, 410, 410, 410), (410, 410, 410, 410, 410)),
    "signin.out": Door(None, (DID, DID, DID, DID, DID)),
    "account.page": Door(SIGNED_IN),
    "account.name": Door(SIGNED_IN, SIGNED_IN_DO),
    "account.password": Door(SIGNED_IN, SIGNED_IN_DO),
    "account.address": Door(SIGNED_IN, SIGNED_IN_DO),
    "account.address_drop": Door(None, SIGNED_IN_DO),
    "account.postal": Door((IN, 200, 404, 404, 404), (IN, DID, 404, 404, 404)),  # the others are linked to nobody
    "account.sessions": Door(SIGNED_IN),
    "account.session_end": Door(None, (IN, 404, 404, 404, 404)),  # one's own: tests/web/test_account.py
    "account.sessions_end": Door(None, SIGNED_IN_DO),
    "account.mails": Door(SIGNED_IN, SIGNED_IN_DO),
    "account.factors": Door(SIGNED_IN),
    "account.totp": Door(SIGNED_IN, SIGNED_IN_DO),
    "account.totp_remove": Door((IN, 404, 404, 404, 404), (IN, 404, 404, 404, 404)),  # there is none
    "account.passkey": Door(SIGNED_IN, SIGNED_IN_DO),
    "account.passkey_options": Door(None, SIGNED_IN_DO),
    "account.passkey_name": Door((IN, 404, 404, 404, 404), (IN, 404, 404, 404, 404)),
    "account.passkey_remove": Door((IN, 404, 404, 404, 404), (IN, 404, 404, 404, 404)),
    "account.codes": Door((IN, 404, 404, 404, 404), (IN, 404, 404, 404, 404)),  # nothing that they would save
    "proving.address_proved": Door((410, 410, 410, 410, 410), (410, 410, 410, 410, 410)),
    "portal.invoices": Door(SIGNED_IN),
    "portal.invoice": Door((IN, 200, 404, 404, 404)),  # the member's own; the others are linked to nobody
    "portal.invoice_pdf": Door((IN, 200, 404, 404, 404)),
    "portal.invoice_xml": Door((IN, 200, 404, 404, 404)),
    "portal.documents_zip": Door((IN, 200, 302, 302, 302)),  # nothing is theirs: back to the list, which says so
    "portal.statement": Door(SIGNED_IN),
    "portal.statement_file": Door((IN, 200, 404, 404, 404)),
    "portal.invoice_mail": Door(None, (IN, DID, 404, 404, 404)),  # the setting is off, and it says so
    "portal.people": Door((IN, 302, 404, 404, 404)),  # to the only organisation that the member manages
    "portal.people_of": Door((IN, 200, 404, 404, 404)),
    "portal.person_invite": Door(None, (IN, DID, 404, 404, 404)),
    "portal.person_again": Door(None, (IN, DID, 404, 404, 404)),
    "portal.person_right": Door((IN, 200, 404, 404, 404), (IN, DID, 404, 404, 404)),
    "portal.person_withdraw": Door((IN, 200, 404, 404, 404), (IN, DID, 404, 404, 404)),
    "returns.notice": Door(None, ABSENT),  # no token is set
    "api.page": Door(EVERYBODY),
    "api.document": Door(EVERYBODY),
    "api.me": Door(KEYED),
    "api.items": Door(KEYED),
    "api.customer": Door(KEYED),
    "api.customer_put": Door(),
    "api.customer_post": Door(None, KEYED),
    "api.orders": Door(KEYED),
    "api.order_new": Door(None, KEYED),
    "api.payment_new": Door(None, KEYED),
    "api.event_new": Door(None, KEYED),
    "admin.hub": Door(STAFF),
    "admin.find": Door((IN, 403, 302, 302, 302)),
    "admin.invoices": Door(STAFF),
    "admin.invoices_totals": Door(STAFF),
    "admin.invoices_export": Door(STAFF),
    "admin.customers": Door(STAFF),
    "admin.customers_export": Door(STAFF),
    "admin.customer_new": Door(SALES, SALES_DO),
    "admin.customer": Door(STAFF),
    "admin.statement": Door(STAFF),
    "admin.statement_file": Door(STAFF),
    "admin.customer_edit": Door(SALES, SALES_DO),
    "admin.customer_member": Door(SALES, SALES_DO),
    "admin.customer_invite": Door(None, SALES_DO),
    "admin.customer_link": Door(None, SALES_DO),
    "admin.customer_unlink": Door(SALES, SALES_DO),
    "admin.customer_right": Door(None, SALES_DO),
    "admin.customer_remind": Door(None, SALES_DO),
    "admin.customer_merge": Door(SALES),
    "admin.customer_merge_with": Door(SALES, SALES_DO),
    "admin.draft_new": Door(SALES, SALES_DO),
    "admin.draft": Door(STAFF),
    "admin.draft_edit": Door(SALES, SALES_DO),
    "admin.draft_pdf": Door(STAFF),
    "admin.draft_finalise": Door(None, SALES_DO),
    "admin.draft_delete": Door(SALES, SALES_DO),
    "admin.invoice": Door(STAFF),
    "admin.order": Door(STAFF),
    "admin.invoice_done": Door(STAFF),
    "admin.invoice_pdf": Door(STAFF),
    "admin.invoice_xml": Door(STAFF),
    "admin.letter": Door(None, SALES_DO),
    "admin.unletter": Door((IN, 403, 403, 302, 302), SALES_DO),  # nothing to take away: back to the invoice
    "admin.payment_new": Door(SALES, SALES_DO),
    "admin.payment_undo": Door(SALES, SALES_DO),
    "admin.refund_new": Door((IN, 403, 403, 302, 302), SALES_DO),  # nothing is owed back: back to the invoice
    "admin.set_against": Door((IN, 403, 403, 302, 302), SALES_DO),
    "admin.credit_new": Door(SALES, SALES_DO),
    "admin.move": Door(SALES, SALES_DO),
    "admin.invoice_checked": Door(None, SALES_DO),
    "admin.imports": Door(STAFF),
    "admin.import_orders": Door(ADMIN, ADMIN_DOES),
    "admin.import_customers": Door(SALES, SALES_DO),
    "admin.import_run": Door(STAFF),  # a payment provider's log; other kinds are in tests/admin/test_imports.py
    "admin.import_apply": Door(None, STAFF_DO),  # a log is never applied, and it says so
    "admin.import_drop": Door(STAFF, STAFF_DO),
    "admin.import_export": Door(STAFF),
    "admin.import_letterings": Door(SALES, SALES_DO),
    "admin.import_columns": Door(None, SALES_DO),
    "admin.import_columns_again": Door(None, SALES_DO),
    "admin.import_undo": Door(SALES, SALES_DO),
    "admin.import_take": Door(None, SALES_DO),
    "admin.import_letter_one": Door(SALES, SALES_DO),
    "admin.deliveries": Door(STAFF),
    "admin.deliveries_export": Door(STAFF),
    "admin.delivery_retry": Door(None, SALES_DO),
    "admin.deliveries_many": Door(SALES, SALES_DO),
    "admin.delivery_close": Door(None, SALES_DO),
    "admin.invoice_send": Door(None, SALES_DO),
    "admin.work_list": Door(STAFF),
    "admin.work_letter": Door(None, SALES_DO),
    "admin.ledger": Door(STAFF, ADMIN_DOES),
    "admin.ledger_file": Door((IN, 403, 404, 404, 404)),  # none has been made yet
    "admin.proof": Door(STAFF),
    "admin.proof_run": Door(None, STAFF_DO),
    "admin.proof_pdf": Door((IN, 403, 404, 404, 404)),  # nothing has been verified yet
    "admin.proof_pdf_check": Door(None, STAFF_DO),
    "admin.traces": Door(STAFF),
    "admin.traces_export": Door(STAFF),
    "admin.traces_scan": Door(None, STAFF_DO),
    "admin.reset": Door(ADMIN, ADMIN_DOES),
    "admin.settings": Door(ADMIN, ADMIN_DOES),
    "admin.users": Door(ADMIN),
    "admin.users_export": Door(ADMIN),
    "admin.user_new": Door(ADMIN, ADMIN_DOES),
    "admin.user": Door(ADMIN),
    "admin.user_role": Door(None, ADMIN_DOES),
    "admin.user_disable": Door(ADMIN, ADMIN_DOES),
    "admin.user_enable": Door(None, ADMIN_DOES),
    "admin.user_factors": Door(ADMIN, ADMIN_DOES),
    "admin.user_sessions": Door(None, ADMIN_DOES),
    "admin.user_invite": Door(None, ADMIN_DOES),
    "admin.seller_new": Door(ADMIN, ADMIN_DOES),
    "admin.seller": Door(ADMIN, ADMIN_DOES),
    "admin.seller_logo": Door((IN, 403, 403, 403, 404), ADMIN_DOES),  # there is none
    "admin.seller_logo_drop": Door(None, ADMIN_DOES),
    "admin.shops": Door(STAFF),
    "admin.shops_export": Door(STAFF),
    "admin.shop_new": Door(ADMIN, ADMIN_DOES),
    "admin.shop": Door(STAFF),
    "admin.shop_edit": Door(ADMIN, ADMIN_DOES),
    "admin.shop_key_new": Door(None, ADMIN_DOES),
    "admin.shop_key_withdraw": Door(ADMIN, ADMIN_DOES),
    "admin.units": Door(STAFF),
    "admin.units_export": Door(STAFF),
    "admin.catalogue_new": Door(SALES, SALES_DO),
    "admin.catalogue": Door(STAFF),
    "admin.catalogue_export": Door(STAFF),
    "admin.catalogue_edit": Door(SALES, SALES_DO),
    "admin.catalogue_delete": Door(SALES, SALES_DO),
    "admin.category_new": Door(SALES, SALES_DO),
    "admin.category": Door(SALES, SALES_DO),
    "admin.category_delete": Door(SALES, SALES_DO),
    "admin.item_new": Door(SALES, SALES_DO),
    "admin.item": Door(SALES, SALES_DO),
    "admin.item_delete": Door(SALES, SALES_DO),
    "admin.taxes": Door(STAFF),
    "admin.taxes_export": Door(STAFF),
    "admin.tax_new": Door(ADMIN, ADMIN_DOES),
    "admin.tax": Door(STAFF, ADMIN_DOES),
    "admin.tax_rate": Door(None, ADMIN_DOES),
    "admin.tax_rate_drop": Door(ADMIN, ADMIN_DOES),
    "admin.tax_delete": Door(ADMIN, ADMIN_DOES),
    "admin.tax_set_new": Door(ADMIN, ADMIN_DOES),
    "admin.tax_set": Door(ADMIN, ADMIN_DOES),
    "admin.tax_set_delete": Door(ADMIN, ADMIN_DOES),
    "admin.series": Door(ADMIN),
    "admin.series_new": Door(ADMIN, ADMIN_DOES),
    "admin.series_use": Door((IN, 403, 403, 403, 302), ADMIN_DOES),  # in use already: back to the list
    "admin.series_retire": Door((IN, 403, 403, 403, 302), ADMIN_DOES),  # the only one
    "admin.campaigns": Door(STAFF),
    "admin.campaign_new": Door(SALES, SALES_DO),
    "admin.campaign": Door(STAFF),
    "admin.campaign_members": Door(SALES, SALES_DO),
    "admin.campaign_invoice": Door(SALES, SALES_DO),
    "admin.campaign_export": Door(STAFF),
    "admin.campaign_judge": Door(None, SALES_DO),
    "admin.campaign_make": Door(None, SALES_DO),
    "admin.campaign_pause": Door(None, SALES_DO),
    "admin.campaign_go_on": Door(None, SALES_DO),
    "admin.campaign_drop": Door(SALES, SALES_DO),
}
POSTED: Final = [endpoint for endpoint, door in DOORS.items() if door.post]
READ_TOO: Final = ("api.customer_put", "api.customer_post", "api.order_new")  # their addresses are read as well
SHARED: Final = {"admin.work_letter": "admin.work_list"}  # a form sent to the address of its page: who asks gets that
OF_LETTERINGS: Final = tuple(
    f"admin.import_{what}" for what in ("columns", "columns_again", "undo", "take", "letter_one")
)
OF_PEOPLE: Final = ("people_of", "person_invite", "person_again", "person_right", "person_withdraw")
OPEN: Final = ("static", "site.language")  # with an argument, but for everybody
MISSING: Final = {"catalogue_id": 99_999, "category_id": 99_999, "item_id": 99_999, "shop_id": 99_999,
                  "key_id": 99_999, "number": "F2026-99999", "invoice_id": 99_999, "customer_id": 99_999,
                  "access_id": 99_999, "other_id": 99_998, "delivery_id": 99_999, "run_id": 99_999, "line": 99_999,
                  "seller_id": 99_999, "series_id": 99_999, "payment_id": 99_999, "wanted": "cancelled",
                  "tax_id": 99_999, "rate_id": 99_999, "set_id": 99_999, "token": "x", "code": "tlh",
                  "filename": "nothing.css", "kind": "exe", "export_number": 99_999, "campaign_id": 99_999,
                  "session_id": 99_999, "passkey_id": 99_999, "user_id": 99_999}  # fmt: skip
SUBDUED: Final = {
    "sign_in_session",
    "attempts",
    "document_version",
    "trace",
    "member_visit",
    "running_download",
}  # last seen, tries, what is due, looks, visits, leases


@dataclass(frozen=True)
class World:
    """An installation with one of everything; `own` and `foreign` fill in the addresses."""

    app: Flask
    session: Session
    users: dict[Role, int]
    own: dict[str, object]
    foreign: dict[str, object]
    contact: int
    order: int
    letterings: int
    people: tuple[dict[str, object], dict[str, object]]  # an organisation that the member manages, and a foreign one

    def browser(self, role: Role | None) -> Browser:
        """A browser of somebody with this role, or of a stranger."""
        client: Browser = self.app.test_client()  # type: ignore[assignment]
        return client.become(self.users[role]) if role else client

    def address(self, endpoint: str, values: dict[str, object]) -> str:
        """The address with the arguments that it takes."""
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        if endpoint == "admin.customer_member" and values is not MISSING:
            values = {"customer_id": self.contact}  # a member is one already
        if endpoint in ("admin.order", "admin.move") and values is not MISSING:
            values = {"invoice_id": self.order, "wanted": "cancelled"}  # a draft isn't one
        if endpoint.removeprefix("portal.") in OF_PEOPLE and values is not MISSING:
            values = self.people[values is self.foreign]
        if endpoint in OF_LETTERINGS and values is not MISSING:
            values = {"run_id": self.letterings, "line": 2}
        with self.app.test_request_context():
            return url_for(endpoint, **{name: values[name] for name in rule.arguments}).split("?")[0]

    def takes(self, endpoint: str) -> bool:
        """Whether the address names an object."""
        return any(rule.arguments for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, but for what a GET may write."""
        self.session.rollback()
        tables = (table for table in metadata.sorted_tables if table.name not in SUBDUED)
        return {t.name: sorted(map(tuple, self.session.execute(select(t))), key=repr) for t in tables}


@pytest.fixture
def world(app: Flask, session: Session) -> Iterator[World]:
    with time_machine.travel(NOW.replace(hour=12).isoformat() + "+00:00", tick=False):
        users = {role: make_user(session, role) for role in ROLES if role}
        seller = make_seller(session)
        mine = make_customer(session, users=(users[Role.member],))
        other = make_customer(session, users=(make_user(session, Role.member),))
        invoice = make_invoice(session, mine, seller, email=True)
        foreign = make_invoice(session, other, seller)
        part = PaymentContent(PaymentMethod.cash, TODAY, amount_cents=100)
        own: dict[str, object] = {
            "payment_id": record_payment(session, COMMAND, NOW, invoice.invoice_id, part, "part").id,
            "number": invoice.number, "invoice_id": make_draft(session, mine, seller).id, "customer_id": mine.id,
            "access_id": mine.access[0].id, "seller_id": seller.id, "token": "x", "code": "en", "filename": "app.css",
            "delivery_id": session.scalars(select(Delivery.id)).first(), "series_id": 1, "tax_id": 1, "set_id": 1,
            "rate_id": 1, "kind": "csv", "session_id": 99_999, "passkey_id": 99_999,
            "other_id": other.id, "export_number": 1,
            "user_id": users[Role.reader].id,
        }  # fmt: skip
        log = start(session, COMMAND, NOW, RunKind.provider_log, "journal.csv", b"a;b", None, "log")
        own["run_id"] = log.id
        elsewhere = {**own, "number": foreign.number, "access_id": other.access[0].id}
        ids, contact = {role: user.id for role, user in users.items()}, make_customer(session, member=False).id
        shop = make_shop(session, seller, mode=Mode.official, source=Source.generated)
        order = make_order(session, shop, mine, status=Status.pending).id  # not paid yet: without a number
        own |= goods_of(session, shop)
        letterings = letterings_of(session, invoice.invoice_id)
        begun = begin(session, COMMAND, NOW, CampaignContent("Cotisations", seller.id, TODAY), "campaign")
        own["campaign_id"] = begun.id
        people = (
            of_organisation(session, users[Role.member]),
            of_organisation(session, make_user(session, Role.member)),
        )
        session.commit()
        yield World(app, session, ids, own, elsewhere, contact, order, letterings, people)


def of_organisation(session: Session, manager: User) -> dict[str, object]:
    """An organisation with a manager, and somebody else who sees its invoices."""
    reads = make_user(session, Role.member)
    firm = make_customer(session, kind="organisation", organisation_name="Reliure & Cie", users=(reads,))
    link_user(session, COMMAND, NOW, firm.id, manager.id, AccessRight.manages)
    return {"customer_id": firm.id, "access_id": firm.access[0].id}


def letterings_of(session: Session, invoice_id: int) -> int:
    """An import of letterings that was applied, with a row whose amount isn't the invoice's."""
    run = start(session, COMMAND, NOW, RunKind.letterings, "compta.csv", b"a;b", None, "letterings")
    run.state, run.applied_at, run.counts = RunState.applied, NOW, '{"amount_differs": 1, "lettered": 1}'
    facts = '{"amount_cents": 100, "currency": "EUR", "customer": "", "day": "", "number": "", "total_cents": 200}'
    row = ImportRow(run_id=run.id, line=2, verdict="amount_differs", subject="FA-1", facts=facts, invoice_id=invoice_id)
    done = ImportRow(run_id=run.id, line=3, verdict="lettered", subject="FA-2", facts=facts, invoice_id=invoice_id)
    planned = PlannedLettering(run_id=run.id, line=3, invoice_id=invoice_id, typed="FA-2", folded="fa-2")
    session.add_all((row, done, planned))
    session.flush()
    return run.id


def goods_of(session: Session, shop: Shop) -> dict[str, object]:
    """Something to sell, and a key to sell it with."""
    category = Category(catalogue=shop.catalogue, name="Cours", position=1)
    session.add(category)
    key, _secret = add_key(session, COMMAND, NOW, shop.id, "site", ["read"])
    item = make_item(session, shop.catalogue)
    return {"catalogue_id": shop.catalogue_id, "category_id": category.id, "item_id": item.id, "shop_id": shop.id,
            "key_id": key.id}  # fmt: skip


def said(answer: TestResponse) -> int | str:
    """The answer in the words of the table."""
    if answer.status_code in (302, 303) and (answer.location or "").split("?")[0] == "/connexion":
        return IN
    return answer.status_code


def fits(wanted: int | str, answer: TestResponse) -> bool:
    if wanted == DID:
        return answer.status_code in (200, 302, 303, 409, 422)
    return said(answer) == wanted


def body(answer: TestResponse) -> str:
    """The page without what is new on every one: the form's token."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)


def for_missing(endpoint: str, wanted: int | str) -> int | str:
    """What is behind a door is missing only to whoever may pass it."""
    passes = wanted in (200, 302, DID)
    return 404 if passes else wanted


def test_every_address_is_declared(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(DOORS)


def test_every_method_is_declared(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        methods = rule.methods or set()
        assert methods <= {"GET", "HEAD", "POST", "OPTIONS"} | ({"PUT"} & {rule.endpoint[-3:].upper()}), rule
        assert ("GET" in methods, "POST" in methods) == (
            bool(DOORS[rule.endpoint].get),
            bool(DOORS[rule.endpoint].post),
        )


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says(world: World, role: Role | None) -> None:
    for endpoint, door in DOORS.items():
        shared = DOORS[SHARED[endpoint]].get if endpoint in SHARED else None
        wanted = (door.get or shared or (KEYED if endpoint in READ_TOO else (405,) * 5))[ROLES.index(role)]
        client, address = world.browser(role), world.address(endpoint, world.own)
        for method in ("GET", "HEAD"):
            with client.open(address, method=method) as answer:
                assert fits(wanted, answer), (endpoint, wanted, answer.status)


@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_not_post_changes_nothing(world: World, role: Role | None) -> None:
    before = world.rows()
    for endpoint in POSTED:
        wanted = (DOORS[endpoint].post or (DID,) * 5)[ROLES.index(role)]
        if wanted != DID:
            answer = world.browser(role).send(world.address(endpoint, world.own), form=a_form(role))
            assert fits(wanted, answer), (endpoint, wanted, answer.status)
    assert world.rows() == before


@pytest.mark.parametrize(
    ("endpoint", "role"),
    [(name, role) for name in POSTED for role, said in zip(ROLES, DOORS[name].post or (), strict=True) if said == DID],
)
def test_whoever_may_post_gets_through(world: World, endpoint: str, role: Role | None) -> None:
    answer = world.browser(role).send(world.address(endpoint, world.own), {"email": "x@example.org"}, form=a_form(role))
    assert fits(DID, answer), answer.status


def a_form(role: Role | None) -> str:
    """A page with a token for this browser."""
    return "/preferences" if role else "/connexion"


@pytest.mark.parametrize("role", ROLES)
def test_what_is_missing_is_404_to_whoever_may_look(world: World, role: Role | None) -> None:
    client = world.browser(role)
    for endpoint, door in DOORS.items():
        if not world.takes(endpoint):
            continue
        address, place = world.address(endpoint, MISSING), ROLES.index(role)
        if door.get:
            assert fits(for_missing(endpoint, door.get[place]), client.get(address)), address
        if door.post and endpoint not in ("signin.new_password", "signin.link"):
            answer = client.send(address, form=a_form(role))
            assert fits(for_missing(endpoint, door.post[place]), answer), address


def test_what_is_anothers_answers_exactly_like_what_is_missing(world: World) -> None:
    client = world.browser(Role.member)
    client.get("/preferences")  # the session's token is there from now on
    for endpoint in ("portal.invoice", "portal.invoice_pdf", "portal.invoice_xml", "portal.people_of",
                     "portal.person_right", "portal.person_withdraw"):  # fmt: skip
        foreign = client.get(world.address(endpoint, world.foreign))
        missing = client.get(world.address(endpoint, MISSING))
        assert foreign.status_code == missing.status_code == 404
        assert body(foreign) == body(missing)
        assert {k for k, _v in foreign.headers} == {k for k, _v in missing.headers}


@pytest.mark.parametrize("role", [Role.reader, Role.sales, Role.admin])
def test_staff_have_no_more_in_the_member_zone_than_they_are_linked_to(world: World, role: Role) -> None:
    client = world.browser(role)
    answers = [client.get(world.address("portal.invoice", values)) for values in (world.own, world.foreign, MISSING)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({body(answer) for answer in answers}) == 1


@pytest.mark.parametrize("deed", ["invite", "again", "right", "withdraw"])
def test_a_manager_does_nothing_to_another_organisation(world: World, deed: str) -> None:
    before, client = world.rows(), world.browser(Role.member)
    mine, foreign = world.people
    mixed = {"customer_id": mine["customer_id"], "access_id": foreign["access_id"]}
    form = {"email": "x@example.org", "language": "en", "right": "manages"}
    for values in (foreign, mixed) if deed != "invite" else (foreign,):
        with world.app.test_request_context():
            names = ("customer_id",) if deed == "invite" else ("customer_id", "access_id")
            address = url_for(f"portal.person_{deed}", **{name: values[name] for name in names})
        assert client.send(address, form, form="/preferences").status_code == 404
    assert world.rows() == before


def test_an_access_of_another_customer_is_not_withdrawn_here(world: World) -> None:
    before = world.rows()
    address = world.address("admin.customer_unlink", world.foreign)
    assert world.browser(Role.sales).send(address, form="/preferences").status_code == 404
    assert world.rows() == before


@pytest.mark.parametrize("role", ROLES)
def test_a_form_without_its_token_is_refused_everywhere(world: World, role: Role | None) -> None:
    client = world.browser(role)
    before = world.rows()
    for endpoint in POSTED:
        address = world.address(endpoint, world.own)
        for data in ({}, {"csrf_token": "forged"}):
            answer = client.post(address, data={"email": "x@example.org", **data})
            signed_in_twice = endpoint in ENTERING and role is not None
            refused = UNFORMED.get(DOORS[endpoint].post, 400)
            assert answer.status_code == (302 if signed_in_twice else refused), address
    assert world.rows() == before


@pytest.mark.parametrize("role", [Role.member, Role.admin])
def test_asking_changes_nothing(world: World, role: Role) -> None:
    client = world.browser(role)
    before = world.rows()
    for endpoint, door in DOORS.items():
        if door.get:
            for method in ("HEAD", "GET"):
                client.open(world.address(endpoint, world.own), method=method).close()
    assert world.rows() == before
