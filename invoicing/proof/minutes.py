"""The minutes of a verification on paper. Its words come from the door, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.documents.pdf import drawn
from invoicing.proof.rules import Check
from invoicing.text import lacking

__all__ = ["Check", "Minutes", "render"]
LETTER: Final = ("fr_CA",)  # where paper has North America's size


@dataclass(frozen=True)
class Minutes:
    """What is printed: rows of (what, result, count), then the faults in full sentences."""

    language: str
    title: str
    organisation: str
    summary: str
    heads: tuple[str, str, str]
    rows: tuple[tuple[str, str, str], ...]
    faults_title: str
    faults: tuple[str, ...]
    foot: str

    @property
    def sheet(self) -> str:
        """The paper's size."""
        return "letter" if self.language in LETTER else "a4"


def render(minutes: Minutes) -> bytes:
    """The minutes as PDF. Raises RenderFailed."""
    texts = (minutes.organisation, *minutes.faults)
    unknown = dict.fromkeys(map(ord, lacking("".join(texts))), "?")  # of records that somebody has altered, too
    organisation = minutes.organisation.translate(unknown)
    facts = {"m": minutes, "organisation": organisation, "faults": [f.translate(unknown) for f in minutes.faults]}
    return drawn("proof.html", "proof.css", facts, {"title": minutes.title, "author": organisation})
