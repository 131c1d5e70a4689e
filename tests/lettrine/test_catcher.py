"""The demo's mail catcher: catches everything, delivers nothing, shows it safely."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPConnection
from smtplib import SMTP

import pytest

from lettrine.catcher import KEPT, Catcher, start


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    """Both servers on free ports."""
    catcher = start()
    yield catcher
    catcher.stop()


def send(catcher: Catcher, subject: str = "Facture F2026-00001", html: str = "<p>Bonjour</p>") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "elodie@example.org", subject
    mail.set_content("Bonjour,\nhttp://localhost/mes-factures/F2026-00001\n")
    mail.add_alternative(f"<html><head><title>x</title></head><body>{html}</body></html>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="F2026-00001.pdf")
    with SMTP("127.0.0.1", catcher.smtp_port) as line:
        line.send_message(mail)


def get(catcher: Catcher, path: str) -> tuple[int, dict[str, str], str]:
    line = HTTPConnection("127.0.0.1", catcher.http_port, timeout=30)
    line.request("GET", path)
    answer = line.getresponse()
    body = answer.read().decode()
    line.close()
    return answer.status, dict(answer.getheaders()), body


def test_an_empty_catcher_says_what_to_do(catcher: Catcher) -> None:
    status, _, page = get(catcher, "/")
    assert status == 200 and "Aucun message pour l’instant" in page


def test_mails_are_listed_newest_first(catcher: Catcher) -> None:
    send(catcher, "Le premier")
    send(catcher, "Le second")
    assert [mail.message["Subject"] for mail in catcher.wait_for(2)] == ["Le premier", "Le second"]
    page = get(catcher, "/")[2]
    assert page.index("Le second") < page.index("Le premier")
    assert "1 pièce jointe" in page


def test_one_mail_shows_headers_text_and_attachments(catcher: Catcher) -> None:
    send(catcher)
    _, headers, page = get(catcher, "/1")
    for part in ("elodie@example.org", "Facture F2026-00001", 'href="/1/piece/0"', 'src="/1/html"'):
        assert part in page
    assert '<a href="http://localhost/mes-factures/F2026-00001"' in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_an_attachment_is_downloaded_as_it_was(catcher: Catcher) -> None:
    send(catcher)
    _, headers, body = get(catcher, "/1/piece/0")
    assert body == "%PDF-1.4"
    assert "attachment" in headers["Content-Disposition"] and "F2026-00001.pdf" in headers["Content-Disposition"]


def test_the_html_of_a_mail_can_do_nothing(catcher: Catcher) -> None:
    send(catcher, html="<script>alert(1)</script>")
    _, headers, body = get(catcher, "/1/html")
    assert headers["Content-Security-Policy"].startswith("sandbox ")
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert '<base target="_blank">' in body


def test_the_codes_of_a_demos_staff_stand_on_the_first_page(catcher: Catcher) -> None:
    assert "Second facteur" not in get(catcher, "/")[2]
    catcher.codes = lambda: [("admin@example.org", "123456")]
    assert "admin@example.org" in get(catcher, "/")[2] and "123 456" in get(catcher, "/")[2]


def test_a_subject_is_text_not_markup(catcher: Catcher) -> None:
    send(catcher, "<script>alert(1)</script>")
    for path in ("/", "/1"):
        assert "<script>" not in get(catcher, path)[2]


@pytest.mark.parametrize(
    "path", ["/1", "/1/html", "/1/source", "/1/piece/0", "/99999999999999999999", "/static/../app.py"]
)
def test_what_is_not_there_is_not_found(catcher: Catcher, path: str) -> None:
    assert get(catcher, path)[0] == 404


def test_the_products_sheet_dresses_its_pages(catcher: Catcher) -> None:
    for path in ("/static/app.css", "/static/vendor/tabler.min.css", "/catcher.css"):
        status, headers, _ = get(catcher, path)
        assert status == 200 and headers["Content-Type"].startswith("text/css")


def test_only_the_last_mails_are_kept(catcher: Catcher) -> None:
    with SMTP("127.0.0.1", catcher.smtp_port) as line:
        for n in range(KEPT + 1):
            line.sendmail("a@example.org", ["b@example.org"], f"Subject: {n}\r\n\r\nx")
    assert [catcher.messages[0].number, catcher.messages[-1].number, len(catcher.messages)] == [2, KEPT + 1, KEPT]


def test_a_mail_without_html_headers_or_sense_is_shown_too(catcher: Catcher) -> None:
    with SMTP("127.0.0.1", catcher.smtp_port) as line:
        line.sendmail("a@example.org", ["b@example.org"], b"\r\n\xff\xfe no headers at all")
    for path in ("/", "/1", "/1/html", "/1/source"):
        assert get(catcher, path)[0] == 200


def test_a_taken_port_is_said_and_leaves_nothing_running() -> None:
    before = threading.active_count()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for ports in ((port, 0), (0, port)):
            with pytest.raises((OSError, SystemExit)):
                start(*ports)
    assert threading.active_count() == before
