"""/exercise: the same playbook, in earnest but for the event. Only into its rooms for exercises; every message says that it is one.

What makes it an exercise to whoever reads it is not made here: see ``marks``, which no message passes by.
"""

from __future__ import annotations

from handlers import activate, pausing, small
from handlers.case import Case
from handlers.command import nearest, short_ids
from handlers.moments import moment
from handlers.taps import Choice, fits
from handlers.which import case_of, takes_part
from handlers.world import actor, played_in, plays_in
from playbooks.cleared import Cleared, Reader, echo, glue, quote, short_id
from playbooks.load import Book
from storage.effects import Effect, Urgency
from storage.incident import Incident

_RESUME = frozenset(("resume", "reprendre", "hervatten", "fortsetzen", "riprendi", "reanudar"))
_END = frozenset(("end", "fin", "einde", "ende", "fine", "close", "stop"))


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/exercise PLAYBOOK [hazard] [title]``, ``/exercise resume [E-1]``, ``/exercise end [E-1]``; alone it asks.

    ``+PLAYBOOK`` for a second exercise beside an open one.
    """
    wanted, _, rest = arguments.strip().partition(" ")
    if wanted.lower() in _RESUME:
        return _resume(case, rest)
    if wanted.lower() in _END:
        return _end(case, rest)
    if not wanted:
        return _choose(case)
    more, wanted = wanted.startswith("+"), wanted.removeprefix("+").lower()
    book = case.world.shelf.get(wanted)
    if book is None:
        return _unknown(case, wanted)
    inside = Case(case.world, case.request, actor(case.world, case.request, book), None, book)
    refused = _refused(inside, book, case)
    if refused is not None:
        return refused
    running = [one for one in _exercises(case) if one.playbook == book.playbook.playbook]
    if running and not more:
        words = inside.say(
            "The exercise {incident} is already open from this playbook, since {time}. A second one beside it?",
            incident=short_id(running[0].id),
            time=moment(book, running[0].opened_at, case.now, inside.reader.languages),
        )
        return [inside.answer(words, [[inside.choice("Start another", f"/exercise +{wanted}", "➕")]])]
    return activate.begun(inside, book, rest, "coordinator", exercise=True)


def _refused(case: Case, book: Book, asked: Case) -> list[Effect] | None:
    """Why this exercise cannot begin from here, or now; None: it can. In the language of the room in which it was ``asked``."""
    if not case.actor.coordinator:
        return case.refuse(asked.say("Only coordinators may do this."), "/exercise", "role")
    bound = case.world.who.binding(book.playbook.playbook, case.request.room) is not None
    if not case.request.private and not (bound and plays_in(case.world, book, case.request.room, exercise=True)):
        words = asked.say("Not started: this room is not for exercises. Write it in a private chat with me.")
        return case.refuse(words, "/exercise", "real-room")
    if not played_in(case.world, book, exercise=True):
        words = asked.say(
            "Not started: no room for exercises is bound. The playbook marks them with “exercises: true”."
        )
        return case.refuse(words, "/exercise", "no-rooms")
    real = pausing.in_the_way(case.world, book)
    if real:
        return case.refuse(_in_the_way(asked, real), "/exercise", "real-incident")
    return None


def _in_the_way(case: Case, real: list[Incident]) -> Cleared:
    names = glue([short_id(one.id) for one in real], ", ")
    return case.say("Not now: {incidents} is real, and open in a chat of this exercise.", incidents=names)


def _unknown(case: Case, wanted: str) -> list[Effect]:
    near = nearest(wanted, [*case.world.shelf, "resume", "end"])
    typed = echo(wanted[:60], case.request.room)
    if near is None:
        return [case.answer(case.say("There is no playbook {typed}.", typed=typed))]
    meant = case.say(f"/exercise {near}")
    words = case.say("There is no playbook {typed}. Did you mean {near}?", typed=typed, near=meant)
    return [
        case.answer(
            words,
            [[case.tap("{command}", f"/exercise {near}", "✅", command=meant)]] if fits(f"/exercise {near}") else [],
        )
    ]


def _choose(case: Case) -> list[Effect]:
    """Which playbook; and for exercises that are open, to end them, or to let them go on."""
    taps: list[list[Choice]] = []
    for one in _exercises(case)[:4]:
        row: list[Choice] = [case.tap("End {incident}", f"/exercise end {one.id}", "❌", incident=short_id(one.id))]
        if one.paused is not None:
            row.insert(0, case.tap("Resume {incident}", f"/exercise resume {one.id}", "▶️", incident=short_id(one.id)))
        taps.append(row)
    playable = [name for name, book in case.world.shelf.items() if played_in(case.world, book, exercise=True)]
    for index, each in enumerate(playable[:9], 1):
        book = case.world.shelf[each]
        title = quote(book, Reader(case.request.room, None, True, case.reader.languages), book.playbook.title)
        taps.append([case.choice("{title}", f"/exercise {each}", f"{index}️⃣", title=title)])
    if not taps:
        return [case.answer(case.say("No playbook has rooms for exercises that are bound."))]
    return [case.answer(case.say("Exercise with which playbook?"), taps, urgency=Urgency.PROMPT)]


# --- those that are open -------------------------------------------------------------------------------------------------


def _exercises(case: Case) -> list[Incident]:
    """The open exercises that this person may see to from here."""
    return [one for one in case.world.open if one.opened.exercise and takes_part(case.world, case.request, one)]


def _meant(case: Case, arguments: str, found: list[Incident], action: str) -> Incident | list[Effect]:
    """The exercise that is named, replied to, or alone; else what to answer."""
    named = short_ids(arguments)[:1]
    about = case.request.about.stream if case.request.about is not None else None
    chosen = [one for one in found if one.id in named or (not named and one.id == about)] or ([] if named else found)
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        return [case.answer(case.say("There is no such exercise here."))]
    taps = [
        [case.tap("{incident}", f"/exercise {action} {one.id}", f"{index}️⃣", incident=short_id(one.id))]
        for index, one in enumerate(chosen[:9], 1)
    ]
    return [case.answer(case.say("Which exercise?"), taps)]


def _resume(case: Case, arguments: str) -> list[Effect]:
    waiting = [one for one in _exercises(case) if one.paused is not None]
    if not waiting:
        return [case.answer(case.say("No exercise is paused here."))]
    one = _meant(case, arguments, waiting, "resume")
    if not isinstance(one, Incident):
        return one
    inside = _inside(case, one)
    if not inside.actor.coordinator:
        return inside.refuse(inside.say("Only coordinators may do this."), "/exercise", "role")
    real = pausing.in_the_way(case.world, case.world.book_of(one))
    if real:
        return inside.refuse(_in_the_way(inside, real), "/exercise", "real-incident")
    effects = pausing.resumed(case.world, one, case.actor.person, case.now)
    if case.request.private:
        effects.append(inside.answer(inside.say("The exercise goes on: {incident}.", incident=short_id(one.id))))
    return effects


def _end(case: Case, arguments: str) -> list[Effect]:
    one = _meant(case, arguments, _exercises(case), "end")
    if not isinstance(one, Incident):
        return one
    inside = _inside(case, one)
    if not inside.actor.coordinator:
        return inside.refuse(inside.say("Only coordinators may do this."), "/exercise", "role")
    reason = arguments.partition(" ")[2] if short_ids(arguments.partition(" ")[0]) else arguments
    return small.close(inside, reason or "yes")


def _inside(case: Case, one: Incident) -> Case:
    """The same person in that exercise."""
    return case_of(case.world, case.request, one)
