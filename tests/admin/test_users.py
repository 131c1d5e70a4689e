"""« Utilisateurs »: the list, somebody new, roles, the last administrator, oneself, and the history."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from admin.users_words import _ACTIONS
from invoicing.accounts.listing import OWN_DOING
from invoicing.accounts.models import Role, SignInSession, User
from invoicing.customers.access import link_user
from invoicing.customers.models import AccessRight
from invoicing.delivery.models import Delivery
from invoicing.journal import COMMAND
from tests.admin.desk import Desk
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_user

LIST = "/ventes/utilisateurs"


@pytest.fixture
def boss(desk: Desk) -> User:
    """An administrator, who is at the desk's browser from now on."""
    with desk.writing() as session:
        user = make_user(session, Role.admin, name="Irène Vasseur", email="irene@example.org")
    desk.browser.become(user)
    return user


def text(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\xa0", " ")


def somebody(desk: Desk, role: Role = Role.reader, **over: object) -> User:
    with desk.writing() as session:
        return make_user(session, role, **over)


def page_of(user: User) -> str:
    return f"{LIST}/{user.id}"


def deed(desk: Desk, user: User, what: str, values: dict[str, object] | None = None) -> TestResponse:
    return desk.send(f"{page_of(user)}/{what}", values or {}, LIST + "/nouveau")


def test_the_settings_lead_there(desk: Desk, boss: User) -> None:
    assert LIST in desk.browser.get("/ventes/reglages").text
    assert desk.browser_of(Role.sales).get(LIST).status_code == 403


def test_the_list_says_who_can_do_what(desk: Desk, boss: User) -> None:
    somebody(desk, Role.sales, name="Hugo Marchand", email="hugo@example.org", wants_digest=True)
    somebody(desk, Role.member, name="Élodie Lefèvre")
    page = text(desk.browser.get(LIST))
    assert "Irène Vasseur (vous) irene@example.org Administration" in page
    assert re.search(r"Hugo Marchand hugo@example.org Ventes Jamais venu jamais non 0 oui", page)
    assert "Élodie" not in page and "Élodie Lefèvre" in text(desk.browser.get(f"{LIST}?partie=membres"))
    assert "Hugo" not in text(desk.browser.get(f"{LIST}?role=admin")).split("Derniers changements")[0]
    assert "Aucun utilisateur ne correspond" in text(desk.browser.get(f"{LIST}?q=zzz"))


def test_the_list_leaves_as_a_file(desk: Desk, boss: User) -> None:
    answer = desk.browser.get(f"{LIST}/export.csv")
    assert answer.status_code == 200 and "irene@example.org" in answer.text and "Administration" in answer.text
    assert desk.browser.get(f"{LIST}/export.exe").status_code == 404


def test_somebody_new_is_invited(desk: Desk, boss: User) -> None:
    form = {"email": " Neuf@Example.org ", "name": "Neuf", "role": "sales", "language": "en"}
    answer = desk.send(f"{LIST}/nouveau", form)
    user = desk.session.scalars(select(User).where(User.email == "neuf@example.org")).one()
    assert answer.location == page_of(user) and (user.role, user.language) == (Role.sales, "en")
    page = text(desk.browser.get(page_of(user)))
    assert "valable jusqu’au" in page and "Compte créé : Ventes" in page and "par Irène Vasseur" in page
    assert [mail.recipient for mail in desk.deliveries()] == ["neuf@example.org"]


@pytest.mark.parametrize(("values", "said"), [
    ({"email": ""}, "nécessaire"), ({"email": "pas une adresse"}, "n’est pas une adresse"),
    ({"role": "king"}, "Choisissez"), ({"language": "tlh"}, "Choisissez"),
    ({"email": "irene@example.org"}, "Un compte a déjà cette adresse"),
])  # fmt: skip
def test_what_is_wrong_is_told_at_its_field(desk: Desk, boss: User, values: dict[str, str], said: str) -> None:
    form = {"email": "x@example.org", "name": "Gardé", "role": "reader", "language": "fr_FR", **values}
    answer = desk.send(f"{LIST}/nouveau", form)
    assert answer.status_code in (409, 422) and said in text(answer) and 'value="Gardé"' in answer.text
    assert desk.count(User) == 2 and desk.count(Delivery) == 0


def test_a_role_is_changed_at_the_next_request(desk: Desk, boss: User) -> None:
    user = somebody(desk, Role.sales)
    browser: Browser = desk.app.test_client().become(user)  # type: ignore[attr-defined]
    assert browser.get("/ventes").status_code == 200
    assert deed(desk, user, "role", {"role": "reader"}).location == page_of(user)
    assert browser.get("/ventes").location == "/connexion"
    assert desk.session.get_one(User, user.id).role is Role.reader
    assert "Rôle changé : Ventes → Lecture" in text(desk.browser.get(page_of(user)))
    assert deed(desk, user, "role", {"role": "king"}).status_code == 303
    assert desk.session.get_one(User, user.id).role is Role.reader


def test_one_s_own_role_and_account_stay(desk: Desk, boss: User) -> None:
    somebody(desk, Role.admin)
    page = desk.browser.get(page_of(boss)).text
    assert "/role" not in page and "/desactiver" not in page
    for what, form in (("role", {"role": "member"}), ("desactiver", {})):
        answer = deed(desk, boss, what, form)
        assert answer.status_code == 422 and "Rien n’a été changé" in text(answer)
    assert desk.session.get_one(User, boss.id).role is Role.admin


def test_a_disabled_user_is_out_at_once_and_comes_back(desk: Desk, boss: User) -> None:
    user = somebody(desk, Role.member)
    with desk.writing() as session:
        firm = make_customer(session, kind="organisation", organisation_name="Reliure & Cie")
        link_user(session, COMMAND, NOW, firm.id, user.id, AccessRight.manages)
    browser: Browser = desk.app.test_client().become(user)  # type: ignore[attr-defined]
    assert browser.get("/mes-factures").status_code == 200
    asked = text(desk.browser.get(f"{page_of(user)}/desactiver"))
    assert "Reliure &amp; Cie : c’est la seule personne qui gère les accès" in asked
    assert browser.get("/mes-factures").status_code == 200  # asking changes nothing
    deed(desk, user, "desactiver")
    assert browser.get("/mes-factures").location == "/connexion"
    assert deed(desk, user, "desactiver").status_code == 303  # once more is told
    deed(desk, user, "reactiver")
    assert desk.session.get_one(User, user.id).active
    assert "Reliure &amp; Cie" in desk.browser.get(page_of(user)).text


def test_sessions_end_elsewhere_and_one_s_own_goes_on(desk: Desk, boss: User) -> None:
    other: Browser = desk.app.test_client().become(boss)  # type: ignore[attr-defined]
    deed(desk, boss, "sessions")
    assert other.get(LIST).location == "/connexion"
    page = text(desk.browser.get(page_of(boss)))
    assert "1 session terminée" in page and "Sessions terminées" in page
    desk.session.rollback()
    assert len(desk.session.scalars(select(SignInSession).where(SignInSession.user_id == boss.id)).all()) == 1


def test_an_invitation_goes_again_but_not_to_a_disabled_account(desk: Desk, boss: User) -> None:
    user, shut = somebody(desk), somebody(desk, active=False)
    assert deed(desk, user, "inviter").status_code == 303 and desk.count(Delivery) == 1
    assert deed(desk, shut, "inviter").status_code == 409 and desk.count(Delivery) == 1


def test_the_last_administrator_is_told_so(desk: Desk, boss: User) -> None:
    other = somebody(desk, Role.admin)
    with desk.writing() as session:
        session.get_one(User, boss.id).active = True
        session.get_one(User, other.id).active = False
    assert deed(desk, other, "role", {"role": "member"}).status_code == 303  # a disabled one isn't the last
    assert desk.session.get_one(User, other.id).role is Role.member


@pytest.mark.parametrize("what", ["", "/role", "/desactiver", "/reactiver", "/sessions", "/inviter"])
def test_a_missing_user_is_404(desk: Desk, boss: User, what: str) -> None:
    address = f"{LIST}/99999{what}"
    if what:
        assert desk.send(address, {"role": "sales"}, LIST + "/nouveau").status_code == 404
    if what in ("", "/desactiver"):
        assert desk.browser.get(address).status_code == 404


def test_names_from_people_are_escaped(desk: Desk, boss: User) -> None:
    user = somebody(desk, name="<b>Zoé</b>")
    assert "<b>Zoé" not in desk.browser.get(LIST).text + desk.browser.get(page_of(user)).text


def test_a_lost_second_factor_is_taken_away_after_a_question(desk: Desk, boss: User) -> None:
    user = somebody(desk, Role.sales, totp_secret="sealed")
    assert "Retirer son second facteur" in text(desk.browser.get(page_of(user)))
    browser: Browser = desk.app.test_client().become(user)  # type: ignore[attr-defined]
    assert "choisit un nouveau second facteur" in text(desk.browser.get(f"{page_of(user)}/second-facteur"))
    assert desk.session.get_one(User, user.id).totp_secret  # asking changes nothing
    assert deed(desk, user, "second-facteur").location == page_of(user)
    assert desk.session.get_one(User, user.id).totp_secret is None
    assert browser.get("/ventes").location == "/connexion"
    assert "Second facteur à choisir de nouveau" in text(desk.browser.get(page_of(user)))
    assert deed(desk, boss, "second-facteur").status_code == 422  # one's own is under one's own account


def test_whoever_sits_at_an_open_desk_changes_no_account(desk: Desk, boss: User) -> None:
    user = somebody(desk, Role.sales, totp_secret="sealed")
    with desk.writing() as session:
        session.execute(update(SignInSession).values(proved_at=NOW.replace(year=2020)))
    token = {"csrf_token": desk.browser.token(page_of(user))}
    for what in ("role", "desactiver", "second-facteur", "inviter", "sessions"):
        answer = desk.browser.post(f"{page_of(user)}/{what}", data={"role": "admin", **token})
        assert answer.location == "/connexion/confirmation", what
    assert desk.browser.get(f"{LIST}/nouveau").location == "/connexion/confirmation"
    desk.session.rollback()
    found = desk.session.get_one(User, user.id)
    assert (found.role, found.active, found.totp_secret) == (Role.sales, True, "sealed")


def test_each_thing_that_happens_to_an_account_has_its_words() -> None:
    sources = [path.read_text("utf-8") for path in Path("invoicing/accounts").glob("*.py")]
    verbs = {f"user.{verb}" for source in sources for verb in re.findall(r'f?"user\.([a-z_]+)"', source)}
    assert verbs - set(_ACTIONS) - set(OWN_DOING) == set() and len(verbs) > 10
