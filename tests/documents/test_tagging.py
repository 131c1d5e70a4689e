"""The structure of a paper, read back as a screen reader does (PDF/UA-1, ISO 14289-1)."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from invoicing.documents.paper import Paper, paper_of
from invoicing.documents.pdf import Renderer, render
from invoicing.documents.qr import png
from tests.documents import samples as s
from tests.documents.gallery import variants
from tests.documents.reading import packed
from tests.documents.tagged import Node, Read, opened, read, tree

KINDS = sorted(variants())


@cache
def seen(name: str) -> tuple[Paper, Read, Node, bytes]:
    """One variant as it is read."""
    paper = paper_of(*variants()[name])
    data = render(paper).data
    with opened(data) as pdf:
        return paper, read(pdf), tree(pdf), data


def of_role(node: Node, role: str) -> list[Node]:
    return [each for each in node.walk() if each.role == role]


@pytest.mark.parametrize("name", KINDS)
def test_whatever_is_drawn_is_content_or_an_artifact(name: str) -> None:
    _, found, _, _ = seen(name)
    assert (found.loose, found.unbalanced) == ([], [])


@pytest.mark.parametrize("name", KINDS)
def test_every_mark_belongs_to_one_element_and_its_page_says_to_which(name: str) -> None:
    _, found, document, data = seen(name)
    marks = [mark for node in document.walk() for mark in node.marks]
    assert Counter(marks) == Counter(found.drawn)
    with opened(data) as pdf:
        numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
        owners = {int(numbers[n]): numbers[n + 1] for n in range(0, len(numbers), 2)}
        told = {(page, n): owner.objgen for page, row in owners.items() for n, owner in enumerate(row)}
        assert [page.StructParents for page in pdf.pages] == sorted(owners)
    assert told == {mark: node.known_as for node in document.walk() for mark in node.marks}


@pytest.mark.parametrize("name", KINDS)
def test_read_aloud_the_paper_says_everything_in_order(name: str) -> None:
    paper, found, document, _ = seen(name)
    said, place = packed(document.said(found)), 0
    rows = [text for row in paper.rows for text in (row.label, *row.details, *paper.cells(row)[1:])]
    sums = [text for one in (*paper.sums, paper.grand) for text in (one.label, one.detail, one.amount)]
    pay = [text for fact in paper.pay for text in (fact.label, fact.value)]
    facts = [text for fact in paper.facts for text in (fact.label, fact.value)]
    expected = [
        paper.seller.name, *paper.seller.lines, paper.title, *facts, paper.buyer_label, paper.buyer.name,
        *paper.buyer.lines, *paper.headlines, paper.subject, *paper.notes, *paper.columns, *rows, *sums,
        *paper.mentions, *pay,
    ]  # fmt: skip
    for text in map(packed, expected):
        assert text in said[place:], text
        place = said.index(text, place) + len(text)
    assert packed(" ".join(paper.terms)) in said
    assert packed(paper.identity) in said[place:]


@pytest.mark.parametrize("name", KINDS)
def test_no_word_is_glued_to_the_next_where_a_line_ends(name: str) -> None:
    paper, found, document, _ = seen(name)
    parties = [text for block in (paper.seller, paper.buyer) for text in (block.name, *block.lines)]
    facts = [text for fact in (*paper.facts, *paper.pay) for text in (fact.label, fact.value)]
    rows = [text for row in paper.rows for text in (row.label, *row.details)]
    texts = [*parties, *facts, *rows, *paper.headlines, *paper.notes, *paper.mentions, *paper.terms, paper.grand.label]
    assert {word for text in texts for word in text.split()} - set(document.said(found).split()) == set()


@pytest.mark.parametrize("name", KINDS)
def test_only_what_runs_on_every_page_is_left_out(name: str) -> None:
    paper, found, _, _ = seen(name)
    runs = {*paper.columns, paper.reference, paper.seller.name, paper.identity, *paper.terms, paper.words.page}
    known = packed(" ".join(runs))
    for text in found.artifacts:
        for word in text.replace("·", " ").replace("/", " ").split():
            assert word.isdigit() or word in known, text


@pytest.mark.parametrize("name", ["fr1", "fr150", "qc-en", "credit", "draft"])
def test_the_table_has_one_row_per_line_and_heads_that_say_so(name: str) -> None:
    paper, found, document, _ = seen(name)
    (table,) = of_role(document, "Table")
    head, body = table.kids
    assert [cell.said(found).split() for cell in of_role(head, "TH")] == [text.split() for text in paper.columns]
    assert {cell.about["/Scope"] for cell in of_role(head, "TH")} == {"/Column"}
    rows = [[packed(cell.said(found)) for cell in row.kids] for row in body.kids]
    assert [row[1:] for row in rows] == [list(map(packed, paper.cells(row)[1:])) for row in paper.rows]


def test_a_row_that_goes_on_overleaf_stays_one_row() -> None:
    base = s.french(2)
    long = tuple(s.line(place, (s.VAT_20,), s.LONG * 12) for place in range(3))
    with opened(render(paper_of(s.summed(base, long), variants()["fr1"][1])).data) as pdf:
        found, document = read(pdf), tree(pdf)
        (body,) = of_role(document, "TBody")
        assert len(pdf.pages) > 1
        assert packed(body.kids[0].kids[0].said(found)).count(packed(s.LONG)) == 12
    assert len(body.kids) == 3


def test_totals_and_ways_to_pay_are_lists_of_labels_and_what_they_label() -> None:
    paper, found, document, _ = seen("rates")
    totals, pay = of_role(document, "L")
    items = [[packed(part.said(found)) for part in item.kids] for item in totals.kids]
    assert items == [[packed(one.label), packed(one.amount)] for one in (*paper.sums, paper.grand)]
    ways = [[packed(part.said(found)) for part in item.kids] for item in pay.kids]
    assert ways == [[packed(fact.label), packed(fact.value)] for fact in paper.pay]


def test_pictures_have_words_and_a_box(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(png("F2026-00042"))
    with opened(render(paper_of(*variants()["fr1"]), logo).data) as pdf:
        told = [node.about for node in of_role(tree(pdf), "Figure")]
    assert [each["/Alt"] for each in told] == [s.FRENCH_SELLER.name, "Code QR de virement"]
    left, bottom, right, top = map(float, told[1]["/BBox"].split())
    assert (round(right - left), round(top - bottom)) == (71, 71)  # 25 mm


def test_one_title_one_language_and_the_other_where_it_is_spoken() -> None:
    _, found, document, data = seen("qc-en")
    (title,) = of_role(document, "H1")
    english = [node for node in document.walk() if node.role == "P" and "due by" in node.said(found)]
    assert "Invoice" in title.said(found)
    with opened(data) as pdf:
        assert str(pdf.Root.Lang) == "fr-CA"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert all(str(page.Tabs) == "/S" for page in pdf.pages)
    spoken = [node.about["/Lang"] for node in document.walk() if "/Lang" in node.about]
    assert (len(english), spoken) == (1, ["en"])


def test_long_papers_have_bookmarks_to_title_lines_and_total() -> None:
    with opened(seen("fr150")[3]) as pdf:
        pages = [page.obj.objgen for page in pdf.pages]
        first = pdf.Root.Outlines.First
        told = []
        while first is not None:
            told.append((str(first.Title), pages.index(first.Dest[0].objgen)))
            first = first.get("/Next")
    assert told == [("Facture F2026-00042", 0), ("Désignation", 0), ("Net à payer", 4)]
    with opened(seen("fr1")[3]) as pdf:
        assert "/Outlines" not in pdf.Root


def test_plain_tables_claim_no_structure() -> None:
    data = Renderer().render(paper_of(*variants()["fr1"]), fast=False).data
    with opened(data) as pdf:
        assert "/StructTreeRoot" not in pdf.Root
        assert b"pdfuaid" not in pdf.Root.Metadata.read_bytes()
