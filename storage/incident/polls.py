"""Polls in channels, and their votes."""

from __future__ import annotations

from playbooks.labels import Label, Tlp
from storage.facts import PollClosed, Said, SaidAnew, TakenBack, Voted
from storage.incident.replacing import replace
from storage.incident.state import Incident, Polled, Votes
from storage.store import Kept


def opened(state: Incident, f: Said) -> Incident:
    """The incident after something was said, which may be a poll."""
    poll = f.content.get("poll")
    if not poll:
        return state
    options = tuple(str(one) for one in poll.get("options", ()))
    several = bool(poll.get("several", False))
    new = Polled(
        f.said, f.partner, f.room, f.channels, f.raised, f.origins, f.onward, options, several,
        labels=labels(f), question=str(poll.get("question", "")),
    )  # fmt: skip
    return replace(state, polls={**state.polls, f.said: new})


def labels(f: Said) -> dict[str, Label]:
    """Those of the channels when it was said."""
    return {
        channel: Label(Tlp.parse(one["tlp"]), frozenset(one["compartments"]), bool(one["personal"]))
        for channel, one in f.labels.items()
        if one is not None
    }


def said_anew(state: Incident, f: SaidAnew) -> Incident:
    """The incident after something was changed, which may be a poll: votes for another question, or for other options, than there are now count no more."""
    before = state.polls.get(f.said)
    if before is None:
        return state
    poll = (f.content.get("poll") if f.never is None else None) or {}
    options = tuple(str(one) for one in poll.get("options", ())) or before.options
    question, several = str(poll.get("question", before.question)), bool(poll.get("several", before.several))
    new = replace(before, raised=f.raised, question=question, options=options, several=several)
    if (question, options, several) != (before.question, before.options, before.several):
        new = replace(new, votes={}, counts={})
    return replace(state, polls={**state.polls, f.said: new})


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after a vote, or the end of a poll."""
    match kept.fact:
        case Voted(said=said) as f if said in state.polls:
            poll = state.polls[said]
            if f.counts:
                poll = replace(poll, counts={**poll.counts, f.room: f.counts})
            else:
                poll = replace(poll, votes=_voted(poll.votes, f))
            return replace(state, polls={**state.polls, said: poll})
        case PollClosed(said=said) if said in state.polls:
            closed = replace(state.polls[said], closed=True)
            return replace(state, polls={**state.polls, said: closed})
        case TakenBack(said=said) if said in state.polls:
            return replace(state, polls={name: one for name, one in state.polls.items() if name != said})
        case _:
            return state


def _voted(before: Votes, f: Voted) -> Votes:
    """In the order in which they were given."""
    return {
        **{key: options for key, options in before.items() if key != (f.room, f.person)},
        (f.room, f.person): f.options,
    }


CONCERNED = (Voted, PollClosed)
