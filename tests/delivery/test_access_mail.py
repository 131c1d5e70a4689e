"""The e-mail that tells somebody with an account whose invoices they see from now on."""

from __future__ import annotations

from invoicing.accounts.models import Role, User
from invoicing.accounts.service import set_active
from invoicing.customers import access, inviting
from invoicing.customers.access_rules import Invitation
from invoicing.database import transaction
from invoicing.delivery.queries import count_trouble
from invoicing.journal import COMMAND
from tests.customers.test_access import POST, firm
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox
from tests.delivery.test_mail import body
from tests.factories import NOW, make_organisation, make_user


def given(office: Office, right: str = "sees", **over: object) -> tuple[int, int, int]:
    """Somebody who has signed in before is asked in: the numbers of the user, of the customer, of their right."""
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        user = make_user(session, Role.member, last_sign_in_at=NOW, **over)
        one = firm(session)
        inviting.invite_somebody(session, COMMAND, NOW, one.id, Invitation(user.email, "fr_FR", right), POST)
        return user.id, one.id, access.everybody(session, one.id)[0].id


def test_it_says_whose_invoices_and_holds_no_secret(office: Office, box: Letterbox) -> None:
    given(office, name="Bruno Keller")
    office.worker.deliver()
    (mail,) = box.messages
    assert mail["Subject"] == "Reliure & Cie : vous avez accès aux factures · Les Ateliers de la Lettre".replace(
        " :", "\u00a0:")  # fmt: skip
    for kind in ("plain", "html"):
        text = body(mail, kind)
        assert "Bonjour Bruno Keller" in text and "http://localhost/mes-factures" in text
        assert "mot-de-passe" not in text and "Personnes" not in text


def test_a_manager_is_told_of_the_page_in_their_language(office: Office, box: Letterbox) -> None:
    given(office, "manages", language="en")
    office.worker.deliver()
    assert "“People”" in body(box.messages[0], "plain")


def test_nothing_is_said_of_a_right_that_was_withdrawn_before_it_left(office: Office, box: Letterbox) -> None:
    _user, customer_id, row = given(office)
    with transaction(office.database.sessions) as session:
        access.unlink_user(session, COMMAND, NOW, customer_id, row)
    office.worker.deliver()
    assert not box.raw
    with office.database.sessions() as session:
        assert count_trouble(session) == 0


def test_nothing_is_said_to_whoever_was_shut_out_meanwhile(office: Office, box: Letterbox) -> None:
    user_id, _customer, _row = given(office)
    with transaction(office.database.sessions) as session:
        set_active(session, COMMAND, NOW, user_id, False)
        assert not session.get_one(User, user_id).active
    office.worker.deliver()
    assert not box.raw
