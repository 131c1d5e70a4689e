"""What became of e-mails, and sending again what did not arrive."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState
from invoicing.delivery.service import Outgoing, claim, queue, settle_deferred, settle_failed, settle_sent
from tests.admin.desk import Desk
from tests.factories import NOW, make_customer, make_invoice, make_user

LIST = "/ventes/envois"


def fail(desk: Desk, answer: str = "552 5.2.2 Mailbox full", **over: object) -> int:
    """An invoice whose e-mail was refused: the delivery's number."""
    with desk.writing() as session:
        made = make_invoice(session, make_customer(session, **over), desk.seller, email=True)  # type: ignore[arg-type]
        taken = claim(session, NOW, 60, only=made.delivery_id)
        assert taken and settle_failed(session, taken, answer, "refused", NOW)
        return taken.delivery_id


def retry(desk: Desk, delivery_id: int, **values: object) -> TestResponse:
    return desk.send(f"{LIST}/{delivery_id}/reessayer", values, form="/preferences")


def counts(text: str) -> list[str]:
    return re.findall(r'<span class="count">(\d+)</span>', text.partition("<main")[2])


def test_the_tabs_count_truly_and_the_list_opens_on_what_needs_a_person(desk: Desk) -> None:
    fail(desk)
    with desk.writing() as session:
        for settle in (None, settle_sent, settle_deferred):
            made = make_invoice(session, desk.customer, desk.seller, email=True)
            taken = claim(session, NOW, 60, only=made.delivery_id) if settle else None
            if taken and settle is settle_sent:
                settle_sent(session, taken, "250 ok", NOW)
            elif taken:
                settle_deferred(session, taken, "451 later", "later", NOW)
    text = desk.browser.get(LIST).text
    assert counts(text) == ["1", "1", "1", "1"]
    assert "F2026-00001" in text and "F2026-00002" not in text and "La boîte est pleine." in text
    assert "Mailbox full" in text and "F2026-00004" in desk.browser.get(f"{LIST}?etat=differes").text
    assert "F2026-00003" in desk.browser.get(f"{LIST}?etat=envoyes").text


@pytest.mark.parametrize("tab", ["", "differes", "en-file", "envoyes"])
def test_an_empty_tab_says_what_that_means(desk: Desk, tab: str) -> None:
    text = desk.browser.get(f"{LIST}?etat={tab}").text
    assert '<div class="none">' in text and "<table" not in text


def test_a_full_box_is_retried_and_a_wrong_address_corrected(desk: Desk) -> None:
    full, wrong = fail(desk), fail(desk, "550 5.1.1 No such user")
    text = desk.browser.get(LIST).text
    assert f"{LIST}/{full}/reessayer" in text and f"{LIST}/{wrong}/reessayer" not in text
    assert "/modifier#email" in text


def test_once_the_customer_has_another_address_the_retry_goes_there(desk: Desk) -> None:
    wrong = fail(desk, "550 5.1.1 No such user", email="faux@example.fr")
    with desk.writing() as session:
        session.get_one(Delivery, wrong).invoice.customer.email = "juste@example.fr"  # type: ignore[union-attr]
    assert "Réessayer à juste@example.fr" in desk.browser.get(LIST).text


def test_a_retry_puts_one_new_e_mail_in_place_of_the_old(desk: Desk) -> None:
    old = fail(desk)
    assert retry(desk, old, recipient="autre@example.fr", retour="envois").location == LIST
    first, second = desk.deliveries()
    assert first.replaced_by_id == second.id and second.recipient == "autre@example.fr"
    assert (second.state, second.invoice_id) == (DeliveryState.queued, first.invoice_id)
    assert second.message_id != first.message_id
    assert counts(desk.browser.get(LIST).text) == ["0", "0", "1", "0"]


def test_a_retry_sent_twice_is_one_and_says_so(desk: Desk) -> None:
    old = fail(desk)
    for _ in range(2):
        assert retry(desk, old).location == "/ventes/factures/F2026-00001"
    assert len(desk.deliveries()) == 2
    assert "déjà été réessayé" in desk.browser.get("/ventes/factures/F2026-00001").text


def test_a_bad_address_is_named_at_its_field_with_what_was_typed(desk: Desk) -> None:
    old = fail(desk)
    answer = retry(desk, old, recipient="pas <une> adresse")
    assert answer.status_code == 422 and 'value="pas &lt;une&gt; adresse"' in answer.text
    assert f'id="recipient-{old}-e"' in answer.text and len(desk.deliveries()) == 1


def test_an_e_mail_that_is_on_its_way_cannot_be_retried(desk: Desk) -> None:
    with desk.writing() as session:
        made = make_invoice(session, desk.customer, desk.seller, email=True)
    assert retry(desk, made.delivery_id or 0).status_code == 303 and len(desk.deliveries()) == 1


def test_an_invitation_shows_its_kind_and_links_to_no_invoice(desk: Desk) -> None:
    with desk.writing() as session:
        user = make_user(session, Role.member, email="zoe@example.fr")
        outgoing = Outgoing(DeliveryKind.invitation, user.email, "fr_FR", user_id=user.id)
        delivery = queue(session, outgoing, NOW, "example.org")
        taken = claim(session, NOW, 60, only=delivery.id)
        assert taken and settle_failed(session, taken, "550 no", "refused", NOW)
    text = desk.browser.get(LIST).text
    assert "Invitation" in text and "zoe@example.fr" in text and "/reessayer" not in text


def test_fifty_stand_on_a_page_and_the_pages_join_without_a_gap(desk: Desk) -> None:
    with desk.writing() as session:
        for _ in range(52):
            make_invoice(session, desk.customer, desk.seller, email=True)
    first = desk.browser.get(f"{LIST}?etat=en-file").text
    older = re.search(r'href="([^"]*avant=\d+)"', first)
    assert older and len(re.findall(r">(F2026-\d+)</a>", first)) == 50 and "52 courriels" in first
    second = desk.browser.get(older[1].replace("&amp;", "&")).text
    newer = re.search(r'href="([^"]*apres=\d+)"', second)
    assert newer and re.findall(r">(F2026-\d+)</a>", second) == ["F2026-00002", "F2026-00001"]
    assert re.findall(r">(F2026-\d+)</a>", first) == re.findall(
        r">(F2026-\d+)</a>", desk.browser.get(newer[1].replace("&amp;", "&")).text
    )


@pytest.mark.parametrize("query", ["etat=autre", "etat=%00"])
def test_a_tab_that_is_not_there_is_no_page(desk: Desk, query: str) -> None:
    assert desk.browser.get(f"{LIST}?{query}").status_code in (400, 404)


@pytest.mark.parametrize("key", ["avant=x", "avant=99999999999999999999", "apres=-1", "avant=&apres="])
def test_an_odd_key_shows_the_first_page(desk: Desk, key: str) -> None:
    fail(desk)
    assert "F2026-00001" in desk.browser.get(f"{LIST}?{key}").text


def test_what_a_server_answered_stays_text(desk: Desk) -> None:
    fail(desk, "554 <script>alert(1)</script>")
    text = desk.browser.get(LIST).text
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_a_reader_sees_the_list_without_a_button_and_may_not_retry(desk: Desk) -> None:
    old, browser = fail(desk), desk.browser_of(Role.reader)
    text = browser.get(LIST).text
    assert "F2026-00001" in text and "<button" not in text.partition("<main")[2]
    token = browser.token("/preferences")
    assert browser.post(f"{LIST}/{old}/reessayer", data={"csrf_token": token}).status_code == 403
    assert len(desk.deliveries()) == 1


def test_a_delivery_that_is_not_there_is_404(desk: Desk) -> None:
    assert retry(desk, 999).status_code == 404


@pytest.mark.parametrize("odd", ["2147483648", "999999999999999", "9" * 40, "²", "-1", "x"])
def test_a_place_that_no_delivery_can_have_is_the_beginning(desk: Desk, odd: str) -> None:
    fail(desk)
    for name in ("avant", "apres"):
        answer = desk.browser.get(LIST, query_string={name: odd})
        assert answer.status_code == 200 and "F2026-00001" in answer.text
