"""Words of the staff's invoice pages: what refusals, deliveries and the journal say to people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from flask_babel import force_locale

from admin.mail_reasons import is_address_wrong as is_address_wrong
from admin.mail_reasons import reason_of as reason_of
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryKind, DeliveryState, ReturnsBox
from invoicing.delivery.service import AlreadyRetried, NotRetryable
from invoicing.documents.archive import ArchiveDamaged
from invoicing.documents.snapshot import Snapshot
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.rules import AlreadyFinalised, NoAddress, NotADraft, PreviewOutdated
from invoicing.journal import ActorKind, JournalEntry
from invoicing.numbering import DateBeforeLast, NoSeries
from invoicing.payments.service import NothingDue
from invoicing.sellers.rules import MentionsMissing
from invoicing.taxes.rules import NoRate
from web.errors import register
from web.filters import money, short_date, short_datetime
from web.statuses import STATUSES, Shown
from web.words import N_, _

register(AlreadyFinalised, 409, lambda r: _("Cette facture est déjà finalisée : %(number)s.", number=r.number))
register(NotADraft, 409, lambda r: _(
    "Ce brouillon est devenu la facture %(number)s : il ne se modifie plus. Rien n’a été changé.",
    number=r.number))  # fmt: skip
register(PreviewOutdated, 409, lambda r: _(
    "Le total a changé depuis l’aperçu. Vérifiez-le ci-dessous ; rien n’est finalisé."))  # fmt: skip
register(NoAddress, 422, lambda r: _(
    "La case est cochée, mais ce client n’a pas d’adresse e-mail. Rien n’est finalisé."))  # fmt: skip
register(DateBeforeLast, 409, lambda r: _(
    "Une facture plus récente vient d’être finalisée dans cette série (%(last)s) : "
    "changez la date de celle-ci. Rien n’est finalisé.", last=short_date(r.last)) if r.last else _(
    "La date vient avant celle de la dernière facture de la série : changez-la. Rien n’est finalisé."))  # fmt: skip
register(MentionsMissing, 422, lambda r: _("Il manque des mentions obligatoires. Rien n’est finalisé."))
register(NoSeries, 422, lambda r: _(
    "Ce vendeur n’a pas de série de numéros pour les factures manuelles : créez-la dans les réglages."))  # fmt: skip
register(NoRate, 422, lambda r: _(
    "La taxe %(code)s n’a pas de taux connu le %(day)s : choisissez une autre date.",
    code=r.code, day=short_date(r.day)))  # fmt: skip
register(
    NothingDue,
    409,
    lambda r: (
        _("La facture %(number)s est annulée : elle n’attend plus de paiement.", number=r.number)
        if r.status == "cancelled"
        else _("Il ne reste rien à payer sur la facture %(number)s.", number=r.number)
    ),
)
register(NotRetryable, 409, lambda r: _(
    "Cet envoi ne peut pas être réessayé : "
    "seul le courriel d’une facture, échoué ou revenu, peut l’être."))  # fmt: skip
register(AlreadyRetried, 409, lambda r: _("Cet envoi a déjà été réessayé. Rien n’est parti en double."))
register(ArchiveDamaged, 503, lambda r: _("Le document archivé ne peut pas être lu pour le moment."))

DELIVERIES: Final[dict[DeliveryState, Shown]] = {
    DeliveryState.queued: Shown(N_("En file"), "clock", "mute"),
    DeliveryState.sending: Shown(N_("En cours d’envoi"), "send", "info"),
    DeliveryState.sent: Shown(N_("Envoyé"), "send", "ok"),
    DeliveryState.deferred: Shown(N_("Différé"), "hourglass", "warn"),
    DeliveryState.failed: Shown(N_("Échoué"), "mail-x", "err"),
    DeliveryState.bounced: Shown(N_("Revenu"), "mail-x", "err"),
}
_REFUSED: Final = Shown(N_("Refusé"), "mail-x", "err")
KINDS: Final[dict[DeliveryKind, str]] = {
    DeliveryKind.invoice: N_("Facture"),
    DeliveryKind.invitation: N_("Invitation"),
    DeliveryKind.reset: N_("Nouveau mot de passe"),
    DeliveryKind.sign_in: N_("Connexion"),
    DeliveryKind.confirm: N_("Code de confirmation"),
    DeliveryKind.digest: N_("Résumé du matin"),
    DeliveryKind.new_address: N_("Nouvelle adresse"),
    DeliveryKind.notice: N_("Avis de sécurité"),
    DeliveryKind.news: N_("Nouveaux documents"),
}


def state_of(delivery: Delivery | DeliveryEvent) -> Shown:
    """How a delivery, or one step of it, is shown."""
    refused = delivery.state is DeliveryState.failed and delivery.reason == "refused"
    return _REFUSED if refused else DELIVERIES[delivery.state]


_BOX: Final[dict[str, str]] = {
    "connection": N_("La boîte des retours ne répond pas."),
    "tls": N_("La liaison avec la boîte des retours n’est pas sûre."),
    "login": N_("La boîte des retours n’accepte pas nos identifiants."),
    "missing": N_("La boîte des retours n’existe pas."),
    "busy": N_("La boîte des retours est occupée : elle sera lue plus tard."),
}


def box_fault(box: ReturnsBox) -> str:
    """Why the mailbox of bounces could not be read."""
    return _(_BOX.get(box.fault, _BOX["connection"]))


def next_try(delivery: Delivery) -> str:
    """When a deferred message is tried again."""
    return _("Prochain essai : %(at)s", at=short_datetime(delivery.next_try_at))


def _status(value: str) -> str:
    known = STATUSES.get(value)
    return known.label if known else value


Sentence = Callable[[dict[str, list[Any]]], str]
_ACTIONS: Final[dict[str, tuple[str, str, Sentence]]] = {  # icon, tone, sentence
    "invoice.drafted": ("file-plus", "", lambda f: _("Brouillon créé")),
    "invoice.draft_changed": ("pencil", "", lambda f: _("Brouillon modifié")),
    "invoice.finalised": ("circle-check", "ok", lambda f: _(
        "Finalisée, courriel demandé") if f.get("emailed", [0, 0])[1] else _("Finalisée, sans courriel")),
    "invoice.paid": ("coin-euro", "ok", lambda f: _("Paiement enregistré")),
    "invoice.payment_undone": ("history", "warn", lambda f: _("Paiement annulé par une écriture contraire")),
    "invoice.refunded": ("cash", "", lambda f: _("Remboursement enregistré")),
    "invoice.refund_undone": ("history", "warn", lambda f: _("Remboursement annulé par une écriture contraire")),
    "invoice.credit_undone": ("history", "warn", lambda f: _("Imputation annulée par une écriture contraire")),
    "invoice.credit_used": ("file-invoice", "", lambda f: _("Imputé sur une autre facture")),
    "invoice.credited": ("receipt-refund", "", lambda f: _("Corrigée par un avoir")),
    "invoice.lettered": ("link", "ok", lambda f: _("Lettrée : %(reference)s", reference=f["lettering"][1])),
    "invoice.lettering_changed": ("link", "ok", lambda f: _(
        "Lettrage changé : %(before)s → %(after)s", before=f["lettering"][0], after=f["lettering"][1])),
    "invoice.unlettered": ("unlink", "warn", lambda f: _(
        "Délettrée : %(reference)s est libre", reference=f["lettering"][0])),
    "invoice.ordered": ("shopping-cart", "", lambda f: _(
        "Commande reçue : %(status)s", status=_status(f["status"][1]))),
    "invoice.moved": ("arrows-split", "", lambda f: _(
        "%(before)s → %(after)s", before=_status(f["status"][0]), after=_status(f["status"][1]))),
    "invoice.customer_merged": ("users", "", lambda f: _("Passée à une autre fiche, par une fusion")),
    "invoice.event_ignored": ("history", "", lambda f: _(
        "Nouvelle en retard, sans effet : %(status)s", status=_status(f["status"][1]))),
    "invoice.to_check": ("alert-triangle", "warn", lambda f: _("À vérifier : remboursée dans la boutique")),
    "invoice.checked": ("circle-check", "", lambda f: _("Vérifiée")),
    "delivery.retried": ("mail-forward", "", lambda f: _(
        "Envoi réessayé à une autre adresse") if f.get("address_changed", [0, 0])[1] else _("Envoi réessayé")),
    "delivery.sent_again": ("send", "", lambda f: _("Envoyée de nouveau par courriel")),
    "delivery.asked_for": ("send", "", lambda f: _("Envoyée par courriel, à la demande du membre")),
    "delivery.closed": ("circle-check", "", lambda f: _("Envoi non abouti classé")),
}  # fmt: skip
_BY: Final[dict[ActorKind, str]] = {
    ActorKind.system: N_("automatiquement"),
    ActorKind.command: N_("depuis la ligne de commande"),
    ActorKind.shop: N_("par la boutique"),
}


def history_line(
    entry: JournalEntry, names: Mapping[int, str], reasons: Mapping[str, str]
) -> tuple[str, str, str, str, str]:
    """One step for `timeline`: icon, tone, when, what, by whom and why; an action without words shows its code.

    `reasons` says why, by the fingerprint that the entry holds.
    """
    unknown: tuple[str, str, Sentence] = ("history", "", lambda f: entry.action)
    icon, tone, say = _ACTIONS.get(entry.action, unknown)
    facts = entry.facts()
    by, why = by_whom(entry.actor_kind, entry.actor_id, names), reasons.get(facts.get("digest", [None, ""])[1], "")
    more = _("%(by)s : %(reason)s", by=by, reason=why) if why else by
    return icon, tone, short_datetime(entry.at), say(facts), more


def by_whom(kind: ActorKind, user_id: int | None, names: Mapping[int, str]) -> str:
    """« par Nadia Benali », « par la boutique », « automatiquement »."""
    if kind is not ActorKind.user:
        return _(_BY[kind])
    return _("par %(name)s", name=names.get(user_id or 0) or _("une personne dont le compte n’existe plus"))


def mailto(invoice: Invoice, snapshot: Snapshot, zone: str) -> str:
    """A letter to the customer for one's own mailbox, in their language; the PDF is to be attached by hand."""
    customer = invoice.customer
    with force_locale(customer.language):
        facts = {"number": invoice.number, "day": short_date(snapshot.issued_on),
                 "total": money(snapshot.total_cents, snapshot.currency), "seller": snapshot.seller.name}  # fmt: skip
        if invoice.kind is InvoiceKind.credit_note:
            subject = _("Avoir %(number)s · %(seller)s", **facts)
            said = _("Vous trouverez ci-joint l’avoir %(number)s du %(day)s, d’un total de %(total)s.", **facts)
        else:
            subject = _("Facture %(number)s · %(seller)s", **facts)
            said = _("Vous trouverez ci-joint la facture %(number)s du %(day)s, d’un total de %(total)s.", **facts)
        lines = [_("Bonjour,"), "", said]
        if invoice.remaining_cents > 0 and snapshot.due_on:
            lines.append(_("Elle est à régler au plus tard le %(day)s.", day=short_date(snapshot.due_on)))
        if customer.is_member:
            lines.append(_("Ce document est aussi dans votre zone membre : %(zone)s", zone=zone))
        lines += ["", snapshot.seller.name]
    text = "\r\n".join(lines)
    address = quote(customer.email, safe="@")
    return f"mailto:{address}?subject={quote(subject)}&body={quote(text)}"
