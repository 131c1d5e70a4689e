"""Reads one row of a list of customers. Pure (SPEC A7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from invoicing.customers.models import Customer, CustomerKind
from invoicing.customers.rules import CustomerContent, check, text_faults
from invoicing.errors import Fault, FieldFaults
from invoicing.imports.headings import Record
from invoicing.search import fold
from invoicing.text import clean

HEADINGS: Final = {  # column → its possible headings, in the form that `headings.plain` gives them
    "last_name": ("nom", "nom de famille", "last name", "lastname", "surname", "name"),
    "first_name": ("prenom", "first name", "firstname", "given name"),
    "organisation_name": ("organisation", "structure", "raison sociale", "societe", "entreprise", "organization",
                          "company", "institution", "etablissement"),
    "kind": ("type", "nature", "kind"),
    "email": ("e mail", "email", "mail", "courriel", "adresse e mail", "adresse email", "adresse courriel"),
    "phone": ("telephone", "tel", "phone", "mobile", "portable"),
    "street": ("adresse", "rue", "adresse postale", "address", "street"),
    "postcode": ("code postal", "cp", "zip", "postcode", "postal code", "zip code"),
    "city": ("ville", "commune", "city", "town"),
    "province": ("province", "etat", "state"),
    "country": ("pays", "country"),
    "member_number": ("numero de membre", "n de membre", "no de membre", "numero membre", "n membre", "membre n",
                      "numero d adherent", "n d adherent", "numero adherent", "n adherent", "member number",
                      "membership number", "member no"),
    "standing": ("statut", "membre", "adherent", "status", "member", "standing"),
    "language": ("langue", "language"),
    "professional": ("professionnel", "pro", "professional", "business"),
    "siren": ("siren", "n siren", "numero siren"),
    "vat_number": ("tva", "n tva", "numero de tva", "n de tva", "tva intracommunautaire", "numero tva", "vat",
                   "vat number"),
}  # fmt: skip
NAMES: Final = ("last_name", "first_name", "organisation_name")
_YES: Final = frozenset({"oui", "o", "yes", "y", "1", "true", "vrai", "x", "pro", "professionnel", "professional"})
_NO: Final = frozenset({"", "non", "n", "no", "0", "false", "faux", "particulier", "individual"})
_MEMBER: Final = _YES - {"pro", "professionnel", "professional"} | {"membre", "member", "adherent", "adherente"}
_CONTACT: Final = frozenset({"", "non", "n", "no", "0", "false", "faux", "contact"})
_LANGUAGES: Final = {"fr": "fr_FR", "fr fr": "fr_FR", "francais": "fr_FR", "french": "fr_FR", "fr ca": "fr_CA",
                     "francais quebec": "fr_CA", "francais canada": "fr_CA", "en": "en", "en us": "en", "en gb": "en",
                     "en ca": "en", "anglais": "en", "english": "en"}  # fmt: skip
_KINDS: Final = {"personne": CustomerKind.person, "person": CustomerKind.person, "individu": CustomerKind.person,
                 "particulier": CustomerKind.person, "organisation": CustomerKind.organisation,
                 "organization": CustomerKind.organisation, "structure": CustomerKind.organisation,
                 "entreprise": CustomerKind.organisation, "company": CustomerKind.organisation}  # fmt: skip
COUNTRIES: Final = {
    "france": "FR", "canada": "CA", "belgique": "BE", "belgium": "BE", "suisse": "CH", "switzerland": "CH",
    "luxembourg": "LU", "allemagne": "DE", "germany": "DE", "espagne": "ES", "spain": "ES", "italie": "IT",
    "italy": "IT", "royaume uni": "GB", "uk": "GB", "united kingdom": "GB", "etats unis": "US", "united states": "US",
    "maroc": "MA", "tunisie": "TN", "algerie": "DZ", "senegal": "SN", "portugal": "PT", "pays bas": "NL",
}  # fmt: skip


class Verdict(StrEnum):
    """What becomes of a row."""

    contact = "contact"
    member = "member"
    update = "update"
    unchanged = "unchanged"
    alike = "alike"  # nobody is made twice, and nobody is changed on the strength of a name
    duplicate = "duplicate"
    faults = "faults"
    refused = "refused"


COMES_IN: Final = frozenset({Verdict.contact, Verdict.member, Verdict.update, Verdict.unchanged})


@dataclass(frozen=True)
class Said:
    """What one row says, exact. `given` are the columns that hold something: an update changes only those."""

    content: CustomerContent
    given: tuple[str, ...]
    member_number: str = ""
    is_member: bool = False

    @property
    def sort_name(self) -> str:
        """The name as lists sort it."""
        own = f"{self.content.last_name} {self.content.first_name}"
        return fold(self.content.organisation_name if self.content.kind == CustomerKind.organisation else own)[:200]

    @property
    def subject(self) -> str:
        """The name as people write it."""
        c = self.content
        return f"{c.first_name} {c.last_name}".strip() if c.kind == CustomerKind.person else c.organisation_name


def word(text: str) -> str:
    """A word as the lists above have it."""
    return re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()


def country_of(text: str, usual: str) -> str:
    """The country's two letters, from them or from its name; the usual one for nothing; "" for anything else."""
    if (known := COUNTRIES.get(word(text))) is not None:
        return known
    return text.upper() if re.fullmatch(r"[A-Za-z]{2}", text) else "" if text else usual


def read(record: Record, country: str, language: str) -> Said:
    """The row, exact; `country` and `language` where it says none. Refuses with every fault at its field."""
    values = {name: clean(record[name], lines=name == "street") for name in HEADINGS}
    faults: list[Fault] = []
    number, is_member = values["member_number"], _one_of("standing", values, _MEMBER, _CONTACT, faults)
    faults += text_faults("member_number", number, 32)
    content = CustomerContent(
        kind=_kind(values, faults), country=country_of(values["country"], country),
        language=_language(values, language, faults), professional=_one_of("professional", values, _YES, _NO, faults),
        **{name: values[name] for name in _PLAIN},  # type: ignore[arg-type]  # only texts
    )  # fmt: skip
    given = tuple(name for name in asdict(content) if values.get(name))
    return Said(check(content, tuple(faults)), given, number, is_member or bool(number))


_PLAIN: Final = ("first_name", "last_name", "organisation_name", "email", "phone", "street", "postcode", "city",
                 "province", "siren", "vat_number")  # fmt: skip


def _kind(values: Mapping[str, str], faults: list[Fault]) -> str:
    """As the row says, else a person where one is named."""
    told = word(values["kind"])
    if told and told not in _KINDS:
        faults.append(Fault("kind", "choose"))
    is_person = bool(values["first_name"] or values["last_name"]) or not values["organisation_name"]
    return _KINDS.get(told, CustomerKind.person if is_person else CustomerKind.organisation)


def _language(values: Mapping[str, str], usual: str, faults: list[Fault]) -> str:
    told = word(values["language"])
    if told and told not in _LANGUAGES:
        faults.append(Fault("language", "choose"))
    return _LANGUAGES.get(told, usual)


def _one_of(name: str, values: Mapping[str, str], yes: frozenset[str], no: frozenset[str], faults: list[Fault]) -> bool:
    told = word(values[name])
    if told not in yes and told not in no:
        faults.append(Fault(name, "not_yes_or_no", {"value": values[name][:40]}))
    return told in yes


def changed(customer: Customer, said: Said) -> tuple[str, ...]:
    """The fields that the row gives and that differ from the record."""
    return tuple(name for name in said.given if getattr(customer, name) != getattr(said.content, name))


def content_after(customer: Customer, said: Said) -> CustomerContent:
    """The record as the row leaves it: what it doesn't give stays."""
    kept = {name: getattr(customer, name) for name in asdict(said.content)}
    return CustomerContent(**(kept | {name: getattr(said.content, name) for name in said.given}))


def faults_json(refused: FieldFaults) -> list[dict[str, Any]]:
    """The faults as a row keeps them."""
    return [{"field": f.field, "code": f.code, "facts": dict(f.facts)} for f in refused.faults]
