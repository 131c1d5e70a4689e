"""Notices as mail servers write them: Postfix's, Exchange's, and those that somebody forges."""

from __future__ import annotations

from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

NOBODY = "550 5.1.1 <p0@example.org>: Recipient address rejected: User unknown"


def fields(**values: str) -> Message:
    """A block of a delivery status."""
    block = Message()
    for name, value in values.items():
        block[name.replace("_", "-")] = value
    return block


def block(action: str = "failed", to: str = "p0@example.org", status: str = "5.1.1", words: str = NOBODY) -> Message:
    """What became of it for one recipient."""
    return fields(
        Final_Recipient=f"rfc822; {to}", Action=action, Status=status, Remote_MTA="dns; mx.example.org",
        Diagnostic_Code=f"smtp; {words}",
    )  # fmt: skip


def dsn(
    message_id: str,
    *blocks: Message,
    head_only: bool = True,
    number: int = 1,
    quoted_in: str = "Message-ID",
    text: str = "I'm sorry to have to inform you that your message could not be delivered.",
) -> bytes:
    """A whole notice; `quoted_in` is the header of the returned message that holds the Message-ID."""
    report = MIMEMultipart("report", **{"report-type": "delivery-status"})  # type: ignore[arg-type]
    report["From"] = "MAILER-DAEMON@mail.test (Mail Delivery System)"
    report["To"] = "factures@ateliers-lettre.example"
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Message-ID"] = f"<2026112{number}.4F2A@mail.test>"
    report["Date"] = "Sun, 22 Nov 2026 10:31:00 +0000"
    report.attach(MIMEText(text))
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.set_payload([fields(Reporting_MTA="dns; mail.test"), *(blocks or (block(),))])
    report.attach(status)
    returned = EmailMessage()
    returned["Subject"] = "Facture F2026-00001"
    returned[quoted_in] = message_id
    if head_only:
        part = MIMEText(returned.as_string(), "rfc822-headers", "us-ascii")
    else:
        returned.set_content("La facture est jointe.")
        part = Message()  # type: ignore[assignment]
        part["Content-Type"] = "message/rfc822"
        part.set_payload([returned])  # type: ignore[arg-type]
    report.attach(part)
    return report.as_bytes()
