"""The pages of taxes: read by the staff, changed by administrators, every mistake at its field, refusals in words."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.sellers.models import Region
from invoicing.taxes.models import Tax, TaxSet
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from tests.factories import make_invoice, make_seller, tax_set

LIST = "/ventes/taxes"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    """An administrator's browser."""
    return desk.browser_of(Role.admin)


def tax_of(desk: Desk, code: str) -> Tax:
    desk.session.rollback()
    return desk.session.scalars(select(Tax).where(Tax.code == code)).one()


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")


def test_the_hub_leads_to_the_list_and_every_reader_sees_rates_and_reasons(desk: Desk) -> None:
    assert f'href="{LIST}"' in desk.browser.get("/ventes").text
    page = shown(desk.browser_of(Role.reader).get(LIST))
    for text in ("TVA 20 %", "TVQ 9,975 %", "TPS + TVQ", "Exonération de TVA, article 261-4-4° du CGI"):
        assert text in page
    assert "Nouvelle taxe" not in page


def test_a_reader_sees_dated_rates_and_registrations_but_no_form(desk: Desk) -> None:
    with desk.writing():
        make_seller(desk.session, Region.QC)
    page = shown(desk.browser_of(Role.reader).get(f"{LIST}/{tax_of(desk, 'TVQ').id}"))
    assert "9,975 %" in page and "1234567890TQ0001" in page
    assert "Ajouter ce taux" not in page
    assert "19,6 %" in shown(desk.browser.get(f"{LIST}/{tax_of(desk, 'TVA20').id}"))


def test_a_new_tax_and_its_choice_serve_a_draft(desk: Desk, admin: Browser) -> None:
    form = {"code": "tva85", "region": "FR", "label_fr": "TVA", "rate": "8,5", "valid_from": "01/01/2020"}
    answer = admin.send(f"{LIST}/nouvelle", form)
    tax = tax_of(desk, "TVA85")
    assert (answer.status_code, answer.location) == (303, f"{LIST}/{tax.id}")
    form = {"code": "FR_85", "region": "FR", "label_fr": "TVA 8,5 %", "member-0": str(tax.id)}
    assert admin.send(f"{LIST}/choix/nouveau", form).status_code == 303
    desk.session.rollback()
    desk.new(lines__0__tax_set=desk.tax("FR_85"), lines__0__price="50")
    assert desk.one().tax_cents == 850


def test_mistakes_stand_at_their_fields_with_what_was_typed(desk: Desk, admin: Browser) -> None:
    answer = admin.send(f"{LIST}/nouvelle", {"code": "É", "region": "FR", "rate": "beaucoup", "valid_from": "demain"})
    assert answer.status_code == 422 and 'value="beaucoup"' in answer.text
    for name in ("code", "label_fr", "rate", "valid_from"):
        assert f'id="{name}-e"' in answer.text
    answer = admin.send(f"{LIST}/choix/nouveau", {"code": "X_1", "region": "FR", "label_fr": "X", "mention_en": "x"})
    assert answer.status_code == 422 and 'id="mention_fr-e"' in answer.text


def rate(desk: Desk, admin: Browser, day: str, revision: str | None = None) -> TestResponse:
    page = f"{LIST}/{tax_of(desk, 'TVA20').id}"
    seen = revision or hidden(admin.get(page).text, "revision")
    return admin.send(f"{page}/taux", {"rate": "21", "valid_from": day, "revision": seen}, form=page)


def test_a_new_rate_begins_on_its_day(desk: Desk, admin: Browser) -> None:
    assert rate(desk, admin, "01/01/2027").status_code == 303
    page = shown(admin.get(f"{LIST}/{tax_of(desk, 'TVA20').id}"))
    assert "21 %" in page and page.index("21 %") < page.index("20 %")
    assert rate(desk, admin, "01/01/2027").status_code == 303  # sent twice
    assert len(tax_of(desk, "TVA20").rates) == 3


def test_a_rate_that_a_document_contradicts_says_which(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        number = make_invoice(desk.session, desk.customer, desk.seller).number
    answer = rate(desk, admin, "22/11/2026")
    assert answer.status_code == 422 and 'id="valid_from-e"' in answer.text
    assert number in shown(answer) and 'value="22/11/2026"' in answer.text
    assert len(tax_of(desk, "TVA20").rates) == 2


def test_an_older_form_is_told_so_and_kept(desk: Desk, admin: Browser) -> None:
    rate(desk, admin, "01/01/2027")
    answer = rate(desk, admin, "01/01/2028", revision="1")
    assert answer.status_code == 409 and "entre-temps" in answer.text and 'value="01/01/2028"' in answer.text


def test_what_is_used_or_of_the_program_is_not_deleted_and_says_what_to_do(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        make_invoice(desk.session, desk.customer, desk.seller)
    page = f"{LIST}/{tax_of(desk, 'TVA20').id}/supprimer"
    asked = admin.get(page)
    assert asked.status_code == 200 and "utilisé par 1 document" in shown(asked) and "pour de bon" not in asked.text
    answer = admin.send(page, {})
    assert answer.status_code == 409
    assert "utilisé par 1 document" in shown(answer) and "Retirez-le" in shown(answer)
    chosen = tax_set(desk.session, "FR_55").id
    assert "taxes d’origine" in shown(admin.get(f"{LIST}/choix/{chosen}/supprimer"))
    assert "taxes d’origine" in shown(admin.send(f"{LIST}/choix/{chosen}/supprimer", {}))


def test_a_retired_choice_stays_on_drafts_that_have_it_and_is_not_offered_elsewhere(desk: Desk, admin: Browser) -> None:
    draft = desk.draft()
    chosen = tax_set(desk.session, "FR_20")
    page = f"{LIST}/choix/{chosen.id}"
    form = {"label_fr": chosen.label_fr, "label_en": chosen.label_en, "member-0": str(chosen.members[0].tax_id)}
    assert admin.send(page, {**form, "revision": str(chosen.revision)}).status_code == 303
    option = f'<option value="{chosen.id}"'
    assert option not in desk.browser.get(f"/ventes/clients/{desk.customer.id}/facture").text
    edit = desk.browser.get(f"/ventes/brouillons/{draft.id}/lignes").text
    assert option in edit
    desk.session.rollback()
    assert desk.finalise(draft).status_code == 303


def test_taxes_of_a_choice_are_named_with_their_rates_as_they_are_written(desk: Desk, admin: Browser) -> None:
    assert "TPS 5 % + TVQ 9,975 %" in shown(admin.get(LIST))
    assert "TVQ 9,975 % (TVQ)" in shown(admin.get(f"{LIST}/choix/nouveau"))
    members = {f"member-{n}": str(tax_of(desk, code).id) for n, code in enumerate(("TVA20", "TVA10"))}
    form = {"code": "TWICE", "region": "FR", "label_fr": "Deux", **members}
    answer = admin.send(f"{LIST}/choix/nouveau", form)
    assert answer.status_code == 422 and 'id="member-1-e"' in answer.text


def test_a_choice_is_deleted_while_nothing_has_it(desk: Desk, admin: Browser) -> None:
    form = {"code": "OWN", "region": "FR", "label_fr": "À nous", "mention_fr": "Hors champ"}
    assert admin.send(f"{LIST}/choix/nouveau", form).status_code == 303
    desk.session.rollback()
    made = tax_set(desk.session, "OWN").id
    assert "Hors champ" in shown(admin.get(LIST))
    assert admin.send(f"{LIST}/choix/{made}/supprimer", {}).location == LIST
    desk.session.rollback()
    assert not desk.session.scalars(select(TaxSet).where(TaxSet.code == "OWN")).all()


def test_a_mistyped_rate_is_taken_back_after_a_question(desk: Desk, admin: Browser) -> None:
    assert rate(desk, admin, "01/01/2027").status_code == 303
    tax = tax_of(desk, "TVA20")
    path, number = f"/ventes/taxes/{tax.id}", tax.rates[-1].id
    drop = f"{path}/taux/{number}/retirer"
    assert drop in admin.get(path).text
    assert "Aucun document ne le porte" in shown(admin.get(drop))
    assert admin.send(drop).status_code == 303
    assert drop not in admin.get(path).text
    again = admin.send(drop, form="/preferences", follow_redirects=True)  # a second click
    assert "Ce taux est déjà retiré." in shown(again)
    stays = f"{path}/taux/{tax_of(desk, 'TVA20').rates[0].id}/retirer"
    assert admin.send(stays, form="/preferences").status_code == 409
