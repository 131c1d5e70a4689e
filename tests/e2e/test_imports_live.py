"""The page of a file that is being read, as its reader sees it change by itself."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import update

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.imports.models import ImportRun, RunKind, RunState
from invoicing.imports.service import start
from invoicing.journal import COMMAND
from tests.e2e.conftest import Desk, Walker
from web.database import now

pytestmark = pytest.mark.browser


def test_a_file_that_is_read_says_how_far_by_itself_and_leaves_the_focus(desk: Desk, walker: Walker) -> None:
    def becomes(**values: object) -> None:
        with transaction(desk.sessions) as session:
            session.execute(update(ImportRun).where(ImportRun.id == run_id).values(values))

    if not walker.scripted:
        pytest.skip("without script, its reader follows the link")
    with transaction(desk.sessions) as session:
        token = secrets.token_urlsafe(24)
        run = start(session, COMMAND, now(), RunKind.customers, "Clients.csv", b"Nom\nRoy", None, token)
        run.state, run.beat_at, run_id = RunState.judging, now() + timedelta(days=1), run.id  # in nobody's hands
    walker.sign_in(desk.staff[Role.admin])
    walker.open(f"/ventes/imports/{run_id}")
    walker.page.get_by_role("link", name="Actualiser").focus()
    becomes(done=1500)
    walker.page.get_by_text("1 500 lignes lues").first.wait_for()
    assert walker.page.evaluate("document.activeElement.innerText") == "Actualiser"
    assert "1\u00a0500" in walker.page.locator("#live-said").inner_text().replace("\u202f", "\u00a0")
    becomes(state=RunState.judged)
    walker.page.get_by_text("Rien de ce fichier ne changerait quoi que ce soit.").wait_for()
    assert walker.page.evaluate("document.activeElement.innerText") == "Clients.csv"
    assert walker.page.locator("[data-live]").count() == 0
    walker.look()
