"""A document once more by e-mail (SPEC D8), for staff and members: limited, logged, queued; its refusals in words."""

from __future__ import annotations

from invoicing.accounts.rules import TooMany
from invoicing.delivery import again
from invoicing.delivery.again import Again
from invoicing.errors import Refused
from web.database import now, transaction
from web.errors import register
from web.filters import short_datetime
from web.services import services
from web.sessions import actor, me
from web.signin import limited
from web.words import _

register(again.NotSentAgain, 409, lambda r: _(
    "Envoyer de nouveau n’est pas permis ici : un administrateur peut le régler. Rien n’est parti."))  # fmt: skip
register(again.NothingToSend, 409, lambda r: _("Il n’y a pas encore de document à envoyer. Rien n’est parti."))
register(again.OnItsWay, 409, lambda r: _(
    "Un courriel est déjà en route pour %(address)s. Rien n’est parti en double.", address=r.recipient))  # fmt: skip
register(again.TooSoon, 409, lambda r: _(
    "Ce document a déjà été envoyé il y a peu. Il peut l’être de nouveau à partir du %(at)s.",
    at=short_datetime(r.until)))  # fmt: skip


class TooManyMails(Refused):
    """This person has had many e-mails sent; they wait for a while."""


register(TooManyMails, 429, lambda r: _("Vous avez demandé beaucoup d’envois : réessayez plus tard. Rien n’est parti."))


def send_again(invoice_id: int, wanted: Again) -> str:
    """Queues it and returns the address; raises TooManyMails and what the core raises. The caller nudges."""
    try:
        limited("mail_me" if wanted.by_member else "mail_again", str(me().user.id))
    except TooMany:
        raise TooManyMails from None
    with transaction() as session:
        made = again.send_again(session, invoice_id, wanted, actor(), now(), services().post.domain)
        return made.recipient
