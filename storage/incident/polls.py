"""Polls in channels, and their votes."""

from __future__ import annotations

from dataclasses import replace

from storage.facts import PollClosed, Said, TakenBack, Voted
from storage.incident.state import Incident, Polled
from storage.store import Kept


def opened(state: Incident, f: Said) -> Incident:
    """The incident after something was said, which may be a poll."""
    poll = f.content.get("poll")
    if not poll:
        return state
    options = tuple(str(one) for one in poll.get("options", ()))
    new = Polled(f.said, f.partner, f.room, f.channels, f.raised, f.origins, f.onward, options)
    return replace(state, polls={**state.polls, f.said: new})


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after a vote, or the end of a poll."""
    match kept.fact:
        case Voted(said=said) as f if said in state.polls:
            poll = state.polls[said]
            if f.counts:
                poll = replace(poll, counts={**poll.counts, f.room: f.counts})
            else:
                poll = replace(poll, votes={**poll.votes, (f.room, f.person): f.options})
            return replace(state, polls={**state.polls, said: poll})
        case PollClosed(said=said) if said in state.polls:
            closed = replace(state.polls[said], closed=True)
            return replace(state, polls={**state.polls, said: closed})
        case TakenBack(said=said) if said in state.polls:
            return replace(state, polls={name: one for name, one in state.polls.items() if name != said})
        case _:
            return state


CONCERNED = (Voted, PollClosed)
