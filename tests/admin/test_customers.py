"""The list of customers and the record: found, told apart, summed truly, escaped."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, Status
from invoicing.sellers.models import Region
from tests.admin.desk import Desk
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_invoice, make_line, make_seller, make_user

LIST = "/ventes/clients"
EVIL = "<script>alert(1)</script>"


def names(page: str) -> list[str]:
    """The customers of a list, in its order."""
    return re.findall(r'<a href="/ventes/clients/\d+">([^<]*)</a>', page.partition("<tbody>")[2])


def found(desk: Desk, query: str, **more: str) -> list[str]:
    """Who is found by a query."""
    return names(desk.browser.get(LIST, query_string={"q": query, **more}).text)


def added(desk: Desk, **values: object) -> Customer:
    """Another customer, committed."""
    with desk.writing() as s:
        return make_customer(s, **values)  # type: ignore[arg-type]


def test_accents_case_and_parts_of_words_do_not_matter(desk: Desk) -> None:
    added(desk, first_name="Cœur", last_name="D’Été", email="fete@ville.example", city="Nîmes")
    for query in ("coeur", "ÉTÉ", "ete cœur", "TE@VIL", "nimes"):
        assert found(desk, query) == ["Cœur D’Été"], query


@pytest.mark.parametrize("query", ["%", "_", "%%", "l_f", "\\"])
def test_signs_of_the_database_are_letters_like_any_other(desk: Desk, query: str) -> None:
    assert found(desk, query) == []
    added(desk, first_name="", last_name=f"Remise {query} net")
    assert len(found(desk, query)) == 1


def test_a_member_number_finds_its_member(desk: Desk) -> None:
    other = added(desk, last_name="Autre")
    assert found(desk, other.member_number or "") == ["Élodie Autre"]


def test_tabs_count_what_the_search_finds(desk: Desk) -> None:
    added(desk, last_name="Roy")
    added(desk, member=False, last_name="Roy")
    page = desk.browser.get(f"{LIST}?q=roy&statut=contacts").text
    assert re.findall(r'<span class="count">([^<]*)</span></a>', page) == ["2", "1", "1"]
    assert names(page) == ["Élodie Roy"] and "b-mute" in page


def test_120_customers_are_paged_without_gap_or_repetition(desk: Desk) -> None:
    with desk.writing() as s:
        for n in range(119):
            make_customer(s, first_name="", last_name=f"Client {n % 7}")  # many of the same name
    seen: list[str] = []
    path = LIST
    for size in (50, 50, 20):
        page = desk.browser.get(path).text
        seen += re.findall(r'<a href="(/ventes/clients/\d+)">', page.partition("<tbody>")[2])
        following = re.search(r'rel="next" href="([^"]*)"', page)
        assert len(seen) % 50 == size % 50
        path = following[1].replace("&amp;", "&") if following else ""
    assert not path and len(set(seen)) == 120


@pytest.mark.parametrize(
    "key", ["apres=x", "apres=-1", "apres=99999999999999999999", "apres=4&nom=" + "é" * 300, "statut=tous"]
)
def test_a_page_that_was_tampered_with_is_a_page_all_the_same(desk: Desk, key: str) -> None:
    assert desk.browser.get(f"{LIST}?{key}").status_code == 200


def test_homonyms_are_told_apart_in_the_list_and_on_the_record(desk: Desk) -> None:
    one = added(desk, last_name="Roy", email="un@example.org", city="Annecy")
    two = added(desk, member=False, last_name="Roy", email="deux@example.org", city="Paris")
    page = desk.browser.get(LIST).text
    assert f"n°\u00a0{one.member_number} · un@example.org · Annecy" in page and "deux@example.org · Paris" in page
    notice = desk.browser.get(f"{LIST}/{one.id}").text
    assert f'href="/ventes/clients/{two.id}">contact, Paris, deux@example.org' in notice


def test_an_empty_list_says_what_to_do(clock: None, session: Session, client: Browser) -> None:
    user = make_user(session, Role.sales)
    session.commit()
    page = client.become(user).get(LIST).text
    assert "Aucun client pour l’instant." in page and page.count('href="/ventes/clients/nouveau"') == 1


def test_nothing_found_repeats_the_query_escaped(desk: Desk) -> None:
    page = desk.browser.get(LIST, query_string={"q": EVIL}).text
    assert "Aucun client ne correspond à" in page and "&lt;script&gt;" in page and EVIL not in page


def test_sums_are_per_currency_and_leave_out_drafts_and_cancelled(desk: Desk) -> None:
    desk.draft()
    with desk.writing() as s:
        make_invoice(s, desk.customer, desk.seller)
        make_invoice(s, desk.customer, desk.seller, make_line(s, price=100), paid_method="cash", paid_on=NOW.date())
        make_invoice(s, desk.customer, make_seller(s, Region.QC), make_line(s, price=100, code="QC_TAXED"))
        cancelled = make_invoice(s, desk.customer, desk.seller)
        s.get_one(Invoice, cancelled.invoice_id).status = Status.cancelled
    for path in (LIST, f"{LIST}/{desk.customer.id}"):
        page = desk.browser.get(path).text
        assert "336,00\xa0€" in page and "216,00\xa0€" in page and "114,98\xa0$" in page, path
        assert "refusées, annulées, ou dont le paiement a échoué" in page, path
    assert "120,00\xa0€" in page  # settled, on the record


def test_the_record_shows_every_document_and_draft_with_links(desk: Desk) -> None:
    with desk.writing() as s:
        number = make_invoice(s, desk.customer, desk.seller).number
    draft = desk.draft(subject="Stage à venir")
    page = desk.browser.get(f"{LIST}/{desk.customer.id}").text
    assert f'href="/ventes/factures/{number}"' in page and f'href="/ventes/factures/{number}/pdf"' in page
    assert f'href="/ventes/brouillons/{draft.id}">Stage à venir' in page
    assert page.count("btn-primary") == 1 and f'href="/ventes/clients/{desk.customer.id}/facture"' in page


def test_a_record_without_invoice_or_address_says_so(desk: Desk) -> None:
    contact = added(desk, member=False, street="", city="")
    page = desk.browser.get(f"{LIST}/{contact.id}").text
    assert "Aucune facture pour l’instant." in page
    assert "Il manque l’adresse du client." in page and "Un contact n’a pas de zone membre." in page


def test_what_people_typed_is_text_and_nothing_else(desk: Desk) -> None:
    name = {"first_name": EVIL, "last_name": '"><img src=x>', "city": EVIL}
    evil = added(desk, organisation_name=EVIL, street=EVIL, phone=EVIL, **name)
    added(desk, **name)
    desk.draft(evil, subject=EVIL)
    paths = (f"{LIST}/{evil.id}", f"{LIST}/{evil.id}/modifier", f"{LIST}?q=script", "/ventes")
    for page in (desk.browser.get(path).text for path in paths):
        assert "&lt;script&gt;alert(1)" in page and EVIL not in page and "<img" not in page


def test_a_reader_sees_the_record_without_what_is_not_theirs(desk: Desk) -> None:
    with desk.writing() as s:
        user = make_user(s, Role.member)
        customer = make_customer(s, users=(user,))
    page = desk.browser_of(Role.reader).get(f"{LIST}/{customer.id}").text
    assert user.email in page
    for word in ("Produire une facture", "Modifier", "Retirer", "Inviter", "Donner accès"):
        assert word not in page


@pytest.mark.parametrize("path", ["nouveau", "{id}/modifier", "{id}/membre"])
def test_a_reader_may_open_no_form(desk: Desk, path: str) -> None:
    address = f"{LIST}/{path.format(id=desk.customer.id)}"
    reader = desk.browser_of(Role.reader)
    assert reader.get(address).status_code == 403
    assert reader.send(address, {"last_name": "X"}, form="/preferences").status_code == 403


@pytest.mark.parametrize("path", ["", "/modifier", "/membre"])
@pytest.mark.parametrize("number", ["999", "2147483647", "99999999999"])
def test_a_missing_customer_is_not_found(desk: Desk, path: str, number: str) -> None:
    assert desk.browser.get(f"{LIST}/{number}{path}").status_code == 404


def test_filters_leave_the_rest_out_and_stand_in_the_address(desk: Desk) -> None:
    added(desk, kind="organisation", organisation_name="Reliure", country="BE")
    added(desk, last_name="Roy", language="en", member=False)
    assert found(desk, "", genre="organisations") == ["Reliure"]
    assert found(desk, "", langue="en") == ["Élodie Roy"]
    assert found(desk, "", pays="BE", statut="membres") == ["Reliure"]
    page = desk.browser.get(f"{LIST}?genre=organisations&pays=BE").text
    assert '<option value="BE" selected' in page and 'href="/ventes/clients/export.csv?genre=organisations' in page
    assert "Aucun client ne passe ces filtres" in desk.browser.get(f"{LIST}?pays=LU").text


def test_who_owes_something_is_found(desk: Desk) -> None:
    with desk.writing() as s:
        make_invoice(s, desk.customer, desk.seller)
    added(desk, last_name="Roy")
    assert found(desk, "", solde="du") == [desk.customer.name] and found(desk, "", solde="a-jour") == ["Élodie Roy"]


def test_the_newest_come_first_when_asked(desk: Desk) -> None:
    added(desk, last_name="Zola")
    assert found(desk, "", tri="-ajout") == ["Élodie Zola", desk.customer.name]
    assert found(desk, "", tri="-nom") == ["Élodie Zola", desk.customer.name]
    assert 'aria-sort="descending"' in desk.browser.get(f"{LIST}?tri=-ajout").text


@pytest.mark.parametrize("order", ["nom", "-nom", "ajout", "-ajout"])
def test_pages_walk_everybody_once_both_ways(desk: Desk, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoicing.customers.listing.PAGE", 2)
    for name in ("Roy", "Roy", "Abel", "Zola"):
        added(desk, last_name=name)
    seen, address = [], f"{LIST}?tri={order}"
    while address:
        page = desk.browser.get(address).text
        seen.append(names(page))
        further = re.search(r'rel="next" href="([^"]+)"', page)
        address = further[1].replace("&amp;", "&") if further else ""
    everybody = {name for some in seen for name in some}
    assert [len(some) for some in seen] == [2, 2, 1] and len(everybody) == 4  # two are called the same
    back = re.search(r'rel="prev" href="([^"]+)"', page)
    assert back and names(desk.browser.get(back[1].replace("&amp;", "&")).text) == seen[1]


def test_a_file_holds_what_the_filter_shows_with_true_sums(desk: Desk) -> None:
    with desk.writing() as s:
        make_invoice(s, desk.customer, desk.seller)
        make_customer(s, first_name="=1+1", last_name="", member=False)
    lines = desk.browser.get(f"{LIST}/export.csv?statut=membres").data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[0].endswith('"Facturé (EUR)";"Reste dû (EUR)";"À rendre (EUR)"')
    assert lines[1].endswith(";1;216,00;216,00;0,00") and f'"{desk.customer.member_number}"' in lines[1]
    assert '"\'=1+1"' in desk.browser.get(f"{LIST}/export.csv?statut=contacts").data.decode()
    assert desk.browser.get(f"{LIST}/export.xlsx").data[:2] == b"PK"
