"""The Lettrage box of an invoice's page: what it says in each state, and what a refusal adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from flask import url_for
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select

from admin.texts import by_whom
from invoicing.accounts.models import User
from invoicing.errors import FieldFaults, Refused
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.rules import may_be_paid
from invoicing.journal import ActorKind
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.queries import last_change
from invoicing.lettering.rules import LetteringBusy, LetteringStale, LetteringTaken, NotLetterable
from invoicing.lettering.service import may_letter
from web.database import db
from web.errors import register, sentence
from web.faults import by_field
from web.filters import short_datetime
from web.words import _

_CLOSED: Final[dict[Status, tuple[Callable[[], str], Callable[[], str]]]] = {  # why not, and the way out
    Status.draft: (
        lambda: _("Pas encore possible : cette commande n’est pas achevée."),
        lambda: _("Elle se lettre une fois passée et payée ; sa boutique nous le dit.")),
    Status.placed: (
        lambda: _("Pas encore possible : le paiement de cette commande n’est pas confirmé."),
        lambda: _("On ne lettre que ce qui est réalisé ou payé. Enregistrez le paiement, et la case s’ouvre.")),
    Status.pending: (
        lambda: _("Pas encore possible : cette facture est en attente de paiement."),
        lambda: _("On ne lettre que ce qui est réalisé ou payé. Enregistrez le paiement, et la case s’ouvre.")),
    Status.partial: (
        lambda: _("Pas encore possible : cette facture n’est payée qu’en partie."),
        lambda: _("On ne lettre que ce qui est réalisé ou payé. Enregistrez le reste, et la case s’ouvre.")),
    Status.failed: (
        lambda: _("Pas possible : le paiement de cette commande a échoué."),
        lambda: _("Sans paiement, rien n’est à reporter en comptabilité. Si l’argent arrive, la case s’ouvre.")),
    Status.refused: (
        lambda: _("Pas possible : le paiement de cette commande a été refusé."),
        lambda: _("Sans paiement, rien n’est à reporter en comptabilité. Si l’argent arrive, la case s’ouvre.")),
    Status.cancelled: (
        lambda: _("Pas possible : cette commande est annulée."),
        lambda: _("Ce qui est annulé n’a pas de facture officielle : il n’y a rien à faire.")),
}  # fmt: skip


def _closed(status: Status) -> tuple[str, str]:
    fact, way = _CLOSED.get(status, _CLOSED[Status.draft])
    return fact(), way()


def _taken(refusal: LetteringTaken) -> str:
    """The sentence, with a link to the document that bears it."""
    address = url_for("admin.invoice", number=refusal.holder_number)
    link = Markup('<a href="{}">{}</a>').format(address, refusal.holder_number)
    if refusal.holder_kind is InvoiceKind.credit_note:
        return _("Un avoir porte déjà ce lettrage : %(number)s. Rien n’a été changé.", number=link)
    if refusal.kind is InvoiceKind.credit_note:
        return _("Une facture porte déjà ce lettrage : %(number)s. Rien n’a été changé.", number=link)
    return _("Une autre facture porte déjà ce lettrage : %(number)s. Rien n’a été changé.", number=link)


def _stale(refusal: LetteringStale) -> str:
    by = by_whom(refusal.by.kind, refusal.by.user_id, names_of([(refusal.by.kind, refusal.by.user_id)]))
    facts = {"at": short_datetime(refusal.at), "by": by, "after": refusal.after or ""}
    if refusal.after is None:
        return _("Le lettrage a été retiré entre-temps, le %(at)s, %(by)s. Rien n’a été changé.", **facts)
    return _("Le lettrage est devenu %(after)s entre-temps, le %(at)s, %(by)s. Rien n’a été changé.", **facts)


register(LetteringTaken, 409, _taken)
register(LetteringStale, 409, _stale)
register(LetteringBusy, 409, lambda r: _(
    "Quelqu’un d’autre lettre au même instant. Rien n’a été changé : cliquez de nouveau."))  # fmt: skip
register(NotLetterable, 409, lambda r: f"{_closed(r.status)[0]} {_('Rien n’a été changé.')}")


@dataclass(frozen=True)
class Refusal:
    """What was refused, and what had been typed."""

    refused: Refused
    reference: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What to tell at the reference; of faults, only its own."""
        if isinstance(self.refused, FieldFaults):
            return by_field(self.refused.faults).get("reference", "")
        return sentence(self.refused)

    @property
    def of_reason(self) -> str:
        """What is wrong with the reason."""
        return by_field(self.refused.faults).get("reason", "") if isinstance(self.refused, FieldFaults) else ""

    @property
    def hint(self) -> str:
        """What to do now."""
        if isinstance(self.refused, LetteringTaken) and self.refused.hint:
            return _(
                "Une facture et un avoir ont le même numéro dans votre logiciel ? "
                "Écrivez le journal devant, par exemple « VT 2017-0931 ».")  # fmt: skip
        if isinstance(self.refused, LetteringStale):
            return _("Pour garder malgré tout ce que vous avez écrit, cliquez de nouveau sur « Mettre à jour ».")
        return ""


@dataclass(frozen=True)
class Box:
    """The box: `state` is open, lettered or closed; `given` says who gave the reference, and when."""

    state: str
    is_credit: bool
    reference: str
    given: str
    may_write: bool
    may_pay: bool
    fact: str  # closed: why; lettered: that its payment was undone since
    way: str
    seen: int
    refusal: Refusal | None

    @property
    def typed(self) -> str:
        """What stands in the field: what was typed, or the reference as it is."""
        return self.refusal.reference if self.refusal else self.reference


def box_of(found: Invoice, refusal: Refusal | None = None) -> Box:
    """The box as it is today; after a refusal with what had been typed."""
    last, may = last_change(db.session, found.id), may_letter(db.session, found)
    state = "lettered" if found.lettering is not None else "open" if may else "closed"
    fact, way = _closed(found.status) if not may else ("", "")
    payable = found.is_frozen and may_be_paid(found.kind, found.status, found.remaining_cents)
    return Box(
        state=state, is_credit=found.kind is InvoiceKind.credit_note, reference=found.lettering or "",
        given=_given(last) if last and found.lettering is not None else "", may_write=current_user.may("letter"),
        may_pay=payable and current_user.may("payments"), fact=fact, way=way, seen=last.id if last else 0,
        refusal=refusal,
    )  # fmt: skip


def _given(last: LetteringChange) -> str:
    """« le 22/11/2026 10:14, par Nadia Benali »."""
    by = by_whom(last.actor_kind, last.actor_id, names_of([(last.actor_kind, last.actor_id)]))
    return _("le %(at)s, %(by)s", at=short_datetime(last.at), by=by)


def names_of(actors: Iterable[tuple[ActorKind, int | None]]) -> dict[int, str]:
    """User → name, or address where there is none, of those who acted."""
    ids = {user_id for kind, user_id in actors if kind is ActorKind.user and user_id}
    users = db.session.scalars(select(User).where(User.id.in_(ids))) if ids else ()
    return {user.id: user.name or user.email for user in users}
