"""What silence leads to, step by step, for each partner whose answer is awaited: the playbook's ``then``.

The rules it keeps:

- Time counts from the first message to that partner that a network accepted, which is on file and so the same after any restart.
  A partner for whom nothing was accepted ``within`` the playbook's time, or whose every copy was refused, is unreachable: its
  other network is tried at once, the lead and the coordinators get its number, and its steps count from then.
- Each step passes sight anew. One that would reach nobody is passed over, and the next comes at its own time.
- It ends for a partner that answered, and for all when what was asked is over: its time may be up before anybody came to that.
- What fell due while nothing ran is done at once, each kind of step once, and says how late it is.
- Each open escalation has one next deadline. ``expected`` says which, and every minute that is held against those that are set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from handlers import lists, nudges
from handlers.afterwards import after, after_all
from handlers.callers import caller
from handlers.coordinators import tell_coordinators
from handlers.deputies import offered_to_deputies
from handlers.silence import Desks
from handlers.texts import say
from handlers.waiting import awaited, counted_from, has_run_out, key, next_step, steps, stopped, waits, within
from handlers.world import World
from playbooks.cleared import Cleared, Reader, glue, short_id
from storage.effects import Effect, Record, Send, Unwake, Wake
from storage.facts import Escalated, EscalationStalled, PartnerUnreachable
from storage.incident import Incident, Watch
from storage.store import Deadline

__all__ = ["KINDS", "accepted", "asked_by", "audited", "begun", "due", "expected", "refused", "restored", "stopped"]

KINDS = frozenset({"escalation", "unreachable"})
"""The kinds of deadline by which silence is counted."""


# --- beginning, and beginning again -------------------------------------------------------------------------------------


def accepted(world: World, incident: Incident, send: str, now: datetime) -> list[Effect]:
    """A network has accepted a message: if it is the first for a partner that is asked something, its time begins. ``incident``: with that in it."""
    found = asked_by(incident, send)
    if found is None:
        return []
    about, partner = found
    watch = awaited(world.book_of(incident), incident, about, partner, world.who)
    if watch is None or watch.since != now:
        return []
    effects: list[Effect] = [Unwake(key("unreachable", about, partner)), *begun(world, incident, about, partner, now)]
    return [*effects, *(lists.due(world, incident, about, now) if watch.unreachable else [])]


def begun(world: World, incident: Incident, about: str, partner: str, now: datetime) -> list[Effect]:
    """The next step for a partner is set, if its time has begun: after the first acceptance, and after an answer was taken back."""
    book = world.book_of(incident)
    watch = awaited(book, incident, about, partner, world.who)
    at = next_step(steps(book, incident, about), watch) if watch is not None else None
    return [_wake(incident, "escalation", about, partner, max(at, now))] if at is not None else []


def refused(world: World, incident: Incident, asked: tuple[str, str] | None, now: datetime) -> list[Effect]:
    """A network has refused for good what a partner was ``asked``: who has no other copy left cannot be reached, and nobody waits
    to find that out. ``incident``: with the refusal in it.
    """
    if asked is None:
        return []
    about, partner = asked
    book = world.book_of(incident)
    watch = awaited(book, incident, about, partner, world.who)
    if watch is None or watch.since is not None or watch.unreachable or has_run_out(incident, about, now):
        return []
    if within(book, incident, about) is None and not steps(book, incident, about):
        return []  # its playbook counts nobody as unreachable
    if about in incident.alerts:
        copies = [one for one in incident.alerts[about].copies.values() if one.partner == partner]
        left = any(one.state not in ("refused", "dropped") for one in copies)
    else:
        left = asked in incident.prompts.values()
    return [] if left else _unreachable(world, incident, about, partner, 0, now)


def asked_by(incident: Incident, send: str) -> tuple[str, str] | None:
    """What was asked of which partner by a message."""
    if send in incident.alert_of:
        about = incident.alert_of[send]
        return about, incident.alerts[about].copies[send].partner
    about_, partner = incident.prompts.get(send, ("", None))
    return (about_, partner) if partner is not None else None


def restored(world: World, incident: Incident, now: datetime) -> list[Effect]:
    """Every deadline that an incident must have, as under rules that have just changed."""
    return list(expected(world, now, only=incident).values())


# --- a deadline ----------------------------------------------------------------------------------------------------------


def due(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """What is due for a silent partner."""
    about, _, partner = deadline.about.partition(" ")
    book = world.book_of(incident)
    watch = awaited(book, incident, about, partner, world.who)
    if watch is None or has_run_out(incident, about, now):
        return []
    if deadline.kind == "unreachable":
        limit = within(book, incident, about)
        if limit is None or watch.since is not None or watch.unreachable:
            return []
        late = max(0, int((now - watch.began - limit).total_seconds()))
        return _unreachable(world, incident, about, partner, late, now)
    return _steps(world, incident, about, partner, now)


def _steps(world: World, incident: Incident, about: str, partner: str, now: datetime) -> list[Effect]:
    """Take every step that is due, each kind once, and set the next."""
    effects: list[Effect] = []
    taken: set[str] = set()
    for number, do, at in _overdue(world, incident, about, partner, now):
        late = max(0, int((now - at).total_seconds()))
        again = do in taken
        taken.add(do)
        effects += [] if again else _step(world, incident, about, partner, number, do, late, now)
        if not any(isinstance(one, Record) and _is_step(one, number) for one in effects):
            effects.append(Record(incident.id, Escalated(about, partner, number, do, (), late)))
    later = after_all(world, incident.id, effects, now)
    return [*effects, *begun(later, later.incidents[incident.id], about, partner, now)]


def _is_step(record: Record, number: int) -> bool:
    return isinstance(record.fact, Escalated) and record.fact.step == number


def _overdue(
    world: World, incident: Incident, about: str, partner: str, now: datetime
) -> Iterator[tuple[int, str, datetime]]:
    book = world.book_of(incident)
    watch = awaited(book, incident, about, partner, world.who)
    if watch is None:
        return
    start = counted_from(watch)
    for number, step in enumerate(steps(book, incident, about)):
        if start is not None and number >= watch.done and start + step.after <= now:
            yield number, step.do, start + step.after


def _step(
    world: World, incident: Incident, about: str, partner: str, number: int, do: str, late: int, now: datetime
) -> list[Effect]:
    """Take one step. Nothing, where it would reach nobody."""
    watch = awaited(world.book_of(incident), incident, about, partner, world.who)
    if watch is None:
        return []
    sends: list[Effect] = []
    match do:
        case "remind" if watch.since is not None:
            sends = [*nudges.remind(world, incident, about, partner, late, now)]
        case "other_network" if watch.since is not None or "other_network" not in watch.taken:
            sends = [*nudges.other_network(world, incident, about, partner, late, now)]
        case "liaisons":
            sends = [*nudges.liaisons(world, incident, about, partner, late, now)]
        case "deputies" if offered := _lead_to_deputies(world, incident, about, partner, now):
            sends = offered
        case "call":
            ringing = caller(world, incident, about, partner, now)
            return _listed(world, incident, about, partner, number, do, [ringing.reader] if ringing else [], late, now)
        case "deputies" | "lead" | "coordinators":
            desks = Desks(world, incident, about, now).of(do, partner)
            return _listed(world, incident, about, partner, number, do, [desk.reader for desk in desks], late, now)
        case _:
            pass
    rooms = tuple(str(one.to) for one in sends if isinstance(one, Send))
    return [Record(incident.id, Escalated(about, partner, number, do, rooms, late)), *sends] if rooms else []


def _listed(
    world: World,
    incident: Incident,
    about: str,
    partner: str,
    number: int,
    do: str,
    readers: list[Reader],
    late: int,
    now: datetime,
) -> list[Effect]:
    """A partner comes on the lists of these readers."""
    if not readers:
        return []
    rooms = [reader.room for reader in readers]
    fact = Escalated(about, partner, number, do, tuple(map(str, rooms)), late)
    later = after(world, incident.id, [fact], now)
    return [Record(incident.id, fact), *lists.told(later, later.incidents[incident.id], about, do, rooms, now)]


def _lead_to_deputies(world: World, incident: Incident, about: str, partner: str, now: datetime) -> list[Effect]:
    """A lead that is silent is not replaced by a machine: its deputies are offered the lead."""
    leading = Desks(world, incident, about, now).leading(partner)
    if leading is None or partner not in leading.partners:
        return []
    return offered_to_deputies(world, incident, leading.tier, leading.jurisdiction, now, "silence")


# --- nothing was accepted ------------------------------------------------------------------------------------------------


def _unreachable(world: World, incident: Incident, about: str, partner: str, late: int, now: datetime) -> list[Effect]:
    """Nothing has reached a partner: its other network at once, its number to the lead and the coordinators, and its steps from now on."""
    fact = PartnerUnreachable(about, partner, late)
    effects: list[Effect] = [Unwake(key("unreachable", about, partner)), Record(incident.id, fact)]
    elsewhere = nudges.other_network(world, incident, about, partner, late, now, tried=True)
    if elsewhere:
        rooms = tuple(str(one.to) for one in elsewhere)
        # It is none of the steps, which keep their own times.
        effects += [Record(incident.id, Escalated(about, partner, -1, "other_network", rooms, late)), *elsewhere]
    later = after(world, incident.id, [fact], now)
    desks = Desks(later, incident, about, now).of("unreachable", partner)
    rooms_ = [desk.reader.room for desk in desks]
    effects += lists.told(later, later.incidents[incident.id], about, "unreachable", rooms_, now)
    return [*effects, *begun(later, later.incidents[incident.id], about, partner, now)]


# --- holding what is set against what must be ----------------------------------------------------------------------------


def expected(world: World, now: datetime, only: Incident | None = None) -> Mapping[str, Wake]:
    """Each deadline by which an open escalation goes on, by its key."""
    found: dict[str, Wake] = {}
    for incident in world.open if only is None else (only,):
        if incident.paused is not None:
            continue
        for about in (*incident.alerts, *incident.rounds):
            if not has_run_out(incident, about, now):
                for wake in _expected_of(world, incident, about):
                    found[wake.key] = wake
    return found


def _expected_of(world: World, incident: Incident, about: str) -> Iterator[Wake]:
    book = world.book_of(incident)
    then, limit = steps(book, incident, about), within(book, incident, about)
    if not then and limit is None:
        return
    for partner, watch in waits(book, incident, about, world.who).items():
        at = _unreachable_at(watch, limit)
        if at is not None:
            yield _wake(incident, "unreachable", about, partner, at)
        elif (step_at := next_step(then, watch)) is not None:
            yield _wake(incident, "escalation", about, partner, step_at)


def _unreachable_at(watch: Watch, limit: timedelta | None) -> datetime | None:
    return watch.began + limit if limit is not None and watch.since is None and not watch.unreachable else None


def audited(world: World, keys: Collection[str], now: datetime) -> list[Effect]:
    """What is missing among the deadlines that are set: put back, recorded as a fault of ours, and told to the coordinators."""
    missing = [wake for name, wake in expected(world, now).items() if name not in keys]
    effects: list[Effect] = []
    told: list[tuple[str, str]] = []
    for wake in missing:
        about, _, partner = wake.about.partition(" ")
        if (about, partner) not in world.incidents[
            wake.stream
        ].stalled:  # what stalls again is set right, and told once
            effects.append(Record(wake.stream, EscalationStalled(about, partner)))
            told.append((wake.stream, about))
        effects.append(wake)
    for stream in dict.fromkeys(stream for stream, _ in told):
        abouts = dict.fromkeys(about for of, about in told if of == stream)
        effects += tell_coordinators(world, stream, now, lambda reader, abouts=abouts: _stalled(reader, [*abouts]))  # type: ignore[misc]
    return effects


def _stalled(reader: Reader, abouts: list[str]) -> Cleared:
    return say(
        reader.languages,
        "<b>A fault of mine</b>: nobody was being reminded of {what} any more. I have set it right; please look at /status.",
        what=glue([short_id(about) for about in abouts[:9]], ", "),
    )


def _wake(incident: Incident, kind: str, about: str, partner: str, at: datetime) -> Wake:
    return Wake(key(kind, about, partner), incident.id, at, kind, f"{about} {partner}")
