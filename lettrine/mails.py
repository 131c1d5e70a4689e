"""From a claimed delivery to a whole message: facts from the database, words from `letters`, the archived PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

import css_inline
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import User
from invoicing.accounts.notices import AT, WHAT
from invoicing.accounts.secrets import Sealer, Unreadable
from invoicing.customers.models import CustomerKind
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.news import count_unseen
from invoicing.delivery.queries import MORNING
from invoicing.delivery.service import Claim
from invoicing.documents.archive import Archive
from invoicing.documents.desk import CREDITS, Facts
from invoicing.documents.making import Press
from invoicing.documents.service import Sessions, ensure_rendered, latest
from invoicing.documents.snapshot import Snapshot
from invoicing.invoices.models import Invoice
from invoicing.money import NBSP
from invoicing.payments.models import PaymentKind, PaymentMethod
from invoicing.payments.rules import live
from invoicing.sellers.models import Organisation, Seller
from lettrine.access_letters import AccessCase, access_letter
from lettrine.credit_letters import Corrected, credit_letter
from lettrine.digest_letters import digest_letter, news_letter
from lettrine.letters import InvoiceCase, Letter, invoice_letter
from lettrine.link_letters import LINKS, LinkCase
from lettrine.mailer import Attachment, Mail
from lettrine.notice_letters import NoticeCase, notice_letter
from lettrine.rights_given import asked_in, giver, right_of, sees_others
from web.words import DEFAULT_LANGUAGE, LANGUAGES


class Unsendable(Exception):
    """The message can't be written, now or later; `reason` is a code for a sentence."""

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class _Sender:
    """In whose name a message goes out."""

    name: str
    address: str
    reply_to: str


class Composer:
    """Writes messages for one installation; opens a session only to read."""

    def __init__(self, app: Flask, settings: Settings, sessions: Sessions, archive: Archive, press: Press):
        self.app, self.settings, self.sessions = app, settings, sessions
        self.archive, self.press = archive, press
        self.sealer = Sealer(settings.fernet_keys)
        self.templates = app.jinja_env.overlay(trim_blocks=True, lstrip_blocks=True)

    def compose(self, claim: Claim, now: datetime) -> Mail:
        """The whole message; raises Unsendable, and whatever rendering and archive raise."""
        if claim.kind is DeliveryKind.invoice:
            return self._invoice(claim, now)
        if claim.kind in MORNING:
            return self._morning(claim)
        if claim.kind is DeliveryKind.notice:
            return self._notice(claim)
        if claim.kind is DeliveryKind.access:
            return self._access(claim)
        if claim.kind.value in LINKS:
            return self._link(claim)
        raise Unsendable("unknown_kind")

    def _invoice(self, claim: Claim, now: datetime) -> Mail:
        with self.sessions() as session:
            invoice = session.get(Invoice, claim.invoice_id) if claim.invoice_id else None
            if invoice is None or invoice.snapshot is None:
                raise Unsendable("no_invoice")
            version = latest(session, invoice.id)
            version_id, case = version.id, self._case(session, invoice, version.facts)
            sender, corrected = self._sender(session, invoice.seller), _corrected(invoice.corrects)
        document = ensure_rendered(self.sessions, self.archive, self.press, version_id, now)
        attached = Attachment(f"{case.snapshot.number}.pdf", "application/pdf", document.data)
        with self.app.app_context(), force_locale(_spoken(claim.language)):
            credit = case.facts.heading in CREDITS
            return self._mail(
                claim, sender, credit_letter(case, corrected) if credit else invoice_letter(case), (attached,)
            )

    def _case(self, session: Session, invoice: Invoice, facts: str) -> InvoiceCase:
        customer, snapshot = invoice.customer, Snapshot.from_json(invoice.snapshot or "")
        zone = f"{self.settings.public_url.rstrip('/')}/mes-factures/{quote(snapshot.number, safe='')}"
        return InvoiceCase(
            organisation=_organisation(session).name or snapshot.seller.name,
            snapshot=snapshot,
            facts=Facts.from_json(facts),
            person=customer.name if customer.kind is CustomerKind.person else "",
            url=zone if customer.is_member else "",
            remaining_cents=invoice.remaining_cents,
        )

    def _link(self, claim: Claim) -> Mail:
        if claim.expires_at is None:
            raise Unsendable("unreadable")
        try:
            opened = self._unsealed(claim)
            url = opened["link"]
        except KeyError:
            raise Unsendable("unreadable") from None
        with self.sessions() as session:
            organisation = _organisation(session)
            user = session.get(User, claim.user_id) if claim.user_id else None
            sender = self._usual_sender(session)
            until = claim.expires_at.replace(tzinfo=UTC).astimezone(ZoneInfo(organisation.timezone or "UTC"))
            case = LinkCase(organisation.name, organisation.contact_email, user.name if user else "", url, until,
                            is_staff=bool(user and user.is_staff), code=opened.get("code", ""),
                            has_come=bool(user and user.last_sign_in_at), **vars(asked_in(session, claim)))  # fmt: skip
        with self.app.app_context(), force_locale(_spoken(claim.language)):
            return self._mail(claim, sender, LINKS[claim.kind.value](case), ())

    def _unsealed(self, claim: Claim) -> dict[str, str]:
        try:
            return self.sealer.unseal(claim.sealed or "")
        except Unreadable:
            raise Unsendable("unreadable") from None

    def _morning(self, claim: Claim) -> Mail:
        """As of now: whoever has changed their mind, or has looked meanwhile, gets none."""
        base = self.settings.public_url.rstrip("/")
        with self.app.app_context(), force_locale(_spoken(claim.language)), self.sessions() as session:
            user, sender = session.get(User, claim.user_id or 0), self._usual_sender(session)
            if user is None or not user.active:
                raise Unsendable("expired")
            if claim.kind is DeliveryKind.news:
                unseen = count_unseen(session, user.id)
                letter = news_letter(unseen, sender.name, user.name, base) if unseen else None
            else:
                wanted = user.is_staff and user.wants_digest
                letter = digest_letter(session, sender.name, user.name, base) if wanted else None
            if letter is None:
                raise Unsendable("expired")
            return self._mail(claim, sender, letter, ())

    def _notice(self, claim: Claim) -> Mail:
        facts = self._unsealed(claim)
        with self.sessions() as session:
            organisation, user = _organisation(session), session.get(User, claim.user_id or 0)
            sender, zone = self._usual_sender(session), ZoneInfo(organisation.timezone or "UTC")
            try:
                what, at = Happening(facts[WHAT]), datetime.fromisoformat(facts[AT]).replace(tzinfo=UTC)
            except (KeyError, ValueError):
                raise Unsendable("unreadable") from None
            case = NoticeCase(sender.name, organisation.contact_email, user.name if user else "", what,
                              at.astimezone(zone), facts, self.settings.public_url.rstrip("/"),
                              is_staff=bool(user and user.is_staff))  # fmt: skip
        with self.app.app_context(), force_locale(_spoken(claim.language)):
            return self._mail(claim, sender, notice_letter(case), ())

    def _usual_sender(self, session: Session) -> _Sender:
        sellers = select(Seller).where(Seller.active).order_by(Seller.id).limit(1)
        return self._sender(session, session.scalars(sellers).first())

    def _access(self, claim: Claim) -> Mail:
        """Nothing is said of a right that was withdrawn meanwhile, nor to a disabled account."""
        with self.app.app_context(), force_locale(_spoken(claim.language)), self.sessions() as session:
            given = right_of(session, claim)
            if given is None or not given.user.active:
                raise Unsendable("expired")
            sender, organisation = self._usual_sender(session), _organisation(session)
            url = f"{self.settings.public_url.rstrip('/')}/mes-factures"
            case = AccessCase(organisation.name, organisation.contact_email, given.user.name, given.customer.name, url,
                              given.manages, giver(session, given), sees_others(session, given))  # fmt: skip
            return self._mail(claim, sender, access_letter(case), ())

    def _sender(self, session: Session, seller: Seller | None) -> _Sender:
        organisation = _organisation(session)
        reply_to = (seller.email if seller else "") or organisation.contact_email
        address = (seller.mail_from if seller else "") or organisation.contact_email or f"lettrine@{self.settings.host}"
        return _Sender(organisation.name or (seller.name if seller else "Lettrine"), address, reply_to)

    def _mail(self, claim: Claim, sender: _Sender, letter: Letter, attachments: tuple[Attachment, ...]) -> Mail:
        html = self.templates.get_template(f"email/{letter.template}.html").render(letter=letter)
        text = self.templates.get_template(f"email/{letter.template}.txt").render(letter=letter)
        return Mail(
            sender_name=_one_line(sender.name),
            sender=sender.address,
            reply_to=sender.reply_to,
            recipient=claim.recipient,
            subject=_one_line(letter.subject),
            text=text,
            html=_inliner().inline(html),
            message_id=claim.message_id,
            attachments=attachments,
            envelope=self.settings.returns_address,
        )


def _corrected(invoice: Invoice | None) -> Corrected | None:
    """The invoice that a credit note corrects, as it stands now."""
    if invoice is None:
        return None
    given = [row for row in live(invoice.payments) if row.kind is PaymentKind.refund]
    return Corrected(
        number=invoice.number or "",
        due_on=invoice.due_on,
        remaining_cents=invoice.remaining_cents,
        refunded_cents=sum(row.amount_cents for row in given if row.method is not PaymentMethod.credit),
        used=tuple((row.reference, row.amount_cents) for row in given if row.method is PaymentMethod.credit),
    )


def _organisation(session: Session) -> Organisation:
    return session.get(Organisation, 1) or Organisation(name="", contact_email="", timezone="UTC", language="")


def _spoken(language: str) -> str:
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def _one_line(text: str) -> str:
    """What goes into a header: no control characters, single spaces."""
    plain = "".join(char if char.isprintable() or char == NBSP else " " for char in text)
    return " ".join(word for word in plain.split(" ") if word)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    """Styles into attributes, as mail programs want them; media queries stay in the head."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, keep_style_tags=False)
