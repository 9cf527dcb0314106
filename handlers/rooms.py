"""Which rooms are whose: /bind, and what networks tell us of rooms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from handlers import distrust, recap, unread
from handlers.admission import guest_named
from handlers.afterwards import after_here
from handlers.case import Case
from handlers.command import nearest
from handlers.coordinators import coordinators, tell_coordinators
from handlers.events import Came, Resolved, RoomEvent
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, holds
from playbooks.cleared import NOTHING, Cleared, Reader, echo, glue, listed, name, phone, quote, word
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema import Partner, Room
from storage.effects import Effect, Enter, Record, Redirect
from storage.facts import DEPLOYMENT, AliasResolved, DirectChatOpened, RoomBound, RoomLost, RoomMoved, RoomRegained
from storage.incident import Incident


def bind(case: Case, arguments: str) -> list[Effect]:
    """``/bind PARTNER``: this room is that partner's, in every playbook that agrees."""
    wanted = arguments.strip().lower()
    if case.request.private:
        return [case.answer(case.say("A private chat is nobody's room. Write /bind PARTNER in the partner's room."))]
    every = {p for book in case.world.shelf.values() for p in book.playbook.partners}
    known = sorted(p for p in every if _listed(case, p))
    if not wanted:
        return [case.answer(case.say("Whose room is this? Write /bind PARTNER, with its name in the playbook."))]
    if not case.actor.everywhere and wanted != case.actor.partner:
        return case.refuse(case.say("Not bound. You may bind rooms of your own partner."), "/bind", "role")
    guest = guest_named(case.world, wanted)
    if guest is not None:
        return _bind_guest(case, *guest)
    hidden = wanted not in known
    if wanted not in every or (hidden and _is_anothers(case.world, case.request.room, wanted)):
        return _no_such(case, wanted, known)
    effects: list[Effect] = []
    already = taken = False
    for playbook, book in case.world.shelf.items():
        partner = book.playbook.partners.get(wanted)
        if partner is None:
            continue
        owner = case.world.who.binding(playbook, case.request.room)
        owner = owner if owner is not None and holds(book, owner) else None
        if owner is not None and owner.partner == wanted:
            already = True
            continue
        agreed = _agreed(case.world, partner, case.request.room)
        if agreed is None and partner.rooms:
            continue
        if owner is not None or _is_guests(case.world, playbook, case.request.room):
            taken = True
            continue
        alias = str(agreed.ref) if agreed is not None else None
        effects.append(Record(DEPLOYMENT, RoomBound(playbook, wanted, case.request.room, alias, case.actor.person)))
    if hidden and not effects and not already:
        return _no_such(case, wanted, known)
    partner_name = _name(case, wanted)
    if effects:
        answer = case.answer(case.say("This room is now {partner}'s.", partner=partner_name))
        return [*effects, answer, *_let_in(case.world, effects, case.now)]
    if already:
        return [case.answer(case.say("This room is already {partner}'s.", partner=partner_name))]
    if taken:
        return case.refuse(case.say("Not bound: this room is another partner's in the playbook."), "/bind", "taken")
    words = case.say(
        "Not bound: the playbook names other rooms for {partner}. Only rooms that the playbook names can be bound.",
        partner=partner_name,
    )
    return case.refuse(words, "/bind", "not-in-playbook")


def _no_such(case: Case, wanted: str, known: list[str]) -> list[Effect]:
    """No playbook has such a partner; or nobody may know of it who reads along in a room that is not its own."""
    near = nearest(wanted, known)
    typed = echo(wanted[:60], case.request.room)
    if near is None:
        return [case.answer(case.say("No playbook has a partner {typed}.", typed=typed))]
    tap = case.choice("Bind {near}", f"/bind {near}", "✅", near=_names(case, [near]))
    words = case.say("No playbook has a partner {typed}. Did you mean {near}?", typed=typed, near=_names(case, [near]))
    return [case.answer(words, [[tap]])]


def _bind_guest(case: Case, incident: Incident, partner: str) -> list[Effect]:
    """This room is that of a partner that was admitted to an incident, for as long as it is."""
    book = case.world.book_of(incident)
    who = name(book, Reader(case.request.room, partner, True, case.reader.languages), partner)
    here = [
        binding.partner
        for one in case.world.open
        if (binding := case.world.who.binding(one.playbook, case.request.room)) is not None
        and holds(case.world.book_of(one), binding)
    ]
    if partner in here:
        return [case.answer(case.say("This room is already {partner}'s.", partner=who))]
    if here or _is_anothers(case.world, case.request.room, None):
        return case.refuse(case.say("Not bound: this room is another partner's in the playbook."), "/bind", "taken")
    bound = RoomBound(incident.playbook, partner, case.request.room, None, case.actor.person)
    until = moment(book, incident.admitted[partner].until, case.now, case.reader.languages)
    words = case.say("This room is now {partner}'s, until {time}.", partner=who, time=until)
    effects: list[Effect] = [Record(DEPLOYMENT, bound), case.answer(words)]
    return [*effects, *_let_in(case.world, effects, case.now)]


def _let_in(world: World, effects: Sequence[Effect], now: datetime) -> list[Effect]:
    """What rooms that are being bound are told of the channels they come into, or whoever must know that they cannot."""
    facts = [one.fact for one in effects if isinstance(one, Record) and one.stream == DEPLOYMENT]
    bound = [fact.room for fact in facts if isinstance(fact, RoomBound)]
    if not bound:
        return []
    later = after_here(world, facts, now)
    stopped = [effect for incident in later.open for effect in distrust.at_start(later, incident, now)]
    return [*stopped, *recap.came_in(world, later, bound, now)]


def _agreed(world: World, partner: Partner, room: RoomRef) -> Room | None:
    """How the playbook names this room for the partner: by its id, or by an alias that leads to it."""
    for named in partner.rooms:
        if named.ref == room or world.who.aliases.get(str(named.ref)) == room:
            return named
    return None


def _listed(case: Case, partner: str) -> bool:
    """Whether a partner may be named where others read it."""
    return any(
        who.listed for book in case.world.shelf.values() if (who := book.playbook.partners.get(partner)) is not None
    )


def _insider(case: Case) -> Reader:
    return Reader(case.request.room, None, True, case.reader.languages)


def _names(case: Case, partners: list[str]) -> Cleared:
    reader = _insider(case)
    books = case.world.shelf.values()
    return glue([quote(next(b for b in books if p in b.playbook.partners), reader, p) for p in partners], ", ")


def _name(case: Case, partner: str) -> Cleared:
    book = next(b for b in case.world.shelf.values() if partner in b.playbook.partners)
    reader = Reader(case.request.room, partner, True, case.reader.languages)
    return name(book, reader, partner)


def by_playbook(world: World, books: Mapping[str, Book]) -> list[Effect]:
    """Rooms that playbooks name by the network's own id are bound as the playbook says, once."""
    effects: list[Effect] = []
    for playbook, book in books.items():
        for alias, (partner, room) in _named(book).items():
            if not room.id.startswith("#") and not _is_theirs(world, playbook, alias, partner):
                effects += _bound(playbook, partner, room, alias)
    return effects


def _named(book: Book) -> dict[str, tuple[str, RoomRef]]:
    """The rooms a playbook names, as it writes them: whose, and where. A room has one owner: the first who names it."""
    found: dict[str, tuple[str, RoomRef]] = {}
    for partner, who in book.playbook.partners.items():
        for room in who.rooms:
            found.setdefault(str(room.ref), (partner, room.ref))
    return found


def _is_theirs(world: World, playbook: str, alias: str, partner: str) -> bool:
    """Whether the room of this name is already bound as the partner's."""
    return any(b.alias == alias and b.partner == partner for (of, _), b in world.who.bindings.items() if of == playbook)


def _is_guests(world: World, playbook: str, room: RoomRef) -> bool:
    """Whether a room is that of a partner that takes part in an open incident for a time."""
    binding = world.who.binding(playbook, room)
    return binding is not None and any(binding.partner in one.admitted for one in world.open)


def _is_anothers(world: World, room: RoomRef, partner: str | None) -> bool:
    """Whether a room is already some other partner's, in any playbook that still says so."""
    return any(
        ref.chat == room.chat
        and b.partner != partner
        and playbook in world.shelf
        and (holds(world.shelf[playbook], b) or _is_guests(world, playbook, ref))
        for (playbook, ref), b in world.who.bindings.items()
    )


def _taken(book: Book, reader: Reader, partner: str) -> Cleared:
    return say(
        reader.languages,
        "<b>A room named for {partner} leads into another partner's room.</b> I did not follow. Please check it with them: {phone}",
        partner=name(book, reader, partner),
        phone=phone(book, reader, partner),
    )


def _bound(playbook: str, partner: str, room: RoomRef, alias: str) -> list[Effect]:
    """The playbook binds a room; where one must go in to hear it, we do, or learn that we were not asked."""
    enter: list[Effect] = [Enter(room)] if room.network == "matrix" else []
    return [Record(DEPLOYMENT, RoomBound(playbook, partner, room, alias, "playbook")), *enter]


def resolved(world: World, came: Came, event: Resolved) -> list[Effect]:
    """Pin the rooms behind names, for every playbook; a name that leads elsewhere than before is not followed, but told."""
    effects: list[Effect] = []
    for alias, room in event.rooms:
        before = world.who.aliases.get(alias)
        if before != room:
            effects.append(Record(DEPLOYMENT, AliasResolved(alias, room)))
        for book in world.shelf.values():
            if alias in _named(book):
                partner, _ = _named(book)[alias]
                effects += _pin(world, came, book, partner, alias, room, moved=before not in (None, room))
    return [*effects, *_let_in(world, effects, came.now)]


def _pin(world: World, came: Came, book: Book, partner: str, alias: str, room: RoomRef, *, moved: bool) -> list[Effect]:
    playbook = book.playbook.playbook
    if not _is_theirs(world, playbook, alias, partner):
        if _is_anothers(world, room, partner):
            return tell_coordinators(world, DEPLOYMENT, came.now, lambda reader: _taken(book, reader, partner))
        return _bound(playbook, partner, room, alias)
    here = world.who.bindings.get((playbook, room))
    if not moved or (here is not None and here.alias == alias):
        return []
    return tell_coordinators(world, DEPLOYMENT, came.now, lambda reader: _elsewhere(book, reader, partner, alias))


def _elsewhere(book: Book, reader: Reader, partner: str, alias: str) -> Cleared:
    return say(
        reader.languages,
        "The name {alias} ({partner}) now leads to another room. I stay in the old one. If the new one is right, write /bind {id} there.",
        alias=quote(book, reader, alias.partition(":")[2]),
        partner=name(book, reader, partner),
        id=quote(book, reader, partner),
    )


def happened(world: World, came: Came, event: RoomEvent) -> list[Effect]:
    """What a network says of a room."""
    match event.kind:
        case "invited":
            return [Enter(event.room)] if _welcome(world, event) else []
        case "joined":
            return _joined(world, came, event)
        case "removed":
            return _removed(world, came, event)
        case "moved":
            return _moved(world, came, event)
        case "observed":
            if event.observed is None or world.who.traits.get(event.room) == event.observed:
                return []
            return [Record(DEPLOYMENT, event.observed), *distrust.observed(world, came, event)]
        case "unreadable":
            return unread.unreadable(world, came, event)


def _welcome(world: World, event: RoomEvent) -> bool:
    """An invitation is accepted into bound rooms, into private chats, and wherever a coordinator asks us."""
    bound = any(room == event.room for _, room in world.who.bindings)
    person = world.who.person(event.by) if event.by else None
    invited_by = {event.by, *(person.identities if person else ())}
    return bound or event.private or bool(invited_by & set(coordinators(world)))


def _joined(world: World, came: Came, event: RoomEvent) -> list[Effect]:
    effects: list[Effect] = []
    if event.room in world.who.lost:
        effects.append(Record(DEPLOYMENT, RoomRegained(event.room)))
        effects += recap.came_back(world, event.room, world.who.lost_at[event.room], came.now)
    if event.private and event.by and world.who.direct.get(event.by) != event.room:
        effects.append(Record(DEPLOYMENT, DirectChatOpened(event.by, event.room)))
    return effects


def _removed(world: World, came: Came, event: RoomEvent) -> list[Effect]:
    if event.room in world.who.lost:
        return []
    effects: list[Effect] = [Record(DEPLOYMENT, RoomLost(event.room, event.reason))]
    return effects + told_lost(world, came, event.room)


def told_lost(world: World, came: Came, room: RoomRef) -> list[Effect]:
    """Tell the coordinators whose room is lost, with the number to ring."""
    for (playbook, ref), binding in world.who.bindings.items():
        if ref.chat != room.chat or playbook not in world.shelf:
            continue
        book = world.shelf[playbook]

        def words(reader: Reader, book: Book = book, partner: str = binding.partner) -> Cleared | None:
            if not listed(book, reader, partner):
                return None
            lines = [
                say(
                    reader.languages,
                    "<b>I am not in a room of {partner}</b> ({network}). Messages do not reach it. Ask them to invite me.",
                    partner=name(book, reader, partner),
                    network=word(room.network),
                )
            ]
            number = phone(book, reader, partner) if partner in book.playbook.partners else NOTHING
            if number.text:
                lines.append(number)
            return glue(lines)

        return tell_coordinators(world, DEPLOYMENT, came.now, words)
    return []


def _moved(world: World, came: Came, event: RoomEvent) -> list[Effect]:
    if event.moved_to is None or event.moved_to == event.room:
        return []
    return moved(world, came, event.room, event.moved_to)


def moved(world: World, came: Came, old: RoomRef, new: RoomRef) -> list[Effect]:
    """A room has a new address: what is known of it follows, what waits for it goes there, and the coordinators learn it.

    A room is never moved onto another partner's: whoever may close their own room has no say over somebody else's.
    """
    owners = [(of, b) for (of, ref), b in world.who.bindings.items() if ref.chat == old.chat and of in world.shelf]
    if not owners and old not in world.who.direct.values():
        return []
    told: list[Effect] = []
    if owners:
        playbook, binding = owners[0]
        book, partner = world.shelf[playbook], binding.partner
        if _is_anothers(world, new, partner) or new in world.who.direct.values():
            lost = Record(DEPLOYMENT, RoomLost(old.chat, "closed, and its successor is somebody else's room"))
            return [
                *([] if old.chat in world.who.lost else [lost]),
                *tell_coordinators(world, DEPLOYMENT, came.now, lambda reader: _taken(book, reader, partner)),
            ]
        told = tell_coordinators(world, DEPLOYMENT, came.now, lambda reader: _followed(book, reader, partner, new))
    enter: list[Effect] = [Enter(new)] if new.network == "matrix" else []
    stopped = distrust.moved(world, old, new)
    return [Record(DEPLOYMENT, RoomMoved(old.chat, new.chat)), Redirect(old.chat, new.chat), *enter, *stopped, *told]


def _followed(book: Book, reader: Reader, partner: str, new: RoomRef) -> Cleared:
    return say(
        reader.languages,
        "A room of {partner} has a new address ({network}). I follow it.",
        partner=name(book, reader, partner),
        network=word(new.network),
    )
