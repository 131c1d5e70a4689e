"""« Mon compte » as people walk through it: on a phone, by keyboard, with and without JavaScript, in both languages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from email.message import EmailMessage
from typing import cast

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from invoicing.accounts.models import Role, SignInSession, User
from invoicing.customers.models import Customer
from invoicing.database import transaction
from lettrine.catcher import Caught
from tests.e2e.conftest import Desk, Walker, walking
from tests.factories import make_customer, make_user

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}}
_names = (f"membre{n}@exemple.fr" for n in itertools.count(1))


@pytest.fixture
def phone(desk: Desk, chrome: Browser, scripted: bool) -> Iterator[Walker]:
    """Somebody with a French phone."""
    yield from walking(desk, chrome, scripted, "fr-FR", **PHONE)


def member(desk: Desk, password_hash: str, **over: object) -> tuple[str, int]:
    """A member with a record of their own: the address, and the record's number."""
    with transaction(desk.sessions) as session:
        user = make_user(session, Role.member, email=next(_names), password_hash=password_hash, **over)
        return user.email, make_customer(session, users=(user,), email=user.email).id


def mail_to(desk: Desk, address: str, subject: str) -> EmailMessage:
    """The one mail of this subject to an address; the worker is waited for."""

    def found() -> list[Caught]:
        return [m for m in desk.mails.messages if address in m.recipients and subject in str(m.message["Subject"])]

    with desk.mails.arrived:
        assert desk.mails.arrived.wait_for(lambda: bool(found()), 30), f"no « {subject} » to {address}"
    [mail] = found()
    return mail.message


def link_in(mail: EmailMessage) -> str:
    """The one address in its text."""
    part = mail.get_body(("plain",))
    assert part is not None
    text = cast("EmailMessage", part).get_content()
    return next(word for word in text.split() if word.startswith("http"))


def test_a_member_finds_everything_of_their_own(desk: Desk, phone: Walker, password_hash: str) -> None:
    email, number = member(desk, password_hash, name="Élodie")
    phone.sign_in(email)
    phone.page.locator("summary").filter(has_text="Menu").click()
    phone.follow("Mon compte")
    phone.sees("Élodie", email, "celui-ci", "choisi", "connexion depuis un nouvel appareil", "Saint-Baldoph")
    phone.follow("Modifier le nom")
    phone.page.get_by_label("Nom").fill("")
    phone.press("Enregistrer le nom")
    phone.sees("Écrivez un nom.")
    phone.page.get_by_label("Nom").fill("Élodie Lefèvre")
    phone.press("Enregistrer le nom")
    phone.sees("Nom enregistré.", "Élodie Lefèvre")
    phone.follow("Modifier l’adresse postale")
    phone.page.get_by_label("Ville").fill("Aix-les-Bains")
    phone.press("Enregistrer l’adresse")
    phone.sees("Celles déjà établies ne changent pas.", "Aix-les-Bains")
    phone.follow("Modifier la langue et l’apparence")
    phone.page.get_by_label("Sombre").check()
    phone.press("Enregistrer")
    phone.sees("sombre")
    phone.follow("Choisir les courriels")
    phone.page.get_by_label("Un courriel par jour au plus").check()
    phone.press("Enregistrer mes préférences")
    phone.sees("nouveaux documents")
    with desk.sessions() as session:
        assert session.get_one(Customer, number).city == "Aix-les-Bains"
        assert session.scalars(select(User).where(User.email == email)).one().wants_news


def test_a_new_password_and_the_other_devices_go(
    desk: Desk, phone: Walker, chrome: Browser, scripted: bool, password_hash: str
) -> None:
    email, _ = member(desk, password_hash)
    for other in walking(desk, chrome, scripted, "fr-FR"):
        other.sign_in(email)
        phone.sign_in(email)
        phone.open("/mon-compte/appareils")
        phone.sees("Cet appareil", "Chrome sur Linux")
        phone.press("Déconnecter", exact=False)
        phone.sees("L’appareil choisi est déconnecté.", "nulle part ailleurs")
        other.page.goto(desk.url + "/mes-factures")
        assert "/connexion" in other.page.url
    phone.open("/mon-compte/mot-de-passe")
    phone.page.get_by_label("mot de passe actuel").fill("pas celui-là")
    phone.page.get_by_label("nouveau mot de passe").fill("une phrase bien à moi")
    phone.press("Enregistrer le mot de passe")
    phone.sees("Ce n’est pas votre mot de passe actuel.")
    phone.page.get_by_label("mot de passe actuel").fill("un mot de passe pour les essais")
    phone.page.get_by_label("nouveau mot de passe").fill("une phrase bien à moi")
    phone.press("Enregistrer le mot de passe")
    phone.sees("Mot de passe enregistré.")
    assert "/connexion/oubli" in link_in(mail_to(desk, email, "Mot de passe changé"))


def test_another_address_is_proved_from_its_mail(
    desk: Desk, phone: Walker, chrome: Browser, scripted: bool, password_hash: str
) -> None:
    email, number = member(desk, password_hash)
    new = f"neuf-{email}"
    phone.sign_in(email)
    phone.open("/mon-compte")
    phone.follow("Changer l’adresse de connexion")
    phone.sees(email, "iront aussi à la nouvelle")
    phone.page.get_by_label("nouvelle adresse").fill("pas une adresse")
    phone.press("Envoyer le lien")
    phone.sees("n’est pas une adresse e-mail")
    phone.page.get_by_label("nouvelle adresse").fill(new)
    phone.press("Envoyer le lien")
    phone.sees(f"Un lien part pour {new}", "Renoncer à ce changement")
    link = link_in(mail_to(desk, new, "Confirmez votre nouvelle adresse")).removeprefix(desk.url)
    for other in walking(desk, chrome, scripted, "fr-FR"):  # the mail is read elsewhere
        other.open(link)
        other.sees(new)
        other.press("Utiliser cette adresse")
        other.sees(f"Connectez-vous avec {new}")
    mail_to(desk, email, "Adresse de connexion changée")
    phone.page.goto(desk.url + "/mon-compte")
    assert "/connexion" in phone.page.url
    phone.sign_in(new)
    phone.open("/mon-compte")
    phone.sees(new)
    with desk.sessions() as session:
        assert session.get_one(Customer, number).email == new


def test_pages_of_second_factors_are_clean_in_english(
    desk: Desk, chrome: Browser, scripted: bool, password_hash: str
) -> None:
    email, _ = member(desk, password_hash, language="en")
    for phone in walking(desk, chrome, scripted, "en-GB", **PHONE):
        phone.sign_in(email)
        for path in ("", "/nom", "/mot-de-passe", "/adresse", "/appareils", "/courriels", "/second-facteur",
                     "/second-facteur/application", "/second-facteur/cle"):  # fmt: skip
            phone.open(f"/mon-compte{path}")
            assert phone.language == "en"
        phone.open("/mon-compte/second-facteur")
        phone.sees("Authenticator app", "Passkeys")
        phone.follow("Add an app")
        phone.page.get_by_label("Code").fill("000000")
        phone.press("Save the app")
        phone.sees("This code is wrong.")


def test_the_whole_of_it_goes_by_keyboard(desk: Desk, phone: Walker, password_hash: str) -> None:
    email, _ = member(desk, password_hash)
    phone.sign_in(email)
    phone.open("/mon-compte")
    phone.page.get_by_role("link", name="Modifier le nom").focus()
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_url("**/nom")
    phone.page.get_by_label("Nom").focus()
    phone.page.keyboard.type("Zoé")
    phone.page.keyboard.press("Enter")
    phone.page.wait_for_url("**/mon-compte")
    phone.sees("Nom enregistré.")


def test_a_passkey_is_made_named_and_taken_away(desk: Desk, chrome: Browser, password_hash: str) -> None:
    """With a virtual authenticator, as a phone's own."""
    email, _ = member(desk, password_hash)
    for phone in walking(desk, chrome, True, "fr-FR", **PHONE):
        tools = phone.page.context.new_cdp_session(phone.page)
        tools.send("WebAuthn.enable")
        tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}})  # fmt: skip
        phone.sign_in(email)
        phone.open("/mon-compte/second-facteur/cle")
        phone.page.get_by_label("Son nom").fill("téléphone")
        phone.page.get_by_role("button", name="Créer une clé d’accès").click()
        phone.page.wait_for_selector(".codes")
        phone.look()
        assert phone.page.locator(".codes li").count() == 10
        phone.follow("Je les ai notés")
        phone.sees("téléphone", "Il vous en reste 10.")
        phone.follow("Renommer téléphone")
        phone.page.get_by_label("Son nom").fill("mobile")
        phone.press("Enregistrer le nom")
        phone.follow("Retirer… mobile")
        phone.sees("seul second facteur")
        phone.press("Retirer la clé d’accès")
        phone.sees("Retiré.")
    mail_to(desk, email, "Clé d’accès ajoutée")
    mail_to(desk, email, "Clé d’accès retirée")
    with desk.sessions() as session:
        assert session.scalars(select(SignInSession).join(User).where(User.email == email)).all()
