"""/activate: an incident begins from a playbook, and every partner learns it in its own rooms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers import distrust, pausing, phase, posting
from handlers.afterwards import after
from handlers.case import Case, room_reader
from handlers.command import nearest
from handlers.moments import moment
from handlers.texts import say
from handlers.titles import incident_title
from handlers.world import Actor, World, actor_before, bound_for, circumstances, played_in
from playbooks import mandate
from playbooks.cleared import Cleared, Reader, code, echo, figure, glue, listed, name, quote, short_id, strong
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances, Leading
from storage.deployment import Binding
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import IncidentOpened, LeadTaken
from storage.incident import Incident

LONGEST_TITLE = 120


def startable(case: Case) -> list[str]:
    """The playbooks that this person may start an incident from, here."""
    return [name for name, book in case.world.shelf.items() if _line(case, book) is not None]


def _who(case: Case, book: Book) -> Actor:
    return actor_before(case.world, case.request, book)


def _line(case: Case, book: Book) -> int | None:
    """The line by which this person may activate this playbook; 0 for coordinators, whose role it is."""
    who = _who(case, book)
    if who.coordinator:
        return 0
    return mandate.may_activate(book, who.partner)


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/activate PLAYBOOK [hazard] [title]``; ``+PLAYBOOK`` for a second incident beside an open one."""
    wanted, _, title = arguments.strip().partition(" ")
    more = wanted.startswith("+")
    wanted = wanted.removeprefix("+").lower()
    shelf = case.world.shelf
    if not wanted:
        return _choose(case)
    book = shelf.get(wanted)
    if book is None:
        near = nearest(wanted, list(shelf)) if case.actor.partner or case.actor.coordinator else None
        typed = echo(wanted[:60], case.request.room)
        if near is None:
            return [case.answer(case.say("There is no playbook {typed}.", typed=typed))]
        words = case.say("There is no playbook {typed}. Did you mean {near}?", typed=typed, near=_word(case, near))
        return [
            case.answer(words, [[case.choice("Activate {near}", f"/activate {near}", "✅", near=_word(case, near))]])
        ]
    line = _line(case, book)
    inside = Case(case.world, case.request, _who(case, book), None, book)
    if line is None:
        return _refused(inside, book)
    running = [i for i in case.world.open if i.playbook == book.playbook.playbook and not i.opened.exercise]
    if running and not more:
        words = inside.say(
            "{incident} is already open from this playbook, since {time}. A second one beside it?",
            incident=short_id(running[0].id),
            time=moment(book, running[0].opened_at, case.now, inside.reader.languages),
        )
        tap = inside.choice("Start another", f"/activate +{wanted}", "➕")
        return [inside.answer(words, [[tap]])]
    return begun(inside, book, title, inside.rule(line) if line else "coordinator", exercise=False)


def _word(case: Case, playbook: str) -> Cleared:
    return quote(case.world.shelf[playbook], Reader(case.request.room, None, True, case.reader.languages), playbook)


def _choose(case: Case) -> list[Effect]:
    mine = startable(case)
    if not mine:
        return [case.answer(case.say("There is no playbook that you may start from this room."))]
    taps = []
    for index, each in enumerate(mine[:9], 1):
        book = case.world.shelf[each]
        reader = Reader(case.request.room, None, True, case.reader.languages)
        title = quote(book, reader, book.playbook.title)
        taps.append([case.choice("{title}", f"/activate {each}", f"{index}️⃣", title=title)])
    return [case.answer(case.say("Start from which playbook?"), taps, urgency=Urgency.PROMPT)]


def _refused(case: Case, book: Book) -> list[Effect]:
    line = book.line("activate")
    may = [
        name(book, case.reader, p)
        for p in book.playbook.partners
        if mandate.may_activate(book, p) is not None and listed(book, case.reader, p)
    ]
    if not may:
        return case.refuse(case.say("Not started. Coordinators may start this one."), "/activate", "not-theirs", line)
    words = case.say(
        "Not started. This may be started by {partners}, and by coordinators (playbook line {line}).",
        partners=glue(may, " · "),
        line=figure(line),
    )
    return case.refuse(words, "/activate", "not-theirs", line)


def begun(case: Case, book: Book, title: str, rule: str, *, exercise: bool) -> list[Effect]:
    """An incident begins, or an exercise of one, by a rule that the caller has looked at; and every room learns it."""
    world = case.world
    playbook = book.playbook
    identifier = world.next_id("E" if exercise else "X" if world.rehearsal else "I")
    first = playbook.phases[0]
    hazard, title = _hazard(book, title.strip()[:LONGEST_TITLE])
    leads = mandate.leads(book, first, hazard)
    opened = IncidentOpened(
        incident=identifier,
        playbook=playbook.playbook,
        playbook_version=playbook.version,
        title=title or None,
        person=case.actor.person,
        partner=case.actor.partner,
        room=case.request.room,
        phase=first,
        exercise=exercise,
        rehearsal=world.rehearsal,
        rule=rule,
        hazard=hazard,
    )
    effects: list[Effect] = [Record(identifier, opened)]
    effects += [Record(identifier, _taken(playbook.playbook, leading)) for leading in leads]
    bindings = played_in(world, book, exercise=exercise)
    so = Circumstances(case.now, first, frozenset(b.partner for b in bindings), hazard=hazard, leads=leads)
    told = bound_for(world, book, "alerts", exercise=exercise)
    effects += [_announcement(world, book, opened, so, binding, case.now) for binding in told]
    bound = {binding.partner for binding in bindings}
    missing = [p for p in playbook.partners if p not in bound and listed(book, case.reader, p)]
    if not any(binding.room == case.request.room for binding in told):
        words = case.say(
            "<b>{title}</b> has begun: {incident}.",
            title=quote(book, case.reader, playbook.title),
            incident=short_id(identifier),
        )
        effects.append(_answer(case, identifier, words))
    notes = _unshown(case, opened, so, told)
    if missing:
        names = glue([name(book, case.reader, p) for p in missing], " · ")
        words = (
            case.say("No room for exercises is bound for: {partners}. They take no part.", partners=names)
            if exercise
            else case.say("No room is bound yet for: {partners}. /bind in their room adds it.", partners=names)
        )
        notes.insert(0, words)
    if notes:
        effects.append(_answer(case, identifier, glue(notes)))
    begins = after(world, identifier, [one.fact for one in effects if isinstance(one, Record)], case.now, begins=book)
    effects += distrust.at_start(begins, begins.incidents[identifier], case.now)
    effects += phase.entered(begins, begins.incidents[identifier], case.now)
    effects += posting.soon(world, book, identifier, case.now)
    if not exercise:
        effects += pausing.paused_by(world, book, identifier, case.now)
    return effects


def _unshown(case: Case, opened: IncidentOpened, so: Circumstances, told: Sequence[Binding]) -> list[Cleared]:
    """That a title is on record and the rooms of whoever wrote it do not show it, and what to do; nothing where one does."""
    assert case.book is not None
    if not opened.title:
        return []
    if opened.partner is None:
        return [case.say("Your title is on record, and shown in no room: you act for no partner here. Started in a partner's room, it is shown where the playbook permits it.")]  # fmt: skip
    ours = [binding for binding in told if binding.partner == opened.partner]
    if any(incident_title(case.world, case.book, so, opened.partner, opened.title, one) is not None for one in ours):
        return []
    permit = code(echo("permit: [_title]", case.request.room))
    return [case.say("Your title is on record, and not shown to you: the playbook does not permit it. Its author can add a rule with {permit}.", permit=permit)]  # fmt: skip


def _hazard(book: Book, title: str) -> tuple[str | None, str]:
    """Which of the playbook's hazards it is: the one that the title begins with, else the first. Alone, it is no title."""
    hazards = book.playbook.hazards
    first, _, rest = title.partition(" ")
    if first.lower() in hazards:
        return first.lower(), title if rest else ""
    return next(iter(hazards), None), title


def _answer(case: Case, stream: str, words: Cleared) -> Send:
    return Send(stream, case.request.room, words, Urgency.ANSWER, partner=case.actor.partner)


def _taken(playbook: str, leading: Leading) -> LeadTaken:
    return LeadTaken(
        leading.tier,
        leading.jurisdiction,
        leading.partners,
        leading.decides,
        leading.deputies,
        leading.basis,
        f"{playbook}:{leading.rule}",
    )


def announced_again(world: World, incident: Incident, room: RoomRef, now: datetime) -> list[Effect]:
    """The announcement to one room, decided anew as things are now; nothing where the room takes no part any more."""
    book = world.book_of(incident)
    so = circumstances(world, incident, now)
    told = bound_for(world, book, "alerts", exercise=incident.opened.exercise)
    return [
        _announcement(world, book, incident.opened, so, binding, incident.opened_at)
        for binding in told
        if binding.room == room
    ]


def _announcement(
    world: World, book: Book, opened: IncidentOpened, so: Circumstances, binding: Binding, at: datetime
) -> Send:
    """What one room learns: which playbook, who started it, who leads; and the title, where it may be seen."""
    reader = room_reader(world, book, binding.room, binding.partner)
    said = reader.languages
    lines = [
        say(
            said,
            "<b>{title}</b> has begun · {incident}",
            title=quote(book, reader, book.playbook.title),
            incident=short_id(opened.incident),
        )
    ]
    own = incident_title(world, book, so, opened.partner, opened.title, binding)
    if own is not None:
        lines.append(strong(own))
    if opened.partner is not None:
        lines.append(
            say(
                said,
                "Started by {partner}, {time}.",
                partner=name(book, reader, opened.partner),
                time=moment(book, at, so.now, said),
            )
        )
    leading = so.lead_for(book.playbook.partners[binding.partner].jurisdiction)
    if leading is not None:
        names = glue([name(book, reader, p) for p in leading.partners], " · ")
        lines.append(say(said, "In the lead: {partners}.", partners=names))
    lines.append(say(said, "/help shows what you can do here."))
    return Send(
        opened.incident,
        binding.room,
        glue(lines),
        Urgency.PROMPT,
        about=opened.incident,
        partner=binding.partner,
        language=said[0],
    )
