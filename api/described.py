"""The words of the document: what each operation does, what each status means, and an example of each answer."""

from __future__ import annotations

from typing import Any, Final

from web.problems import TITLES, page_of
from web.words import N_, _

TAGS: Final = {
    "shop": N_("La boutique et son catalogue."),
    "customers": N_("Les clients, par le numéro que la boutique leur donne."),
    "orders": N_("Les commandes."),
    "payments": N_("L’argent reçu et les changements d’état."),
}
OPERATIONS: Final[dict[str, tuple[str, str, str]]] = {  # id → summary, more, scope
    "readMe": (
        N_("Lire ce que la clé ouvre"),
        N_("La boutique, ses droits, ses modes de paiement, ses choix de taxes et les limites."), ""),
    "readItems": (
        N_("Lire le catalogue"),
        N_("Les articles en vente qui ont un code, par ordre de code."), "read"),
    "putCustomer": (
        N_("Envoyer un client"),
        N_("Crée un contact, ou met à jour celui que la boutique a créé. Il n’est jamais cherché par son courriel. "
           "Redire la même chose ne change rien : une correction faite à la main reste. La fiche d’un membre, ou une "
           "fiche réunie à une autre, est gardée, et la réponse le dit."), "customers"),
    "postCustomer": (N_("Envoyer un client, sans PUT"), N_("Comme PUT, pour qui ne peut pas l’envoyer."), "customers"),
    "readCustomer": (N_("Lire un client"), N_("Un client que la boutique a envoyé."), "read"),
    "placeOrder": (
        N_("Envoyer une commande"),
        N_("Une fois par code : la même commande renvoyée reçoit la même réponse, une autre sous le même code est "
           "refusée. Une facture officielle d’un professionnel en France attend son SIREN : sans lui, la commande "
           "payée est refusée et rien n’est enregistré ; complétez le client, puis renvoyez la même demande."),
        "orders"),
    "readOrders": (
        N_("Lire une commande, ou la liste"),
        N_("Avec « transaction_code », une commande entière ; sinon une page, dans l’ordre d’arrivée."), "read"),
    "recordPayment": (
        N_("Enregistrer un paiement"),
        N_("Une fois par code et numéro de paiement, en partie ou en totalité, dans n’importe quel ordre. Dites "
           "l’argent une seule fois : ici, ou par l’événement « paid »."), "payments"),
    "reportEvent": (
        N_("Signaler un changement d’état"),
        N_("Une fois par code et numéro d’événement. Plus ancien que le dernier appliqué, il est noté et ne change "
           "rien : « applied » est faux."), "payments"),
}  # fmt: skip
STATUSES: Final = {
    "200": N_("C’est fait, ou c’était fait."),
    "201": N_("C’est créé ; renvoyé, la même réponse."),
    "400": N_("Le corps ou l’adresse ne se lit pas."),
    "401": N_("La clé manque, ou n’ouvre rien."),
    "403": N_("La clé n’a pas ce droit, ou la boutique est fermée."),
    "404": N_("Cette boutique n’a rien sous ce nom."),
    "409": N_("Déjà envoyé autrement, ou impossible en l’état."),
    "413": N_("Le corps est trop long."),
    "414": N_("L’adresse est trop longue."),
    "415": N_("Le corps n’est pas du JSON."),
    "422": N_("Un champ ne convient pas, ou une mention manque."),
    "429": N_("Trop de demandes : attendez."),
    "500": N_("Une erreur de notre côté : renvoyez la même demande."),
    "503": N_("Base de données occupée : renvoyez la même demande."),
}
HEADERS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "Idempotency-Replayed": (N_("« true » quand la réponse est celle d’une demande déjà faite."), "string",
                             ("200", "201")),
    "WWW-Authenticate": (N_("Comment s’identifier, et le droit qui manque."), "string", ("401", "403")),
    "Retry-After": (N_("Secondes à attendre."), "string", ("429", "503")),
}  # fmt: skip
_SLUG: Final = {
    "400": "bad-request", "401": "unauthorized", "403": "forbidden", "404": "not-found", "409": "conflict",
    "413": "too-large", "414": "too-large", "415": "unsupported-media-type", "422": "invalid",
    "429": "too-many-requests", "500": "error", "503": "busy",
}  # fmt: skip


def about() -> str:
    """What the API is, in a few sentences."""
    return _(
        "Les boutiques envoient ici leurs clients, leurs commandes et leurs paiements, et lisent ce qu’ils deviennent. "
        "Une clé par boutique, dans l’en-tête Authorization, « Bearer ltr_… ». Les montants sont des textes exacts "
        "avec deux décimales : \"12.50\". Un code transaction est un texte opaque : il va dans le corps ou dans la "
        "requête, jamais dans le chemin. Renvoyer une demande est sans danger : elle n’est faite qu’une fois."
    )  # fmt: skip


_BRIEF: Final[dict[str, Any]] = {
    "transaction_code": "bX9+/Qe1=", "status": "paid", "number": "B-20261122-1", "ordered_at": "2026-11-22T09:30:00Z",
    "issued_on": "2026-11-22", "currency": "EUR", "net": "150.00", "tax": "30.00", "total": "180.00",
    "paid": "180.00", "credited": "0.00", "remaining": "0.00",
}  # fmt: skip
_RECORD: Final[dict[str, Any]] = {
    "kind": "person", "first_name": "Élodie", "last_name": "Lefèvre", "organisation_name": "",
    "email": "elodie@exemple.fr", "phone": "", "street": "4 impasse du Clos", "postcode": "73190",
    "city": "Saint-Baldoph", "province": "", "country": "FR", "language": "fr_FR", "professional": False, "siren": "",
    "vat_number": "",
}  # fmt: skip
_ITEM: Final[dict[str, Any]] = {
    "code": "cours-1", "label": "Cours en ligne", "description": "", "category": "Cours", "price": "150.00",
    "tax_included": False, "tax": "FR_20", "validity_days": 365,
}  # fmt: skip
_ORDER: Final[dict[str, Any]] = {
    **_BRIEF, "stands": True, "official": False, "official_number": None, "customer_ids": ["1042"],
    "payment_method": "Virement", "subject": "", "note": "", "emailed": False,
    "lines": [{"item": "cours-1", "label": "Cours en ligne", "detail": "", "quantity": "1", "price": "150.00",
               "tax_included": False, "discount": "0", "net": "150.00", "tax": "FR_20"}],
    "taxes": [{"code": "TVA", "label": "TVA", "rate": "20", "base": "150.00", "amount": "30.00"}],
    "payments": [{"kind": "payment", "amount": "180.00", "paid_on": "2026-11-22", "reference": "VIR 7"}],
    "units": [{"reference": "U1-1-1", "item": "cours-1", "quantity": 1, "starts_on": "2026-11-22",
               "ends_on": "2027-11-21", "taken_back": False}],
    "warnings": [],
}  # fmt: skip
_SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "CustomerAnswer": {"id": "1042", "standing": "contact", "changed": True, "kept": False, "record": _RECORD},
    "OrderAnswer": _ORDER,
    "OrderOrList": {"orders": [_BRIEF], "next": None},
    "PaymentAnswer": {"payment_id": "pay-1", "order": _BRIEF},
    "EventAnswer": {"event_id": "evt-9", "applied": True, "why": "applied", "order": {**_BRIEF, "status": "complete"}},
    "ItemList": {"items": [_ITEM], "next": None},
    "MeAnswer": {
        "shop": "Boutique des cours", "scopes": ["read", "customers", "orders", "payments"], "currency": "EUR",
        "official": False, "brings_numbers": False, "number_prefix": None, "payment_methods": ["Virement"],
        "taxes": [{"code": "FR_20", "label": "TVA 20 %"}],
        "limits": {"calls_per_minute": 12000, "body_bytes": 262144, "lines": 500},
    },
}  # fmt: skip


def sample_of(name: str, code: str) -> dict[str, Any]:
    """An example of an answer; of a problem, with the status that it comes with."""
    if name in _SAMPLES:
        return _SAMPLES[name]
    slug = _SLUG[code]
    made: dict[str, Any] = {"type": page_of(slug), "title": _(TITLES[slug]), "status": int(code),
                            "detail": _(STATUSES[code])}  # fmt: skip
    if code == "422":
        detail = _('Écrivez un montant avec deux décimales et un point : "12.50".')
        made["errors"] = [{"pointer": "/total", "code": "bad_money", "detail": detail}]
    return made
