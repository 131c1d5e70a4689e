"""What shops are answered: the shapes of the document, and how rows fill them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.kinds import SIGNED_MONEY
from api.shapes import Status
from web.words import N_

Money = Annotated[str, Field(pattern=SIGNED_MONEY, examples=["180.00"])]
Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["1"])]
At = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-22T09:30:00Z"])]
Standing = Literal["member", "contact"]


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Warned(Told):
    """What goes well today and may be in the way later."""

    pointer: str = Field(description=N_("Le champ dont il s’agit (RFC 6901) ; vide : toute la demande."))
    code: str
    detail: str


class CustomerRecord(Told):
    """What the shop has said of a contact, as it stands."""

    kind: Literal["person", "organisation"]
    first_name: str
    last_name: str
    organisation_name: str
    email: str
    phone: str
    street: str
    postcode: str
    city: str
    province: str
    country: str
    language: str
    professional: bool
    siren: str
    vat_number: str


class CustomerAnswer(Told):
    """A customer of the shop."""

    id: str
    standing: Standing = Field(description=N_("Membre, ou contact sans compte."))
    changed: bool = Field(description=N_("La fiche vient d’être créée ou modifiée par cette demande."))
    kept: bool = Field(
        description=N_("La fiche n’est pas à la boutique (un membre, ou une fiche réunie à une autre) : elle reste.")
    )
    record: CustomerRecord | None = Field(description=N_("La fiche ; rien si elle n’est pas à la boutique."))


class UnitTold(Told):
    """One sold unit."""

    reference: str
    item: str | None
    quantity: int
    starts_on: date | None
    ends_on: date | None
    taken_back: bool = Field(description=N_("Un avoir l’a reprise."))


class LineTold(Told):
    """One line."""

    item: str | None
    label: str
    detail: str
    quantity: Decimal
    price: Decimal
    tax_included: bool
    discount: Decimal
    net: Money
    tax: str = Field(description=N_("Code du choix de taxes."))


class TaxTold(Told):
    """One tax over the whole document."""

    code: str
    label: str
    rate: Decimal = Field(description=N_("Taux, en pour cent."))
    base: Money
    amount: Money


class PaymentTold(Told):
    """One payment or refund."""

    kind: Literal["payment", "refund"]
    amount: Money
    paid_on: date
    reference: str


class OrderBrief(Told):
    """An order in a list."""

    transaction_code: str
    status: Status
    number: str | None = Field(description=N_("Numéro du document ; rien tant qu’il n’en a pas."))
    ordered_at: At
    issued_on: date | None = Field(description=N_("Date du document établi."))
    currency: Literal["EUR", "CAD"]
    net: Money
    tax: Money
    total: Money
    paid: Money
    credited: Money = Field(description=N_("Total des avoirs."))
    remaining: Money = Field(description=N_("Ce qui reste à payer ; négatif : à rendre."))


class OrderAnswer(OrderBrief):
    """An order, whole."""

    stands: bool = Field(description=N_("Le document est établi : il ne change plus."))
    official: bool = Field(description=N_("Le document est la facture légale ; sinon il y renvoie."))
    official_number: str | None = Field(description=N_("Référence de la facture officielle, une fois lettrée."))
    customer_ids: list[str] = Field(description=N_("Les numéros du client dans la boutique."))
    payment_method: str
    subject: str
    note: str
    emailed: bool = Field(description=N_("Un courriel est promis ou envoyé."))
    lines: list[LineTold]
    taxes: list[TaxTold]
    payments: list[PaymentTold]
    units: list[UnitTold]
    warnings: list[Warned]


class OrderList(Told):
    """A page of orders."""

    orders: list[OrderBrief]
    next: str | None = Field(description=N_("« cursor » de la page suivante ; rien s’il n’y en a pas."))


class OrderOrList(BaseModel):
    """One order, or a page of them."""

    model_config = ConfigDict(json_schema_extra={"x-either": ["OrderAnswer", "OrderList"]})


class PaymentAnswer(Told):
    """What a payment has done."""

    payment_id: str
    order: OrderBrief


class EventAnswer(Told):
    """What an event has done."""

    event_id: str
    applied: bool
    why: Literal["applied", "older", "known"] = Field(
        description=N_("« older » : plus ancien que le dernier appliqué ; « known » : il ne dit rien de nouveau.")
    )
    order: OrderBrief


class ItemTold(Told):
    """An item on sale."""

    code: str
    label: str
    description: str
    category: str | None
    price: Decimal
    tax_included: bool
    tax: str = Field(description=N_("Code du choix de taxes."))
    validity_days: int | None


class ItemList(Told):
    """A page of items."""

    items: list[ItemTold]
    next: str | None = Field(description=N_("« cursor » de la page suivante ; rien s’il n’y en a pas."))


class TaxChoice(Told):
    """A choice of taxes that a line may bear."""

    code: str
    label: str


class Limits(Told):
    """What is allowed."""

    calls_per_minute: int
    body_bytes: int
    lines: int


class MeAnswer(Told):
    """The shop that the key speaks for."""

    shop: str
    scopes: list[Literal["read", "customers", "orders", "payments"]]
    currency: Literal["EUR", "CAD"]
    official: bool = Field(description=N_("Ses documents sont les factures légales ; sinon ils y renvoient."))
    brings_numbers: bool = Field(description=N_("Chaque commande apporte son numéro."))
    number_prefix: str | None = Field(
        description=N_("Par quoi commencent les numéros que la boutique apporte ; rien si elle n’en apporte pas.")
    )
    payment_methods: list[str]
    taxes: list[TaxChoice]
    limits: Limits


class Error(BaseModel):
    """One mistake, at its place."""

    pointer: str = Field("", description=N_("Le champ du corps (RFC 6901)."), examples=["/lines/0/price"])
    parameter: str = Field("", description=N_("Ou le paramètre de l’adresse."))
    code: str
    detail: str


class ProblemTold(BaseModel):
    """Why a request is refused (RFC 9457)."""

    type: str = Field(json_schema_extra={"format": "uri"})
    title: str
    status: int
    detail: str
    errors: list[Error] = []


def told(shape: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    """The values in their shape, as plain JSON values."""
    return shape(**values).model_dump(mode="json")
