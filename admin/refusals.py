"""What refusals about statuses, payments, credit notes and shops' orders say to people: fact, then what to do."""

from __future__ import annotations

from flask import url_for
from flask_login import current_user
from markupsafe import Markup

from invoicing.invoices import moving_rules as moves
from invoicing.invoices.crediting_rules import NotCreditable, NothingToCredit
from invoicing.invoices.models import InvoiceKind, Status
from invoicing.invoices.rules import LetteredStands, MoveRefused, StandsForGood
from invoicing.numbering import BadNumber, NotExternal, NotGenerated, NumberMeetsSeries, NumberTaken
from invoicing.payments.rules import AlreadyUndone, GivenBackSince, NothingOwedBack, NotTogether
from invoicing.payments.served import Did, FormUsed
from invoicing.shop.rules import AmountDiffers, NumberWanted, ShopClosed
from web.errors import register
from web.filters import money
from web.statuses import STATUSES
from web.words import _


def _credit_link(number: str) -> Markup:
    """« Établir un avoir », as a link for whoever may."""
    if not current_user.may("invoices"):
        return Markup()
    address = url_for("admin.credit_new", number=number)
    return Markup('<a href="{}">{}</a>').format(address, _("Établir un avoir"))


def _move(refusal: MoveRefused) -> str:
    now, wanted = STATUSES[refusal.now].label, STATUSES[refusal.wanted].label
    if refusal.now in (Status.complete, Status.cancelled):
        return _("« %(now)s » est définitif : cet état ne change plus à la main. Rien n’a été changé.", now=now)
    return _("On ne passe pas de « %(now)s » à « %(wanted)s ». Rien n’a été changé.", now=now, wanted=wanted)


def _by_hand(refusal: moves.NotByHand) -> str:
    if refusal.kind is InvoiceKind.credit_note:
        return _("Un avoir est réalisé dès qu’il est établi : son état ne change plus. Rien n’a été changé.")
    return _("L’état de cette facture suit ses paiements et ses avoirs : il ne se change pas à la main.")


def _lettered(refusal: LetteredStands) -> str:
    if refusal.is_final:
        return _("Cette facture est lettrée, %(reference)s : elle ne s’annule plus ; elle se corrige par un avoir. "
                 "%(link)s", reference=refusal.reference, link=_credit_link(refusal.number))  # fmt: skip
    return _("Cette facture est lettrée, %(reference)s : la comptabilité la connaît, elle ne s’annule pas. "
             "Délettrez-la d’abord, ou établissez un avoir.", reference=refusal.reference)  # fmt: skip


def _creditable(refusal: NotCreditable) -> str:
    if refusal.kind is InvoiceKind.credit_note:
        return _("Un avoir ne se corrige pas par un autre avoir.")
    if refusal.status is Status.cancelled:
        return _("Cette commande est annulée : il n’y a rien à créditer.")
    if refusal.status is Status.draft:
        return _("Ce brouillon se modifie encore : il n’a pas besoin d’avoir.")
    return _("Pas d’avoir : cette commande ne compte pas encore comme une vente. Elle peut être annulée.")


def _used(refusal: FormUsed) -> str:
    amount, number = money(refusal.amount_cents, refusal.currency), refusal.number
    match refusal.did:
        case Did.payment:
            done = _("un paiement de %(amount)s a été enregistré.", amount=amount)
        case Did.refund:
            done = _("un remboursement de %(amount)s a été enregistré.", amount=amount)
        case Did.set_against:
            facts = {"amount": amount, "number": number, "other": refusal.other}
            done = _("%(amount)s de %(number)s ont été imputés sur %(other)s.", **facts)
        case Did.undone:
            done = _("une écriture de %(amount)s a été annulée.", amount=amount)
        case Did.credit_note:
            done = _("l’avoir %(number)s de %(amount)s a été établi.", number=number, amount=amount)
        case Did.other:
            done = _("autre chose a été enregistré.")
    return _("Ce formulaire a déjà servi : %(done)s Rien d’autre n’a été changé.", done=done)


def again(refusal: FormUsed) -> str:
    """What the form did, and how it may do another thing: on its page, where it has a fresh token."""
    return _("%(said)s Pour noter autre chose, vérifiez et enregistrez de nouveau.", said=_used(refusal))


register(FormUsed, 409, _used)
register(MoveRefused, 409, _move)
register(moves.NotByHand, 409, _by_hand)
register(moves.OnlyByMoney, 409, lambda r: _(
    "« %(wanted)s » suit les paiements : enregistrez le paiement, et l’état suivra.",
    wanted=STATUSES[r.wanted].label))  # fmt: skip
register(moves.StillDue, 409, lambda r: _(
    "Il reste %(remaining)s à payer : enregistrez d’abord le paiement.",
    remaining=money(r.remaining_cents, r.currency)))  # fmt: skip
register(moves.CreditedStands, 409, lambda r: _(
    "Un avoir corrige cette facture : elle ne s’annule plus. Établissez un avoir du reste. %(link)s",
    link=_credit_link(r.number)))  # fmt: skip
register(
    StandsForGood,
    409,
    lambda r: _(
        "Une facture officielle ne s’annule pas ; elle se corrige par un avoir. %(link)s", link=_credit_link(r.number)
    ),
)
register(LetteredStands, 409, _lettered)
register(NotCreditable, 409, _creditable)
register(NothingToCredit, 409, lambda r: _(
    "Tout ce que disait la facture %(number)s a déjà été repris par avoir.", number=r.number))  # fmt: skip
register(NothingOwedBack, 409, lambda r: _(
    "Il n’y a rien à rendre sur la facture %(number)s : il n’a pas été reçu plus que ce qui est dû.",
    number=r.number))  # fmt: skip
register(NotTogether, 409, lambda r: _(
    "%(number)s et %(other)s ne vont pas ensemble : il faut le même client, le même vendeur et la même monnaie.",
    number=r.number, other=r.other))  # fmt: skip
register(AlreadyUndone, 409, lambda r: _("Ce paiement est déjà annulé. Rien n’a été changé."))
register(GivenBackSince, 409, lambda r: _(
    "Cet argent a été rendu ou imputé depuis : annulez d’abord le remboursement ou l’imputation de la facture "
    "%(number)s.", number=r.number))  # fmt: skip
register(ShopClosed, 409, lambda r: _("Cette boutique est fermée : elle ne prend plus de commandes."))
register(NumberWanted, 422, lambda r: _(
    "La commande %(code)s n’a pas de numéro, et sa boutique doit l’apporter.", code=r.transaction_code))  # fmt: skip
register(AmountDiffers, 409, lambda r: _(
    "La boutique annonce un autre montant que ce qui reste à payer sur %(number)s.", number=r.number))  # fmt: skip
register(NumberTaken, 409, lambda r: _("Un autre document porte déjà le numéro %(number)s.", number=r.number))
register(BadNumber, 422, lambda r: _("« %(number)s » ne peut pas être un numéro de document.", number=r.number))
register(NumberMeetsSeries, 409, lambda r: _(
    "%(number)s pourrait être un numéro de la série %(format)s : la boutique doit en donner un autre.",
    number=r.number, format=r.format))  # fmt: skip
register(NotGenerated, 409, lambda r: _("Les numéros de cette série viennent de sa boutique : aucun ne se fait ici."))
register(NotExternal, 409, lambda r: _("Cette série fait elle-même ses numéros : aucun ne s’apporte."))
