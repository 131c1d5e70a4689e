"""How a status, a payment method and a document's standing are shown: word, icon and colour, always all three."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Flask

from web.words import N_, _


@dataclass(frozen=True)
class Shown:
    """A word in the language of the moment, with the icon and the tone (ok, warn, err, info, mute) of its badge."""

    text: str
    icon: str
    tone: str

    @property
    def label(self) -> str:
        """The word, translated where it is shown."""
        return _(self.text)


STATUSES: Final[dict[str, Shown]] = {
    "draft": Shown(N_("Brouillon"), "pencil", "mute"),
    "placed": Shown(N_("Passée"), "shopping-cart", "info"),
    "pending": Shown(N_("En attente"), "clock", "warn"),
    "partial": Shown(N_("Payée en partie"), "progress", "warn"),
    "paid": Shown(N_("Payée"), "coin-euro", "ok"),
    "complete": Shown(N_("Réalisée"), "circle-check", "ok"),
    "failed": Shown(N_("Paiement échoué"), "alert-triangle", "err"),
    "refused": Shown(N_("Refusée"), "ban", "err"),
    "cancelled": Shown(N_("Annulée"), "circle-x", "mute"),
    # for members, who ask only whether something is due
    "due": Shown(N_("À régler"), "clock", "warn"),
    "settled": Shown(N_("Réglée"), "circle-check", "ok"),
    "credit": Shown(N_("Avoir"), "receipt-refund", "info"),
}
HEADINGS: Final[dict[str, str]] = {  # documents.desk.Heading → what the document is called
    "invoice": N_("Facture"),
    "pro_forma": N_("Facture pro forma"),
    "order": N_("Commande"),
    "credit_note": N_("Avoir"),
    "credit_request": N_("Demande d’avoir"),
}
METHODS: Final[dict[str, str]] = {
    "transfer": N_("Virement"),
    "cheque": N_("Chèque"),
    "card": N_("Carte"),
    "cash": N_("Espèces"),
    "direct_debit": N_("Prélèvement"),
    "interac": N_("Virement Interac"),
    "credit": N_("Avoir imputé"),
    "other": N_("Autre moyen"),
}
BY_HAND: Final = tuple(method for method in METHODS if method != "credit")  # a credit is set against, never typed


class Methods(Mapping[str, str]):
    """Payment method → its word in the language of the moment; those that may be chosen are iterated over."""

    def __getitem__(self, method: str) -> str:
        return _(METHODS[method])

    def __iter__(self) -> Iterator[str]:
        return iter(BY_HAND)

    def __len__(self) -> int:
        return len(BY_HAND)


def init_app(app: Flask) -> None:
    """Gives every template `statuses` (status → label, icon, tone) and `methods` (payment method → word)."""
    app.jinja_env.globals.update({"statuses": STATUSES, "methods": Methods()})
