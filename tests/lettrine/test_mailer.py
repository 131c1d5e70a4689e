"""Headers survive the wire, whatever name or subject they bear; nothing can be smuggled into them."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from lettrine.mailer import Attachment, Mail, Mailer
from lettrine.smtp import Permanent
from tests.conftest import make_settings

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Co", "Cn"]), min_size=1, max_size=120).map(
    lambda text: " ".join(word for word in text.split(" ") if word)
)


@pytest.fixture(scope="module")
def mailer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailer]:
    settings = make_settings("sqlite://", tmp_path_factory.mktemp("mailer"))
    app = Flask("mailer")
    with app.app_context():
        yield Mailer(app, settings)


def mail(**over: object) -> Mail:
    values: dict[str, Any] = {
        "sender_name": "Les Ateliers", "sender": "factures@example.org", "reply_to": "nous@example.org",
        "recipient": "elodie@example.org", "subject": "Facture", "text": "Bonjour", "html": "<p>Bonjour</p>",
        "message_id": "<a@example.org>", **over,
    }  # fmt: skip
    return Mail(**values)


def display_name(mailer: Mailer, sent: Mail) -> str:
    """The name in From, read by the email package's older reader: the newer one puts spaces between encoded words."""
    name, address = parseaddr(str(message_from_bytes(mailer._built(sent).as_bytes())["From"]))
    assert address == sent.sender
    return str(make_header(decode_header(name)))


def received(mailer: Mailer, sent: Mail) -> Any:
    return message_from_bytes(mailer._built(sent).as_bytes(), policy=policy.default)


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(subject=NAMES.filter(bool))
def test_any_subject_arrives_as_it_was(mailer: Mailer, subject: str) -> None:
    assert received(mailer, mail(subject=subject))["Subject"] == subject


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=NAMES.filter(bool))
def test_any_name_arrives_as_it_was(mailer: Mailer, name: str) -> None:
    assert display_name(mailer, mail(sender_name=name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "Dupont, Martin & Cie",
        'La « Maison » dite "Bleue"',
        "Société des Anciens Élèves, Amis et Bienfaiteurs de l’École Supérieure des Métiers du Livre de Chambéry",
        "a" * 120,
        "=?utf-8?q?faux?=",
        "back\\slash",
    ],
)
def test_awkward_names_arrive_whole(mailer: Mailer, name: str) -> None:
    assert display_name(mailer, mail(sender_name=name)) == name


@pytest.mark.parametrize("field", ["sender_name", "sender", "reply_to", "recipient", "subject", "message_id"])
@pytest.mark.parametrize("text", ["x\r\nBcc: thief@example.org", "x\nBcc: thief@example.org", "x\x00", "x\u2028y"])
def test_no_header_can_be_smuggled_in(mailer: Mailer, field: str, text: str) -> None:
    with pytest.raises(Permanent) as refusal:
        received(mailer, mail(**{field: text}))
    assert refusal.value.reason == "bad_header"


def test_nor_in_a_file_name(mailer: Mailer) -> None:
    with pytest.raises(Permanent):
        received(mailer, mail(attachments=(Attachment("a\r\nX: y.pdf", "application/pdf", b""),)))


def test_an_international_domain_goes_out_in_ascii(mailer: Mailer) -> None:
    sent = received(mailer, mail(recipient="elodie@métiers-été.fr"))
    assert sent["To"] == "elodie@" + "métiers-été.fr".encode("idna").decode()


def test_a_dot_alone_on_a_line_and_long_lines_survive(mailer: Mailer) -> None:
    text = "un\n.\ndeux\nFrom ici\n" + "é" * 3000 + "\n"
    raw = mailer._built(mail(text=text)).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) < 100
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert received(mailer, mail(text=text)).get_body(("plain",)).get_content().replace("\r\n", "\n") == text


def test_a_file_arrives_byte_for_byte(mailer: Mailer) -> None:
    data = bytes(range(256)) * 40
    (part,) = received(mailer, mail(attachments=(Attachment("été.pdf", "application/pdf", data),))).iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("été.pdf", data)
