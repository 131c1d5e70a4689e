"""What is finalised is what the preview has shown."""

from __future__ import annotations

from invoicing.accounts.models import Role
from invoicing.documents.models import DocumentVersion
from tests.admin.desk import Desk, hidden

TICKED = 'name="send" value="1" checked'


def test_a_changed_address_is_shown_again_with_the_tick_kept(desk: Desk) -> None:
    draft = desk.draft()
    text = desk.browser.get(f"/ventes/brouillons/{draft.id}").text
    shown = hidden(text, "fingerprint")
    with desk.writing():
        desk.customer.street = "9 rue Neuve"
    answer = desk.finalise(draft, fingerprint=shown, send="1")
    assert answer.status_code == 409 and "Quelque chose a changé depuis l’aperçu" in answer.text
    assert TICKED in answer.text and "9 rue Neuve" in answer.text
    assert desk.one().number is None and desk.deliveries() == [] and desk.count(DocumentVersion) == 0
    again = hidden(answer.text, "fingerprint")
    assert again != shown and desk.finalise(draft, fingerprint=again, send="1").status_code == 303


def test_an_e_mail_never_goes_to_an_address_that_was_not_shown(desk: Desk) -> None:
    draft = desk.draft()
    shown = hidden(desk.browser.get(f"/ventes/brouillons/{draft.id}").text, "fingerprint")
    with desk.writing():
        desk.customer.email = "autre@example.fr"
    answer = desk.finalise(draft, fingerprint=shown, send="1")
    assert answer.status_code == 409 and "<b>autre@example.fr</b>" in answer.text
    assert desk.deliveries() == []


def test_what_was_shown_is_finalised(desk: Desk) -> None:
    draft = desk.draft()
    shown = hidden(desk.browser.get(f"/ventes/brouillons/{draft.id}").text, "fingerprint")
    assert len(shown) == 64 and desk.finalise(draft, fingerprint=shown).status_code == 303
    assert desk.one().number == "F2026-00001"


def test_an_address_too_long_for_the_paper_leads_to_its_field(desk: Desk) -> None:
    with desk.writing():
        desk.customer.street = "a\nb\nc\nd\ne\nf"
    draft = desk.draft()
    text = desk.browser.get(f"/ventes/brouillons/{draft.id}").text
    assert "L’adresse du client a trop de lignes" in text and "#street" in text and "Finaliser <span" not in text


def test_who_may_not_change_the_seller_is_told_who_does_and_where(desk: Desk) -> None:
    with desk.writing():
        desk.seller.street = desk.seller.siret = desk.seller.rna = ""
    address = f"/ventes/brouillons/{desk.draft().id}"
    told, whose = (
        "Un administrateur le corrige dans « Réglages », « Vendeurs et logo ».",
        "un administrateur corrige d’abord",
    )
    shown = desk.browser.get(address).text.replace("\u00a0", " ")
    assert "Il manque l’adresse du vendeur." in shown and shown.count(told) == 2 and whose in shown
    shown = desk.browser_of(Role.admin).get(address).text.replace("\u00a0", " ")
    assert f"/ventes/reglages/vendeurs/{desk.seller.id}#street" in shown and told not in shown and whose not in shown


def test_what_the_reader_may_put_right_is_still_asked_of_them(desk: Desk) -> None:
    with desk.writing():
        desk.seller.street = desk.customer.street = ""
    shown = desk.browser.get(f"/ventes/brouillons/{desk.draft().id}").text
    assert "corrigez d’abord" in shown and "#street" in shown and shown.count("Un administrateur le corrige") == 1
