"""Lettering as the treasurer does it: the seed's path click by click, refusals, the way back, what the member sees."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.invoices.models import Invoice, Status
from invoicing.lettering.models import LetteringChange
from invoicing.sellers.models import Region, Seller
from invoicing.shop.models import Shop
from tests.e2e.conftest import Desk, Walker
from tests.factories import make_customer, make_order, make_shop, make_user

pytestmark = pytest.mark.browser
_references = (f"FA-2026-{n:04}" for n in itertools.count(1))
FIELD, BOX = "#reference", "#lettrage"


def new_order(desk: Desk, status: Status = Status.complete, region: Region = Region.FR, **over: object) -> str:
    """An online order of a shop of its own, over a catalogue of its own: its number."""
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[region])
        customer = make_customer(session, seller_id=seller.id, **over)
        return make_order(session, make_shop(session, seller), customer, status=status).number or ""


def lettering_of(desk: Desk, number: str) -> tuple[str | None, int]:
    """What the database says: the reference, and how often it has changed."""
    with desk.sessions() as session:
        row = session.scalars(select(Invoice).where(Invoice.number == number)).one()
        changes = session.scalars(select(LetteringChange).where(LetteringChange.invoice_id == row.id)).all()
        return row.lettering, len(changes)


def letter(walker: Walker, number: str, reference: str) -> None:
    """Through the box of an invoice."""
    walker.open(f"/ventes/factures/{number}")
    walker.page.locator(FIELD).fill(reference)
    walker.press("Mettre à jour")


def test_the_seed_s_path_click_by_click(desk: Desk, walker: Walker) -> None:
    number, reference = new_order(desk), next(_references)
    walker.sign_in(desk.staff[Role.sales])
    walker.open("/mes-factures")
    walker.page.get_by_text("Services commerciaux").first.click()
    walker.follow("Administration des ventes")
    walker.sees("Service commercial", "Administration des catalogues", "Administration des ventes")
    walker.follow("Toutes les factures")
    assert walker.page.locator(".tabs [aria-current=page]").inner_text().startswith("Réalisées")
    walker.follow(number, exact=True)
    walker.sees(f"Facture : {number}", "Code Transaction", "Mode de paiement", "Lettrage")
    in_sight(walker)
    walker.page.locator(FIELD).fill(reference)
    walker.press("Mettre à jour")
    walker.sees("Lettrage enregistré.", reference)
    assert lettering_of(desk, number) == (reference, 1)


def in_sight(walker: Walker) -> None:
    """The box stands at the top right, on the first screen."""
    place = walker.page.locator(BOX).bounding_box()
    assert place and place["x"] > 640 and place["y"] + place["height"] < 720, place


def test_a_reference_in_use_is_refused_across_shops(desk: Desk, walker: Walker) -> None:
    reference = next(_references)
    holder, other = new_order(desk), new_order(desk, region=Region.QC)
    with desk.sessions() as session:
        assert session.query(Shop.catalogue_id).distinct().count() >= 2
    walker.sign_in(desk.staff[Role.sales])
    letter(walker, holder, reference)
    typed = f"  {reference.lower()} "
    letter(walker, other, typed)
    walker.sees(f"Une autre facture porte déjà ce lettrage : {holder}", "Rien n’a été changé.")
    assert walker.page.locator(FIELD).input_value() == typed
    assert lettering_of(desk, other) == (None, 0)
    walker.page.locator(BOX).get_by_role("link", name=holder).click()
    walker.sees(f"Facture : {holder}", reference)


def test_unlettering_wants_a_reason_and_history_shows_it(desk: Desk, walker: Walker) -> None:
    number, reference = new_order(desk), next(_references)
    walker.sign_in(desk.staff[Role.sales])
    letter(walker, number, reference)
    walker.follow("Délettrer…")
    walker.sees(f"Délettrer la facture {number} ?", reference)
    walker.press("Délettrer")
    walker.sees("Dites pourquoi")
    assert lettering_of(desk, number) == (reference, 1)
    walker.page.locator("#reason").fill("saisie sur la mauvaise facture")
    walker.press("Délettrer")
    walker.sees("à lettrer", "saisie sur la mauvaise facture")
    assert lettering_of(desk, number) == (None, 2)


CLOSED = (Status.placed, Status.pending, Status.partial, Status.failed, Status.refused, Status.cancelled)


def test_what_is_not_an_invoice_yet_has_no_form_and_says_why(desk: Desk, walker: Walker) -> None:
    walker.sign_in(desk.staff[Role.sales])
    for status in CLOSED:
        number = new_order(desk, status)
        walker.open(f"/ventes/factures/{number}")
        assert walker.page.locator(FIELD).count() == 0
        assert "ossible" in walker.page.locator(BOX).inner_text(), status
        token = walker.page.locator("input[name=csrf_token]").first.get_attribute("value") or ""
        forged = walker.page.request.post(
            f"{desk.url}/ventes/factures/{number}/lettrage",
            form={"csrf_token": token, "reference": next(_references), "seen": "0"}, headers={"Referer": desk.url},
        )  # fmt: skip
        assert forged.status == 409
        assert lettering_of(desk, number) == (None, 0)


def test_a_form_that_somebody_overtook_is_told_so(desk: Desk, walker: Walker) -> None:
    number, mine, theirs = new_order(desk), next(_references), next(_references)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/factures/{number}")
    second = walker.page.context.new_page()
    second.goto(walker.page.url)
    second.locator(FIELD).fill(theirs)
    second.get_by_role("button", name="Mettre à jour").click()
    second.wait_for_load_state("load")
    walker.page.locator(FIELD).fill(mine)
    walker.press("Mettre à jour")
    walker.sees(theirs, "Rien n’a été changé.")
    assert walker.page.locator(FIELD).input_value() == mine
    assert lettering_of(desk, number) == (theirs, 1)
    walker.press("Mettre à jour")
    walker.sees("Lettrage enregistré.", mine)
    assert lettering_of(desk, number) == (mine, 2)


def test_the_member_sees_the_heading_change_and_the_official_number(
    desk: Desk, walker: Walker, password_hash: str
) -> None:
    reference = next(_references)
    with transaction(desk.sessions) as session:
        user = make_user(session, Role.member, password_hash=password_hash)
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        customer = make_customer(session, users=(user,), email=user.email, seller_id=seller.id)
        email, number = user.email, make_order(session, make_shop(session, seller), customer).number or ""
    walker.sign_in(email)
    walker.open(f"/mes-factures/{number}")
    walker.sees("Facture pro forma", number)
    walker.sign_in(desk.staff[Role.sales])
    letter(walker, number, reference)
    walker.sees("Facture pro forma", f"Facture n° {reference}", "retirée")
    walker.sign_in(email)
    walker.sees(f"Facture officielle n° {reference}")
    walker.open(f"/mes-factures/{number}")
    walker.sees("Facture", f"Facture officielle n° {reference}", number)
    assert "pro forma" not in walker.page.locator("h1").inner_text()
