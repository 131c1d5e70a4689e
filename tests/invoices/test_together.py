"""A document is made in the instant in which its customer is renamed or becomes a member: one waits for the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest
from sqlalchemy.orm import Session

from invoicing.customers import service as customers
from invoicing.customers.rules import CustomerContent
from invoicing.database import transaction
from invoicing.errors import Stale
from invoicing.invoices import service
from invoicing.invoices.models import Invoice
from invoicing.invoices.service import finalise, refresh_search
from invoicing.journal import COMMAND
from tests.conftest import Database
from tests.factories import NOW, make_credit, make_customer, make_draft, make_invoice, make_seller

ROY = CustomerContent(
    "person", "Anne", "Roy", email="roy@example.fr", street="1 rue du Lac", postcode="74000", city="Annecy"
)
Made = Callable[[Session], int]


def rename(session: Session, customer_id: int) -> None:
    customers.change_customer(session, COMMAND, NOW, customer_id, 1, ROY)


def join(session: Session, customer_id: int) -> None:
    customers.make_member(session, COMMAND, NOW, customer_id, "")


def making(session: Session, what: str) -> tuple[int, Made]:
    """A contact's number, and what makes a document for them, giving the document's number."""
    customer, seller = make_customer(session, member=False), make_seller(session)
    if what == "credit note":
        invoice_id = make_invoice(session, customer, seller).invoice_id
        return customer.id, lambda s: make_credit(s, invoice_id).id
    draft = make_draft(session, customer, seller)
    wanted = (draft.id, draft.revision, draft.total_cents)
    return customer.id, lambda s: finalise(s, COMMAND, NOW, *wanted, email=True, domain="example.org").invoice_id


@pytest.mark.parametrize("what", ["credit note", "e-mailed invoice"])
@pytest.mark.parametrize("change", [rename, join])
def test_a_document_waits_for_its_customer_who_changes(
    database: Database, what: str, change: Callable[[Session, int], None]
) -> None:
    with transaction(database.sessions) as session:
        customer_id, make = making(session, what)

    def made() -> int:
        with transaction(database.sessions) as session:
            return make(session)

    with ThreadPoolExecutor(1) as pool:
        with transaction(database.sessions) as session:
            change(session, customer_id)
            document = pool.submit(made)
            assert not wait([document], timeout=1).done  # it waits, and holds nothing that the change will ask for
            refresh_search(session, customer_id)
        document_id = document.result(timeout=20)
    assert is_found_by_todays_name(database, document_id)


@pytest.mark.parametrize("what", ["credit note", "e-mailed invoice"])
@pytest.mark.parametrize("change", [rename, join])
def test_a_customer_who_changes_waits_for_the_document(
    database: Database, what: str, change: Callable[[Session, int], None]
) -> None:
    with transaction(database.sessions) as session:
        customer_id, make = making(session, what)

    def changed() -> None:
        with transaction(database.sessions) as session:
            change(session, customer_id)
            refresh_search(session, customer_id)

    with ThreadPoolExecutor(1) as pool:
        with transaction(database.sessions) as session:
            document_id = make(session)
            changing = pool.submit(changed)
            assert not wait([changing], timeout=1).done  # else the document would keep the old name for ever
        changing.result(timeout=20)
    assert is_found_by_todays_name(database, document_id)


def is_found_by_todays_name(database: Database, document_id: int) -> bool:
    with database.sessions() as session:
        invoice = session.get_one(Invoice, document_id)
        same_text = invoice.customer.sort_name.split()[0] in invoice.search_text
        return same_text and invoice.customer_sort == invoice.customer.sort_name


def test_an_invoice_that_passes_to_another_customer_meanwhile_is_stale(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sqlite" in database.url:
        pytest.skip("SQLite has one writer")
    with transaction(database.sessions) as session:
        other_id, draft = make_customer(session).id, make_draft(session, make_customer(session), make_seller(session))
        wanted = (draft.id, draft.revision, draft.total_cents)
    reached, passed, steady = Event(), Event(), customers.get

    def held(session: Session, customer_id: int, **how: bool) -> object:
        found = steady(session, customer_id, **how)
        reached.set()
        assert passed.wait(20)
        return found

    def attempt() -> None:
        with transaction(database.sessions) as session:
            finalise(session, COMMAND, NOW, *wanted, email=True, domain="example.org")

    monkeypatch.setattr(service, "get_customer", held)
    with ThreadPoolExecutor(1) as pool:
        finalising = pool.submit(attempt)
        assert reached.wait(20)
        with transaction(database.sessions) as session:
            session.get_one(Invoice, wanted[0]).customer_id = other_id
        passed.set()
        with pytest.raises(Stale):
            finalising.result(timeout=20)
