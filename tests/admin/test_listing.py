"""« Toutes les factures » as staff see it: tabs, search, filters in the address, one hit opens, nothing breaks it."""

from __future__ import annotations

import html
import re

import pytest

from invoicing.invoices import listing
from invoicing.invoices.models import Invoice, Status
from tests.admin.desk import Desk
from tests.factories import make_customer, make_draft, make_invoice, make_line

LIST = "/ventes/factures"


def fill(desk: Desk) -> list[str]:
    """One paid, one pending, one draft; the numbers of those that have one."""
    with desk.writing() as session:
        first = make_invoice(session, desk.customer, desk.seller, make_line(session, "Reliure 50 % œuvre", price=1030))
        second = make_invoice(session, make_customer(session, last_name="O'Brien_x"), desk.seller)
        session.get_one(Invoice, first.invoice_id).status = Status.complete
        make_draft(session, desk.customer, desk.seller)
    return [first.number, second.number]


def shown(page: str) -> list[str]:
    """What the rows are called."""
    return re.findall(r'<th scope="row"[^>]*><a href="[^"]*">([^<]+)</a>', page)


def text_of(page: str) -> str:
    """The page's words, tags and no-break spaces aside."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_it_opens_on_what_is_complete(desk: Desk) -> None:
    numbers = fill(desk)
    page = desk.browser.get(LIST).text
    assert shown(page) == numbers[:1]
    assert 'aria-current="page">Réalisées <span class="count">1' in page
    assert "Net 1 030,00 € Taxes 206,00 € Total 1 236,00 €" in text_of(page)


def test_eleven_tabs_count_under_the_other_filters(desk: Desk) -> None:
    fill(desk)
    found = re.findall(r'">([^<"]+) <span class="count">(\d+)</span>', desk.browser.get(LIST + "?min=1000").text)
    assert [name for name, _n in found[-11:]] == [
        "Réalisées", "Payées", "En attente", "Payées en partie", "Passées", "Brouillons", "Refusées", "Échouées",
        "Annulées", "Avoirs", "Toutes",
    ]  # fmt: skip
    assert [n for _name, n in found[-11:]] == ["1", *["0"] * 9, "1"]


def test_all_of_them_says_what_its_sums_leave_out(desk: Desk) -> None:
    fill(desk)
    page = text_of(desk.browser.get(LIST + "?statut=toutes").text)
    assert "3 documents" in page and "laissent de côté brouillons, passées" in page


@pytest.mark.parametrize("query", ["1 236,00 €", "reliure", "50 %", "ŒUVRE 1236", "o'brien_x"])
def test_the_only_hit_opens(desk: Desk, query: str) -> None:
    numbers = fill(desk)
    wanted = numbers[1] if "brien" in query else numbers[0]
    for place in (LIST, "/ventes/recherche"):
        answer = desk.browser.get(place, query_string={"q": query})
        assert (answer.status_code, answer.location) == (302, f"{LIST}/{wanted}")


def test_a_number_in_lower_case_opens_its_invoice(desk: Desk) -> None:
    numbers = fill(desk)
    assert desk.browser.get(LIST, query_string={"q": numbers[0].lower()}).location == f"{LIST}/{numbers[0]}"


def test_a_search_looks_under_every_status_unless_a_tab_was_chosen(desk: Desk) -> None:
    numbers = fill(desk)
    assert sorted(shown(desk.browser.get(LIST + "?q=example.fr").text)) == ["Brouillon", *sorted(numbers)]
    page = desk.browser.get(LIST + "?q=example.fr&statut=annulees").text
    assert shown(page) == [] and "3 documents y correspondent" in text_of(page)
    assert "q=example.fr&amp;statut=toutes" in page or "statut=toutes&amp;q=example.fr" in page


def test_what_is_found_nowhere_is_said(desk: Desk) -> None:
    fill(desk)
    assert "Aucune facture pour « zygomatique »" in text_of(desk.browser.get(LIST + "?q=zygomatique").text)


def test_an_installation_without_invoices_says_where_they_come_from(desk: Desk) -> None:
    assert "depuis la fiche d’un membre" in text_of(desk.browser.get(LIST).text)


def test_the_top_bars_search_falls_back_on_invoices_then_customers(desk: Desk) -> None:
    fill(desk)
    assert desk.browser.get("/ventes/recherche?q=example.fr").location == f"{LIST}?q=example.fr"
    assert desk.browser.get("/ventes/recherche?q=Clos-").location == "/ventes/clients?q=Clos-"
    assert desk.browser.get("/ventes/recherche").location == LIST


def test_the_address_holds_the_whole_filter(desk: Desk) -> None:
    fill(desk)
    desk.draft()  # two are found: one alone would open
    words = {
        "q": "e", "annee": "2026", "mois": "11", "du": "2026-11-01", "au": "30/11/2026", "min": "1,00", "max": "9 999",
        "devise": "EUR", "origine": "manuelle", "envoi": "jamais", "lettrage": "sans-objet", "statut": "toutes",
        "tri": "client", "client": str(desk.customer.id),
    }  # fmt: skip
    page = desk.browser.get(LIST, query_string=words).text
    assert page.count('class="chip"') == len(words) - 2
    for name in ("du", "au", "min", "max", "q"):
        assert f'name="{name}" ' in page and f'value="{words[name]}"' in page
    links = re.findall(r'class="chip" href="([^"]+)"', page)
    for link in links:
        assert len(re.findall("[?&;](?:amp;)?\\w+=", link)) == len(words) - 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("du=31/02/2026", "« 31/02/2026 » n’est pas une date possible"),
        ("du=02/11/2026&au=01/11/2026", "La période finit avant son début"),
        ("min=soixante", "« soixante » n’est pas un montant"),
        ("max=1,234", "se lit de deux façons"),
        ("min=20&max=10", "moins que le premier montant"),
        ("annee=99999", "Choisissez une valeur de la liste"),
        ("devise=USD&origine=x&lettrage=y&envoi=z", "Choisissez une valeur de la liste"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_kept(desk: Desk, words: str, said: str) -> None:
    fill(desk)
    answer = desk.browser.get(f"{LIST}?{words}")
    assert answer.status_code == 200 and said in text_of(answer.text)
    assert words.rpartition("=")[2] in answer.text and "Erreur" in answer.text.partition("</title>")[0]


@pytest.mark.parametrize(
    "words",
    ["statut=x", "tri=x", "tri=--date", "apres=x", "apres=0", "apres=99999999999999", "avant=7", "apres=7&tri=statut",
     "boutique=99999999999999999999", "client=999", "catalogue=9", "serie=9", "annee=²", "mois=13", "min=-5", "max=1e9",
     "q=%27%22%25_%5C", "q=%F0%9F%98%80", "q=" + "a" * 500, "du=0000-00-00", "min=9999999999999999999", "q=%E2%80%8B"],
)  # fmt: skip
def test_no_address_breaks_it(desk: Desk, words: str) -> None:
    fill(desk)
    assert desk.browser.get(f"{LIST}?{words}").status_code == 200


def test_a_column_sorts_and_turns_round(desk: Desk) -> None:
    numbers = fill(desk)
    page = desk.browser.get(LIST + "?statut=toutes&tri=numero").text
    assert shown(page) == [*sorted(numbers), "Brouillon"]
    assert page.count('aria-sort="ascending"') == 1
    assert "tri=-numero" in page


def test_the_code_stands_whole_for_who_hears_the_page(desk: Desk) -> None:
    fill(desk)
    page = desk.browser.get(LIST).text
    code = re.search(r'href="(/ventes/traces\?code=[^"]+)" title="([^"]{20,})"', page)
    assert code and f'<span class="visually-hidden">{code[2]}</span>' in page
    assert code[2] in desk.browser.get(code[1]).text


def test_what_may_be_lettered_leads_to_its_box(desk: Desk) -> None:
    numbers = fill(desk)
    assert f'href="{LIST}/{numbers[0]}#lettrage"' in desk.browser.get(LIST).text
    assert "#lettrage" not in desk.browser.get(LIST + "?statut=en-attente").text


def test_counts_and_sums_of_a_great_filter_come_in_a_request_of_their_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk)
    for name in ("NAMED", "SMALL"):
        monkeypatch.setattr(listing, name, -1)
    path = f"{LIST}?statut=toutes&q=example.fr"
    text = desk.browser.get(path).text
    assert "Calculer les totaux" in text and 'aria-live="polite"' in text
    address = html.unescape(re.findall(r'data-totals="([^"]+)"', text)[0])
    assert address == f"{LIST}/totaux?q=example.fr&statut=toutes"
    parts, whole = desk.browser.get(address).text, desk.browser.get(f"{path}&totaux=1").text
    assert "Calculer les totaux" not in whole
    for part in ("tabs", "sums", "of"):
        shown = re.compile(rf'data-part="{part}">(.*?)</(?:div|span)>\s*(?:<div|<span|<p|<form|\Z)', re.DOTALL)
        said = [text_of(found[1]) for found in (shown.search(parts), shown.search(whole)) if found]
        assert said and said[0] == said[-1], part
    assert "Totaux calculés" in parts
