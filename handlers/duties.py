"""/duties: what the law asks of officials, now and between crises, with its source; and that they know it, on record.

At the beginning of an incident and of each phase the officials concerned are shown theirs, in private where that is possible, else
in their partner's room. Between crises every partner is reminded of its calm duties; an incident that runs puts that off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from handlers.acting import stand_ins
from handlers.case import Case, room_reader
from handlers.persons import in_person
from handlers.texts import say
from handlers.which import case_of, incidents, takes_part
from handlers.world import World, actor, bound_for, circumstances, rooms_for, sight_room
from playbooks import mandate
from playbooks.cleared import Cleared, Reader, glue, name, quote, short_id, strong
from playbooks.load import Book
from playbooks.schema import Duty
from playbooks.selection import Circumstances, matches
from storage.deployment import Binding
from storage.effects import Effect, Record, Send, Tap, Urgency, Wake
from storage.facts import DEPLOYMENT, DutyConfirmed, DutyReminded, DutyShown
from storage.incident import Incident
from storage.store import Deadline

CALM_EVERY = timedelta(days=90)
"""How often partners are reminded of their calm duties."""

PUT_OFF = timedelta(days=7)
"""How long a reminder waits while an incident runs: nobody reads it then."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """A duty of a partner, with its line in the playbook, which may move."""

    line: int
    duty: Duty

    @property
    def id(self) -> str:
        """Which duty it is, by what it says: another version that says the same of it asks for no new confirmation."""
        said = self.duty.model_dump(mode="json", include={"at", "text", "source"})
        whole = json.dumps([repr(self.duty.for_), said], sort_keys=True, ensure_ascii=False)
        return sha256(whole.encode()).hexdigest()[:12]


def of_partner(book: Book, so: Circumstances, partner: str, at: Iterable[str]) -> list[Theirs]:
    """A partner's duties at these moments (a phase, ``activation``, ``calm``). The lead is its own country's."""
    moments = set(at)
    return [
        Theirs(book.line("duties", index), duty)
        for index, duty in enumerate(book.playbook.duties)
        if duty.at in moments and matches(book, duty.for_, partner, so, partner, frozenset(), None)
    ]


def _rule(book: Book, line: int) -> str:
    return f"{book.playbook.playbook}:{line}"


def _now(incident: Incident) -> tuple[str, str]:
    return ("activation", incident.phase)


# --- asked for -----------------------------------------------------------------------------------------------------------


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/duties``; its button says ``I-1 know DUTY``."""
    words = arguments.split()
    if "know" in words[:-1]:
        return _known(case, words)
    running = [i for i in incidents(case.world, case.request, arguments) if takes_part(case.world, case.request, i)]
    inside = [case_of(case.world, case.request, incident) for incident in running]
    if not any("official" in one.actor.roles for one in (inside or [case])):
        said = (inside or [case])[0]
        why = said.say(
            "Duties are for officials. A coordinator, or an official of your partner, can enrol you as one with /invite."
        )
        return said.refuse(why, "/duties", "role")
    if not inside:
        return _calm(case)
    return [effect for one in inside for effect in _shown_now(one)]


def _shown_now(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    theirs = of_partner(case.book, case.so, partner, _now(case.incident)) if partner is not None else []
    binding = Binding(case.incident.playbook, partner or "", case.request.room, None, "")
    room = sight_room(case.world, binding) if partner is not None else None
    acting = stand_ins(case.world, case.incident, case.reader, room, case.now, only=partner)
    if partner is None or not theirs:
        words = case.say("The playbook names no duty of yours now ({incident}).", incident=short_id(case.incident.id))
        return [case.answer(glue([words, *acting]))]
    body, taps = _list(case.incident, case.book, case.reader, partner, theirs)
    effects: list[Effect] = [
        case.record(DutyShown(_rule(case.book, one.line), partner, case.actor.person, case.request.room, one.id))
        for one in theirs
    ]
    return [*effects, case.answer(glue([body, *acting]), taps)]


def _list(
    incident: Incident, book: Book, reader: Reader, partner: str, theirs: Sequence[Theirs]
) -> tuple[Cleared, tuple[tuple[Tap, ...], ...]]:
    """Duties with their sources, and a button for each that is to be confirmed and is not."""
    said = reader.languages
    lines = [say(said, "<b>What the law asks of you now</b> · {incident}", incident=short_id(incident.id))]
    taps: list[tuple[Tap, ...]] = []
    for number, one in enumerate(theirs, 1):
        lines.append(_line(book, reader, one))
        known = incident.duties.get((one.id, partner))
        if known is not None:
            lines.append(say(said, "✓ confirmed"))
        elif one.duty.confirm and len(taps) < 9:
            sign = f"{len(taps) + 1}️⃣"
            label = say(said, "I know it") if len(theirs) == 1 else say(said, "{number}: I know it", number=number)
            taps.append((Tap(label, f"/duties {incident.id} know {one.id}", sign),))
    return glue(lines), tuple(taps)


def _line(book: Book, reader: Reader, one: Theirs) -> Cleared:
    return say(
        reader.languages,
        "• {text} — {source}",
        text=quote(book, reader, one.duty.text),
        source=quote(book, reader, one.duty.source),
    )


def _known(case: Case, words: list[str]) -> list[Effect]:
    """An official knows a duty: on record, once for a partner."""
    running = [
        i for i in incidents(case.world, case.request, " ".join(words)) if takes_part(case.world, case.request, i)
    ]
    named = [i for i in running if i.id == words[0].upper()] or running
    if len(named) != 1:
        return [case.answer(case.say("That has changed by now. /duties shows how it is."))]
    inside = case_of(case.world, case.request, named[0])
    partner, incident, book = inside.actor.partner, named[0], inside.book
    assert book is not None
    if partner is None or "official" not in inside.actor.roles:
        return inside.refuse(
            inside.say("Only officials of the partner whose duty it is confirm it."), "/duties", "role"
        )
    typed = words[words.index("know") + 1].lower()
    found = [one for one in of_partner(book, inside.so, partner, _now(incident)) if one.id == typed]
    if not found or not found[0].duty.confirm:
        return [inside.answer(inside.say("That has changed by now. /duties shows how it is."))]
    rule, duty = _rule(book, found[0].line), found[0].id
    if incident.duties.get((duty, partner)) is not None:
        return [inside.answer(inside.say("That is confirmed already."))]
    said = inside.say(
        "On record: {partner} knows its duty. Source: {source}",
        partner=name(book, inside.reader, partner),
        source=quote(book, inside.reader, found[0].duty.source),
    )
    return [inside.record(DutyConfirmed(rule, partner, inside.actor.person, duty)), inside.answer(said)]


# --- at the beginning of a phase -----------------------------------------------------------------------------------------


def shown(world: World, incident: Incident, now: datetime) -> list[Effect]:
    """A phase has begun: whoever has duties in it is shown them; at the beginning, those of the activation too."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    at = (incident.phase,) if incident.phases else _now(incident)
    effects: list[Effect] = []
    for partner in book.playbook.partners:
        theirs = [one for one in of_partner(book, so, partner, at) if incident.duties.get((one.id, partner)) is None]
        if theirs and partner in so.active:
            effects += _shown_to(world, incident, book, partner, theirs)
    return effects


def _shown_to(world: World, incident: Incident, book: Book, partner: str, theirs: list[Theirs]) -> list[Effect]:
    """In private to each official who can be written to, else in the partner's rooms."""
    effects: list[Effect] = []
    persons = in_person(world, incident, partner, ("official",))
    rooms = [(b, room_reader(world, book, b.room, partner)) for b in rooms_for(world, incident, partner, "alerts")]
    for binding, reader in persons or rooms:
        body, taps = _list(incident, book, reader, partner, theirs)
        if not persons:
            body = glue(
                [say(reader.languages, "For the officials of {partner}:", partner=name(book, reader, partner)), body]
            )
        effects += [
            Record(
                incident.id,
                DutyShown(_rule(book, one.line), partner, binding.by if persons else None, binding.room, one.id),
            )
            for one in theirs
        ]
        effects.append(
            Send(incident.id, binding.room, body, Urgency.PROMPT, about=incident.id, partner=partner, taps=taps)
        )
    return effects


# --- between crises ------------------------------------------------------------------------------------------------------


def _calm(case: Case) -> list[Effect]:
    """The duties of calm times, of every playbook that knows the partner."""
    parts: list[Cleared] = []
    for book in case.world.shelf.values():
        partner = _official_of(case, book)
        if partner is None:
            continue
        theirs = of_partner(book, mandate.calm_circumstances(book), partner, ("calm",))
        if theirs:
            reader = Reader(case.request.room, partner, True, case.reader.languages)
            parts += [strong(quote(book, reader, book.playbook.title)), *(_line(book, reader, one) for one in theirs)]
    if not parts:
        return [case.answer(case.say("No incident is open here, and the playbook asks nothing of you in calm times."))]
    return [case.answer(glue([case.say("<b>What the law asks of you in calm times</b>"), *parts]))]


def _official_of(case: Case, book: Book) -> str | None:
    """The partner that somebody is an official of, as a playbook sees them here."""
    who = actor(case.world, case.request, book)
    return who.partner if "official" in who.roles else None


def calm_begun(world: World, now: datetime) -> list[Effect]:
    """When the program begins: the time of the next reminder of each playbook that has calm duties."""
    return [_next(world, name_, now) for name_, book in world.shelf.items() if _has_calm(book)]


def _has_calm(book: Book) -> bool:
    return any(duty.at == "calm" for duty in book.playbook.duties)


def _next(world: World, playbook: str, now: datetime) -> Wake:
    since = world.who.reminded.get(playbook) or world.who.begun.get(playbook) or now
    return Wake(f"calm:{playbook}", DEPLOYMENT, since + CALM_EVERY, "calm-duties", playbook)


def recalled(world: World, deadline: Deadline, now: datetime) -> list[Effect]:
    """Every partner is reminded of its calm duties, once, in its rooms; later, where an incident runs."""
    book = world.shelf.get(deadline.about)
    if book is None or not _has_calm(book):
        return []
    if any(one.playbook == deadline.about and not one.opened.exercise for one in world.open):
        return [Wake(deadline.key, DEPLOYMENT, now + PUT_OFF, deadline.kind, deadline.about)]
    effects: list[Effect] = []
    facts: dict[DutyReminded, None] = {}
    so = mandate.calm_circumstances(book)
    for binding in bound_for(world, book, "alerts", exercise=False):
        theirs = of_partner(book, so, binding.partner, ("calm",))
        if not theirs:
            continue
        reader = room_reader(world, book, binding.room, binding.partner)
        heading = say(
            reader.languages,
            "<b>A reminder for calm times</b> · {title}",
            title=quote(book, reader, book.playbook.title),
        )
        body = glue([heading, *(_line(book, reader, one) for one in theirs)])
        effects.append(Send(DEPLOYMENT, binding.room, body, Urgency.CHATTER, partner=binding.partner))
        facts |= {DutyReminded(deadline.about, binding.partner, _rule(book, one.line)): None for one in theirs}
    recorded = [Record(DEPLOYMENT, fact) for fact in facts]
    return [*recorded, *effects, Wake(deadline.key, DEPLOYMENT, now + CALM_EVERY, deadline.kind, deadline.about)]
