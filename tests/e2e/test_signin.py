"""Signing in as people do: by mailed code, by the link on another device, with an application, with a passkey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession

from invoicing.accounts.models import Role
from invoicing.database import transaction
from tests.e2e.conftest import Desk, Walker, apart, walking
from tests.e2e.test_journeys import mails_to
from tests.factories import make_user
from tests.web.door import totp

pytestmark = pytest.mark.browser

CODE = re.compile(r"^ {4}(\d{3} \d{3})\s*$", re.M)
LINK = re.compile(r"http://localhost:\d+(/connexion/lien/\S+)")


def newcomer(desk: Desk, role: Role, password_hash: str | None = None, language: str = "fr_FR") -> str:
    """Somebody new; their address."""

    def make() -> str:
        with transaction(desk.sessions) as session:
            return make_user(session, role, password_hash=password_hash, language=language).email

    return apart(make)


def ask_for_a_code(someone: Walker, email: str) -> str:
    """From the sign-in page to the mail's text."""
    someone.open("/connexion")
    someone.page.locator("#email").fill(email)
    someone.press("Recevoir un code")
    someone.sees("un code à six chiffres vient d’y être envoyé", email)
    (mail,) = mails_to(someone.desk, email, wait=True)
    return mail.body("plain")


def found(pattern: re.Pattern[str], text: str) -> str:
    seen = pattern.search(text)
    assert seen, text
    return seen[1]


def test_a_member_signs_in_with_the_mailed_code(desk: Desk, walker: Walker) -> None:
    mail = ask_for_a_code(walker, newcomer(desk, Role.member))
    walker.page.locator("#code").fill("000000")
    walker.press("Me connecter")
    walker.sees("Il vous reste 4 essais")
    walker.page.locator("#code").fill(found(CODE, mail))
    walker.press("Me connecter")
    assert walker.page.url.endswith("/mes-factures")


def test_the_link_of_the_mail_opens_the_account_on_another_device(
    desk: Desk, walker: Walker, chrome: Browser, scripted: bool
) -> None:
    email = newcomer(desk, Role.member)
    path = found(LINK, ask_for_a_code(walker, email))
    for phone in walking(desk, chrome, scripted, "fr-FR", viewport={"width": 390, "height": 844}):
        phone.open(path)
        phone.sees("Se connecter ici ?", email)
        phone.press("Me connecter")
        assert phone.page.url.endswith("/mes-factures")
        phone.open(path)
        phone.sees("Ce lien ne sert plus")


def test_staff_choose_an_application_and_note_their_recovery_codes(
    desk: Desk, walker: Walker, password_hash: str
) -> None:
    email = newcomer(desk, Role.sales, password_hash)
    walker.sign_in(email)
    walker.sees("Un second facteur")
    walker.page.get_by_text("Écrire le secret à la main").click()
    secret = re.sub(r"\s", "", walker.page.locator("#secret").inner_text())
    assert walker.page.get_by_alt_text("Code QR").evaluate("image => image.complete && image.naturalWidth > 100")
    walker.page.locator("#code").fill(totp(secret=secret))
    walker.press("Protéger mon compte")
    codes = walker.page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    walker.follow("Je les ai notés, continuer")
    assert walker.page.url.endswith("/ventes")
    walker.sign_in_first(email)
    walker.page.get_by_text("Je n’ai plus cet appareil").click()
    walker.page.locator("#recovery").fill(codes[0])
    walker.press("Utiliser ce code de secours")
    assert walker.page.url.endswith("/ventes")


def test_a_code_is_asked_again_before_a_key_is_made(desk: Desk, walker: Walker) -> None:
    walker.sign_in(desk.staff[Role.admin])
    apart(desk.grow_old)
    walker.open("/ventes/reinitialiser")
    walker.sees("C’est bien vous ?")
    walker.page.locator("#code").fill("000000")
    walker.press("Continuer")
    walker.sees("Ce code n’est pas le bon")
    walker.enter_code(desk.staff[Role.admin])
    assert walker.page.url.endswith("/ventes/reinitialiser")


# passkeys need JavaScript and an authenticator, which Chromium plays


@pytest.fixture
def holder(desk: Desk, chrome: Browser) -> Iterator[Walker]:
    """Somebody at a browser with JavaScript."""
    yield from walking(desk, chrome, True, "fr-FR")


def authenticator(someone: Walker, verified: bool = True) -> tuple[CDPSession, str]:
    """A platform authenticator that keeps keys and knows its owner; its number."""
    line = someone.page.context.new_cdp_session(someone.page)
    line.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verified, "automaticPresenceSimulation": True,
    }  # fmt: skip
    added: dict[str, Any] = line.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return line, added["authenticatorId"]


def settled(someone: Walker, path: str) -> None:
    someone.page.wait_for_url(f"**{path}")
    someone.look()


def test_staff_register_a_passkey_and_sign_in_with_it_and_an_answer_works_once(
    desk: Desk, holder: Walker, password_hash: str
) -> None:
    email = newcomer(desk, Role.sales, password_hash)
    line, number = authenticator(holder)
    holder.sign_in(email)
    holder.page.get_by_role("button", name="Créer une clé d’accès").click()
    holder.page.wait_for_selector(".codes")
    holder.look()
    (kept,) = line.send("WebAuthn.getCredentials", {"authenticatorId": number})["credentials"]
    assert kept["isResidentCredential"] and kept["rpId"] == "localhost"
    holder.page.context.clear_cookies()
    holder.open("/connexion")
    answers: list[str] = []
    holder.page.on("request", lambda r: answers.append(r.post_data or "") if r.url.endswith("/connexion/cle") else None)
    holder.page.get_by_role("button", name="Utiliser une clé d’accès").click()
    settled(holder, "/ventes")
    replay(holder, answers)
    # instead of the application, after a password
    holder.sign_in_first(email)
    holder.page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    settled(holder, "/ventes")


def replay(holder: Walker, answers: list[str]) -> None:
    """The same answer once more, from another sign-in page of the same browser, is refused."""
    assert len(answers) == 1
    holder.page.context.clear_cookies()
    holder.page.goto(holder.desk.url + "/connexion")
    token = holder.page.locator('form[data-passkey] input[name="csrf_token"]').input_value()
    body = re.sub(r"csrf_token=[^&]*", f"csrf_token={token}", answers[0])
    again = holder.page.request.post(
        holder.desk.url + "/connexion/cle", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"},
        max_redirects=0,
    )  # fmt: skip
    assert again.status == 422


def test_a_key_whose_holder_is_not_verified_opens_nothing(desk: Desk, holder: Walker, password_hash: str) -> None:
    email = newcomer(desk, Role.sales, password_hash)
    line, number = authenticator(holder)
    holder.sign_in(email)
    holder.page.get_by_role("button", name="Créer une clé d’accès").click()
    holder.page.wait_for_selector(".codes")
    line.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})
    holder.page.context.clear_cookies()
    holder.open("/connexion")
    holder.page.get_by_role("button", name="Utiliser une clé d’accès").click()
    holder.page.wait_for_selector("[data-says]:not(:empty)")
    holder.sees("La clé d’accès n’a pas été lue")
    holder.look()


def test_a_passkey_confirms_what_can_not_be_undone(desk: Desk, holder: Walker, password_hash: str) -> None:
    email = newcomer(desk, Role.admin, password_hash)
    authenticator(holder)
    holder.sign_in(email)
    holder.page.get_by_role("button", name="Créer une clé d’accès").click()
    holder.page.wait_for_selector(".codes")
    holder.page.goto(desk.url + "/ventes")
    apart(desk.grow_old)
    holder.open("/ventes/reinitialiser")
    holder.page.get_by_role("button", name="Utiliser une clé d’accès").click()
    settled(holder, "/ventes/reinitialiser")


def test_without_javascript_no_passkey_is_offered(desk: Desk, chrome: Browser) -> None:
    for plain in walking(desk, chrome, False, "fr-FR"):
        plain.open("/connexion")
        assert not plain.page.locator("form[data-passkey]").is_visible()
        assert plain.page.get_by_role("button", name="Recevoir un code").is_visible()
