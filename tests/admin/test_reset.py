"""« Réinitialiser la boutique »: drafts go for whoever types the phrase; what stands stays; a demo is rebuilt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from config.settings import Settings
from invoicing.accounts.models import Role, User
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import JournalEntry
from invoicing.numbering import Mode, Source
from invoicing.sellers.models import Organisation
from lettrine.resetting import Plan, Rebuilder
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from tests.factories import (
    make_customer,
    make_draft,
    make_invoice,
    make_order,
    make_organisation,
    make_seller,
    make_shop,
    make_user,
)

PAGE, PHRASE = "/ventes/reinitialiser", "supprimer les brouillons"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.browser_of(Role.admin)


def send(desk: Desk, browser: Browser, phrase: str = PHRASE, **over: str) -> TestResponse:
    form = {"what": "drafts", "phrase": phrase, "seen": hidden(browser.get(PAGE).text, "seen"), **over}
    answer = browser.send(PAGE, form)
    desk.session.rollback()
    return answer


def test_it_shows_first_what_would_go(desk: Desk, admin: Browser) -> None:
    for _ in range(2):
        desk.draft()
    page = admin.get(PAGE).text
    assert "2 brouillons seraient supprimés." in page and "432,00\xa0€" in page and "Rien d’autre n’est jamais" in page
    assert desk.count(Invoice) == 2


def test_the_phrase_deletes_the_drafts_and_nothing_else(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        kept = make_invoice(desk.session, desk.customer, desk.seller).invoice_id
        shop = make_shop(desk.session, desk.seller, mode=Mode.official, source=Source.generated)
        order = make_order(desk.session, shop, desk.customer, status=Status.draft).id
    desk.draft()
    assert "1 commande de boutique" in admin.get(PAGE).text
    assert send(desk, admin, " Supprimer  LES brouillons ").status_code == 303
    assert set(desk.session.scalars(select(Invoice.id))) == {kept, order}
    actions = list(desk.session.scalars(select(JournalEntry.action).order_by(JournalEntry.position)))
    assert actions[-2:] == ["invoice.draft_deleted", "reset.drafts_deleted"]


@pytest.mark.parametrize("typed", ["", "oui", "supprimer les brouillons !"])
def test_another_phrase_deletes_nothing(desk: Desk, admin: Browser, typed: str) -> None:
    desk.draft()
    answer = send(desk, admin, typed)
    assert answer.status_code == 422 and "Rien n’a été supprimé" in answer.text
    assert desk.count(Invoice) == 1


def test_a_draft_that_came_since_is_shown_before_anything_goes(desk: Desk, admin: Browser) -> None:
    desk.draft()
    seen = hidden(admin.get(PAGE).text, "seen")
    desk.draft()
    answer = admin.send(PAGE, {"what": "drafts", "phrase": PHRASE, "seen": seen})
    assert answer.status_code == 409 and "2 brouillons" in answer.text
    assert desk.count(Invoice) == 2


def test_sent_twice_it_deletes_once(desk: Desk, admin: Browser) -> None:
    desk.draft()
    seen = hidden(admin.get(PAGE).text, "seen")
    for _ in range(2):
        assert admin.send(PAGE, {"what": "drafts", "phrase": PHRASE, "seen": seen}).status_code == 303
    assert desk.count(Invoice) == 0


@pytest.mark.parametrize("role", [Role.reader, Role.sales, Role.member])
def test_only_administrators_reset(desk: Desk, role: Role) -> None:
    desk.draft()
    browser = desk.browser_of(role)
    assert browser.get(PAGE).status_code == 403
    assert browser.send(PAGE, {"phrase": PHRASE}, form="/preferences").status_code == 403
    assert desk.count(Invoice) == 1


def test_a_database_that_is_no_demo_is_never_rebuilt(desk: Desk, admin: Browser) -> None:
    desk.draft()
    assert "Démonstration" not in admin.get(PAGE).text
    answer = send(desk, admin, "reconstruire la démonstration", what="demo")
    assert answer.status_code == 409 and "pas été faite comme démonstration" in answer.text


def test_a_demo_is_rebuilt_while_it_runs_and_whoever_asked_stays_signed_in(desk: Desk, settings: Settings) -> None:
    with desk.writing():
        admin = make_user(desk.session, Role.admin, email="admin@demo.example", password_hash="kept")
        desk.session.get_one(Organisation, 1).is_demo = True
        make_invoice(desk.session, desk.customer, desk.seller)
    browser: Browser = desk.app.test_client().become(admin)  # type: ignore[attr-defined]
    rebuilder = Rebuilder(settings, lambda: Plan(small, 3))
    desk.app.extensions["lettrine"] = replace(desk.app.extensions["lettrine"], rebuilder=rebuilder)
    desk.session.rollback()
    assert send(desk, browser, "reconstruire", what="demo").status_code == 422
    assert send(desk, browser, "Reconstruire la demonstration", what="demo").status_code == 303
    assert rebuilder.thread is not None
    rebuilder.thread.join(60)
    page = browser.get(PAGE)
    assert page.status_code == 200 and "La démonstration a été reconstruite" in page.text
    desk.session.rollback()
    desk.session.expire_all()
    assert desk.session.scalars(select(Invoice.status)).all() == [Status.draft]
    assert desk.session.scalars(select(User.password_hash).where(User.email == "admin@demo.example")).one() == "kept"
    last = desk.session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc()).limit(1)).one()
    assert (last.action, last.actor_id) == ("demo.rebuilt", desk.session.scalars(select(User.id)).one())


def small(sessions: object, now: datetime, hashed: str) -> object:
    """A demo of one draft."""
    with sessions() as session:  # type: ignore[operator]
        make_organisation(session, is_demo=True)
        make_user(session, Role.admin, email="admin@demo.example", password_hash=hashed)
        make_draft(session, make_customer(session), make_seller(session))
        session.commit()
    yield 3
