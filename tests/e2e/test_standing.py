"""Documents that stand, as people see them: money in part, credit notes, moves, dated rates, the proof."""

from __future__ import annotations

import itertools
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.invoices.models import Invoice, Status
from invoicing.lettering.service import letter
from invoicing.numbering import Series
from invoicing.sellers.models import Region, Seller
from lettrine.catcher import Caught
from tests.e2e.conftest import Desk, Walker
from tests.factories import actor_of, make_customer, make_invoice, make_line, make_order, make_shop, make_user
from web.database import now

pytestmark = pytest.mark.browser
_references = (f"FB-2026-{n:04}" for n in itertools.count(1))


def new_invoice(desk: Desk, *prices: int, password_hash: str | None = None) -> tuple[str, str]:
    """An invoice of 20 % VAT with one line per price: its number, and the address of its customer, a member."""
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        user = make_user(session, Role.member, password_hash=password_hash)
        customer = make_customer(session, users=(user,), email=user.email, seller_id=seller.id)
        lines = [make_line(session, f"Cours à {price} euros", price) for price in prices]
        return make_invoice(session, customer, seller, *lines, now=now()).number, user.email


def row_of(desk: Desk, number: str) -> Invoice:
    """What the database says of it."""
    with desk.sessions() as session:
        return session.scalars(select(Invoice).where(Invoice.number == number)).one()


def pay(walker: Walker, number: str, amount: str) -> None:
    """Through the form."""
    walker.open(f"/ventes/factures/{number}")
    walker.follow("Enregistrer un paiement")
    walker.page.locator("#amount").fill(amount)
    walker.page.locator("#method").select_option("transfer")
    walker.press("Enregistrer le paiement")


def test_money_comes_in_parts_and_a_mistake_is_undone_by_its_contrary(desk: Desk, walker: Walker) -> None:
    number, _ = new_invoice(desk, 100)
    walker.sign_in(desk.staff[Role.sales])
    pay(walker, number, "50,00")
    walker.sees("Paiement de 50,00 € enregistré.", "Payée en partie", "70,00 €")
    pay(walker, number, "70,01")
    walker.sees("70,00 €")  # what is possible instead
    assert walker.page.locator("#amount").input_value() == "70,01"
    assert row_of(desk, number).paid_cents == 5000
    walker.page.locator("#amount").fill("70,00")
    walker.press("Enregistrer le paiement")
    assert row_of(desk, number).status is Status.complete
    walker.page.locator("#paiements").get_by_role("link", name="Annuler…").first.click()
    walker.look()
    walker.press("Annuler le paiement")
    walker.sees("Dites pourquoi")
    walker.page.locator("#reason").fill("chèque sans provision")
    walker.press("Annuler le paiement")
    walker.sees("chèque sans provision")
    found = row_of(desk, number)
    assert (found.status, found.paid_cents) in ((Status.partial, 5000), (Status.partial, 7000))


def test_a_credit_note_takes_one_line_is_mailed_once_and_reaches_the_member(
    desk: Desk, walker: Walker, password_hash: str
) -> None:
    number, email = new_invoice(desk, 100, 40, password_hash=password_hash)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/factures/{number}")
    walker.follow("Établir un avoir")
    walker.press("Voir le total")
    walker.sees("Dites pourquoi")
    walker.page.get_by_role("checkbox", name="Cours à 100 euros").set_checked(False)
    walker.page.get_by_role("checkbox", name="Cours à 40 euros").set_checked(True)
    walker.page.get_by_label("Pourquoi ?").fill("cours annulé")
    walker.press("Voir le total")
    walker.sees("Vérifier l’avoir, puis finaliser", "cours annulé", "48,00 €", "120,00 €")
    assert not walker.page.locator("input[name=send]").is_checked()
    walker.page.locator("input[name=send]").check()
    walker.press("Finaliser l’avoir")
    walker.sees("A2", "cours annulé", number)
    credited = row_of(desk, number)
    assert (credited.credited_cents, credited.remaining_cents, credited.status) == (4800, 12000, Status.pending)
    note = note_of(desk, number)
    assert note in arrived(desk, email)["Subject"]
    walker.sign_in(email)
    walker.open("/mes-factures")
    walker.sees(note, number)
    walker.open(f"/mes-factures/{note}")
    walker.sees("Avoir", note, number, "cours annulé")


def arrived(desk: Desk, address: str) -> EmailMessage:
    """The one mail to an address; the worker is waited for."""

    def found() -> list[Caught]:
        return [mail for mail in desk.mails.messages if address in mail.recipients]

    with desk.mails.arrived:
        assert desk.mails.arrived.wait_for(lambda: bool(found()), 30), f"no mail to {address}"
    [mail] = found()
    return mail.message


def note_of(desk: Desk, number: str) -> str:
    """The number of the one credit note that corrects an invoice."""
    with desk.sessions() as session:
        found = session.scalars(select(Invoice).where(Invoice.corrects_id == row_of(desk, number).id)).one()
        return found.number or ""


def test_what_was_paid_and_credited_is_given_back(desk: Desk, walker: Walker) -> None:
    number, _ = new_invoice(desk, 100)
    walker.sign_in(desk.staff[Role.sales])
    pay(walker, number, "120,00")
    walker.follow("Établir un avoir")
    walker.page.get_by_label("Pourquoi ?").fill("départ")
    walker.press("Tout créditer")
    walker.sees("120,00 € seront à rendre")
    walker.press("Finaliser l’avoir")
    walker.open(f"/ventes/factures/{number}")
    walker.sees("À rendre 120,00 €")
    walker.follow("Rembourser")
    walker.page.locator("#given_by").select_option("transfer")
    walker.press("Enregistrer le remboursement")
    found = row_of(desk, number)
    assert (found.paid_cents, found.credited_cents, found.remaining_cents) == (0, 12000, 0)
    assert found.status is Status.complete


def test_an_order_is_cancelled_by_a_button_but_not_once_it_is_lettered(desk: Desk, walker: Walker) -> None:
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        shop, customer = make_shop(session, seller), make_customer(session, seller_id=seller.id)
        open_, done = (make_order(session, shop, customer, status=s) for s in (Status.pending, Status.complete))
        numbers = open_.number or "", done.number or ""
        staff = make_user(session)
        letter(session, actor_of(staff), now(), done.id, next(_references), 0)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/factures/{numbers[0]}")
    walker.page.locator("#etat").get_by_role("link", name="Annuler").click()
    walker.look()
    walker.page.get_by_role("button", name="Annuler").first.click()
    walker.page.wait_for_load_state("load")
    assert row_of(desk, numbers[0]).status is Status.cancelled
    walker.open(f"/ventes/factures/{numbers[1]}")
    assert walker.page.locator("#etat").get_by_role("link", name="Annuler").count() == 0


def test_a_new_rate_begins_on_its_day_and_changes_no_document(desk: Desk, walker: Walker) -> None:
    number, _ = new_invoice(desk, 100)
    walker.sign_in(desk.staff[Role.admin])
    walker.open("/ventes")
    walker.follow("Gérer les taxes")
    walker.page.get_by_role("link", name="TVA 10 %").first.click()
    walker.look()
    walker.page.locator("#rate").fill("dix")
    walker.page.locator("#valid_from").fill("01/01/2031")
    walker.press("Ajouter ce taux")
    assert walker.page.locator("#rate").input_value() == "dix"
    year = 2031 + len(walker.page.locator("table tbody tr").all())  # each run of this journey begins a later one
    walker.page.locator("#rate").fill("10,5")
    walker.page.locator("#valid_from").fill(f"01/01/{year}")
    walker.press("Ajouter ce taux")
    walker.sees("10,5 %", f"01/01/{year}")
    walker.open(f"/ventes/factures/{number}")
    walker.sees("TVA 20 %", "120,00 €")


def test_the_proof_is_asked_for_and_a_received_pdf_is_judged(desk: Desk, walker: Walker, tmp_path: Path) -> None:
    number, _ = new_invoice(desk, 100)
    walker.sign_in(desk.staff[Role.reader])
    walker.open(f"/ventes/factures/{number}")
    pdf = walker.page.request.get(f"{desk.url}/ventes/factures/{number}/pdf?telecharger=1").body()
    walker.open("/ventes/preuve")
    if walker.page.get_by_role("button", name="Vérifier maintenant").count():
        walker.press("Vérifier maintenant")
    deadline = time.monotonic() + 60
    while "Tout est intact." not in walker.page.locator("body").inner_text() and time.monotonic() < deadline:
        walker.page.goto(f"{desk.url}/ventes/preuve")
    walker.look()
    walker.sees("Tout est intact.", "Ce qui a été vérifié")
    real, changed, other = (tmp_path / name for name in ("recu.pdf", "change.pdf", "autre.pdf"))
    real.write_bytes(pdf)
    changed.write_bytes(pdf + b"\n% changed\n")
    other.write_bytes(b"nothing of ours")
    for path, words in ((real, f"C’est {number}, version 1"), (changed, f"Il porte le numéro {number}"),
                        (other, "Ce fichier est inconnu.")):  # fmt: skip
        walker.page.locator("#pdf").set_input_files(path)
        walker.press("Comparer")
        walker.sees(words)


def test_a_new_series_is_shown_before_it_is_made(desk: Desk, walker: Walker) -> None:
    with desk.sessions() as session:
        known = session.scalars(select(Series.format)).all()
    prefix = f"N{chr(65 + len(known) % 26)}-"
    walker.sign_in(desk.staff[Role.admin])
    walker.open("/ventes/reglages/series")
    walker.follow("Nouvelle série")
    walker.page.locator("#prefix").fill("n°")
    walker.press("Voir le premier numéro")
    assert walker.page.locator("#prefix[aria-invalid=true]").count() == 1
    walker.page.locator("#prefix").fill(prefix)
    walker.page.locator("#seller_id").select_option(str(desk.sellers[Region.QC]))
    walker.page.get_by_role("radio").first.check()
    walker.press("Voir le premier numéro")
    walker.sees("Le premier numéro sera")
    with desk.sessions() as session:
        assert session.scalars(select(Series.format)).all() == known
    walker.press("Créer la série")
    with desk.sessions() as session:
        assert any(f.startswith(prefix) for f in session.scalars(select(Series.format)))
