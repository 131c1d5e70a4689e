"""The words of a credit note's e-mail: what it is worth to its reader, and what becomes of the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from invoicing.documents.dates import plain_date
from invoicing.documents.words import LANGUAGES
from invoicing.money import write_money
from lettrine.letters import InvoiceCase, Letter, foot_of, greeting, safety, titled
from web.words import _, language


@dataclass(frozen=True)
class Corrected:
    """The corrected invoice as it stands when the e-mail is written; cents.

    `remaining_cents` is below 0 where money is still owed back; `used` is what was set against others: (number, cents).
    """

    number: str
    due_on: date | None
    remaining_cents: int
    refunded_cents: int
    used: tuple[tuple[str, int], ...]


def credit_letter(case: InvoiceCase, corrected: Corrected | None) -> Letter:
    """A credit note: the amount in the reader's favour first, then what happens to it."""
    words, snapshot = LANGUAGES[language()], case.snapshot
    title: str = getattr(words, case.facts.heading.value)
    amount = write_money(snapshot.total_cents, snapshot.currency, language())
    becomes = _becomes(case, corrected) if corrected else ()
    return Letter(
        template="invoice",
        lang=words.language,
        subject=titled(case),
        preview=f"{amount} {_('en votre faveur')}. " + (becomes[0] if becomes else _("Le document est joint en PDF.")),
        organisation=case.organisation,
        heading=_("Votre %(title)s %(number)s", title=title.lower(), number=case.number),
        greeting=greeting(case.person),
        paragraphs=(_joined(case, title), *becomes),
        button=_("Voir le document"),
        url=case.url,
        small=safety(case),
        foot=foot_of(case),
        amount=amount,
        till=_("en votre faveur"),
        facts=_facts(case, title, corrected),
    )


def _joined(case: InvoiceCase, title: str) -> str:
    day, number = plain_date(case.snapshot.issued_on, language()), case.snapshot.corrects
    joined = _("Vous trouverez ci-joint, en PDF, votre %(title)s du %(day)s sur la facture %(number)s.",
               title=title.lower(), day=day, number=number)  # fmt: skip
    kept = _("Ce document reste disponible à tout moment dans votre zone membre.") if case.url else ""
    return f"{joined} {kept}".strip()


def _becomes(case: InvoiceCase, corrected: Corrected) -> tuple[str, ...]:
    """What happens to the money: taken off what was due, given back, set against another invoice, or to be."""

    def money(cents: int) -> str:
        return write_money(cents, case.snapshot.currency, language())

    rest, said = corrected.remaining_cents, []
    if rest > 0:
        day = plain_date(corrected.due_on, language()) if corrected.due_on else ""
        said.append(
            _("Il est déduit de cette facture : il reste %(amount)s à régler, au plus tard le %(day)s.",
              amount=money(rest), day=day)
            if day
            else _("Il est déduit de cette facture : il reste %(amount)s à régler.", amount=money(rest))
        )  # fmt: skip
    if corrected.refunded_cents:
        said.append(_("%(amount)s vous ont été remboursés.", amount=money(corrected.refunded_cents)))
    for number, cents in corrected.used:
        said.append(_("%(amount)s ont été déduits de la facture %(number)s.", amount=money(cents), number=number))
    if rest < 0:
        facts = {"number": corrected.number, "amount": money(-rest)}
        said.append(_(
            "En tout, pour la facture %(number)s : %(amount)s vous seront remboursés, ou déduits d’une autre facture.",
            **facts))  # fmt: skip
    if not said:
        said.append(_("Il solde cette facture : vous n’avez rien à régler."))
    return tuple(said)


def _facts(case: InvoiceCase, title: str, corrected: Corrected | None) -> tuple[tuple[str, str], ...]:
    snapshot = case.snapshot
    rest = corrected.remaining_cents if corrected else 0
    request = LANGUAGES[language()].credit_request
    rows = [
        (title, case.number),
        (request, snapshot.number if case.facts.official_number else ""),
        (_("Client"), snapshot.buyer.name),
        (_("Facture corrigée"), snapshot.corrects),
        (_("Motif"), snapshot.reason),
        (_("Reste à régler"), write_money(rest, snapshot.currency, language()) if rest > 0 else ""),
    ]
    return tuple((label, value) for label, value in rows if value)
