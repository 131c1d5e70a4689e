"""The QR code of a SEPA transfer, decoded."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from invoicing.documents import qr
from invoicing.documents.paper import Facts, paper_of
from invoicing.documents.pdf import render
from tests.documents import samples as s

IBAN = "FR7630006000011234567890189"


def decoded(image: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def test_the_payload_holds_the_whole_payment() -> None:
    text = qr.payload("Association Les Métiers d’Été", IBAN, "AGRIFRPP", 2_525_027, "F2026-00042")
    assert text.split("\n") == [
        *("BCD", "002", "1", "SCT", "AGRIFRPP", "Association Les Métiers d’Été", IBAN, "EUR25250.27"),
        *("", "", "F2026-00042"),
    ]


def test_a_creditor_reference_has_its_own_line() -> None:
    assert qr.payload("A", IBAN, "", 100, "RF18539007547034").split("\n")[9:] == ["RF18539007547034"]


@pytest.mark.parametrize(
    ("holder", "iban", "bic", "cents", "reference"),
    [
        ("A", IBAN[:-1] + "8", "", 100, "x"),
        ("A", IBAN, "AGRI", 100, "x"),
        ("A", IBAN, "", 0, "x"),
        ("A", IBAN, "", 10**11, "x"),
        ("A" * 71, IBAN, "", 100, "x"),
        ("", IBAN, "", 100, "x"),
        ("A", IBAN, "", 100, "x" * 141),
        ("é" * 70, IBAN, "", 100, "é" * 140),
    ],
)
def test_a_payment_that_does_not_fit_has_no_code(holder: str, iban: str, bic: str, cents: int, reference: str) -> None:
    assert qr.payload(holder, iban, bic, cents, reference) == ""


@settings(max_examples=40, deadline=None)
@given(st.integers(1, qr.MOST_CENTS), st.text("AaÉé’ &<>\"'-", min_size=1, max_size=60), st.text("F0-/é", max_size=60))
def test_any_code_can_be_scanned(cents: int, holder: str, reference: str) -> None:
    text = qr.payload(holder, IBAN, "", cents, reference)
    assert decoded(bordered(text)) == text


def bordered(text: str) -> Image.Image:
    """The code on white, as the PDF's runs draw it."""
    runs, size = qr.runs(text)
    image = Image.new("L", (size + 8, size + 8), 255)
    for x, y, length in runs:
        image.paste(0, (x + 4, y + 4, x + 4 + length, y + 5))
    return image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST)


def test_the_picture_for_pages_is_the_same_code() -> None:
    text = qr.payload("A", IBAN, "", 100, "x")
    picture = Image.open(io.BytesIO(qr.png(text))).convert("L")
    canvas = Image.new("L", (picture.width + 40, picture.height + 40), 255)
    canvas.paste(picture, (20, 20))
    assert decoded(canvas) == text


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="needs poppler to draw the page")
def test_the_code_on_the_page_can_be_scanned(tmp_path: Path) -> None:
    paper = paper_of(replace(s.french(12), number="F2026-00042"), Facts())
    (tmp_path / "a.pdf").write_bytes(render(paper).data)
    subprocess.run(["pdftoppm", "-r", "120", "-png", "a.pdf", "a"], cwd=tmp_path, check=True)
    assert decoded(Image.open(tmp_path / "a-1.png")) == paper.epc
