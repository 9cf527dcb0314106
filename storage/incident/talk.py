"""Talk in channels: the last that was said, and which rooms it does not reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storage.facts import Said, SaidAnew, TakenBack, TalkResumed, TalkStopped
from storage.incident.state import Incident, Recent
from storage.store import Kept

CONCERNED = (Said, SaidAnew, TakenBack, TalkStopped, TalkResumed)

MOST_RECENT = 20
"""What is remembered of each channel."""


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after one of these facts."""
    match kept.fact:
        case Said() as f:
            recent = Recent(
                f.said, f.at, f.partner, f.person, str(f.content.get("name") or ""), f.content.get("words"), f.room,
                f.raised, f.origins, f.onward,
            )  # fmt: skip
            new = {channel: (*state.talk.get(channel, ()), recent)[-MOST_RECENT:] for channel in f.channels}
            return replace(state, talk={**state.talk, **new})
        case SaidAnew() as f:
            words = f.content.get("words")
            return _each(state, f.said, lambda one: (replace(one, words=words, raised=f.raised),))
        case TakenBack(said=said):
            return _each(state, said, lambda one: ())
        case TalkStopped() as f:
            return replace(state, talk_stopped={**state.talk_stopped, f.room: f.reason})
        case TalkResumed() as f:
            return replace(state, talk_stopped={r: why for r, why in state.talk_stopped.items() if r != f.room})
        case _:
            pass
    return state


def _each(state: Incident, said: str, become: Callable[[Recent], tuple[Recent, ...]]) -> Incident:
    talk = {
        channel: tuple(new for one in recent for new in (become(one) if one.said == said else (one,)))
        for channel, recent in state.talk.items()
    }
    return replace(state, talk=talk)
