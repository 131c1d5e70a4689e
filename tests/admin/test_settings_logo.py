"""The logo in the settings, on paper, and the history of what was changed."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from invoicing.sellers.models import Seller
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from tests.factories import make_invoice


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.browser_of(Role.admin)


def png(colour: str = "#7a1f2b", size: tuple[int, int] = (310, 70)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


def upload(desk: Desk, browser: Browser, content: bytes, name: str = "logo.png") -> TestResponse:
    page = f"/ventes/reglages/vendeurs/{desk.seller.id}"
    form = {"csrf_token": browser.token(page), "logo": (io.BytesIO(content), name)}
    answer = browser.post(f"{page}/logo", data=form, content_type="multipart/form-data")
    desk.session.rollback()
    desk.session.expire_all()
    return answer


def test_a_logo_is_kept_shown_and_borne_by_new_documents_only(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        before = make_invoice(desk.session, desk.customer, desk.seller).invoice_id
    assert upload(desk, admin, png()).status_code == 303
    logo = desk.seller.logo
    shown = admin.get(f"/ventes/reglages/vendeurs/{desk.seller.id}/logo")
    assert (shown.status_code, shown.mimetype) == (200, "image/png") and shown.data.startswith(b"\x89PNG")
    with desk.writing():
        after = make_invoice(desk.session, desk.customer, desk.seller).invoice_id
    snapshots = [desk.session.get_one(Invoice, each).snapshot or "" for each in (before, after)]
    assert [f'"logo":"{logo}"' in snapshot for snapshot in snapshots] == [False, True]
    answer = admin.get(f"/ventes/factures/{desk.session.get_one(Invoice, after).number}/pdf")
    assert answer.status_code == 200 and b"/Image" in answer.data


def test_the_logo_is_taken_away_again(desk: Desk, admin: Browser) -> None:
    upload(desk, admin, png())
    page = f"/ventes/reglages/vendeurs/{desk.seller.id}"
    for _ in range(2):
        assert admin.send(f"{page}/logo/retirer", form=page).status_code == 303
    assert admin.get(f"{page}/logo").status_code == 404
    desk.session.rollback()
    actions = desk.session.scalars(select(JournalEntry.action).where(JournalEntry.action.like("seller.logo%"))).all()
    assert len(actions) == 2


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\nrubbish"])
def test_what_is_no_picture_changes_nothing(desk: Desk, admin: Browser, content: bytes) -> None:
    upload(desk, admin, png())
    logo = desk.seller.logo
    answer = upload(desk, admin, content, "evil.png" if content else "")
    assert answer.status_code == 422 and 'id="logo-e"' in answer.text
    assert 'id="errors"' in answer.text and 'href="#logo"' in answer.text and "<title>Erreur" in answer.text
    assert desk.session.get_one(Seller, desk.seller.id).logo == logo


def test_each_change_is_told_with_who_and_from_what_to_what(desk: Desk, admin: Browser) -> None:
    page = admin.get("/ventes/reglages").text
    form = {"name": "Les Ateliers", "contact_email": "", "timezone": "America/Toronto", "language": "fr_FR",
            "letters_unpaid": "1", "revision": hidden(page, "revision")}  # fmt: skip
    assert admin.send("/ventes/reglages", form).status_code == 302
    upload(desk, admin, png())
    told = admin.get("/ventes/reglages").text
    assert "Europe/Paris → America/Toronto" in told and "non → oui" in told and "Nom\xa0: changé" in told
    assert "Nouveau logo" in told and "par Personne" in told


def test_the_settings_lead_to_every_place(desk: Desk, admin: Browser) -> None:
    page = admin.get("/ventes/reglages").text
    for address in ("/ventes/reglages/series", "/ventes/boutiques", f"/vendeurs/{desk.seller.id}#part-3"):
        assert address in page
