"""What people lately caused in the rooms of others, from the facts: so that a room is not called away from its work again and again.

Only as far back as anybody asks: five minutes. It is folded like everything else, so that a restart forgets nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.facts import (
    Acknowledged,
    AlertRequested,
    AnswerUndone,
    AskedToIssue,
    CheckinAnswered,
    Fact,
    LeadOffered,
    LeadOfferEnded,
    Objected,
    PersonAccounted,
    ReportMade,
)
from storage.store import Kept

KEPT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Stir:
    """One thing that somebody caused elsewhere: of which kind, about what, for which partner, and who."""

    kind: str
    about: str
    partner: str
    person: str
    at: datetime
    offer: str | None = None


def of(fact: Fact, at: datetime, known: Sequence[Stir] = ()) -> Stir | None:
    """What a fact causes elsewhere, if it does; of an offer that is taken back, the same as the offer did."""
    match fact:
        case AlertRequested() as f:
            return Stir("ask", f"{f.template} {' '.join(f.asked)}", f.partner, f.person, at)
        case AskedToIssue() as f:
            return Stir("ask", f"{f.template} {' '.join(f.asked)}", f.partner, f.person, at)
        case ReportMade(complete=True) as f:
            return Stir("report", "", f.partner, f.person, at)
        case CheckinAnswered(answer="help") as f:
            return Stir("help", f.round, f.partner, f.person, at)
        case PersonAccounted(state="help") as f:
            return Stir("help", f.rollcall, f.partner, f.by, at)
        case Acknowledged(choice="cannot", late=False) as f:
            return Stir("ack", f.alert, f.partner, f.person, at)
        case AnswerUndone(choice="cannot") as f:
            return Stir("ack", f.alert, f.partner, f.person, at)
        case Objected() as f:
            return Stir("object", f.about, f.partner, f.person, at)
        case LeadOffered(why="hand", person=str(person), partner=str(partner)) as f:
            return Stir("handover", f"{f.tier} {f.jurisdiction} {f.decides}", partner, person, at, f.offer)
        case LeadOfferEnded(why="withdrawn", person=str(person), partner=str(partner)) as f:
            about = next((one.about for one in known if one.offer == f.offer), "")
            return Stir("handover", about, partner, person, at)
        case _:
            return None


def noted(known: tuple[Stir, ...], kept: Kept) -> tuple[Stir, ...]:
    """The same after a fact."""
    if type(kept.fact) not in CONCERNED:
        return known
    stir = of(kept.fact, kept.at, known)
    if stir is None:
        return known
    return (*(one for one in known if kept.at - one.at <= KEPT), stir)


CONCERNED: Mapping[type[Fact], None] = dict.fromkeys(
    (
        Acknowledged,
        AlertRequested,
        AnswerUndone,
        AskedToIssue,
        CheckinAnswered,
        LeadOffered,
        LeadOfferEnded,
        Objected,
        PersonAccounted,
        ReportMade,
    )
)
"""The kinds of facts that may be such."""
