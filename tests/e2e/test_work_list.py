"""The work list by keyboard alone: type, Enter, next; empty Enter passes over; a refusal keeps what was typed."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.invoices.models import Invoice
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import SuggestedLettering
from invoicing.sellers.models import Region, Seller
from tests.e2e.conftest import Desk, Walker
from tests.factories import NOW, make_customer, make_order, make_shop

pytestmark = pytest.mark.browser
_references = (f"WL-2026-{n:04}" for n in itertools.count(1))
_days = (datetime(2019, 1, 1, 9) - timedelta(n * 10) for n in itertools.count())  # noqa: DTZ001 - naive UTC, as the core
LIST, FIELD = "/ventes/a-lettrer", "#reference"


@pytest.fixture
def numbers(desk: Desk) -> list[str]:
    """Four orders, older than whatever else there is."""
    first = next(_days)
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        customer, shop = make_customer(session, seller_id=seller.id), make_shop(session, seller)
        return [make_order(session, shop, customer, now=first + timedelta(n)).number or "" for n in range(4)]


def lettering_of(desk: Desk, number: str) -> str | None:
    with desk.sessions() as session:
        return session.scalars(select(Invoice.lettering).where(Invoice.number == number)).one()


def type_in(walker: Walker, text: str) -> None:
    """Types where the cursor is, and presses Enter."""
    expect(walker.page.locator(f"{FIELD}:focus")).to_have_count(1)
    walker.page.keyboard.type(text)
    with walker.page.expect_navigation():
        walker.page.keyboard.press("Enter")
    walker.look()


def in_sight(walker: Walker) -> str:
    return walker.page.locator("form.now h2 a").inner_text()


def test_type_enter_next_by_keyboard_alone(desk: Desk, walker: Walker, numbers: list[str]) -> None:
    one, two, three, four = numbers
    reference = next(_references)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(LIST)
    assert in_sight(walker) == one
    walker.sees("1 sur ", "Plus de 90 jours", "Les suivantes", two)
    type_in(walker, reference)
    walker.sees(f"{one} lettrée : {reference}")
    assert in_sight(walker) == two and lettering_of(desk, one) == reference
    type_in(walker, "")
    assert in_sight(walker) == three and lettering_of(desk, two) is None
    type_in(walker, reference.lower())
    walker.sees(f"Une autre facture porte déjà ce lettrage : {one}", "Rien n’a été changé.")
    assert in_sight(walker) == three and walker.page.locator(FIELD).input_value() == reference.lower()
    walker.page.keyboard.press("Control+A")
    better = next(_references)
    type_in(walker, better)
    assert in_sight(walker) == four and lettering_of(desk, three) == better


def test_the_way_from_the_hub_and_back_to_an_invoice(desk: Desk, walker: Walker, numbers: list[str]) -> None:
    walker.sign_in(desk.staff[Role.sales])
    walker.open("/ventes")
    walker.page.locator(".today a").first.click()
    walker.page.wait_for_load_state("load")
    assert in_sight(walker) == numbers[0]
    walker.press("Passer", exact=True)
    assert in_sight(walker) == numbers[1]
    walker.page.locator(".bands a").last.click()
    walker.page.wait_for_load_state("load")
    walker.look()
    assert walker.page.locator(".bands a[aria-current]").count() == 1
    walker.open(LIST)
    walker.follow(numbers[0], exact=True)
    walker.sees(f"Facture : {numbers[0]}", "Lettrage")


def propose(session: Session, number: str, reference: str) -> None:
    """A file that was judged, with one row that may be this document."""
    invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one()
    run = ImportRun(
        kind=RunKind.letterings, state=RunState.judged, file_name="compta.csv", sha256="0" * 64, size=1, asked_at=NOW,
        counts=json.dumps({"suggest": 1}),
    )  # fmt: skip
    session.add(run)
    session.flush()
    facts = json.dumps({"customer": "LEFEVRE ELODIE", "amount_cents": 21_600, "currency": "EUR", "day": ""})
    session.add(ImportRow(run_id=run.id, line=2, verdict=Verdict.suggest, subject=reference, facts=facts))
    session.add(SuggestedLettering(run_id=run.id, line=2, invoice_id=invoice.id, score=90, reasons="amount name"))


def test_a_proposal_is_taken_by_tab_and_enter(desk: Desk, walker: Walker, numbers: list[str]) -> None:
    reference = next(_references)
    with transaction(desk.sessions) as session:
        propose(session, numbers[0], reference)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(LIST)
    walker.sees(
        reference, "même montant, même client", "Une proposition ne lettre rien tant que vous ne l’avez pas prise."
    )
    take = walker.page.get_by_role("button", name=f"Prendre {reference}")
    for _key in range(3):
        walker.page.keyboard.press("Tab")
    expect(take).to_be_focused()
    with walker.page.expect_navigation():
        walker.page.keyboard.press("Enter")
    walker.sees(f"{numbers[0]} lettrée : {reference}")
    assert lettering_of(desk, numbers[0]) == reference and in_sight(walker) == numbers[1]
