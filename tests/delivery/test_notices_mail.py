"""Notices about an account as the reader's mail program receives them: the fact, the moment, the way out, no secret."""

from __future__ import annotations

import pytest

from invoicing.accounts import addresses, happenings
from invoicing.accounts.happenings import HAPPENED, Happening
from invoicing.accounts.models import Role
from invoicing.accounts.notices import Notices
from invoicing.database import transaction
from tests.delivery.office import Office
from tests.delivery.smtp import Letterbox
from tests.delivery.test_mail import body
from tests.factories import make_organisation, make_user
from web.services import post_of

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


def sent(
    office: Office, box: Letterbox, what: Happening, language: str = "fr_FR", **facts: str
) -> tuple[str, str, str]:
    """Subject, recipient and text of the notice, told at 10:30 in Paris."""
    devices = iter(("known", "new"))
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        user = make_user(session, Role.member, email="zoe@exemple.fr", name="Zoé", language=language,
                         last_sign_in_at=office.clock())  # fmt: skip
        session.info[HAPPENED] = Notices(post_of(office.settings), lambda: next(devices))
        if what is Happening.signed_in:
            happenings.tell(session, office.clock(), user.id, what, user_agent="")
        happenings.tell(session, office.clock(), user.id, what, **facts)
    assert office.worker.deliver() == 1
    (mail,) = box.messages
    assert body(mail, "html").count("<h1") == 1
    return str(mail["Subject"]), str(mail["To"]), body(mail, "plain").replace("\u00a0", " ")


def test_a_sign_in_from_a_new_device(office: Office, box: Letterbox) -> None:
    subject, to, text = sent(office, box, Happening.signed_in, user_agent=SAFARI)
    assert (subject, to) == ("Connexion depuis un nouvel appareil · Les Ateliers de la Lettre", "zoe@exemple.fr")
    for said in ("Bonjour Zoé,", "Safari sur iPhone", "dimanche 22 novembre 2026, 10:30", "http://localhost/connexion/oubli",
                 "Ce n’était pas vous ?", "tresorerie@ateliers-lettre.example", "« Mon compte »"):  # fmt: skip
        assert said in text, text


def test_an_address_that_was_left_is_told_without_a_link(office: Office, box: Letterbox) -> None:
    subject, to, text = sent(office, box, Happening.address_changed, to="ancienne@exemple.fr")
    assert to == "ancienne@exemple.fr" and subject.startswith("Adresse de connexion changée")
    assert "http" not in text and "Écrivez sans attendre à tresorerie@" in text
    assert "zoe@exemple.fr" not in text  # whoever reads the old mailbox need not learn the new address


@pytest.mark.parametrize("language", ["fr_FR", "fr_CA", "en"])
@pytest.mark.parametrize(
    ("what", "facts"),
    [
        (Happening.password_set, {}), (Happening.factor_added, {"factor": "totp"}),
        (Happening.factor_added, {"factor": "passkey"}), (Happening.factor_removed, {"factor": "totp"}),
        (Happening.factor_removed, {"factor": "passkey"}), (Happening.codes_made, {}),
        (Happening.recovery_used, {"left": "9"}), (Happening.address_changed, {"to": "a@exemple.fr"}),
    ],
)  # fmt: skip
def test_everything_that_happens_has_its_words(
    office: Office, box: Letterbox, what: Happening, facts: dict[str, str], language: str
) -> None:
    subject, _to, text = sent(office, box, what, language, **facts)
    assert subject.count(" · ") == 1 and ("It wasn’t you?" if language == "en" else "Ce n’était pas vous ?") in text
    assert "%(" not in text and "None" not in text


@pytest.mark.parametrize("language", ["fr_FR", "fr_CA", "en"])
def test_factors_that_an_administrator_took_away(office: Office, box: Letterbox, language: str) -> None:
    _subject, _to, text = sent(office, box, Happening.factors_reset, language)
    assert ("You had asked for it?" if language == "en" else "Vous l’aviez demandé ?") in text
    assert "http://localhost/connexion/oubli" in text and "%(" not in text and "None" not in text


def test_whoever_did_not_add_a_factor_learns_that_a_password_does_not_take_it_away(
    office: Office, box: Letterbox
) -> None:
    _subject, _to, text = sent(office, box, Happening.factor_added, factor="totp")
    assert "Puis demandez à tresorerie@ateliers-lettre.example de retirer ce qui a été ajouté" in text


def test_every_happening_is_worded() -> None:
    from lettrine.notice_letters import _WORDS

    assert set(_WORDS) == set(Happening)


def test_a_new_address_gets_its_link_sealed_until_it_leaves(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        user_id = make_user(session, Role.member, name="Zoé").id
        addresses.ask(session, office.clock(), user_id, "neuve@exemple.fr", post_of(office.settings))
    assert office.worker.deliver() == 1
    (mail,) = box.messages
    text = body(mail, "plain").replace("\u00a0", " ")
    assert "Zoé" not in text  # the mailbox may be a stranger's
    assert mail["To"] == "neuve@exemple.fr" and "Confirmez votre nouvelle adresse" in str(mail["Subject"])
    assert text.count("http") == 1 and "jusqu’au lundi 23 novembre 2026, 10:30" in text
