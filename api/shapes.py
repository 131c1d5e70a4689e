"""What shops send: bodies and queries. Descriptions are translated where the document is made."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from api.kinds import Cents, Code, Day, DiscountE4, Limit, Moment, OwnId, PriceE4, QuantityE3, Shape, plain
from invoicing.documents.paper import MAX_LINES
from web.words import N_

NOT_SAID: Final[Any] = None  # a field that may be left out; null is not its absence
REFERENCES_MAX: Final = 200
Status = Literal["draft", "placed", "pending", "partial", "paid", "complete", "failed", "refused", "cancelled"]
Move = Literal["placed", "pending", "partial", "paid", "complete", "failed", "refused", "cancelled"]
Reference = Annotated[str, plain(64, 1)]


class CustomerBody(Shape):
    """A customer, by the shop's own id."""

    model_config = ConfigDict(json_schema_extra={
        "description": N_("Un client, nommé par le numéro que la boutique lui donne : jamais par son courriel."),
        "examples": [{
            "id": "1042", "first_name": "Élodie", "last_name": "Lefèvre", "email": "elodie@exemple.fr",
            "street": "4 impasse du Clos", "postcode": "73190", "city": "Saint-Baldoph", "country": "FR",
        }],
    })  # fmt: skip

    id: OwnId = Field(description=N_("Le numéro du client dans la boutique."), examples=["1042"])
    kind: Literal["person", "organisation"] = Field("person", description=N_("Une personne ou une organisation."))
    first_name: Annotated[str, plain(120)] = Field("", description=N_("Prénom."))
    last_name: Annotated[str, plain(120)] = Field("", description=N_("Nom ; il en faut un, ou un prénom."))
    organisation_name: Annotated[str, plain(200)] = Field(
        "", description=N_("Nom de l’organisation, ou celle de la personne.")
    )
    email: Annotated[str, plain(254)] = Field("", description=N_("Adresse électronique."))
    phone: Annotated[str, plain(40)] = Field("", description=N_("Téléphone."))
    street: Annotated[str, plain(400)] = Field("", description=N_("Adresse ; cinq lignes au plus."))
    postcode: Annotated[str, plain(16)] = Field("", description=N_("Code postal."))
    city: Annotated[str, plain(120)] = Field("", description=N_("Ville."))
    province: Annotated[str, plain(80)] = Field("", description=N_("Province ou État."))
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(
        NOT_SAID, description=N_("Pays, ISO 3166-1 ; par défaut celui du vendeur."), examples=["FR"]
    )
    language: Literal["fr_FR", "fr_CA", "en"] = Field(
        NOT_SAID, description=N_("Langue des documents ; par défaut celle du vendeur.")
    )
    professional: bool = Field(False, description=N_("Un client professionnel."))
    siren: Annotated[str, Field(pattern="^([0-9]{9})?$")] = Field(
        "", description=N_("SIREN d’un professionnel en France ; une facture officielle peut l’exiger.")
    )
    vat_number: Annotated[str, plain(20)] = Field("", description=N_("Numéro de TVA."))


class UnitsBody(Shape):
    """What the shop says of the units of one line."""

    model_config = ConfigDict(
        json_schema_extra={
            "description": N_("Les unités vendues par une ligne d’article : leurs références et leur validité.")
        }
    )

    references: Annotated[tuple[Reference, ...], Field(max_length=REFERENCES_MAX, strict=False)] = Field(
        (), description=N_("Références propres à la boutique, une par unité au plus.")
    )
    starts_on: Day = Field(NOT_SAID, description=N_("Premier jour de validité."))
    ends_on: Day = Field(NOT_SAID, description=N_("Dernier jour de validité."))


class LineBody(Shape):
    """One line of an order."""

    model_config = ConfigDict(
        json_schema_extra={
            "description": N_("Une ligne : un article par son code, ou bien « label », « price » et « tax »."),
            "anyOf": [{"required": ["item"]}, {"required": ["label", "price", "tax"]}],
        }
    )

    item: Annotated[str, plain(64, 1)] = Field(
        NOT_SAID, description=N_("Code de l’article dans le catalogue ; les capitales ne comptent pas.")
    )
    label: Annotated[str, plain(250, 1)] = Field(
        NOT_SAID, description=N_("Désignation ; celle de l’article par défaut.")
    )
    detail: Annotated[str, plain(500)] = Field("", description=N_("Précisions sous la désignation."))
    quantity: QuantityE3 = Field(1000, description=N_("Quantité ; négative pour une déduction."))
    price: PriceE4 = Field(NOT_SAID, description=N_("Prix unitaire ; celui de l’article par défaut."))
    tax_included: bool = Field(NOT_SAID, description=N_("Le prix comprend les taxes ; par défaut comme l’article."))
    discount: DiscountE4 = Field(0, description=N_("Remise, en pour cent."))
    tax: Annotated[str, plain(24, 1)] = Field(
        NOT_SAID, description=N_("Code d’un choix de taxes (voir /me) ; celui de l’article par défaut.")
    )
    units: UnitsBody = Field(NOT_SAID, description=N_("Références et validité des unités vendues."))


class OrderBody(Shape):
    """An order with its lines."""

    model_config = ConfigDict(json_schema_extra={
        "description": N_("Une commande avec ses lignes, son client et ce qui en est payé."),
        "oneOf": [{"required": ["customer_id"]}, {"required": ["customer"]}],
        "examples": [{
            "transaction_code": "bX9+/Qe1=", "customer_id": "1042", "ordered_at": "2026-11-22T10:30:00+01:00",
            "lines": [{"label": "Cours en ligne", "price": "150.00", "tax": "FR_20"}],
            "payment_method": "Virement", "total": "180.00",
        }],
    })  # fmt: skip

    transaction_code: Code = Field(
        description=N_("Code de la transaction, opaque et unique dans la boutique."), examples=["bX9+/Qe1="]
    )
    customer_id: OwnId = Field(NOT_SAID, description=N_("Un client que la boutique a déjà envoyé."), examples=["1042"])
    customer: CustomerBody = Field(NOT_SAID, description=N_("Ou le client lui-même ; il faut le droit « customers »."))
    ordered_at: Moment = Field(description=N_("Quand la commande a été passée, depuis l’an 2000."))
    status: Status = Field("placed", description=N_("Où en est la commande."))
    lines: Annotated[tuple[LineBody, ...], Field(min_length=1, max_length=MAX_LINES, strict=False)] = Field(
        description=N_("Les lignes, dans leur ordre.")
    )
    currency: Literal["EUR", "CAD"] = Field(NOT_SAID, description=N_("Monnaie, pour vérifier : celle de la boutique."))
    total: Cents = Field(NOT_SAID, description=N_("Total attendu : à un centime près, la commande est refusée."))
    paid: Cents = Field(NOT_SAID, description=N_("Montant déjà reçu : nécessaire quand « status » est « partial »."))
    payment_method: Annotated[str, plain(120)] = Field("", description=N_(
        "Mode de paiement, un de ceux de /me ; un autre texte est gardé, compté comme un autre moyen, et la réponse en "
        "avertit."))  # fmt: skip
    payment_reference: Annotated[str, plain(120)] = Field("", description=N_("Référence du paiement reçu."))
    number: Annotated[str, Field(pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")] = Field(
        NOT_SAID, description=N_(
            "Numéro du document, si la boutique donne elle-même les siens ; il commence par « number_prefix » de /me.")
    )  # fmt: skip
    subject: Annotated[str, plain(250)] = Field("", description=N_("Objet du document."))
    note: Annotated[str, plain(2000)] = Field("", description=N_("Note au bas du document."))
    send_email: bool = Field(False, description=N_("Envoyer le document par courriel, une fois, quand il est établi."))


class PaymentBody(Shape):
    """Money that came in for an order."""

    model_config = ConfigDict(json_schema_extra={
        "description": N_("De l’argent reçu pour une commande, en partie ou en totalité."),
        "examples": [{
            "transaction_code": "bX9+/Qe1=", "payment_id": "pay-1", "amount": "180.00",
            "at": "2026-11-22T10:31:00+01:00", "method": "Virement", "reference": "VIR 7",
        }],
    })  # fmt: skip

    transaction_code: Code = Field(description=N_("Code de la commande."), examples=["bX9+/Qe1="])
    payment_id: OwnId = Field(description=N_("Numéro du paiement dans la boutique."), examples=["pay-1"])
    amount: Cents = Field(description=N_("Montant reçu, plus grand que zéro."), examples=["180.00"])
    at: Moment = Field(description=N_("Quand l’argent a été reçu."))
    method: Annotated[str, plain(120)] = Field("", description=N_(
        "Mode de paiement, un de ceux de /me ; un autre texte est gardé, et compté comme un autre moyen."))  # fmt: skip
    reference: Annotated[str, plain(120)] = Field("", description=N_("Référence du paiement."))


class EventBody(Shape):
    """What has happened to an order."""

    model_config = ConfigDict(json_schema_extra={
        "description": N_("Un changement d’état d’une commande."),
        "examples": [{
            "transaction_code": "bX9+/Qe1=", "event_id": "evt-9", "status": "complete",
            "at": "2026-11-22T18:00:00+01:00",
        }],
    })  # fmt: skip

    transaction_code: Code = Field(description=N_("Code de la commande."), examples=["bX9+/Qe1="])
    event_id: OwnId = Field(description=N_("Numéro de l’événement dans la boutique."), examples=["evt-9"])
    status: Move = Field(description=N_("Le nouvel état."))
    at: Moment = Field(description=N_("Quand c’est arrivé : plus ancien que le dernier appliqué, rien ne change."))
    amount: Cents = Field(
        NOT_SAID, description=N_("Avec « partial », ce qui est reçu ; avec « paid », tout le reste si rien n’est dit.")
    )
    method: Annotated[str, plain(120)] = Field("", description=N_(
        "Mode de paiement, un de ceux de /me ; un autre texte est gardé, et compté comme un autre moyen."))  # fmt: skip
    reference: Annotated[str, plain(120)] = Field("", description=N_("Référence du paiement."))


class CustomerQuery(Shape):
    """Which customer."""

    id: OwnId = Field(description=N_("Le numéro du client dans la boutique."), examples=["1042"])


class OrdersQuery(Shape):
    """One order by its code, or a list of them."""

    transaction_code: Code = Field(NOT_SAID, description=N_("Une seule commande, entière."), examples=["bX9+/Qe1="])
    status: Status = Field(NOT_SAID, description=N_("Seulement dans cet état."))
    since: Moment = Field(NOT_SAID, description=N_("Seulement passées depuis."))
    cursor: Code = Field(NOT_SAID, description=N_("« next » de la page précédente."))
    limit: Limit = Field(100, description=N_("Combien par page."))


class ItemsQuery(Shape):
    """A page of the catalogue."""

    cursor: Annotated[str, plain(64, 1)] = Field(NOT_SAID, description=N_("« next » de la page précédente."))
    limit: Limit = Field(100, description=N_("Combien par page."))
