"""People who may sign in: made, invited, let in, shut out; on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import secrets as sec
from invoicing.accounts import service
from invoicing.accounts.models import EmailProof, Purpose, Role, User
from invoicing.accounts.rules import PasswordUnfit, UserDisabled, UserExists, WrongProof
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.service import BadAddress
from invoicing.errors import NotFound
from invoicing.journal import COMMAND, JournalEntry
from tests.conftest import PASSWORD, Database
from tests.factories import NOW, make_user

POST = sec.Post(sec.Sealer([Fernet.generate_key().decode()]), "https://desk.example/lien/", "desk.example")


def invited(session: Session, email: str = "zoe@exemple.fr", role: Role = Role.member) -> tuple[User, str]:
    user = service.add_user(session, COMMAND, NOW, email, role)
    return user, service.invite(session, COMMAND, NOW, user.id, POST).removeprefix(POST.link_base)


def actions(session: Session) -> list[str]:
    session.commit()
    return list(session.scalars(select(JournalEntry.action).order_by(JournalEntry.position)))


def test_a_new_user_has_no_password_and_nobody_gets_in(session: Session) -> None:
    user, _ = invited(session)
    assert user.password_hash is None
    for guess in ("", "password", PASSWORD):
        with pytest.raises(WrongProof):
            service.check_password(session, user.email, guess)


def test_an_address_belongs_to_one_user_however_it_is_spelt(session: Session) -> None:
    user, _ = invited(session)
    with pytest.raises(UserExists) as refusal:
        service.add_user(session, COMMAND, NOW, " ZOE@Exemple.fr", Role.admin)
    assert refusal.value.user_id == user.id


def test_two_at_once_make_one_user(database: Database) -> None:
    def add(_: int) -> str:
        try:
            with transaction(database.sessions) as session:
                service.add_user(session, COMMAND, NOW, "zoe@exemple.fr", Role.member)
        except UserExists:
            return "exists"
        return "made"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(8))) == ["exists"] * 7 + ["made"]


def test_what_is_no_address_makes_no_user(session: Session) -> None:
    with pytest.raises(BadAddress):
        service.add_user(session, COMMAND, NOW, "zoe chez exemple", Role.member)


def test_an_invitation_is_queued_with_its_link_sealed(session: Session) -> None:
    user, token = invited(session)
    mail = session.scalars(select(Delivery)).one()
    assert (mail.kind, mail.recipient, mail.user_id) == (DeliveryKind.invitation, "zoe@exemple.fr", user.id)
    assert mail.expires_at == NOW + timedelta(days=14)
    assert mail.sealed is not None and token not in mail.sealed
    assert POST.sealer.unseal(mail.sealed) == {"link": POST.link_base + token}


def test_no_row_of_the_database_holds_the_link(session: Session) -> None:
    _, token = invited(session)
    proof = session.scalars(select(EmailProof)).one()
    assert token not in repr(vars(proof)) and proof.link_hash == sec.digest(token)


def test_a_second_invitation_kills_the_first(session: Session) -> None:
    user, first = invited(session)
    second = service.invite(session, COMMAND, NOW, user.id, POST).removeprefix(POST.link_base)
    with pytest.raises(WrongProof):
        service.peek_link(session, first, NOW)
    assert service.peek_link(session, second, NOW).purpose is Purpose.invitation


def test_a_reset_leaves_the_invitation_alone(session: Session) -> None:
    user, token = invited(session)
    service.mail_reset(session, NOW, user.email, POST)
    assert service.peek_link(session, token, NOW).person.id == user.id


def test_a_disabled_user_is_invited_to_nothing(session: Session) -> None:
    user, token = invited(session)
    service.set_active(session, COMMAND, NOW, user.id, False)
    with pytest.raises(UserDisabled):
        service.invite(session, COMMAND, NOW, user.id, POST)
    service.set_active(session, COMMAND, NOW, user.id, True)
    with pytest.raises(WrongProof):
        service.peek_link(session, token, NOW)


def test_a_user_who_is_not_there_is_not_found(session: Session) -> None:
    for call in (lambda: service.invite(session, COMMAND, NOW, 9, POST),
                 lambda: service.set_active(session, COMMAND, NOW, 9, False)):  # fmt: skip
        with pytest.raises(NotFound):
            call()


def test_looking_at_a_link_uses_nothing_up(session: Session) -> None:
    _, token = invited(session)
    for _ in range(3):
        service.peek_link(session, token, NOW)
    service.use_link(session, NOW, token, sec.hash_password(PASSWORD))
    with pytest.raises(WrongProof):
        service.peek_link(session, token, NOW)


def test_a_link_dies_with_its_time(session: Session) -> None:
    _, token = invited(session)
    service.peek_link(session, token, NOW + timedelta(days=14, seconds=-1))
    with pytest.raises(WrongProof):
        service.use_link(session, NOW + timedelta(days=14), token, sec.hash_password(PASSWORD))


def test_of_many_at_once_one_uses_the_link(database: Database) -> None:
    with transaction(database.sessions) as session:
        _, token = invited(session)
    start, hashed = Barrier(8), sec.hash_password(PASSWORD)

    def use(_: int) -> bool:
        start.wait()
        try:
            with transaction(database.sessions) as session:
                service.use_link(session, NOW, token, hashed)
        except WrongProof:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_an_unknown_address_gets_a_decoy_and_no_mail(session: Session) -> None:
    service.mail_reset(session, NOW, "personne@exemple.fr", POST)
    assert session.scalars(select(EmailProof.user_id)).all() == [None]
    assert session.scalar(select(func.count(Delivery.id))) == 0


def test_an_unknown_address_costs_the_same_hash(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user(session, email="zoe@exemple.fr", password_hash=sec.hash_password(PASSWORD))
    make_user(session, email="off@exemple.fr", password_hash=sec.hash_password(PASSWORD), active=False)
    make_user(session, email="new@exemple.fr")
    sec.nobodys_hash()
    done: list[str] = []
    counting = sec.hasher

    class Counting:
        def verify(self, stored: str, given: str) -> bool:
            done.append(given)
            return counting.verify(stored, given)

    monkeypatch.setattr(sec, "hasher", Counting())
    for name in ("zoe", "off", "new", "nobody"):
        with pytest.raises(WrongProof):
            service.check_password(session, f"{name}@exemple.fr", "pas le bon")
    assert len(done) == 4


def test_a_refused_password_says_why() -> None:
    with pytest.raises(PasswordUnfit) as refusal:
        service.fit_hash("court")
    assert refusal.value.fault == "short"


def test_the_journal_says_who_did_what_and_holds_no_secret(session: Session) -> None:
    user, token = invited(session)
    service.use_link(session, NOW, token, sec.hash_password(PASSWORD))
    service.open_session(session, NOW, service.check_password(session, user.email, PASSWORD), "Firefox")
    service.set_active(session, COMMAND, NOW, user.id, False)
    service.set_active(session, COMMAND, NOW, user.id, False)
    assert actions(session) == ["user.added", "user.invited", "user.password_set", "user.signed_in", "user.disabled"]
    told = " ".join(session.scalars(select(JournalEntry.changes)))
    assert not any(secret in told for secret in ("zoe", "exemple", token, "argon2", PASSWORD))
