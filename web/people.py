"""The words for people who may sign in, as both doors say them: roles, rights, reasons, refusals."""

from __future__ import annotations

from typing import Final

from invoicing.accounts import users
from invoicing.accounts.models import Role
from invoicing.customers import access_rules as access
from invoicing.customers.access_rules import Why
from invoicing.customers.models import AccessRight
from web.errors import register
from web.words import N_, _

ROLES: Final[dict[Role, tuple[str, str]]] = {  # name, what it allows
    Role.admin: (N_("Administration"), N_("Tout, dont les réglages, les taxes et les utilisateurs.")),
    Role.sales: (N_("Ventes"), N_("Clients, factures, paiements, lettrage, catalogues.")),
    Role.reader: (N_("Lecture"), N_("Voir et exporter, sans rien changer.")),
    Role.member: (N_("Membre"), N_("Sa zone membre seulement.")),
}
RIGHTS: Final[dict[AccessRight, tuple[str, str]]] = {
    AccessRight.sees: (N_("Voit les factures"), N_("Lire, télécharger, rien de plus.")),
    AccessRight.manages: (
        N_("Gère les accès"), N_("Voit les factures, et dit qui les voit : invite, confie, retire.")
    ),
}  # fmt: skip
WHYS: Final[dict[Why, str]] = {
    Why.left: N_("A quitté l’organisation"),
    Why.asked: N_("À sa demande"),
    Why.mistake: N_("Accès donné par erreur"),
    Why.other: N_("Autre raison"),
}


def role_name(role: Role | str) -> str:
    """« Ventes »."""
    return _(ROLES[Role(role)][0])


def right_name(right: AccessRight | str) -> str:
    """« Voit les factures »."""
    return _(RIGHTS[AccessRight(right)][0])


def role_choices() -> list[tuple[str, str, str]]:
    """For radio buttons: the value, its name, what it allows."""
    return [(role.value, _(name), _(allows)) for role, (name, allows) in ROLES.items()]


def right_choices() -> list[tuple[str, str, str]]:
    """The same for the rights to a customer's invoices."""
    return [(right.value, _(name), _(allows)) for right, (name, allows) in RIGHTS.items()]


def why_choices() -> list[tuple[str, str]]:
    """The reasons of a withdrawal; none is said unless one is chosen."""
    return [("", _("Sans le dire")), *((why.value, _(text)) for why, text in WHYS.items())]


def why_typed(text: str) -> Why | None:
    """The reason out of a form; None for anything else."""
    return Why(text) if text in tuple(Why) else None


register(access.LastManager, 409, lambda r: _(
    "Personne d’autre ne gère les accès. Confiez d’abord ce droit à quelqu’un qui peut se connecter. "
    "Rien n’a été changé."))  # fmt: skip
register(access.OnlyOrganisations, 422, lambda r: _(
    "Ce client est une personne : il n’y a pas d’accès à gérer. Rien n’a été changé."))  # fmt: skip
register(users.OwnAccount, 422, lambda r: _(
    "On ne change ni son propre rôle, ni son propre accès : demandez-le à un collègue. "
    "Rien n’a été changé."))  # fmt: skip
register(users.LastAdmin, 409, lambda r: _(
    "C’est la dernière personne qui administre : donnez d’abord ce rôle à quelqu’un d’autre. "
    "Rien n’a été changé."))  # fmt: skip
