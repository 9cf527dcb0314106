"""Polls in channels: native in every room where its network has them, and one count for all of them, kept current below each.

Nobody's vote is told, only how many chose what; and a room counts only votes from partners whose words it may read there. Telegram tells a bot of
votes in people's own polls only as these are stopped: they are counted then. Where a poll ends its copies end too. Whoever is enrolled has one vote,
wherever they give it, and whoever is not has one with each account; but what is chosen on Telegram is told as numbers only, so there it counts
besides, once a room. The count is words of the bot's, so what stands in it is short and on one line; it goes where the poll goes, and with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape

from handlers.afterwards import after_all
from handlers.carrying import closed_now, held, raised_then
from handlers.case import room_reader
from handlers.channels import Seat, out, seats
from handlers.events import Came, Delivery, Stale, Talk
from handlers.texts import say
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, glue, spoken
from playbooks.phrasing import legible
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from playbooks.values import Text
from storage.effects import Drop, Effect, EndPoll, Record, RemoveBeside, Send, Unwake, Urgency, Wake
from storage.facts import MessageDropped, PollClosed, Voted
from storage.incident import Incident, Live, Polled
from storage.store import Deadline, OutboxRow

ROLE = "poll"
EVERY = timedelta(seconds=5)
"""A count is told anew at most this often."""
MOST_OPTIONS = 12
_NEVER = ("refused", "dropped")
LONGEST = 100
"""Characters of an option: so a count fits one message on every network, whatever a poll has."""


def happened(world: World, incident: Incident, event: Talk, came: Came) -> list[Effect]:
    """A vote, a count of a network's, or the end of a poll."""
    said = event.said.id
    poll = incident.polls.get(said)
    if poll is None or poll.closed or (event.identity is not None and world.who.withdrawn(event.identity)):
        return []
    shut = out(world, event.room) is not None
    if event.kind != "ended" and _is_late(event):
        return []
    match event.kind:
        case "voted":
            person = world.who.person(event.identity) if event.identity is not None else None
            who = person.id if person is not None else event.identity or ""
            options = tuple(dict.fromkeys(one for one in event.options if 0 <= one < len(poll.options)))
            # Where strangers may read, and vote, nothing is chosen any more; what was can be taken back.
            options = () if shut else tuple(sorted(options if poll.several else options[:1]))
            if _last(poll, who) == (event.room, options) or (not options and (event.room, who) not in poll.votes):
                return []
            return [Record(incident.id, Voted(said, event.room, who, options, ())), _wake(incident, said, came.now)]
        case "tallied":
            room = event.room
            if shut or poll.counts.get(room) == event.tally or not _counts_all(poll, event):
                return []
            return [Record(incident.id, Voted(said, room, "", (), event.tally)), _wake(incident, said, came.now)]
        case _:
            if event.room != poll.room:
                return []
            counted = (
                [Record(incident.id, Voted(said, event.room, "", (), event.tally))] if _counts_all(poll, event) else []
            )
            have = {row.to: row.partner for row in event.copies if row.kind == "message" and row.state not in _NEVER}
            ends = [EndPoll(incident.id, said, room, partner) for room, partner in have.items()]
            return [*counted, Record(incident.id, PollClosed(said, event.room)), *ends, _wake(incident, said, came.now)]


def _is_late(event: Talk) -> bool:
    """Whether it concerns a copy that was taken away, or in whose place there is a newer one: that may have asked for something else."""
    stand = [row for row in event.copies if row.kind == "message" and row.state not in _NEVER]
    voted = next((row for row in stand if row.to.chat == event.room.chat and row.message == event.message), None)
    if event.message is None or voted is None:
        return False
    gone = [row for row in event.copies if row.kind == "delete" and row.amends == voted.token]
    newest = [row for row in stand if row.to == voted.to][-1]
    return newest.send != voted.send or any(row.state not in _NEVER for row in gone)


def _last(poll: Polled, who: str) -> tuple[RoomRef, tuple[int, ...]] | None:
    """Where somebody voted last, and for what."""
    return next(((room, options) for (room, one), options in reversed(list(poll.votes.items())) if one == who), None)


def _counts_all(poll: Polled, event: Talk) -> bool:
    """Whether a network says how often each option was chosen."""
    return bool(event.tally) and len(event.tally) == len(poll.options)


def due(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """The count goes to every room that has the poll. Where an earlier one is on its way still, it follows when that has arrived."""
    poll = incident.polls.get(deadline.about)
    if poll is None:
        return []
    sends: list[Effect] = []
    for room, (seat, words) in _counts(world, incident, poll, now).items():
        live = incident.live.get((ROLE, about(poll.said), room))
        if live is not None and (live.waiting or live.digest == words.text):
            continue
        sends.append(
            Send(
                incident.id,
                room,
                words,
                Urgency.CHATTER,
                about=about(poll.said),
                partner=seat.partner,
                role=ROLE,
                digest=words.text,
            )
        )
    return sends


def withdrawn(incident: Incident, said: str) -> list[Effect]:
    """A poll was taken back: its counts go from every room, and there is none any more."""
    if said not in incident.polls:
        return []
    away = [effect for live in _told(incident, said) for effect in _away(incident, live)]
    return [*away, Unwake(f"poll:{incident.id}:{said}")]


def said_anew(world: World, incident: Incident, said: str, effects: list[Effect], now: datetime) -> list[Effect]:
    """A poll was changed, as these effects record it: its count goes from rooms that may not see it any more, and is told anew elsewhere."""
    if said not in incident.polls:
        return []
    later = after_all(world, incident.id, effects, now)
    state = later.incidents[incident.id]
    seen = _counts(later, state, state.polls[said], now)
    told = _told(incident, said)
    away = [effect for live in told if live.room not in seen for effect in _away(incident, live)]
    return [*away, *([_wake(incident, said, now)] if told else [])]


def followed(world: World, came: Came, event: Delivery, effects: list[Effect]) -> list[Effect]:
    """What became of a count, with what follows. Where more was voted while it was on its way, that follows now."""
    row = event.row
    incident, said = world.incidents.get(row.stream), str(row.about).removeprefix("poll ")
    if incident is None or incident.closed_at is not None or event.became != "sent":
        return effects
    later = after_all(world, incident.id, effects, came.now).incidents[incident.id]
    live, poll = later.live.get((ROLE, about(said), row.to)), later.polls.get(said)
    if live is None or poll is None or live.waiting:
        return effects
    seen = _counts(world, later, poll, came.now).get(row.to)
    return [*effects, _wake(incident, said, came.now)] if seen is not None and seen[1].text != live.digest else effects


def _told(incident: Incident, said: str) -> list[Live]:
    """The counts of a poll that stand, or may stand, in rooms."""
    counts = [live for (role, of, _), live in incident.live.items() if (role, of) == (ROLE, about(said))]
    return [live for live in counts if live.message is not None or not live.refused]


def _away(incident: Incident, live: Live) -> list[Effect]:
    return [
        Drop(live.send, "the poll was taken back"),
        RemoveBeside(incident.id, live.send, live.room, live.about, live.partner),
    ]


def about(said: str) -> str:
    """What the count of a poll is about: not the words themselves, of which it is no copy."""
    return f"poll {said}"


def is_count(row: OutboxRow) -> bool:
    return row.about is not None and row.about.startswith("poll ")


def stale(world: World, came: Came, event: Stale) -> list[Effect]:
    """A count that is too old is not sent; the next one is."""
    row, why = event.row, "a later count says it"
    incident = world.incidents.get(row.stream)
    said = str(row.about).removeprefix("poll ")
    again = [_wake(incident, said, came.now)] if incident is not None and incident.closed_at is None else []
    return [Drop(row.token, why), Record(row.stream, MessageDropped(row.token, row.to, why)), *again]


def _wake(incident: Incident, said: str, now: datetime) -> Wake:
    """Votes of the same few seconds are told together."""
    step = EVERY.total_seconds()
    at = datetime.fromtimestamp((now.timestamp() // step + 1) * step, UTC)
    return Wake(f"poll:{incident.id}:{said}", incident.id, at, "poll", said)


def _rooms(world: World, incident: Incident, poll: Polled, now: datetime) -> Iterator[tuple[str, Seat]]:
    book = world.book_of(incident)
    for channel in poll.channels:
        if channel in book.playbook.channels:
            for seat in seats(world, incident, channel, now):
                if out(world, seat.room) is None:
                    yield channel, seat


def _counts(world: World, incident: Incident, poll: Polled, now: datetime) -> dict[RoomRef, tuple[Seat, Cleared]]:
    """The count as each room may be told it now."""
    found: dict[RoomRef, tuple[Seat, Cleared]] = {}
    for channel, seat in _rooms(world, incident, poll, now):
        words = _count(world, incident, poll, channel, seat, now) if seat.room not in found else None
        if words is not None:
            found[seat.room] = (seat, words)
    return found


def _count(world: World, incident: Incident, poll: Polled, channel: str, seat: Seat, now: datetime) -> Cleared | None:
    """How many chose what, of those whose words this room may read."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    room, field = sight_room(world, seat.binding), f"#{channel}"
    partners = book.playbook.partners
    then = poll.labels.get(channel)
    raised = raised_then(book, channel, poll.raised, then)

    def event(partner: str) -> Event:
        origins = {*poll.origins, partners[partner].jurisdiction}
        through = partners[poll.partner].jurisdiction if poll.onward and poll.partner in partners else None
        text, close = Text(" · ".join(poll.options)), held(book, poll.channels)
        return Event(partner, frozenset(origins), {field: text}, raised, through=through, held=close)

    if poll.partner not in partners or closed_now(book, channel, then):
        return None
    view = sight.view(book, so, event(poll.partner), room, [field])
    heard: dict[str, bool] = {}

    def may_hear(where: RoomRef) -> bool:
        binding = world.who.binding(incident.playbook, world.who.now_at(where))
        if binding is None or binding.partner not in partners:
            return False
        if binding.partner not in heard:
            answer = sight.decide(book, so, event(binding.partner), room, field)
            heard[binding.partner] = isinstance(answer, sight.Seen) or binding.partner == seat.partner
        return heard[binding.partner]

    total = [0] * len(poll.options)
    voted: set[str] = set()
    for (where, who), options in reversed(list(poll.votes.items())):
        # Of the votes that this room may know of the last one counts: a later one elsewhere is not seen to take anything away here.
        if who not in voted and may_hear(where):
            voted |= {who} - {""}
            for option in options:
                total[option] += 1
    for where, counts in poll.counts.items():
        for option, votes in enumerate(counts) if may_hear(where) else ():
            total[option] += votes
    most = sorted(sorted(range(len(total)), key=lambda number: -total[number])[:MOST_OPTIONS])
    lines = [f"{escape(_option(poll.options[number]), quote=False)}: <b>{total[number]}</b>" for number in most]
    words = spoken(book, view, field, "\n".join(lines))
    if words is None:
        return None
    spoken_here = room_reader(world, book, seat.room, seat.partner).languages
    heading = (
        say(spoken_here, "📊 Votes in all rooms, at the end:")
        if poll.closed
        else say(spoken_here, "📊 Votes in all rooms so far:")
    )
    rest = len(total) - len(most)
    more = [say(spoken_here, "… and {count} more", count=rest)] if rest else []
    return glue([heading, words, *more])


def _option(words: str) -> str:
    """An option as it stands in a count: one line, and not a long one, for the bot speaks here."""
    words = " ".join(legible(words).split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"
