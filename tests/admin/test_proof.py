"""« Preuve »: what the last verification says, asking for one, its minutes, and received PDFs."""

from __future__ import annotations

import io
import zlib
from datetime import timedelta
from threading import Event

import pytest
from pypdf import PdfReader, PdfWriter
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from config.settings import Settings
from invoicing import guards
from invoicing.accounts.models import Role
from invoicing.documents import service as documents
from invoicing.documents.archive import Archive, open_archive, place
from invoicing.documents.models import DocumentVersion
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.proof.models import ProofRun
from lettrine.prover import Prover
from tests.admin.desk import Desk
from tests.conftest import JOURNAL_KEY
from tests.documents.presses import REAL
from tests.factories import NOW, make_invoice, make_order, make_shop

PAGE = "/ventes/preuve"
CHECK = f"{PAGE}/pdf"
NUMBER = "F2026-00001"


def plain(response: TestResponse) -> str:
    """The page with ordinary blanks."""
    return " ".join(response.text.replace("\u00a0", " ").split())


@pytest.fixture
def made(desk: Desk) -> Desk:
    """One finalised invoice, archived."""
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller)
    drawn(desk)
    return desk


def drawn(desk: Desk) -> None:
    """Draws what is due, as the worker does."""
    with sessions(desk)() as session:
        ids = documents.unrendered(session, NOW, 100)
    for version_id in ids:
        documents.ensure_rendered(sessions(desk), archive_of(desk), REAL, version_id, NOW)


def sessions(desk: Desk) -> sessionmaker[Session]:
    return sessionmaker(desk.session.get_bind(), info={"journal_key": JOURNAL_KEY.encode()})


def settings_of(desk: Desk) -> Settings:
    settings: Settings = desk.app.extensions["lettrine"].settings
    return settings


def archive_of(desk: Desk) -> Archive:
    return open_archive(settings_of(desk).archive)


def prove(desk: Desk) -> None:
    """What the worker does when it is nudged."""
    moments = iter(NOW + timedelta(seconds=n) for n in range(0, 9_999, 41))
    prover = Prover(settings_of(desk), sessions(desk), archive_of(desk), lambda: next(moments), Event())
    assert prover.prove()


def bytes_of(desk: Desk, position: int = 1) -> bytes:
    with sessions(desk)() as session:
        query = select(DocumentVersion.sha256).where(DocumentVersion.position == position)
        return archive_of(desk).get(session.scalars(query).first() or "")


def compare(desk: Desk, data: bytes) -> TestResponse:
    return desk.send(CHECK, {"pdf": (io.BytesIO(data), "facture.pdf")}, form=PAGE)


def test_before_the_first_verification_the_page_says_so(desk: Desk) -> None:
    shown = plain(desk.browser.get(PAGE))
    assert "Rien n’a encore été vérifié." in shown and "proces-verbal" not in shown
    assert desk.browser.get(f"{PAGE}/proces-verbal").status_code == 404


def test_two_who_ask_make_one_run_and_the_page_shows_how_far_it_is(made: Desk) -> None:
    for _ in range(2):
        assert made.send(f"{PAGE}/verifier", {}, form="/preferences").status_code == 303
    with sessions(made).begin() as session:
        (run,) = session.scalars(select(ProofRun)).all()
        run.started_at, run.done, run.total = NOW, 250, 1000
    shown = plain(made.browser.get(PAGE))
    assert "250 lignes et fichiers sur 1 000" in shown and "Actualiser" in shown
    assert '<rect width="25" height="4"/>' in shown and "Vérifier maintenant" not in shown


def test_intact_data_is_one_sentence_and_counts(made: Desk) -> None:
    prove(made)
    shown = plain(made.browser.get(PAGE))
    assert "<b>Tout est intact.</b> Vérifié le dimanche 22 novembre 2026" in shown
    assert "1 série numérotée ici" in shown and 'class="proof ko"' not in shown


def test_a_fault_is_named_with_what_to_do(made: Desk) -> None:
    with sessions(made)() as session:
        (sha256,) = session.scalars(select(DocumentVersion.sha256))
    (settings_of(made).data_dir / "archive" / place(sha256 or "")).unlink()
    prove(made)
    shown = plain(made.browser.get(PAGE))
    assert f"<b>{NUMBER}, version 1 : le PDF archivé manque.</b> Ne supprimez rien : restaurez" in shown
    assert shown.count('class="proof ko"') == 1 and "1 écart" in shown


def test_the_minutes_are_a_pdf_that_names_faults_and_the_head(made: Desk) -> None:
    with sessions(made).begin() as session:
        guards.remove(session.connection())
        session.execute(text("UPDATE invoice SET subject = 'x' WHERE id = 1"))
        guards.install(session.connection())
    prove(made)
    pdf = PdfReader(io.BytesIO(made.browser.get(f"{PAGE}/proces-verbal").data))
    shown = " ".join("".join(page.extract_text() for page in pdf.pages).replace("\u00a0", " ").split())
    assert "Procès-verbal de vérification" in shown and "1 écart. Vérifié le" in shown
    assert f"{NUMBER} ne correspond plus à ce qui a été scellé." in shown


# received PDFs ---------------------------------------------------------------------------------------------------


def test_the_very_file_is_told_with_version_and_moment(made: Desk) -> None:
    shown = plain(compare(made, bytes_of(made)))
    assert "Ce PDF est exactement celui qui a été établi." in shown
    assert f">{NUMBER}</a>, version 1, établie le dimanche 22 novembre 2026" in shown
    assert "Elle est valable." in shown and "L’archive l’a toujours." in shown


def test_a_withdrawn_version_is_told_with_today_s_number(desk: Desk) -> None:
    with desk.writing() as session:
        order = make_order(session, make_shop(session, desk.seller), desk.customer)
        order_id = order.id
    drawn(desk)
    with desk.writing() as session:
        letter(session, COMMAND, NOW, order_id, "VE-77", 0)
    shown = plain(compare(desk, bytes_of(desk)))
    assert "Cette version est retirée" in shown and "porte aujourd’hui le numéro VE-77." in shown


def test_a_file_that_the_archive_has_lost_is_told(made: Desk) -> None:
    data = bytes_of(made)
    for path in (settings_of(made).data_dir / "archive").rglob("*"):
        if path.is_file():
            path.unlink()
    assert "l’archive ne l’a plus" in plain(compare(made, data))


def test_a_changed_copy_is_no_longer_the_document(made: Desk) -> None:
    shown = plain(compare(made, bytes_of(made) + b"\n"))
    assert "Ce PDF n’est pas celui qui a été établi." in shown and f">{NUMBER}</a>" in shown


def blank() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(blank())))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb() -> bytes:
    """A page whose content unpacks to four gigabytes, from a few kilobytes."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(b" " * 10_000_000) + packer.flush(zlib.Z_FULL_FLUSH)  # refers to nothing before it
    count = 4_000_000_000
    adler = (count + 32 * count * (count + 1) // 2) % 65521 << 16 | (1 + 32 * count) % 65521
    content = zlib.compress(b"\x78\xda" + block * 400 + b"\x03\0" + adler.to_bytes(4, "big"), 9)
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
    packed = b"4 0 obj<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(content)
    return head + page + packed + content + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<script>alert(1)</script>", "Ce n’est pas un PDF"),
        (b"%PDF-1.7\n<script>alert(1)</script>", "ne peut pas être lu"),
        (blank(), "aucun de nos numéros"),
        (encrypted(), "ne peut pas être lu"),
        (bomb(), "ne peut pas être lu"),
    ],
    ids=["no PDF", "broken", "blank", "encrypted", "bomb"],
)
def test_other_files_are_unknown(made: Desk, data: bytes, said: str) -> None:
    response = compare(made, data)
    assert response.status_code == 200
    assert "Ce fichier est inconnu." in plain(response) and said in plain(response)
    assert "alert(1)" not in response.text


def test_no_file_and_one_too_big_are_told(desk: Desk) -> None:
    response = desk.send(CHECK, {}, form=PAGE)
    assert response.status_code == 422 and "Choisissez un fichier PDF" in plain(response)
    form = {"content_type": "multipart/form-data; boundary=x"}
    assert desk.browser.post(CHECK, data=b"x" * 3_000_000, **form).status_code == 413


def test_a_reader_may_verify_and_compare(made: Desk) -> None:
    browser = made.browser_of(Role.reader)
    assert browser.send(f"{PAGE}/verifier", {}, "/preferences").status_code == 303
    upload = {"pdf": (io.BytesIO(bytes_of(made)), "facture.pdf")}
    assert "exactement celui" in plain(browser.send(CHECK, upload, PAGE))
