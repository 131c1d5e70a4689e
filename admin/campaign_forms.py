"""Who is in a campaign, as its form holds it: a filter with the words of « Tous les clients », or a list."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from admin.customers_list import KINDS, OWING, STANDINGS
from admin.draft_fields import number, token_of, write_date
from admin.draft_form import NoSeller
from invoicing.campaigns import choosing
from invoicing.campaigns.models import Campaign
from invoicing.campaigns.rules import LISTED_MAX, Chosen
from invoicing.campaigns.service import CampaignContent
from invoicing.days import NotADate, read_date
from invoicing.errors import Fault, FieldFaults
from invoicing.search import QUERY_MAX
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import active_sellers, today_of
from web.words import LANGUAGES

WORDS: Final = ("q", "statut", "genre", "pays", "langue", "solde")
FILTER, LIST = "filtre", "liste"
_MEANING: Final[dict[str, Mapping[str, object]]] = {
    "statut": STANDINGS, "genre": KINDS, "solde": OWING, "langue": LANGUAGES,
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Whom the form chooses: customers, and the lines of the list (None with a filter)."""

    customers: int
    lines: int | None = None


@dataclass(frozen=True)
class MembersForm:
    """One state of the form: what is typed in it, what is wrong, whom it chooses where that was counted."""

    values: Mapping[str, str]
    sellers: Sequence[Seller]
    token: str = ""
    revision: int = 0
    faults: tuple[Fault, ...] = field(default=())
    found: Found | None = None
    stale: bool = False

    @property
    def by_list(self) -> bool:
        """Whether the list counts, and not the filter."""
        return self.values["who"] == LIST

    def chosen(self) -> Chosen:
        """The filter, exact; FieldFaults otherwise."""
        typed = {name: self.values[name] for name in WORDS}
        if odd := [name for name, words in _MEANING.items() if typed[name] and typed[name] not in words]:
            raise FieldFaults(Fault(name, "choose") for name in odd)
        return Chosen(
            typed["q"], STANDINGS.get(typed["statut"]), KINDS.get(typed["genre"]), typed["pays"], typed["langue"],
            OWING.get(typed["solde"]),
        )  # fmt: skip

    def content(self) -> CampaignContent:
        """What is to be kept; refuses with every fault of what can't be read."""
        faults, since, chosen = [], None, Chosen()
        if not self.values["name"].strip():
            faults.append(Fault("name", "required"))
        seller_id = number(self.values["seller_id"])
        if seller_id not in {seller.id for seller in self.sellers}:
            faults.append(Fault("seller_id", "choose"))
        try:
            chosen = self.chosen()
        except FieldFaults as refusal:
            faults += refusal.faults
        try:
            if (since := read_date(self.values["since"])) is None:
                faults.append(Fault("since", "required"))
        except NotADate:
            faults.append(Fault("since", "bad_date", {"value": self.values["since"][:40]}))
        if faults or since is None or seller_id is None:
            raise FieldFaults(faults)
        return CampaignContent(self.values["name"], seller_id, since, chosen, self._listed())

    def _listed(self) -> str:
        return self.values["listed"].strip() if self.by_list else ""

    def counted(self, session: Session) -> MembersForm:
        """With how many it chooses; unchanged while its filter can't be read."""
        if self.by_list:
            lines, customers = choosing.count_named(session, self.values["listed"])
            return replace(self, found=Found(customers, lines))
        try:
            return replace(self, found=Found(choosing.count(session, self.chosen())))
        except FieldFaults as refusal:
            return replace(self, faults=(*self.faults, *refusal.faults))

    def check_anybody(self, session: Session) -> None:
        """Refuses, at its field, a choice of nobody."""
        if self.by_list and not choosing.names_anybody(session, self.values["listed"]):
            raise FieldFaults([Fault("listed", "nobody_listed")])
        if not self.by_list and not choosing.count(session, self.chosen()):
            raise FieldFaults([Fault("q", "nobody_chosen")])


def blank(session: Session, now: datetime) -> MembersForm:
    """The form of a new campaign: all members, since the first seller's first of January. Raises NoSeller."""
    sellers = active_sellers(session)
    if not sellers:
        raise NoSeller
    seller = sellers[0]
    values = dict.fromkeys(("name", "listed", *WORDS), "")
    first_day = today_of(seller, now).replace(month=1, day=1)
    values |= {"seller_id": str(seller.id), "who": FILTER, "statut": "membres", "since": write_date(first_day)}
    return MembersForm(values, sellers, secrets.token_urlsafe(24))


def of(session: Session, campaign: Campaign) -> MembersForm:
    """A campaign as its form holds it."""
    chosen = Chosen.from_json(campaign.chosen)
    values = {
        "name": campaign.name, "seller_id": str(campaign.seller_id), "since": write_date(campaign.since),
        "who": LIST if campaign.listed else FILTER, "listed": campaign.listed, "q": chosen.query,
        "statut": _word(STANDINGS, chosen.standing), "genre": _word(KINDS, chosen.kind), "pays": chosen.country,
        "langue": chosen.language, "solde": _word(OWING, chosen.owing),
    }  # fmt: skip
    own = [campaign.seller] if not campaign.seller.active else []  # retired since
    return MembersForm(values, (*own, *active_sellers(session)), revision=campaign.revision)


def typed(form: MembersForm, sent: MultiDict[str, str]) -> MembersForm:
    """The form with what was sent in it; of a list that is too long, enough to be refused."""
    values = {name: sent.get(name, "").strip()[:QUERY_MAX] for name in ("seller_id", "since", *WORDS)}
    values |= {"name": sent.get("name", "")[:QUERY_MAX], "listed": sent.get("listed", "")[: LISTED_MAX + 1],
               "who": LIST if sent.get("who") == LIST else FILTER, "pays": values["pays"][:2]}  # fmt: skip
    revision = number(sent.get("revision", "")) or 0
    return replace(form, values=values, token=token_of(sent) or form.token, revision=revision)


def is_kept(campaign: Campaign, content: CampaignContent) -> bool:
    """Whether a campaign is just what a form says: it was sent twice."""
    ours = (campaign.name, campaign.seller_id, campaign.since, campaign.chosen, campaign.listed)
    return ours == (content.name.strip(), content.seller_id, content.since, content.chosen.to_json(), content.listed)


def _word(words: Mapping[str, object], meaning: object) -> str:
    return next((word for word, means in words.items() if means == meaning), "") if meaning is not None else ""
