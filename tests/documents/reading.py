"""Reads a PDF back as people would."""

from __future__ import annotations

import io

from pypdf import PdfReader


def reader(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data))


def pages(data: bytes) -> list[str]:
    """The text of each page, blanks evened out."""
    return [" ".join(page.extract_text().split()) for page in reader(data).pages]


def words(data: bytes) -> str:
    """All text in one line."""
    return " ".join(pages(data))


def packed(text: str) -> str:
    """The text without any blank, for what may be wrapped."""
    return "".join(text.split())
