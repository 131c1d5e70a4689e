"""A document that came with totals alone: what its paper says, and how it is credited."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from invoicing.documents.paper import Facts, paper_of
from invoicing.documents.pdf import render
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import FieldFaults
from invoicing.invoices.crediting import CreditContent, compose_credit, corrected_of
from invoicing.invoices.models import Invoice
from tests.documents.reading import words
from tests.factories import TODAY, make_credit
from tests.imports.bench import Bench, invoice, row


@pytest.fixture
def imported(bench: Bench, session: Session) -> Invoice:
    bench.bring_in(row(1, Items="A1,B2", **{"Product Names": "Cours,Repas"}))
    return invoice(session, 1)


def test_the_paper_has_labels_then_net_taxes_and_total(imported: Invoice) -> None:
    snapshot = Snapshot.from_json(imported.snapshot or "")
    paper = paper_of(snapshot, Facts.from_json(imported.versions[-1].facts))
    assert paper.columns == ("Désignation",) and [paper.cells(each) for each in paper.rows] == [("Cours",), ("Repas",)]
    assert [one.amount.replace("\u00a0", " ") for one in (*paper.sums, paper.grand)] == [
        "60,00 €", "12,00 €", "72,00 €", "72,00 €"]  # fmt: skip
    printed = words(render(paper).data)
    assert "Cours" in printed and "Repas" in printed and "Quantité" not in printed


def test_an_older_snapshot_knows_of_no_totals_alone(imported: Invoice) -> None:
    raw = json.loads(imported.snapshot or "")
    del raw["totals_only"]
    assert Snapshot.from_json(json.dumps(raw)).totals_only is False


def test_it_is_credited_whole_to_the_cent(session: Session, imported: Invoice) -> None:
    note = make_credit(session, imported.id)
    assert (note.net_cents, note.tax_cents, note.total_cents, note.totals_only) == (6000, 1200, 7200, True)
    assert [line.label for line in note.lines] == ["Cours", "Repas"]


def test_a_line_of_it_is_not_credited_alone(session: Session, imported: Invoice) -> None:
    first = corrected_of(session, imported).lines[0]
    with pytest.raises(FieldFaults) as refused:
        compose_credit(session, imported, CreditContent(((first.id, 0),), "Erreur"), TODAY)
    assert [fault.code for fault in refused.value.faults] == ["credit_whole_only"]
