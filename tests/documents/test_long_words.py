"""A word without blanks that is wider than the sheet: it is broken, wherever on the paper it stands."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from invoicing.documents.paper import Facts, Heading, paper_of
from invoicing.documents.pdf import Renderer, render
from invoicing.documents.plan import MARGIN, MM
from invoicing.documents.snapshot import Bank, Snapshot
from tests.documents import samples as s
from tests.documents.gallery import variants
from tests.documents.reading import packed, words

URL = "https://metiers.example/" + "inscription" * 13
WIDE = "W" * 90
TEXTS: dict[str, dict[str, Any]] = {
    "subject": {"subject": URL},
    "note": {"note": f"Première ligne.\n{URL}\n{WIDE}"},
    "made out to": {"buyer": replace(s.FRENCH_BUYER, name=WIDE)},
    "buyer's address": {"buyer": replace(s.FRENCH_BUYER, lines=(WIDE, f"12 {WIDE}"))},
    "seller": {"seller": replace(s.FRENCH_SELLER, name=WIDE, legal_form=WIDE)},
    "seller's address": {"seller": replace(s.FRENCH_SELLER, lines=(WIDE,), email=f"{WIDE}@metiers.example")},
    "discount terms": {"terms": (URL, WIDE)},
    "terms under the totals": {"terms": (URL * 12,)},
    "closing text": {"closing": URL},
    "mentions": {"mentions": (URL,)},
    "payment": {"bank": Bank(WIDE, "FR7630006000011234567890189", "AGRIFRPP", f"{WIDE}@metiers.example", WIDE)},
}
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler to tell where words stand")


def outside(data: bytes, folder: Path) -> list[str]:
    """The words that leave the room between the margins, or the sheet."""
    (folder / "a.pdf").write_bytes(data)
    found = subprocess.run(["pdftotext", "-bbox", "a.pdf", "-"], cwd=folder, check=True, capture_output=True, text=True)
    width = height = 0.0
    lost = []
    for line in found.stdout.splitlines():
        if sheet := re.search(r'<page width="(.+)" height="(.+)"', line):
            width, height = map(float, sheet.groups())
        if word := re.search(r'<word xMin="(.+)" yMin="(.+)" xMax="(.+)" yMax="(.+)">(.*)</word>', line):
            left, top, right, bottom = map(float, word.groups()[:4])
            margin = MARGIN * MM - 0.5
            if left < margin or right > width - margin or top < 0 or bottom > height:
                lost.append(word[5])
    return lost


@needs_poppler
@pytest.mark.parametrize("draft", [False, True], ids=["final", "draft"])
@pytest.mark.parametrize("made", [s.french, s.quebec])
@pytest.mark.parametrize("name", TEXTS)
def test_a_very_long_word_stays_on_the_paper(name: str, made: Any, draft: bool, tmp_path: Path) -> None:
    snapshot: Snapshot = made(2, **TEXTS[name])
    paper = paper_of(snapshot, Facts(draft=draft))
    data = render(paper).data
    assert outside(data, tmp_path) == []
    typed = (paper.subject, *paper.notes, paper.buyer.name, *paper.buyer.lines, *paper.seller.lines, *paper.terms)
    assert [text for text in typed if packed(text) not in packed(words(data))] == []


@needs_poppler
@pytest.mark.parametrize("heading", [Heading.credit_note, Heading.credit_request])
def test_the_reason_of_a_credit_note_too(heading: Heading, tmp_path: Path) -> None:
    data = render(paper_of(s.credit(reason=URL), Facts(heading))).data
    assert outside(data, tmp_path) == []
    assert URL in packed(words(data))


@pytest.mark.parametrize("name", ["fr12", "long", "qc-en", "credit", "lettered", "draft", "terms"])
def test_a_paper_whose_words_fit_is_the_same_bytes_without_that_rule(name: str, tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "templates" / "pdf"
    (tmp_path / "pdf").mkdir()
    for file in source.iterdir():
        (tmp_path / "pdf" / file.name).write_text(file.read_text().replace("overflow-wrap:break-word", ""))
    paper = paper_of(*variants()[name])
    assert render(paper).data == Renderer(tmp_path).render(paper).data
