"""The e-mail with a code, as the reader's mail program receives it; what the row holds before and after."""

from __future__ import annotations

from collections.abc import Callable

from invoicing.accounts import codes
from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryState
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox
from tests.delivery.test_mail import body
from tests.factories import make_organisation, make_user
from web.services import post_of

ASKED = "the secret of a browser"


def ask(office: Office, mail: Callable[..., None] = codes.mail_sign_in, language: str = "fr_FR") -> tuple[str, str]:
    """Somebody asks for a code; (code, link) as the worker unseals them."""
    with transaction(office.database.sessions) as session:
        make_organisation(session, timezone="Europe/Paris")
        make_user(session, Role.member, email="zoe@exemple.fr", name="Zoé Müller", language=language)
        mail(session, office.clock(), "zoe@exemple.fr", ASKED, post_of(office.settings))
        sealed = session.query(Delivery).one().sealed
    found = office.worker.composer.sealer.unseal(sealed or "")
    return found["code"], found["link"]


def test_the_mail_has_the_code_and_the_link(office: Office, box: Letterbox) -> None:
    code, link = ask(office)
    assert office.worker.deliver() == 1
    (mail,) = box.messages
    assert mail["Subject"] == "Votre code de connexion · Les Ateliers de la Lettre"
    assert box.recipients == ["zoe@exemple.fr"]
    shown = f"{code[:3]} {code[3:]}"
    for kind in ("plain", "html"):
        text = body(mail, kind)
        assert shown in text and link in text and "Zoé Müller" in text
        assert "une seule fois" in text
    assert code not in mail["Subject"] and link.startswith("http://localhost/connexion/lien/")


def test_in_english_too(office: Office, box: Letterbox) -> None:
    code, _ = ask(office, language="en")
    office.worker.deliver()
    (mail,) = box.messages
    assert mail["Subject"].startswith("Your sign-in code")
    assert f"{code[:3]} {code[3:]}" in body(mail, "plain") and "Either works once only" in body(mail, "plain")


def test_a_code_to_confirm_comes_without_a_link(office: Office, box: Letterbox) -> None:
    code, link = ask(office, codes.mail_confirmation)
    office.worker.deliver()
    (mail,) = box.messages
    assert mail["Subject"].startswith("Votre code de confirmation")
    for kind in ("plain", "html"):
        assert f"{code[:3]} {code[3:]}" in body(mail, kind)
        assert link not in body(mail, kind) and "href" not in body(mail, kind)


def test_code_and_link_are_wiped_once_the_mail_has_left(office: Office, box: Letterbox) -> None:
    ask(office)
    office.worker.deliver()
    with office.database.sessions() as session:
        sent = session.query(Delivery).one()
        assert (sent.state, sent.sealed) == (DeliveryState.sent, None)


def test_a_mail_that_comes_too_late_is_not_sent_and_holds_nothing(office: Office, box: Letterbox) -> None:
    ask(office)
    office.clock.forward(minutes=10)
    assert office.worker.deliver() == 0
    with office.database.sessions() as session:
        late = session.query(Delivery).one()
        assert (late.state, late.reason, late.sealed) == (DeliveryState.failed, "expired", None)
    assert box.messages == []
