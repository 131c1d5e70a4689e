"""The press of an installation. It loads the libraries of PDF and XML: only who draws pays for them."""

from __future__ import annotations

from functools import partial

from invoicing.documents.facturx.making import checked_xml
from invoicing.documents.making import Press
from invoicing.documents.pdf import render


def press(*, schematron: bool) -> Press:
    """Draws papers with the templates of this installation; `schematron`: an XML is also held against the rules of
    EN 16931 before it is archived, which takes about a second.
    """
    return Press(render, partial(checked_xml, schematron=schematron))
