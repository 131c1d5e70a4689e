"""One's own account: name, password, browsers, devices that are known, and what is told of it; on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import devices, factors, happenings, opening, profile, service
from invoicing.accounts import secrets as sec
from invoicing.accounts.happenings import HAPPENED, Happening
from invoicing.accounts.models import KnownDevice, Passkey, Role, SignInSession, User
from invoicing.accounts.notices import WHAT, Notices
from invoicing.accounts.profile import Seat
from invoicing.accounts.rules import Proof, WrongProof
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.errors import FieldFaults, NotFound
from invoicing.journal import COMMAND, JournalEntry
from tests.conftest import Database
from tests.factories import NOW, actor_of, make_user

POST = sec.Post(
    sec.Sealer([Fernet.generate_key().decode()]), "https://desk.example/lien/", "desk.example", "", b"a key of codes"
)  # fmt: skip
PROVED = frozenset({Proof.mail})
HOUR = timedelta(hours=1)


@pytest.fixture
def zoe(session: Session) -> User:
    session.info[HAPPENED] = Notices(POST)
    user = make_user(session, Role.member, password_hash="old", last_sign_in_at=NOW)
    session.commit()
    return user


def told(session: Session) -> list[str]:
    """What was told, in the order of telling."""
    query = select(Delivery.sealed).where(Delivery.kind == DeliveryKind.notice).order_by(Delivery.id)
    return [POST.sealer.unseal(sealed or "")[WHAT] for sealed in session.scalars(query)]


def come(session: Session, user: User, token: str, agent: str = "Firefox/1", hours: int = 0) -> int:
    """Signs in from a device; the session's number."""
    session.info[HAPPENED] = Notices(POST, lambda: token)
    opening.open_seat(session, NOW + hours * HOUR, user.id, PROVED, agent)
    session.commit()
    return session.scalars(select(SignInSession.id).order_by(SignInSession.id.desc())).first() or 0


def test_the_name_is_cleaned_and_its_change_noted_without_it(session: Session, zoe: User) -> None:
    profile.rename(session, NOW, zoe.id, "  Zoé \u200b Martin ")
    profile.rename(session, NOW, zoe.id, "Zoé Martin")  # the same once more
    session.commit()
    entries = session.scalars(select(JournalEntry).where(JournalEntry.action == "user.renamed")).all()
    assert zoe.name == "Zoé Martin" and len(entries) == 1 and "Martin" not in entries[0].changes


@pytest.mark.parametrize(("typed", "code"), [("", "required"), (" \u200b ", "required"), ("é" * 121, "too_long")])
def test_no_name_and_an_endless_one_are_refused(session: Session, zoe: User, typed: str, code: str) -> None:
    with pytest.raises(FieldFaults) as refusal:
        profile.rename(session, NOW, zoe.id, typed)
    assert [fault.code for fault in refusal.value.faults] == [code]


def test_a_new_password_leaves_this_browser_alone_in_and_is_told(session: Session, zoe: User) -> None:
    here, _there = come(session, zoe, "a"), come(session, zoe, "b")
    service.mail_reset(session, NOW, zoe.email, POST)
    profile.change_password(session, NOW, Seat(zoe.id, here, "a"), "old", "new")
    session.commit()
    assert zoe.password_hash == "new" and session.scalars(select(SignInSession.id)).all() == [here]
    assert told(session) == ["signed_in", "password_set"]  # the second device was new
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 1


def test_a_password_that_was_changed_meanwhile_stays(session: Session, zoe: User) -> None:
    for seen in ("other", None):
        with pytest.raises(WrongProof):
            profile.change_password(session, NOW, Seat(zoe.id, 1), seen, "new")
    assert zoe.password_hash == "old" and told(session) == []


def test_of_two_changes_at_once_one_wins(database: Database) -> None:
    with transaction(database.sessions) as session:
        user_id = make_user(session, Role.member, password_hash="old").id
    ready = Barrier(4)

    def change(n: int) -> str:
        ready.wait()
        try:
            with transaction(database.sessions) as session:
                profile.change_password(session, NOW, Seat(user_id, 0), "old", f"new {n}")
        except WrongProof:
            return "late"
        return "changed"

    with ThreadPoolExecutor(4) as hands:
        assert sorted(hands.map(change, range(4))) == ["changed", "late", "late", "late"]


def test_a_first_password_is_chosen_where_there_is_none(session: Session) -> None:
    user = make_user(session, Role.member)
    session.commit()
    profile.change_password(session, NOW, Seat(user.id, 0), None, "new")
    session.commit()
    assert user.password_hash == "new"


def test_what_is_undone_is_not_told(session: Session, zoe: User) -> None:
    here = come(session, zoe, "a")
    profile.change_password(session, NOW, Seat(zoe.id, here), "old", "new")
    session.rollback()
    assert told(session) == []


def test_ones_browsers_are_listed_while_they_live(session: Session, zoe: User) -> None:
    first, second = come(session, zoe, "a", "Firefox/1"), come(session, zoe, "b", "Chrome/2", hours=1)
    come(session, make_user(session, Role.member), "c")
    found = profile.browsers(session, zoe.id, NOW + HOUR)
    assert [(each.id, each.agent) for each in found] == [(second, "Chrome/2"), (first, "Firefox/1")]
    assert profile.browsers(session, zoe.id, NOW + timedelta(days=31)) == []


def test_a_foreign_number_ends_nothing(session: Session, zoe: User) -> None:
    foreign = come(session, make_user(session, Role.member), "a")
    for number in (foreign, 99_999):
        with pytest.raises(NotFound):
            profile.end_browser(session, NOW, zoe.id, number)
    assert session.get(SignInSession, foreign) is not None


def test_all_others_end_at_once(session: Session, zoe: User) -> None:
    here, _other, theirs = come(session, zoe, "a"), come(session, zoe, "b"), come(session, make_user(session), "c")
    profile.end_others(session, NOW, Seat(zoe.id, here, "a"))
    assert sorted(session.scalars(select(SignInSession.id))) == [here, theirs]


def test_a_device_is_told_of_once_and_the_first_never(session: Session, zoe: User) -> None:
    for token in ("a", "a", "b", "b", "a"):
        come(session, zoe, token)
    assert told(session) == ["signed_in"]


def test_one_device_of_two_people_is_new_to_each(session: Session, zoe: User) -> None:
    luc = make_user(session, Role.member)
    come(session, zoe, "a")
    come(session, luc, "b")
    come(session, luc, "a")
    assert told(session) == ["signed_in"]


def test_whoever_wants_no_such_notice_gets_none_of_it_but_all_else(session: Session, zoe: User) -> None:
    profile.choose_notices(session, zoe.id, False)
    come(session, zoe, "a")
    here = come(session, zoe, "b")
    assert told(session) == []
    profile.change_password(session, NOW, Seat(zoe.id, here, "b"), "old", "new")
    assert told(session) == ["password_set"]


def test_a_device_that_was_shut_out_is_new_again(session: Session, zoe: User) -> None:
    here = come(session, zoe, "a")
    come(session, zoe, "b")
    profile.end_others(session, NOW, Seat(zoe.id, here, "a"))
    come(session, zoe, "b")
    assert told(session) == ["signed_in", "signed_in"]


def test_a_reset_password_and_lost_factors_make_every_device_new_again(session: Session, zoe: User) -> None:
    for shut_out in (lambda: service.set_password(session, COMMAND, NOW, zoe.id, "new"),
                     lambda: factors.reset(session, COMMAND, NOW, zoe.id)):  # fmt: skip
        come(session, zoe, "a")
        come(session, zoe, "b")
        shut_out()
        assert session.scalars(select(KnownDevice.id)).all() == []


def test_two_tabs_at_once_note_one_device(database: Database) -> None:
    with transaction(database.sessions) as session:
        user_id = make_user(session, Role.member).id
        devices.is_new(session, NOW, user_id, "first")
    ready = Barrier(4)

    def arrive(_: int) -> bool:
        ready.wait()
        with transaction(database.sessions) as session:
            return devices.is_new(session, NOW, user_id, "second")

    with ThreadPoolExecutor(4) as hands:
        assert sorted(hands.map(arrive, range(4))) == [False, False, False, True]


def test_devices_are_forgotten_when_their_cookie_is_gone(session: Session, zoe: User) -> None:
    come(session, zoe, "a")
    devices.purge(session, NOW + devices.LASTS)
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 1
    devices.purge(session, NOW + devices.LASTS + HOUR)
    assert session.scalar(select(func.count()).select_from(KnownDevice)) == 0


def test_an_invitations_first_password_surprises_nobody(session: Session) -> None:
    session.info[HAPPENED] = Notices(POST)
    user = make_user(session, Role.member)
    service.set_password(session, COMMAND, NOW, user.id, "first")
    assert told(session) == []
    user.last_sign_in_at = NOW
    service.set_password(session, COMMAND, NOW, user.id, "second")
    assert told(session) == ["password_set"]


def test_factors_are_told_and_their_first_codes_go_without_saying(session: Session, zoe: User) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    factors.put_totp(session, actor_of(zoe), NOW, zoe.id, secret, POST.keys)
    factors.make_codes(session, actor_of(zoe), NOW, zoe.id, POST.keys)
    factors.make_codes(session, actor_of(zoe), NOW + HOUR, zoe.id, POST.keys)
    factors.remove_totp(session, actor_of(zoe), NOW + HOUR, zoe.id)
    assert told(session) == ["factor_added", "codes_made", "factor_removed"]


def test_a_notice_holds_no_secret_and_goes_before_invoices(session: Session, zoe: User) -> None:
    happenings.tell(session, NOW, zoe.id, Happening.recovery_used, left="9")
    (row,) = session.scalars(select(Delivery)).all()
    assert POST.sealer.unseal(row.sealed or "") == {WHAT: "recovery_used", "at": NOW.isoformat(), "left": "9"}
    assert (row.recipient, row.next_try_at < NOW, row.expires_at) == (zoe.email, True, None)


def test_a_key_gets_another_name_from_its_owner_alone(session: Session, zoe: User) -> None:
    row = Passkey(user_id=zoe.id, credential_id=b"1", public_key=b"2", sign_count=0, name="clé", created_at=NOW)
    session.add(row)
    session.flush()
    profile.name_key(session, zoe.id, row.id, " téléphone " + "x" * 80)
    session.refresh(row)
    assert row.name.startswith("téléphone xx") and len(row.name) == 64
    profile.name_key(session, zoe.id, row.id, "   ")
    session.refresh(row)
    assert row.name.startswith("téléphone")
    with pytest.raises(NotFound):
        profile.name_key(session, make_user(session).id, row.id, "vol")
