"""What a document says by law, on its day: exemptions, categories, terms; and what it never says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from invoicing.documents.facturx.making import checked_xml
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.invoices.composing import compose
from invoicing.sellers.models import Region, Seller, Supplies, TaxStatus
from invoicing.taxes.models import TaxSet
from tests.factories import TODAY, make_customer, make_draft, make_line, make_seller, tax_set

FR, QC = Region.FR, Region.QC
BEFORE, AFTER = date(2026, 8, 31), date(2026, 9, 1)
SERVICES = "Catégorie de l’opération : prestation de services"
BOTH = "Catégorie de l’opération : livraison de biens et prestation de services"


def paper(session: Session, seller: Seller, *codes: str, day: date = TODAY, **customer: object) -> Paper:
    lines = [make_line(session, code=code) for code in codes]
    draft = make_draft(session, make_customer(session), seller, *lines)
    for name, value in customer.items():
        setattr(draft.customer, name, value)
    draft.issued_on = day
    return paper_of(compose(session, draft, day).snapshot, Facts())


def plain(texts: tuple[str, ...]) -> list[str]:
    return [text.replace("\u00a0", " ") for text in texts]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (BEFORE, "TVA non applicable, art. 293 B du CGI"),
        (AFTER, "TVA non applicable, article L. 223-3 du CIBS"),
    ],
)
def test_the_small_business_exemption_is_the_one_of_the_day(session: Session, day: date, text: str) -> None:
    seller = make_seller(session, tax_status=TaxStatus.small_business)
    assert plain(paper(session, seller, "FR_NONE", day=day).mentions) == [text]


@pytest.mark.parametrize(("professional", "there"), [(False, False), (True, True)])
def test_the_40_euros_are_for_professionals(session: Session, professional: bool, there: bool) -> None:
    found = paper(session, make_seller(session), "FR_20", professional=professional)
    assert ("40" in "".join(found.terms)) is there
    assert ("pénalités" in "".join(found.terms)) is there


@pytest.mark.parametrize(("day", "texts"), [(BEFORE, []), (AFTER, [SERVICES])])
def test_the_category_of_operation_is_said_from_the_reform_on(session: Session, day: date, texts: list[str]) -> None:
    assert plain(paper(session, make_seller(session), "FR_20", day=day).mentions) == texts


def test_goods_both_and_the_option_for_debits_are_said(session: Session) -> None:
    seller = make_seller(session, supplies=Supplies.mixed, vat_on_debits=True)
    assert plain(paper(session, seller, "FR_20").mentions) == [
        "Catégorie de l’opération : livraison de biens et prestation de services",
        "Option pour le paiement de la taxe d’après les débits",
    ]
    seller.supplies = Supplies.goods
    assert "livraison de biens" in paper(session, seller, "FR_20", language="fr_FR").mentions[0]


@pytest.mark.parametrize(
    ("sells", "codes", "said", "told"),
    [
        (Supplies.services, ["FR_EU_GOODS"], "livraison de biens", "B1"),
        (Supplies.services, ["FR_EXPORT"], "livraison de biens", "B1"),
        (Supplies.mixed, ["FR_EXPORT", "FR_EU_GOODS"], "livraison de biens", "B1"),
        (Supplies.services, ["FR_EU_GOODS", "FR_20"], "livraison de biens et prestation de services", "M1"),
        (Supplies.goods, ["FR_TRAINING"], "prestation de services", "S1"),
        (Supplies.goods, ["FR_EU_GOODS", "FR_20"], "livraison de biens", "B1"),
    ],
)
def test_the_lines_decide_the_category_on_paper_as_in_the_structured_invoice(
    session: Session, sells: Supplies, codes: list[str], said: str, told: str
) -> None:
    belgian = make_customer(session, street="4 rue de Namur", city="Bruxelles", country="BE", vat_number="BE0123456789")
    seller = make_seller(session, supplies=sells)
    draft = make_draft(session, belgian, seller, *(make_line(session, code=code) for code in codes))
    snapshot = compose(session, draft, TODAY).numbered("F2026-00001")
    assert plain(snapshot.mentions)[-1] == f"Catégorie de l’opération : {said}"
    assert snapshot.sells == sells
    xml = checked_xml(snapshot, Facts(), schematron=False)
    assert xml is not None and f"<ram:ID>{told}</ram:ID>".encode() in xml


@pytest.mark.parametrize("status", [TaxStatus.small_business, TaxStatus.nonprofit])
def test_whoever_collects_no_vat_says_no_category(session: Session, status: TaxStatus) -> None:
    seller = make_seller(session, tax_status=status, vat_on_debits=True)
    (only,) = paper(session, seller, "FR_NONE").mentions
    assert only.startswith("TVA non applicable")


def test_quebec_says_neither_and_is_never_english_alone(session: Session) -> None:
    seller = make_seller(session, QC, vat_on_debits=True)
    found = paper(session, seller, "QC_TAXED", "QC_GST", "QC_EXEMPT", language="en")
    assert plain(found.mentions) == ["Fourniture exonérée de la TPS et de la TVQ / Supply exempt from GST and QST"]
    assert found.title == "Facture / Invoice"
    assert "123456789RT0001" in found.identity and "1234567890TQ0001" in found.identity
    assert [one.detail.replace("\u00a0", " ") for one in found.sums[1:3]] == [
        "n° / no. 123456789RT0001", "n° / no. 1234567890TQ0001"
    ]  # fmt: skip
    assert not [text for text in ("9,97 ", "9,97%", "14,97") if text in repr(found).replace("\u00a0", " ")]


@pytest.mark.parametrize(
    ("code", "text", "category"),
    [
        ("FR_TRAINING", "Exonération de TVA, article 261-4-4° du CGI", SERVICES),
        ("FR_EU_SERVICES", "Autoliquidation (articles 44 et 196 de la directive 2006/112/CE)", SERVICES),
        ("FR_EU_GOODS", "Exonération de TVA, article 262 ter, I du CGI", BOTH),
        ("FR_EXPORT", "Exonération de TVA, article 262, I du CGI", BOTH),
    ],
)
def test_an_exempt_line_says_why_once(session: Session, code: str, text: str, category: str) -> None:
    assert plain(paper(session, make_seller(session), code, "FR_20", code).mentions) == [text, category]


def test_different_reasons_stand_one_below_the_other_and_plain_lines_keep_theirs(session: Session) -> None:
    found = plain(paper(session, make_seller(session), "FR_EXPORT", "FR_NONE", "FR_TRAINING").mentions)
    assert [text.split(",")[0] for text in found[:2]] == ["Exonération de TVA", "Exonération de TVA"]
    assert found[2:] == ["Lignes sans taxe : opérations non soumises à la TVA", BOTH]


@pytest.mark.parametrize(
    ("language", "region", "text"),
    [
        ("fr_FR", FR, "Exonéré : article 7"),
        ("en", FR, "Exempt: article 7"),
        ("en", QC, "Exonéré : article 7 / Exempt: article 7"),
    ],
)
def test_a_set_may_have_words_of_its_own(session: Session, language: str, region: Region, text: str) -> None:
    seller = make_seller(session, region)
    session.add(
        TaxSet(code="OWN", label_fr="À nous", label_en="Ours", region=region, position=99,
               mention_fr="Exonéré : article 7", mention_en="Exempt: article 7")
    )  # fmt: skip
    session.flush()
    assert plain(paper(session, seller, "OWN", language=language).mentions)[0] == text


def test_own_words_without_english_are_french(session: Session) -> None:
    seller = make_seller(session)
    tax_set(session, "FR_NONE").mention_fr = "Hors du champ"
    assert paper(session, seller, "FR_NONE", language="en").mentions[0] == "Hors du champ"


def test_the_sellers_own_text_ends_the_foot(session: Session) -> None:
    seller = make_seller(session, closing_text="Médiateur : CM2C, 49 rue de Ponthieu, 75008 Paris.")
    found = paper(session, seller, "FR_20", professional=True)
    assert plain(found.terms)[-1] == "Médiateur : CM2C, 49 rue de Ponthieu, 75008 Paris."


def test_a_snapshot_without_the_new_fields_is_still_read(session: Session) -> None:
    seller = make_seller(session)
    draft = make_draft(session, make_customer(session), seller)
    snapshot = compose(session, draft, TODAY).snapshot
    assert snapshot.supplies == "services"
    kept = {name: value for name, value in snapshot.__dict__.items() if name not in ("supplies", "closing")}
    old = type(snapshot)(**kept)
    assert replace(snapshot, supplies="", closing="") == old
