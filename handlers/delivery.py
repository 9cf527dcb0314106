"""What became of a message: recorded, repeated with a mark where its fate is unknown, and told to whoever must act."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from handlers import (
    alert,
    bell,
    cards,
    corrections,
    decisions,
    deputies,
    escalation,
    lists,
    playbook,
    requests,
    rollcalls,
)
from handlers.activate import announced_again
from handlers.afterwards import after
from handlers.case import ANSWER_LASTS, Case
from handlers.coordinators import tell_coordinators
from handlers.events import Came, Delivery, NetworkEvent, Stale
from handlers.help_wanted import told_again as help_told_again
from handlers.issuing import again
from handlers.notify import tell_lead_of
from handlers.rooms import moved, told_lost
from handlers.texts import say
from handlers.world import Request, World, actor, languages
from playbooks.cleared import Cleared, Reader, clock, glue, is_short_id, listed, name, phone, short_id, word
from playbooks.rooms import Network, RoomRef
from storage.deployment import Outage, outage_key
from storage.effects import Drop, Effect, Record, Repeat, Send, Unwake, Urgency, Wake
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
from storage.incident import Draft, Incident
from storage.store import OutboxRow

MOST_REPEATS = 3
"""How often a message of unknown fate is sent again; after that a person must ring."""


def delivered(world: World, came: Came, event: Delivery) -> list[Effect]:
    """The network's answer for one message, or its silence."""
    row = event.row
    if corrections.is_removal(world, row):
        return _removal(world, came, event)
    effects: list[Effect]
    match event.became:
        case "sent":
            sent = MessageSent(row.token, row.to, event.message or "")
            effects = [Record(row.stream, sent), *corrections.arrived(world, row, came.now)]
            return effects + _counted(world, came.now, row, sent)
        case "refused":
            refused = MessageRefused(row.token, row.to, event.reason)
            effects = [Record(row.stream, refused)]
            if event.gone and row.to.chat not in world.who.lost:
                effects += [Record(DEPLOYMENT, RoomLost(row.to.chat, event.reason)), *told_lost(world, came, row.to)]
            return effects + (
                _counted(world, came.now, row, refused) or _not_reached(world, came.now, row, event.became)
            )
        case "unknown":
            return _unknown(world, came, event)
        case "moved":
            return moved(world, came, row.to, event.moved_to) if event.moved_to is not None else []
        case "delayed":
            return _not_reached(world, came.now, row, event.became)


def _counted(world: World, now: datetime, row: OutboxRow, fact: MessageSent | MessageRefused) -> list[Effect]:
    """What a partner's silence is counted from: the first message that its network accepts; or that it refuses every one of them."""
    incident = world.incidents.get(row.stream)
    if incident is None or incident.closed_at is not None:
        return []
    if not (row.token in incident.alert_of or row.token in incident.prompts or row.token in incident.live_of):
        return []
    later = after(world, incident.id, [fact], now)
    state = later.incidents[incident.id]
    if isinstance(fact, MessageRefused):
        return escalation.refused(later, state, escalation.asked_by(incident, row.token), now)
    return [
        *escalation.accepted(later, state, row.token, now),
        *lists.arrived(later, state, row.token, now),
        *rollcalls.arrived(state, row.token, now),
    ]


def _removal(world: World, came: Came, event: Delivery) -> list[Effect]:
    """What came of asking a network to remove a message."""
    match event.became:
        case "sent":
            return corrections.removed(world, event.row)
        case "delayed" | "moved":
            return []
        case _:
            return corrections.remains(world, event.row, event.reason, came.now)


def _unknown(world: World, came: Came, event: Delivery) -> list[Effect]:
    """It may have arrived. Alerts and questions go again, marked; chatter is held and shown as such."""
    row = event.row
    if cards.is_card(world.incidents.get(row.stream), row):
        return cards.doubtful(world, event)
    if not corrections.stands(world.incidents.get(row.stream), row):
        unknown = Record(row.stream, MessageUnknown(row.token, row.to, event.reason, None))
        return [unknown, *corrections.arrived(world, row, came.now)]
    stream = world.incidents.get(row.stream)
    silent = stream is not None and stream.paused is not None
    if row.urgency >= Urgency.CHATTER or row.again >= MOST_REPEATS or silent:
        return [
            Record(row.stream, MessageUnknown(row.token, row.to, event.reason, None)),
            *_not_reached(world, came.now, row, event.became),
        ]
    return [
        Record(row.stream, MessageUnknown(row.token, row.to, event.reason, event.repeat)),
        Repeat(row.token, _repeats(world, row)),
    ]


def _repeats(world: World, row: OutboxRow) -> Cleared:
    spoken = _languages(world, row.stream, row.partner, row.to)
    if row.about is not None and is_short_id(row.about):
        return say(spoken, "⚠ Possible repeat · {alert}", alert=short_id(row.about))
    return say(spoken, "⚠ Possible repeat")


def _languages(world: World, stream: str, partner: str | None, room: RoomRef) -> tuple[str, ...]:
    incident = world.incidents.get(stream)
    return languages(world, world.book_of(incident) if incident else None, room, partner)


def _not_reached(world: World, now: datetime, row: OutboxRow, why: str) -> list[Effect]:
    """An alert that did not get through: the lead and the coordinators get the number to ring. ``why``: a key of ``WHY``."""
    incident = world.incidents.get(row.stream)
    about = row.about
    if incident is None or about is None or about not in incident.alerts or row.partner is None:
        return []
    if row.urgency != Urgency.ALERT or not corrections.stands(incident, row):
        return []
    issued = incident.alerts[about]
    return tell_lead_of(
        world,
        incident,
        issued.fact.partner,
        now,
        lambda reader: _ring(world, incident, reader, row, why),
        about=about,
        avoiding=row.to,
    )


WHY = {
    "refused": "the network refused it",
    "unknown": "nobody knows whether it arrived",
    "delayed": "the network holds it back",
    "late": "its time was over before it could leave",
    "withheld": "what may be seen there has changed",
}


def _ring(world: World, incident: Incident, reader: Reader, row: OutboxRow, why: str) -> Cleared | None:
    book = world.book_of(incident)
    partner = str(row.partner)
    if not listed(book, reader, partner):
        return None
    if corrections.is_word(incident, row):
        return say(
            reader.languages,
            "<b>A room of {partner} was not told that {alert} is over</b> ({network}: {reason}). Please ring {phone}",
            alert=short_id(str(row.about)),
            partner=name(book, reader, partner),
            network=word(row.to.network),
            reason=say(reader.languages, WHY[why]),
            phone=phone(book, reader, partner),
        )
    return say(
        reader.languages,
        "<b>{alert} has not reached a room of {partner}</b> ({network}: {reason}). Please ring {phone}",
        alert=short_id(str(row.about)),
        partner=name(book, reader, partner),
        network=word(row.to.network),
        reason=say(reader.languages, WHY[why]),
        phone=phone(book, reader, partner),
    )


def stale(world: World, came: Came, event: Stale) -> list[Effect]:
    """A waiting message whose clearance is too old is decided again as things are now, or not sent. Where its beginning
    was shown already, what is sent instead says so.
    """
    effects = _instead(world, came, event)
    if not event.shown:
        return effects
    mark = _repeats(world, event.row)
    return [
        replace(one, body=glue([mark, one.body])) if isinstance(one, Send) and _shows_again(one, event.row) else one
        for one in effects
    ]


def _shows_again(send: Send, row: OutboxRow) -> bool:
    return row.about is not None and (send.about, send.to) == (row.about, row.to)


def _instead(world: World, came: Came, event: Stale) -> list[Effect]:
    row = event.row
    incident = world.incidents.get(row.stream)
    if world.who.closed(row.to):
        why = "its reader speaks for nobody any more"
        return [Drop(row.token, why), Record(row.stream, MessageDropped(row.token, row.to, why))]
    if cards.is_card(incident, row):
        return [Drop(row.token, cards.NEWER), Record(row.stream, MessageDropped(row.token, row.to, cards.NEWER))]
    if corrections.is_removal(world, row):
        return [Drop(row.token, "too late"), *corrections.remains(world, row, "too late", came.now)]
    if not corrections.stands(incident, row):
        return corrections.dropped(world, row, begun=event.shown, now=came.now)
    if event.over and not _may_be_decided_again(incident, row, came.now):
        return [
            Drop(row.token, "too late"),
            Record(row.stream, MessageDropped(row.token, row.to, "too late")),
            *_not_reached(world, came.now, row, "late"),
        ]
    dropped: list[Effect] = [
        Drop(row.token, "decided again"),
        Record(row.stream, MessageDropped(row.token, row.to, "decided again: what may be seen has changed")),
    ]
    if corrections.is_word(incident, row):
        return [*dropped, *corrections.said_again(world, row, came.now)]
    if incident is not None and row.about == incident.id:
        return [*dropped, *announced_again(world, incident, row.to, came.now)]
    if incident is not None and row.about == playbook.ABOUT:
        return [*dropped, *playbook.announced_again(world, incident, row.to)]
    if incident is not None and row.about in incident.offers:
        return [*dropped, *deputies.again(world, incident, row, came.now)]
    if incident is not None and row.about in incident.decisions:
        return [*dropped, *decisions.again(world, incident, row, came.now)]
    if incident is not None and row.about in incident.rounds and row.urgency == Urgency.PROMPT:
        return [*dropped, *help_told_again(world, incident, str(row.about), row.to, came.now)]
    if incident is not None and row.about in incident.alerts and row.urgency == Urgency.ALERT:
        return [*dropped, *_copy_again(world, incident, row, came.now)]
    if row.about is not None and row.about.startswith("M-") and row.urgency == Urgency.PROMPT:
        return [*dropped, *bell.shown_again(world, row.stream, row.about, row.to, came.now)]
    if incident is not None and row.about in incident.requests and row.urgency == Urgency.PROMPT:
        return [*dropped, *requests.shown_again(world, incident, str(row.about), row.to, came.now)]
    draft = incident.drafts.get(row.about or "") if incident is not None else None
    if incident is not None and draft is not None:
        return [*dropped, *_draft_again(world, incident, draft, row.to, came)]
    spoken = _languages(world, row.stream, row.partner, row.to)
    words = say(spoken, "What may be seen here has just changed, and an answer was not sent. Please ask again.")
    lasts = came.now + ANSWER_LASTS
    return [*dropped, Send(row.stream, row.to, words, Urgency.ANSWER, partner=row.partner, not_after=lasts)]


def _may_be_decided_again(incident: Incident | None, row: OutboxRow, now: datetime) -> bool:
    """Whether only what a copy was cleared by has ended, an agreement or the danger, and not the alert itself."""
    issued = incident.alerts.get(row.about or "") if incident is not None else None
    if issued is None or row.urgency != Urgency.ALERT:
        return False
    return issued.fact.expires is None or now < issued.fact.expires


def _draft_again(world: World, incident: Incident, draft: Draft, room: RoomRef, came: Came) -> list[Effect]:
    """The preview of a draft, or its question, as things are now; for its author, where it waited."""
    book = world.book_of(incident)
    private = room in world.who.direct.values()
    request = Request(came.now, came.seed, room, private, draft.fact.identity, "", f"/draft {draft.fact.draft} show")
    case = Case(world, request, actor(world, request, book), incident, book)
    return alert.draft(case, f"{draft.fact.draft} show")


def _copy_again(world: World, incident: Incident, row: OutboxRow, now: datetime) -> list[Effect]:
    """One room's copy of an alert, as it may be shown now; if no room of the partner may be shown it, it is held."""
    about = str(row.about)
    copies, one = again(world, incident, about, row.partner or "", row.to, now)
    if copies:
        return copies
    effects = _not_reached(world, now, row, "withheld")
    if one is None or one.status != "held":
        return effects
    why = one.obstacle.why if one.obstacle else "hollow"
    return [Record(row.stream, CopyHeld(about, one.partner, one.field, why, None)), *effects]


def network(world: World, came: Came, event: NetworkEvent) -> list[Effect]:
    """A network is lost or back: recorded, and told to the coordinators over the others, but not each time it flaps."""
    name, who = event.network, world.who
    down = name in who.down
    before = who.outages.get(name, Outage())
    if event.kind == "back":
        if not down:
            return []
        back = Record(DEPLOYMENT, NetworkBack(name))
        if before.silent:
            return [back, Unwake(outage_key(name))]
        return [back, *tell_coordinators(world, DEPLOYMENT, came.now, partial(_works, came.now, name))]
    if down and who.down[name] == event.reason:
        return []
    effects: list[Effect] = [Record(DEPLOYMENT, NetworkLost(name, event.reason, event.rejected))]
    after = before.lost(came.now, refused=event.rejected, again=down)
    if after.silent:
        at = after.speak_at or came.now
        return [*effects, *([] if down else [Wake(outage_key(name), DEPLOYMENT, at, "network-down", name)])]
    if after == before:
        return effects
    return [
        *effects,
        *([Unwake(outage_key(name))] if before.silent else []),
        *tell_lost(world, came.now, name, refused=event.rejected),
    ]


def tell_lost(world: World, now: datetime, network: Network, *, refused: bool = False) -> list[Effect]:
    """Tell the coordinators, over the other networks, that one is lost. ``refused``: it refuses who we are."""
    words = partial(_fails, now, network, refused)
    return tell_coordinators(world, DEPLOYMENT, now, words, not_over=network)


def _works(now: datetime, network: Network, reader: Reader) -> Cleared:
    return say(
        reader.languages,
        "{network} works again ({time}). What waited is being sent.",
        network=word(network),
        time=clock(None, now),
    )


def _fails(now: datetime, network: Network, refused: bool, reader: Reader) -> Cleared:
    said = reader.languages
    lines = [
        say(
            said,
            "<b>{network} does not work</b> ({time}). The other network goes on.",
            network=word(network),
            time=clock(None, now),
        )
    ]
    if refused:
        lines.append(say(said, "It refuses my account: its token or password must be renewed on the server."))
    return glue(lines)
