"""What happens to customers when several people act in the same instant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.customers import service
from invoicing.customers.merging import both, merge
from invoicing.customers.merging_rules import MergeWish, fingerprint
from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent, MergedAway
from invoicing.database import transaction
from invoicing.errors import Stale
from invoicing.invoices.models import Invoice
from invoicing.invoices.service import finalise, refresh_search
from invoicing.journal import COMMAND, JournalEntry
from invoicing.sellers.models import Seller
from invoicing.shop.models import Shop
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_draft, make_order, make_seller, make_shop

T = TypeVar("T")
ROY = CustomerContent("person", "Anne", "Roy", email="roy@example.fr")


def at_once(database: Database, act: Callable[[Session, int], T], times: int = 8) -> list[T]:
    """What each of several transactions gave, all begun together."""

    def one(n: int) -> T:
        with transaction(database.sessions) as session:
            return act(session, n)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_new_name_waits_for_the_number_that_is_being_given(database: Database) -> None:
    with transaction(database.sessions) as session:
        customer = make_customer(session)
        draft = make_draft(session, customer, make_seller(session))
        customer_id, draft_id, total = customer.id, draft.id, draft.total_cents

    def rename() -> None:
        with transaction(database.sessions) as session:
            service.change_customer(session, COMMAND, NOW, customer_id, 1, ROY)
            refresh_search(session, customer_id)

    with ThreadPoolExecutor(1) as pool:
        with transaction(database.sessions) as session:
            finalise(session, COMMAND, NOW, draft_id, 1, total, email=False, domain="example.org")
            renaming = pool.submit(rename)
            assert not wait([renaming], timeout=1).done  # it waits for the number
        renaming.result()
    with database.sessions() as session:
        found = session.get_one(Invoice, draft_id).search_text
    assert "f2026-00001" in found and "roy" in found


def test_a_new_name_waits_for_the_order_that_comes_in(database: Database) -> None:
    with transaction(database.sessions) as session:
        customer_id, shop_id = make_customer(session).id, make_shop(session).id

    def rename() -> None:
        with transaction(database.sessions) as session:
            service.change_customer(session, COMMAND, NOW, customer_id, 1, ROY)
            refresh_search(session, customer_id)

    with ThreadPoolExecutor(1) as pool:
        with transaction(database.sessions) as session:
            shop, customer = session.get_one(Shop, shop_id), session.get_one(Customer, customer_id)
            order_id = make_order(session, shop, customer).id
            renaming = pool.submit(rename)
            assert not wait([renaming], timeout=1).done  # else the order would keep the old name for ever
        renaming.result()
    with database.sessions() as session:
        order = session.get_one(Invoice, order_id)
        assert "roy" in order.search_text and order.customer_sort.startswith("roy")


def test_one_form_sent_many_times_at_once_makes_one_contact(database: Database) -> None:
    ids = at_once(database, lambda s, _n: service.add_customer_once(s, COMMAND, NOW, ROY, "a form").id)
    assert len(set(ids)) == 1
    with database.sessions() as session:
        assert session.scalars(select(Customer.id)).all() == ids[:1]
        assert [entry.action for entry in session.scalars(select(JournalEntry))] == ["customer.added"]


def test_members_made_at_once_with_no_number_get_each_their_own(database: Database) -> None:
    with transaction(database.sessions) as session:
        ids = [make_customer(session, member=False).id for _ in range(8)]
    numbers = at_once(database, lambda s, n: service.make_member(s, COMMAND, NOW, ids[n], "").member_number)
    assert sorted(map(str, numbers)) == [f"{n:05}" for n in range(1, 9)]


def test_of_two_merges_across_exactly_one_is_done(database: Database) -> None:
    with transaction(database.sessions) as session:
        pair = (make_customer(session, member=False).id, make_customer(session, member=False).id)

    def merge_one(session: Session, n: int) -> str:
        kept, gone = pair if n % 2 else pair[::-1]
        try:
            merge(session, COMMAND, NOW, kept, gone, MergeWish(fingerprint(*both(session, kept, gone))))
        except (MergedAway, Stale) as refusal:
            return type(refusal).__name__
        return "merged"

    done = at_once(database, merge_one)
    assert done.count("merged") == 1
    with database.sessions() as session:
        merged = session.scalars(select(Customer).where(Customer.merged_into_id.is_not(None))).all()
    assert len(merged) == 1


def test_a_draft_that_is_made_while_its_customer_is_merged_is_not_lost(database: Database) -> None:
    with transaction(database.sessions) as session:
        seller = make_seller(session).id
        kept, gone = make_customer(session, member=False).id, make_customer(session, member=False).id

    def act(session: Session, n: int) -> str:
        try:
            if n:
                make_draft(session, session.get_one(Customer, gone), session.get_one(Seller, seller))
                return "drafted"
            return str(merge(session, COMMAND, NOW, kept, gone, MergeWish(fingerprint(*both(session, kept, gone)))))
        except MergedAway:
            return "refused"

    done = at_once(database, act, 4)
    with database.sessions() as session:
        owners = session.scalars(select(Invoice.customer_id)).all()
    assert owners == [kept] * done.count("drafted")
