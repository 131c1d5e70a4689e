"""What refusals of the core say to a shop's program: status, kind, place, code, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from api.words import CODES, shape_sentence
from invoicing.errors import Fault, FieldFaults, NotFound, Refused, Stale
from invoicing.invoices import rules as invoices
from invoicing.invoices.moving_rules import CreditedStands
from invoicing.money import write_scaled
from invoicing.numbering import BadNumber, DateBeforeLast, NoSeries, NotExternal, NumberMeetsSeries, NumberTaken
from invoicing.payments.rules import NothingDue
from invoicing.sellers.rules import MentionsMissing, Missing
from invoicing.shop import rules as shop
from invoicing.shop.incoming import TotalDiffers
from invoicing.shop.receipts import TooMuch
from invoicing.shop.requests import Asked, RequestConflict
from invoicing.taxes.rules import NoRate
from web import faults
from web.filters import money, short_datetime
from web.problems import Problem
from web.statuses import STATUSES
from web.words import _, language


@dataclass(frozen=True)
class Line:
    """What a refusal becomes; `pointer` names the field that it is about, where there is one."""

    status: int
    slug: str
    code: str
    pointer: str
    say: Callable[[Any], str]


_TABLE: Final[dict[type[Refused], Line]] = {}
_NAMES: Final = {  # fields of the core → of the API
    "payment_label": "payment_method", "paid_cents": "paid", "tax_set": "tax", "references": "units/references",
    "ends_on": "units/ends_on", "starts_on": "units/starts_on", "paid_on": "at",
}  # fmt: skip
_OF_LINE: Final = re.compile(r"lines-(\d+)-(\w+)\Z")


def _put(kind: type[Refused], status: int, slug: str, code: str, pointer: str, say: Callable[[Any], str]) -> None:
    _TABLE[kind] = Line(status, slug, code, pointer, say)


def problem_of(refused: Refused) -> Problem:
    """The refusal as it is sent."""
    if isinstance(refused, FieldFaults):
        detail = _("Ce que vous avez envoyé ne convient pas : voyez « errors ». Rien n’a été changé.")
        return Problem(422, "invalid", detail, [error_of(fault) for fault in refused.faults])
    if isinstance(refused, MentionsMissing):
        return _mentions(refused)
    line = line_of(refused)
    detail = line.say(refused)
    if isinstance(refused, NotFound):
        return Problem(line.status, line.slug, detail)
    pointer = line.pointer
    if isinstance(refused, RequestConflict):
        pointer = {Asked.payment: "/payment_id", Asked.event: "/event_id"}.get(refused.kind, pointer)
    return Problem(line.status, line.slug, detail, [{"pointer": pointer, "code": line.code, "detail": detail}])


def line_of(refused: Refused) -> Line:
    """The line of the table that fits."""
    return next(_TABLE[kind] for kind in type(refused).__mro__ if kind in _TABLE)


def codes_of(refused: Refused) -> list[str]:
    """The codes of what is wrong, for the trace."""
    if isinstance(refused, FieldFaults):
        return sorted({fault.code for fault in refused.faults})
    if isinstance(refused, MentionsMissing):
        return sorted(f"{each.whose}_{each.field}_missing" for each in refused.missing)
    return [line_of(refused).code]


def error_of(fault: Fault) -> dict[str, str]:
    """One fault at its place in the body."""
    if fault.code == "unknown_cursor":
        code, detail = shape_sentence(fault.code, {})
        return {"parameter": "cursor", "code": code, "detail": detail}
    if fault.code == "mention_missing":
        return _missing(fault.facts["missing"])
    own = _OWN.get(fault.code)
    detail = own(fault.facts) if own else _shape(fault) or faults.sentence(fault)
    return {"pointer": pointer_of(fault.field), "code": fault.code, "detail": detail}


def _shape(fault: Fault) -> str:
    return shape_sentence(fault.code, fault.facts)[1] if fault.code in CODES and fault.code in ("required",) else ""


def pointer_of(field: str) -> str:
    """`lines-0-tax_set` is /lines/0/tax; `customer-siren` is /customer/siren."""
    if found := _OF_LINE.match(field):
        return f"/lines/{found[1]}/{_NAMES.get(found[2], found[2])}"
    name = field.removeprefix("customer-")
    return f"/customer/{name}" if name != field else f"/{_NAMES.get(field, field)}"


_OWN: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "unknown_item": lambda f: _("Le catalogue de cette boutique n’a pas d’article « %(value)s ».", value=f["value"]),
    "unknown_tax": lambda f: _(
        "Aucun choix de taxes de ce vendeur n’a le code « %(value)s » : voyez /me.", value=f["value"]),
    "unknown_customer": lambda f: _(
        "Cette boutique n’a pas envoyé de client « %(value)s » : envoyez-le d’abord, ou avec la commande.",
        value=f["value"]),
    "other_currency": lambda f: _(
        "Cette boutique vend en %(currency)s, pas en %(value)s.", currency=f["currency"], value=f["value"]),
    "other_prefix": lambda f: _(
        "Les numéros de cette boutique commencent par %(prefix)s.", prefix=f["prefix"]),
    "no_address": lambda f: _("Le client n’a pas d’adresse électronique : le document ne sera pas envoyé."),
    "unknown_method": lambda f: _(
        "« %(value)s » n’est pas un mode de paiement de cette boutique : il est noté comme un autre moyen.",
        value=f["value"]),
    "bad_discount": lambda f: _("Une remise va de 0 à 100 pour cent."),
    "bad_date": lambda f: _("Cette date n’est pas possible : elle doit être de 2000 ou plus tard."),
    "choose": lambda f: _("Ce n’est pas une des valeurs possibles."),
}  # fmt: skip


def _missing(each: Missing) -> dict[str, str]:
    pointer = f"/customer/{each.field.removesuffix('_lines')}" if each.whose == "customer" else ""
    return {"pointer": pointer, "code": f"{each.whose}_{each.field}_missing", "detail": faults.missing_sentence(each)}


def _mentions(refused: MentionsMissing) -> Problem:
    """Money may have come in: what to do so that it isn't lost."""
    detail = _(
        "Rien n’a été enregistré, pas même le paiement : la loi demande d’abord ces mentions. Complétez le client par "
        "PUT /customers, puis renvoyez la même demande.")  # fmt: skip
    if any(each.whose == "seller" for each in refused.missing):
        detail = _(
            "Rien n’a été enregistré, pas même le paiement : il manque des mentions du vendeur. Prévenez son "
            "administration, puis renvoyez la même demande.")  # fmt: skip
    return Problem(422, "mentions-missing", detail, [_missing(each) for each in refused.missing])


def _plain(cents: int) -> str:
    return write_scaled(cents, 2, language(), least=2)


def _move(r: invoices.MoveRefused) -> str:
    now, wanted = STATUSES[r.now].label, STATUSES[r.wanted].label
    return _("On ne passe pas de « %(now)s » à « %(wanted)s ». Rien n’a été changé.", now=now, wanted=wanted)


_put(Refused, 409, "refused", "refused", "", lambda r: _("Ce n’est pas possible ainsi. Rien n’a été changé."))
_put(NotFound, 404, "not-found", "not_found", "", lambda r: _("Cette boutique n’a rien sous ce nom."))
_put(Stale, 409, "refused", "changed_meanwhile", "", lambda r: _(
    "Quelqu’un d’autre a changé cela entre-temps. Renvoyez la même demande."))  # fmt: skip
_put(RequestConflict, 409, "conflict", "sent_otherwise", "/transaction_code", lambda r: _(
    "Déjà reçu le %(first)s avec un autre contenu. Rien n’a été changé : renvoyez le contenu d’alors, ou donnez un "
    "autre code.", first=short_datetime(r.first_at)))  # fmt: skip
_put(TotalDiffers, 422, "invalid", "total_differs", "/total", lambda r: _(
    "Vous annoncez %(said)s, et ces lignes font %(total)s. Rien n’a été enregistré : corrigez une ligne ou le total.",
    said=money(r.said_cents, r.currency), total=money(r.total_cents, r.currency)))  # fmt: skip
_put(TooMuch, 422, "invalid", "more_than_remains", "/amount", lambda r: _(
    "Il reste %(remaining)s à payer, et vous annoncez %(amount)s. Le paiement n’est pas enregistré.",
    remaining=money(r.remaining_cents, r.currency), amount=money(r.amount_cents, r.currency)))  # fmt: skip
_put(NothingDue, 409, "refused", "nothing_due", "/amount", lambda r: _(
    "Il ne reste rien à payer sur cette commande (%(status)s). Le paiement n’est pas enregistré : s’il est réel, "
    "rendez-le, ou prévenez l’administration.", status=STATUSES[r.status].label if r.status else ""))  # fmt: skip
_put(invoices.MoveRefused, 409, "refused", "move_refused", "/status", _move)
_put(shop.AmountDiffers, 422, "invalid", "amount_differs", "/amount", lambda r: _(
    "Le montant ne va pas avec l’état : il reste %(rest)s à payer, et vous annoncez %(given)s.",
    rest=_plain(r.remaining_cents), given=_plain(r.given_cents)))  # fmt: skip
_put(invoices.StandsForGood, 409, "refused", "stands_for_good", "/status", lambda r: _(
    "Une facture officielle ne s’annule pas : elle se corrige par un avoir."))  # fmt: skip
_put(invoices.LetteredStands, 409, "refused", "lettered", "/status", lambda r: _(
    "Ce document est lettré : la comptabilité le connaît, il ne s’annule pas."))  # fmt: skip
_put(CreditedStands, 409, "refused", "credited", "/status", lambda r: _(
    "Un avoir corrige ce document : il ne s’annule plus."))  # fmt: skip
_put(shop.ShopClosed, 403, "shop-closed", "shop_closed", "", lambda r: _(
    "Cette boutique est fermée : elle ne prend plus rien. Rien n’a été changé."))  # fmt: skip
_put(shop.NumberWanted, 422, "invalid", "number_wanted", "/number", lambda r: _(
    "Chaque commande de cette boutique apporte son numéro."))  # fmt: skip
_put(NotExternal, 422, "invalid", "no_number", "/number", lambda r: _(
    "Les numéros de cette boutique se font ici : n’en apportez pas."))  # fmt: skip
_put(NumberTaken, 409, "refused", "number_taken", "/number", lambda r: _(
    "Un autre document porte déjà le numéro %(number)s.", number=r.number))  # fmt: skip
_put(BadNumber, 422, "invalid", "bad_number", "/number", lambda r: _(
    "« %(number)s » ne peut pas être un numéro de document.", number=r.number))  # fmt: skip
_put(NumberMeetsSeries, 409, "refused", "number_meets_series", "/number", lambda r: _(
    "%(number)s pourrait être un numéro de la série %(format)s : donnez-en un autre.",
    number=r.number, format=r.format))  # fmt: skip
_put(NoRate, 409, "refused", "no_rate", "/lines", lambda r: _(
    "La taxe %(code)s n’a pas de taux à cette date : prévenez l’administration.", code=r.code))  # fmt: skip
_put(DateBeforeLast, 409, "refused", "date_before_last", "", lambda r: _(
    "La série a déjà donné un numéro à une date plus tardive : renvoyez la même demande demain."))  # fmt: skip
_put(NoSeries, 409, "refused", "no_series", "", lambda r: _(
    "La série de cette boutique est retirée : prévenez l’administration."))  # fmt: skip
