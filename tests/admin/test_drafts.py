"""The preview, the send choice, finalising and deleting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from invoicing.accounts.models import Role
from invoicing.customers.models import Customer
from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState
from invoicing.delivery.service import claim, settle_failed
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import DraftContent
from invoicing.invoices.service import change_draft, delete_draft
from invoicing.journal import COMMAND
from tests.admin.desk import Desk, hidden
from tests.factories import NOW, make_customer, make_invoice, make_line

TICKED = 'name="send" value="1" checked'


def page(desk: Desk, draft: Invoice) -> str:
    return desk.browser.get(f"/ventes/brouillons/{draft.id}").text


def make(desk: Desk, member: bool = True, **over: object) -> Customer:
    with desk.writing() as session:
        return make_customer(session, member, **over)


def test_the_preview_shows_the_exact_document_and_the_box_is_not_ticked(desk: Desk) -> None:
    text = page(desk, desk.draft(note="Merci"))
    for said in ("Brouillon</text>", "attribué à la finalisation", "216,00\u00a0€", "Merci", "Aucun courriel ne part"):
        assert said in text
    assert 'name="send" value="1"' in text and TICKED not in text
    assert f"<b>{desk.customer.email}</b>" in text and hidden(text, "shown") == "21600"


def test_a_look_at_the_preview_changes_nothing(desk: Desk) -> None:
    draft = desk.draft()
    page(desk, draft)
    assert desk.browser.get(f"/ventes/brouillons/{draft.id}/pdf").status_code == 200
    assert desk.count(DocumentVersion) == desk.count(Delivery) == 0 and desk.one().number is None


def test_the_drafts_pdf_is_drawn_on_the_fly_and_kept_nowhere(desk: Desk) -> None:
    answer = desk.browser.get(f"/ventes/brouillons/{desk.draft().id}/pdf")
    assert answer.data.startswith(b"%PDF") and answer.headers["Cache-Control"] == "no-store"
    assert not list(desk.app.extensions["lettrine"].settings.data_dir.glob("archive/**/*.*"))


def test_ticked_promises_one_e_mail_to_the_address_that_was_shown(desk: Desk) -> None:
    answer = desk.finalise(desk.draft(), send="1")
    assert (answer.status_code, answer.location) == (303, "/ventes/factures/F2026-00001/finalisee")
    (delivery,) = desk.deliveries()
    assert (delivery.kind, delivery.recipient) == (DeliveryKind.invoice, desk.customer.email)
    assert delivery.invoice_id == desk.one().id and desk.one().emailed


def test_not_ticked_promises_none(desk: Desk) -> None:
    desk.finalise(desk.draft())
    assert desk.deliveries() == [] and desk.one().number == "F2026-00001" and not desk.one().emailed


def test_finalising_archives_the_pdf_in_the_same_request(desk: Desk) -> None:
    done = desk.browser.get(desk.finalise(desk.draft()).location).text
    version = desk.one().versions[0]
    assert version.state is VersionState.rendered and version.sha256 in done
    assert "Numérotée et archivée" in done and "Aucun courriel" in done and "Dans la zone membre" in done


def test_the_page_works_while_the_archive_is_down_and_the_pdf_comes_later(desk: Desk) -> None:
    folder = desk.app.extensions["lettrine"].settings.data_dir
    (folder / "archive").write_text("not a folder")
    answer = desk.finalise(desk.draft())
    assert answer.status_code == 303 and desk.one().versions[0].state is VersionState.due
    assert "Le PDF n’est pas encore établi" in desk.browser.get(answer.location).text


def test_the_worker_is_nudged_only_for_an_e_mail(desk: Desk) -> None:
    told: list[int] = []
    services = desk.app.extensions["lettrine"]
    desk.app.extensions["lettrine"] = replace(services, nudge=lambda delivery_id: told.append(delivery_id))
    desk.finalise(desk.draft())
    assert told == []
    desk.finalise(desk.draft(), send="1")
    assert told == [mail.id for mail in desk.deliveries()]


def test_the_form_sent_twice_makes_one_invoice_and_one_e_mail(desk: Desk) -> None:
    draft = desk.draft()
    values = {"revision": 1, "shown": 21600, "send": "1"}
    token = desk.browser.token(f"/ventes/brouillons/{draft.id}")
    values["fingerprint"] = hidden(desk.browser.get(f"/ventes/brouillons/{draft.id}").text, "fingerprint")
    path = f"/ventes/brouillons/{draft.id}/finaliser"
    first, second = (desk.browser.post(path, data={**values, "csrf_token": token}) for _ in range(2))
    assert first.location.endswith("/finalisee") and second.location == "/ventes/factures/F2026-00001"
    assert len(desk.deliveries()) == 1 and desk.count(DocumentVersion) == 1


def test_already_received_makes_it_complete(desk: Desk) -> None:
    sent = desk.new(paid="yes", paid_method="cheque", paid_on="20/11/2026")
    draft = desk.one()
    assert sent.status_code == 303
    done = desk.browser.get(desk.finalise(draft).location).text
    assert desk.one().status is Status.complete and "déjà réglée" in done


def test_a_preview_that_is_out_of_date_is_shown_again_with_the_tick_kept(desk: Desk) -> None:
    answer = desk.finalise(desk.draft(), shown=1, send="1")
    assert answer.status_code == 409 and "Le total a changé" in answer.text and TICKED in answer.text
    assert desk.one().number is None and desk.deliveries() == []


def test_a_draft_changed_by_somebody_else_is_shown_again_with_the_tick_kept(desk: Desk) -> None:
    draft = desk.draft()
    with desk.writing() as session:
        change_draft(session, COMMAND, NOW, draft.id, 1, DraftContent((make_line(session, price=5),)))
    answer = desk.finalise(draft, revision=1, send="1")
    assert answer.status_code == 409 and TICKED in answer.text and "6,00\u00a0€" in answer.text
    assert desk.finalise(draft, revision=hidden(answer.text, "revision"), shown=600).status_code == 303


def test_a_later_invoice_of_the_series_stands_in_the_way_and_leads_to_the_date(desk: Desk) -> None:
    draft = desk.draft(issued_on=date(2026, 11, 20))
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    text = page(desk, draft)
    assert f"/ventes/brouillons/{draft.id}/lignes#issued_on" in text and "Finaliser <span" not in text
    answer = desk.finalise(draft, send="1")
    assert answer.status_code == 422 and TICKED in answer.text and desk.count(Delivery) == 0


def test_what_the_law_asks_for_is_named_with_where_to_fill_it_in(desk: Desk) -> None:
    customer = make(desk, street="", city="", postcode="")
    draft = desk.draft(customer)
    text = page(desk, draft)
    assert "Il manque l’adresse du client." in text and f"/ventes/clients/{customer.id}/modifier#street" in text
    assert "Il manque le code postal du client." in text and f"/ventes/clients/{customer.id}/modifier#postcode" in text
    assert "Finaliser <span" not in text and "Pas encore possible de finaliser" in text
    assert desk.finalise(draft).status_code == 422 and desk.one().number is None


def test_without_an_address_the_box_is_disabled_and_a_forged_tick_refused(desk: Desk) -> None:
    customer = make(desk, email="")
    draft = desk.draft(customer)
    text = page(desk, draft)
    assert 'value="1" disabled' in text and f"/ventes/clients/{customer.id}/modifier#email" in text
    answer = desk.finalise(draft, send="1")
    assert answer.status_code == 422 and "pas d’adresse e-mail" in answer.text and desk.one().number is None


def test_a_last_e_mail_that_failed_is_told_with_its_reason(desk: Desk) -> None:
    with desk.writing() as session:
        made = make_invoice(session, desk.customer, desk.seller, email=True)
        taken = claim(session, NOW, 60, only=made.delivery_id)
        assert taken and settle_failed(session, taken, "552 5.2.2 Mailbox full", "refused", NOW)
    text = page(desk, desk.draft())
    assert "n’est pas arrivé" in text and "La boîte est pleine." in text and "22/11/2026" in text


def test_an_e_mail_that_arrived_is_no_warning(desk: Desk) -> None:
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller, email=True)
        session.flush()
        for delivery in session.query(Delivery):
            delivery.state = DeliveryState.sent
    assert "n’est pas arrivé" not in page(desk, desk.draft())


def test_a_contact_has_no_zone_and_the_sentences_say_so(desk: Desk) -> None:
    draft = desk.draft(make(desk, member=False))
    text = page(desk, draft)
    assert "Un contact n’a pas de zone membre" in text and "aussitôt dans sa zone membre" not in text
    assert "Pas de zone membre" in desk.browser.get(desk.finalise(draft).location).text


def test_deleting_asks_first_and_leaves_no_gap(desk: Desk) -> None:
    draft = desk.draft()
    path = f"/ventes/brouillons/{draft.id}/supprimer"
    assert "Supprimer ce brouillon" in desk.browser.get(path).text and desk.count(Invoice) == 1
    assert desk.send(path, {}).location == f"/ventes/clients/{desk.customer.id}"
    assert desk.count(Invoice) == 0
    desk.finalise(desk.draft())
    assert desk.one().number == "F2026-00001"


def test_a_draft_that_stands_leads_everywhere_to_its_invoice(desk: Desk) -> None:
    draft = desk.draft()
    desk.finalise(draft)
    for path in ("", "/lignes", "/supprimer"):
        answer = desk.browser.get(f"/ventes/brouillons/{draft.id}{path}")
        assert answer.location == "/ventes/factures/F2026-00001"


def test_a_draft_deleted_meanwhile_is_404(desk: Desk) -> None:
    draft_id = desk.draft().id
    token = desk.browser.token(f"/ventes/brouillons/{draft_id}")
    with desk.writing() as session:
        delete_draft(session, COMMAND, NOW, draft_id)
    answer = desk.browser.post(
        f"/ventes/brouillons/{draft_id}/finaliser", data={"csrf_token": token, "revision": 1, "shown": 21600}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("role", [Role.reader, Role.member])
def test_a_forged_finalising_by_who_may_not_is_403(desk: Desk, role: Role) -> None:
    browser, draft = desk.browser_of(role), desk.draft()
    values = {"csrf_token": browser.token("/preferences"), "revision": 1, "shown": 21600, "send": "1"}
    for verb in ("finaliser", "supprimer"):
        assert browser.post(f"/ventes/brouillons/{draft.id}/{verb}", data=values).status_code == 403
    assert desk.one().number is None and desk.deliveries() == []


def test_a_reader_sees_the_preview_without_a_button(desk: Desk) -> None:
    text = desk.browser_of(Role.reader).get(f"/ventes/brouillons/{desk.draft().id}").text
    main = text.partition("<main")[2].partition("</main>")[0]
    assert "216,00" in main and "<button" not in main and "supprimer" not in main and "/lignes" not in main


@pytest.mark.parametrize("odd", ["", "x", "-1", "9" * 30, "²"])
def test_odd_numbers_in_the_previews_form_are_refusals(desk: Desk, odd: str) -> None:
    draft = desk.draft()
    assert desk.finalise(draft, revision=odd).status_code == 409
    assert desk.finalise(draft, shown=odd).status_code == 409
    assert desk.one().number is None
