"""A structured invoice that has been checked: the way in for whoever archives documents."""

from __future__ import annotations

from invoicing.documents.desk import Facts
from invoicing.documents.facturx.checking import FacturXInvalid, check
from invoicing.documents.facturx.matter import Matter, matter_of
from invoicing.documents.facturx.reform import unmet
from invoicing.documents.facturx.schematron import failures
from invoicing.documents.facturx.writing import written
from invoicing.documents.snapshot import Snapshot


def checked_xml(snapshot: Snapshot, facts: Facts, *, schematron: bool) -> bytes | None:
    """The document for machines, valid by its schema; with `schematron` also by the rules of EN 16931 and BR-FR.

    None as `writing.xml_of` says. Refuses FacturXInvalid; what the document can't meet without a lie is no fault.
    """
    at = matter_of(snapshot, facts)
    if at is None:
        return None
    xml = written(at)
    check(xml)
    if schematron:
        _check_rules(at, xml)
    return xml


def _check_rules(at: Matter, xml: bytes) -> None:
    excused = unmet(at)
    broken = [found for found in failures(xml) if found.is_fatal and found.id not in excused]
    if broken:
        raise FacturXInvalid(*(f"{found.id}: {found.text} ({found.location})" for found in broken))
