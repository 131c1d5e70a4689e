"""Rows of people who may sign in: users, sessions, proofs by e-mail, second factors, counters of tries."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from invoicing.database import Base, enum


class Role(StrEnum):
    """What a user may do; the table stands in SPEC A."""

    member = "member"
    reader = "reader"
    sales = "sales"
    admin = "admin"


class Purpose(StrEnum):
    """What a mailed code or link is for."""

    sign_in = "sign_in"
    confirm = "confirm"  # a signed-in member proves that it is still them
    reset = "reset"
    invitation = "invitation"
    new_address = "new_address"


class Stage(StrEnum):
    """How far a sign-in has come; only `open` makes somebody."""

    open = "open"
    second_factor = "second_factor"
    enrolment = "enrolment"


class User(Base):
    """Somebody who may sign in. `email` is normalised and case-folded."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[Role] = mapped_column(enum(Role))
    language: Mapped[str] = mapped_column(String(8), default="fr_FR")
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    passkey_handle: Mapped[bytes] = mapped_column(LargeBinary(64), unique=True)
    totp_secret: Mapped[str | None] = mapped_column(String(500))  # sealed
    totp_last_step: Mapped[int | None]  # of the last code that was taken: no code is taken twice
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]
    wants_digest: Mapped[bool] = mapped_column(default=False)  # staff: one mail a day with what needs a person
    digest_on: Mapped[date | None]  # the last day for which it was decided whether there is something to say
    wants_notices: Mapped[bool] = mapped_column(default=True)  # a mail when somebody signs in from an unknown device
    wants_news: Mapped[bool] = mapped_column(default=False)  # one mail a day at most, when there are new documents
    news_on: Mapped[date | None]  # the last day for which that was decided
    news_at: Mapped[datetime | None]  # documents that stood by then have been told of, or seen

    @property
    def is_staff(self) -> bool:
        """Whether this user works for the organisation."""
        return self.role is not Role.member


class SignInSession(Base):
    """One browser that is signed in; the cookie holds only the secret behind `sid_hash`."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    sid_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    user: Mapped[User] = relationship(lazy="joined")
    stage: Mapped[Stage] = mapped_column(enum(Stage))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(255))


class EmailProof(Base):
    """One mail, one row: a link of 256 bits, used once. Without a user it is a decoy: the same write for everybody.

    Where a browser asked for a code, `asked_hash` is that browser's secret, and `code_hash` is keyed with it.
    """

    __tablename__ = "email_proof"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(enum(Purpose))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    user: Mapped[User | None] = relationship()
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    asked_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(254))  # of a new address's proof: the one that it becomes
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class KnownDevice(Base):
    """A browser that this user has signed in with; its cookie holds only the secret behind `token_hash`."""

    __tablename__ = "known_device"
    __table_args__ = (UniqueConstraint("user_id", "token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime] = mapped_column(index=True)


class RecoveryCode(Base):
    """One of ten codes for whoever has lost the second factor; the row goes when it is used."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)


class Passkey(Base):
    """A key that somebody's device keeps; it checks who holds it, so it is two factors by itself."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)  # 32 bits without a sign; synced keys keep it at 0
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """What one browser's key is to sign, once; with a user, for a new key of theirs."""

    __tablename__ = "passkey_challenge"

    challenge: Mapped[bytes] = mapped_column(LargeBinary(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Attempts(Base):
    """Counter per bucket and window of time: an upsert, no row per try."""

    __tablename__ = "attempts"

    bucket: Mapped[str] = mapped_column(String(160), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]
