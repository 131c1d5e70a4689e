"""Each e-mail as the reader's mail program receives it."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.delivery.models import DeliveryKind, DeliveryState
from invoicing.delivery.service import Outgoing, queue
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.money import NBSP
from tests.conftest import Database
from tests.delivery.office import Office, open_office
from tests.delivery.smtp import ACCEPTED, Letterbox
from tests.factories import make_organisation, make_user


def body(mail: EmailMessage, kind: str) -> str:
    """The text or HTML body, as shown."""
    part = mail.get_body((kind,))
    assert part is not None
    return cast("EmailMessage", part).get_content().replace("\r\n", "\n")


def test_the_whole_mail_as_received(office: Office, box: Letterbox) -> None:
    made = office.invoice(first_name="Élodie", last_name="Lefèvre", email="elodie@example.fr")
    assert office.worker.deliver() == 1

    (mail,) = box.messages
    delivery = office.delivery(made.delivery_id)
    assert box.recipients == ["elodie@example.fr"]
    assert mail["Subject"] == f"Facture {made.number} · Les Ateliers de la Lettre"
    assert mail["From"] == "Les Ateliers de la Lettre <factures@ateliers-lettre.example>"
    assert mail["To"] == "elodie@example.fr"
    assert mail["Reply-To"] == "tresorerie@ateliers-lettre.example"
    assert mail["Message-ID"] == delivery.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail["List-Unsubscribe"] is None
    assert body(mail, "plain").split("\n")[:8] == [
        f"Votre facture {made.number}",
        f"216,00{NBSP}€",
        "à régler au plus tard le mardi 22 décembre 2026",
        "",
        "Bonjour Élodie Lefèvre,",
        "",
        "Vous trouverez ci-joint, en PDF, votre facture du 22 novembre 2026. "
        "Elle reste disponible à tout moment dans votre zone membre.",
        "",
    ]
    for shown in (body(mail, "plain"), body(mail, "html")):
        assert f"http://localhost/mes-factures/{made.number}" in shown
        assert "FR76 3000 6000 0112 3456 7890 189" in shown
    assert all(len(line) < 1000 for raw in box.raw for line in raw.split(b"\r\n"))
    assert (delivery.state, delivery.answer, delivery.sent_at) == (DeliveryState.sent, ACCEPTED, office.clock())


def test_the_attachment_is_the_archived_document(office: Office, box: Letterbox) -> None:
    made = office.invoice()
    office.worker.deliver()

    (part,) = box.messages[0].iter_attachments()
    data = part.get_content()
    with office.database.sessions() as session:
        version = session.scalars(select(DocumentVersion)).one()
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", f"{made.number}.pdf")
    assert part["Content-Disposition"].content_disposition == "attachment"
    assert version.state is VersionState.rendered
    assert version.sha256 == hashlib.sha256(data).hexdigest()
    assert office.worker.archive.get(version.sha256) == data
    assert made.number in PdfReader(io.BytesIO(data)).pages[0].extract_text()


def test_the_html_says_the_same_and_fetches_nothing(office: Office, box: Letterbox) -> None:
    office.invoice()
    office.worker.deliver()
    html = unescape(body(box.messages[0], "html"))
    assert f"216,00{NBSP}€" in html
    assert "<img" not in html and "<script" not in html and "<link" not in html and "url(" not in html
    assert 'lang="fr-FR"' in html


def test_a_contact_gets_no_link_to_a_zone_that_is_not_theirs(office: Office, box: Letterbox) -> None:
    office.invoice(member=False)
    office.worker.deliver()
    (mail,) = box.messages
    for kind in ("plain", "html"):
        assert "mes-factures" not in body(mail, kind)
        assert "zone membre" not in body(mail, kind)


def test_names_cannot_break_out_of_the_html(office: Office, box: Letterbox) -> None:
    office.invoice(first_name="<script>", last_name="alert(1)</script>")
    office.worker.deliver()
    html = body(box.messages[0], "html")
    assert "<script" not in html and "&lt;script&gt; alert(1)" in html


def test_what_was_paid_meanwhile_is_not_asked_for_again(office: Office, box: Letterbox) -> None:
    made = office.invoice()
    from invoicing.invoices.models import Invoice

    with transaction(office.database.sessions) as session:
        session.get_one(Invoice, made.invoice_id).paid_cents = 21600
    office.worker.deliver()
    text = body(box.messages[0], "plain")
    assert "déjà réglée" in text and "IBAN" not in text


@pytest.mark.parametrize("role", [Role.member, Role.sales])
def test_an_invitation_brings_the_sealed_link(office: Office, box: Letterbox, role: Role) -> None:
    link = "http://localhost/connexion/mot-de-passe/" + "k" * 43
    with transaction(office.database.sessions) as session:
        make_organisation(session)
        user = make_user(session, role, name="Chloé Bréant")
        queue(session, Outgoing(DeliveryKind.invitation, user.email, "fr_FR", user_id=user.id,
              sealed=office.worker.composer.sealer.seal({"link": link}),
              expires_at=office.clock() + timedelta(days=7)), office.clock(), "example.org")  # fmt: skip
    office.worker.deliver()
    (mail,) = box.messages
    assert mail["Subject"] == "Choisissez votre mot de passe · Les Ateliers de la Lettre"
    for kind in ("plain", "html"):
        assert link in body(mail, kind)
        assert "Bonjour Chloé Bréant," in body(mail, kind)
        assert "jusqu’au dimanche 29 novembre 2026, 10:30." in body(mail, kind)  # Paris, from 9:30 UTC
        assert ("zone membre" in body(mail, kind)) == (role is Role.member)


def test_a_link_sealed_with_a_lost_key_fails_and_says_so(office: Office, box: Letterbox) -> None:
    (delivery_id,) = office.plain()
    office.worker.composer.sealer = type(office.worker.composer.sealer)(["x" * 43 + "="])
    office.worker.deliver()
    assert office.history(delivery_id)[-1] == ("failed", "unreadable")
    assert not box.raw


def test_a_message_without_any_sender_address_still_leaves(database: Database, tmp_path: Path, box: Letterbox) -> None:
    with open_office(database, tmp_path, box.port) as office:
        office.plain()
        with transaction(database.sessions) as session:
            from invoicing.sellers.models import Organisation

            session.get_one(Organisation, 1).contact_email = ""
        office.worker.deliver()
    assert box.messages[0]["From"].endswith("<lettrine@localhost>")


@pytest.mark.parametrize(("language", "day"), [("fr_CA", "22 décembre 2026"), ("en", "22 December 2026")])
def test_each_reader_gets_their_language(office: Office, box: Letterbox, language: str, day: str) -> None:
    office.invoice(language=language)
    office.worker.deliver()
    assert day in body(box.messages[0], "plain")
    assert f'lang="{language.replace("_", "-")}"' in body(box.messages[0], "html")
