"""What can be counted of a log of which parts were erased, or are not shown to whoever asks: facts that still say what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertDrafted,
    AlertExpired,
    AlertIssued,
    AlertRequested,
    AlertRetracted,
    AlertSuperseded,
    AnswerUndone,
    CallAsked,
    CallReported,
    CallTaken,
    CopyHeld,
    CopyReleased,
    Disclosed,
    DraftConfirmed,
    Exported,
    Fact,
    LeadOffered,
    LeadOfferEnded,
    LeadTaken,
    MessageDropped,
    MessageRefused,
    MessageRemains,
    MessageRemoved,
    MessageSent,
    MessageTracked,
    MessageUnknown,
    PartnerUnreachable,
    RemovalAsked,
    Said,
    SaidAnew,
    TakenBack,
)
from storage.store import Kept

_NEEDS: Mapping[type[Fact], tuple[str, ...]] = {
    **dict.fromkeys((MessageSent, MessageRefused, MessageUnknown, MessageDropped), ("send", "room")),
    **dict.fromkeys((MessageRemoved, MessageRemains, MessageTracked, RemovalAsked), ("send", "room")),
    Disclosed: ("send", "about", "room"),
    **dict.fromkeys((Acknowledged, AnswerUndone), ("alert", "partner", "choice")),
    **dict.fromkeys((CallTaken, CallReported, PartnerUnreachable), ("about", "partner")),
    **dict.fromkeys((AlertIssued, CopyHeld, CopyReleased, CallAsked), ("alert", "partner")),
    **dict.fromkeys((AlertAddressed, AlertExpired, AlertSuperseded, AlertCancelled, AlertRetracted), ("alert",)),
    **dict.fromkeys((AlertDrafted, DraftConfirmed), ("draft",)),
    AlertRequested: ("request",),
    **dict.fromkeys((Said, SaidAnew, TakenBack), ("said",)),
    LeadTaken: ("partners",),
    **dict.fromkeys((LeadOffered, LeadOfferEnded), ("offer",)),
    Exported: ("reader",),
}


def legible(kept: Iterable[Kept]) -> list[Kept]:
    """Those facts that still say what they are about; every question begins with them."""
    return [one for one in kept if all(getattr(one.fact, name) is not None for name in _NEEDS.get(type(one.fact), ()))]
