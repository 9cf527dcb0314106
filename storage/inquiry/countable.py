"""What can be counted of a log of which parts were erased, or are not shown to whoever asks: facts that still say what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storage import facts as f
from storage.facts import Fact
from storage.store import Kept

_NEEDS: Mapping[type[Fact], tuple[str, ...]] = {
    **dict.fromkeys((f.MessageSent, f.MessageRefused, f.MessageUnknown, f.MessageDropped), ("send", "room")),
    **dict.fromkeys((f.MessageRemoved, f.MessageRemains, f.MessageTracked, f.RemovalAsked), ("send", "room")),
    f.Disclosed: ("send", "about", "room"),
    **dict.fromkeys((f.Acknowledged, f.AnswerUndone), ("alert", "partner", "choice")),
    **dict.fromkeys((f.CallTaken, f.CallReported, f.PartnerUnreachable), ("about", "partner")),
    **dict.fromkeys((f.AlertIssued, f.CopyHeld, f.CopyReleased, f.CallAsked), ("alert", "partner")),
    **dict.fromkeys(
        (f.AlertAddressed, f.AlertExpired, f.AlertSuperseded, f.AlertCancelled, f.AlertRetracted), ("alert",)
    ),
    **dict.fromkeys((f.AlertDrafted, f.DraftConfirmed), ("draft",)),
    f.AlertRequested: ("request",),
    **dict.fromkeys((f.Said, f.SaidAnew, f.TakenBack), ("said",)),
    f.LeadTaken: ("partners",),
    **dict.fromkeys((f.LeadOffered, f.LeadOfferEnded), ("offer",)),
    f.Exported: ("reader",),
}


def countable(kept: Iterable[Kept]) -> list[Kept]:
    """Those facts that still say what they are about; every question begins with them."""
    return [one for one in kept if all(getattr(one.fact, name) is not None for name in _NEEDS.get(type(one.fact), ()))]
