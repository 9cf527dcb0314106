"""What would keep an alarm from a partner, and what to do about it: rooms, people, and what the playbook leads to.

What is alike is one line with the partners' names. The most important stands first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.case import Case
from handlers.colleagues import chat_with, colleagues
from handlers.coordinators import coordinators, private_room
from handlers.moments import moment
from handlers.world import agreed_room, bound_for
from playbooks import mandate
from playbooks.cleared import Cleared, Reader, colleague, glue, name, quote, short_id
from playbooks.lint import lint
from playbooks.load import Book
from playbooks.rooms import NETWORKS, RoomRef
from storage.deployment import Binding, PersonOnFile

MOST_NAMES = 8
SOON = timedelta(days=90)
"""An agreement that ends within this time must be renewed now: between countries that takes months."""


@dataclass(frozen=True)
class Look:
    """What is looked at for one reader: a playbook, and the partners of it whom they may ask about."""

    case: Case
    book: Book
    reader: Reader
    partners: tuple[str, ...]
    whole: bool
    most: int = MOST_NAMES
    """So many names stand in one line."""

    def rooms(self, partner: str) -> tuple[Binding, ...]:
        """Its bound rooms for real incidents."""
        found = []
        for binding in self.case.world.who.rooms_of(self.book.playbook.playbook, partner):
            agreed = agreed_room(self.book, binding)
            named = not self.book.playbook.partners[partner].rooms or agreed is not None
            if named and not (agreed is not None and agreed.exercises):
                found.append(binding)
        return tuple(found)

    def liaisons(self, partner: str) -> tuple[PersonOnFile, ...]:
        """Its enrolled liaisons."""
        return tuple(p for p in colleagues(self.case.world, partner) if p.role == "liaison")

    def networks(self, partner: str) -> set[str]:
        """The networks of its rooms."""
        return {binding.room.network for binding in self.rooms(partner)}

    def those(self, fits: Callable[[str], bool]) -> list[str]:
        """The partners of whom something is so."""
        return [partner for partner in self.partners if fits(partner)]

    def names(self, partners: Iterable[str]) -> Cleared:
        """Their names, and how many more."""
        return self.many([name(self.book, self.reader, one) for one in partners])

    def many(self, parts: Sequence[Cleared]) -> Cleared:
        """The first of these, and how many more there are; one more is no longer than its count."""
        most = self.most if len(parts) > self.most + 1 else self.most + 1
        shown = glue(parts[:most], ", ")
        if len(parts) <= most:
            return shown
        return self.case.say("{names} and {count} more", names=shown, count=len(parts) - most)

    def person(self, one: PersonOnFile) -> Cleared:
        """One's own people by name, others' by id."""
        if one.partner is not None and one.partner == self.reader.partner:
            return colleague(self.reader, one.partner, one.name)
        return self.case.say(
            "{person} ({partner})",
            person=short_id(one.id),
            partner=name(self.book, self.reader, str(one.partner)),
        )


def found(look: Look) -> list[Cleared]:
    """Everything that is wrong, as far as this reader may ask about it."""
    checks = (_roomless, _lost, _troubled, _without_liaison, _unopened, _one_way, _dead_steps, _unasked, _agreements)
    wrong = [line for check in checks for line in check(look)]
    return [*wrong, *_unheard(look), *_warnings(look)] if look.whole else wrong


# --- rooms -----------------------------------------------------------------------------------------------------------------


def _alarmed(look: Look) -> set[str]:
    return {b.partner for b in bound_for(look.case.world, look.book, "alerts", exercise=False)}


def _roomless(look: Look) -> list[Cleared]:
    alarmed = _alarmed(look)
    found = look.those(lambda p: p not in alarmed)
    if not found:
        return []
    return [
        look.case.say(
            "<b>No room, no alert</b>: {partners}. In their room, a coordinator writes /bind PARTNER",
            partners=look.names(found),
        )
    ]


def _lost(look: Look) -> list[Cleared]:
    lost = look.case.world.who.lost
    found = look.those(lambda p: any(b.room.chat in lost for b in look.rooms(p)))
    if not found:
        return []
    return [
        look.case.say(
            "<b>I was put out of a room</b> of {partners}. Ask them to invite me again.", partners=look.names(found)
        )
    ]


def _troubled(look: Look) -> list[Cleared]:
    """What the networks say of the rooms, as far as they said it in time."""
    case, lost = look.case, look.case.world.who.lost
    rooms: dict[RoomRef, str] = {b.room: p for p in look.partners for b in look.rooms(p) if b.room.chat not in lost}
    seen = case.world.examined
    found = list(dict.fromkeys(p for room, p in rooms.items() if seen.get(room, 0) > 0))
    lines = []
    if found:
        lines.append(
            case.say(
                "<b>I lack rights, or something else is wrong</b>, in a room of {partners}. On the server: tocsin doctor",
                partners=look.names(found),
            )
        )
    unseen = sum(1 for room in rooms if room not in seen)
    if unseen and not case.world.rehearsal:
        lines.append(
            case.says(
                "{count} room could not be looked into just now. Ask again in a minute.",
                "{count} rooms could not be looked into just now. Ask again in a minute.",
                unseen,
            )
        )
    return lines


# --- people ----------------------------------------------------------------------------------------------------------------


def _without_liaison(look: Look) -> list[Cleared]:
    found = look.those(lambda p: not look.liaisons(p))
    if not found:
        return []
    return [
        look.case.say(
            "<b>No liaison is enrolled</b>: {partners}. A code for one: /invite liaison PARTNER",
            partners=look.names(found),
        )
    ]


def _unopened(look: Look) -> list[Cleared]:
    people = [one for p in look.partners for one in look.liaisons(p) if chat_with(look.case.world, one) is None]
    if not people:
        return []
    persons = look.many([look.person(one) for one in people])
    return [
        look.case.say(
            "<b>No private chat</b> with the liaisons {persons}. Each writes /start to me once.", persons=persons
        )
    ]


def _one_way(look: Look) -> list[Cleared]:
    """Partners that one network's silence would cut off."""

    def alone(partner: str) -> bool:
        ways = look.networks(partner)
        ways |= {i.partition(":")[0] for one in look.liaisons(partner) for i in one.identities}
        return len(ways & set(NETWORKS)) == 1 and look.book.playbook.partners[partner].phone_24h is None

    found = look.those(alone)
    if not found:
        return []
    return [
        look.case.say(
            "<b>One network is the only way</b> to {partners}. Add a room or a liaison on the other one, or a telephone number.",
            partners=look.names(found),
        )
    ]


def _unheard(look: Look) -> list[Cleared]:
    world = look.case.world
    if any(private_room(world, one) is not None and one in world.who.direct for one in coordinators(world)):
        return []
    return [
        look.case.say("<b>No coordinator has a private chat with me</b>: nobody would hear of failures. Write /start.")
    ]


# --- what the playbook says ----------------------------------------------------------------------------------------------------


def _dead_steps(look: Look) -> list[Cleared]:
    """Steps that silence leads to, and that reach nobody: what liaisons, rooms and coordinators lack is said already."""
    playbook = look.book.playbook
    steps = {step.do for alert in playbook.alerts.values() for step in alert.ack.then}
    steps |= {step.do for checkin in playbook.checkins.values() for step in checkin.then}
    lines = []
    mute = look.those(lambda p: playbook.partners[p].phone_24h is None)
    if "call" in steps and mute:
        lines.append(
            look.case.say(
                "<b>Nobody can ring</b> {partners}: the playbook has no number, and the step call reaches nobody.",
                partners=look.names(mute),
            )
        )
    single = look.those(lambda p: len(look.networks(p)) == 1)
    if "other_network" in steps and single:
        lines.append(
            look.case.say(
                "Rooms on one network only: {partners}. The step other_network reaches nobody there.",
                partners=look.names(single),
            )
        )
    return lines


def _unasked(look: Look) -> list[Cleared]:
    """Check-ins for which a partner has no room."""
    case, book = look.case, look.book
    have = {b.partner for b in bound_for(case.world, book, "checkins", exercise=False)}
    alarmed, calm = _alarmed(look), mandate.calm_circumstances(book)
    lines = []
    for checkin, spec in book.playbook.checkins.items():
        asked = [p for p in look.partners if p in mandate.chosen(book, spec.to, calm, p)]
        found = [p for p in asked if p not in have and p in alarmed]
        if found:
            said = quote(book, look.reader, checkin)
            lines.append(
                case.say(
                    "Check-in {checkin} reaches nobody of {partners}: no room of theirs is for check-ins.",
                    checkin=said,
                    partners=look.names(found),
                )
            )
    return lines


def _agreements(look: Look) -> list[Cleared]:
    case, book = look.case, look.book
    zone = book.playbook.timezone
    today = case.now.astimezone(zone).date()
    ending = [one for one in book.playbook.agreements.values() if one.until is not None and one.until - today <= SOON]
    lines = []
    for agreement in sorted(ending, key=lambda one: one.until or today):
        assert agreement.until is not None
        title = quote(book, look.reader, agreement.title)
        day = moment(book, _last_moment(agreement.until, zone), case.now, case.reader.languages)
        lines.append(
            case.say("<b>{title}</b> ended: {time}. Nothing is shared by it any more.", title=title, time=day)
            if agreement.until < today
            else case.say("<b>{title}</b> ends: {time}. Renew it in time.", title=title, time=day)
        )
    return lines


def _last_moment(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(23, 59), zone)


def _warnings(look: Look) -> list[Cleared]:
    case, book = look.case, look.book
    found = len(lint(book, case.now.astimezone(book.playbook.timezone).date()))
    if not found:
        return []
    words = case.says(
        "The playbook has {count} warning. On the server: tocsin check",
        "The playbook has {count} warnings. On the server: tocsin check",
        found,
    )
    return [words]
