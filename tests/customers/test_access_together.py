"""Rights that are given and withdrawn in the same instant."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.accounts.service import set_active
from invoicing.customers import access, inviting, managing
from invoicing.customers.access_rules import Invitation, LastManager
from invoicing.customers.merging import both, merge
from invoicing.customers.merging_rules import MergeWish, fingerprint
from invoicing.customers.models import AccessRight, CustomerAccess
from invoicing.customers.queries import customers_of_user
from invoicing.customers.rules import MergedAway
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.errors import NotFound, Stale
from invoicing.journal import COMMAND, JournalEntry
from tests.conftest import Database
from tests.customers.test_access import POST, firm, member
from tests.customers.test_together import at_once
from tests.factories import NOW, actor_of


def managers_of(database: Database, customer_id: int) -> list[int]:
    with database.sessions() as session:
        return [row.user_id for row in access.everybody(session, customer_id) if row.manages]


@pytest.mark.parametrize("deed", ["withdraw", "set_right"])
def test_of_managers_who_withdraw_each_other_at_once_one_stays(database: Database, deed: str) -> None:
    for _round in range(4):
        with transaction(database.sessions) as session:
            pair = member(session), member(session)
            one = firm(session, *pair)
            firm_id, ids = one.id, [user.id for user in pair]
            rows = {row.user_id: row.id for row in access.everybody(session, firm_id)}

        def strike(session: Session, n: int) -> str:
            actor, target = actor_of(session.get_one(User, ids[n % 2])), rows[ids[(n + 1) % 2]]  # noqa: B023
            try:
                if deed == "withdraw":
                    managing.withdraw(session, actor, NOW, firm_id, target)  # noqa: B023
                else:
                    managing.set_right(session, actor, NOW, firm_id, target, AccessRight.sees)  # noqa: B023
            except (NotFound, LastManager) as refusal:
                return type(refusal).__name__
            return "done"

        done = at_once(database, strike, 2)
        assert sorted(done) == ["NotFound", "done"]
        assert len(managers_of(database, firm_id)) == 1


def test_one_new_address_asked_in_by_many_is_one_account_and_one_mail(database: Database) -> None:
    with transaction(database.sessions) as session:
        boss = member(session)
        firms, boss_id = [firm(session, boss).id for _ in range(6)], boss.id

    def ask(session: Session, n: int) -> bool:
        actor, typed = actor_of(session.get_one(User, boss_id)), Invitation("neuve@example.org")
        return managing.invite_person(session, actor, NOW, firms[n], typed, POST)[1]

    assert at_once(database, ask, 6) == [True] * 6
    with database.sessions() as session:
        user = session.scalars(select(User).where(User.email == "neuve@example.org")).one()
        assert len(session.scalars(select(CustomerAccess).where(CustomerAccess.user_id == user.id)).all()) == 6
        mails = len(session.scalars(select(Delivery)).all())
    assert 1 <= mails <= inviting.A_DAY + 2  # several may count at once; none is lost, and there is no flood


def test_the_same_right_given_many_times_at_once_is_one_row_and_one_entry(database: Database) -> None:
    with transaction(database.sessions) as session:
        firm_id, user_id = firm(session).id, member(session).id
    at_once(database, lambda s, _n: access.link_user(s, COMMAND, NOW, firm_id, user_id).id)
    with database.sessions() as session:
        assert len(access.everybody(session, firm_id)) == 1
        given = select(JournalEntry).where(JournalEntry.action == "customer.access_given")
        assert len(session.scalars(given).all()) == 1


def test_a_right_that_is_given_while_its_customer_is_merged_is_refused_or_carried(database: Database) -> None:
    with transaction(database.sessions) as session:
        user = member(session).id
        kept, gone = firm(session).id, firm(session).id

    def act(session: Session, n: int) -> str:
        try:
            if n % 2:
                access.link_user(session, COMMAND, NOW, gone, user)
                return "given"
            two = both(session, kept, gone)
            wish = MergeWish(fingerprint(*two), member_number=two[0].member_number or "")
            merge(session, COMMAND, NOW, kept, gone, wish)
        except (MergedAway, Stale) as refusal:
            return type(refusal).__name__
        return "merged"

    done = at_once(database, act, 2)
    with database.sessions() as session:
        left = access.everybody(session, gone)
    assert not left or done == ["Stale", "given"]  # nobody sees a duplicate that went


def test_an_account_that_is_shut_while_it_is_let_in_sees_nothing(database: Database) -> None:
    with transaction(database.sessions) as session:
        firm_id, user_id = firm(session).id, member(session, email="x@example.org").id

    def act(session: Session, n: int) -> None:
        if n % 2:
            set_active(session, COMMAND, NOW, user_id, False)
        else:
            inviting.invite_somebody(session, COMMAND, NOW, firm_id, Invitation("x@example.org"), POST)

    at_once(database, act, 2)
    with database.sessions() as session:
        assert customers_of_user(session, user_id) == [] and session.get_one(User, user_id).role is Role.member
