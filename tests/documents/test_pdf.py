"""The PDF, read back from its bytes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from xhtml2pdf.config.resources import ResourceAccessError

from invoicing.documents.paper import Facts, Heading, Paper, paper_of
from invoicing.documents.pdf import POLICY, Renderer, RenderFailed, cells, render
from invoicing.documents.plan import plan
from invoicing.documents.snapshot import Snapshot
from tests.documents import samples as s
from tests.documents.gallery import variants
from tests.documents.reading import packed, pages, reader, words

MIXED = ((s.VAT_20,), (s.VAT_55,), ())
HOSTILE = '<script>x</script> </pdf:lines> </pdf:sums> {{7*7}} {%x%} &amp; <img src="/etc/hostname"> <pdf:pagecount/>'


def drawn(snapshot: Snapshot, facts: Facts = Facts()) -> bytes:  # noqa: B008
    return render(paper_of(snapshot, facts)).data


def texts(paper: Paper) -> list[str]:
    """Everything that the paper says."""
    facts = [text for fact in (*paper.facts, *paper.pay, *paper.seller.ids) for text in (fact.label, fact.value)]
    parties = [text for block in (paper.seller, paper.buyer) for text in (block.name, *block.lines)]
    rows = [text for row in paper.rows for text in (*paper.cells(row), *row.details)]
    sums = [text for one in (*paper.sums, paper.grand) for text in (one.label, one.amount, one.detail)]
    fixed = [paper.title, paper.mark, paper.buyer_label, paper.reference, *paper.headlines, paper.subject]
    return [*fixed, *facts, *parties, *rows, *sums, *paper.columns, *paper.notes, *paper.mentions, *paper.terms]


@pytest.mark.parametrize("name", variants())
def test_every_label_number_and_mention_can_be_read_back(name: str) -> None:
    paper = paper_of(*variants()[name])
    found = packed(words(render(paper).data))
    assert [text for text in texts(paper) if packed(text) not in found] == []


@pytest.mark.parametrize(
    "name",
    ["exempt1", "fr12", "rates", "discount", "gross", "qc", "qc-gross", "qc-en", "credit", "lettered", "draft"],
)
def test_the_plain_table_prints_the_same_words(name: str) -> None:
    paper, renderer = paper_of(*variants()[name]), Renderer()
    fast, plain = (words(renderer.render(paper, fast=fast).data) for fast in (True, False))
    assert Counter(fast.split()) == Counter(plain.split())


def test_markup_in_any_text_is_printed_as_it_was_typed() -> None:
    hostile = replace(s.line(0, ()), label=HOSTILE, detail=HOSTILE)
    snapshot = s.summed(
        s.french(
            seller=replace(s.FRENCH_SELLER, name=HOSTILE), buyer=replace(s.FRENCH_BUYER, name=HOSTILE),
            subject=HOSTILE, note=HOSTILE, mentions=(HOSTILE,), terms=(HOSTILE,),
        ),
        (hostile,),
    )  # fmt: skip
    assert packed(words(drawn(snapshot))).count(packed(paper_of(snapshot, Facts()).subject)) >= 8


def test_a_cell_cannot_begin_another_cell_row_or_part() -> None:
    assert cells(("a\tb\r\nc\u2029d", "e")) == "a b c d\te"
    paper = paper_of(s.french(1), Facts())
    for char in "\t\u2028\u2029\x00":
        with pytest.raises(RenderFailed, match=f"U.{ord(char):04X}"):
            render(replace(paper, mentions=(char,)))


@pytest.mark.parametrize("path", ["/etc/hostname", "/work", str(Path(__file__))])
def test_no_local_file_but_the_papers_own_can_be_read(path: str) -> None:
    with pytest.raises(ResourceAccessError):
        POLICY.check_path(path)


def test_nothing_is_fetched_from_elsewhere() -> None:
    with pytest.raises(ResourceAccessError):
        POLICY.check_url("https://paper.example/logo.png")


def test_the_head_is_repeated_on_each_page() -> None:
    assert all("Désignation Quantité Prix unitaire HT TVA Montant HT" in page for page in pages(drawn(s.french(150))))


def test_each_page_says_its_number_and_how_many_there_are() -> None:
    found = pages(drawn(s.french(150)))
    assert len(found) == 5
    assert all(f"Facture F2026-00042 · Page {number} / 5" in page for number, page in enumerate(found, 1))


@pytest.mark.parametrize("lines", range(1, 61))
def test_totals_never_stand_alone_on_a_page(lines: int) -> None:
    base = s.french(lines)
    named = tuple(replace(line, label=f"Ligne-{place:03}") for place, line in enumerate(base.lines))
    *_, last = pages(drawn(replace(base, lines=named)))
    assert "Net à payer" in last
    assert last.count("Ligne-") >= min(lines, 2)


def test_the_estimate_of_pages_is_mostly_right_and_always_corrected() -> None:
    missed = 0
    for lines in range(1, 121, 2):
        paper = paper_of(s.french(lines, MIXED, note=s.LONG if lines % 3 else ""), Facts())
        done = render(paper)
        assert f"Page {done.pages} / {done.pages}" in pages(done.data)[-1]
        missed += done.pages != plan(paper).pages
    assert missed <= 3


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=40), st.sampled_from(["a4", "letter"]))
def test_labels_of_any_length_are_printed_in_full(lengths: list[int], paper: str) -> None:
    base = s.french(len(lengths), paper=paper)
    labels = [(s.LONG * 3)[:length].strip() for length in lengths]
    named = tuple(replace(line, label=label) for line, label in zip(base.lines, labels, strict=True))
    done = render(paper_of(replace(base, lines=named), Facts()))
    assert f"/ {done.pages}" in pages(done.data)[0]
    assert packed(words(done.data)).count("Accompagnement"[: min(lengths)]) >= len(lengths)


def test_a_wrong_estimate_costs_one_more_pass_and_no_mistake() -> None:
    done = Renderer().render(paper_of(s.french(60), Facts()), pages=1)
    assert done.pages == 3
    assert "Page 1 / 3" in pages(done.data)[0]


def test_a_word_without_blanks_is_broken_and_kept() -> None:
    line = replace(s.line(0, (s.VAT_20,)), label="W" * 4000)
    assert words(drawn(s.summed(s.french(), (line,)))).count("W") >= 4000


def test_a_long_reference_stays_beside_the_buyers_address() -> None:
    data = drawn(s.french(), Facts(official_number="W" * 64, duplicate=True))
    parts: list[str] = []

    def note(text: str, *_where: object) -> None:
        parts.extend([text.strip()] if set(text.strip()) == {"W"} else [])

    reader(data).pages[0].extract_text(visitor_text=note)
    assert "".join(parts) == "W" * 128  # in the head and at the foot
    assert max(map(len, parts)) <= 32  # in lines that end before the address


def test_five_hundred_lines_render_and_more_are_refused() -> None:
    assert render(paper_of(s.french(500), Facts())).pages == 14
    with pytest.raises(RenderFailed, match="501 lines"):
        render(paper_of(s.french(501), Facts()))


def test_a_character_that_the_font_lacks_is_refused_by_name() -> None:
    with pytest.raises(RenderFailed, match=r"U\+1F600"):
        drawn(s.french(1, note="Merci \U0001f600"))


def test_all_text_is_drawn_in_embedded_fonts() -> None:
    drawn_in = set()

    def visit(text: str, *rest: object) -> None:
        font = rest[2]
        if text.strip() and isinstance(font, dict):
            drawn_in.add(font["/BaseFont"].split("+")[1])
            assert "/FontFile2" in font["/FontDescriptor"]

    for page in reader(drawn(s.french(60))).pages:
        page.extract_text(visitor_text=visit)
    assert drawn_in == {"LettrineSans-Regular", "LettrineSans-Bold"}


def test_the_same_paper_is_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib; from tests.documents import samples as s;"
        "from invoicing.documents.paper import *; from invoicing.documents.pdf import render;"
        "print(hashlib.sha256(render(paper_of(s.french(40), Facts())).data).hexdigest())"
    )
    first, second = drawn(s.french(40)), drawn(s.french(40))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert first == second
    assert done.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_threads_draw_the_same_bytes() -> None:
    found: list[bytes] = []
    workers = [threading.Thread(target=lambda: found.append(drawn(s.french(12)))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(found) == {drawn(s.french(12))}
    assert len(found) == 4


def test_title_author_and_language_are_in_the_metadata() -> None:
    read = reader(drawn(s.quebec(2, "en", subject="Membership")))
    assert (read.metadata.title, read.metadata.author) == ("Facture / Invoice F2026-00042", s.QUEBEC_SELLER.name)
    assert read.metadata.subject == "Membership"
    assert read.trailer["/Root"]["/Lang"] == "fr-CA"


def test_the_logo_keeps_its_proportions(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGB", (1200, 100), "#0b5563").save(logo)
    paper = paper_of(s.french(1), Facts())
    with_logo, without = render(paper, logo), render(paper)
    assert reader(with_logo.data).pages[0].images[0].image.size == (1200, 100)
    assert words(with_logo.data) == words(without.data)


def test_a_draft_is_marked_on_each_page_and_cannot_be_paid() -> None:
    found = pages(drawn(s.french(60), Facts(draft=True)))
    assert len(found) == 3
    assert not any("IBAN" in page or "F2026-00042" in page for page in found)


def test_long_terms_are_printed_once_under_the_totals() -> None:
    found = words(drawn(s.french(30, terms=(*s.FRENCH_TERMS * 12, "Dernière condition."))))
    assert found.count("Dernière condition.") == 1


def test_an_accent_that_is_no_colour_is_ignored() -> None:
    assert "Facture" in words(drawn(s.french(1, accent="url(x)")))


def test_a_template_of_ones_own_can_be_used(tmp_path: Path) -> None:
    folder = tmp_path / "pdf"
    folder.mkdir()
    source = Path(__file__).parents[2] / "templates" / "pdf"
    for file in source.iterdir():
        (folder / file.name).write_text(file.read_text().replace("</body>", "<p>Imprimé ici</p></body>"))
    paper = paper_of(s.french(1), Facts(Heading.invoice))
    assert "Imprimé ici" in words(Renderer(tmp_path).render(paper).data)
