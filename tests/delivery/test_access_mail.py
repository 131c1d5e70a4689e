"""The e-mail that tells somebody with an account whose invoices they see from now on."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

import pytest

from invoicing.accounts.happenings import HAPPENED
from invoicing.accounts.models import Role, User
from invoicing.accounts.notices import Notices
from invoicing.accounts.secrets import Post
from invoicing.accounts.service import invite, set_active
from invoicing.customers import access, inviting, managing
from invoicing.customers.access_rules import Invitation, Why
from invoicing.database import transaction
from invoicing.delivery.queries import count_trouble
from invoicing.journal import COMMAND
from tests.customers.test_access import POST, firm
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox
from tests.delivery.test_mail import body
from tests.factories import NOW, actor_of, make_customer, make_organisation, make_user
from web.services import post_of


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


def asked_in(office: Office, *, boss: str = "Solène Marchetti", **over: object) -> None:
    """A manager asks somebody new in."""
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        manager = make_user(session, Role.member, name=boss, email="solene@exemple.fr", last_sign_in_at=NOW)
        typed = Invitation("neuve@exemple.fr", **over)  # type: ignore[arg-type]
        managing.invite_person(session, actor_of(manager), NOW, firm(session, manager).id, typed, post(office))


def post(office: Office) -> Post:
    return post_of(office.settings)


def read(mail: Message) -> str:
    return body(mail, "plain").replace("\u00a0", " ")


def test_an_invitation_says_who_asks_and_whose_invoices_they_are(office: Office, box: Letterbox) -> None:
    asked_in(office)
    office.worker.deliver()
    (mail,) = box.messages
    assert mail["To"] == "neuve@exemple.fr"
    assert str(mail["Subject"]).replace("\u00a0", " ").startswith("Reliure & Cie : vous avez accès aux factures")
    assert "Solène Marchetti vous en donne l’accès." in read(mail)


def test_in_english_too(office: Office, box: Letterbox) -> None:
    asked_in(office, language="en")
    office.worker.deliver()
    text = read(box.messages[0])
    assert "Reliure & Cie: you have access to the invoices" in text and "Solène Marchetti is giving you access" in text


@pytest.mark.parametrize("name", ["Gagnez sur www.exemple.net", "Appelez le 0899 12", "a@b", "http://x", "N" * 61, ""])
def test_a_name_that_could_be_an_advertisement_is_not_mailed_to_strangers(
    office: Office, box: Letterbox, name: str
) -> None:
    asked_in(office, boss=name)
    office.worker.deliver()
    text = read(box.messages[0])
    assert "solene@exemple.fr vous en donne l’accès." in text and (not name or name not in text)


def test_a_member_who_is_asked_in_to_their_own_invoices_is_told_of_nobody(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        inviting.invite_member(session, COMMAND, NOW, make_customer(session).id, post(office))
    office.worker.deliver()
    assert "vos factures y sont disponibles" in read(box.messages[0]) and "l’accès" not in read(box.messages[0])


def test_a_word_of_access_names_the_manager_and_never_the_staff(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        boss = make_user(session, Role.member, name="Solène Marchetti", last_sign_in_at=NOW)
        sales = make_user(session, Role.sales, name="Nora Vidal", last_sign_in_at=NOW)
        known = [make_user(session, Role.member, last_sign_in_at=NOW).email for _ in range(2)]
        one = firm(session, boss)
        managing.invite_person(session, actor_of(boss), NOW, one.id, Invitation(known[0]), post(office))
        inviting.invite_somebody(session, actor_of(sales), NOW, one.id, Invitation(known[1]), post(office))
    office.worker.deliver()
    told = {str(mail["To"]): read(mail) for mail in box.messages}
    assert "Solène Marchetti vous en donne l’accès." in told[known[0]]
    assert "l’accès." not in told[known[1]] and "Nora" not in told[known[1]]


@dataclass(frozen=True)
class Leaving:
    """Somebody loses their right, by a colleague's or by their own hand."""

    came: bool = True
    alone: bool = False  # they do it themselves
    unsaid: bool = False  # the mail that tells of the right is still there
    active: bool = True


def lose(office: Office, case: Leaving) -> None:
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        session.info[HAPPENED] = Notices(post(office))
        boss = make_user(session, Role.member, last_sign_in_at=NOW)
        user = make_user(session, Role.member, email="bruno@exemple.fr", name="Bruno Keller", active=case.active,
                         last_sign_in_at=NOW if case.came else None)  # fmt: skip
        one = firm(session, boss, user)
        row = next(each.id for each in access.everybody(session, one.id) if each.user_id == user.id)
        if case.unsaid:
            inviting.write_to(session, COMMAND, NOW, access.of_customer(session, one.id, row), post(office))
        managing.withdraw(session, actor_of(user if case.alone else boss), NOW, one.id, row, Why.left)


def test_whoever_loses_a_right_is_told_without_the_reason(office: Office, box: Letterbox) -> None:
    lose(office, Leaving())
    office.worker.deliver()
    (mail,) = box.messages
    subject = str(mail["Subject"]).replace("\u00a0", " ")
    assert mail["To"] == "bruno@exemple.fr" and subject.startswith(
        "Reliure & Cie : vous n’avez plus accès aux factures"
    )
    text = read(mail)
    assert "C’est une erreur ? Écrivez à tresorerie@" in text and "http" not in text
    assert "C’était vous" not in text and "quitté" not in text


@pytest.mark.parametrize(
    "case", [Leaving(alone=True), Leaving(came=False), Leaving(unsaid=True), Leaving(active=False)], ids=str
)
def test_nobody_is_told_what_they_know_or_never_knew(office: Office, box: Letterbox, case: Leaving) -> None:
    lose(office, case)
    office.worker.deliver()
    assert not box.raw


def test_staff_withdraw_and_it_is_told_too(office: Office, box: Letterbox) -> None:
    user_id, customer_id, row = given(office, email="zoe@exemple.fr", language="en")
    office.worker.deliver()
    with transaction(office.database.sessions) as session:
        session.info[HAPPENED] = Notices(post(office))
        access.unlink_user(session, COMMAND, NOW, customer_id, row)
    office.worker.deliver()
    assert user_id and str(box.messages[-1]["Subject"]).startswith(
        "Reliure & Cie: you no longer have access to the invoices"
    )


def test_a_new_link_for_whoever_has_come_before_speaks_of_no_first_time(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        user = make_user(session, Role.member, last_sign_in_at=NOW)
        invite(session, COMMAND, NOW, user.id, post(office))
    office.worker.deliver()
    text = read(box.messages[0])
    assert "Voici un nouveau lien" in text and "première" not in text and "ouvert" not in text


def test_only_who_sees_other_invoices_is_reminded_of_them(office: Office, box: Letterbox) -> None:
    given(office)
    with transaction(office.database.sessions) as session:
        user = make_user(session, Role.member, last_sign_in_at=NOW, email="deux@exemple.fr")
        access.link_user(session, COMMAND, NOW, firm(session).id, user.id)
        inviting.invite_somebody(session, COMMAND, NOW, firm(session).id, Invitation(user.email), post(office))
    office.worker.deliver()
    told = {str(mail["To"]): "celles que vous y voyez déjà" in read(mail) for mail in box.messages}
    assert sorted(told.values()) == [False, True] and told["deux@exemple.fr"]


def test_a_manager_to_be_is_told_so_in_the_invitation(office: Office, box: Letterbox) -> None:
    asked_in(office, right="manages")
    office.worker.deliver()
    assert "sous « Personnes »" in read(box.messages[0])
