"""The words of each e-mail, in the language of the moment; `lettrine.mails` finds the facts and sends for the paper."""

from __future__ import annotations

from dataclasses import dataclass

from invoicing.documents.dates import long_date, plain_date
from invoicing.documents.desk import CREDITS, PAYABLE, Facts, Heading
from invoicing.documents.snapshot import Snapshot
from invoicing.documents.words import LANGUAGES, words_for
from invoicing.money import NBSP, write_money
from web.words import _, language


@dataclass(frozen=True)
class Letter:
    """Everything that an e-mail shows, as finished sentences; without a `url` it has no button."""

    template: str
    lang: str
    subject: str
    preview: str
    organisation: str
    heading: str
    greeting: str
    paragraphs: tuple[str, ...]
    button: str
    url: str
    small: tuple[str, ...]
    foot: tuple[str, ...]
    amount: str = ""
    till: str = ""
    code: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def colon(self) -> str:
        """The colon after a label."""
        return f"{NBSP}:" if self.lang.startswith("fr") else ":"

    @property
    def aside(self) -> str:
        """What stands above the address in clear."""
        return _("Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :")


@dataclass(frozen=True)
class InvoiceCase:
    """What an invoice's e-mail is about."""

    organisation: str
    snapshot: Snapshot
    facts: Facts
    person: str  # who is greeted; empty for an organisation
    url: str  # in the member zone; empty for a contact, who has none
    remaining_cents: int

    @property
    def number(self) -> str:
        """The number that the document bears."""
        return self.facts.official_number or self.snapshot.number

    @property
    def is_owed(self) -> bool:
        """Whether something is still to be paid."""
        return self.facts.heading in PAYABLE and self.remaining_cents > 0 and not self.facts.paid_on


def greeting(person: str) -> str:
    """« Bonjour Élodie Lefèvre, », or without a name."""
    return _("Bonjour %(name)s,", name=person) if person else _("Bonjour,")


def invoice_letter(case: InvoiceCase) -> Letter:
    """An invoice: the amount and its date first, then how to pay."""
    words, snapshot = LANGUAGES[language()], case.snapshot
    title: str = getattr(words, case.facts.heading.value)
    amount = write_money(snapshot.total_cents, snapshot.currency, language())
    till = _till(case)
    return Letter(
        template="invoice",
        lang=words.language,
        subject=titled(case),
        preview=f"{amount} {till}. " + _("Le document est joint en PDF."),
        organisation=case.organisation,
        heading=_("Votre %(title)s %(number)s", title=title.lower(), number=case.number),
        greeting=greeting(case.person),
        paragraphs=(_message(case),),
        button=_("Voir la facture") if case.facts.heading is Heading.invoice else _("Voir le document"),
        url=case.url,
        small=safety(case),
        foot=foot_of(case),
        amount=amount,
        till=till,
        facts=_payment_facts(case, title),
    )


def titled(case: InvoiceCase) -> str:
    """The subject: title, number, organisation; a Québec document's title is never in English alone."""
    title: str = getattr(words_for(language(), case.snapshot.region), case.facts.heading.value)
    return f"{title} {case.number} · {case.organisation}"


def _till(case: InvoiceCase) -> str:
    snapshot, facts = case.snapshot, case.facts
    if paid_on := facts.paid_on or snapshot.paid_on:
        return _("payée le %(day)s", day=long_date(paid_on, language()))
    if not case.is_owed:
        return _("déjà réglée") if snapshot.total_cents else _("rien à régler")
    day = long_date(snapshot.due_on, language()) if snapshot.due_on else ""
    if case.remaining_cents < snapshot.total_cents:
        rest = write_money(case.remaining_cents, snapshot.currency, language())
        return (
            _("dont %(rest)s restent à régler au plus tard le %(day)s", rest=rest, day=day)
            if day
            else _("dont %(rest)s restent à régler", rest=rest)
        )
    return _("à régler au plus tard le %(day)s", day=day) if day else _("à régler")


def _message(case: InvoiceCase) -> str:
    day = plain_date(case.snapshot.issued_on, language())
    if case.facts.heading is Heading.invoice:
        joined = _("Vous trouverez ci-joint, en PDF, votre facture du %(day)s.", day=day)
    else:
        joined = _("Vous trouverez ci-joint, en PDF, votre document du %(day)s.", day=day)
    kept = _("Vous le retrouvez à tout moment dans votre zone membre.") if case.url else ""
    if case.url and case.facts.heading is Heading.invoice:
        kept = _("Elle reste disponible à tout moment dans votre zone membre.")
    return f"{joined} {kept}".strip()


def _payment_facts(case: InvoiceCase, title: str) -> tuple[tuple[str, str], ...]:
    bank, snapshot = case.snapshot.bank, case.snapshot
    rows = [(title, case.number), (_("Client"), snapshot.buyer.name)]
    if case.facts.official_number:
        rows.insert(1, (_("Commande"), snapshot.number))
    if case.is_owed:
        rows += [
            *_parts(case),
            (_("Bénéficiaire"), bank.holder or snapshot.seller.name),
            ("IBAN", grouped(bank.iban)),
            ("BIC", bank.bic if bank.iban else ""),
            (_("Virement Interac"), bank.interac),
            (_("Chèque"), bank.cheque),
            (_("Référence à rappeler"), case.number),
        ]
    return tuple((label, value) for label, value in rows if value)


def _parts(case: InvoiceCase) -> list[tuple[str, str]]:
    """What was settled and what remains, where that isn't the whole."""
    snapshot, rest = case.snapshot, case.remaining_cents
    if rest >= snapshot.total_cents:
        return []
    settled, remains = (
        write_money(cents, snapshot.currency, language()) for cents in (snapshot.total_cents - rest, rest)
    )
    return [(_("Déjà réglé"), settled), (_("Reste à régler"), remains)]


def grouped(iban: str) -> str:
    """The IBAN in groups of four, with ordinary spaces so that a narrow screen breaks between groups."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def safety(case: InvoiceCase) -> tuple[str, ...]:
    """What protects the reader: the sign-in, and bank details that don't change by e-mail."""
    sentences = [_("La zone membre vous demandera de vous connecter.")] if case.url else []
    bank, phone = case.snapshot.bank, case.snapshot.seller.phone
    if case.is_owed and (bank.iban or bank.interac):
        sentences.append(
            _("Nos coordonnées bancaires ne changent pas par courriel : en cas de doute, appelez-nous au %(phone)s.",
              phone=phone.replace(" ", NBSP))
            if phone
            else _("Nos coordonnées bancaires ne changent pas par courriel : en cas de doute, demandez-nous.")
        )  # fmt: skip
    return (" ".join(sentences),) if sentences else ()


def foot_of(case: InvoiceCase) -> tuple[str, ...]:
    """Who writes, and why."""
    seller = case.snapshot.seller
    who = " · ".join(part for part in (seller.name, ", ".join(seller.lines)) if part)
    why = _("Vous recevez ce message parce qu’une facture a été établie à votre nom. Il ne contient aucun traceur.")
    if case.facts.heading in CREDITS:
        why = _("Vous recevez ce message parce qu’un document a été établi à votre nom. Il ne contient aucun traceur.")
    return tuple(part for part in (who, seller.email, why) if part)
