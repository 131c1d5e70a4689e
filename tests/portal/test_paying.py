"""The code that a banking app reads is the one that the paper bears."""

from __future__ import annotations

import re
from dataclasses import replace

import zxingcpp
from PIL import Image, ImageDraw

from invoicing.documents.desk import Facts
from invoicing.documents.paper import paper_of
from portal.paying import Squares, how_to_pay, squares
from tests.documents.samples import french


def read(code: Squares) -> str:
    """Draws the path as a browser would, and reads it as a phone would."""
    image = Image.new("L", (code.size, code.size), 255)
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", code.path):
        ImageDraw.Draw(image).rectangle((int(x), int(y), int(x) + int(wide) - 1, int(y)), fill=0)
    return zxingcpp.read_barcodes(image.resize((code.size * 6, code.size * 6), Image.Resampling.NEAREST))[0].text


def test_the_path_reads_as_the_text() -> None:
    assert read(squares("BCD\n002\nété")) == "BCD\n002\nété"


def test_the_path_has_no_more_than_a_path_needs() -> None:
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", squares("BCD").path)


def test_the_whole_is_the_papers_own_code() -> None:
    paper = paper_of(french(), Facts())
    how = how_to_pay(french(), paper, french().total_cents)
    assert how.code and read(how.code) == paper.epc


def test_a_part_asks_for_that_part() -> None:
    paper = paper_of(french(), Facts())
    how = how_to_pay(french(), paper, 1_05)
    assert how.code and "\nEUR1.05\n" in read(how.code)


def test_the_iban_stands_in_groups_that_may_break() -> None:
    snapshot = french()
    how = how_to_pay(replace(snapshot), paper_of(snapshot, Facts()), snapshot.total_cents)
    assert re.fullmatch(r"[A-Z0-9]{4}( [A-Z0-9]{1,4})+", how.iban)
