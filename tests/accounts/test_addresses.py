"""Another address for an account: proved by its own mailbox, used once, told to the old one; links stay the user's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import addresses, profile, service, users
from invoicing.accounts import secrets as sec
from invoicing.accounts.happenings import HAPPENED
from invoicing.accounts.models import EmailProof, Role, SignInSession, Stage, User
from invoicing.accounts.notices import Notices
from invoicing.accounts.profile import Seat
from invoicing.accounts.rules import UserExists, WrongProof
from invoicing.customers import own
from invoicing.customers.inviting import invite_member
from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import MemberFilter, of_user
from invoicing.journal import COMMAND, JournalEntry
from tests.conftest import Database
from tests.factories import NOW, actor_of, make_customer, make_invoice, make_seller, make_user

POST = sec.Post(sec.Sealer([Fernet.generate_key().decode()]), "https://desk.example/lien/", "desk.example")
OLD, NEW = "zoe@exemple.fr", "zoe.neuve@exemple.fr"
HOUR = timedelta(hours=1)


@pytest.fixture
def zoe(session: Session) -> User:
    session.info[HAPPENED] = Notices(POST)
    user = make_user(session, Role.member, email=OLD)
    session.commit()
    return user


def link_of(session: Session, kind: DeliveryKind = DeliveryKind.new_address) -> str:
    """The token of the last mail of a kind."""
    query = select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id.desc())
    sealed = session.scalars(query).first()
    assert sealed is not None and sealed.sealed is not None
    return POST.sealer.unseal(sealed.sealed)["link"].rpartition("/")[2]


def asked(session: Session, user: User, address: str = NEW) -> str:
    addresses.ask(session, NOW, user.id, address, POST)
    session.commit()
    return link_of(session)


def seated(session: Session, user: User) -> int:
    """A browser of theirs."""
    row = SignInSession(sid_hash=sec.digest(sec.new_token()), user_id=user.id, stage=Stage.open, created_at=NOW,
                        last_seen_at=NOW, proved_at=NOW, user_agent="")  # fmt: skip
    session.add(row)
    session.commit()
    return row.id


def sent(session: Session) -> list[tuple[str, str]]:
    query = select(Delivery.kind, Delivery.recipient).order_by(Delivery.id)
    return [(kind.value, to) for kind, to in session.execute(query)]


def test_the_link_goes_to_the_new_address_and_changes_nothing_yet(session: Session, zoe: User) -> None:
    asked(session, zoe, " ZOE.Neuve@Exemple.fr ")
    assert sent(session) == [("new_address", NEW)]
    assert zoe.email == OLD and addresses.waiting(session, zoe.id, NOW) == addresses.Asked(NEW, NOW + 24 * HOUR)


def test_once_used_the_account_has_it_and_the_old_address_is_told(session: Session, zoe: User) -> None:
    token = asked(session, zoe)
    done = addresses.use(session, NOW + HOUR, token, None)
    session.commit()
    assert (zoe.email, done.person.email, done.address) == (NEW, OLD, NEW)
    assert sent(session) == [("new_address", NEW), ("notice", OLD)]
    assert addresses.waiting(session, zoe.id, NOW + HOUR) is None
    entry = session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc())).first()
    assert entry is not None and entry.action == "user.address_changed" and "exemple" not in entry.changes


def test_it_is_used_once(session: Session, zoe: User) -> None:
    token = asked(session, zoe)
    addresses.use(session, NOW, token, None)
    session.commit()
    with pytest.raises(WrongProof):
        addresses.use(session, NOW, token, None)


def used(database: Database, token: str) -> str:
    """What becomes of one use of the link, in a transaction of its own."""
    try:
        with transaction(database.sessions) as session:
            addresses.use(session, NOW, token, None)
    except WrongProof:
        return "dead"
    return "used"


def test_of_many_at_once_one_wins(database: Database) -> None:
    with transaction(database.sessions) as session:
        user_id = make_user(session, Role.member, email=OLD).id
        addresses.ask(session, NOW, user_id, NEW, POST)
        token = link_of(session)
    ready = Barrier(6)

    def use(_: int) -> str:
        ready.wait()
        return used(database, token)

    with ThreadPoolExecutor(6) as hands:
        assert sorted(hands.map(use, range(6))) == ["dead"] * 5 + ["used"]


def test_of_two_that_have_looked_at_the_same_moment_one_wins(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(database.sessions) as session:
        addresses.ask(session, NOW, make_user(session, Role.member, email=OLD).id, NEW, POST)
        token = link_of(session)
    looked, peek = Barrier(2), addresses.peek

    def together(session: Session, token: str, now: datetime) -> addresses.Proved:
        found = peek(session, token, now)
        with suppress(BrokenBarrierError):  # SQLite lets one in at a time
            looked.wait(1)
        return found

    monkeypatch.setattr(addresses, "peek", together)

    with ThreadPoolExecutor(2) as hands:
        assert sorted(hands.map(lambda _: used(database, token), range(2))) == ["dead", "used"]


def test_of_two_accounts_that_want_one_address_one_gets_it(database: Database) -> None:
    with transaction(database.sessions) as session:
        tokens = []
        for email in (OLD, "luc@exemple.fr"):
            addresses.ask(session, NOW, make_user(session, Role.member, email=email).id, NEW, POST)
            tokens.append(link_of(session))
    ready = Barrier(2)

    def use(token: str) -> str:
        ready.wait()
        try:
            with transaction(database.sessions) as session:
                addresses.use(session, NOW, token, None)
        except UserExists:
            return "taken"
        return "used"

    with ThreadPoolExecutor(2) as hands:
        assert sorted(hands.map(use, tokens)) == ["taken", "used"]
    with database.sessions() as session:
        assert len(session.scalars(select(User.id).where(User.email == NEW)).all()) == 1


def test_an_address_that_is_somebodys_is_told_only_behind_the_link(session: Session, zoe: User) -> None:
    make_user(session, Role.member, email=NEW)
    token = asked(session, zoe)
    with pytest.raises(UserExists):
        addresses.use(session, NOW, token, None)
    session.rollback()
    assert zoe.email == OLD
    assert addresses.peek(session, token, NOW).address == NEW  # the link is as it was


@pytest.mark.parametrize(
    ("typed", "code"), [("", "required"), ("zoe", "bad_email"), ("ZOE@exemple.fr ", "own_address")]
)  # fmt: skip
def test_what_is_no_other_address_is_refused_at_its_field(session: Session, zoe: User, typed: str, code: str) -> None:
    with pytest.raises(FieldFaults) as refusal:
        addresses.ask(session, NOW, zoe.id, typed, POST)
    assert [(fault.field, fault.code) for fault in refusal.value.faults] == [("email", code)]


def test_a_later_link_kills_the_earlier_one(session: Session, zoe: User) -> None:
    first, second = asked(session, zoe), asked(session, zoe, "autre@exemple.fr")
    with pytest.raises(WrongProof):
        addresses.peek(session, first, NOW)
    assert addresses.peek(session, second, NOW).address == "autre@exemple.fr"


def test_it_dies_after_a_day_when_given_up_and_with_its_account(session: Session, zoe: User) -> None:
    token = asked(session, zoe)
    with pytest.raises(WrongProof):
        addresses.peek(session, token, NOW + 24 * HOUR)
    addresses.give_up(session, NOW, zoe.id)
    with pytest.raises(WrongProof):
        addresses.peek(session, token, NOW)
    token = asked(session, zoe)
    service.set_active(session, COMMAND, NOW, zoe.id, False)
    service.set_active(session, COMMAND, NOW, zoe.id, True)
    with pytest.raises(WrongProof):
        addresses.peek(session, token, NOW)


def test_a_link_that_an_intruder_asked_for_dies_with_the_new_password(session: Session, zoe: User) -> None:
    token = asked(session, zoe, "intrus@exemple.fr")
    service.set_password(session, COMMAND, NOW, zoe.id, "hash")
    with pytest.raises(WrongProof):
        addresses.use(session, NOW, token, None)


SHUT_OUT: dict[str, Callable[[Session, User, int], object]] = {
    "that browser": lambda s, zoe, seat: profile.end_browser(s, NOW, zoe.id, seat),
    "all others": lambda s, zoe, seat: profile.end_others(s, NOW, Seat(zoe.id, 0)),
    "by an administrator": lambda s, zoe, seat: users.sign_out(s, COMMAND, NOW, zoe.id),
    "made staff": lambda s, zoe, seat: users.change_role(s, COMMAND, NOW, zoe.id, Role.sales),
}


@pytest.mark.parametrize("way", SHUT_OUT)
def test_a_link_that_an_intruder_asked_for_dies_when_they_are_shut_out(session: Session, zoe: User, way: str) -> None:
    seat, token = seated(session, zoe), asked(session, zoe, "intrus@exemple.fr")
    SHUT_OUT[way](session, zoe, seat)
    with pytest.raises(WrongProof):
        addresses.use(session, NOW, token, None)
    assert addresses.waiting(session, zoe.id, NOW) is None


def test_what_was_mailed_to_the_old_address_opens_nothing_any_longer(session: Session, zoe: User) -> None:
    service.mail_reset(session, NOW, OLD, POST)
    reset = link_of(session, DeliveryKind.reset)
    addresses.use(session, NOW, asked(session, zoe), None)
    with pytest.raises(WrongProof):
        service.peek_link(session, reset, NOW)
    assert not session.scalars(select(EmailProof.id).where(EmailProof.used_at.is_(None))).all()


def test_only_the_browser_that_used_it_stays_in(session: Session, zoe: User) -> None:
    here, there = seated(session, zoe), seated(session, zoe)
    addresses.use(session, NOW, asked(session, zoe), Seat(zoe.id, here))
    assert session.scalars(select(SignInSession.id)).all() == [here] != [there]


def test_another_persons_browser_keeps_nobody_in(session: Session, zoe: User) -> None:
    luc = make_user(session, Role.member)
    own_seat, theirs = seated(session, zoe), seated(session, luc)
    addresses.use(session, NOW, asked(session, zoe), Seat(luc.id, theirs))
    assert session.scalars(select(SignInSession.id)).all() == [theirs] != [own_seat]


def test_whoever_gets_the_old_address_inherits_nothing(session: Session, zoe: User) -> None:
    customer = make_customer(session, users=(zoe,), email=OLD)
    number = make_invoice(session, customer, make_seller(session)).number
    done = addresses.use(session, NOW, asked(session, zoe), None)
    own.follow(session, actor_of(zoe), NOW, OLD, done.address)
    heir = make_user(session, Role.member, email=OLD)
    session.commit()
    assert of_user(session, heir.id, MemberFilter())[0] == []
    assert [invoice.number for invoice in of_user(session, zoe.id, MemberFilter())[0]] == [number]
    invited, _mails = invite_member(session, COMMAND, NOW + HOUR, customer.id, POST)  # staff: « Inviter »
    assert invited.id == zoe.id and session.get_one(Customer, customer.id).email == NEW


def test_the_mails_of_ones_own_record_follow_and_only_those(session: Session, zoe: User) -> None:
    mine, elsewhere = make_customer(session, users=(zoe,), email="Zoe@Exemple.fr"), make_customer(session, email=OLD)
    assert [each.id for each in own.following(session, zoe.id, OLD)] == [mine.id]
    before = mine.revision
    assert own.follow(session, actor_of(zoe), NOW, OLD, NEW) == [mine.id]
    assert (mine.email, mine.revision, elsewhere.email) == (NEW, before + 1, OLD)
    assert own.follow(session, actor_of(zoe), NOW, OLD, NEW) == []


def test_whoever_is_one_of_several_and_not_the_one_it_writes_to_changes_nothing(session: Session, zoe: User) -> None:
    """The right to see is a right to read (SPEC E5), of a helper's too."""
    helper = make_user(session, Role.member)
    hers = make_customer(session, users=(zoe, helper), email="Zoe@Exemple.fr")
    assert [each.id for each in own.records(session, zoe.id)] == [hers.id]
    assert own.records(session, helper.id) == own.following(session, helper.id, helper.email) == []
    with pytest.raises(NotFound):
        own.change_address(session, actor_of(helper), NOW, hers.id, hers.revision, own.PostalAddress("1 rue", city="X"))
    assert own.follow(session, actor_of(zoe), NOW, OLD, NEW) == [hers.id]


def test_the_documents_that_stand_keep_the_address_they_bear(session: Session, zoe: User) -> None:
    customer = make_customer(session, users=(zoe,), email=OLD)
    made = make_invoice(session, customer, make_seller(session))
    before = session.get_one(Invoice, made.invoice_id).snapshot
    own.follow(session, actor_of(zoe), NOW, OLD, NEW)
    session.commit()
    assert session.get_one(Invoice, made.invoice_id, populate_existing=True).snapshot == before
