"""What a structured invoice says of number, parties, payment and the reform, and of what there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from invoicing.documents.desk import Facts, Heading
from invoicing.documents.facturx.checking import check
from invoicing.documents.facturx.writing import xml_of
from invoicing.documents.snapshot import Bank, Party, Place, Snapshot
from tests.documents import samples
from tests.documents.facturx.papers import BUYER, GERMAN, PERSON, RNA_ONLY, SELLER, TERMS, at_home, untaxed
from tests.documents.facturx.reading import found, notes, one, scheme

LETTERED = Facts(official_number="FA-2026/0815", duplicate=True)
NOTE = {"kind": "credit_note", "number": "A2026-00007", "corrects": "F2026-00042", "corrects_on": date(2026, 11, 1),
        "due_on": None, "terms": (), "coded_terms": (), "bank": Bank()}  # fmt: skip


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def treatment(xml: bytes | None) -> str:
    return dict(notes(xml)).get("BAR", "")


def test_an_invoice_names_itself_its_profile_and_its_day() -> None:
    xml = xml_of(at_home(), Facts())
    assert xml is not None and xml.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<rsm:CrossIndustryInvoice ")
    assert (one(xml, "BT-1"), one(xml, "BT-2"), one(xml, "BT-3")) == ("F2026-00042", "20261101", "380")
    assert one(xml, "BT-24") == "urn:cen.eu:en16931:2017"


@pytest.mark.parametrize("heading", [Heading.order, Heading.pro_forma, Heading.credit_request])
def test_what_says_that_it_is_no_invoice_is_none(heading: Heading) -> None:
    assert xml_of(at_home(), Facts(heading)) is None


NOWHERE = replace(SELLER, place=None)
UNTOLD: dict[str, Snapshot] = {
    "Québec": samples.quebec(),
    "totals alone": at_home(totals_only=True),
    "another currency": at_home(currency="CAD"),
    "a seller from before": at_home(seller=NOWHERE),
    "a buyer from before": at_home(buyer=replace(BUYER, place=None)),
    "a buyer of no country": at_home(buyer=replace(BUYER, place=Place((), "69003", "Lyon"))),
    "no tax status": at_home(tax_status=""),
    "no name": at_home(buyer=replace(BUYER, name=" \u200b")),
    "no number at all": at_home(seller=replace(SELLER, ids=())),
    "reverse charge without the buyer's VAT number": untaxed("reverse_charge", buyer=replace(GERMAN, ids=())),
    "goods to the EU without it": untaxed("eu_goods", buyer=replace(GERMAN, ids=(("vat", "123456789"),))),
    "an export without the seller's": untaxed("export", seller=RNA_ONLY),
    "two taxes on a line": samples.quebec(
        region="FR", currency="EUR", tax_status="vat_registered", seller=SELLER, buyer=BUYER
    ),
    "a tax that isn't VAT": at_home(
        (replace(at_home().lines[0], taxes=(samples.LineTax("TS", "Taxe de séjour", 5_000),)),)
    ),
}


@pytest.mark.parametrize("snapshot", UNTOLD.values(), ids=UNTOLD)
def test_what_cant_be_told_truthfully_isnt_told(snapshot: Snapshot) -> None:
    assert xml_of(snapshot, Facts()) is None


def test_a_draft_is_none() -> None:
    assert xml_of(at_home(), Facts(draft=True)) is None


def test_a_duplicate_bears_the_official_number_ours_as_the_order_and_is_for_the_archive_alone() -> None:
    xml = xml_of(at_home(), LETTERED)
    assert (one(xml, "BT-1"), one(xml, "BT-14")) == ("FA-2026/0815", "F2026-00042")
    assert ("AAI", "Duplicata") in notes(xml)
    assert treatment(xml) == "ARCHIVEONLY"


def test_a_credit_note_is_positive_and_names_the_official_invoice_with_our_number_beside_it() -> None:
    facts = Facts(Heading.credit_note, "AV-7", True, corrects_official="FA-2026/0815")
    xml = xml_of(at_home(**NOTE), facts)
    assert (one(xml, "BT-3"), one(xml, "BT-25"), one(xml, "BT-26")) == ("381", "FA-2026/0815", "20261101")
    assert ("AAI", "Corrige la facture\u00a0: FA-2026/0815 (F2026-00042, 1er novembre 2026)") in notes(xml)
    assert ("AAI", "Demande n°\u00a0: A2026-00007") in notes(xml)
    assert not one(xml, "BT-14") and not one(xml, "BT-115").startswith("-")


def test_a_credit_note_of_an_order_that_isnt_lettered_says_so() -> None:
    xml = xml_of(at_home(**NOTE, mode="portal_reference"), Facts(Heading.credit_note, "AV-7", True))
    assert one(xml, "BT-25") == "F2026-00042"
    assert "Corrige la commande\u00a0: F2026-00042 (1er novembre 2026)" in [text for _, text in notes(xml)]


def test_a_french_seller_gives_siret_siren_vat_number_and_is_reached_by_its_siren() -> None:
    xml = xml_of(at_home(), Facts())
    assert found(xml, "BT-29") == ["W751234567", "73282932000074"]
    assert scheme(xml, "BT-30") == ("0002", "732829320")
    assert (one(xml, "BT-31"), one(xml, "BT-32")) == ("FR44732829320", "")
    assert scheme(xml, "BT-34") == ("0225", "732829320")


def test_a_seller_without_a_vat_number_gives_what_its_tax_office_knows_it_by() -> None:
    small = replace(SELLER, ids=(("siret", "73282932000074"),))
    assert one(xml_of(untaxed("", "small_business", seller=small), Facts()), "BT-32") == "732829320"
    alone = xml_of(untaxed("", "nonprofit", seller=RNA_ONLY), Facts())
    assert (one(alone, "BT-32"), one(alone, "BT-30")) == ("W751234567", "")
    assert scheme(xml_of(untaxed("", "nonprofit"), Facts()), "BT-34") == ("EM", "compta@metiers-ete.example")
    assert scheme(alone, "BT-34") == ("EM", "compta@metiers-ete.example")


BUYERS: dict[str, tuple[Party, tuple[str, str], tuple[str, str], str]] = {
    "a business at home": (BUYER, ("0002", "404833048"), ("0225", "404833048"), "B2B"),
    "its VAT number tells its SIREN": (
        replace(BUYER, ids=(("vat", "FR83404833048"),)), ("0002", "404833048"), ("0225", "404833048"), "B2B"),
    "a business without a SIREN": (replace(BUYER, ids=()), ("", ""), ("EM", "achats@oeuvres.example"), ""),
    "a consumer": (PERSON, ("", ""), ("EM", "achats@oeuvres.example"), "B2C"),
    "a consumer without an address": (replace(PERSON, email=""), ("", ""), ("", ""), "B2C"),
    "an association that is no business": (
        replace(BUYER, professional=False), ("0002", "404833048"), ("EM", "achats@oeuvres.example"), "B2C"),
    "a business in the EU": (GERMAN, ("", ""), ("EM", "achats@oeuvres.example"), "B2BINT"),
    "a consumer abroad": (
        replace(PERSON, place=replace(GERMAN.place or Place(), country="US")),
        ("", ""), ("EM", "achats@oeuvres.example"), "B2CINT"),
    "Guyana, French in part": (
        replace(BUYER, place=Place((), "97300", "Cayenne", "", "GF")),
        ("0002", "404833048"), ("EM", "achats@oeuvres.example"), ""),
    "Monaco's VAT number holds no SIREN": (
        replace(BUYER, ids=(("vat", "FR27000012345"),)), ("", ""), ("EM", "achats@oeuvres.example"), ""),
}  # fmt: skip


@pytest.mark.parametrize(("buyer", "siren", "address", "treated"), BUYERS.values(), ids=BUYERS)
def test_a_buyer_is_reached_and_reported_as_what_it_is(
    buyer: Party, siren: tuple[str, str], address: tuple[str, str], treated: str
) -> None:
    xml = xml_of(at_home(buyer=buyer), Facts())
    assert (scheme(xml, "BT-47"), scheme(xml, "BT-49"), treatment(xml)) == (siren, address, treated)


def test_the_person_an_organisations_invoice_goes_to_is_its_contact() -> None:
    assert one(xml_of(at_home(), Facts()), "BT-56") == "Mme Zoé Lefèvre"
    assert one(xml_of(at_home(buyer=PERSON), Facts()), "BT-56") == ""


@pytest.mark.parametrize(("code", "told"), [("XK", "1A"), ("IC", "ES"), ("GR", "GR")])
def test_a_country_is_told_by_the_code_of_the_standards_list(code: str, told: str) -> None:
    place = replace(BUYER.place or Place(), country=code)
    assert one(xml_of(at_home(buyer=replace(GERMAN, place=place)), Facts()), "BT-55") == told


def test_what_is_owed_says_until_when_and_where_to_pay() -> None:
    xml = xml_of(at_home(), Facts())
    assert (one(xml, "BT-23"), one(xml, "BT-9"), one(xml, "BT-20")) == ("S1", "20261201", "")
    assert (one(xml, "BT-81"), one(xml, "BT-83")) == ("58", "F2026-00042")
    assert (one(xml, "BT-84"), one(xml, "BT-86")) == ("FR7630006000011234567890189", "AGRIFRPP")


def test_what_is_owed_without_a_day_says_so_in_words() -> None:
    xml = xml_of(at_home(due_on=None), LETTERED)
    assert (one(xml, "BT-9"), plain(one(xml, "BT-20"))) == ("", "540,06 € à régler")


def test_a_cheque_is_the_means_where_there_is_no_account_and_a_note_beside_one() -> None:
    bank = Bank(cheque="l’association")
    alone = xml_of(at_home(bank=bank), Facts())
    assert (one(alone, "BT-81"), one(alone, "BT-82")) == ("20", "Chèque à l’ordre de l’association")
    both = xml_of(at_home(bank=replace(samples.BANK, cheque="l’association")), Facts())
    assert one(both, "BT-81") == "58"
    assert ("AAI", "Chèque à l’ordre de\u00a0: l’association") in notes(both)


def test_what_was_paid_at_once_is_prepaid_and_says_when_and_how() -> None:
    xml = xml_of(at_home(paid_on=date(2026, 10, 30), paid_by="cheque"), Facts())
    assert (one(xml, "BT-23"), one(xml, "BT-9")) == ("S2", "20261030")
    assert (one(xml, "BT-113"), one(xml, "BT-115")) == (one(xml, "BT-112"), "0.00")
    assert (one(xml, "BT-81"), one(xml, "BT-82"), one(xml, "BT-84")) == ("20", "chèque", "")


def test_what_was_rounded_and_paid_isnt_called_paid_to_the_cent_of_net_and_tax() -> None:
    rounded = at_home((samples.gross(1005, (at_home().lines[0].taxes)),))
    xml = xml_of(rounded, Facts(paid_on=date(2026, 11, 20)))
    assert (one(xml, "BT-112"), one(xml, "BT-114"), one(xml, "BT-113"), one(xml, "BT-115")) == (
        "10.06", "-0.01", "10.05", "0.00")  # fmt: skip
    assert (one(xml, "BT-23"), plain(one(xml, "BT-20"))) == (
        "S1",
        "10,05 € · payée le 20 novembre 2026",
    )


def test_a_business_reads_the_terms_by_their_subjects() -> None:
    told = notes(xml_of(at_home(), Facts()))
    assert [(code, plain(text)) for code, text in told if code in dict(TERMS)] == list(TERMS)


def test_a_consumer_reads_that_there_is_no_compensation() -> None:
    terms = TERMS[:1]
    told = dict(notes(xml_of(at_home(buyer=PERSON, terms=(terms[0][1],), coded_terms=terms), Facts())))
    assert told["AAB"] == TERMS[0][1]
    assert told["PMT"].startswith("Sans objet : ce document ne prévoit pas d’indemnité")
    assert told["PMD"].startswith("Sans objet : ce document ne prévoit pas de pénalités")


def test_what_xml_forbids_or_reads_otherwise_does_no_harm() -> None:
    odd = "A\x00\x08\x1f\ufffe\ud800<b>&amp;]]>\u202e é"
    xml = xml_of(at_home((replace(at_home().lines[0], label=odd),), buyer=replace(BUYER, name=odd)), Facts())
    assert xml is not None
    check(xml)
    assert found(xml, "BT-153") == ["A<b>&amp;]]> é"] == found(xml, "BT-44")
