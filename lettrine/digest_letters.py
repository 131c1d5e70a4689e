"""The words of the morning's mails: to staff what needs a person, to members that there are new documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy.orm import Session

from admin.texts import KINDS, reason_of
from invoicing.delivery.digest import standing
from invoicing.delivery.models import Delivery
from invoicing.delivery.queries import latest_trouble
from invoicing.documents.words import LANGUAGES
from invoicing.lettering.work_list import count_waiting
from lettrine.letters import Letter, greeting
from web.words import _, language, ngettext

LISTED: Final = 10  # e-mails that are named
MANY: Final = 1000  # documents to be lettered: from here on they aren't counted


def digest_letter(session: Session, organisation: str, person: str, base: str) -> Letter:
    """As the database says it when the letter is written, which may be later than it was promised."""
    now, listed = standing(session), latest_trouble(session, LISTED)
    counted = tuple(_counted(now.troubled, now.waiting, now.to_check))
    sentences = counted or (_("Depuis, tout est rentré dans l’ordre."),)
    more = now.troubled - len(listed)
    rest = ngettext("Et %(num)s autre.", "Et %(num)s autres.", more) if more > 0 else ""
    to_letter = count_waiting(session, MANY)
    beside = ngettext("%(num)s document attend son lettrage.", "%(num)s documents attendent leur lettrage.", to_letter)
    title = _("Ce qui vous attend ce matin")
    return Letter(
        **_morning(title, sentences, organisation, person),
        button=_("Ouvrir les envois") if now.troubled else _("Ouvrir le service commercial"),
        url=f"{base}/ventes/envois" if now.troubled else f"{base}/ventes",
        small=tuple(text for text in (rest, beside if to_letter else "") if text),
        facts=tuple((_named(delivery), _why(delivery)) for delivery in listed),
    )


def news_letter(unseen: int, organisation: str, person: str, base: str) -> Letter:
    """To a member: so many documents have come since the last visit. None is named, nothing is attached."""
    title = ngettext("Un nouveau document vous attend", "De nouveaux documents vous attendent", unseen)
    sentence = ngettext("Depuis votre dernière visite, %(num)s document est arrivé dans votre zone membre.",
                        "Depuis votre dernière visite, %(num)s documents sont arrivés dans votre zone membre.",
                        unseen)  # fmt: skip
    return Letter(
        **_morning(title, (sentence,), organisation, person),
        button=_("Voir mes factures"),
        url=f"{base}/mes-factures",
        small=(_("La zone membre vous demandera de vous connecter."),),
    )


def _morning(title: str, sentences: tuple[str, ...], organisation: str, person: str) -> dict[str, Any]:
    """What such letters have in common."""
    asked = _("Vous recevez ce message parce que vous l’avez demandé. La page « Mon compte » l’arrête.")
    return {
        "template": "digest",
        "lang": LANGUAGES[language()].language,
        "subject": f"{title} · {organisation}",
        "preview": " ".join(sentences),
        "organisation": organisation,
        "heading": title,
        "greeting": greeting(person),
        "paragraphs": sentences,
        "foot": (organisation, asked),
    }


def _counted(troubled: int, waiting: int, to_check: int) -> Iterator[str]:
    if troubled:
        yield ngettext("%(num)s courriel n’est pas arrivé : il faut une personne.",
                       "%(num)s courriels ne sont pas arrivés : il faut une personne.", troubled)  # fmt: skip
    if waiting:
        yield ngettext("%(num)s courriel est réessayé de lui-même.",
                       "%(num)s courriels sont réessayés d’eux-mêmes.", waiting)  # fmt: skip
    if to_check:
        yield ngettext("%(num)s facture est à vérifier.", "%(num)s factures sont à vérifier.", to_check)


def _named(delivery: Delivery) -> str:
    return (delivery.invoice.number if delivery.invoice else "") or _(KINDS[delivery.kind])


def _why(delivery: Delivery) -> str:
    who = delivery.invoice.customer.name if delivery.invoice else delivery.recipient
    return f"{who} · {reason_of(delivery)}"
