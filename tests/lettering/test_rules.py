"""What a reference is, and when two are the same: pure."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.errors import FieldFaults
from invoicing.invoices.models import Status
from invoicing.lettering import rules
from invoicing.lettering.rules import BadReference, fold, may_letter, read

FULL_WIDTH = {char: char + 0xFEE0 for char in range(0x21, 0x7F)} | {0x20: 0x3000}
BLANKS = (" ", "\t", "\u00a0", "\u2003", "\u202f", "\u3000")
plain = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)


def refused(text: str) -> str:
    with pytest.raises(BadReference) as refusal:
        read(text)
    return refusal.value.faults[0].code


@given(st.text(max_size=40))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_the_folded_form_is_normal_and_has_no_needless_blank(text: str) -> None:
    folded = fold(text)
    assert unicodedata.is_normalized("NFKC", folded)
    assert "  " not in folded and folded == folded.strip(" ")


@given(st.text(max_size=30))
def test_a_composed_and_a_decomposed_spelling_are_the_same(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)


@given(plain, plain, st.lists(st.sampled_from(BLANKS), min_size=1, max_size=3).map("".join))
def test_case_width_and_blanks_make_no_difference(one: str, other: str, blanks: str) -> None:
    usual = fold(f"{one} {other}")
    assert fold(f"{blanks}{one}{blanks}{other}{blanks}") == usual
    assert fold(f"{one} {other}".swapcase()) == usual
    assert fold(f"{one} {other}".translate(FULL_WIDTH)) == usual


@given(plain, plain)
def test_what_differs_in_more_than_that_stays_different(one: str, other: str) -> None:
    assert (fold(one) == fold(other)) == (one.lower() == other.lower())


def test_letters_that_case_changes_alone_would_miss_are_the_same() -> None:
    assert fold("Straße") == fold("STRASSE")
    assert fold("ﬁche №1") == fold("FICHE no1")


def test_the_typed_form_is_kept_with_its_case_and_one_blank() -> None:
    found = read("  FA\u00a0 2017\t0931 ")
    assert found is not None
    assert (found.typed, found.folded) == ("FA 2017 0931", "fa 2017 0931")


def test_nought_is_a_value_and_blanks_are_none() -> None:
    nought = read("0")
    assert nought is not None and nought.folded == "0"
    assert read("") is None and read(" \t\u00a0\r\n") is None


@pytest.mark.parametrize(
    "text",
    ["FA\u200b1", "FA\u00ad1", "FA\u202e1", "FA\x001", "FA\n1", "FA\u2028 1", "FA\u31641", "FA\ufe0f1", "\ud800",
     "\u0378", "\ue000", "\ufeffFA1"],
)  # fmt: skip
def test_what_cannot_be_seen_is_refused(text: str) -> None:
    assert refused(text) == "invisible"


def test_what_the_paper_cannot_draw_is_refused_by_name() -> None:
    with pytest.raises(BadReference) as refusal:
        read("発票 12")
    assert [(f.field, f.code, f.facts) for f in refusal.value.faults] == [
        ("reference", "no_glyph", {"characters": "発 票"})
    ]


def test_full_width_letters_are_drawn_as_plain_ones() -> None:
    found = read("ＦＡ１２")
    assert found is not None and found.typed == "ＦＡ１２"


def test_sixty_four_characters_of_the_folded_form_are_the_most() -> None:
    assert read("x" * 64) is not None
    assert refused("x" * 65) == "too_long"
    assert read("ß" * 32) is not None
    assert refused("ß" * 33) == "too_long"


def test_a_typed_form_too_long_for_its_column_is_refused() -> None:
    assert refused("x" + "\u0301" * 130) == "too_long"


@pytest.mark.parametrize("status", Status)
def test_only_what_is_really_an_invoice_is_lettered(status: Status) -> None:
    done, unpaid = status in ("paid", "complete"), status in ("pending", "partial")
    assert may_letter(status, True, letters_unpaid=False) is done
    assert may_letter(status, True, letters_unpaid=True) is (done or unpaid)
    assert not may_letter(status, False, letters_unpaid=True)


def test_a_reason_is_cleaned_and_has_its_bounds() -> None:
    assert rules.reason_of(" saisie  sur la\nmauvaise facture ", required=True) == "saisie sur la mauvaise facture"
    assert rules.reason_of("\u200b ", required=False) == ""
    for text, code in (("\u200b ", "required"), ("x" * 201, "too_long")):
        with pytest.raises(FieldFaults) as refusal:
            rules.reason_of(text, required=True)
        assert [(f.field, f.code) for f in refusal.value.faults] == [("reason", code)]
