"""What was begun and is not finished: a draft that is discarded, and all that somebody had begun who speaks for nobody any more."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from handlers.asked import unfulfilled
from handlers.case import Case, room_reader
from handlers.texts import say
from handlers.world import World
from playbooks.cleared import short_id
from storage.effects import Effect, Record, Send, Unwake, Urgency
from storage.facts import AlertDrafted, DraftDropped, PlaybookKept
from storage.incident import Draft, Incident


def dropped(world: World, incident: Incident, draft: AlertDrafted, by: str) -> list[Effect]:
    """A draft is discarded by a person or by time: nothing falls due for it, and those who asked for the alert learn of it."""
    return [
        Record(incident.id, DraftDropped(draft.draft, by)),
        Unwake(f"draft:{draft.draft}"),
        Unwake(f"alone:{draft.draft}"),
        *unfulfilled(world, incident, draft.request),
    ]


def ended(case: Case, whose: AbstractSet[str]) -> list[Effect]:
    """Their drafts are discarded and their proposals declined, in every open incident. ``whose``: their id and accounts."""
    effects: list[Effect] = []
    for incident in case.world.open:
        for draft in incident.drafts.values():
            if {draft.fact.person, draft.fact.identity} & whose:
                effects += _dropped(case, incident, draft)
        proposal = incident.proposal
        if proposal is not None and {proposal.fact.person, proposal.fact.identity} & whose:
            effects.append(
                Record(incident.id, PlaybookKept(proposal.fact.digest, case.actor.person, case.actor.partner))
            )
    return effects


def _dropped(case: Case, incident: Incident, draft: Draft) -> list[Effect]:
    name, room = draft.fact.draft, draft.fact.room
    effects = dropped(case.world, incident, draft.fact, case.actor.person)
    if room in case.world.who.direct.values() or (room.network == "telegram" and not room.id.startswith("-")):
        return effects
    reader = room_reader(case.world, case.world.book_of(incident), room, draft.fact.partner)
    words = say(
        reader.languages,
        "Draft {draft} is discarded: its author's access was withdrawn. If it still holds, write it anew.",
        draft=short_id(name),
    )
    return [*effects, Send(incident.id, room, words, Urgency.PROMPT, about=name, partner=draft.fact.partner)]
