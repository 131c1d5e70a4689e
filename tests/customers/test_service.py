"""What happens to customers, asked of the core itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.accounts.secrets import Post, Sealer
from invoicing.customers import access, inviting, service
from invoicing.customers.listing import CustomersWanted, counts, page
from invoicing.customers.models import Customer, Standing
from invoicing.customers.rules import AddressTaken, CustomerContent, MemberNumberTaken, NoEmail, NotAMember, OwnAccess
from invoicing.delivery.models import Delivery
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.journal import COMMAND
from tests.factories import NOW, actor_of, make_customer, make_user

ANAIS = CustomerContent("person", "Anaïs", "Œuvrard", email="anais@example.fr")
POST = Post(Sealer([Fernet.generate_key().decode()]), "http://localhost/", "example.org")


def test_the_same_form_is_one_contact_and_another_form_another(session: Session) -> None:
    first = service.add_customer_once(session, COMMAND, NOW, ANAIS, "a form")
    assert service.add_customer_once(session, COMMAND, NOW + timedelta(days=1), ANAIS, "a form") is first
    assert service.add_customer_once(session, COMMAND, NOW, ANAIS, "another") is not first
    assert service.add_customer_once(session, COMMAND, NOW, replace(ANAIS, city="Aix"), "a form") is not first
    assert service.add_customer_once(session, COMMAND, NOW, ANAIS, "") is not first


def test_an_unknown_seller_is_a_fault_beside_the_others(session: Session) -> None:
    with pytest.raises(FieldFaults) as refused:
        service.add_customer(session, COMMAND, NOW, CustomerContent("person", seller_id=4, siren="1"))
    assert {fault.field for fault in refused.value.faults} == {"seller_id", "siren", "last_name"}


def test_a_change_from_an_old_form_changes_nothing(session: Session) -> None:
    customer = make_customer(session)
    service.change_customer(session, COMMAND, NOW, customer.id, 1, ANAIS)
    with pytest.raises(Stale):
        service.change_customer(session, COMMAND, NOW, customer.id, 1, CustomerContent("person", last_name="Autre"))
    assert customer.name == "Anaïs Œuvrard"


def test_numbers_of_members_follow_the_greatest_plain_one(session: Session) -> None:
    for number in ("00041", "R-900", "²", "9" * 12, ""):
        customer = make_customer(session, member=False)
        service.make_member(session, COMMAND, NOW, customer.id, number)
    assert customer.member_number == "00042"


def test_a_number_names_one_member(session: Session) -> None:
    member, contact = make_customer(session), make_customer(session, member=False)
    with pytest.raises(MemberNumberTaken) as refused:
        service.make_member(session, COMMAND, NOW, contact.id, f" {member.member_number} ")
    assert refused.value.by == member.id and contact.standing is Standing.contact


def test_a_member_is_invited_at_their_own_address(session: Session) -> None:
    member = make_customer(session, email="Anais@Example.FR")
    user, mails = inviting.invite_member(session, COMMAND, NOW, member.id, POST)
    assert mails and (user.email, user.role) == ("anais@example.fr", Role.member)
    assert [each.user_id for each in member.access] == [user.id]


def test_one_invitation_a_minute_is_mailed(session: Session) -> None:
    member = make_customer(session)
    said = [
        inviting.invite_member(session, COMMAND, NOW + timedelta(seconds=seconds), member.id, POST)[1]
        for seconds in (0, 30, 90)
    ]
    assert said == [True, False, True]
    assert len(session.scalars(select(Delivery)).all()) == 2


def test_an_address_that_was_reused_inherits_nothing(session: Session) -> None:
    member = make_customer(session)
    make_user(session, Role.member, email=member.email)
    with pytest.raises(AddressTaken):
        inviting.invite_member(session, COMMAND, NOW, member.id, POST)


def test_contacts_and_members_without_an_address_are_not_invited(session: Session) -> None:
    with pytest.raises(NotAMember):
        inviting.invite_member(session, COMMAND, NOW, make_customer(session, member=False).id, POST)
    with pytest.raises(NoEmail):
        inviting.invite_member(session, COMMAND, NOW, make_customer(session, email="").id, POST)
    assert session.scalars(select(User)).all() == []


def test_nobody_links_themselves_and_nobody_unlinks_elsewhere(session: Session) -> None:
    sales, member = make_user(session), make_customer(session)
    with pytest.raises(OwnAccess):
        access.link_user(session, actor_of(sales), NOW, member.id, sales.id)
    given = access.link_user(session, COMMAND, NOW, member.id, sales.id)
    with pytest.raises(NotFound):
        access.unlink_user(session, COMMAND, NOW, make_customer(session).id, given.id)


def test_counts_follow_the_search(session: Session) -> None:
    make_customer(session, last_name="Roy")
    make_customer(session, member=False, last_name="Roy")
    make_customer(session, last_name="Autre")
    assert counts(session, CustomersWanted("ROY")) == {Standing.member: 1, Standing.contact: 1}
    assert [row.customer.last_name for row in page(session, CustomersWanted("autre")).rows] == ["Autre"]


def test_a_name_beyond_the_sort_column_ends_without_a_blank(session: Session) -> None:
    make_customer(session, kind="organisation", organisation_name="Œ" * 99 + "a b")  # œ folds to two letters
    assert session.scalars(select(Customer.sort_name)).one() == "oe" * 99 + "a"
