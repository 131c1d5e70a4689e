"""Why an e-mail did not arrive, in words: from the code of the cause, or from what the mail server said."""

from __future__ import annotations

import re
from typing import Final

from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryState
from web.words import N_, _

_ADDRESS: Final = re.compile(r"\b5\.1\.(?:[0-6]|10)\b|NXDOMAIN|user unknown|no such user|unknown user", re.I)
_FULL: Final = re.compile(r"\b[45]\.2\.2\b|mailbox (is )?full|over quota", re.I)
_CLOSED: Final = re.compile(r"\b5\.2\.1\b|account (is )?disabled|mailbox (is )?disabled", re.I)
_BIG: Final = re.compile(r"\b5\.(?:2\.3|3\.4)\b|message (is )?too (big|large)", re.I)
_MISTRUSTED: Final = re.compile(r"\b5\.7\.[0-9]+\b|\bspam\b|blacklist|blocklist|\bDMARC\b|\bSPF\b", re.I)
_CAUSES: Final = (  # in the server's words → in ours
    (_ADDRESS, N_("L’adresse n’existe pas.")),
    (_FULL, N_("La boîte est pleine.")),
    (_CLOSED, N_("La boîte est fermée.")),
    (_BIG, N_("Le message est trop gros pour cette boîte.")),
    (_MISTRUSTED, N_("Le serveur du destinataire ne nous fait pas confiance : parlez-en à qui gère votre courriel.")),
)
_REASONS: Final[dict[str, str]] = {
    "refused": N_("Le serveur du destinataire a refusé le courriel."),
    "later": N_("Le serveur du destinataire demande de réessayer plus tard."),
    "dropped": N_("La liaison avec le serveur de courriel s’est coupée."),
    "connection": N_("Le serveur de courriel ne répond pas."),
    "timeout": N_("Le serveur de courriel est trop lent."),
    "tls": N_("La liaison avec le serveur de courriel n’est pas sûre."),
    "login": N_("Le serveur de courriel n’accepte pas nos identifiants : voyez les réglages."),
    "expired": N_("Le lien qu’il portait ne servait plus : il n’est pas parti."),
    "gave_up": N_("Trois jours d’essais sans succès : nous avons cessé."),
    "lease_expired": N_("Un envoi interrompu est repris : le message a pu partir deux fois."),
    "restored": N_("L’installation a été restaurée d’une sauvegarde : ce courriel est peut-être déjà parti."),
    "bad_address": N_("L’adresse n’est pas valable."),
    "returned": N_("Le courriel est revenu : il n’a pas pu être remis."),
    "delayed": N_("Il n’est pas encore remis ; le serveur de courriel essaie toujours."),
    "arrived": N_("Le serveur du destinataire dit l’avoir remis."),
    "relayed": N_("Il est passé à un serveur qui n’en dira pas plus."),
    "no_answer": N_("Le serveur de courriel l’a reçu sans répondre : le message est peut-être parti."),
    "not_written": N_("Le document n’a pas pu être préparé."),
    "slow": N_("Le document était trop long à préparer."),
    "bad_header": N_("Le nom, l’adresse ou l’objet contient des caractères interdits dans un courriel."),
    "unreadable": N_("Le lien qu’il portait ne peut plus être lu."),
    "no_invoice": N_("Il n’y a pas de document à joindre."),
}


_ARRIVING: Final = ("delayed", "arrived", "relayed", "no_answer")  # whose words say nothing against the address


def is_address_wrong(delivery: Delivery) -> bool:
    """Whether the cause is the address itself, so that trying it again is vain."""
    return delivery.reason == "bad_address" or bool(_ADDRESS.search(delivery.answer))


def reason_of(delivery: Delivery | DeliveryEvent) -> str:
    """Why it did not arrive, in words; empty where there is nothing to say."""
    if delivery.reason not in _ARRIVING:
        for pattern, words in _CAUSES:
            if pattern.search(delivery.answer):
                return _(words)
    if delivery.reason in _REASONS:
        return _(_REASONS[delivery.reason])
    if delivery.state in (DeliveryState.failed, DeliveryState.bounced, DeliveryState.deferred):
        return _("Le courriel n’est pas arrivé.")
    return ""
