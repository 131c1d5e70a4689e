"""Who may do what: the table of SPEC A, and the two guards."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from tests.conftest import Browser
from tests.factories import make_user
from web.rights import RIGHTS, Right, may, needs, require

SALES = {Right.customers, Right.invoices, Right.payments, Right.letter, Right.deliveries, Right.catalogues}


@pytest.fixture
def probed(app: Flask) -> Flask:
    """The application with three pages: for anybody signed in, for staff, and one that sells."""
    member, staff = Blueprint("probe_member", __name__), Blueprint("probe_staff", __name__)
    member.before_request(require())
    staff.before_request(require("see"))
    member.add_url_rule("/probe/member", "page", lambda: "member")
    staff.add_url_rule("/probe/staff", "page", lambda: "staff")

    @staff.route("/probe/sell", methods=["GET", "POST"])
    @needs("customers")
    def sell() -> str:
        return "sold"

    app.register_blueprint(member)
    app.register_blueprint(staff)
    return app


def browser(app: Flask, session: Session, role: Role) -> Browser:
    session.rollback()
    user = make_user(session, role)
    session.commit()
    client: Browser = app.test_client()  # type: ignore[assignment]
    return client.become(user)


def test_the_table_is_the_specifications() -> None:
    assert RIGHTS[Role.member] == set()
    assert RIGHTS[Role.reader] == {Right.see}
    assert RIGHTS[Role.sales] == {Right.see, *SALES}
    assert RIGHTS[Role.admin] == set(Right)


def test_a_right_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="sell"):
        may(Role.admin, "sell")
    with pytest.raises(ValueError, match="evrything"):
        require("evrything")


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        (Role.member, (200, 403, 403)),
        (Role.reader, (200, 200, 403)),
        (Role.sales, (200, 200, 200)),
        (Role.admin, (200, 200, 200)),
    ],
)
def test_each_role_finds_its_own_doors_open(
    probed: Flask, session: Session, role: Role, answers: tuple[int, ...]
) -> None:
    client = browser(probed, session, role)
    assert tuple(client.get(f"/probe/{p}").status_code for p in ("member", "staff", "sell")) == answers
    assert client.head("/probe/sell").status_code == answers[2]
    assert client.send("/probe/sell", form="/preferences").status_code == answers[2]


@pytest.mark.parametrize("path", ["/probe/member", "/probe/staff", "/probe/sell"])
def test_a_stranger_is_sent_to_sign_in(probed: Flask, path: str) -> None:
    client: Browser = probed.test_client()  # type: ignore[assignment]
    assert client.get(path).location == "/connexion"
    with client.session_transaction() as kept:
        assert kept["next"] == path


def test_a_strangers_post_and_head_are_not_remembered(probed: Flask) -> None:
    client: Browser = probed.test_client()  # type: ignore[assignment]
    assert client.send("/probe/sell", form="/connexion").location == client.head("/probe/sell").location == "/connexion"
    with client.session_transaction() as kept:
        assert "next" not in kept


def test_the_refused_page_wears_the_frame_of_whoever_asks(probed: Flask, session: Session) -> None:
    assert 'class="member"' in browser(probed, session, Role.member).get("/probe/staff").text
    assert 'class="staff"' in browser(probed, session, Role.reader).get("/probe/sell").text
