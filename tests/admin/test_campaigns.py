"""Campaigns on the staff's pages: choosing, the invoice, the check, making, and whatever is sent twice or too late."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from invoicing.campaigns import service
from invoicing.campaigns.models import Campaign, CampaignMember, CampaignState, Verdict
from invoicing.customers.models import Customer
from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.numbering import Series
from lettrine.campaigner import Campaigner
from tests.admin.desk import Desk, hidden
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_invoice, make_line

PAGE = "/ventes/campagnes"
LABEL = "Cotisation annuelle 2027"


@dataclass
class Office:
    """The desk, and a worker that does what was asked for when told."""

    desk: Desk
    database: Database
    people: list[int] = field(default_factory=list)

    def form(self, **over: object) -> dict[str, object]:
        """The form of members as a browser sends it."""
        return {
            "do": "save", "form_token": secrets.token_urlsafe(24), "revision": "0", "name": "Cotisations 2027",
            "seller_id": self.desk.seller.id, "who": "filtre", "statut": "membres", "since": "01/01/2026", **over,
        }  # fmt: skip

    def new(self, **over: object) -> TestResponse:
        """Sends the form of a new campaign."""
        return self.desk.send(f"{PAGE}/nouvelle", self.form(**over))

    def write(self, n: int = 1, **over: object) -> TestResponse:
        """Sends the form of the invoice, as it was drawn now unless `revision` is given."""
        usual = {"lines-0-label": LABEL, "lines-0-price": "180", "lines-0-quantity": "1", "issued_on": "", "due_on": ""}
        form = self.desk.form(**{**usual, "revision": self.one(n).revision, **over})
        return self.desk.send(f"{PAGE}/{n}/facture", form)

    def judged(self, **over: object) -> None:
        """A campaign whose members have their verdicts."""
        assert self.new(**over).status_code == 303
        assert self.write(self.desk.count(Campaign)).status_code == 303
        self.work()

    def deed(self, what: str, n: int = 1, **over: object) -> str:
        """Presses a button of the campaign's page, and gives the page that follows."""
        form = {"revision": self.one(n).revision, **over}
        answer = self.desk.send(f"{PAGE}/{n}/{what}", form, f"{PAGE}/{n}")
        assert answer.status_code == 303 and answer.location == f"{PAGE}/{n}"
        return self.page(n)

    def page(self, n: int = 1, query: str = "") -> str:
        """The campaign's page, with plain spaces."""
        return self.desk.browser.get(f"{PAGE}/{n}{query}").text.replace("\u00a0", " ")

    def one(self, n: int = 1) -> Campaign:
        """A campaign as it is now."""
        self.desk.session.rollback()
        return self.desk.session.get_one(Campaign, n)

    def work(self) -> None:
        """Whatever waits is done."""
        worker = Campaigner(self.database.sessions, lambda: NOW, Event(), "example.org")
        while worker.work():
            pass


@pytest.fixture
def office(desk: Desk, database: Database) -> Office:
    """Three members, the desk's own among them."""
    with desk.writing() as session:
        people = [make_customer(session, last_name=f"Aubert {n}").id for n in range(2)]
    return Office(desk, database, [*people, desk.customer.id])


def test_a_campaign_goes_from_its_members_to_their_invoices(office: Office) -> None:
    assert "Une campagne fait la même facture" in office.desk.browser.get(PAGE).text
    assert office.new().location == f"{PAGE}/1/facture"
    assert "La facture de chacun" in office.desk.browser.get(f"{PAGE}/1/facture").text
    assert office.write().location == f"{PAGE}/1"
    assert 'data-live="2000"' in office.page() and "La vérification attend son tour" in office.page()
    office.work()
    page = office.page()
    assert "data-live" not in page and "3 factures sont prêtes, pour 648,00 €." in page
    assert "Exemple : Élodie Aubert 0" in page and "Produire les 3 factures" in page and "checked" not in page
    making = office.deed("produire", send="1")
    assert "Les factures se font" in making and "0 facture sur 3" in making and "Mettre en pause" in making
    office.work()
    made = office.page()
    assert "3 factures sont faites, pour 648,00 €." in made and "3 courriels qui attendent leur tour" in made
    assert "/ventes/factures/F2026-00003" in made
    assert "3 sur 3" in office.desk.browser.get(PAGE).text
    assert [office.desk.count(table) for table in (Invoice, Delivery)] == [3, 3]


def test_without_the_tick_nothing_is_mailed(office: Office) -> None:
    office.judged()
    office.deed("produire")
    office.work()
    assert "Aucun courriel : la case n’était pas cochée." in office.page()
    assert [office.desk.count(table) for table in (Invoice, Delivery)] == [3, 0]


@pytest.mark.parametrize(("over", "said"), [
    ({"name": " "}, "Écrivez un nom."),
    ({"seller_id": "99"}, "Choisissez un vendeur de la liste."),
    ({"since": "hier"}, "« hier » n’est pas une date possible."),
    ({"since": ""}, "Ce champ est nécessaire."),
    ({"genre": "fées"}, "Choisissez"),
    ({"q": "introuvable"}, "Ces filtres ne laissent personne"),
    ({"who": "liste", "listed": "rien\nde connu"}, "Aucune ligne ne désigne un client"),
])  # fmt: skip
def test_what_is_wrong_with_the_members_is_said_at_its_field(
    office: Office, over: dict[str, object], said: str
) -> None:
    answer = office.new(**over)
    text = answer.text.replace("\u00a0", " ")
    assert answer.status_code == 422 and said in text
    assert 'aria-invalid="true"' in text or "seller_id" in over  # one seller is no choice
    assert all(str(value) in text for name, value in over.items() if name in ("q", "listed", "since"))
    assert office.desk.count(Campaign) == 0


def test_counting_saves_nothing(office: Office) -> None:
    page = office.new(do="count", name="Dues", q="Aubert").text.replace("\u00a0", " ")
    assert "2 clients choisis" in page and 'value="Dues"' in page
    listed = f"{office.desk.customer.email}\npersonne@example.fr\n"
    page = office.new(do="count", who="liste", listed=listed).text.replace("\u00a0", " ")
    assert "1 client choisi" in page and "sur 2 lignes" in page
    assert "Choisissez" in office.new(do="count", statut="fées").text
    assert office.desk.count(Campaign) == 0


def test_each_form_sent_twice_does_it_once(office: Office) -> None:
    form = office.form()
    assert [office.desk.send(f"{PAGE}/nouvelle", form).location for _ in range(2)] == [f"{PAGE}/1/facture"] * 2
    assert office.desk.count(Campaign) == 1
    assert [office.write(revision="1").location for _ in range(2)] == [f"{PAGE}/1"] * 2
    assert office.one().revision == 2
    changed = office.form(revision="2", name="Cotisations")
    assert [office.desk.send(f"{PAGE}/1/membres", changed).location for _ in range(2)] == [f"{PAGE}/1"] * 2
    assert (office.one().revision, office.one().name) == (3, "Cotisations")
    office.work()
    office.deed("produire", send="1")
    assert "a déjà été lancée" in office.deed("produire", send="1")
    office.work()
    assert [office.desk.count(table) for table in (Invoice, Delivery)] == [3, 3]
    assert "a déjà été lancée" in office.deed("produire")
    office.work()
    assert office.desk.count(Invoice) == 3


def test_an_old_page_changes_nothing_and_says_so(office: Office) -> None:
    office.judged()
    answer = office.desk.send(f"{PAGE}/1/membres", office.form(revision="1", name="Autre"))
    assert answer.status_code == 409 and "Quelqu’un d’autre a changé" in answer.text and 'value="Autre"' in answer.text
    answer = office.write(revision="1", **{"lines-0-price": "7"})
    assert answer.status_code == 409 and "a changé cette campagne" in answer.text and 'value="7"' in answer.text
    assert "a changé entre-temps" in office.deed("produire", revision="1")
    assert "a changé entre-temps" in office.deed("verifier", revision="1")
    assert office.one().name == "Cotisations 2027" and office.desk.count(Invoice) == 0


def test_what_is_wrong_with_the_invoice_is_said_before_anybody_is_judged(office: Office) -> None:
    office.new()
    for over, said in (({"lines-0-label": ""}, "Il manque la désignation"),
                       ({"issued_on": "01/01/2030"}, "Cette date est dans l’avenir"),
                       ({"lines-0-quantity": "-1"}, "Le total serait négatif")):  # fmt: skip
        answer = office.write(**over)
        assert answer.status_code == 422 and said in answer.text.replace("\u00a0", " "), over
    assert office.one().state is CampaignState.writing and not office.one().content
    page = office.write(do="sum").text.replace("\u00a0", " ")
    assert "216,00 €" in page and "Déjà reçu" not in page and office.one().state is CampaignState.writing


def test_each_obstacle_has_its_sentence_and_a_way_out(office: Office) -> None:
    with office.desk.writing() as session:
        first, second = (session.get_one(Customer, n) for n in office.people[:2])
        first.street = first.city = first.postcode = ""
        second.email = ""
        number = make_invoice(session, office.desk.customer, office.desk.seller, make_line(session, LABEL)).number
    office.judged()
    page = office.page()
    assert "Il manque l’adresse du client." in page and f"/ventes/clients/{office.people[0]}/modifier#street" in page
    assert "Pas d’adresse e-mail" in page and f"/ventes/clients/{office.people[1]}/modifier#email" in page
    assert f"A déjà reçu la même facture : {number}." in page and f"/ventes/factures/{number}" in page
    assert "Produire 1 facture" in page and "2 membres sont laissés de côté." in page
    assert "1 membre ne recevra pas de courriel" in page and "disabled" in page
    assert "Aubert 0" in office.page(query="?verdict=no_address")
    assert "Aubert 1" not in office.page(query="?verdict=no_address").split('id="members"')[1].split("</section>")[0]
    answer = office.desk.browser.get(f"{PAGE}/1/export.csv?verdict=already_invoiced")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2 and rows[1][0] == office.desk.customer.name and number in rows[1][4]
    assert office.desk.browser.get(f"{PAGE}/1/export.xlsx").status_code == 200
    with office.desk.writing() as session:
        session.execute(update(Customer).values(street="1 rue", city="Brest", postcode="29200", email="a@example.fr"))
    office.deed("verifier")
    office.work()
    assert "Produire les 2 factures" in office.page()


def test_a_list_shows_the_lines_that_name_nobody(office: Office) -> None:
    office.judged(who="liste", listed=f"{office.desk.customer.email}\n<b>x</b>@example.fr\n")
    page = office.page()
    assert "Client introuvable" in page and "&lt;b&gt;x&lt;/b&gt;@example.fr" in page and "Produire 1 facture" in page
    answer = office.desk.browser.get(f"{PAGE}/1/export.csv")
    assert "<b>x</b>@example.fr" in answer.text


def test_a_long_list_comes_through(office: Office) -> None:
    listed = "\n".join(f"quelqu.un.de.tres.loin.{n:06}@example.org" for n in range(50_000))
    answer = office.new(who="liste", listed=listed)
    assert answer.status_code == 422 and "Aucune ligne ne désigne un client" in answer.text
    assert office.new(who="liste", listed="x" * 9_000_000).status_code == 413
    assert office.desk.count(Campaign) == 0


def test_more_than_anybody_has_members_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    answer = office.new(who="liste", listed=f"{office.desk.customer.email}\nb@example.org")
    assert answer.status_code == 422 and "C’est trop" in answer.text and 'id="listed-e"' in answer.text


def test_the_example_goes_from_one_member_to_the_next(office: Office) -> None:
    office.judged()
    first = office.page()
    assert 'rel="prev"' not in first
    with office.desk.writing() as session:
        ids = list(session.scalars(select(CampaignMember.id).order_by(CampaignMember.id)))
    assert f"exemple={ids[1]}" in first
    second = office.page(query=f"?exemple={ids[1]}")
    assert "Exemple : Élodie Aubert 1" in second and f"exemple={ids[0]}" in second and f"exemple={ids[2]}" in second
    assert "Exemple : Élodie Aubert 0" in office.page(query="?exemple=999")


def test_it_pauses_and_goes_on(office: Office) -> None:
    office.judged()
    office.deed("produire")
    assert "En pause : 0 factures sont faites sur 3." in office.deed("pause")
    assert "Reprendre" in office.deed("pause")
    office.work()
    assert office.desk.count(Invoice) == 0
    assert "Les factures se font" in office.deed("reprendre")
    office.work()
    assert "3 factures sont faites" in office.deed("reprendre")
    assert office.desk.count(Invoice) == 3


def test_a_refusal_is_told_and_tried_again(office: Office) -> None:
    office.judged()
    with office.desk.writing() as session:
        session.execute(update(CampaignMember).where(CampaignMember.id == 1).values(total_cents=1))
    office.deed("produire")
    office.work()
    page = office.page()
    assert "Le total n’est plus celui de la vérification" in page and "Réessayer 1 refus" in page
    office.deed("reprendre")
    office.work()
    assert "3 factures sont faites, pour 648,00 €." in office.page()


def test_refusals_in_a_row_may_be_set_aside(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lettrine.campaigner.REFUSALS", 2)
    office.judged()
    with office.desk.writing() as session:
        session.execute(update(CampaignMember).where(CampaignMember.id < 3).values(total_cents=1))
    office.deed("produire")
    office.work()
    page = office.page()
    assert "En pause : 0 factures sont faites sur 3." in page and "2 membres refusés" in page
    assert "(Élodie Aubert 0, Élodie Aubert 1)" in page
    assert "Réessayer les 2 refus" in page and "Laisser les 2 refus de côté" in page
    assert "0 facture sur 1" in office.deed("reprendre", refused="aside")
    office.work()
    made = office.page()
    assert "1 facture est faite, pour 216,00 €." in made and "(Élodie Aubert 0, Élodie Aubert 1)" in made
    assert office.desk.count(Invoice) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_seller_without_a_series_is_told_and_put_right(office: Office, when: str) -> None:
    office.new()
    if when == "after":
        office.write()
    with office.desk.writing() as session:
        session.execute(update(Series).values(active=False))
    if when == "before":
        answer = office.write()
        assert answer.status_code == 422 and "pas de série de numéros" in answer.text
        return
    office.work()
    page = office.page()
    assert "Le vendeur n’a plus de série de numéros" in page and "Vérifier de nouveau" in page
    with office.desk.writing() as session:
        session.execute(update(Series).values(active=True))
    office.deed("verifier")
    office.work()
    assert "3 factures sont prêtes" in office.page()


def test_what_the_seller_lacks_is_said_once(office: Office) -> None:
    office.new()
    office.write()
    with office.desk.writing():
        office.desk.seller.siret = ""
    office.work()
    page = office.page()
    assert page.count("Il manque le numéro SIRET du vendeur") == 1 and office.desk.count(CampaignMember) == 0
    assert (
        f"/ventes/reglages/vendeurs/{office.desk.seller.id}#siret"
        in office.desk.browser_of(Role.admin).get(f"{PAGE}/1").text
    )


def test_a_date_that_came_too_late_asks_for_a_campaign_of_its_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lettrine.campaigner.REFUSALS", 2)
    office.new()
    office.write(issued_on="20/11/2026", due_on="20/12/2026")
    office.work()
    with office.desk.writing() as session:
        make_invoice(session, office.desk.customer, office.desk.seller, make_line(session, "Autre chose"))
    office.deed("produire")
    office.work()
    page = office.page()
    assert "choisissez cette date ou plus tard" in page or "la date écrite dans la facture est trop ancienne" in page
    assert "Commencez-en une autre pour le reste" in page and f'href="{PAGE}/nouvelle"' in page
    assert office.desk.count(Invoice) == 1


def test_an_unforeseen_error_pauses_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.judged()
    office.deed("produire")
    with monkeypatch.context() as patched:
        patched.setattr("lettrine.campaigner.Making", _broken)
        office.work()
    assert "Une erreur imprévue l’a arrêtée" in office.page()
    office.deed("reprendre")
    office.work()
    assert office.desk.count(Invoice) == 3


def _broken(*_args: object) -> None:
    raise RuntimeError("a disk burns")


def test_it_is_abandoned_after_a_question(office: Office) -> None:
    office.judged()
    assert "Abandonner cette campagne ?" in office.desk.browser.get(f"{PAGE}/1/abandonner").text.replace("\u00a0", " ")
    assert "Cette campagne a été abandonnée" in office.deed("abandonner")
    assert "Cette campagne a été abandonnée" in office.deed("abandonner")
    assert "Cette campagne a été abandonnée. Rien n’a été changé." in office.deed("produire")
    for step in ("membres", "facture"):
        assert office.desk.browser.get(f"{PAGE}/1/{step}").location == f"{PAGE}/1"


def test_what_is_made_no_longer_changes(office: Office) -> None:
    office.judged()
    office.deed("produire")
    for send in (
        lambda: office.desk.send(f"{PAGE}/1/membres", office.form(revision="2"), f"{PAGE}/1"),
        lambda: office.desk.send(f"{PAGE}/1/facture", {"revision": "2"}, f"{PAGE}/1"),
        lambda: office.desk.send(f"{PAGE}/1/abandonner", {}, f"{PAGE}/1"),
    ):
        _refused(office, send)
    assert office.desk.browser.get(f"{PAGE}/1/abandonner").location == f"{PAGE}/1"
    office.work()
    assert office.desk.count(Invoice) == 3


def _refused(office: Office, send: Callable[[], TestResponse]) -> None:
    assert send().location == f"{PAGE}/1"
    assert "elle ne se modifie plus" in office.page()


def test_another_seller_means_another_invoice(office: Office) -> None:
    from tests.factories import make_seller

    office.judged()
    with office.desk.writing() as session:
        other = make_seller(session, prefix="R", name="Les Presses").id
    answer = office.desk.send(f"{PAGE}/1/membres", office.form(revision="2", seller_id=other))
    assert answer.location == f"{PAGE}/1/facture"
    assert "Il reste à écrire la facture" in office.page()
    assert "n’en est pas là" in office.deed("verifier")
    form = office.desk.browser.get(f"{PAGE}/1/facture").text
    assert LABEL in form and hidden(form, "seller_id") == str(other)


def test_whoever_only_reads_sees_no_button(office: Office) -> None:
    office.judged()
    reader = office.desk.browser_of(Role.reader)
    page = reader.get(f"{PAGE}/1").text
    assert "Cotisations 2027" in page and "Exemple" in page
    for word in ("Produire les", "Modifier les membres", "Abandonner"):
        assert word not in page
    assert "Nouvelle campagne" not in reader.get(PAGE).text


def test_it_speaks_english(office: Office) -> None:
    office.judged()
    with office.desk.writing() as session:
        session.execute(update(User).values(language="en"))
    assert "Make the 3 invoices" in office.page() and "Nothing is made yet." in office.page()
    assert "Who gets an invoice" in office.desk.browser.get(f"{PAGE}/nouvelle").text
    assert "Everybody’s invoice" in office.desk.browser.get(f"{PAGE}/1/facture").text
    assert "Invoicing campaigns" in office.desk.browser.get("/ventes").text


def test_a_campaign_that_names_nobody_any_more_asks_for_members(office: Office) -> None:
    with office.desk.writing() as session:
        email = session.get_one(Customer, office.people[1]).email
    office.new(q=email)
    with office.desk.writing() as session:
        session.get_one(Customer, office.people[1]).merged_into_id = office.desk.customer.id
    assert office.desk.browser.get(f"{PAGE}/1/facture").location == f"{PAGE}/1/membres"


def test_nobody_is_left_to_invoice(office: Office) -> None:
    office.judged()
    office.deed("produire")
    office.work()
    office.judged()
    page = office.page(2)
    assert "Personne ne recevrait de facture." in page and "Produire les" not in page
    assert "rien n’a été produit" in office.deed("produire", 2)
    assert office.desk.count(Invoice) == 3


def test_the_list_is_paged(office: Office) -> None:
    with office.desk.writing() as session:
        for n in range(51):
            content = service.CampaignContent(f"Campagne {n}", office.desk.seller.id, NOW.date())
            service.begin(session, COMMAND, NOW, content, f"token-{n}")
    assert "apres=2" in office.desk.browser.get(PAGE).text
    assert office.desk.browser.get(f"{PAGE}?apres=2").text.count('scope="row"') == 1
    assert office.desk.browser.get(f"{PAGE}?apres=x").status_code == 200


def test_without_a_seller_there_is_nothing_to_begin(office: Office) -> None:
    with office.desk.writing():
        office.desk.seller.active = False
    answer = office.desk.browser.get(f"{PAGE}/nouvelle")
    assert answer.status_code == 409 and "Aucun vendeur" in answer.text


def test_every_verdict_has_its_word() -> None:
    from web.campaigns import _TOLD, STATES, VERDICTS

    assert set(VERDICTS) == set(_TOLD) == set(Verdict) and set(STATES) == set(CampaignState)
