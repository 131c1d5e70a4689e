"""« Mon compte » through the door: what it says, name, password, browsers, preferences, postal address."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import KnownDevice, Role, SignInSession, User
from invoicing.accounts.secrets import password_matches
from invoicing.customers.models import Customer
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from tests.conftest import PASSWORD, Browser
from tests.factories import make_customer, make_invoice, make_seller, make_user
from web.database import now
from web.devices import described

PAGE = "/mon-compte"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
SAFARI = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/18.0 Mobile/15E148 Safari/604.1")  # fmt: skip


@pytest.fixture
def zoe(session: Session, password_hash: str) -> User:
    user = make_user(session, Role.member, email="zoe@exemple.fr", name="Zoé", password_hash=password_hash)
    session.commit()
    return user


def other(app: Flask) -> Browser:
    """One more browser."""
    found: Browser = app.test_client()  # type: ignore[assignment]
    return found


def notices(session: Session) -> int:
    session.rollback()
    return len(session.scalars(select(Delivery.id).where(Delivery.kind == DeliveryKind.notice)).all())


def first_seat(session: Session) -> int:
    """The number of the first browser that is signed in."""
    session.rollback()
    found = session.scalars(select(SignInSession.id).order_by(SignInSession.id)).first()
    session.rollback()
    assert found is not None
    return found


@pytest.mark.parametrize("role", Role)
def test_everybody_who_is_signed_in_has_one_and_a_link_to_it(client: Browser, session: Session, role: Role) -> None:
    user = make_user(session, role)
    session.commit()
    page = client.become(user).get("/ventes" if user.is_staff else "/mes-factures").text
    assert f'href="{PAGE}"' in page
    found = client.get(PAGE)
    assert found.status_code == 200 and user.email in found.text
    assert ("topbar" in found.text) and (("Services commerciaux" in found.text) == user.is_staff)


def test_a_stranger_is_sent_to_sign_in_and_comes_back(client: Browser, zoe: User) -> None:
    assert client.get(f"{PAGE}/nom").location == "/connexion"
    assert client.sign_in(zoe.email).location == f"{PAGE}/nom"


def test_a_name_is_changed(client: Browser, zoe: User, session: Session) -> None:
    client.become(zoe)
    assert client.send(f"{PAGE}/nom", {"name": "Zoé Martin"}).location == PAGE
    assert "Zoé Martin" in client.get(PAGE).text
    refused = client.send(f"{PAGE}/nom", {"name": " "})
    assert refused.status_code == 422 and "Écrivez un nom." in refused.text


def test_a_password_asks_for_the_old_one_and_ends_the_others(
    client: Browser, app: Flask, zoe: User, session: Session
) -> None:
    client.become(zoe)
    elsewhere = other(app).become(zoe)
    before = client.get_cookie("lettrine")
    page = f"{PAGE}/mot-de-passe"
    wrong = client.send(page, {"current": "pas celui-ci du tout", "password": "une phrase bien à moi"})
    assert wrong.status_code == 422 and "pas votre mot de passe actuel" in wrong.text
    short = client.send(page, {"current": PASSWORD, "password": "court"})
    assert short.status_code == 422 and "12 caractères au moins" in short.text
    assert client.send(page, {"current": PASSWORD, "password": "une phrase bien à moi"}).location == PAGE
    session.rollback()
    assert password_matches(zoe.password_hash, "une phrase bien à moi")
    assert client.get(PAGE).status_code == 200 and elsewhere.get(PAGE).location == "/connexion"
    assert before is not None


def test_the_old_password_is_guessed_no_more_often_than_at_the_door(client: Browser, zoe: User) -> None:
    client.become(zoe)
    token = client.token(f"{PAGE}/mot-de-passe")
    data = {"csrf_token": token, "current": "faux", "password": "une phrase bien à moi"}
    answers = [client.post(f"{PAGE}/mot-de-passe", data=data).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_where_there_is_no_password_something_else_shows_who_it_is(client: Browser, session: Session) -> None:
    user = make_user(session, Role.member)
    session.commit()
    client.become(user)
    page = f"{PAGE}/mot-de-passe"
    assert "Votre mot de passe actuel" not in client.get(page).text
    with time_machine.travel(now() + timedelta(minutes=16), tick=False):
        assert client.get(page).location == "/connexion/confirmation"
        answer = client.post(page, data={"csrf_token": client.token("/preferences"), "password": "une phrase à moi"})
        assert answer.location == "/connexion/confirmation"
    session.rollback()
    assert user.password_hash is None
    assert client.become(user).send(page, {"password": "une phrase bien à moi"}).location == PAGE
    session.rollback()
    assert user.password_hash is not None


def test_browsers_are_named_and_ended(client: Browser, app: Flask, zoe: User, session: Session) -> None:
    elsewhere = other(app)
    elsewhere.sign_in(zoe.email, headers={"User-Agent": SAFARI})
    client.sign_in(zoe.email, headers={"User-Agent": FIREFOX})
    page = client.get(f"{PAGE}/appareils").text
    assert page.index("Firefox sur Windows") < page.index("Cet appareil") < page.index("Safari sur iPhone")
    number = first_seat(session)
    assert client.send(f"{PAGE}/appareils/{number}/deconnecter", form=f"{PAGE}/appareils").status_code == 302
    assert elsewhere.get(PAGE).location == "/connexion" and client.get(PAGE).status_code == 200
    assert "nulle part ailleurs" in client.get(f"{PAGE}/appareils").text


def test_all_other_browsers_at_once(client: Browser, app: Flask, zoe: User) -> None:
    others = [other(app).become(zoe) for _ in range(3)]
    client.become(zoe)
    assert "celui-ci et 3 autres" in client.get(PAGE).text
    client.send(f"{PAGE}/appareils/deconnecter", form=f"{PAGE}/appareils")
    assert [each.get(PAGE).location for each in others] == ["/connexion"] * 3
    assert client.get(PAGE).status_code == 200


def test_a_foreign_browser_is_no_page(client: Browser, app: Flask, zoe: User, session: Session) -> None:
    foreign = make_user(session)
    session.commit()
    theirs = other(app).become(foreign)
    number = first_seat(session)
    client.become(zoe)
    for each in (number, 99_999):
        answer = client.send(f"{PAGE}/appareils/{each}/deconnecter", form="/preferences")
        assert answer.status_code == 404
    assert theirs.get(PAGE).status_code == 200


def test_a_new_device_is_told_of_and_a_known_one_is_not(
    client: Browser, app: Flask, zoe: User, session: Session
) -> None:
    client.sign_in(zoe.email)
    client.send("/deconnexion", form="/preferences")
    client.sign_in(zoe.email)
    assert notices(session) == 0
    other(app).sign_in(zoe.email, headers={"User-Agent": SAFARI})
    assert notices(session) == 1
    assert len(session.scalars(select(KnownDevice.id)).all()) == 2


def test_the_devices_cookie_opens_nothing_and_is_out_of_scripts_reach(client: Browser, app: Flask, zoe: User) -> None:
    answer = client.sign_in(zoe.email)
    (cookie,) = (each for each in answer.headers.getlist("Set-Cookie") if each.startswith("appareil="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    thief = other(app)
    thief.set_cookie("appareil", cookie.split("=", 1)[1].split(";")[0])
    assert thief.get(PAGE).location == "/connexion"


def test_a_forged_device_is_given_another_name(client: Browser, zoe: User) -> None:
    client.set_cookie("appareil", "x" * 500)
    client.sign_in(zoe.email)
    found = client.get_cookie("appareil")
    assert found is not None and len(found.value) == 43


def test_preferences_are_offered_to_whom_they_concern(client: Browser, session: Session, zoe: User) -> None:
    clerk, linked = make_user(session, Role.sales), make_user(session, Role.member)
    make_customer(session, users=(linked,))
    session.commit()
    seen = {}
    for user in (zoe, clerk, linked):
        page = client.become(user).get(f"{PAGE}/courriels").text
        seen[user.id] = [name for name in ("news", "digest", "notices") if f'name="{name}"' in page]
    assert list(seen.values()) == [["notices"], ["digest", "notices"], ["news", "notices"]]


def test_preferences_are_kept(client: Browser, session: Session) -> None:
    linked = make_user(session, Role.member)
    make_customer(session, users=(linked,))
    session.commit()
    client.become(linked)
    client.send(f"{PAGE}/courriels", {"news": "1", "digest": "1"})
    session.rollback()
    assert (linked.wants_news, linked.wants_notices, linked.wants_digest) == (True, False, False)
    assert "nouveaux documents" in client.get(PAGE).text
    client.send(f"{PAGE}/courriels", {"notices": "1"})
    session.rollback()
    assert (linked.wants_news, linked.wants_notices) == (False, True)


# the postal address


@pytest.fixture
def record(session: Session, zoe: User) -> Customer:
    customer = make_customer(session, users=(zoe,), email="facture@exemple.fr")
    session.commit()
    return customer


def form_of(customer: Customer, **over: object) -> dict[str, object]:
    names = ("street", "postcode", "city", "province", "country", "phone", "revision")
    return {**{name: getattr(customer, name) for name in names}, **over}


def test_ones_own_address_is_changed_as_staff_would(
    client: Browser, zoe: User, record: Customer, session: Session
) -> None:
    made = make_invoice(session, record, make_seller(session))
    session.commit()
    before = session.get_one(Invoice, made.invoice_id).snapshot
    client.become(zoe)
    page = f"{PAGE}/coordonnees/{record.id}"
    assert "Celles déjà établies gardent l’adresse" in client.get(page).text
    data = form_of(record, street="7 quai neuf\r\nBâtiment B", postcode="73100", city="Aix-les-Bains")
    assert client.send(page, data).location == PAGE
    session.rollback()
    assert (record.street, record.city, record.email) == (
        "7 quai neuf\nBâtiment B",
        "Aix-les-Bains",
        "facture@exemple.fr",
    )
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "customer.changed")).one()
    assert entry.actor_id == zoe.id and set(entry.facts()) == {"street", "postcode", "city"}
    assert session.get_one(Invoice, made.invoice_id, populate_existing=True).snapshot == before
    assert "Aix-les-Bains" in client.get(PAGE).text


def test_an_address_that_cant_be_printed_is_refused_at_its_field(client: Browser, zoe: User, record: Customer) -> None:
    client.become(zoe)
    page = f"{PAGE}/coordonnees/{record.id}"
    emptied = client.send(page, form_of(record, street=" ", city=""))
    assert emptied.status_code == 422 and 'href="#street"' in emptied.text and 'href="#city"' in emptied.text
    emptied = client.send(page, form_of(record, postcode=" "))
    assert emptied.status_code == 422 and 'href="#postcode"' in emptied.text
    answer = client.send(page, form_of(record, city="x" * 121, country="ZZ"))
    assert answer.status_code == 422
    assert 'href="#city"' in answer.text and 'href="#country"' in answer.text and "x" * 121 in answer.text


def test_a_form_drawn_before_anothers_change_says_so(
    client: Browser, zoe: User, record: Customer, session: Session
) -> None:
    client.become(zoe)
    page, before = f"{PAGE}/coordonnees/{record.id}", form_of(record)
    client.send(page, {**before, "city": "Annecy"})
    answer = client.send(page, {**before, "city": "Chambéry"})
    assert answer.status_code == 409 and "Annecy" in answer.text and "Chambéry" in answer.text
    session.rollback()
    assert record.city == "Annecy"


def test_an_organisations_record_and_one_of_several_are_not_ones_own(
    client: Browser, zoe: User, record: Customer, session: Session
) -> None:
    firm_user = make_user(session, Role.member)
    firm = make_customer(session, users=(firm_user,), kind="organisation", organisation_name="Atelier")
    foreign = make_customer(session, users=(make_user(session),))
    session.commit()
    firm_id, foreign_id, record_id, form = firm.id, foreign.id, record.id, form_of(record)
    session.rollback()
    assert client.become(firm_user).get(f"{PAGE}/coordonnees/{firm_id}").status_code == 404
    client.become(zoe)
    session.rollback()
    for number in (foreign_id, 99_999):
        assert client.get(f"{PAGE}/coordonnees/{number}").status_code == 404
        assert client.send(f"{PAGE}/coordonnees/{number}", form, form="/preferences").status_code == 404
    make_customer(session, users=(zoe,))
    session.commit()
    assert client.get(f"{PAGE}/coordonnees/{record_id}").status_code == 404  # linked to two: which one is she?


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox sur Windows"), (SAFARI, "Safari sur iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
         "Chrome sur Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0",
         "Edge sur Windows"),
        ("Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 "
         "Chrome/122.0 Mobile Safari/537.36", "Samsung Internet sur Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
         "Safari/605.1.15", "Safari sur Mac"),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) CriOS/120 Safari/604",
         "Chrome sur iPad"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541) AppleWebKit/537.36 Chrome/131.0 Safari/537.36", "Chrome sur ChromeOS"),
        ("curl/8.5.0", "Navigateur inconnu"), ("", "Navigateur inconnu"), ("<b>Windows</b>", "Windows"),
    ],
)  # fmt: skip
def test_a_browser_is_named_as_a_person_would(app: Flask, agent: str, words: str) -> None:
    with app.test_request_context():
        assert described(agent) == words
