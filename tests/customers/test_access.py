"""Who sees a customer's invoices: rights given, changed and withdrawn, by staff and by an organisation's manager."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.accounts.secrets import Post, Sealer
from invoicing.accounts.service import set_active
from invoicing.customers import access, inviting, managing, queries, service
from invoicing.customers.access_rules import Invitation, LastManager, OnlyOrganisations, Why
from invoicing.customers.models import AccessRight, Customer, CustomerAccess
from invoicing.customers.rules import AddressTaken, CustomerContent, NotAMember, OtherAddresses, OwnAccess
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices import queries as invoices
from invoicing.invoices.queries import MemberFilter
from invoicing.journal import COMMAND, Actor, ActorKind, JournalEntry
from tests.factories import NOW, actor_of, make_customer, make_invoice, make_seller, make_user

POST = Post(Sealer([Fernet.generate_key().decode()]), "http://localhost/", "example.org")
SEES, MANAGES = AccessRight.sees, AccessRight.manages


def firm(session: Session, *managers: User, **over: object) -> Customer:
    """An organisation, a member, with these managers."""
    made = make_customer(session, kind="organisation", organisation_name="Reliure & Cie", **over)
    for user in managers:
        access.link_user(session, COMMAND, NOW, made.id, user.id, MANAGES)
    return made


def member(session: Session, **over: object) -> User:
    return make_user(session, Role.member, **over)


def right_of(session: Session, customer: Customer, user: User) -> AccessRight | None:
    return next((row.granted for row in access.everybody(session, customer.id) if row.user_id == user.id), None)


def row_of(session: Session, customer: Customer, user: User) -> int:
    return next(row.id for row in access.everybody(session, customer.id) if row.user_id == user.id)


def told(session: Session) -> list[tuple[str, dict[str, list[object]]]]:
    """What the journal says of access, in order."""
    session.commit()
    query = select(JournalEntry).where(JournalEntry.action.startswith("customer.access_"))
    return [(entry.action.rpartition("_")[2], entry.facts())
            for entry in session.scalars(query.order_by(JournalEntry.position))]  # fmt: skip


def invite(session: Session, manager: User, customer: Customer, email: str, right: str = SEES, **over: object) -> bool:
    typed = Invitation(email, "fr_FR", right)
    return managing.invite_person(session, actor_of(manager), over.pop("at", NOW), customer.id, typed, POST)[1]  # type: ignore[arg-type]


# by staff --------------------------------------------------------------------------------------------------------


def test_a_greater_right_replaces_a_smaller_one_and_not_the_other_way(session: Session) -> None:
    user, one = member(session), firm(session)
    for given, stands in ((SEES, SEES), (MANAGES, MANAGES), (SEES, MANAGES)):
        access.link_user(session, COMMAND, NOW, one.id, user.id, given)
        assert right_of(session, one, user) is stands
    access.set_right(session, COMMAND, NOW, one.id, row_of(session, one, user), SEES)
    assert right_of(session, one, user) is SEES


def test_every_step_is_in_the_journal_with_numbers_and_no_name(session: Session) -> None:
    sales, user, one = make_user(session), member(session, name="Zygomatique"), firm(session)
    access.link_user(session, actor_of(sales), NOW, one.id, user.id)
    row = row_of(session, one, user)
    access.set_right(session, actor_of(sales), NOW, one.id, row, MANAGES)
    access.set_right(session, actor_of(sales), NOW, one.id, row, MANAGES)  # the same again is nothing
    access.unlink_user(session, actor_of(sales), NOW, one.id, row, Why.left)
    assert told(session) == [
        ("given", {"user": [None, user.id], "right": [None, "sees"]}),
        ("changed", {"user": [user.id, user.id], "right": ["sees", "manages"]}),
        ("withdrawn", {"user": [user.id, None], "right": ["manages", None], "why": [None, "left"]}),
    ]
    assert [entry.actor_id for entry in queries.access_history(session, one.id)] == [sales.id] * 3


def test_only_an_organisation_has_people_to_manage(session: Session) -> None:
    person, user = make_customer(session), member(session)
    with pytest.raises(OnlyOrganisations):
        access.link_user(session, COMMAND, NOW, person.id, user.id, MANAGES)
    access.link_user(session, COMMAND, NOW, person.id, user.id)
    with pytest.raises(OnlyOrganisations):
        access.set_right(session, COMMAND, NOW, person.id, row_of(session, person, user), MANAGES)


def test_an_organisation_that_becomes_a_person_has_nobody_to_manage(session: Session) -> None:
    user = member(session)
    one = firm(session, user)
    service.change_customer(session, COMMAND, NOW, one.id, one.revision, CustomerContent("person", "A", "B"))
    assert not managing.manages_any(session, user.id) and not queries.seen_by_user(session, user.id)[0].manages
    with pytest.raises(NotFound):
        managing.of_manager(session, user.id, one.id)


def test_nobody_gives_themselves_a_right_or_a_greater_one(session: Session) -> None:
    sales, one = make_user(session), firm(session)
    with pytest.raises(OwnAccess):
        access.link_user(session, actor_of(sales), NOW, one.id, sales.id)
    with pytest.raises(OwnAccess):
        inviting.invite_somebody(session, actor_of(sales), NOW, one.id, Invitation(sales.email.upper()), POST)
    access.link_user(session, COMMAND, NOW, one.id, sales.id)
    row = row_of(session, one, sales)
    with pytest.raises(OwnAccess):
        access.set_right(session, actor_of(sales), NOW, one.id, row, MANAGES)
    access.unlink_user(session, actor_of(sales), NOW, one.id, row)  # away from oneself is free
    assert right_of(session, one, sales) is None


def test_a_shop_whose_number_is_a_users_gives_that_user_a_right_like_any_other(session: Session) -> None:
    user, one = member(session), firm(session)
    row = access.link_user(session, Actor(ActorKind.shop, user.id), NOW, one.id, user.id)
    assert row.granted_by_id is None


def test_staff_may_withdraw_the_last_manager(session: Session) -> None:
    boss = member(session)
    one = firm(session, boss)
    access.unlink_user(session, COMMAND, NOW, one.id, row_of(session, one, boss))
    assert access.everybody(session, one.id) == []


def test_staff_ask_in_whoever_has_no_account(session: Session) -> None:
    one = firm(session)
    typed = Invitation("Neuve@Example.org", "en", MANAGES)
    user = inviting.invite_somebody(session, COMMAND, NOW, one.id, typed, POST)
    assert (user.email, user.role, user.language) == ("neuve@example.org", Role.member, "en")
    assert right_of(session, one, user) is MANAGES
    assert session.scalars(select(Delivery.kind)).all() == [DeliveryKind.invitation]


def test_what_a_form_says_wrongly_is_told_at_once_and_makes_nobody(session: Session) -> None:
    one = firm(session)
    with pytest.raises(FieldFaults) as refused:
        inviting.invite_somebody(session, COMMAND, NOW, one.id, Invitation("pas une adresse", "tlh", "owns"), POST)
    assert [fault.field for fault in refused.value.faults] == ["email", "language", "right"]
    assert session.scalars(select(User)).all() == []


def test_a_contact_has_no_zone_and_nobody_is_made_for_it(session: Session) -> None:
    contact = make_customer(session, member=False)
    with pytest.raises(NotAMember):
        inviting.invite_somebody(session, COMMAND, NOW, contact.id, Invitation("x@example.org"), POST)
    assert session.scalars(select(User)).all() == []


# an address inherits nothing -------------------------------------------------------------------------------------


def test_an_address_that_is_somebody_elses_account_is_not_invited(session: Session) -> None:
    one = make_customer(session)
    other = member(session, email=one.email)
    with pytest.raises(AddressTaken):
        inviting.invite_member(session, COMMAND, NOW, one.id, POST)
    assert queries.customers_of_user(session, other.id) == []


def test_whoever_gets_the_old_address_of_a_user_sees_nothing_of_theirs(session: Session) -> None:
    one = make_customer(session)
    first, _mails = inviting.invite_member(session, COMMAND, NOW, one.id, POST)
    former, first.email = first.email, "elodie.nouvelle@example.fr"  # she has changed her address; the record has not
    session.flush()
    with pytest.raises(OtherAddresses):  # nobody has the record's address now: that isn't her any more
        inviting.invite_member(session, COMMAND, NOW, one.id, POST)
    heir = member(session, email=former)  # a colleague gets the mailbox, and an account of their own
    with pytest.raises(AddressTaken):
        inviting.invite_member(session, COMMAND, NOW, one.id, POST)
    assert queries.customers_of_user(session, heir.id) == []
    assert [seen.id for seen in queries.customers_of_user(session, first.id)] == [one.id]


def test_a_record_whose_address_was_changed_invites_nobody_new_by_itself(session: Session) -> None:
    one = make_customer(session)
    inviting.invite_member(session, COMMAND, NOW, one.id, POST)
    content = CustomerContent("person", "Élodie", "Lefèvre", email="autre@example.fr")
    service.change_customer(session, COMMAND, NOW, one.id, one.revision, content)
    with pytest.raises(OtherAddresses):
        inviting.invite_member(session, COMMAND, NOW, one.id, POST)
    assert len(session.scalars(select(User)).all()) == 1


def test_a_contact_with_a_users_address_becomes_a_member_whom_that_user_does_not_see(session: Session) -> None:
    user = member(session, email="commune@example.org")
    contact = make_customer(session, member=False, email="commune@example.org")
    make_invoice(session, contact, make_seller(session))
    service.make_member(session, COMMAND, NOW, contact.id, "")
    with pytest.raises(AddressTaken):
        inviting.invite_member(session, COMMAND, NOW, contact.id, POST)
    assert invoices.of_user(session, user.id, MemberFilter()) == ([], False)


# by the organisation's manager -----------------------------------------------------------------------------------


def test_a_manager_asks_in_whoever_has_an_account_and_whoever_has_none(session: Session) -> None:
    boss, known = member(session), make_user(session, Role.sales, last_sign_in_at=NOW, password_hash="x")
    one = firm(session, boss)
    assert invite(session, boss, one, known.email.upper())
    assert invite(session, boss, one, "neuve@example.org", MANAGES)
    new = session.scalars(select(User).where(User.email == "neuve@example.org")).one()
    assert (right_of(session, one, known), right_of(session, one, new)) == (SEES, MANAGES)
    kinds = dict(session.execute(select(Delivery.recipient, Delivery.kind)).all())
    assert kinds == {known.email: DeliveryKind.access, new.email: DeliveryKind.invitation}
    assert known.role is Role.sales and [seen.id for seen in queries.customers_of_user(session, known.id)] == [one.id]


def test_a_disabled_account_is_linked_and_told_nothing(session: Session) -> None:
    boss, shut = member(session), member(session, active=False)
    one = firm(session, boss)
    assert invite(session, boss, one, shut.email)  # the same answer as for anybody
    assert session.scalars(select(Delivery)).all() == [] and queries.customers_of_user(session, shut.id) == []


def test_asked_in_twice_somebody_is_there_once(session: Session) -> None:
    boss = member(session)
    one = firm(session, boss)
    assert [invite(session, boss, one, "x@example.org") for _ in range(2)] == [True, False]
    assert len(access.everybody(session, one.id)) == 2 and len(session.scalars(select(Delivery)).all()) == 1


def test_three_mails_a_day_go_to_one_address_whoever_asks(session: Session) -> None:
    boss = member(session)
    for n in range(5):
        assert invite(session, boss, firm(session, boss), "x@example.org", at=NOW + timedelta(hours=n))
    assert len(session.scalars(select(Delivery)).all()) == 3


def test_whoever_has_not_come_is_written_to_again_and_nobody_else(session: Session) -> None:
    boss, came = member(session), member(session, last_sign_in_at=NOW)
    one = firm(session, boss)
    access.link_user(session, COMMAND, NOW, one.id, came.id)
    invite(session, boss, one, "x@example.org")
    new = session.scalars(select(User).where(User.email == "x@example.org")).one()
    later = NOW + timedelta(hours=1)
    for user in (came, new):
        managing.remind(session, actor_of(boss), later, one.id, row_of(session, one, user), POST)
    assert session.scalars(select(Delivery.recipient)).all() == ["x@example.org"] * 2


def test_a_manager_confides_and_withdraws(session: Session) -> None:
    boss, other = member(session), member(session)
    one = firm(session, boss)
    access.link_user(session, COMMAND, NOW, one.id, other.id)
    row = row_of(session, one, other)
    managing.set_right(session, actor_of(boss), NOW, one.id, row, MANAGES)
    managing.set_right(session, actor_of(other), NOW, one.id, row_of(session, one, boss), SEES)
    with pytest.raises(NotFound):  # no manager any more: nothing is there for them
        managing.withdraw(session, actor_of(boss), NOW, one.id, row)
    managing.withdraw(session, actor_of(other), NOW, one.id, row_of(session, one, boss), Why.asked)
    assert [each.user_id for each in access.everybody(session, one.id)] == [other.id]


def test_the_last_manager_stays(session: Session) -> None:
    boss, shut, reads = member(session), member(session), member(session)
    one = firm(session, boss, shut)
    access.link_user(session, COMMAND, NOW, one.id, reads.id)
    set_active(session, COMMAND, NOW, shut.id, False)  # a disabled account manages nothing
    row = row_of(session, one, boss)
    with pytest.raises(LastManager):
        managing.withdraw(session, actor_of(boss), NOW, one.id, row)
    with pytest.raises(LastManager):
        managing.set_right(session, actor_of(boss), NOW, one.id, row, SEES)
    managing.set_right(session, actor_of(boss), NOW, one.id, row_of(session, one, reads), MANAGES)
    managing.withdraw(session, actor_of(boss), NOW, one.id, row)
    assert right_of(session, one, boss) is None


@pytest.mark.parametrize("who", ["reads", "manages another", "staff", "nobody"])
def test_whoever_does_not_manage_this_organisation_finds_nothing(session: Session, who: str) -> None:
    boss, user = member(session), make_user(session, Role.admin if who == "staff" else Role.member)
    one, row = firm(session, boss), None
    if who == "reads":
        access.link_user(session, COMMAND, NOW, one.id, user.id)
    if who == "manages another":
        firm(session, user)
    row = row_of(session, one, boss)
    actor = COMMAND if who == "nobody" else actor_of(user)
    acts = (
        lambda: managing.invite_person(session, actor, NOW, one.id, Invitation("x@example.org"), POST),
        lambda: managing.set_right(session, actor, NOW, one.id, row, SEES),
        lambda: managing.withdraw(session, actor, NOW, one.id, row),
        lambda: managing.remind(session, actor, NOW, one.id, row, POST),
        lambda: managing.of_manager(session, actor.account_id, one.id),
    )
    before = len(session.scalars(select(CustomerAccess)).all())
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert len(session.scalars(select(CustomerAccess)).all()) == before


def test_a_row_of_another_organisation_is_not_reached_through_ones_own(session: Session) -> None:
    boss, theirs = member(session), member(session)
    mine, other = firm(session, boss), firm(session, theirs)
    with pytest.raises(NotFound):
        managing.withdraw(session, actor_of(boss), NOW, mine.id, row_of(session, other, theirs))


# one person, several customers -----------------------------------------------------------------------------------


def test_namesakes_are_told_apart_and_one_of_them_is_looked_at_alone(session: Session) -> None:
    user, seller = member(session), make_seller(session)
    two = [make_customer(session, last_name="Roy", users=(user,)) for _ in range(2)]
    alone = make_customer(session, last_name="Autre", users=(user,))
    numbers = [make_invoice(session, each, seller).number for each in (*two, alone)]
    seen = queries.seen_by_user(session, user.id)
    assert {each.label for each in seen} == {f"Élodie Roy ({each.member_number})" for each in two} | {"Élodie Autre"}
    for customer, number in zip((*two, alone), numbers, strict=True):
        found, _more = invoices.of_user(session, user.id, MemberFilter(customer_id=customer.id))
        assert [row.number for row in found] == [number]
        assert [row.number for row in invoices.due_of_user(session, user.id, customer.id)] == [number]
        assert invoices.years_of_user(session, user.id, customer.id) == [2026]
        assert queries.customer_of_user(session, user.id, customer.id).id == customer.id


def test_a_foreign_customer_is_as_good_as_missing(session: Session) -> None:
    user, foreign = member(session), make_customer(session)
    make_invoice(session, foreign, make_seller(session))
    for customer_id in (foreign.id, 99_999):
        with pytest.raises(NotFound):
            queries.customer_of_user(session, user.id, customer_id)
        assert invoices.of_user(session, user.id, MemberFilter(customer_id=customer_id)) == ([], False)
        assert not invoices.due_of_user(session, user.id, customer_id)
        assert not invoices.years_of_user(session, user.id, customer_id)


def test_a_disabled_user_sees_nothing_and_everything_again_once_enabled(session: Session) -> None:
    user = member(session)
    one = make_customer(session, users=(user,))
    number = make_invoice(session, one, make_seller(session)).number
    set_active(session, COMMAND, NOW, user.id, False)
    with pytest.raises(NotFound):
        invoices.for_user(session, user.id, number)
    assert queries.customers_of_user(session, user.id) == queries.seen_by_user(session, user.id) == []
    assert [seen.id for seen in queries.rights_of_user(session, user.id)] == [one.id]
    set_active(session, COMMAND, NOW, user.id, True)
    assert invoices.for_user(session, user.id, number).number == number
