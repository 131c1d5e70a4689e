"""What the pages of taxes show and send: rows, forms as typed, and the words for what still uses a tax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import saving
from admin.seller_forms import REGIONS
from invoicing.legal.mentions import exemptions
from invoicing.sellers.models import Region, Seller
from invoicing.taxes import changes, queries, rates
from invoicing.taxes.content import PLACES, RateContent, SetContent, TaxContent
from invoicing.taxes.models import Tax, TaxRate, TaxSet
from web.database import db
from web.filters import rate as written
from web.site import today
from web.words import _, language, ngettext

TAX_TEXTS: Final = ("code", "label_fr", "label_en", "region", "rate", "valid_from")
SET_TEXTS: Final = ("code", "label_fr", "label_en", "region", "exemption", "mention_fr", "mention_en")


def rate_of(tax: Tax, day: date) -> TaxRate | None:
    """The rate that holds on a day."""
    return next((rate for rate in tax.rates if rate.valid_from <= day <= (rate.valid_to or date.max)), None)


def told(row: TaxSet) -> str:
    """The taxes of a set with their rates of today, or why there is none."""
    return " + ".join(named(member.tax) for member in row.members) or reason(row)


def reason(row: TaxSet) -> str:
    """Why lines of this set bear no tax, as the reader's own language has it."""
    english = language() == "en"
    known = {key: (en if english else fr) for key, fr, en in exemptions(row.region)}
    return known.get(row.exemption, "") or (row.mention_en if english and row.mention_en else row.mention_fr)


def tax_facts(tax: Tax) -> dict[str, Any]:
    """What the page of one tax shows beside its forms."""
    sellers: Sequence[tuple[Seller, str]] = queries.registered(db.session, tax.id)
    return {
        "tax": tax, "current": rate_of(tax, today()), "region": _(REGIONS[tax.region]), "sellers": sellers,
        "uses": uses(queries.uses_of_tax(db.session, tax.id)), "droppable": _droppable(tax),
    }  # fmt: skip


def _droppable(tax: Tax) -> int | None:
    """The last rate, if it may be taken back."""
    last = tax.rates[-1] if tax.rates else None
    return last.id if last and rates.why_it_stays(db.session, tax, last) is None else None


def uses(found: dict[str, int]) -> list[str]:
    """What has a tax or a set, in words; lines of documents are told as documents."""
    return [said(by, count) for by, count in found.items() if count and (by != "lines" or "items" in found)]


def said(by: str, count: int) -> str:
    """« 3 lignes » and the like."""
    words = {
        "documents": lambda: ngettext("%(num)s document", "%(num)s documents", count),
        "lines": lambda: ngettext("%(num)s ligne de facture", "%(num)s lignes de factures", count),
        "sets": lambda: ngettext("%(num)s choix de taxes", "%(num)s choix de taxes", count),
        "registrations": lambda: ngettext(
            "%(num)s inscription d’un vendeur", "%(num)s inscriptions de vendeurs", count
        ),
        "items": lambda: ngettext("%(num)s article de catalogue", "%(num)s articles de catalogue", count),
    }
    return words[by]()


def tax_typed() -> dict[str, Any]:
    """A tax's form as sent; a box that wasn't sent is off."""
    return {name: request.form.get(name, "") for name in TAX_TEXTS} | {"active": request.form.get("active") == "1"}


def tax_values(tax: Tax) -> dict[str, Any]:
    """What a tax's record says."""
    return {"label_fr": tax.label_fr, "label_en": tax.label_en, "active": tax.active}


def tax_content(values: dict[str, Any]) -> TaxContent:
    """What was typed, for the core to read."""
    return TaxContent(**values)


def rate_typed() -> dict[str, str]:
    """The form of a new rate as sent."""
    return {name: request.form.get(name, "") for name in ("rate", "valid_from")}


def rate_content(values: dict[str, str]) -> RateContent:
    """What was typed, for the core to read."""
    return RateContent(**values)


def set_typed() -> dict[str, Any]:
    """A set's form as sent."""
    members = tuple(request.form.get(f"member-{place}", "") for place in range(PLACES))
    texts = {name: request.form.get(name, "") for name in SET_TEXTS}
    return texts | {"members": members, "active": request.form.get("active") == "1"}


def set_blank() -> dict[str, Any]:
    """A new set, in France as long as nothing else is chosen."""
    return dict.fromkeys(SET_TEXTS, "") | {"region": Region.FR.value, "members": ("",) * PLACES, "active": True}


def set_values(row: TaxSet) -> dict[str, Any]:
    """What a set's record says."""
    members = [str(member.tax_id) for member in row.members]
    texts = {name: getattr(row, name) for name in SET_TEXTS}
    return texts | {"members": tuple(members + [""] * (PLACES - len(members))), "active": row.active}


def set_content(values: dict[str, Any]) -> SetContent:
    """What was typed, for the core to read."""
    return SetContent(**values)


def set_choices(row: TaxSet | None) -> dict[str, Any]:
    """What a set's form offers: taxes and reasons of its region; of both regions while there is none."""
    regions = [row.region] if row is not None else list(Region)
    kept = {member.tax_id for member in row.members} if row is not None else set()
    taxes = [tax for tax in queries.all_taxes(db.session) if tax.region in regions and (tax.active or tax.id in kept)]
    place = 2 if language() == "en" else 1
    return {
        "region_names": [(region.value, _(name)) for region, name in REGIONS.items()],
        "taxes": [("", _("aucune"))] + [(tax.id, _tax_name(tax)) for tax in taxes],
        "reasons": [("", _("aucun"))] + [(text[0], text[place]) for region in regions for text in exemptions(region)],
        "ranks": (_("Première taxe"), _("Deuxième taxe"), _("Troisième taxe")),
    }  # fmt: skip


def _tax_name(tax: Tax) -> str:
    return f"{named(tax)} ({tax.code})"


def named(tax: Tax) -> str:
    """« TVA 20 % »: the tax with its rate of today."""
    rate = rate_of(tax, today())
    return f"{tax.label(language())} {written(rate.rate_e5)}" if rate else tax.label(language())


def ask_delete(row: Tax | TaxSet, back: str, work: Callable[[Session], object]) -> ResponseReturnValue:
    """Asks before a tax or a choice goes; says what still uses it."""
    label = row.label(language())

    def check() -> None:
        if why := changes.why_it_stays(db.session, row):
            raise why

    return saving.delete(
        label, check, work, (changes.StillUsed, changes.OfReference), url_for("admin.taxes"),
        lambda why: render_template("admin/tax_delete.html", label=label, back=back, refused=why),
    )  # fmt: skip
