"""The words of the e-mail to somebody with an account, who sees a customer's invoices from now on."""

from __future__ import annotations

from dataclasses import dataclass

from invoicing.documents.words import LANGUAGES
from lettrine.letters import Letter, greeting
from web.words import _, language


@dataclass(frozen=True)
class AccessCase:
    """What the e-mail to somebody with an account is about: whose invoices they see from now on."""

    organisation: str
    contact: str
    person: str
    customer: str
    url: str
    manages: bool
    by: str = ""  # the manager who gave it
    sees_others: bool = False  # invoices of somebody else


def access_letter(case: AccessCase) -> Letter:
    """Invoices that somebody sees from now on, with the account that they have."""
    heading = _("%(customer)s : vous avez accès aux factures", customer=case.customer)
    what = _("Elles sont à votre disposition à tout moment dans la zone membre.")
    if case.sees_others:
        what = _("Elles sont dans votre zone membre, avec celles que vous y voyez déjà.")
    who = (_("%(who)s vous en donne l’accès.", who=case.by),) if case.by else ()
    more = (_("Vous pouvez aussi dire qui d’autre les voit, sous « Personnes »."),) if case.manages else ()
    return Letter(
        template="link",
        lang=LANGUAGES[language()].language,
        subject=f"{heading} · {case.organisation}",
        preview=what,
        organisation=case.organisation,
        heading=heading,
        greeting=greeting(case.person),
        paragraphs=(*who, what, *more),
        button=_("Ouvrir ma zone membre"),
        url=case.url,
        small=(_("Vous n’attendiez pas ce message ? Vous pouvez l’ignorer."),),
        foot=tuple(part for part in (case.organisation, case.contact) if part),
    )
