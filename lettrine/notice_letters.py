"""The words of notices about an account: what happened, when, what to do if it was somebody else. No secret in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from invoicing.accounts.happenings import Happening
from invoicing.documents.dates import long_datetime
from invoicing.documents.words import LANGUAGES
from lettrine.letters import Letter, greeting
from web.devices import described
from web.words import _, language, ngettext


@dataclass(frozen=True)
class NoticeCase:
    """What a notice is about: `facts` as `accounts.happenings` tells them, `at` in the organisation’s zone."""

    organisation: str
    contact: str
    person: str
    what: Happening
    at: datetime
    facts: Mapping[str, str]
    base: str  # of the site's addresses
    is_staff: bool = False

    @property
    def is_key(self) -> bool:
        """Whether it is about a passkey, not an application."""
        return self.facts.get("factor") == "passkey"


_NO_KEY: Final = (Happening.address_changed, Happening.access_withdrawn)  # a new password would help nobody
Words = tuple[str, str]  # the heading, and the sentence that says it


def notice_letter(case: NoticeCase) -> Letter:
    """As finished sentences: the fact, its moment, and the way out for whoever didn't do it."""
    heading, sentence = _WORDS[case.what](case)
    moment = long_datetime(case.at, language())
    return Letter(
        template="link",
        lang=LANGUAGES[language()].language,
        subject=f"{heading} · {case.organisation}",
        preview=sentence,
        organisation=case.organisation,
        heading=heading,
        greeting=greeting(case.person),
        paragraphs=(sentence, _("C’était le %(moment)s.", moment=moment), *_if_not_you(case)),
        button="" if case.what in _NO_KEY else _("Choisir un nouveau mot de passe"),
        url="" if case.what in _NO_KEY else f"{case.base}/connexion/oubli",
        small=_small(case),
        foot=tuple(part for part in (case.organisation, case.contact) if part),
    )


def _if_not_you(case: NoticeCase) -> tuple[str, ...]:
    """What to do; whoever has lost the address can't have a new password mailed to it, and a factor is asked for."""
    if case.what is Happening.access_withdrawn:
        return (_("Les autres factures que vous voyez restent dans votre zone membre."), _mistaken(case))
    if case.what is Happening.factors_reset:  # somebody else's deed, at the owner's wish
        return _("Vous l’aviez demandé ? Il n’y a rien à faire."), _(
            "Vous n’avez rien demandé ? Choisissez tout de suite un nouveau mot de passe, puis un autre second facteur."
        )
    known = _("C’était vous ? Il n’y a rien à faire.")
    if case.what is Happening.address_changed:
        ask = (
            _("Ce n’était pas vous ? Écrivez sans attendre à %(contact)s : le compte peut être bloqué.",
              contact=case.contact)
            if case.contact
            else _("Ce n’était pas vous ? Prévenez sans attendre votre organisation : le compte peut être bloqué.")
        )  # fmt: skip
        return known, ask
    if case.what is Happening.factor_added:  # a new password doesn't take it away
        return known, _(
            "Ce n’était pas vous ? Choisissez tout de suite un nouveau mot de passe : toutes les sessions se ferment. "
            "Puis demandez à %(contact)s de retirer ce qui a été ajouté : sans cela, la connexion vous le demandera.",
            contact=case.contact or _("votre organisation"))  # fmt: skip
    return known, _("Ce n’était pas vous ? Choisissez tout de suite un nouveau mot de passe : toutes les sessions se "
                    "ferment, et les liens déjà envoyés ne servent plus.")  # fmt: skip


def _mistaken(case: NoticeCase) -> str:
    if case.contact:
        return _("C’est une erreur ? Écrivez à %(contact)s.", contact=case.contact)
    return _("C’est une erreur ? Prévenez votre organisation.")


def _small(case: NoticeCase) -> tuple[str, ...]:
    if case.what is Happening.access_withdrawn:
        return ()
    help = (
        _("Besoin d’aide ? Écrivez à %(contact)s. Personne ne vous demandera jamais votre mot de passe ni un code.",
          contact=case.contact)
        if case.contact
        else _("Personne ne vous demandera jamais votre mot de passe ni un code.")
    )  # fmt: skip
    if case.what is Happening.signed_in:
        return help, _("La page « Mon compte » arrête ces avis de connexion.")
    return (help,)


def _signed_in(case: NoticeCase) -> Words:
    device = described(case.facts.get("user_agent", ""))
    return (
        _("Connexion depuis un nouvel appareil"),
        _("Quelqu’un s’est connecté à votre compte depuis un appareil que nous ne connaissions pas : %(device)s.",
          device=device),
    )  # fmt: skip


def _recovery_used(case: NoticeCase) -> Words:
    left = int(case.facts.get("left", "0"))
    return (
        _("Un code de secours a servi"),
        ngettext("Un code de secours a servi à se connecter à votre compte. Il en reste %(num)s.",
                 "Un code de secours a servi à se connecter à votre compte. Il en reste %(num)s.", left),
    )  # fmt: skip


def _added(case: NoticeCase) -> Words:
    if case.is_key:
        return _("Clé d’accès ajoutée"), _("Une clé d’accès a été ajoutée à votre compte.")
    return (
        _("Application de codes ajoutée"),
        _("Une application qui donne des codes à six chiffres a été ajoutée à votre compte."),
    )


def _reset(case: NoticeCase) -> Words:
    said = _("Vos seconds facteurs et codes de secours ont été retirés par un administrateur.")
    if case.is_staff:
        said = _("Vos seconds facteurs et codes de secours ont été retirés par un administrateur. Vous en choisirez un "
                 "autre à la prochaine connexion.")  # fmt: skip
    return _("Second facteur réinitialisé"), said


def _removed(case: NoticeCase) -> Words:
    if case.is_key:
        return _("Clé d’accès retirée"), _("Une clé d’accès a été retirée de votre compte.")
    return (
        _("Application de codes retirée"),
        _("L’application qui donnait des codes à six chiffres a été retirée de votre compte."),
    )


_WORDS: Final[dict[Happening, Callable[[NoticeCase], Words]]] = {
    Happening.signed_in: _signed_in,
    Happening.password_set: lambda case: (
        _("Mot de passe changé"), _("Le mot de passe de votre compte a été changé.")),
    Happening.address_changed: lambda case: (
        _("Adresse de connexion changée"),
        _("Votre compte a maintenant une autre adresse : celle-ci ne sert plus à se connecter.")),
    Happening.factor_added: _added,
    Happening.factor_removed: _removed,
    Happening.factors_reset: _reset,
    Happening.codes_made: lambda case: (
        _("Nouveaux codes de secours"),
        _("De nouveaux codes de secours ont été faits pour votre compte. Les anciens ne servent plus.")),
    Happening.recovery_used: _recovery_used,
    Happening.access_withdrawn: lambda case: (
        _("%(customer)s : vous n’avez plus accès aux factures", customer=case.facts.get("customer", "")),
        _("Le droit de voir ces factures vous a été retiré.")),
}  # fmt: skip
