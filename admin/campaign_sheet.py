"""The members of a campaign as a table to download."""

from __future__ import annotations

from collections.abc import Iterator

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import bp
from invoicing.campaigns import queries
from invoicing.campaigns.models import Verdict
from invoicing.sheets import Column, Row
from web import campaigns as words
from web.database import db
from web.exports import send_sheet
from web.security import text_arg
from web.words import _


@bp.get("/campagnes/<int:campaign_id>/export.<kind>")
def campaign_export(campaign_id: int, kind: str) -> ResponseReturnValue:
    """The members that the filter shows: who, verdict, the sentence, the amount, the invoice."""
    found = queries.campaign(db.session, campaign_id)
    asked = text_arg("verdict", 32)
    verdict, currency = Verdict(asked) if asked in list(Verdict) else None, found.seller.currency
    columns = [
        Column(_("Nom")), Column(_("Numéro de membre")), Column(_("Adresse e-mail")), Column(_("Verdict")),
        Column(_("Détail")), Column(_("Montant (%(currency)s)", currency=currency), "cents"), Column(_("Facture")),
    ]  # fmt: skip
    return send_sheet(found.name, columns, lambda session: _rows(session, campaign_id, verdict), kind)


def _rows(session: Session, campaign_id: int, verdict: Verdict | None) -> Iterator[Row]:
    for member in queries.every(session, campaign_id, verdict):
        one, told = member.customer, words.told(member)
        name, numbered, email = (one.name, one.member_number, one.email) if one else (words.typed(member), "", "")
        yield (
            name, numbered, email, words.VERDICTS[member.verdict].label, told.text, member.total_cents,
            member.invoice.number if member.invoice else "",
        )  # fmt: skip
