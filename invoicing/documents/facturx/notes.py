"""Notes of a structured invoice: the page's sentences, each by its subject, and how the reform treats the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from invoicing.documents.facturx.markup import group, leaf
from invoicing.documents.facturx.matter import Matter
from invoicing.documents.facturx.reform import treatment_of

GENERAL, REGULATORY, TREATMENT = "AAI", "REG", "BAR"  # UNTDID 4451
# Obliged to be there (BR-FR-05) where the page has none: consumers, credit notes.
_WITHOUT: Final = {
    "PMT": (
        "Sans objet : ce document ne prévoit pas d’indemnité forfaitaire pour frais de recouvrement.",
        "Not applicable: this document provides for no fixed compensation for recovery costs.",
    ),
    "PMD": (
        "Sans objet : ce document ne prévoit pas de pénalités de retard.",
        "Not applicable: this document provides for no late payment penalties.",
    ),
    "AAB": (
        "Sans objet : ce document ne prévoit pas d’escompte.",
        "Not applicable: this document provides for no discount for early payment.",
    ),
}


def notes(at: Matter) -> str:
    """BG-1 of the document."""
    found = [*_said(at), *_terms(at), (TREATMENT, treatment_of(at))]
    return "\n".join(
        group("IncludedNote", leaf("Content", text), leaf("SubjectCode", code)) for code, text in found if text
    )


def _said(at: Matter) -> Iterator[tuple[str, str]]:
    """What the page says outside its table and has no element of its own."""
    page, words = at.page, at.page.words
    yield GENERAL, page.mark
    if page.subject:
        yield GENERAL, f"{words.subject}{words.colon}{page.subject}"
    labels = {words.corrects, words.corrects_order, words.request_number, words.cheque_to, words.interac_to}
    said = (fact for fact in (*page.facts, *page.pay) if fact.label in labels)
    yield from ((GENERAL, f"{fact.label}{words.colon}{fact.value}") for fact in said)
    yield from ((GENERAL, text) for text in page.notes)
    yield from ((REGULATORY, text) for text in page.mentions)


def _terms(at: Matter) -> Iterator[tuple[str, str]]:
    """The terms by their subjects; where one is missing, that there is none."""
    coded = {at.desk.typed(text): code for code, text in at.snapshot.coded_terms}
    left = dict(_WITHOUT)
    for text in at.page.terms:
        code = coded.get(text, REGULATORY)
        yield code, text
        left.pop(code, None)
    english = at.page.words.locale.startswith("en")
    yield from ((code, texts[english]) for code, texts in left.items())
