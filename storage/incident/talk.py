"""Talk in channels: the last that was said, which rooms it does not reach, and which were told of what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts import Said, SaidAnew, TakenBack, TalkResumed, TalkStopped, Unread
from storage.incident import polls
from storage.incident.replacing import replace
from storage.incident.state import Incident, Recent, Stopped
from storage.store import Kept

CONCERNED = (Said, SaidAnew, TakenBack, TalkStopped, TalkResumed, Unread)

MOST_RECENT = 20
"""What is remembered of each channel."""

MOST_FORMER = 10
"""Of so many earlier wordings of one thing each is known again where somebody forwards it."""

UNREAD_ONCE_IN = timedelta(minutes=5)
"""How often a room is told at most that something could not be read."""

STOPPED_ONCE_IN = timedelta(minutes=10)
"""How often it is news at most that talk does not reach a room: news that comes all the time is not read."""


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after one of these facts."""
    match kept.fact:
        case Said() as f if f.never is not None:
            return state  # what was never to be told must not come out later, in a recap or as a poll's count
        case Said() as f:
            recent = Recent(
                f.said, f.at, f.partner, f.person, str(f.content.get("name") or ""), f.content.get("words"), f.room,
                f.raised, f.origins, f.onward, (f.content.get("file") or {}).get("album"), _kind(f.content),
                things=_things((), f.content), channels=f.channels,
            )  # fmt: skip
            labels = polls.labels(f)
            new = {
                channel: (
                    *(one for one in state.talk.get(channel, ()) if one.said != f.said),
                    replace(recent, label=labels.get(channel)),
                )[-MOST_RECENT:]
                for channel in f.channels
            }
            return polls.opened(replace(state, talk={**state.talk, **new}), f)
        case SaidAnew(said=said, raised=raised) as f if f.never is not None:
            return polls.said_anew(_each(state, said, lambda one: (replace(one, raised=raised),)), f)
        case SaidAnew(said=said, raised=raised, content=content):
            words, kind = content.get("words"), _kind(content)

            def now(one: Recent) -> Recent:
                former, things = _former(one, words), _things(one.things, content)
                return replace(one, words=words, raised=raised, kind=kind, former=former, things=things)

            anew = _each(state, said, lambda one: (now(one),))
            return polls.said_anew(anew, kept.fact)
        case TakenBack(said=said):
            return polls.apply(_each(state, said, lambda one: ()), kept)
        case TalkStopped() as f:
            return _stopped(state, f, kept.at)
        case TalkResumed() as f:
            return replace(state, talk_stopped={r: why for r, why in state.talk_stopped.items() if r != f.room})
        case Unread(room=room):
            return replace(state, unread=told_of_unread(state.unread, room, kept.at))
        case _:
            pass
    return state


def _former(one: Recent, words: str | None) -> tuple[str, ...]:
    """What something said before it was changed; what was erased is not among it."""
    return one.former if one.words in (None, "", words) else (*one.former, str(one.words))[-MOST_FORMER:]


def _stopped(state: Incident, fact: TalkStopped, at: datetime) -> Incident:
    last, before = state.talk_told.get(fact.room), state.talk_stopped.get(fact.room)
    news = last is None or at >= last + STOPPED_ONCE_IN
    told = {**state.talk_told, fact.room: at} if news else state.talk_told
    since, said = (before.at, before.said) if before is not None else (at, None)
    stopped = Stopped(fact.reason, since, news, said or fact.said)
    return replace(state, talk_stopped={**state.talk_stopped, fact.room: stopped}, talk_told=told)


def told_of_unread(before: Mapping[RoomRef, datetime], room: RoomRef, at: datetime) -> Mapping[RoomRef, datetime]:
    """When each room was last told that something could not be read, once one more thing could not, at this time."""
    last = before.get(room)
    return before if last is not None and at < last + UNREAD_ONCE_IN else {**before, room: at}


def thing(content: Mapping[str, Any]) -> str | None:
    """What was said without words, as far as it is known again elsewhere (``content`` as ``Said`` has it); None for words alone, and what was erased."""
    file, point, poll, contact = (content.get(part) for part in ("file", "point", "poll", "contact"))
    if file:
        return f"file {file['known_as']}" if file.get("known_as") else None
    if point:
        return f"place {point[0]},{point[1]}"
    if poll:
        return f"poll {poll.get('question')}"
    return f"contact {contact.get('phone')}" if contact else None


def _things(before: tuple[str, ...], content: Mapping[str, Any]) -> tuple[str, ...]:
    now = thing(content)
    return before if now is None or now in before else (*before, now)[-MOST_FORMER:]


def _kind(content: Mapping[str, Any]) -> str:
    """What went with words: see ``Recent``."""
    file = content.get("file")
    if file:
        return str(file.get("kind") or "file")
    parts = {"point": "place", "poll": "poll", "contact": "contact"}
    return next((kind for part, kind in parts.items() if content.get(part)), "")


def _each(state: Incident, said: str, become: Callable[[Recent], tuple[Recent, ...]]) -> Incident:
    talk = {
        channel: tuple(new for one in recent for new in (become(one) if one.said == said else (one,)))
        for channel, recent in state.talk.items()
    }
    return replace(state, talk=talk)
