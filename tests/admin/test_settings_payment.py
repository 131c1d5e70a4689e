"""Where customers' money goes is changed by somebody who has shown lately that it is them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from invoicing.accounts.models import Role, SignInSession
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser
from web.database import now

IBAN = "DE89370400440532013000"


def page_of(desk: Desk) -> str:
    return f"/ventes/reglages/vendeurs/{desk.seller.id}"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    """An administrator who has been sitting there for an hour."""
    browser = desk.browser_of(Role.admin)
    prove(desk, hours=1)
    return browser


def prove(desk: Desk, **ago: float) -> None:
    """Everybody has shown who they are, so long ago."""
    with desk.writing() as session:
        session.execute(update(SignInSession).values(proved_at=now() - timedelta(**ago)))


def sent(desk: Desk, admin: Browser, **values: str) -> tuple[int, str]:
    revision = hidden(admin.get(page_of(desk)).text, "revision")
    answer = admin.send(page_of(desk), {"revision": revision, **values})
    desk.session.rollback()
    return answer.status_code, answer.text


@pytest.mark.parametrize("name", ["bank_holder", "iban", "bic", "interac", "cheque"])
def test_another_way_to_be_paid_asks_who_is_there_and_keeps_what_was_typed(
    desk: Desk, admin: Browser, name: str
) -> None:  # fmt: skip
    before, typed = (
        getattr(desk.seller, name),
        {"iban": IBAN, "bic": "BNPAFRPP", "interac": "a@b.example"}.get(name, "Moi"),
    )
    status, page = sent(desk, admin, **{name: typed, "phone": "01 02 03 04 05"})
    assert (status, getattr(desk.seller, name)) == (403, before)
    assert "vous changez les coordonnées de paiement" in page
    assert f'value="{typed}"' in page and 'value="01 02 03 04 05"' in page


def test_once_it_is_shown_the_same_form_is_saved(desk: Desk, admin: Browser) -> None:
    assert sent(desk, admin, iban=IBAN)[0] == 403
    prove(desk, minutes=1)
    assert (sent(desk, admin, iban=IBAN)[0], desk.seller.iban) == (302, IBAN)


def test_what_says_the_same_asks_nobody(desk: Desk, admin: Browser) -> None:
    prove(desk, minutes=1)
    assert sent(desk, admin, iban=IBAN)[0] == 302
    prove(desk, hours=1)
    assert sent(desk, admin, iban="DE89 3704 0044 0532 0130 00", phone="01")[0] == 302
    assert (desk.seller.iban, desk.seller.phone) == (IBAN, "01")
