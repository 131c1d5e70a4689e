"""The words of e-mails that bring a link or a code: invitation, new password, sign-in, confirmation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from invoicing.documents.dates import long_datetime
from invoicing.documents.words import LANGUAGES
from lettrine.letters import Letter, greeting
from web.words import _, language


@dataclass(frozen=True)
class LinkCase:
    """What the e-mail of a link or a code is about."""

    organisation: str
    contact: str
    person: str
    url: str
    until: datetime  # in the organisation's time zone
    is_staff: bool = False
    code: str = ""  # six figures, where the mail brings a code
    customer: str = ""  # whose invoices are to be seen; empty where they are one's own
    by: str = ""  # the manager who asks somebody in
    manages: bool = False  # and says who else sees them
    has_come: bool = False  # somebody who has signed in before


def invitation_letter(case: LinkCase) -> Letter:
    """The first sign-in: a password is chosen behind the link."""
    heading = _("Choisissez votre mot de passe")
    what = _("Votre accès à la zone membre est ouvert : vos factures y sont disponibles à tout moment.")
    if case.customer:
        heading = _("%(customer)s : vous avez accès aux factures", customer=case.customer)
        what = _("Elles sont à votre disposition à tout moment dans la zone membre.")
    if case.is_staff:
        what = _("Votre accès au service commercial est ouvert.")
    who = (_("%(who)s vous en donne l’accès.", who=case.by),) if case.by else ()
    more = (_("Vous pouvez aussi dire qui d’autre les voit, sous « Personnes »."),) if case.manages else ()
    how = _("Pour votre première connexion, choisissez un mot de passe.")
    if case.has_come:
        heading, who, more = _("Choisissez votre mot de passe"), (), ()
        what, how = _("Voici un nouveau lien, comme demandé."), _("Le mot de passe choisi remplace celui d’avant.")
    unasked = _("Vous n’attendiez pas ce message ? Vous pouvez l’ignorer.")
    return _link_letter(case, heading, (*who, what, *more, how), _("Choisir mon mot de passe"), unasked)


def reset_letter(case: LinkCase) -> Letter:
    """A forgotten password."""
    heading = _("Votre nouveau mot de passe")
    what = _("Vous avez demandé à changer votre mot de passe. Choisissez-en un nouveau sur la page qui s’ouvre.")
    unasked = _("Vous n’avez rien demandé ? Ignorez ce message : votre mot de passe reste le même.")
    return _link_letter(case, heading, (what,), _("Choisir un nouveau mot de passe"), unasked)


def sign_in_letter(case: LinkCase) -> Letter:
    """A code for the browser that asked, a link for any other."""
    heading = _("Votre code de connexion")
    what = _("Écrivez ce code sur la page où vous l’avez demandé :")
    other = _("Sur un autre appareil, ouvrez plutôt ce lien : une page s’ouvre avec un bouton.")
    unasked = _("Vous n’avez rien demandé ? Ignorez ce message : sans lui, personne n’entre.")
    letter = _link_letter(case, heading, (what, other), _("Me connecter"), unasked)
    small = (unasked + " " + _("Ne transmettez ni ce code ni ce lien à personne."),)
    valid = _("L’un ou l’autre sert une seule fois, jusqu’à %(time)s.", time=f"{case.until:%H:%M}")
    letter = replace(letter, template="code", preview=valid, paragraphs=(what, other, valid), small=small)
    return replace(letter, code=_grouped(case.code))


def confirm_letter(case: LinkCase) -> Letter:
    """A code for somebody who is signed in; no link, since it works on that page alone."""
    heading = _("Votre code de confirmation")
    what = _("Écrivez ce code sur la page où vous l’avez demandé :")
    unasked = _("Vous n’avez rien demandé ? Quelqu’un se sert de votre compte : choisissez un nouveau mot de passe, "
                "ce qui ferme toutes les sessions, et prévenez-nous.")  # fmt: skip
    letter = _link_letter(replace(case, url=""), heading, (what,), "", unasked)
    valid = _("Il sert une seule fois, jusqu’à %(time)s.", time=f"{case.until:%H:%M}")
    small = (unasked + " " + _("Ne donnez ce code à personne."),)
    letter = replace(letter, template="code", preview=valid, paragraphs=(what, valid), small=small)
    return replace(letter, code=_grouped(case.code))


def new_address_letter(case: LinkCase) -> Letter:
    """To the address that an account is to have: it is proved behind the link."""
    heading = _("Confirmez votre nouvelle adresse")
    case = replace(case, person="")  # the mailbox may be a stranger's: no name, nor what somebody calls themselves
    what = _("Vous avez demandé à vous connecter avec cette adresse. Sur la page qui s’ouvre, un bouton le confirme.")
    unasked = _("Vous n’avez rien demandé ? Ignorez ce message : sans le bouton, rien ne change.")
    return _link_letter(case, heading, (what,), _("Confirmer cette adresse"), unasked)


def _grouped(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


def _link_letter(case: LinkCase, heading: str, what: tuple[str, ...], button: str, unasked: str) -> Letter:
    until = long_datetime(case.until, language())
    valid = _("Ce lien sert une seule fois, jusqu’au %(moment)s.", moment=until)
    return Letter(
        template="link",
        lang=LANGUAGES[language()].language,
        subject=f"{heading} · {case.organisation}",
        preview=what[0],
        organisation=case.organisation,
        heading=heading,
        greeting=greeting(case.person),
        paragraphs=(*what, valid),
        button=button,
        url=case.url,
        small=(unasked + " " + _("Ne transmettez ce lien à personne."),),
        foot=tuple(part for part in (case.organisation, case.contact) if part),
    )


LINKS: Final = {
    "invitation": invitation_letter,
    "reset": reset_letter,
    "sign_in": sign_in_letter,
    "confirm": confirm_letter,
    "new_address": new_address_letter,
}
