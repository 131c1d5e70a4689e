"""« Recevoir par courriel »: the member's own document, to their own address, where the organisation allows it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import rules
from invoicing.accounts.models import User
from invoicing.delivery.models import Delivery
from invoicing.journal import JournalEntry
from invoicing.sellers.models import Organisation, Seller
from tests.conftest import Browser
from tests.factories import make_customer, make_invoice
from tests.portal.conftest import Issue

BUTTON = "Recevoir par courriel"


@pytest.fixture
def allowed(session: Session, seller: Seller) -> None:
    """The setting is on."""
    session.get_one(Organisation, 1).sends_again = True
    session.commit()


def ask(browser: Browser, number: object) -> str:
    """What the page says after the button was pressed."""
    browser.send(f"/mes-factures/{number}/courriel", {}, form="/preferences")
    return browser.get(f"/mes-factures/{number}").text.replace("\xa0", " ")


def mails(session: Session) -> list[Delivery]:
    session.rollback()
    return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def test_it_goes_to_whoever_is_signed_in_in_their_language(
    session: Session, browser: Browser, issue: Issue, elodie: User, allowed: None
) -> None:
    invoice = issue()
    number, address = invoice.number, elodie.email
    assert address in browser.get(f"/mes-factures/{number}").text
    assert f"Le courriel est en route pour {address}." in ask(browser, number)
    (mail,) = mails(session)
    assert (mail.recipient, mail.language, mail.invoice_id) == (address, "fr_FR", invoice.id)
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "delivery.asked_for")).one()
    assert (entry.actor_id, entry.subject_id) == (elodie.id, invoice.id)


def test_asked_twice_it_leaves_once(session: Session, browser: Browser, issue: Issue, allowed: None) -> None:
    number = issue().number
    ask(browser, number)
    assert "Rien n’est parti en double." in ask(browser, number) and len(mails(session)) == 1


def test_unless_it_is_allowed_there_is_no_button(session: Session, browser: Browser, issue: Issue) -> None:
    number = issue().number
    assert BUTTON not in browser.get(f"/mes-factures/{number}").text
    assert "n’est pas permis" in ask(browser, number) and mails(session) == []


def test_anothers_document_answers_like_none(session: Session, browser: Browser, seller: Seller, allowed: None) -> None:
    session.commit()
    foreign = make_invoice(session, make_customer(session), seller).number
    session.commit()
    answers = [browser.send(f"/mes-factures/{n}/courriel", {}, form="/preferences") for n in (foreign, "F2026-09999")]
    assert [answer.status_code for answer in answers] == [404, 404] and mails(session) == []


def test_a_day_has_its_limit(
    session: Session, browser: Browser, issue: Issue, allowed: None, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setitem(rules.LIMITS, "mail_me", (rules.Limit("account", 2, 86_400),))
    numbers = [issue().number for _ in range(3)]
    said = [ask(browser, number) for number in numbers]
    assert "Vous avez demandé beaucoup d’envois" in said[2] and len(mails(session)) == 2
