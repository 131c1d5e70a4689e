"""Moves of status by form: what is offered, what is refused with its sentence, and that refusals change nothing."""

from __future__ import annotations

import html

import pytest

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, Source
from tests.admin.desk import Desk
from tests.factories import NOW, make_invoice, make_order, make_shop
from tests.invoices.test_moving import WORLDS, allowed, put

S = Status


def order_of(desk: Desk, mode: Mode, frozen: bool, lettered: bool) -> Invoice:
    with desk.writing() as session:
        shop = make_shop(session, desk.seller, mode=mode, source=Source.generated)
        order = make_order(session, shop, desk.customer, status=S.complete if frozen else S.draft)
        if lettered:
            letter(session, COMMAND, NOW, order.id, "FA-1", 0)
    return order


def address(order: Invoice, wanted: Status) -> str:
    return f"/ventes/commandes/{order.id}/etat/{wanted.value}"


@pytest.mark.parametrize(("mode", "frozen", "lettered"), WORLDS)
def test_every_move_that_is_not_allowed_is_refused_by_form_too(
    desk: Desk, mode: Mode, frozen: bool, lettered: bool
) -> None:
    order = order_of(desk, mode, frozen, lettered)
    token = desk.browser.token("/preferences")
    for now in S:
        if now is S.draft and frozen:
            continue
        with desk.writing():
            put(order, now)
        entries = desk.count(JournalEntry)
        for wanted in S:
            if allowed(mode, frozen, lettered, now, wanted, order.remaining_cents > 0):
                continue
            values = {"csrf_token": token, "revision": order.revision}
            answer = desk.browser.post(address(order, wanted), data=values)
            assert answer.status_code in (409, 422), (now, wanted)
            assert 'role="alert"' in answer.text and "Ce n’est pas possible ainsi" not in html.unescape(answer.text)
        desk.session.rollback()
        desk.session.expire_all()
        assert (order.status, desk.count(JournalEntry)) == (now, entries)


def test_the_page_offers_what_is_possible_and_says_what_it_does(desk: Desk) -> None:
    order = order_of(desk, Mode.portal_reference, False, False)
    page = html.unescape(desk.browser.get(f"/ventes/commandes/{order.id}").text)
    for wanted in (S.placed, S.pending, S.failed, S.cancelled):
        assert address(order, wanted) in page
    assert address(order, S.complete) not in page and "Elle ne compte plus dans les ventes" in page
    question = html.unescape(desk.browser.get(address(order, S.pending)).text)
    assert "Elle reçoit son numéro" in question and 'name="revision"' in question


def test_a_move_is_made_once_and_leads_to_the_document(desk: Desk) -> None:
    order = order_of(desk, Mode.portal_reference, False, False)
    values = {"revision": order.revision}
    answers = [desk.send(address(order, S.pending), values, "/preferences") for _ in range(2)]
    desk.session.expire_all()
    assert order.status is S.pending and order.number
    assert [answer.location for answer in answers] == [f"/ventes/factures/{order.number}"] * 2
    answer = desk.send(address(order, S.cancelled), values, "/preferences")
    assert answer.status_code == 409 and "Quelqu’un d’autre a changé" in html.unescape(answer.text)


def test_an_official_invoice_says_that_a_credit_note_corrects_it(desk: Desk) -> None:
    with desk.writing() as session:
        made = make_invoice(session, desk.customer, desk.seller)
    page = html.unescape(desk.browser.get(f"/ventes/factures/{made.number}").text)
    assert "Une facture officielle ne s’annule pas" in page and f"/ventes/factures/{made.number}/avoir" in page
    answer = desk.browser.get(f"/ventes/commandes/{made.invoice_id}/etat/cancelled")
    assert answer.status_code == 409 and "Une facture officielle ne s’annule pas" in html.unescape(answer.text)


def test_a_lettered_invoice_is_not_cancelled_edited_or_deleted(desk: Desk) -> None:
    order = order_of(desk, Mode.portal_reference, True, True)
    with desk.writing():
        put(order, S.pending)
    page = html.unescape(desk.browser.get(f"/ventes/factures/{order.number}").text)
    assert "la comptabilité la connaît" in page and "Délettrez-la d’abord" in page
    assert address(order, S.cancelled) not in page
    assert "payée : son lettrage reste" in page.replace("\u00a0", " ")
    for path in ("lignes", "supprimer"):
        assert desk.browser.get(f"/ventes/brouillons/{order.id}/{path}").status_code == 404


def test_what_is_complete_is_corrected_by_a_credit_note_alone(desk: Desk) -> None:
    order = order_of(desk, Mode.portal_reference, True, True)
    with desk.writing():
        put(order, S.complete)
    page = html.unescape(desk.browser.get(f"/ventes/factures/{order.number}").text)
    assert "elle se corrige par un avoir" in page and "Délettrez-la" not in page


def test_what_is_no_status_and_what_is_a_draft_are_not_there(desk: Desk) -> None:
    order = order_of(desk, Mode.portal_reference, True, False)
    assert desk.browser.get(f"/ventes/commandes/{order.id}/etat/nulle-part").status_code == 404
    draft = desk.draft()
    assert desk.browser.get(address(draft, S.cancelled)).status_code == 404
    assert desk.browser_of(Role.reader).get(address(order, S.cancelled)).status_code == 403
