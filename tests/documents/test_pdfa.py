"""What a validator of PDF/A-3u looks at (ISO 19005-3), and the invoice inside (Factur-X)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from functools import cache

import pikepdf.pdfa
import pytest
from lxml import etree
from pikepdf import Pdf

from invoicing.documents.paper import Facts, paper_of
from invoicing.documents.pdf import render
from invoicing.documents.xmp import About, packet
from tests.documents import samples as s
from tests.documents.gallery import variants
from tests.documents.tagged import opened

XML = "<?xml version='1.0' encoding='UTF-8'?><facture>é</facture>".encode()
NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/", "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/", "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "ext": "http://www.aiim.org/pdfa/ns/extension/", "schema": "http://www.aiim.org/pdfa/ns/schema#",
    "property": "http://www.aiim.org/pdfa/ns/property#",
}  # fmt: skip


@cache
def made(name: str) -> bytes:
    return render(paper_of(*variants()[name]), None, XML).data


def told(pdf: Pdf) -> etree._Element:
    return etree.fromstring(pdf.Root.Metadata.read_bytes())


def text(about: etree._Element, path: str) -> str:
    (found,) = about.iterfind(f".//{path}", NAMES)
    return "".join(found.itertext())


@pytest.mark.parametrize("name", variants())
def test_a_validator_that_knows_every_construct_approves_all_but_our_extensions(name: str) -> None:
    """It checks level B and knows no extension schema: it is given XMP without ours; the next tests look at ours."""
    out, paper = io.BytesIO(), paper_of(*variants()[name])
    about = About(paper.reference, paper.seller.name, paper.subject or paper.title, "fr-FR", paper.issued_on)
    plain = packet(about, tagged=False, structured=False).replace(b"conformance>U", b"conformance>B")
    with opened(made(name)) as pdf:
        pdf.Root.Metadata.write(plain)
        pdf.save(out, deterministic_id=True)
    report = pikepdf.pdfa.validate_written(io.BytesIO(out.getvalue()), "3b")
    assert [str(finding) for finding in report.findings] == []


@pytest.mark.parametrize("name", ["fr1", "fr150", "credit", "qc-en", "draft", "lettered"])
def test_info_and_xmp_say_the_same_and_the_only_date_is_the_documents(name: str) -> None:
    paper = paper_of(*variants()[name])
    with opened(made(name)) as pdf:
        about, info = told(pdf), {key: str(value) for key, value in pdf.docinfo.items()}
    assert info["/Title"] == text(about, "dc:title") == paper.reference
    assert info["/Author"] == text(about, "dc:creator") == paper.seller.name
    assert info["/Subject"] == text(about, "dc:description")
    assert info["/Producer"] == text(about, "pdf:Producer") == info["/Creator"] == text(about, "xmp:CreatorTool")
    assert info["/CreationDate"] == info["/ModDate"] == f"D:{paper.issued_on:%Y%m%d}000000Z"
    assert text(about, "xmp:CreateDate") == text(about, "xmp:ModifyDate") == f"{paper.issued_on}T00:00:00Z"


def test_it_claims_what_it_is_and_explains_what_a_reader_may_not_know() -> None:
    with opened(made("fr1")) as pdf:
        about = told(pdf)
    assert (text(about, "pdfaid:part"), text(about, "pdfaid:conformance"), text(about, "pdfuaid:part")) == (*"3U", "1")
    fx = [text(about, f"fx:{name}") for name in ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")]
    assert fx == ["INVOICE", "factur-x.xml", "1.0", "EN 16931"]
    schemas = {
        text(one, "schema:namespaceURI"): {"".join(each.itertext()) for each in one.iterfind(".//property:name", NAMES)}
        for one in about.iterfind(".//ext:schemas/rdf:Bag/rdf:li", NAMES)
    }
    used = {uri: {etree.QName(each).localname for each in about.iter(f"{{{uri}}}*")} for uri in schemas}
    assert schemas == used == {NAMES["pdfuaid"]: {"part"}, NAMES["fx"]: used[NAMES["fx"]]}


def test_texts_that_look_like_markup_stay_texts() -> None:
    paper = replace(paper_of(s.french(1), Facts()), subject="<a> & </rdf:li> “é”")
    with opened(render(paper).data) as pdf:
        assert text(told(pdf), "dc:description") == str(pdf.docinfo.Subject) == paper.subject


def test_the_invoice_inside_is_the_one_that_was_given() -> None:
    with opened(made("fr1")) as pdf:
        (spec,) = pdf.Root.AF
        file = spec.EF.F
        assert [str(name) for name in (spec.F, spec.UF, spec.AFRelationship)] == ["factur-x.xml"] * 2 + ["/Alternative"]
        assert (str(file.Subtype), int(file.Params.Size)) == ("/text/xml", len(XML))
        assert pdf.attachments["factur-x.xml"].get_file().read_bytes() == XML
        assert pdf.Root.Names.EmbeddedFiles.Names[1].objgen == spec.objgen


def test_without_an_invoice_for_machines_nothing_is_claimed() -> None:
    with opened(render(paper_of(*variants()["order"])).data) as pdf:
        assert "/AF" not in pdf.Root
        assert "/Names" not in pdf.Root
        assert b"factur-x" not in pdf.Root.Metadata.read_bytes()


@pytest.mark.parametrize("name", ["fr1", "fr150", "qc-en", "draft"])
def test_every_font_that_is_used_is_embedded_and_says_its_letters(name: str) -> None:
    with opened(made(name)) as pdf:
        for page in pdf.pages:
            used = {
                str(operands[0]) for operands, operator in pikepdf.parse_content_stream(page) if str(operator) == "Tf"
            }
            fonts = {key: font for key, font in page.Resources.Font.items() if key in used}
            assert fonts
            assert all("/FontFile2" in font.FontDescriptor and "/ToUnicode" in font for font in fonts.values())


def test_colours_mean_srgb() -> None:
    with opened(made("fr1")) as pdf:
        (intent,) = pdf.Root.OutputIntents
        profile = intent.DestOutputProfile.read_bytes()
        assert (str(intent.S), int(intent.DestOutputProfile.N)) == ("/GTS_PDFA1", 3)
    assert (profile[12:20], profile[36:40]) == (b"mntrRGB ", b"acsp")


def test_the_bytes_depend_on_the_content_alone() -> None:
    paper = paper_of(s.french(40), Facts())
    one, two = (render(paper, None, XML).data for _ in range(2))
    other = render(replace(paper, issued_on=date(2026, 11, 2)), None, XML).data
    assert one == two != other
