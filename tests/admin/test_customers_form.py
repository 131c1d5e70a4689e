"""The customer's form: every mistake at its field, nothing typed lost, nobody's change overwritten unseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from api import refusals as api
from invoicing import customers as core
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from invoicing.sellers.models import Region
from tests.admin.desk import Desk, hidden
from tests.factories import make_invoice, make_seller
from web.faults import CODES

NEW = "/ventes/clients/nouveau"
PERSON = {"kind": "person", "first_name": "Anaïs", "last_name": "Œuvrard", "email": "anais@example.fr",
          "street": "1 rue A", "postcode": "73000", "city": "Chambéry", "country": "FR",
          "language": "fr_FR"}  # fmt: skip


def edit(desk: Desk) -> str:
    return f"/ventes/clients/{desk.customer.id}/modifier"


def test_a_new_customer_is_a_contact_and_their_record_opens(desk: Desk) -> None:
    answer = desk.send(NEW, PERSON)
    made = desk.session.scalars(select(Customer).where(Customer.last_name == "Œuvrard")).one()
    assert answer.location == f"/ventes/clients/{made.id}"
    assert "Client enregistré." in desk.browser.get(answer.location).text
    assert (made.name, made.standing, made.city) == ("Anaïs Œuvrard", "contact", "Chambéry")


def test_the_form_sent_twice_makes_one_customer(desk: Desk) -> None:
    token = hidden(desk.browser.get(NEW).text, "form_token")
    first, second = (desk.send(NEW, {**PERSON, "form_token": token}).location for _ in range(2))
    assert first == second and desk.count(Customer) == 2
    assert token != hidden(desk.browser.get(NEW).text, "form_token")


def test_a_form_that_was_gone_back_to_and_changed_loses_nothing(desk: Desk) -> None:
    token = hidden(desk.browser.get(NEW).text, "form_token")
    for name in ("Œuvrard", "Roy"):
        desk.send(NEW, {**PERSON, "last_name": name, "form_token": token})
    assert desk.count(Customer) == 3


@pytest.mark.parametrize("token", ["", "x", "é" * 40, "a" * 400])
def test_a_token_that_is_none_of_ours_still_makes_a_contact(desk: Desk, token: str) -> None:
    assert desk.send(NEW, {**PERSON, "form_token": token}).status_code == 302 and desk.count(Customer) == 2


def test_a_refused_form_keeps_its_token(desk: Desk) -> None:
    token = hidden(desk.browser.get(NEW).text, "form_token")
    answer = desk.send(NEW, {**PERSON, "email": "moi@", "form_token": token})
    assert hidden(answer.text, "form_token") == token


def test_every_mistake_is_named_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    typed = {**PERSON, "kind": "organisation", "email": "moi@", "siren": "123", "phone": "☎ 06 1<2", "street": "a\nb"}
    answer = desk.send(NEW, typed)
    assert answer.status_code == 422 and desk.count(Customer) == 1
    for field in ("organisation_name", "email", "siren", "phone"):
        assert f'href="#{field}"' in answer.text and f'id="{field}-e"' in answer.text
    for kept in ('value="moi@"', 'value="☎ 06 1&lt;2"', ">\na\nb</textarea>"):
        assert kept in answer.text
    assert re.search(r'value="organisation" checked', answer.text) and "<title>Erreur" in answer.text


@pytest.mark.parametrize("over", [
    {"kind": "robot"}, {"country": "France"}, {"language": "de"}, {"seller_id": "999"}, {"seller_id": "x"},
    {"last_name": "", "first_name": " "}, {"last_name": "x" * 121}, {"city": "\U0001f600"}, {"email": "é@exemple.fr"},
])  # fmt: skip
def test_what_no_list_offers_is_refused_with_a_sentence(desk: Desk, over: dict[str, str]) -> None:
    with desk.writing() as s:
        make_seller(s, Region.QC)  # a choice of sellers is offered
    answer = desk.send(NEW, {**PERSON, **over})
    assert answer.status_code == 422 and 'class="bad"' in answer.text and desk.count(Customer) == 1


def test_a_change_is_kept_and_journalled_without_what_it_says(desk: Desk) -> None:
    values = {**PERSON, "revision": hidden(desk.browser.get(edit(desk)).text, "revision")}
    assert desk.send(edit(desk), values).location == f"/ventes/clients/{desk.customer.id}"
    assert desk.customer.name == "Anaïs Œuvrard"
    entry = desk.session.scalars(select(JournalEntry).where(JournalEntry.action == "customer.changed")).one()
    assert entry.actor_id == desk.user.id and "last_name" in entry.changes and "uvrard" not in entry.changes


def test_a_new_name_finds_the_old_invoices_too_and_changes_no_document(desk: Desk) -> None:
    with desk.writing() as s:
        made = make_invoice(s, desk.customer, desk.seller)
    before = desk.session.get_one(Invoice, made.invoice_id).snapshot
    desk.send(edit(desk), {**PERSON, "revision": desk.customer.revision})
    invoice = desk.session.get_one(Invoice, made.invoice_id)
    assert "oeuvrard" in invoice.search_text and "lefevre" in invoice.search_text and invoice.snapshot == before


def test_a_form_drawn_before_another_change_says_so_and_keeps_what_was_typed(desk: Desk) -> None:
    revision = desk.customer.revision
    desk.send(edit(desk), {**PERSON, "revision": revision, "phone": "01 02 03 04 05"})
    answer = desk.send(edit(desk), {**PERSON, "revision": revision, "city": "Aix"})
    assert answer.status_code == 409 and "Quelqu’un d’autre a changé cette fiche" in answer.text
    assert 'value="Aix"' in answer.text and "<li>Téléphone : 01 02 03 04 05</li>" in answer.text.replace("\xa0", " ")
    assert desk.customer.city == "Chambéry"
    again = {**PERSON, "revision": hidden(answer.text, "revision"), "city": "Aix"}
    assert desk.send(edit(desk), again).status_code == 302
    assert (desk.customer.city, desk.customer.phone) == ("Aix", "")


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
def test_a_revision_that_was_tampered_with_is_stale(desk: Desk, revision: str) -> None:
    assert desk.send(edit(desk), {**PERSON, "revision": revision}).status_code == 409


def test_the_form_of_a_quebec_seller_starts_in_canada(desk: Desk) -> None:
    with desk.writing():
        desk.seller.country = "CA"
    page = desk.browser.get(NEW).text
    assert '<option value="CA" selected>' in page and '<option value="fr_CA" selected>' in page


def test_every_fault_of_the_core_has_its_sentence() -> None:
    root = Path(core.__file__).parent.parent
    source = "".join(path.read_text("utf-8") for path in root.rglob("*.py"))
    plain = set(re.findall(r'Fault\([^,()]+, "([a-z_]+)"', source)) | set(re.findall(r'faults, "([a-z_]+)"\)', source))
    shapes = {f"bad_{name}" for name in ("siret", "rna", "vat_number", "neq", "iban", "bic", "accent", "gst", "qst")}
    elsewhere = {*api._OWN, "unknown_cursor", "mention_missing", "merged"}  # `api.refusals`, `web.campaigns` say them
    assert len(plain) > 15 and (plain | shapes) - elsewhere <= CODES
