"""« À lettrer »: the documents that wait for their reference, one after the other, from the keyboard (SPEC C11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from admin import bp
from admin.draft_fields import number as read_number
from admin.lettering import draw_due
from admin.lettering_box import Refusal
from invoicing.errors import FieldFaults, NotFound, Refused
from invoicing.lettering import work_list as waiting
from invoicing.lettering.accepting import accept
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.proposals import proposals
from invoicing.lettering.queries import last_change
from invoicing.lettering.rules import LetteringStale, LetteringTaken, read
from invoicing.lettering.service import letter
from invoicing.lettering.work_list import Band, Due, Wanted
from invoicing.numbering import Mode
from web import suggestions as said
from web.database import db, now, transaction
from web.errors import status_of
from web.rights import needs
from web.sessions import actor
from web.site import today
from web.words import _

AHEAD: Final = 8  # documents that follow, in sight
MODES: Final[dict[str, Mode | None]] = {
    "comptabilite": Mode.portal_reference, "ici": Mode.official, "toutes": None,
}  # fmt: skip
_TAKE: Final = re.compile(r"(\d{1,9}):(\d{1,9})")


@dataclass(frozen=True)
class Asked:
    """What the address says: which documents, of which age, and after which one to go on (0: from the first)."""

    official: str = "comptabilite"
    age: str = ""
    after: int = 0

    @classmethod
    def read(cls) -> Asked:
        """From the address; nonsense is ignored."""
        official, age = request.args.get("officielle", ""), request.args.get("age", "")
        after = read_number(request.args.get("apres", "")) or 0
        return cls(official if official in MODES else "comptabilite", age if age in set(Band) else "", after)

    @property
    def wanted(self) -> Wanted:
        """As the core has it."""
        return Wanted(MODES[self.official], Band(self.age) if self.age else None)

    def to(self, endpoint: str = "admin.work_list", **over: str | int) -> str:
        """The address, with something else in it."""
        values = {"official": self.official, "age": self.age, "after": self.after, **over}
        official = values["official"] if values["official"] != "comptabilite" else None
        return url_for(endpoint, officielle=official, age=values["age"] or None, apres=values["after"] or None)


@bp.get("/a-lettrer")
def work_list() -> ResponseReturnValue:
    """The next document that waits, with what files propose for it, and those that follow."""
    return _page(Asked.read())


@bp.post("/a-lettrer")
@needs("letter")
def work_letter() -> ResponseReturnValue:
    """Letters the document that was in sight and goes on; nothing typed passes over it."""
    asked, invoice_id = Asked.read(), read_number(request.form.get("invoice", "")) or 0
    due = waiting.document(db.session, invoice_id)
    if due is None:
        flash(_("Ce document n’existe pas. Rien n’a été changé."), "warn")
        return redirect(asked.to(), 303)
    typed = "" if "take" in request.form else request.form.get("reference", "")
    try:
        if "take" not in request.form and ("skip" in request.form or read(typed) is None):
            return redirect(asked.to(after=due.id), 303)
        change = _write(due, typed)
    except NotFound:
        flash(_("Cette proposition n’existe plus. Rien n’a été changé."), "warn")
        return redirect(asked.to(), 303)
    except Refused as refused:
        return _page(asked, due, Refusal(refused, typed)), status_of(refused)
    draw_due(due.id)
    _tell(due, change)
    return redirect(asked.to(), 303)


def _write(due: Due, typed: str) -> str | None:
    """One core call: the reference by now, None where the document bore it already."""
    seen, take = read_number(request.form.get("seen", "")), _TAKE.fullmatch(request.form.get("take", ""))
    if "take" in request.form and take is None:
        raise NotFound
    known = -1 if seen is None else seen
    change: LetteringChange | None
    with transaction() as session:
        if take:
            change = accept(session, actor(), now(), int(take[1]), int(take[2]), due.id, known)
        else:
            change = letter(session, actor(), now(), due.id, typed, known)
        return change.after if change else None


def _tell(due: Due, reference: str | None) -> None:
    address = url_for("admin.invoice", number=due.number)
    link = Markup('<a href="{}">{}</a>').format(address, due.number)
    if reference is None:
        flash(_("%(number)s portait déjà cette référence : il n’y avait rien à changer.", number=link), "info")
    else:
        flash(_("%(number)s lettrée : %(reference)s", number=link, reference=reference), "ok")


def _page(asked: Asked, due: Due | None = None, refusal: Refusal | None = None) -> str:
    """The page at a document: the next one, or after a refusal the same one again."""
    wanted, day = asked.wanted, today()
    last = waiting.document(db.session, asked.after) if asked.after else None
    queue = waiting.following(db.session, wanted, day, last.place if last else None, AHEAD + 1)
    current = due or next(iter(queue), None)
    piles = waiting.piles(db.session, wanted, day)
    shown = [piles[band] for band in Band if wanted.band in (None, band)]
    return render_template(
        "admin/work_list.html", asked=asked, piles=piles, band_names=_names(), total=sum(pile.count for pile in shown),
        sums=_sums(shown), every=sum(pile.count for pile in piles.values()), current=current,
        following=[each for each in queue if current is None or each.id != current.id][:AHEAD],
        place=waiting.before(db.session, wanted, day, current.place) + 1 if current else 0,
        proposals=proposals(db.session, current.id) if current else (), said=said, refusal=refusal,
        seen=_seen(current, refusal) if current else 0, hint=_hint(refusal),
    )  # fmt: skip


def _seen(current: Due, refusal: Refusal | None) -> int:
    """The last change that whoever types knows of: not one that gave a reference meanwhile, which is the list's end."""
    last = last_change(db.session, current.id)
    if refusal and last and last.after is not None:
        return read_number(request.form.get("seen", "")) or 0
    return last.id if last else 0


def _hint(refusal: Refusal | None) -> str:
    """What to do now."""
    if refusal is None or isinstance(refusal.refused, FieldFaults):
        return ""
    if isinstance(refusal.refused, LetteringTaken) and refusal.hint:
        return refusal.hint
    if isinstance(refusal.refused, LetteringStale) and refusal.refused.after is not None:
        return _("Passez à la suivante, ou ouvrez la facture pour changer sa référence.")
    return ""


def _names() -> Mapping[Band, str]:
    return {
        Band.over_90: _("Plus de 90 jours"), Band.over_60: _("61 à 90 jours"), Band.over_30: _("31 à 60 jours"),
        Band.recent: _("30 jours et moins"),
    }  # fmt: skip


def _sums(piles: list[waiting.Pile]) -> list[tuple[Any, int]]:
    """What they come to together, per currency, the most first."""
    found: dict[Any, int] = {}
    for pile in piles:
        for currency, cents in pile.sums.items():
            found[currency] = found.get(currency, 0) + cents
    return sorted(found.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
