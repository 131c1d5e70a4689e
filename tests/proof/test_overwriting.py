"""What somebody alters and then leaves to ordinary work, what can't be read, what is lost: found all the same."""

from __future__ import annotations

import shutil
from threading import Event

import pytest
from sqlalchemy import select

from invoicing.database import transaction
from invoicing.journal import COMMAND
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.proof import runs
from invoicing.proof.models import ProofRun
from invoicing.proof.rules import Report
from lettrine import prover
from lettrine.prover import anchor
from tests.conftest import make_settings
from tests.factories import NOW, TODAY
from tests.proof.conftest import KEY, Desk

FIRST = "F2026-00001"


def work_goes_on(desk: Desk) -> None:
    """An ordinary payment, which seals the first document again."""
    with transaction(desk.database.sessions) as session:
        record_payment(session, COMMAND, NOW, 1, PaymentContent(PaymentMethod.cash, TODAY, "", 100), "later")


@pytest.mark.parametrize(
    "statements",
    [
        ("UPDATE invoice SET subject = 'Autre', snapshot = replace(snapshot, 'Adhésion', 'Autre') WHERE id = 1",),
        ("UPDATE invoice_tax SET tax_id = 2 WHERE invoice_id = 1",),
        ("DELETE FROM payment WHERE invoice_id = 1", "UPDATE invoice SET paid_cents = 0 WHERE id = 1"),
        (
            "UPDATE payment SET amount_cents = 900 WHERE invoice_id = 1",
            "UPDATE invoice SET paid_cents = 900 WHERE id = 1",
        ),
        ("UPDATE document_version SET due_at = '2020-01-01 00:00:00' WHERE invoice_id = 1",),
    ],
    ids=["words", "tax", "payment gone", "payment other", "version"],
)
def test_what_was_altered_is_not_forgotten_by_the_next_change(desk: Desk, statements: tuple[str, ...]) -> None:
    desk.tamper(*statements)
    work_goes_on(desk)
    found = [(fault.code, fault.facts["number"]) for fault in desk.faults() if fault.check == "documents"]
    assert found == [("document_overwritten", FIRST)]


def test_a_tax_of_the_same_rate_is_another_tax(desk: Desk) -> None:
    desk.tamper("UPDATE invoice_tax SET tax_id = 2 WHERE invoice_id = 1")
    assert "document_altered" in desk.codes()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE invoice SET snapshot = replace(snapshot, 'rate_e5', 'rate_e6') WHERE id = 1", "document_altered"),
        ("UPDATE invoice SET snapshot = 'null' WHERE id = 1", "document_altered"),
        ("UPDATE document_version SET facts = 'x' WHERE invoice_id = 1", "version_altered"),
    ],
)
def test_what_cannot_be_read_is_a_fault_like_any_other(desk: Desk, statement: str, code: str) -> None:
    desk.tamper(statement)
    assert code in desk.codes()


def test_lost_anchors_are_told_once_the_journal_has_had_some(desk: Desk) -> None:
    anchor(desk.database.sessions, KEY, desk.anchors, NOW)
    assert desk.faults() == []
    shutil.rmtree(desk.anchors)
    assert desk.codes() == {"anchors_gone"}


def test_a_verification_that_breaks_off_says_so_and_is_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Report:
        raise TypeError

    monkeypatch.setattr(prover, "verify", broken)
    settings = make_settings(desk.database.url, desk.folder)
    hands = prover.Prover(settings, desk.database.sessions, desk.archive, lambda: NOW, Event())
    with transaction(desk.database.sessions) as session:
        runs.ask(session, None, NOW)
    assert hands.prove()
    with desk.database.sessions() as session:
        run = session.scalars(select(ProofRun)).one()
    first = Report.from_json(run.report).first
    assert run.finished_at == NOW and first and first.code == "unfinished"


def test_a_folder_that_never_took_an_anchor_has_lost_none(desk: Desk) -> None:
    shutil.rmtree(desk.anchors)
    desk.anchors.write_text("no folder")
    assert not anchor(desk.database.sessions, KEY, desk.anchors, NOW)
    desk.anchors.unlink()
    assert desk.faults() == []
