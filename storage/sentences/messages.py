"""Sentences about messages and where they go: what a room was shown and sent, what became of it, what was said, rooms and networks."""

from __future__ import annotations

from storage import facts as f
from storage.facts.fact import Fact
from storage.plain import content
from storage.sentences.phrases import Phrases
from storage.unseen import is_seen
from storage.upkeep import due, tracked


def messages(fact: Fact, by: Phrases) -> str | None:
    """What happened; None for a fact that is told elsewhere."""
    say, own = by.say, by.own
    match fact:
        case f.Disclosed() as d:
            label = ", ".join(str(part) for part in (d.language, d.label) if part)
            what = d.about or say("Message")
            return say("{what} for {where}: {label}", what=what, where=by.whose(d.partner, d.room), label=label)
        case f.MessageSent() as m:
            return say("{what} sent to {where}", what=by.about(m) or say("Message"), where=by.room(m.room))
        case f.MessageRefused() as m:
            return say("Refused by {where}: {reason}", where=by.room(m.room), reason=own(m.reason))
        case f.MessageUnknown() as m:
            again = say("; sent once more") if m.repeat and is_seen(m.repeat) else ""
            words = say(
                "Not known whether it arrived in {where}: {reason}", where=by.room(m.room), reason=own(m.reason)
            )
            return words + again
        case f.MessageDropped() as m:
            return say("Not sent to {where}: {reason}", where=by.room(m.room), reason=own(m.reason))
        case f.MessageTracked() as m:
            if is_seen(m.role) and is_seen(m.about):
                return tracked(m.role, m.about, by.tongue).format(by.whose(m.partner, m.room))
            return say(
                "A message ({role}) about {about} in {where}",
                role=m.role,
                about=m.about,
                where=by.whose(m.partner, m.room),
            )
        case f.RemovalAsked() as r:
            what = r.about or say("Message")
            return say("{what}: to be removed from {where}", what=what, where=by.whose(r.partner, r.room))
        case f.MessageRemoved() as m:
            return say("A message removed from {where}", where=by.room(m.room))
        case f.MessageRemains() as m:
            return say(
                "A message could not be removed from {where}: {reason}", where=by.room(m.room), reason=own(m.reason)
            )
        case f.DeadlinePassed() as d:
            return say("Time to {what}", what=_due(d.key, by)) + by.late(d.late)
        case f.DeadlineHeld() as d:
            return say("Held while the exercise is paused: {what}", what=_due(d.key, by))
        case f.EventFailed() as e:
            return say("A fault of ours: input {number} could not be handled ({error})", number=e.inbox, error=e.error)
        case _:
            return _talk(fact, by) or _rooms(fact, by)


def _due(key: str, by: Phrases) -> str:
    return due(key, by.tongue) if is_seen(key) else str(key)


def _talk(fact: Fact, by: Phrases) -> str | None:
    """What people said in channels."""
    say, who, tongue = by.say, by.who, by.tongue
    match fact:
        case f.Said() as s:
            channels = ", ".join(s.channels) or say("no channel")
            words = say(
                "{said}: {who} in {channels}",
                said=s.said,
                who=who(s.person or say("somebody"), s.partner),
                channels=channels,
            )
            return words + content(s.content, tongue)
        case f.SaidAnew() as s:
            return say("{said} is changed", said=s.said) + content(s.content, tongue)
        case f.TakenBack(said=said):
            return say("{said} is taken back", said=said)
        case f.ReactedTo() as r:
            names = {"said": r.said, "who": who(r.person, r.partner), "emoji": r.emoji}
            if r.gone is True:
                return say("{said}: {who} takes back the reaction {emoji}", **names)
            return say("{said}: {who} reacts {emoji}", **names)
        case f.Voted() as v:
            if is_seen(v.counts) and v.counts:
                return say(
                    "{said}: votes counted in {where}: {counts}",
                    said=v.said,
                    where=by.room(v.room),
                    counts=_listed(v.counts),
                )
            chosen = _listed(tuple(one + 1 for one in v.options)) if is_seen(v.options) else str(v.options)
            return say(
                "{said}: {who} votes for {options}", said=v.said, who=v.person or say("somebody"), options=chosen or "–"
            )
        case f.PollClosed() as p:
            return say("{said}: the poll is closed in {where}", said=p.said, where=by.room(p.room))
        case f.TalkStopped() as t:
            return say(
                "Channels do not reach {where} any more: {reason}",
                where=by.whose(t.partner, t.room),
                reason=by.own(t.reason),
            )
        case f.TalkResumed() as t:
            return say("Channels reach {where} again", where=by.whose(t.partner, t.room))
        case f.Unread() as u:
            return say("Something said in {where} could not be read", where=by.room(u.room))
        case f.WordsKept() as w:
            return say(
                "{who} is asked what is meant, until {until}: {text}",
                who=w.person,
                text=w.text,
                until=by.minute(w.until),
            )
        case f.WordsUsed(words=words):
            return say("What was meant by {words} is known", words=words)
        case _:
            return None


def _rooms(fact: Fact, by: Phrases) -> str | None:
    """Rooms and networks."""
    say, own = by.say, by.own
    match fact:
        case f.RoomBound() as b:
            return say(
                "Room {room} bound to {partner} in {book}, by {who}",
                room=b.room,
                partner=b.partner,
                book=b.playbook,
                who=by.code(b.by),
            )
        case f.AliasResolved() as a:
            return say("The address {alias} is the room {room}", alias=a.alias, room=a.room)
        case f.RoomObserved() as r:
            seen = [say(words) for name, words in OBSERVED.items() if getattr(r, name) is True]
            title = [r.title] if r.title else []
            return say("Room {room} observed", room=by.room(r.room)) + by.said(", ".join(map(str, [*title, *seen])))
        case f.RoomMoved() as r:
            return say("Room {old} is now {new}", old=r.old, new=r.new)
        case f.RoomLost() as r:
            return say("Room {room} lost: {reason}", room=by.room(r.room), reason=own(r.reason))
        case f.RoomRegained() as r:
            return say("Room {room} is there again", room=by.room(r.room))
        case f.DirectChatOpened() as d:
            return say("A private chat with {who}: {room}", who=d.identity, room=d.room)
        case f.NetworkLost() as n:
            names = {"network": n.network.capitalize(), "reason": own(n.reason)}
            if n.rejected is True:
                return say("{network} refuses us: {reason}", **names)
            return say("{network} does not answer: {reason}", **names)
        case f.NetworkBack(network=network):
            return say("{network} answers again", network=network.capitalize())
        case _:
            return None


OBSERVED = {
    "encrypted": "encrypted",
    "tampered": "its encryption was changed",
    "world_readable": "anybody can read it",
    "open_join": "anybody can join it",
    "public": "it has a public name",
    "private": "a private chat",
}
"""What is observed of a room."""


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
