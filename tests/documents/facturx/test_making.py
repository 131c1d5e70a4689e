"""A structured invoice is checked before anybody gets it; what was asked of the desk comes out of it valid."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.documents.facturx.checking import FacturXInvalid
from invoicing.documents.facturx.making import checked_xml
from invoicing.documents.facturx.matter import matter_of
from invoicing.documents.facturx.reform import unmet
from invoicing.documents.facturx.schematron import failures, is_installed
from invoicing.documents.facturx.writing import xml_of
from invoicing.documents.snapshot import LineTax, Snapshot
from invoicing.invoices.composing import compose
from invoicing.invoices.crediting import CreditContent, compose_credit
from invoicing.invoices.models import Invoice
from invoicing.sellers.models import TaxStatus
from tests.conftest import make_settings
from tests.documents.facturx.papers import BUYER, PERSON, RNA_ONLY, SELLER, at_home, untaxed
from tests.documents.facturx.reading import found, notes, one
from tests.factories import TODAY, make_customer, make_draft, make_invoice, make_line, make_seller
from tests.house.source import ROOT


@pytest.mark.parametrize("schematron", [False, True])
def test_what_is_checked_is_what_is_written(schematron: bool) -> None:
    assert checked_xml(at_home(), Facts(), schematron=schematron) == xml_of(at_home(), Facts())
    assert checked_xml(at_home(), Facts(Heading.order), schematron=schematron) is None


def test_totals_that_dont_hold_are_refused_by_their_rule() -> None:
    wrong = replace(at_home(), tax_cents=1)
    assert checked_xml(wrong, Facts(), schematron=False)
    with pytest.raises(FacturXInvalid, match=r"BR-CO-14.*BT-110"):
        checked_xml(wrong, Facts(), schematron=True)


UNMET: dict[str, tuple[Snapshot, Facts, set[str]]] = {
    "an association without a SIREN": (untaxed("", "nonprofit", seller=RNA_ONLY), Facts(), {"BR-FR-10_BT-30"}),
    "and without an address": (
        untaxed("", "nonprofit", seller=replace(RNA_ONLY, email="")), Facts(), {"BR-FR-10_BT-30", "BR-FR-13_BT-34"}),
    "a non-profit with a SIREN, without an address": (
        untaxed("", "nonprofit", seller=replace(SELLER, email="")), Facts(), {"BR-FR-13_BT-34"}),
    "a buyer who can't be reached": (at_home(buyer=replace(PERSON, email="")), Facts(), {"BR-FR-12_BT-49"}),
    "an official number with signs": (at_home(), Facts(official_number="FA 2026.8", duplicate=True), {"BR-FR-02_BT-1"}),
    "a long one": (at_home(), Facts(official_number="F" * 36, duplicate=True), {"BR-FR-01_BT-1"}),
    "an odd one that is corrected": (
        at_home(corrects="F1", corrects_on=date(2026, 10, 1), due_on=None),
        Facts(Heading.credit_note, "A1", True, corrects_official="N° " + "9" * 36),
        {"BR-FR-01_BT-25", "BR-FR-02_BT-25"}),
    "a credit note of nothing that is known": (at_home(due_on=None), Facts(Heading.credit_note), {"BR-FR-CO-05_BT-3"}),
    "a rate of somebody's own": (
        at_home((replace(at_home().lines[0], taxes=(LineTax("X", "TVA", 9_975),)),), discount_e4=1000), Facts(),
        {f"BR-FR-{rule}_{place}" for rule in ("16", "DEC-04") for place in ("BT-119", "BT-152", "BT-96_BT-103")}),
    "a SIRET of another": (
        at_home(buyer=replace(BUYER, ids=(("siren", "404833048"), ("siret", "73282932000074")))), Facts(),
        {"BR-FR-09_BT-46"}),
    "an address too long": (
        at_home(buyer=replace(PERSON, email=f"{'a' * 120}@example.org")), Facts(), {"BR-FR-25_BT-49"}),
}  # fmt: skip


@pytest.mark.parametrize(("snapshot", "facts", "rules"), UNMET.values(), ids=UNMET)
def test_what_cant_be_met_without_a_lie_is_known_beforehand(snapshot: Snapshot, facts: Facts, rules: set[str]) -> None:
    at, xml = matter_of(snapshot, facts), checked_xml(snapshot, facts, schematron=True)
    assert at is not None and xml is not None
    told = {failure.id for failure in failures(xml) if failure.is_fatal}
    assert told == rules
    assert unmet(at) == rules


def test_a_fresh_process_checks_without_the_slow_libraries() -> None:
    command = (
        "import sys; from tests.documents.facturx.papers import at_home; from invoicing.documents.desk import Facts;"
        "from invoicing.documents.facturx.making import checked_xml; checked_xml(at_home(), Facts(), schematron=False);"
        "print({'facturx', 'saxonche', 'pypdf', 'flask'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_the_setting_wants_the_library_that_runs_the_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert is_installed() and make_settings("sqlite://", tmp_path, checks_schematron=True).checks_schematron
    monkeypatch.setitem(sys.modules, "saxonche", None)
    with pytest.raises(ValidationError, match=r"lettrine\[schematron\]"):
        make_settings("sqlite://", tmp_path, checks_schematron=True)


@pytest.mark.parametrize("status", [TaxStatus.vat_registered, TaxStatus.small_business, TaxStatus.nonprofit])
@pytest.mark.parametrize("professional", [True, False])
def test_a_draft_of_the_desk_comes_out_valid(session: Session, status: TaxStatus, professional: bool) -> None:
    seller = make_seller(session, tax_status=status)
    customer = make_customer(session, professional=professional, siren="404833048" if professional else "")
    codes = ("FR_20", "FR_55", "FR_TRAINING") if status is TaxStatus.vat_registered else ("FR_NONE", "FR_TRAINING")
    draft = make_draft(session, customer, seller, *(make_line(session, code=code) for code in codes))
    xml = checked_xml(compose(session, draft, TODAY).numbered("F2026-00001"), Facts(), schematron=True)
    assert {code for code, _ in notes(xml)} >= {"AAB", "PMD", "PMT", "REG", "BAR"}


def test_a_credit_note_of_the_desk_keeps_why_its_lines_bear_no_tax(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    made = make_invoice(session, customer, seller, make_line(session, code="FR_TRAINING"))
    invoice = session.get_one(Invoice, made.invoice_id)
    content = CreditContent(((invoice.lines[0].id, 18_000),), "stage annulé")
    composed, _ = compose_credit(session, invoice, content, TODAY)
    xml = checked_xml(composed.numbered("A2026-00001"), Facts(Heading.credit_note), schematron=True)
    assert (found(xml, "BT-118"), one(xml, "BT-121")) == (["E"], "VATEX-FR-CGI261-4")
    assert composed.snapshot.coded_terms == ()
