"""The Lettrage box of the invoice's page in every state, its refusals, and the page that takes a reference away."""

from __future__ import annotations

import html
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.queries import changes, last_change
from invoicing.numbering import Mode, Source
from invoicing.sellers.models import Organisation
from invoicing.shop.models import Shop
from tests.admin.desk import Desk, hidden
from tests.factories import NOW, make_order, make_shop

LOCKED = (Status.draft, Status.placed, Status.pending, Status.partial, Status.failed, Status.refused, Status.cancelled)


@pytest.fixture
def shop(desk: Desk) -> Shop:
    with desk.writing() as session:
        return make_shop(session, desk.seller)


def order(desk: Desk, shop: Shop, status: Status = Status.complete) -> Invoice:
    with desk.writing() as session:
        return make_order(session, shop, desk.customer, status=status)


def page(number: str | None) -> str:
    return f"/ventes/factures/{number}"


def box(text: str) -> str:
    """The box alone, its entities read."""
    return html.unescape(text.partition('id="lettrage"')[2].partition("</section>")[0])


def give(desk: Desk, number: str | None, reference: str, **over: object) -> TestResponse:
    """The form as the page has it by now, with this reference typed in."""
    seen = re.search(r'name="seen" value="(\d+)"', desk.browser.get(page(number)).text)
    form = {"reference": reference, "seen": seen[1] if seen else 0, **over}
    return desk.send(f"{page(number)}/lettrage", form, page(number))


def reference_of(desk: Desk, number: str | None) -> str | None:
    desk.session.rollback()
    return desk.session.query(Invoice).filter_by(number=number).one().lettering


def test_to_letter_has_an_empty_field_its_help_and_the_only_primary_button(desk: Desk, shop: Shop) -> None:
    text = desk.browser.get(page(order(desk, shop).number)).text
    shown = box(text)
    assert "à lettrer" in shown and "Référence de la facture officielle" in shown
    assert 'name="reference" value=""' in shown and "Une référence ne sert qu’à une seule facture" in shown
    assert text.partition("<main")[2].count("btn-primary") == 1


def test_lettering_says_so_and_the_box_shows_who_and_when(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    answer = give(desk, number, " FA-2017-0931 ")
    assert answer.status_code == 303 and answer.location == f"{page(number)}#top"
    text = desk.browser.get(page(number)).text
    assert "Lettrage enregistré." in text and f"<title>Facture {number} · FA-2017-0931" in text
    shown = box(text)
    assert "Lettrée le 22/11/2026\u00a011:30, par Nadia Benali." in shown and "Délettrer…" in shown
    assert '<p class="is num">FA-2017-0931</p>' in shown and "btn-primary" not in shown


def test_a_reference_in_use_is_refused_with_a_link_and_what_was_typed(desk: Desk, shop: Shop) -> None:
    holder, other = order(desk, shop), order(desk, shop)
    give(desk, holder.number, "FA 1")
    answer = give(desk, other.number, " ｆａ\u00a01 ")
    assert answer.status_code == 409
    shown = box(answer.text)
    link = f'<a href="{page(holder.number)}">{holder.number}</a>'
    assert f"Une autre facture porte déjà ce lettrage\u00a0: {link}. Rien n’a été changé." in shown
    assert 'value=" ｆａ\u00a01 "' in shown and 'aria-invalid="true"' in shown and 'role="alert"' in shown
    assert "<title>Erreur" in answer.text
    assert reference_of(desk, other.number) is None and desk.count(LetteringChange) == 1


def test_an_invoice_and_a_credit_note_with_one_number_are_told_to_put_the_journal_before(
    desk: Desk, shop: Shop
) -> None:
    holder, other = order(desk, shop), order(desk, shop)
    give(desk, holder.number, "FA 1")
    with desk.writing() as session:
        new = session.get_one(Invoice, holder.id)
        draft = make_order(session, make_shop(session, desk.seller, source=Source.generated, mode=Mode.official),
                           desk.customer, status=Status.pending)  # fmt: skip
        draft.kind = InvoiceKind.credit_note
        draft.lettering, draft.lettering_folded, draft.number = "AV 1", "av 1", "A-1"
        assert new.kind is InvoiceKind.invoice
    shown = box(give(desk, other.number, "av 1").text)
    assert "Un avoir porte déjà ce lettrage" in shown and "Écrivez le journal devant" in shown


def test_a_stale_form_is_told_who_changed_it_to_what_and_may_be_sent_again(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    give(desk, number, "FA-1")
    answer = give(desk, number, "FA-2", seen=0)
    assert answer.status_code == 409 and reference_of(desk, number) == "FA-1"
    shown = box(answer.text)
    assert "Le lettrage est devenu FA-1 entre-temps, le 22/11/2026\u00a011:30, par Nadia Benali." in shown
    assert "Rien n’a été changé." in shown and 'name="reference" value="FA-2"' in shown
    again = desk.send(f"{page(number)}/lettrage", {"reference": "FA-2", "seen": hidden(answer.text, "seen")}, "/ventes")
    assert again.status_code == 303 and reference_of(desk, number) == "FA-2"


def test_the_same_form_sent_twice_changes_once(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    for _time in range(2):
        assert give(desk, number, "FA-1", seen=0).status_code == 303
    assert desk.count(LetteringChange) == 1
    assert "il n’y avait rien à changer" in desk.browser.get(page(number)).text


def test_an_empty_box_says_what_to_write_or_asks_why(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    answer = give(desk, number, " \u00a0 ")
    assert answer.status_code == 422 and "Écrivez la référence" in box(answer.text)
    give(desk, number, "FA-1")
    answer = give(desk, number, " ", reason="erreur de saisie")
    assert answer.status_code == 200 and 'value="erreur de saisie"' in answer.text
    assert "Délettrer la facture" in answer.text and f'action="{page(number)}/delettrer"' in answer.text
    assert reference_of(desk, number) == "FA-1"


def test_nobody_has_finalised_a_shops_order(desk: Desk, shop: Shop) -> None:
    assert desk.browser.get(f"{page(order(desk, shop).number)}/finalisee").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"), [("FA\u200b1", "caractère invisible"), ("x" * 65, "64 caractères au plus"), ("票", "票")]
)
def test_what_cannot_be_a_reference_is_named_at_the_field(desk: Desk, shop: Shop, typed: str, said: str) -> None:
    number = order(desk, shop).number
    answer = give(desk, number, typed)
    assert answer.status_code == 422 and said in box(answer.text) and f'value="{typed}"' in box(answer.text)


def test_what_was_typed_stays_text(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    typed = '"><script>alert(1)</script>'
    give(desk, number, typed)
    assert reference_of(desk, number) == typed
    for text in (desk.browser.get(page(number)).text, give(desk, number, typed + "\u200b").text):
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


@pytest.mark.parametrize("status", LOCKED)
def test_what_is_not_an_invoice_has_no_form_and_a_forged_post_changes_nothing(
    desk: Desk, shop: Shop, status: Status
) -> None:
    number = order(desk, shop, status).number
    shown = box(desk.browser.get(page(number)).text)
    assert "<form" not in shown and re.search("Pas (encore )?possible", shown)
    for reference in ("FA-1", ""):
        answer = give(desk, number, reference)
        assert answer.status_code == 409 and "Rien n’a été changé." in box(answer.text)
    assert reference_of(desk, number) is None and desk.count(LetteringChange) == 0


@pytest.mark.parametrize("status", [Status.placed, Status.pending, Status.partial, Status.refused])
def test_the_way_out_of_what_is_unpaid_is_its_payment(desk: Desk, shop: Shop, status: Status) -> None:
    number = order(desk, shop, status).number
    assert f'href="{page(number)}/paiement"' in box(desk.browser.get(page(number)).text)


def test_an_order_is_lettered_once_its_payment_is_recorded(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop, Status.pending).number
    payment: dict[str, object] = {
        "amount": "216", "paid_on": "22/11/2026", "method": "transfer", "form_token": "x" * 32,
    }  # fmt: skip
    assert desk.send(f"{page(number)}/paiement", payment).status_code == 303
    assert give(desk, number, "FA-1").status_code == 303
    assert reference_of(desk, number) == "FA-1"


@pytest.mark.parametrize("status", [Status.pending, Status.partial])
def test_the_setting_opens_the_box_of_unpaid_invoices(desk: Desk, shop: Shop, status: Status) -> None:
    number = order(desk, shop, status).number
    with desk.writing() as session:
        session.get_one(Organisation, 1).letters_unpaid = True
    assert give(desk, number, "FA-1").status_code == 303
    with desk.writing() as session:
        session.get_one(Organisation, 1).letters_unpaid = False
    assert "son lettrage reste" in box(desk.browser.get(page(number)).text)
    assert give(desk, number, "FA-2").status_code == 303


def test_a_reader_sees_the_box_without_its_form(desk: Desk, shop: Shop) -> None:
    bare, lettered = order(desk, shop), order(desk, shop)
    give(desk, lettered.number, "FA-1")
    reader = desk.browser_of(Role.reader)
    for number, said in ((bare.number, "Pas encore de référence."), (lettered.number, "FA-1")):
        shown = box(reader.get(page(number)).text)
        assert said in shown and "<form" not in shown and "Délettrer" not in shown
    answer = reader.send(f"{page(bare.number)}/lettrage", {"reference": "FA-2"}, "/preferences")
    assert answer.status_code == 403 and reference_of(desk, bare.number) is None


def test_unlettering_asks_why_and_the_history_says_it(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    give(desk, number, "FA-1")
    path = f"{page(number)}/delettrer"
    question = desk.browser.get(path).text
    assert f"Délettrer la facture {number}" in question and "FA-1" in question and "Garder le lettrage" in question
    form: dict[str, object] = {"seen": hidden(question, "seen"), "reason": " "}
    refused = desk.send(path, form)
    assert refused.status_code == 422 and "Dites pourquoi" in refused.text and reference_of(desk, number) == "FA-1"
    done = desk.send(path, {**form, "reason": "saisie sur la mauvaise facture"})
    assert done.status_code == 303 and reference_of(desk, number) is None
    text = desk.browser.get(page(number)).text
    assert "Lettrée\u00a0: FA-1" in text and "Délettrée\u00a0: FA-1 est libre" in text
    assert "par Nadia Benali\u00a0: saisie sur la mauvaise facture" in text


def test_a_stale_question_shows_what_the_reference_is_now(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    give(desk, number, "FA-1")
    path = f"{page(number)}/delettrer"
    old = hidden(desk.browser.get(path).text, "seen")
    give(desk, number, "FA-2")
    answer = desk.send(path, {"seen": old, "reason": "erreur"})
    assert answer.status_code == 409 and 'value="erreur"' in answer.text
    assert "Le lettrage est devenu FA-2 entre-temps" in answer.text and reference_of(desk, number) == "FA-2"


def test_what_has_no_reference_any_more_leads_back_to_the_invoice(desk: Desk, shop: Shop) -> None:
    number = order(desk, shop).number
    answers = [desk.browser.get(f"{page(number)}/delettrer"), desk.send(f"{page(number)}/delettrer", {}, "/ventes")]
    assert {(answer.status_code, answer.location) for answer in answers} == {(302, page(number))}
    assert "n’a pas de lettrage" in desk.browser.get(page(number)).text


def test_a_change_may_say_why(desk: Desk, shop: Shop) -> None:
    made = order(desk, shop)
    give(desk, made.number, "FA-1")
    assert give(desk, made.number, "FA-2", reason="renumérotée").status_code == 303
    answer = give(desk, made.number, "FA-3", reason="x" * 201)
    assert answer.status_code == 422 and "200 caractères au plus" in box(answer.text)
    assert 'value="FA-3"' in box(answer.text) and reference_of(desk, made.number) == "FA-2"
    assert [change.reason for change in changes(desk.session, made.id)] == ["", "renumérotée"]
    text = html.unescape(desk.browser.get(page(made.number)).text)
    assert "Lettrage changé\u00a0: FA-1 → FA-2" in text and "renumérotée" in text


@pytest.mark.parametrize("odd", ["", "x", "-1", "9" * 30])
def test_a_form_that_was_tampered_with_counts_as_stale(desk: Desk, shop: Shop, odd: str) -> None:
    number = order(desk, shop).number
    give(desk, number, "FA-1")
    assert give(desk, number, "FA-2", seen=odd).status_code == 409
    assert reference_of(desk, number) == "FA-1"


def test_head_never_letters(desk: Desk, shop: Shop) -> None:
    made = order(desk, shop)
    give(desk, made.number, "FA-1")
    assert desk.browser.head(f"{page(made.number)}/lettrage?reference=FA-2").status_code == 405
    assert desk.browser.head(f"{page(made.number)}/delettrer?reason=x").status_code == 200
    assert reference_of(desk, made.number) == "FA-1"


def test_of_fifty_posts_of_one_reference_one_gets_through_and_none_breaks(desk: Desk, shop: Shop) -> None:
    with desk.writing() as session:
        numbers = [make_order(session, shop, desk.customer).number for _ in range(50)]
    token = desk.browser.token(page(numbers[0]))
    cookie = desk.browser.get_cookie("lettrine")
    assert cookie is not None

    def post(number: str | None) -> int:
        client = desk.app.test_client()
        client.set_cookie("lettrine", cookie.value)
        form = {"reference": "FA-1", "seen": "0", "csrf_token": token}
        return client.post(f"{page(number)}/lettrage", data=form).status_code

    with ThreadPoolExecutor(50) as pool:
        assert Counter(pool.map(post, numbers)) == {303: 1, 409: 49}
    assert desk.count(LetteringChange) == 1


def test_an_order_without_a_number_has_its_own_page_until_it_has_one(desk: Desk) -> None:
    with desk.writing() as session:
        official = make_shop(session, desk.seller, source=Source.generated, mode=Mode.official)
        made = make_order(session, official, desk.customer, status=Status.pending)
        with_number = make_order(session, official, desk.customer)
    text = desk.browser.get(f"/ventes/commandes/{made.id}").text
    assert "Commande sans numéro" in text and made.transaction_code in text and "Pas encore possible" in text
    assert "Lettrine n’a envoyé aucun courriel" in text and "/pdf" not in text and "mailto:" not in text
    answer = desk.browser.get(f"/ventes/commandes/{with_number.id}")
    assert (answer.status_code, answer.location) == (302, page(with_number.number))
    draft = desk.draft()
    assert desk.browser.get(f"/ventes/commandes/{draft.id}").status_code == 404
    assert desk.browser.get(f"/ventes/brouillons/{made.id}").status_code == 404


def test_an_order_shows_its_shop_its_own_words_and_the_moment_it_was_placed(desk: Desk, shop: Shop) -> None:
    text = desk.browser.get(page(order(desk, shop).number)).text
    way = "SystemPay Plus (Caisse d&#39;Epargne/Banque Populaire)"
    for said in ("dimanche 22 novembre 2026, 10:30", shop.name, way, "Commande reçue", "par la boutique", "pro forma"):
        assert said in text, said


def test_the_last_change_is_known_by_its_row(desk: Desk, shop: Shop) -> None:
    made = order(desk, shop)
    assert last_change(desk.session, made.id) is None
    give(desk, made.number, "FA-1")
    found = last_change(desk.session, made.id)
    assert found is not None and found.after == "FA-1" and found.at.date() == NOW.date()


def test_the_customers_record_shows_references_and_what_is_to_letter(desk: Desk, shop: Shop) -> None:
    lettered, bare, unpaid = order(desk, shop), order(desk, shop), order(desk, shop, Status.pending)
    give(desk, lettered.number, "FA-1")
    text = desk.browser.get(f"/ventes/clients/{desk.customer.id}").text
    assert "FA-1</span>" in text
    assert f'href="{page(bare.number)}#lettrage"' in text and f'href="{page(unpaid.number)}#lettrage"' not in text
