"""Series of numbers: for administrators, the first number shown before anything is made, one in use."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from invoicing.accounts.models import Role
from invoicing.journal import COMMAND
from invoicing.numbering import Mode, Series, Use
from invoicing.sellers.series import credit_series
from tests.admin.desk import Desk
from tests.conftest import Browser
from tests.factories import NOW, make_invoice, make_order, make_shop

SERIES, NEW = "/ventes/reglages/series", "/ventes/reglages/series/nouvelle"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    """An administrator's browser."""
    return desk.browser_of(Role.admin)


def form(desk: Desk, **over: str) -> dict[str, object]:
    values = {"seller_id": str(desk.seller.id), "use": "manual", "mode": "portal_reference", "prefix": "M",
              "calendar": "yearly", "digits": "4", "do": "make", "shown": "M{year}-{n:04}"}  # fmt: skip
    return {**values, **over}


def all_series(desk: Desk) -> list[Series]:
    desk.session.rollback()
    return list(desk.session.scalars(select(Series).order_by(Series.id)))


@pytest.mark.parametrize("role", [Role.reader, Role.sales])
def test_only_administrators_may(desk: Desk, role: Role) -> None:
    browser = desk.browser_of(role)
    for path in (NEW, f"{SERIES}/1/service", f"{SERIES}/1/retrait"):
        assert browser.get(path).status_code == 403
        assert browser.send(path, form(desk), form="/preferences").status_code == 403
    assert browser.get(SERIES).status_code == 403 and len(all_series(desk)) == 1


def test_the_list_says_what_each_series_gave(desk: Desk, admin: Browser) -> None:
    with desk.writing() as s:
        make_invoice(s, desk.customer, desk.seller)
        shop = make_shop(s, desk.seller)
        make_order(s, shop, desk.customer, number="B-44")
        credit_series(s, desk.seller, Mode.official, actor=COMMAND, now=NOW)
    page = admin.get(SERIES).text
    for text in ("F2026-00002", "B-…", "A2026-00001", "Factures manuelles", "Boutique 1", "Avoirs", "22/11/2026",
                 "numéros donnés par la boutique", "repart de 1 chaque année"):  # fmt: skip
        assert text in page, text
    assert page.count("En service") == 3 and "Mettre en service…" not in page and "Retirer…" not in page


def test_the_first_number_is_shown_before_the_series_is_made(desk: Desk, admin: Browser) -> None:
    page = admin.send(NEW, form(desk, do="show", shown=""))
    assert page.status_code == 200 and "M2026-0001" in page.text and "Créer la série" in page.text
    admin.send(NEW, form(desk, shown="N{year}-{n:04}"))  # the prefix was changed since
    assert len(all_series(desk)) == 1
    for _ in range(2):
        answer = admin.send(NEW, form(desk))
        assert answer.location and answer.location.startswith(SERIES)
    made = all_series(desk)
    assert [(s.format, s.mode, s.active) for s in made[1:]] == [("M{year}-{n:04}", Mode.portal_reference, False)]


def test_mistakes_stand_at_their_fields_and_what_was_typed_stays(desk: Desk, admin: Browser) -> None:
    page = admin.send(NEW, form(desk, prefix="é", digits="x", use="none"))
    assert page.status_code == 422 and 'value="é"' in page.text
    assert page.text.count('class="bad"') == 3 and "Écrivez un nombre de chiffres de 1 à 9." in page.text
    taken = form(desk, prefix="F", digits="5", mode="official", do="show")
    assert "Donnez un autre préfixe" in admin.send(NEW, taken).text  # word for word the series that is there
    page = admin.send(NEW, form(desk, prefix="F", digits="5"))
    assert page.status_code == 422 and "(F2026-…). Donnez un autre préfixe" in page.text
    assert len(all_series(desk)) == 1


def test_putting_one_in_use_says_which_one_retires(desk: Desk, admin: Browser) -> None:
    admin.send(NEW, form(desk))
    first, made = all_series(desk)
    path = f"{SERIES}/{made.id}/service"
    assert "Elle prend la place de F{year}-{n:05}, qui est retirée." in admin.get(path).text
    for _ in range(2):
        assert admin.send(path, form="/preferences").status_code == 302
    first, made = all_series(desk)
    assert (first.active, made.active) == (False, True)
    assert admin.get(path).status_code == 302
    page = admin.get(SERIES).text
    assert "Mettre en service…" in page and "En réserve" in page


def test_what_must_stay_in_use_is_not_retired_and_says_why(desk: Desk, admin: Browser) -> None:
    with desk.writing() as s:
        shop = make_shop(s, desk.seller)
    for series, said in ((all_series(desk)[0].id, "la seule série en service"), (shop.series_id, "Boutique 1")):
        path = f"{SERIES}/{series}/retrait"
        assert said in admin.get(path, follow_redirects=True).text
        answer = admin.send(path, form="/preferences")
        assert answer.status_code == 409 and said in answer.text
    assert all(series.active for series in all_series(desk))


def test_a_spare_shop_series_retires(desk: Desk, admin: Browser) -> None:
    admin.send(NEW, form(desk, use="shop"))
    spare = all_series(desk)[-1]
    assert spare.use is Use.shop and spare.active and "Retirer…" in admin.get(SERIES).text
    path = f"{SERIES}/{spare.id}/retrait"
    assert "Elle ne donnera plus de numéro." in admin.get(path).text
    admin.send(path)
    assert not all_series(desk)[-1].active
