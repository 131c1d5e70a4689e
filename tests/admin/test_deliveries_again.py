"""Sending again from the invoice's page and from the list, and setting aside what nobody will pursue."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from invoicing.accounts.models import Role
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryState
from invoicing.delivery.service import claim, settle_sent
from invoicing.sellers.models import Organisation
from tests.admin.desk import Desk
from tests.admin.test_deliveries import LIST, counts, fail
from tests.factories import NOW, make_customer, make_invoice

EARLIER = NOW - timedelta(days=1)
MANY = f"{LIST}/plusieurs"


def allow(desk: Desk) -> None:
    with desk.writing() as session:
        session.get_one(Organisation, 1).sends_again = True


def sent(desk: Desk, **over: object) -> int:
    """An invoice whose e-mail left yesterday: the delivery's number."""
    with desk.writing() as session:
        customer = make_customer(session, **over)  # type: ignore[arg-type]
        made = make_invoice(session, customer, desk.seller, email=True, now=EARLIER)
        taken = claim(session, EARLIER, 60, only=made.delivery_id)
        assert taken and settle_sent(session, taken, "250 ok", EARLIER)
        return taken.delivery_id


def page(desk: Desk, number: str = "F2026-00001") -> str:
    return desk.browser.get(f"/ventes/factures/{number}").text.replace("\xa0", " ")


def test_without_the_setting_there_is_no_button_and_a_post_says_why(desk: Desk) -> None:
    sent(desk)
    assert "Envoyer de nouveau" not in page(desk) and 'name="n"' not in desk.browser.get(f"{LIST}?etat=envoyes").text
    answer = desk.send("/ventes/factures/F2026-00001/envoyer", {"recipient": "a@example.org"}, form="/preferences")
    assert answer.status_code == 303 and len(desk.deliveries()) == 1
    assert "n’est pas permis" in page(desk)


def test_with_the_setting_one_is_sent_again_and_the_history_says_who(desk: Desk) -> None:
    allow(desk)
    sent(desk, email="elodie@example.fr")
    assert 'value="elodie@example.fr"' in page(desk)
    answer = desk.send("/ventes/factures/F2026-00001/envoyer", {"recipient": "autre@example.fr"}, form="/preferences")
    assert answer.location.endswith("#envois")
    text = page(desk)
    assert "Le courriel est en file, pour autre@example.fr." in text and "Envoyée de nouveau par courriel" in text
    first, second = desk.deliveries()
    assert (first.replaced_by_id, second.recipient, second.state) == (None, "autre@example.fr", DeliveryState.queued)


def test_sent_twice_it_is_one_and_says_so(desk: Desk) -> None:
    allow(desk)
    sent(desk)
    for _ in range(2):
        desk.send("/ventes/factures/F2026-00001/envoyer", {"recipient": "autre@example.fr"}, form="/preferences")
    assert len(desk.deliveries()) == 2 and "Rien n’est parti en double." in page(desk)


def test_a_bad_address_stays_in_its_field(desk: Desk) -> None:
    allow(desk)
    sent(desk)
    answer = desk.send("/ventes/factures/F2026-00001/envoyer", {"recipient": "a <b"}, form="/preferences")
    assert answer.status_code == 422 and 'value="a &lt;b"' in answer.text and 'id="again-e"' in answer.text
    assert "<title>Erreur" in answer.text


def test_one_that_was_never_sent_may_be_and_one_that_failed_is_retried_instead(desk: Desk) -> None:
    allow(desk)
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    fail(desk)
    assert "Envoyer par courriel" in page(desk) and "Envoyer de nouveau" not in page(desk)
    assert "/envoyer" not in page(desk, "F2026-00002") and "Réessayer l’envoi" in page(desk, "F2026-00002")


def test_readers_see_no_button(desk: Desk) -> None:
    allow(desk)
    sent(desk)
    text = desk.browser_of(Role.reader).get("/ventes/factures/F2026-00001").text
    assert "/envoyer" not in text and "elodie" in text


def test_several_are_asked_about_and_then_queued(desk: Desk) -> None:
    allow(desk)
    done, full, wrong = sent(desk), fail(desk), fail(desk, "550 5.1.1 No such user")
    with desk.writing() as session:
        ready = make_invoice(session, desk.customer, desk.seller, email=True).delivery_id
    text = desk.browser.get(f"{MANY}?n={full}&n={wrong}&n={done}&n={ready}&n=x&n=99999").text.replace("\xa0", " ")
    assert "Mettre 2 courriels en file ?" in text and text.count("Ne partira pas") == 2
    assert re.findall(r'name="n" value="(\d+)"', text) == [str(full), str(done)]
    assert len(desk.deliveries()) == 4
    first, second = ("2 courriels sont en file.", "1 n’est pas parti"), ("0 courriel est en file.", "3 ne sont pas")
    for said, left in (first, second):
        assert desk.send(MANY, {"n": [full, wrong, done]}, form="/preferences").location == LIST
        shown = desk.browser.get(LIST).text.replace("\xa0", " ")
        assert said in shown and left in shown
    rows = {row.id: row for row in desk.deliveries()}
    assert len(rows) == 6 and rows[full].replaced_by_id and not rows[done].replaced_by_id


def test_nothing_ticked_says_so(desk: Desk) -> None:
    assert "Aucun courriel n’est coché." in desk.browser.get(MANY).text
    assert desk.send(MANY, {}, form="/preferences").status_code == 303


def test_a_limit_of_staff_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from invoicing.accounts import rules

    allow(desk)
    sent(desk)
    monkeypatch.setitem(rules.LIMITS, "mail_again", (rules.Limit("account", 1, 3600),))
    for address in ("a@example.org", "b@example.org"):
        desk.send("/ventes/factures/F2026-00001/envoyer", {"recipient": address}, form="/preferences")
    assert len(desk.deliveries()) == 2 and "Vous avez demandé beaucoup d’envois" in page(desk)


def test_what_is_set_aside_leaves_the_list_and_stays_on_the_invoice(desk: Desk) -> None:
    trouble = fail(desk)
    assert "Classer" in desk.browser.get(LIST).text
    for _ in range(2):
        assert desk.send(f"{LIST}/{trouble}/classer", {}, form="/preferences").location == LIST
    assert counts(desk.browser.get(LIST).text)[0] == "0"
    text = page(desk)
    assert "Classé le" in text and "Envoi non abouti classé" in text and "Refusé" in text
    with desk.writing() as session:
        assert session.get_one(Delivery, trouble).state is DeliveryState.failed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("550 5.7.1 Message rejected as spam", "ne nous fait pas confiance"),
        ("552 5.3.4 message too big", "trop gros"),
        ("550 5.2.1 mailbox disabled", "La boîte est fermée."),
        ("553 5.1.8 bad sender", "a refusé le courriel"),
        ("5.1.10 nullMX", "L’adresse n’existe pas."),
    ],
)
def test_a_servers_words_are_told_plainly(desk: Desk, answer: str, said: str) -> None:
    fail(desk, answer)
    text = desk.browser.get(LIST).text
    assert said in text and answer in text


def test_a_customers_record_warns_of_an_address_that_failed(desk: Desk) -> None:
    fail(desk, "550 5.1.1 No such user", email="faux@example.fr")
    with desk.writing() as session:
        delivery = session.scalars(select(Delivery)).one()
        customer = delivery.invoice.customer  # type: ignore[union-attr]
        customer_id = customer.id
        delivery.state = DeliveryState.bounced
        delivery.events.append(DeliveryEvent(at=NOW, state=DeliveryState.bounced))
    address = f"/ventes/clients/{customer_id}"
    text = desk.browser.get(address).text
    assert "Le dernier courriel à cette adresse est revenu" in text and "L’adresse n’existe pas." in text
    assert f"{address}/modifier#email" in text
    with desk.writing():
        customer.email = "juste@example.fr"
    assert "Le dernier courriel" not in desk.browser.get(address).text
