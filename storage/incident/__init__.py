"""What an incident's facts add up to. A pure fold; a restart rebuilds it from the log alone."""

from storage.incident.fold import fold
from storage.incident.pausing import stood_still
from storage.incident.state import (
    Accounted,
    AlertState,
    Answer,
    Asked,
    Call,
    Copy,
    CopyState,
    Danger,
    Decision,
    Draft,
    Given,
    Incident,
    Issued,
    Live,
    Objection,
    Offer,
    Polled,
    Proposal,
    Recent,
    Removal,
    RemovalState,
    RollCall,
    Round,
    Stopped,
    Taken,
    Watch,
)

__all__ = [
    "Accounted", "AlertState", "Answer", "Asked", "Call", "Copy", "CopyState", "Danger", "Decision", "Draft", "Given",
    "Incident", "Issued", "Live", "Objection", "Offer", "Polled", "Proposal", "Recent", "Removal", "RemovalState", "RollCall", "Round", "Stopped", "Taken", "Watch", "fold", "stood_still",
]  # fmt: skip
