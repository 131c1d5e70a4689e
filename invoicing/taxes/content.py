"""What the forms of taxes, dated rates and tax sets say, as typed, and what is wrong in it: pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from invoicing.customers.rules import text_faults
from invoicing.days import NotADate, read_date
from invoicing.errors import Fault, FieldFaults
from invoicing.legal.mentions import exemptions
from invoicing.money import NotANumber, read_scaled
from invoicing.sellers.models import Region
from invoicing.text import clean

CODE_MAX: Final = {"tax": 16, "set": 24}
PLACES: Final = 3  # of taxes in one set
_FULL: Final = 100_000  # 100 % as rate_e5


@dataclass(frozen=True)
class TaxContent:
    """A tax's form; a new one says its code, region and first rate too."""

    label_fr: str
    label_en: str = ""
    code: str = ""
    region: str = ""
    rate: str = ""
    valid_from: str = ""
    active: bool = True


@dataclass(frozen=True)
class RateContent:
    """A new dated rate, as typed: per cent, and its first day."""

    rate: str
    valid_from: str


@dataclass(frozen=True)
class SetContent:
    """A tax set's form; `members` are numbers of taxes in the order of printing, empty ones passed over."""

    label_fr: str
    label_en: str = ""
    code: str = ""
    region: str = ""
    members: tuple[str, ...] = ()
    exemption: str = ""
    mention_fr: str = ""
    mention_en: str = ""
    active: bool = True


def read_tax(content: TaxContent) -> dict[str, Any]:
    """Labels (the French one serves for both) and whether it is in use; refuses with every fault at once."""
    values, faults = _labels(content, 40)
    if faults:
        raise FieldFaults(faults)
    return values | {"active": content.active}


def read_new_tax(content: TaxContent) -> tuple[dict[str, Any], int, date]:
    """Values by column, rate and first day of a tax that isn't there yet; refuses with every fault at once."""
    values, faults = _labels(content, 40)
    values |= _code(content, "tax", faults) | {"region": content.region}
    if content.region not in tuple(Region):
        faults.append(Fault("region", "choose"))
    rate, day = _rate(content.rate, faults), _first_day(content.valid_from, faults)
    if faults or day is None:
        raise FieldFaults(faults)
    return values | {"region": Region(content.region)}, rate, day


def read_rate(content: RateContent) -> tuple[int, date]:
    """The fraction × 10⁵ and the first day; refuses with every fault at once."""
    faults: list[Fault] = []
    rate, day = _rate(content.rate, faults), _first_day(content.valid_from, faults)
    if faults or day is None:
        raise FieldFaults(faults)
    return rate, day


def read_set(content: SetContent, region: Region | None, taxes: Mapping[int, str]) -> dict[str, Any]:
    """Values by column, `members` among them as numbers; `region` None for a new set.

    `taxes` is what it may hold, each with its printed name.

    Refuses with every fault at once.
    """
    values, faults = _labels(content, 60)
    if region is None:
        values |= _code(content, "set", faults)
        if content.region not in tuple(Region):
            raise FieldFaults([*faults, Fault("region", "choose")])
        values["region"] = region = Region(content.region)
    values["members"] = members = _members(content.members, taxes, faults)
    if region is Region.FR and not faults:
        faults += _same_name([taxes[number] for number in members])
    values |= _reason(content, region, bool(values["members"]), faults) | {"active": content.active}
    if faults:
        raise FieldFaults(faults)
    return values


def _labels(content: TaxContent | SetContent, most: int) -> tuple[dict[str, Any], list[Fault]]:
    french = clean(content.label_fr)
    english = clean(content.label_en) or french
    faults = text_faults("label_fr", french, most) + text_faults("label_en", english, most)
    if not french:
        faults.append(Fault("label_fr", "required"))
    return {"label_fr": french, "label_en": english}, faults


def _code(content: TaxContent | SetContent, kind: str, faults: list[Fault]) -> dict[str, Any]:
    code = clean(content.code).upper()
    if not re.fullmatch(f"[A-Z0-9_]{{2,{CODE_MAX[kind]}}}", code):
        faults.append(Fault("code", "bad_tax_code", {"most": CODE_MAX[kind]}))
    return {"code": code}


def _rate(text: str, faults: list[Fault]) -> int:
    value = {"value": clean(text)[:40]}
    try:
        rate = _percent(text)
    except NotANumber:
        faults.append(Fault("rate", "bad_rate" if text.strip() else "bad_rate_empty", value))
        return 0
    if not 0 <= rate <= _FULL:
        faults.append(Fault("rate", "bad_rate", value))
    return rate


def _percent(text: str) -> int:
    """« 9,975 » has three decimals like the law, never thousands: the rate × 10³."""
    plain = clean(text).removesuffix("%").strip()
    if found := re.fullmatch(r"([0-9]{1,3})[.,]([0-9]{3})", plain):
        return int(found[1] + found[2])
    return read_scaled(plain, 3)


def _first_day(text: str, faults: list[Fault]) -> date | None:
    if not clean(text):
        faults.append(Fault("valid_from", "from_required"))
        return None
    try:
        day = read_date(text)
    except NotADate:
        day = None
    if day is None or not 1990 <= day.year <= 2100:
        faults.append(Fault("valid_from", "bad_date", {"value": clean(text)[:40]}))
        return None
    return day


def _members(typed: tuple[str, ...], taxes: Collection[int], faults: list[Fault]) -> tuple[int, ...]:
    known, found = {str(number): number for number in taxes}, []
    for place, text in enumerate(typed):
        if text and text not in known:
            faults.append(Fault(f"member-{place}", "choose"))
        elif text and known[text] in found:
            faults.append(Fault(f"member-{place}", "member_twice"))
        elif text:
            found.append(known[text])
    return tuple(found)


def _same_name(names: list[str]) -> list[Fault]:
    """A base bears one rate of a tax: « TVA 20 % + TVA 10 % » would tax it twice."""
    folded = [name.casefold() for name in names]
    return [Fault(f"member-{place}", "same_tax", {"label": name}) for place, name in enumerate(names)
            if name.casefold() in folded[:place]]  # fmt: skip


def _reason(content: SetContent, region: Region, taxed: bool, faults: list[Fault]) -> dict[str, Any]:
    """Why there is no tax: a text of the law, or words of one's own; neither where there is one."""
    french, english = clean(content.mention_fr), clean(content.mention_en)
    faults += text_faults("mention_fr", french, 300) + text_faults("mention_en", english, 300)
    if content.exemption and content.exemption not in {key for key, _fr, _en in exemptions(region)}:
        faults.append(Fault("exemption", "choose"))
    elif taxed and (content.exemption or french or english):
        faults.append(Fault("exemption", "reason_with_taxes"))
    elif content.exemption and (french or english):
        faults.append(Fault("exemption", "mention_or_exemption"))
    elif english and not french:
        faults.append(Fault("mention_fr", "mention_french"))
    return {"exemption": content.exemption, "mention_fr": french, "mention_en": english}
