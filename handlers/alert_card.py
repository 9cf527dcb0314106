"""What a status card of an alert says, and ``/status A-17``: who has it, who is silent, whom to ring, and what happens next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from handlers.choices import WORDS
from handlers.moments import moment
from handlers.standing import HAS_IT, HAS_NOT, NEEDS_SOMEBODY, Standing, State, answer_of, standing, upcoming
from handlers.texts import say, says
from handlers.waiting import on_watch
from handlers.world import World
from playbooks import sight
from playbooks.cleared import Cleared, Reader, glue, name, phone, quote, short_id, strong
from storage.incident import Incident, Issued

MOST_NAMES = 16
"""Partners named on a card: with the lines around them it fits a phone."""

STEPS = {
    "remind": "a reminder",
    "other_network": "the other network",
    "liaisons": "the liaisons in person",
    "call": "a telephone call",
    "deputies": "word to the deputies",
    "lead": "word to the lead",
    "coordinators": "word to the coordinators",
}


def render(
    world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime
) -> Cleared | None:
    """The card for one reader."""
    issued = incident.alerts.get(about)
    return None if issued is None else glue(_Card(world, incident, issued, reader, room, now).lines(MOST_NAMES))


def at_length(
    world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime, most: int
) -> Cleared:
    """The same with everybody named, also those who have answered; at most so many."""
    card = _Card(world, incident, incident.alerts[about], reader, room, now)
    return glue(card.lines(most, everybody=True))


def in_a_line(
    world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime
) -> Cleared:
    """The same in one line, with its counts."""
    card = _Card(world, incident, incident.alerts[about], reader, room, now)
    return say(reader.languages, "• {alert}: {counts}", alert=card.title(), counts=card.counts())


class _Card:
    """The lines of one card."""

    def __init__(
        self,
        world: World,
        incident: Incident,
        issued: Issued,
        reader: Reader,
        room: sight.Room | None,
        now: datetime,
    ) -> None:
        self._book = world.book_of(incident)
        self._incident = incident
        self._issued = issued
        self._reader = reader
        self._spoken = reader.languages
        self._now = now
        self._id = issued.fact.alert
        self._standing: Standing = standing(world, incident, self._id, reader, room, now)
        self._over = issued.expired or incident.closed_at is not None

    def lines(self, most: int, *, everybody: bool = False) -> list[Cleared]:
        """The card: what it is, who has it, the counts, whom to see to, what happens next."""
        lines = [self._heading(), *self._has_it(), self.counts()]
        if self._standing.unsaid:
            lines.append(say(self._spoken, "Who else was chosen by where it is, this room may not see."))
        if not self._over or everybody:
            lines += self._names(most, self._states(everybody=everybody), more=not everybody)
        if everybody:
            lines += self._names(most, ("waiting", "acting", "seen"), more=False)
        return lines if self._over else [*lines, *self._next()]

    def _states(self, *, everybody: bool) -> tuple[State, ...]:
        """Whom the card names: who needs somebody, and who has only seen it, until they act."""
        watched = on_watch(self._book, self._incident, self._id) if not everybody else ()
        return (*NEEDS_SOMEBODY, "seen") if watched else NEEDS_SOMEBODY

    def title(self) -> Cleared:
        """The alert, its title and when it was sent."""
        return say(
            self._spoken,
            "<b>{alert}</b> {title}, {time}",
            alert=short_id(self._id),
            title=quote(self._book, self._reader, self._book.playbook.alerts[self._issued.fact.template].title),
            time=self._moment(self._issued.at),
        )

    def _heading(self) -> Cleared:
        became = over_words(self._incident, self._issued, self._spoken, self._moment)
        return self.title() if became is None else glue([self.title(), strong(became)], " · ")

    def _has_it(self) -> list[Cleared]:
        standing, parts = self._standing, []
        if standing.full is None:
            if standing.count(*HAS_IT):
                parts.append(says(self._spoken, "{count} has it", "{count} have it", standing.count(*HAS_IT)))
        else:
            if standing.full:
                full = standing.full
                parts.append(
                    says(self._spoken, "{count} as much as you see here", "{count} as much as you see here", full)
                    if standing.partly
                    else says(self._spoken, "{count} in full", "{count} in full", full)
                )
            if standing.part:
                parts.append(says(self._spoken, "{count} in part", "{count} in part", standing.part))
        if standing.count(*HAS_NOT):
            parts.append(says(self._spoken, "{count} not at all", "{count} not at all", standing.count(*HAS_NOT)))
        return [glue(parts, " · ")] if parts else []

    def counts(self) -> Cleared:
        """How many have it, and how many of them answered what."""
        standing = self._standing
        parts = [says(self._spoken, "{count} delivered", "{count} delivered", standing.count(*HAS_IT))]
        for state in ("waiting", "acting", "seen", "cannot", "silent", "unreachable"):
            number = standing.count(state)
            if number:
                parts.append(self._count(state, number))
        return glue(parts, " · ")

    def _count(self, state: State, number: int) -> Cleared:
        match state:
            case "waiting":
                return says(self._spoken, "{count} on its way", "{count} on their way", number)
            case "acting":
                return says(self._spoken, "{count} acting", "{count} acting", number)
            case "seen":
                return says(self._spoken, "{count} seen", "{count} seen", number)
            case "cannot":
                return strong(says(self._spoken, "{count} cannot", "{count} cannot", number))
            case "silent":
                return strong(says(self._spoken, "{count} silent", "{count} silent", number))
            case _:
                return strong(says(self._spoken, "{count} not reached", "{count} not reached", number))

    def _names(self, most: int, states: tuple[State, ...], *, more: bool) -> list[Cleared]:
        """A line for each partner in these states; where there are too many, how many more, and where they stand."""
        named = [(partner, state) for state in states for partner in self._standing.of(state)]
        # One more line is no longer than to say that there is one more.
        shown = named if len(named) <= most + 1 else named[:most]
        lines = [self._line(partner, state) for partner, state in shown]
        left = len(named) - len(shown)
        if left and more:
            command = say(self._spoken, "/status {alert}", alert=short_id(self._id))
            lines.append(
                says(self._spoken, "and {count} more: {command}", "and {count} more: {command}", left, command=command)
            )
        elif left:
            lines.append(say(self._spoken, "… and {count} more", count=left))
        return lines

    def _line(self, partner: str, state: State) -> Cleared:
        who, number = name(self._book, self._reader, partner), phone(self._book, self._reader, partner)
        watch = self._standing.watches.get(partner)
        answers = self._issued.answers.get(partner, ())
        match state:
            case "acting" | "seen" | "cannot":
                last = answer_of(answers)
                assert last is not None
                line = say(
                    self._spoken,
                    "• {partner}: {choice}, {time}",
                    partner=who,
                    choice=strong(say(self._spoken, WORDS[last.choice])),
                    time=self._moment(last.at),
                )
                return glue([line, number], " ") if state == "cannot" and number.html else line
            case "silent" if watch is not None and watch.calls and watch.calls[-1].reached is None:
                return say(self._spoken, "• {partner}: silent, somebody is ringing {phone}", partner=who, phone=number)
            case "silent" if answers:
                return says(
                    self._spoken,
                    "• {partner}: {count} person answered, others are silent {phone}",
                    "• {partner}: {count} persons answered, others are silent {phone}",
                    len({answer.person for answer in answers}),
                    partner=who,
                    phone=number,
                )
            case "silent":
                return say(self._spoken, "• {partner}: silent {phone}", partner=who, phone=number)
            case "waiting":
                return say(self._spoken, "• {partner}: on its way", partner=who)
            case "unreachable":
                return say(self._spoken, "• {partner}: <b>not reached</b> {phone}", partner=who, phone=number)
            case "held":
                return say(self._spoken, "• {partner}: <b>held back</b> {phone}", partner=who, phone=number)
            case "roomless":
                return say(self._spoken, "• {partner}: <b>no room</b> {phone}", partner=who, phone=number)
            case "blind":
                return say(
                    self._spoken, "• {partner}: <b>may not see where it is</b> {phone}", partner=who, phone=number
                )

    def _next(self) -> list[Cleared]:
        """The next thing that happens by itself, and for how many."""
        steps = [upcoming(self._book, self._incident, self._id, watch) for watch in self._standing.watches.values()]
        # What happens in one minute is one thing to whoever reads it.
        coming = Counter((step[0].replace(second=0, microsecond=0), step[1]) for step in steps if step is not None)
        if not coming:
            return []
        (at, do), count = min(coming.items(), key=lambda one: one[0])
        return [
            says(
                self._spoken,
                "Next, {time}: {step} for {count} partner",
                "Next, {time}: {step} for {count} partners",
                count,
                time=self._moment(at),
                step=say(self._spoken, STEPS[do]),
            )
        ]

    def _moment(self, at: datetime) -> Cleared:
        return moment(self._book, at, self._now, self._spoken)


def over_words(
    incident: Incident, issued: Issued, languages: tuple[str, ...], when: Callable[[datetime], Cleared]
) -> Cleared | None:
    """How an alert ended, and when; None while it is open."""
    at = issued.over_at
    if issued.state == "open" or at is None:
        return None if incident.closed_at is None else say(languages, "closed at {time}", time=when(incident.closed_at))
    match issued.state:
        case "cancelled" if issued.mistake:
            return say(languages, "cancelled at {time}, sent by mistake", time=when(at))
        case "cancelled":
            return say(languages, "cancelled at {time}", time=when(at))
        case "superseded":
            return say(languages, "replaced at {time}", time=when(at))
        case "retracted":
            return say(languages, "withdrawn at {time}", time=when(at))
        case _:
            return say(languages, "ended at {time}", time=when(at))
