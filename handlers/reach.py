"""The test of the alarm chain: once a month, and by hand, everybody who would be alarmed is asked whether a message arrives.

- Nobody can take it for real: it says TEST first and that nothing has happened, it never rings, and has a button that no alert has.
- It goes to the rooms for real alerts and to each liaison's private chat; rooms for exercises have no part in it.
- While a real incident is open from a playbook, its test waits for the next day: nobody is to read of a test then.
- A month's test is sent once. One that fell due while we were away is sent on return, and says that it is late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from handlers.case import Case, room_reader
from handlers.colleagues import chat_with, colleagues
from handlers.command import short_ids
from handlers.coordinators import tell_coordinators
from handlers.moments import moment
from handlers.texts import say, says
from handlers.world import World, bound_for
from playbooks import sight
from playbooks.cleared import Cleared, Reader, clock, glue, listed, name, quote, short_id, word
from playbooks.load import Book
from storage.deployment import ReachTest
from storage.effects import Effect, Record, Send, Tap, Urgency, Wake
from storage.facts import DEPLOYMENT, ReachTestAnswered, ReachTestSent
from storage.store import Deadline

AT = time(10)
"""When on the first Monday of a month, where the playbook lives."""
ANSWERS_WITHIN = timedelta(hours=24)
LATE = timedelta(minutes=15)
TOO_LATE = timedelta(days=7)
"""A test that was missed for longer, as while nothing ran, is left out: the next month's comes soon."""
ENOUGH = timedelta(minutes=10)
"""After one test no other is sent by hand for so long: a command that is tapped twice tests nothing."""
EMOJI = "🧪"


# --- when ---------------------------------------------------------------------------------------------------------------


def planned(book: Book, after: datetime) -> datetime:
    """The first Monday of a month at ten, where the playbook lives, that comes after this time."""
    zone = book.playbook.timezone
    day = after.astimezone(zone).date().replace(day=1)
    while True:
        monday = day + timedelta(days=-day.weekday() % 7)
        at = datetime.combine(monday, AT, zone)
        if at > after:
            return at
        day = (day + timedelta(days=31)).replace(day=1)


def begun(world: World, now: datetime) -> list[Effect]:
    """At a start: when each playbook is tested next. It follows from the facts, so that a start changes nothing."""
    if world.rehearsal:
        return []
    return [
        _next(book, max([world.who.begun.get(of, now), now - TOO_LATE, *_timed(world, of)]))
        for of, book in world.shelf.items()
    ]


def _timed(world: World, playbook: str) -> Iterable[datetime]:
    return (test.at for test in world.who.tests.values() if (test.playbook, test.by) == (playbook, "time"))


def _next(book: Book, after: datetime) -> Wake:
    playbook = book.playbook.playbook
    return Wake(f"reach-test:{playbook}", DEPLOYMENT, planned(book, after), "reach-test", playbook)


def due(world: World, deadline: Deadline, now: datetime) -> list[Effect]:
    """The day has come: the test is sent, or waits until tomorrow where there is a real incident."""
    book = world.shelf.get(deadline.about)
    if book is None or world.rehearsal:
        return []
    if runs(world, book):
        zone = book.playbook.timezone
        tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), AT, zone)
        return [Wake(deadline.key, DEPLOYMENT, tomorrow, deadline.kind, deadline.about)]
    return [*sent(world, book, now, by="time", meant_for=deadline.at), _next(book, now)]


def runs(world: World, book: Book) -> bool:
    """Whether a real incident is open from a playbook."""
    return any(one.playbook == book.playbook.playbook and not one.opened.exercise for one in world.open)


# --- the test itself -------------------------------------------------------------------------------------------------------


def sent(world: World, book: Book, now: datetime, *, by: str, meant_for: datetime) -> list[Effect]:
    """The test to every room for real alerts and to every liaison; nothing where there is nobody."""
    identifier = world.next_id("T")
    doors: dict[str, tuple[Reader, str]] = {}
    for binding in bound_for(world, book, "alerts", exercise=False):
        if binding.room.chat not in world.who.lost:
            reader = room_reader(world, book, binding.room, binding.partner)
            doors[str(binding.room)] = (reader, f"{binding.partner} {binding.room}")
    persons = {}
    for partner in book.playbook.partners:
        for person in colleagues(world, partner):
            room = chat_with(world, person) if person.role == "liaison" else None
            if room is not None and str(room) not in doors:
                asked = [world.who.languages.get(one) for one in (person.id, *person.identities)]
                spoken = (*filter(None, asked), *room_reader(world, book, room, partner).languages)
                persons[person.id] = Reader(room, partner, True, spoken)
    if not doors and not persons:
        return []
    rooms = tuple(whose for _, whose in doors.values())
    readers = [*(reader for reader, _ in doors.values()), *persons.values()]
    return [
        Record(DEPLOYMENT, ReachTestSent(identifier, book.playbook.playbook, by, rooms, tuple(persons))),
        Wake(f"reach-report:{identifier}", DEPLOYMENT, now + ANSWERS_WITHIN, "reach-report", identifier),
        *(_letter(book, identifier, reader, now, meant_for) for reader in readers),
    ]


def _letter(book: Book, identifier: str, reader: Reader, now: datetime, meant_for: datetime) -> Send:
    said = reader.languages
    lines = [
        say(said, "<b>TEST of the alarm chain</b> · {test}", test=short_id(identifier)),
        say(said, "Nothing has happened. Tap Received: then we know that an alarm would arrive here."),
    ]
    if now - meant_for > LATE:
        lines.append(say(said, "It was planned for {time}, and is late.", time=moment(book, meant_for, now, said)))
    taps = ((Tap(say(said, "Received"), f"/received {identifier}", EMOJI),),)
    return Send(
        DEPLOYMENT, reader.room, glue(lines), Urgency.CHATTER, about=identifier, partner=reader.partner, taps=taps
    )


def by_hand(case: Case, books: Sequence[Book]) -> list[Effect]:
    """The test of the alarm chain, by hand; coordinators alone."""
    if not case.actor.coordinator:
        return case.refuse(case.say("Not sent. Coordinators may send the test."), "/ready test", "role")
    if len(books) != 1:
        taps = [
            [
                case.choice(
                    "{playbook}",
                    f"/ready test {book.playbook.playbook}",
                    f"{i}️⃣",
                    playbook=_title(case, book),
                )
            ]
            for i, book in enumerate(books[:9], 1)
        ]
        return [case.answer(case.say("Test the alarm chain of which playbook?"), taps)]
    [book] = books
    if runs(case.world, book):
        words = case.say("Not sent: a real incident is open from this playbook, and nobody is to read of a test now.")
        return [case.answer(words)]
    last = latest(case.world, book)
    if last is not None and case.now - last.at < ENOUGH:
        words = case.say(
            "{test} was sent at {time}. One is enough: wait for its answers.",
            test=short_id(last.id),
            time=clock(book, last.at),
        )
        return [case.answer(words)]
    effects = sent(case.world, book, case.now, by=case.actor.person, meant_for=case.now)
    if not effects:
        return [
            case.answer(case.say("Nobody can be tested: no room is bound, and no liaison has a private chat with me."))
        ]
    return [*effects, case.answer(case.say("The test is on its way, silently. In 24 hours I say who did not answer."))]


def _title(case: Case, book: Book) -> Cleared:
    return quote(book, Reader(case.request.room, None, True, case.reader.languages), book.playbook.title)


def latest(world: World, book: Book) -> ReachTest | None:
    """The last test of a playbook."""
    tests = [test for test in world.who.tests.values() if test.playbook == book.playbook.playbook]
    return tests[-1] if tests else None


def received(case: Case, arguments: str) -> list[Effect]:
    """``/received T-3``: somebody saw the test where it went."""
    calm = replace(case, incident=None)  # whatever goes on, a test is of no incident
    about = case.request.about.about if case.request.about is not None else None
    named = next((one for one in (*short_ids(arguments), about or "") if one.startswith("T-")), None)
    test = case.world.who.tests.get(named or "")
    partner = case.actor.partner
    asked = test is not None and (
        case.request.room in test.rooms or (case.request.private and case.actor.person in test.persons)
    )
    if test is None or partner is None or not asked:
        return [calm.answer(calm.say("No test waits for an answer here. Nothing has happened."))]
    tapped = case.request.message if case.request.via == "button" else None
    words = calm.say(
        "<b>TEST of the alarm chain</b> · {test}: received ({time}), thank you. Nothing has happened.",
        test=short_id(test.id),
        time=clock(case.book, case.now),
    )
    answer = calm.answer(words, replaces=tapped)
    known = case.request.room in test.seen_in and (
        case.actor.person in test.seen_by or case.actor.person not in test.persons
    )
    fact = ReachTestAnswered(test.id, partner, case.actor.person, case.request.room)
    return [answer] if known else [Record(DEPLOYMENT, fact), answer]


# --- what came of it --------------------------------------------------------------------------------------------------------


def over(world: World, deadline: Deadline, now: datetime) -> list[Effect]:
    """A day later the coordinators get who did not answer."""
    test = world.who.tests.get(deadline.about)
    book = world.shelf.get(test.playbook) if test is not None else None
    if test is None or book is None:
        return []

    def words(reader: Reader) -> Cleared | None:
        if not sight.coordinator_sees(book, reader.room.network, "_delivery"):
            return None
        return glue(result(world, book, test, reader, tuple(book.playbook.partners), now))

    return tell_coordinators(world, DEPLOYMENT, now, words, about=test.id)


def result(
    world: World, book: Book, test: ReachTest, reader: Reader, partners: Iterable[str], now: datetime
) -> list[Cleared]:
    """How many answered a test, of these partners as far as the reader may know of them, and who did not."""
    known = [partner for partner in partners if listed(book, reader, partner)]
    rooms = [room for room, whose in test.rooms.items() if whose in known]
    persons = [one for one in test.persons if one in world.who.people and world.who.people[one].partner in known]
    silent = [(whose, room) for whose, room in test.silent_rooms if whose in known]
    quiet = [one for one in test.silent_persons if one in persons and one not in world.who.revoked]
    lines = [
        says(
            reader.languages,
            "<b>Test of the alarm chain</b> · {test}, {time}: {answered} of {count} answered.",
            "<b>Test of the alarm chain</b> · {test}, {time}: {answered} of {count} answered.",
            len(rooms) + len(persons),
            test=short_id(test.id),
            time=moment(book, test.at, now, reader.languages),
            answered=len(rooms) + len(persons) - len(silent) - len(quiet),
        )
    ]
    if silent:
        each = [
            say(
                reader.languages,
                "{partner} ({network})",
                partner=name(book, reader, whose),
                network=word(room.network),
            )
            for whose, room in silent
        ]
        lines.append(say(reader.languages, "No answer from the rooms of {partners}.", partners=glue(each, ", ")))
    if quiet:
        each = [
            say(
                reader.languages,
                "{person} ({partner})",
                person=short_id(one),
                partner=name(book, reader, str(world.who.people[one].partner)),
            )
            for one in quiet
        ]
        lines.append(say(reader.languages, "No answer from the liaisons {persons}.", persons=glue(each, ", ")))
    if silent or quiet:
        lines.append(say(reader.languages, "Ring them, and see what keeps messages from them: /ready"))
    return lines
