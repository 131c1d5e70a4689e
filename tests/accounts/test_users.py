"""What administrators do to accounts, asked of the core: roles, the last one, oneself, sessions, the list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import listing, users
from invoicing.accounts.listing import UsersWanted, Which
from invoicing.accounts.models import Role, SignInSession, Stage, User
from invoicing.accounts.rules import UserExists
from invoicing.accounts.secrets import Post, Sealer, digest, new_token
from invoicing.accounts.users import LastAdmin, OwnAccount
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.errors import NotFound
from invoicing.journal import COMMAND, JournalEntry
from tests.conftest import Database
from tests.customers.test_together import at_once
from tests.factories import NOW, actor_of, make_user

POST = Post(Sealer([Fernet.generate_key().decode()]), "http://localhost/", "example.org")


def seat(session: Session, user: User, seen_ago: timedelta = timedelta()) -> None:
    """A browser that is signed in."""
    session.add(SignInSession(sid_hash=digest(new_token()), user_id=user.id, stage=Stage.open, created_at=NOW,
                              last_seen_at=NOW - seen_ago, proved_at=NOW, user_agent=""))  # fmt: skip
    session.flush()


def test_another_role_ends_the_sessions_and_is_in_the_journal(session: Session) -> None:
    boss, user = make_user(session, Role.admin), make_user(session, Role.reader, wants_digest=True)
    seat(session, user)
    users.change_role(session, actor_of(boss), NOW, user.id, Role.member)
    session.commit()
    assert (user.role, user.wants_digest) == (Role.member, False)
    assert session.scalars(select(SignInSession)).all() == []
    entry = session.scalars(select(JournalEntry)).one()
    assert (entry.action, entry.actor_id, entry.facts()) == (
        "user.role_changed", boss.id, {"role": ["reader", "member"]})  # fmt: skip


def test_the_same_role_is_nothing(session: Session) -> None:
    boss = make_user(session, Role.admin)
    seat(session, boss)
    users.change_role(session, actor_of(boss), NOW, boss.id, Role.admin)
    session.commit()
    assert session.scalars(select(JournalEntry)).all() == [] and session.scalars(select(SignInSession)).all()


def test_nobody_does_it_to_themselves(session: Session) -> None:
    boss, _other = make_user(session, Role.admin), make_user(session, Role.admin)
    with pytest.raises(OwnAccount):
        users.change_role(session, actor_of(boss), NOW, boss.id, Role.member)
    with pytest.raises(OwnAccount):
        users.set_active(session, actor_of(boss), NOW, boss.id, False)
    assert boss.role is Role.admin and boss.active


def test_the_last_administrator_who_can_sign_in_stays(session: Session) -> None:
    boss, shut = make_user(session, Role.admin), make_user(session, Role.admin, active=False)
    for act in (lambda: users.change_role(session, COMMAND, NOW, boss.id, Role.sales),
                lambda: users.set_active(session, COMMAND, NOW, boss.id, False)):  # fmt: skip
        with pytest.raises(LastAdmin):
            act()
    users.change_role(session, COMMAND, NOW, shut.id, Role.member)  # a disabled one administers nothing
    assert boss.role is Role.admin and boss.active


def test_whoever_is_missing_is_not_found(session: Session) -> None:
    for act in (lambda: users.change_role(session, COMMAND, NOW, 9, Role.sales),
                lambda: users.set_active(session, COMMAND, NOW, 9, False),
                lambda: users.sign_out(session, COMMAND, NOW, 9)):  # fmt: skip
        with pytest.raises(NotFound):
            act()


def test_everybody_else_is_signed_out_and_it_is_told_how_many(session: Session) -> None:
    user, other = make_user(session), make_user(session)
    for one in (user, user, other):
        seat(session, one)
    mine = session.scalars(select(SignInSession.id).where(SignInSession.user_id == user.id)).first()
    assert users.sign_out(session, actor_of(user), NOW, user.id, but=mine) == 1
    assert users.sign_out(session, COMMAND, NOW, user.id) == 1
    assert users.sign_out(session, COMMAND, NOW, user.id) == 0
    session.commit()
    assert session.scalars(select(SignInSession.user_id)).all() == [other.id]
    assert len(session.scalars(select(JournalEntry)).all()) == 2


def test_somebody_new_is_made_and_invited_once(session: Session) -> None:
    boss = make_user(session, Role.admin)
    made = users.invite_user(session, actor_of(boss), NOW, "Neuf@Example.org", Role.sales, "Neuf", "en", POST)
    assert (made.email, made.role, made.language) == ("neuf@example.org", Role.sales, "en")
    with pytest.raises(UserExists):
        users.invite_user(session, actor_of(boss), NOW, "NEUF@example.org", Role.admin, "", "en", POST)
    assert len(session.scalars(select(Delivery)).all()) == 1 and made.role is Role.sales


@pytest.mark.parametrize("deed", ["role", "disable"])
def test_of_administrators_who_strike_each_other_at_once_one_stays(database: Database, deed: str) -> None:
    for _round in range(4):
        with transaction(database.sessions) as session:
            for former in session.scalars(select(User)):
                former.role = Role.member
            ids = [make_user(session, Role.admin).id for _ in range(2)]

        def strike(session: Session, n: int) -> str:
            actor, target = actor_of(session.get_one(User, ids[n])), ids[1 - n]  # noqa: B023
            try:
                if deed == "role":
                    users.change_role(session, actor, NOW, target, Role.member)
                else:
                    users.set_active(session, actor, NOW, target, False)
            except LastAdmin:
                return "last"
            return "done"

        assert sorted(at_once(database, strike, 2)) == ["done", "last"]
        with database.sessions() as session:
            left = select(User).where(User.role == Role.admin, User.active, User.id.in_(ids))
            assert len(session.scalars(left).all()) == 1


# the list --------------------------------------------------------------------------------------------------------


def test_the_list_is_parted_and_searched(session: Session) -> None:
    nadia = make_user(session, Role.admin, name="Nadia Benali", email="nadia@example.org")
    make_user(session, Role.member, name="Nadia Roy")
    shut = make_user(session, Role.sales, name="Hugo", active=False)
    assert listing.counts(session, UsersWanted()) == {Which.staff: 1, Which.members: 1, Which.disabled: 1}
    assert [row.user.id for row in listing.page(session, UsersWanted(query="NADIA example"), NOW).rows] == [nadia.id]
    assert not listing.page(session, UsersWanted(query="100%"), NOW).rows
    disabled = UsersWanted(Which.disabled, role=Role.sales)
    assert [row.user.id for row in listing.every(session, disabled, NOW)] == [shut.id]


def test_only_sessions_that_live_are_counted(session: Session) -> None:
    user = make_user(session, Role.sales)
    for ago in (timedelta(), timedelta(hours=7), timedelta(hours=9)):
        seat(session, user, ago)
    assert listing.row(session, user.id, NOW).sessions == 2


def test_an_invitation_that_waits_is_told_until_it_is_used_or_dead(session: Session) -> None:
    made = users.invite_user(session, COMMAND, NOW, "x@example.org", Role.reader, "", "en", POST)
    assert listing.row(session, made.id, NOW).invited_until == NOW + timedelta(days=14)
    assert listing.row(session, made.id, NOW + timedelta(days=15)).invited_until is None


def test_pages_go_on_where_the_last_one_ended(session: Session) -> None:
    for n in range(listing.PAGE + 3):
        make_user(session, Role.reader, name=f"Nom {n:03}")
    first = listing.page(session, UsersWanted(), NOW)
    assert (len(first.rows), first.before, first.after) == (listing.PAGE, False, True)
    second = listing.page(session, UsersWanted(), NOW, first.rows[-1].user.id)
    assert (len(second.rows), second.before, second.after) == (3, True, False)
    back = listing.page(session, UsersWanted(), NOW, second.rows[0].user.id, backwards=True)
    assert [row.user.id for row in back.rows] == [row.user.id for row in first.rows]
    assert len(list(listing.every(session, UsersWanted(), NOW))) == listing.PAGE + 3
