"""The parts of a briefing, in the order in which somebody who takes the lead needs them (ICS-201).

What it is and in which phase; what is going on; what is still open; what was decided; what comes next; who leads; what was done;
what there is to send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers import decisions, leading
from handlers.acting import stand_ins
from handlers.addressing import issued_event
from handlers.checkins import belongs, next_round
from handlers.moments import moment
from handlers.texts import say, says
from handlers.titles import incident_title
from handlers.waiting import waits
from handlers.world import World
from playbooks import sight
from playbooks.answers import cleared_until
from playbooks.cleared import NOTHING, Clauses, Cleared, Reader, figure, glue, name, of, quote, short_id, strong
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from storage.deployment import Binding
from storage.incident import Incident, Issued

MOST_ACTIONS = 12
"""Things that were done, the latest of them."""

LASTS = timedelta(minutes=30)
"""A briefing that could not leave within this time tells how things stood, and is no use any more."""


@dataclass(frozen=True)
class Page:
    """For whom a briefing is written, where, of what, and when."""

    world: World
    incident: Incident
    book: Book
    so: Circumstances
    binding: Binding
    room: sight.Room
    reader: Reader
    now: datetime

    def say(self, message: str, /, **parts: Cleared | int) -> Cleared:
        """Words for the reader, in their language."""
        return say(self.reader.languages, message, **parts)

    def says(self, one: str, many: str, count: int, /, **parts: Cleared | int) -> Cleared:
        """The same for a number of things."""
        return says(self.reader.languages, one, many, count, **parts)

    def time(self, at: datetime) -> Cleared:
        """When something was or is to be."""
        return moment(self.book, at, self.now, self.reader.languages)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be said, and the same in short, for where the whole does not fit."""

    full: Cleared
    short: Cleared | None = None


Section = tuple[Cleared | None, list[Item]]


def _items(parts: Iterable[Cleared | None]) -> list[Item]:
    return [Item(part) for part in parts if part is not None and part.html]


# --- what it is ------------------------------------------------------------------------------------------------------


def what(page: Page) -> Section:
    """The incident, since when, its phase, and declared danger."""
    incident, book, reader = page.incident, page.book, page.reader
    title = incident_title(page.world, book, page.so, incident.opened.partner, incident.opened.title, page.binding)
    danger = incident.danger if page.so.danger else None
    return None, _items(
        [
            page.say(
                "<b>Briefing</b> · {title} · {incident}, since {time}",
                title=quote(book, reader, book.playbook.title),
                incident=short_id(incident.id),
                time=page.time(incident.opened_at),
            ),
            strong(title) if title is not None else None,
            page.say(
                "Phase: {phase}, since {time}",
                phase=quote(book, reader, incident.phase),
                time=page.time(incident.phase_since),
            ),
            page.say(
                "<b>Imminent danger</b> declared by {partner}, until {time}",
                partner=name(book, reader, danger.partner),
                time=page.time(danger.until),
            )
            if danger is not None
            else None,
        ]
    )


# --- what is going on ------------------------------------------------------------------------------------------------


def situation(page: Page) -> Section:
    """The alerts that are open, the latest first, each with the fields that this room may see."""
    found = [_alert(page, identifier, issued) for identifier, issued in seen_alerts(page) if issued.state == "open"]
    return strong(page.say("Situation")), found[::-1]


def seen_alerts(page: Page) -> list[tuple[str, Issued]]:
    """The alerts of which this room may see enough to be shown them, whether they were sent there or not."""
    return [(i, issued) for i, issued in page.incident.alerts.items() if _words(page, issued) is not None]


def _words(page: Page, issued: Issued) -> Cleared | None:
    """What this room may see of an alert; None where a field that it needs is withheld, or nothing would be left."""
    if issued.state == "retracted" or issued.fact.template not in page.book.playbook.alerts:
        return None
    alert = page.book.playbook.alerts[issued.fact.template]
    event = issued_event(page.book, issued, page.binding.partner)
    view = sight.view(page.book, page.so, event, page.room, alert.fields)
    if any(need == "required" and view.shape(page.book, field) is None for field, need in alert.fields.items()):
        return None
    return Clauses(page.book, event, alert.text, tuple(alert.fields)).shown(view, page.reader.languages)


def _alert(page: Page, identifier: str, issued: Issued) -> Item:
    alert = page.book.playbook.alerts[issued.fact.template]
    heading = page.say(
        "• {alert} {title}, {time}, from {partner}",
        alert=strong(short_id(identifier)),
        title=quote(page.book, page.reader, alert.title),
        time=page.time(issued.at),
        partner=name(page.book, page.reader, issued.fact.partner),
    )
    words = _words(page, issued)
    if words is None:
        return Item(heading)
    return Item(glue([heading, of(identifier, words)]), heading)


def cleared_for(page: Page) -> datetime:
    """The last instant at which a briefing may leave as it is: until then it holds by what its alerts were cleared by."""
    ends = [page.now + LASTS]
    if page.incident.danger is not None and page.so.danger:
        ends.append(page.incident.danger.until)
    for issued in page.incident.alerts.values():
        alert = page.book.playbook.alerts.get(issued.fact.template)
        if issued.state == "open" and alert is not None:
            event = issued_event(page.book, issued, page.binding.partner)
            answers = sight.view(page.book, page.so, event, page.room, alert.fields).answers
            until = cleared_until(page.book, answers.values())
            ends += [until] if until is not None else []
    return min(ends) - timedelta(microseconds=1)


# --- what is still open ----------------------------------------------------------------------------------------------


def open_still(page: Page) -> Section:
    """Answers that are awaited, rounds and roll calls that run, offers of the lead; who is silent, for who may know that."""
    incident, parts = page.incident, []
    for identifier, issued in seen_alerts(page):
        silent = leading.names(page.book, page.reader, waits(page.book, incident, identifier, page.world.who))
        if silent is not None and _sees(page, issued.fact.partner, "_delivery"):
            parts.append(page.say("• {alert}: not answered by {partners}", alert=short_id(identifier), partners=silent))
    for identifier, round_ in incident.rounds.items():
        checkin = page.book.playbook.checkins.get(round_.fact.name)
        if round_.ended is None and checkin is not None:
            parts.append(
                page.say(
                    "• {round}: {ask}, since {time}",
                    round=short_id(identifier),
                    ask=quote(page.book, page.reader, checkin.ask),
                    time=page.time(round_.at),
                )
            )
    for identifier, call in incident.rollcalls.items():
        whose = call.fact.partner
        if call.ended is None and (whose is None or leading.names(page.book, page.reader, [whose]) is not None):
            parts.append(
                page.say(
                    "• {rollcall}: roll call, since {time}", rollcall=short_id(identifier), time=page.time(call.at)
                )
            )
    for identifier, offer in incident.offers.items():
        to = leading.names(page.book, page.reader, offer.fact.partners)
        if offer.ended is None and to is not None:
            reach = leading.reach(page.book, page.reader, offer.fact.tier, offer.fact.jurisdiction)
            parts.append(
                page.say(
                    "• {offer}: the lead ({reach}) is offered to {partners}",
                    offer=short_id(identifier),
                    reach=reach,
                    partners=to,
                )
            )
    return strong(page.say("Still open")), _items(parts)


def _sees(page: Page, origin: str, field: str) -> bool:
    event = Event(origin, frozenset({page.book.playbook.partners[origin].jurisdiction}))
    return isinstance(sight.decide(page.book, page.so, event, page.room, field), sight.Seen)


# --- what was decided, and what comes next ---------------------------------------------------------------------------


def decided(page: Page) -> Section:
    """The decisions that this room may see, the latest first."""
    found = [
        Item(of(identifier, words))
        for identifier in reversed(tuple(page.incident.decisions))
        if (words := decisions.shown(page.world, page.incident, identifier, page.reader, page.room, page.now))
        is not None
    ]
    return strong(page.say("Decided")), found


def upcoming(page: Page) -> Section:
    """When alerts and the declared danger end, and when the next rounds begin; the nearest first."""
    incident, found = page.incident, list[tuple[datetime, Cleared]]()
    for identifier, issued in seen_alerts(page):
        ends = issued.fact.expires
        if issued.state == "open" and ends is not None:
            found.append((ends, page.say("• {time}: {alert} ends", time=page.time(ends), alert=short_id(identifier))))
    for each, checkin in page.book.playbook.checkins.items():
        at = next_round(page.world, incident, each, page.now) if belongs(checkin, incident.phase) else None
        if at is not None:
            ask = quote(page.book, page.reader, checkin.ask)
            found.append((at, page.say("• {time}: check-in, {ask}", time=page.time(at), ask=ask)))
    return strong(page.say("Planned")), _items(words for _, words in sorted(found, key=lambda one: one[0]))


# --- who leads, what was done, what there is -------------------------------------------------------------------------


def organisation(page: Page) -> Section:
    """Who leads on which tier, their deputies, and who stands in for whom."""
    lines = [page.say("• {line}", line=line) for line in leading.lines(page.book, page.reader, page.incident.leads)]
    acting = stand_ins(page.world, page.incident, page.reader, page.room, page.now)
    return strong(page.say("Organisation")), _items([*lines, *acting])


def done(page: Page) -> Section:
    """What was done and when: alerts issued and ended, phases, leads that passed on; the latest, in their order."""
    incident, found = page.incident, list[tuple[datetime, Cleared]]()
    ends = {
        "cancelled": page.say("cancelled"),
        "superseded": page.say("replaced"),
        "expired": page.say("expired"),
    }
    mine = page.binding.partner
    known = {identifier for identifier, _ in seen_alerts(page)}
    for identifier, issued in incident.alerts.items():
        told = issued.shown_to(mine) or issued.fact.partner == mine
        if issued.state == "retracted" or not (identifier in known or told):
            continue
        alert = short_id(identifier)
        title = quote(page.book, page.reader, page.book.playbook.alerts[issued.fact.template].title)
        found.append((issued.at, page.say("{alert} {title}", alert=alert, title=title)))
        if issued.over_at is not None and issued.state in ends:
            found.append((issued.over_at, page.say("{alert} {how}", alert=alert, how=ends[issued.state])))
    for phase, at in incident.phases:
        called = quote(page.book, page.reader, phase) if phase in page.book.playbook.phases else NOTHING
        found.append((at, page.say("phase {phase}", phase=called)))
    for offer in incident.offers.values():
        new = leading.names(page.book, page.reader, offer.fact.partners)
        if offer.ended == "accepted" and offer.ended_at is not None and new is not None:
            reach = leading.reach(page.book, page.reader, offer.fact.tier, offer.fact.jurisdiction)
            found.append((offer.ended_at, page.say("lead ({reach}): {partners}", partners=new, reach=reach)))
    ordered = sorted(found, key=lambda one: one[0])
    latest = [page.say("• {time}: {what}", time=page.time(at), what=words) for at, words in ordered[-MOST_ACTIONS:]]
    return strong(page.say("Done so far")), _items(latest)


def resources(page: Page) -> Section:
    """What the playbook knows of that can be sent, as far as this room may read its label."""
    parts = []
    for means in page.book.playbook.means.values():
        owner = leading.names(page.book, page.reader, [means.owner])
        if owner is None or not sight.may_read(page.book, page.room, means.label):
            continue
        area = page.book.playbook.areas.get(means.at or "")
        where = quote(page.book, page.reader, area.name) if area is not None else NOTHING
        there = glue([each for each in (where, owner) if each.html], ", ")
        kind = quote(page.book, page.reader, means.kind)
        parts.append(page.say("• {number} × {what} ({where})", number=figure(means.count), what=kind, where=there))
    return strong(page.say("Resources")), _items(parts)


SECTIONS: tuple[Callable[[Page], Section], ...] = (
    what, situation, open_still, decided, upcoming, organisation, done, resources,
)  # fmt: skip
"""In this order: what comes last is left out first."""
