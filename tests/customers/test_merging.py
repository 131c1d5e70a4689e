"""Two records of one customer become one: everything moves, nothing that stands changes, no right is gained unasked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.customers import access, listing, queries, service
from invoicing.customers.listing import CustomersWanted
from invoicing.customers.merging import both, merge, moves, suggestions
from invoicing.customers.merging_rules import MergeWish, SameRecord, fills, fingerprint, people, suggested_managers
from invoicing.customers.models import AccessRight, Customer
from invoicing.customers.rules import CustomerContent, MergedAway, OwnAccess
from invoicing.database import transaction
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.invoices.listing import filter_of, overview
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import of_customer
from invoicing.invoices.wanted import Tab, Wanted
from invoicing.journal import COMMAND, Actor, ActorKind, JournalEntry
from invoicing.shop.models import KnownBy, ShopCustomer
from tests.factories import (
    NOW,
    actor_of,
    make_customer,
    make_draft,
    make_invoice,
    make_order,
    make_seller,
    make_shop,
    make_user,
)
from tests.proof.conftest import Desk, desk

__all__ = ["desk"]
EVERYBODY = CustomersWanted()


def wish(session: Session, kept: Customer, gone: Customer, **over: object) -> MergeWish:
    """What a form drawn just now says."""
    session.expire_all()
    return replace(MergeWish(fingerprint(*both(session, kept.id, gone.id))), **over)  # type: ignore[arg-type]


def do(session: Session, kept: Customer, gone: Customer, actor: Actor = COMMAND, **over: object) -> int:
    """Merges the second into the first, and writes the journal."""
    made = merge(session, actor, NOW, kept.id, gone.id, wish(session, kept, gone, **over))
    session.commit()
    return made


def pair(session: Session, **over: object) -> tuple[Customer, Customer]:
    """Two contacts: the one that stays, the duplicate."""
    return make_customer(session, member=False), make_customer(session, member=False, **over)


def test_documents_drafts_and_orders_move(session: Session) -> None:
    kept, gone = pair(session)
    seller = make_seller(session)
    shop = make_shop(session, seller)
    make_invoice(session, gone, seller)
    make_draft(session, gone, seller)
    make_order(session, shop, gone)
    session.flush()
    assert moves(session, gone.id).documents == 2 and moves(session, gone.id).drafts == 1
    assert do(session, kept, gone) == 3
    assert set(session.scalars(select(Invoice.customer_id))) == {kept.id}
    assert len(of_customer(session, kept.id)) == 2


def test_nothing_that_stands_changes_and_the_proof_stays_silent(desk: Desk) -> None:
    with transaction(desk.database.sessions) as session:
        gone, kept = session.scalars(select(Customer).order_by(Customer.id)).all()
        before = dict(session.execute(select(Invoice.number, Invoice.snapshot)).all())
        choice = wish(session, kept, gone, member_number=kept.member_number)
        merge(session, COMMAND, NOW, kept.id, gone.id, choice)
    bytes_before = desk.file("F2026-00001").read_bytes()
    with desk.database.sessions() as session:
        assert dict(session.execute(select(Invoice.number, Invoice.snapshot)).all()) == before
    assert desk.faults() == [] and desk.file("F2026-00001").read_bytes() == bytes_before


def test_each_document_and_both_records_are_journalled(session: Session) -> None:
    kept, gone = pair(session)
    moved = make_invoice(session, gone, make_seller(session)).invoice_id
    do(session, kept, gone)
    noted = {(row.action, row.subject_kind, row.subject_id) for row in session.scalars(select(JournalEntry))}
    assert {("customer.merged", "customer", kept.id), ("customer.merged_away", "customer", gone.id),
            ("invoice.customer_merged", "invoice", moved)} <= noted  # fmt: skip


def test_the_journal_holds_no_name_nor_address(session: Session) -> None:
    kept, gone = pair(session, phone="0479123456", last_name="Zygomatique")
    do(session, kept, gone, fill=True)
    told = " ".join(session.scalars(select(JournalEntry.changes)))
    assert "0479" not in told and "Zygomatique" not in told and "phone" in told


def test_invoices_are_found_by_the_new_name_and_the_name_on_the_document(session: Session) -> None:
    kept, gone = make_customer(session, last_name="Nouvelle"), make_customer(session, last_name="Ancienne")
    make_invoice(session, gone, make_seller(session))
    do(session, kept, gone, member_number=kept.member_number)
    for query, count in (("nouvelle", 1), ("ancienne", 1), (gone.email, 0), (kept.email, 1)):
        found = overview(session, filter_of(session, Wanted(tab=Tab.everything, query=query)))
        assert found.count(Tab.everything) == count, query
    assert session.scalars(select(Invoice.customer_sort)).one() == kept.sort_name


def test_the_duplicate_is_in_no_list_and_leads_to_the_survivor(session: Session) -> None:
    kept, gone = pair(session, last_name="Double")
    do(session, kept, gone)
    assert [row.customer.id for row in listing.page(session, EVERYBODY).rows] == [kept.id]
    assert sum(listing.counts(session, EVERYBODY).values()) == 1 and not queries.homonyms(session, kept)
    with pytest.raises(MergedAway) as refusal:
        queries.customer(session, gone.id)
    assert refusal.value.into == kept.id


def test_the_shops_next_order_goes_to_the_survivor(session: Session) -> None:
    kept, gone = pair(session)
    shop = make_shop(session, make_seller(session))
    session.add(ShopCustomer(shop_id=shop.id, known_by=KnownBy.own_id, value="42", customer_id=gone.id))
    session.flush()
    assert moves(session, gone.id).shops == (shop.name,)
    do(session, kept, gone)
    assert session.scalars(select(ShopCustomer.customer_id)).one() == kept.id


def test_an_order_that_was_on_its_way_to_the_duplicate_goes_to_the_survivor(session: Session) -> None:
    kept, gone = pair(session)
    shop = make_shop(session, make_seller(session))
    do(session, kept, gone)
    assert make_order(session, shop, gone).customer_id == kept.id


@pytest.mark.parametrize("act", [
    lambda s, c: service.make_member(s, COMMAND, NOW, c, ""),
    lambda s, c: access.link_user(s, COMMAND, NOW, c, 1),
    lambda s, c: make_draft(s, s.get(Customer, c), make_seller(s)),
])  # fmt: skip
def test_nothing_more_is_done_to_a_duplicate(session: Session, act: object) -> None:
    kept, gone = pair(session)
    do(session, kept, gone)
    with pytest.raises(MergedAway):
        act(session, gone.id)  # type: ignore[operator]


def test_a_form_of_the_duplicate_is_stale(session: Session) -> None:
    kept, gone = pair(session)
    revision = gone.revision
    do(session, kept, gone)
    with pytest.raises(Stale):
        service.change_customer(session, COMMAND, NOW, gone.id, revision, CustomerContent("person", "A", "B"))


def test_twice_a_cycle_and_itself_are_refused(session: Session) -> None:
    kept, gone = pair(session)
    third, drawn = make_customer(session, member=False), wish(session, kept, gone)
    do(session, kept, gone)
    for survivor, duplicate in ((kept, gone), (gone, kept), (gone, third), (third, gone)):
        with pytest.raises(MergedAway):
            merge(session, COMMAND, NOW, survivor.id, duplicate.id, drawn)
    with pytest.raises(SameRecord):
        merge(session, COMMAND, NOW, kept.id, kept.id, drawn)
    with pytest.raises(NotFound):
        merge(session, COMMAND, NOW, kept.id, 99_999, drawn)


def test_a_survivor_that_is_merged_itself_takes_its_duplicates_along(session: Session) -> None:
    first, second = pair(session)
    third = make_customer(session, member=False)
    do(session, second, first)
    do(session, third, second)
    assert session.get_one(Customer, first.id).merged_into_id == third.id


# member and contact ----------------------------------------------------------------------------------------------


def test_a_contact_that_takes_a_member_in_is_a_member(session: Session) -> None:
    kept, gone = make_customer(session, member=False), make_customer(session)
    number = gone.member_number
    do(session, kept, gone)
    assert (kept.is_member, kept.member_number, gone.member_number) == (True, number, None)


def test_of_two_member_numbers_one_is_chosen(session: Session) -> None:
    kept, gone = make_customer(session), make_customer(session)
    theirs = gone.member_number
    for bad in ("", "00099"):
        with pytest.raises(FieldFaults):
            merge(session, COMMAND, NOW, kept.id, gone.id, wish(session, kept, gone, member_number=bad))
    do(session, kept, gone, member_number=theirs)
    assert kept.member_number == theirs


def test_empty_fields_are_filled_when_wished_and_an_address_comes_whole(session: Session) -> None:
    kept, gone = pair(session, phone="0479", email="x@example.org", street="1 rue X", country="BE")
    service.change_customer(session, COMMAND, NOW, kept.id, 1, CustomerContent("person", "A", "B", email="a@b.example"))
    assert fills(kept, gone) == {"phone": "0479", "street": "1 rue X", "postcode": gone.postcode, "city": gone.city,
                                 "province": "", "country": "BE"}  # fmt: skip
    do(session, kept, gone, fill=True)
    assert (kept.phone, kept.country, kept.email, kept.first_name) == ("0479", "BE", "a@b.example", "A")
    assert "0479" in kept.search_text


def test_without_that_wish_the_survivor_stays_as_it_is(session: Session) -> None:
    kept, gone = pair(session, phone="0479")
    do(session, kept, gone)
    assert kept.phone == ""


# who sees them ---------------------------------------------------------------------------------------------------


def test_nobody_gains_a_right_unless_ticked(session: Session) -> None:
    ours, theirs = make_user(session, Role.member), make_user(session, Role.member)
    kept, gone = make_customer(session, users=(ours,)), make_customer(session, users=(theirs,))
    do(session, kept, gone, member_number=kept.member_number, user_ids=frozenset({ours.id}))
    assert [each.user_id for each in queries.customer(session, kept.id).access] == [ours.id]


def test_whoever_is_ticked_sees_the_survivors_invoices_and_the_rest_none(session: Session) -> None:
    ours, theirs = make_user(session, Role.member), make_user(session, Role.member)
    kept, gone = make_customer(session, users=(ours,)), make_customer(session, users=(theirs,))
    do(session, kept, gone, member_number=kept.member_number, user_ids=frozenset({theirs.id}))
    assert [each.user_id for each in queries.customer(session, kept.id).access] == [theirs.id]
    given = select(JournalEntry.action).where(JournalEntry.action.like("customer.access_%"))
    assert session.scalars(given.order_by(JournalEntry.position)).all()[-3:] == [
        "customer.access_withdrawn", "customer.access_withdrawn", "customer.access_given"]  # fmt: skip


def test_nobody_gives_themselves_a_right_by_merging(session: Session) -> None:
    me = make_user(session)
    for mine in (0, 1):
        two = [make_customer(session, users=(me,) if n == mine else ()) for n in (0, 1)]
        ticked = wish(session, *two, member_number=two[0].member_number, user_ids=frozenset({me.id}))
        with pytest.raises(OwnAccess):
            merge(session, actor_of(me), NOW, two[0].id, two[1].id, ticked)
    assert not any(person.may_stay for person in people(*two, me.id))


def test_whoever_sees_both_goes_on_seeing_them(session: Session) -> None:
    me = make_user(session)
    kept, gone = make_customer(session, users=(me,)), make_customer(session, users=(me,))
    do(session, kept, gone, actor_of(me), member_number=kept.member_number, user_ids=frozenset({me.id}))
    assert [each.user_id for each in queries.customer(session, kept.id).access] == [me.id]


def test_a_shop_whose_number_is_a_users_is_not_that_user(session: Session) -> None:
    me = make_user(session)
    kept, gone = make_customer(session, users=(me,)), make_customer(session)
    shop = Actor(ActorKind.shop, me.id)
    do(session, kept, gone, shop, member_number=kept.member_number, user_ids=frozenset({me.id}))
    assert len(queries.customer(session, kept.id).access) == 1


def test_somebody_who_came_meanwhile_makes_the_form_stale(session: Session) -> None:
    kept, gone = make_customer(session), make_customer(session)
    drawn = wish(session, kept, gone, member_number=kept.member_number)
    access.link_user(session, COMMAND, NOW, gone.id, make_user(session, Role.member).id)
    session.commit()
    with pytest.raises(Stale):
        merge(session, COMMAND, NOW, kept.id, gone.id, drawn)


def test_somebody_else_entirely_is_never_let_in(session: Session) -> None:
    kept, gone = pair(session)
    stranger = frozenset({make_user(session, Role.member).id})
    with pytest.raises(Stale):
        merge(session, COMMAND, NOW, kept.id, gone.id, wish(session, kept, gone, user_ids=stranger))


def test_namesakes_and_shared_addresses_are_suggested(session: Session) -> None:
    one = make_customer(session, last_name="Roy", email="roy@example.org")
    same = make_customer(session, last_name="ROY", email="")
    mail = make_customer(session, last_name="Autre", email="Roy@Example.org".lower())
    make_customer(session)
    assert {row.id for row in suggestions(session, one)} == {same.id, mail.id}


# who manages -----------------------------------------------------------------------------------------------------


def firms(session: Session) -> tuple[Customer, Customer]:
    """Two organisations: the one that stays, the duplicate."""
    made = [make_customer(session, kind="organisation", organisation_name=f"Reliure {n}") for n in (1, 2)]
    return made[0], made[1]


def rights(session: Session, customer: Customer) -> dict[int, AccessRight]:
    return {row.user_id: row.granted for row in queries.customer(session, customer.id).access}


def test_whoever_managed_one_of_them_manages_only_if_ticked(session: Session) -> None:
    kept, gone = firms(session)
    ours, theirs = make_user(session, Role.member), make_user(session, Role.member)
    access.link_user(session, COMMAND, NOW, kept.id, ours.id, AccessRight.manages)
    access.link_user(session, COMMAND, NOW, gone.id, theirs.id, AccessRight.manages)
    session.flush()
    session.expire_all()
    assert suggested_managers(people(kept, gone, None), None) == {ours.id}
    seen = frozenset({ours.id, theirs.id})
    do(session, kept, gone, member_number=kept.member_number, user_ids=seen, manager_ids=frozenset({theirs.id}))
    assert rights(session, kept) == {ours.id: AccessRight.sees, theirs.id: AccessRight.manages}
    assert not access.everybody(session, gone.id)


def test_nobody_becomes_a_manager_by_merging(session: Session) -> None:
    kept, gone = firms(session)
    reads, me = make_user(session, Role.member), make_user(session)
    for customer in (kept, gone):
        access.link_user(session, COMMAND, NOW, customer.id, reads.id)
    access.link_user(session, COMMAND, NOW, kept.id, me.id)
    access.link_user(session, COMMAND, NOW, gone.id, me.id, AccessRight.manages)
    for ticked, refusal in ((reads, Stale), (me, OwnAccess)):
        users = frozenset({ticked.id})
        choice = wish(session, kept, gone, member_number=kept.member_number, user_ids=users, manager_ids=users)
        with pytest.raises(refusal):
            merge(session, actor_of(me), NOW, kept.id, gone.id, choice)
    unseen = wish(session, kept, gone, member_number=kept.member_number, manager_ids=frozenset({me.id}))
    with pytest.raises(Stale):  # who manages sees, too
        merge(session, COMMAND, NOW, kept.id, gone.id, unseen)


def test_a_person_who_takes_an_organisation_in_has_no_manager(session: Session) -> None:
    kept, gone = make_customer(session), firms(session)[1]
    boss = make_user(session, Role.member)
    access.link_user(session, COMMAND, NOW, gone.id, boss.id, AccessRight.manages)
    session.expire_all()
    assert not any(person.may_manage for person in people(kept, gone, None))
    do(session, kept, gone, member_number=kept.member_number, user_ids=frozenset({boss.id}))
    assert rights(session, kept) == {boss.id: AccessRight.sees}


def test_a_right_that_changed_meanwhile_makes_the_form_stale(session: Session) -> None:
    kept, gone = firms(session)
    user = make_user(session, Role.member)
    access.link_user(session, COMMAND, NOW, kept.id, user.id)
    drawn = wish(session, kept, gone, member_number=kept.member_number, user_ids=frozenset({user.id}))
    access.link_user(session, COMMAND, NOW, kept.id, user.id, AccessRight.manages)
    session.commit()
    with pytest.raises(Stale):
        merge(session, COMMAND, NOW, kept.id, gone.id, drawn)
