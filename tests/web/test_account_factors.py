"""Second factors through the door: added and removed behind fresh proof, told by mail; staff keep one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts import factors
from invoicing.accounts.models import Passkey, RecoveryCode, Role, User
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.journal import JournalEntry
from tests.conftest import Browser
from tests.factories import make_user
from web.database import now

PAGE = "/mon-compte/second-facteur"


@pytest.fixture
def zoe(session: Session) -> User:
    user = make_user(session, Role.member, email="zoe@exemple.fr")
    session.commit()
    return user


@pytest.fixture
def clerk(session: Session) -> User:
    user = make_user(session, Role.sales, email="vente@exemple.fr")
    session.commit()
    return user


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    """A code doesn't change while it is written."""
    with time_machine.travel(now(), tick=False):
        yield


def code_of(page: str, which: str = "secret") -> tuple[str, str]:
    """The right code of the secret on the page, and its sealed form."""
    shown = re.search(r'id="secret">(.*?)</p>', page, re.S)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert shown and sealed
    secret = re.sub(r"<[^>]+>|\s", "", shown[1])
    return pyotp.TOTP(secret).at(now().replace(tzinfo=UTC)), sealed[1]


def added(client: Browser) -> str:
    """An application through the form; what the answer says."""
    page = client.get(f"{PAGE}/application").text
    code, sealed = code_of(page)
    answer = client.send(f"{PAGE}/application", {"code": code, "sealed": sealed}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def codes_in(session: Session) -> set[str]:
    session.rollback()
    found = set(session.scalars(select(RecoveryCode.code_hash)))
    session.rollback()
    return found


def key_of(session: Session, user: User, name: str = "téléphone") -> int:
    session.rollback()
    row = Passkey(user_id=user.id, credential_id=name.encode(), public_key=b"k", sign_count=0, name=name,
                  created_at=now())  # fmt: skip
    session.add(row)
    session.commit()
    return row.id


def told(session: Session) -> int:
    session.rollback()
    count = len(session.scalars(select(Delivery.id).where(Delivery.kind == DeliveryKind.notice)).all())
    session.rollback()
    return count


def has(session: Session, user: User) -> factors.Factors:
    session.rollback()
    found = factors.factors_of(session, user.id)
    session.rollback()
    return found


def test_a_member_adds_an_application_and_gets_codes_once(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    page = added(client)
    codes = re.findall(r"<li>([0-9a-f]{4}(?:-[0-9a-f]{4}){3})</li>", page)
    assert len(set(codes)) == 10 and has(session, zoe).has_totp and told(session) == 1
    assert not any(code in client.get(PAGE).text for code in codes)
    assert "Il vous en reste 10." in client.get(PAGE).text


def test_one_notice_tells_of_a_first_factor_and_its_codes_while_time_goes_on(
    client: Browser, zoe: User, session: Session
) -> None:
    with time_machine.travel(now().replace(second=1), tick=True):
        client.become(zoe)
        added(client)
        assert told(session) == 1 and len(codes_in(session)) == 10


def test_a_wrong_code_changes_nothing_and_keeps_the_secret(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    code, sealed = code_of(client.get(f"{PAGE}/application").text)
    wrong = str((int(code) + 1) % 1_000_000).zfill(6)
    answer = client.send(f"{PAGE}/application", {"code": wrong, "sealed": sealed})
    assert answer.status_code == 422 and code_of(answer.text)[0] == code
    assert not has(session, zoe).has_totp and told(session) == 0


def test_a_secret_begun_by_one_is_not_taken_into_anothers_account(
    client: Browser, app: Flask, zoe: User, session: Session
) -> None:
    luc = make_user(session, Role.member)
    session.commit()
    thief: Browser = app.test_client()  # type: ignore[assignment]
    code, sealed = code_of(thief.become(luc).get(f"{PAGE}/application").text)
    answer = client.become(zoe).send(f"{PAGE}/application", {"code": code, "sealed": sealed})
    assert answer.status_code == 422 and not has(session, zoe).has_totp


def test_a_second_application_takes_the_place_of_the_first_and_leaves_the_codes(
    client: Browser, zoe: User, session: Session
) -> None:
    client.become(zoe)
    added(client)
    hashes = codes_in(session)
    assert 'class="codes"' not in added(client)
    assert codes_in(session) == hashes


def test_a_member_removes_the_last_one_and_its_codes_go(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    added(client)
    assert "seul second facteur" in client.get(f"{PAGE}/application/retirer").text
    assert client.send(f"{PAGE}/application/retirer").location == PAGE
    found = has(session, zoe)
    assert (found.has_second, found.codes_left, told(session)) == (False, 0, 2)


def test_staff_keep_one(client: Browser, clerk: User, session: Session) -> None:
    client.become(clerk)
    added(client)
    assert f"{PAGE}/application/retirer" not in client.get(PAGE).text
    answer = client.send(f"{PAGE}/application/retirer")
    assert answer.status_code == 422 and "garde un second facteur" in answer.text
    number = key_of(session, clerk)
    assert client.send(f"{PAGE}/application/retirer").location == PAGE
    assert client.send(f"{PAGE}/cles/{number}/retirer").status_code == 422
    found = has(session, clerk)
    assert (found.has_totp, [key.name for key in found.keys]) == (False, ["téléphone"])


def test_keys_are_listed_named_and_removed(client: Browser, zoe: User, session: Session) -> None:
    number = key_of(session, zoe)
    client.become(zoe)
    client.send(f"{PAGE}/cles/{number}", {"name": "clé <b>du bureau</b>"})
    assert "clé &lt;b&gt;du bureau&lt;/b&gt;" in client.get(PAGE).text
    assert client.send(f"{PAGE}/cles/{number}/retirer").location == PAGE
    assert has(session, zoe).keys == () and told(session) == 1


def test_anothers_key_is_no_page(client: Browser, zoe: User, clerk: User, session: Session) -> None:
    number = key_of(session, clerk)
    client.become(zoe)
    for path in (f"{PAGE}/cles/{number}", f"{PAGE}/cles/{number}/retirer"):
        assert client.get(path).status_code == 404
        assert client.send(path, {"name": "vol"}, form="/preferences").status_code == 404
    assert [key.name for key in has(session, clerk).keys] == ["téléphone"]


def test_codes_are_made_anew(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    added(client)
    before = codes_in(session)
    answer = client.send(f"{PAGE}/codes")
    assert len(re.findall(r"<li>[0-9a-f]{4}-", answer.text)) == 10
    assert not before & codes_in(session)


def test_the_same_form_sent_twice_makes_them_once(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    added(client)
    once = re.search(r'name="once" value="([^"]+)"', client.get(f"{PAGE}/codes").text)
    assert once
    assert 'class="codes"' in client.send(f"{PAGE}/codes", {"once": once[1]}).text
    made, notices = codes_in(session), told(session)
    again = client.send(f"{PAGE}/codes", {"once": once[1]}, follow_redirects=True)
    assert "ont déjà été montrés" in again.text
    assert codes_in(session) == made and told(session) == notices


def test_an_application_whose_form_is_sent_twice_is_added_once(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    code, sealed = code_of(client.get(f"{PAGE}/application").text)
    for _ in range(2):
        answer = client.send(f"{PAGE}/application", {"code": code, "sealed": sealed}, follow_redirects=True)
        assert answer.status_code == 200
    assert told(session) == 1
    entries = select(func.count(JournalEntry.position)).where(JournalEntry.action == "user.factor_added")
    assert session.scalar(entries) == 1


def test_what_a_browser_sends_as_a_key_may_be_anything(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    asked = client.send(f"{PAGE}/cle/question", form="/preferences")
    assert asked.is_json and asked.json["rp"]["id"] == "localhost"
    for answer in ("", "{}", "[]", "nonsense", '{"response": {"clientDataJSON": "e30"}}'):
        assert client.send(f"{PAGE}/cle", {"answer": answer}, form="/preferences").status_code == 422
    assert has(session, zoe).keys == ()


@pytest.mark.parametrize("path", ["/application", "/application/retirer", "/cle", "/cles/{key}/retirer", "/codes"])
def test_all_of_it_wants_fresh_proof(client: Browser, zoe: User, session: Session, path: str) -> None:
    number = key_of(session, zoe)
    client.become(zoe)
    token, address = client.token("/preferences"), PAGE + path.format(key=number)
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        for answer in (client.get(address), client.post(address, data={"csrf_token": token, "name": "x"})):
            assert answer.location == "/connexion/confirmation"
    assert len(has(session, zoe).keys) == 1
