"""What became of a message: recorded, repeated with a mark where its fate is unknown, and told to whoever must act."""

from __future__ import annotations

from datetime import datetime

from handlers.coordinators import tell_coordinators
from handlers.events import Came, Delivery, NetworkEvent, Stale
from handlers.issuing import again
from handlers.notify import tell_lead_of
from handlers.rooms import moved, told_lost
from handlers.texts import say
from handlers.world import World
from playbooks.cleared import NOTHING, Cleared, Reader, clock, glue, name, phone, short_id, word
from storage.effects import Drop, Effect, Record, Repeat, Urgency
from storage.facts import (
    DEPLOYMENT,
    CopyHeld,
    MessageDropped,
    MessageRefused,
    MessageSent,
    MessageUnknown,
    NetworkBack,
    NetworkLost,
    RoomLost,
)
from storage.incident import Incident

MOST_REPEATS = 3
"""How often a message of unknown fate is sent again; after that a person must ring."""


def delivered(world: World, came: Came, event: Delivery) -> list[Effect]:
    """The network's answer for one message, or its silence."""
    row = event.row
    match event.became:
        case "sent":
            return [Record(row.stream, MessageSent(row.token, row.to, event.message or ""))]
        case "refused":
            effects: list[Effect] = [Record(row.stream, MessageRefused(row.token, row.to, event.reason))]
            if event.gone and row.to.chat not in world.who.lost:
                effects += [Record(DEPLOYMENT, RoomLost(row.to.chat, event.reason)), *told_lost(world, came, row.to)]
            return effects + _not_reached(world, came.now, event)
        case "unknown":
            return _unknown(world, came, event)
        case "moved":
            return moved(world, row.to, event.moved_to) if event.moved_to is not None else []
        case "delayed":
            return _not_reached(world, came.now, event)


def _unknown(world: World, came: Came, event: Delivery) -> list[Effect]:
    """It may have arrived. Alerts and questions go again, marked; chatter is held and shown as such."""
    row = event.row
    if row.urgency >= Urgency.CHATTER or row.again >= MOST_REPEATS:
        return [
            Record(row.stream, MessageUnknown(row.token, row.to, event.reason, None)),
            *_not_reached(world, came.now, event),
        ]
    spoken = _languages(world, row.stream, row.partner, event)
    mark = (
        say(spoken, "⚠ Possible repeat · {alert}", alert=short_id(row.about))
        if row.about
        else say(spoken, "⚠ Possible repeat")
    )
    return [
        Record(row.stream, MessageUnknown(row.token, row.to, event.reason, event.repeat)),
        Repeat(row.token, mark),
    ]


def _languages(world: World, stream: str, partner: str | None, event: Delivery) -> tuple[str, ...]:
    from handlers.world import languages

    incident = world.incidents.get(stream)
    book = world.book_of(incident) if incident else None
    return languages(world, book, event.row.to, partner)


def _not_reached(world: World, now: datetime, event: Delivery) -> list[Effect]:
    """An alert that did not get through: the lead and the coordinators get the number to ring."""
    row = event.row
    incident = world.incidents.get(row.stream)
    about = row.about
    if incident is None or about is None or about not in incident.alerts or row.partner is None:
        return []
    if row.urgency != Urgency.ALERT:
        return []
    issued = incident.alerts[about]
    return tell_lead_of(
        world,
        incident,
        issued.fact.partner,
        now,
        lambda reader: _ring(world, incident, reader, event),
        about=about,
        avoiding=row.to,
    )


def _ring(world: World, incident: Incident, reader: Reader, event: Delivery) -> Cleared:
    book = world.book_of(incident)
    partner = str(event.row.partner)
    reason = {
        "refused": say(reader.languages, "the network refused it"),
        "unknown": say(reader.languages, "nobody knows whether it arrived"),
        "delayed": say(reader.languages, "the network holds it back"),
    }.get(event.became, NOTHING)
    return say(
        reader.languages,
        "<b>{alert} has not reached a room of {partner}</b> ({network}: {reason}). Please ring {phone}",
        alert=short_id(str(event.row.about)),
        partner=name(book, reader, partner),
        network=word(event.row.to.network),
        reason=reason,
        phone=phone(book, reader, partner),
    )


def stale(world: World, came: Came, event: Stale) -> list[Effect]:
    """A waiting message whose clearance is too old is decided again as things are now, or not sent."""
    row = event.row
    if event.over:
        gone = Delivery(row, "refused", reason="its time was over before it could leave")
        return [
            Drop(row.token, "too late"),
            Record(row.stream, MessageDropped(row.token, row.to, "too late")),
            *_not_reached(world, came.now, gone),
        ]
    effects: list[Effect] = [
        Drop(row.token, "decided again"),
        Record(row.stream, MessageDropped(row.token, row.to, "decided again: what may be seen has changed")),
    ]
    incident = world.incidents.get(row.stream)
    about = row.about
    if incident is None or about is None or about not in incident.alerts or row.urgency != Urgency.ALERT:
        return effects
    copies, addressing = again(world, incident, about, row.to, came.now)
    if not copies and row.partner is not None:
        one = addressing.addressees.get(row.partner)
        why = one.obstacle.why if one and one.obstacle else "no longer addressed"
        effects.append(Record(row.stream, CopyHeld(about, row.partner, one.field if one else None, why, None)))
        effects += _not_reached(world, came.now, Delivery(row, "refused", reason=why))
    return effects + copies


def network(world: World, came: Came, event: NetworkEvent) -> list[Effect]:
    """A network is lost or back: recorded, and told to the coordinators over the others."""
    down = event.network in world.who.down
    if event.kind == "back":
        if not down:
            return []
        return [Record(DEPLOYMENT, NetworkBack(event.network)), *_tell(world, came, event)]
    if down and world.who.down[event.network] == event.reason:
        return []
    return [
        Record(DEPLOYMENT, NetworkLost(event.network, event.reason, event.rejected)),
        *([] if down else _tell(world, came, event)),
    ]


def _tell(world: World, came: Came, event: NetworkEvent) -> list[Effect]:
    def words(reader: Reader) -> Cleared:
        said, which = reader.languages, word(event.network)
        if event.kind == "back":
            return say(
                said,
                "{network} works again ({time}). What waited is being sent.",
                network=which,
                time=clock(None, came.now),
            )
        lines = [
            say(
                said,
                "<b>{network} does not work</b> ({time}). The other network goes on.",
                network=which,
                time=clock(None, came.now),
            )
        ]
        if event.rejected:
            lines.append(say(said, "It refuses my account: its token or password must be renewed on the server."))
        return glue(lines)

    over = event.network if event.kind == "lost" else None
    return tell_coordinators(world, DEPLOYMENT, came.now, words, not_over=over)
