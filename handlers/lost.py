"""/lost: a telephone is lost, and the account on it speaks for nobody from now on. The person lives on with their other account.

Said by the person from another account, or by a liaison of their partner or a coordinator. What was on its way to that account
is taken back, the codes that could join another account to the person are over, and those who must look after it are told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from handlers import unfinished
from handlers.case import Case
from handlers.colleagues import close_to, colleagues, meant
from handlers.coordinators import private_room, tell_coordinators
from handlers.texts import say
from handlers.world import accounts, languages
from playbooks.cleared import Cleared, Reader, clock, code, colleague, echo, glue, listed, name, short_id, strong, word
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.deployment import PersonOnFile
from storage.effects import Effect, Record, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, IdentityLost

_MINE = ("", "me", "telegram", "matrix")
_MOST_TAPS = 9


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/lost [telegram|matrix]`` for oneself, ``/lost PERSON [ACCOUNT]`` for a colleague."""
    me = case.world.who.person(case.actor.identity)
    first, _, rest = arguments.strip().partition(" ")
    own = first.lower() in _MINE or (me is not None and (first.upper() == me.id or first in me.identities))
    if own:
        if me is None:
            return [case.answer(case.say("I don't know this account. A liaison or coordinator can write: /lost NAME"))]
        others = tuple(one for one in me.identities if one != case.actor.identity)
        return _mine(case, me, _fitting(others, rest.strip() if first.upper() == me.id else first))
    people = _may_name(case)
    if not people:
        return _refused(case)
    found = meant(people, arguments) or meant(people, first)
    if len(found) == 1:
        which = "" if meant(people, arguments) and first.upper() != found[0].id else rest.strip()
        if first in found[0].identities:
            which = first
        return _theirs(case, found[0], which)
    return _nobody_or_several(case, people, found, arguments.strip())


def _may_name(case: Case) -> tuple[PersonOnFile, ...]:
    """Whose accounts this person may end: coordinators everybody's; liaisons their own partner's, administrators apart."""
    world = case.world
    if case.actor.everywhere:
        return tuple(p for p in world.who.people.values() if p.id not in world.who.revoked)
    if case.actor.partner is None or not case.actor.roles & {"liaison", "coordinator"}:
        return ()
    return tuple(p for p in colleagues(world, case.actor.partner) if not world.admins & set(accounts(world, p)))


def _refused(case: Case) -> list[Effect]:
    words = case.say(
        "Not done. For somebody else, their liaison or a coordinator writes this. For yourself: /lost, from another account."
    )
    return case.refuse(words, "/lost", "role")


def _nobody_or_several(
    case: Case, people: Sequence[PersonOnFile], found: Sequence[PersonOnFile], wanted: str
) -> list[Effect]:
    typed = echo(wanted[:60], case.request.room)
    if found:
        words = case.say("Several are called {typed}. Which one?", typed=typed)
        return [case.answer(words, _choices(case, found), urgency=Urgency.PROMPT)]
    near = close_to(people, wanted)
    if near is None:
        return [case.answer(case.say("I know nobody called {typed}.", typed=typed))]
    words = case.say("I know no {typed}. Did you mean {near}?", typed=typed, near=_called(case, near))
    return [case.answer(words, _choices(case, [near]), urgency=Urgency.PROMPT)]


def _choices(case: Case, people: Sequence[PersonOnFile]) -> list[list[Tap]]:
    return [
        [case.tap("{person}", f"/lost {one.id}", f"{i}️⃣", person=_called(case, one))]
        for i, one in enumerate(people[:_MOST_TAPS], 1)
    ]


# --- which account ------------------------------------------------------------------------------------------------------


def _fitting(identities: Sequence[str], which: str) -> tuple[str, ...]:
    """Those that an account's address, its network, or what a button says of it leaves."""
    wanted = which.lower()
    if wanted in ("", "me"):
        return tuple(identities)
    return tuple(one for one in identities if wanted in (one.lower(), one.partition(":")[0], _short(one)))


def _short(identity: str) -> str:
    """An account in few letters, the same for ever: a button that is tapped twice must not mean another one."""
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _mine(case: Case, me: PersonOnFile, left: Sequence[str]) -> list[Effect]:
    if not left:
        words = case.say(
            "I know no other account of yours. If this one is lost, your liaison or a coordinator writes: {command}",
            command=code(case.say("/lost {person}", person=short_id(me.id))),
        )
        return [case.answer(words)]
    return _end(case, me, left[0]) if len(left) == 1 else [_which(case, me, left)]


def _theirs(case: Case, person: PersonOnFile, which: str) -> list[Effect]:
    left = _fitting(person.identities, which)
    if not left:
        return [case.answer(case.say("{person} has no such account (any more).", person=short_id(person.id)))]
    return _end(case, person, left[0]) if len(left) == 1 else [_which(case, person, left)]


def _which(case: Case, person: PersonOnFile, left: Sequence[str]) -> Send:
    taps = [
        [
            case.tap(
                "{network}: {account}",
                f"/lost {person.id} {_short(one)}",
                f"{i}️⃣",
                network=word(one.partition(":")[0]),
                account=echo(one.partition(":")[2][:40], case.request.room),
            )
        ]
        for i, one in enumerate(left[:_MOST_TAPS], 1)
    ]
    words = case.say("Which account of {person} is lost?", person=short_id(person.id))
    return case.answer(words, taps, urgency=Urgency.PROMPT)


# --- its end -----------------------------------------------------------------------------------------------------------


def _end(case: Case, person: PersonOnFile, identity: str) -> list[Effect]:
    network = word(identity.partition(":")[0])
    lines = [
        case.say(
            "<b>Done.</b> The {network} account of {person} speaks for nobody now, and is sent nothing more.",
            network=network,
            person=_called(case, person),
        ),
        case.say("Take it out of your rooms: I cannot."),
        case.say("New phone? In a private chat with me: {command}", command=code(_again(case, person))),
    ]
    answer = case.answer(glue(lines), [[case.tap("A code for the new phone", f"/invite {person.id}", "📱")]])
    return [
        Record(DEPLOYMENT, IdentityLost(person.id, identity, case.actor.person)),
        *unfinished.ended(case, {identity}),
        answer,
        *_told(case, person, identity),
        *_told_it(case, identity),
    ]


def _called(case: Case, person: PersonOnFile) -> Cleared:
    """By name for their own partner's people, by id for others."""
    if person.partner is not None and case.reader.partner == person.partner:
        return colleague(case.reader, person.partner, person.name)
    return short_id(person.id)


def _again(case: Case, person: PersonOnFile) -> Cleared:
    return case.say("/invite {person}", person=short_id(person.id))


def _told(case: Case, person: PersonOnFile, identity: str) -> list[Effect]:
    """The person's other account, the liaisons and coordinators of the partner, and those of the deployment, each chat once."""
    world, partner = case.world, person.partner
    effects: list[Effect] = []
    gone = {case.request.room, *_chats(case, identity)}
    book = next((b for b in world.shelf.values() if partner in b.playbook.partners), None)
    theirs = [p for p in colleagues(world, partner) if p.role in ("liaison", "coordinator") or p.id == person.id]
    for account in (one for p in theirs if partner is not None for one in p.identities if one != identity):
        room = private_room(world, account)
        if room is None or room in gone:
            continue
        gone.add(room)
        spoken = (*filter(None, [world.who.languages.get(account)]), *languages(world, book, room, partner))
        reader = Reader(room, partner, True, spoken)
        effects.append(Send(DEPLOYMENT, room, _news(case, reader, book, person, identity), Urgency.PROMPT, loud=True))
    told = tell_coordinators(world, DEPLOYMENT, case.now, lambda reader: _news(case, reader, book, person, identity))
    return effects + [one for one in told if not (isinstance(one, Send) and one.to in gone)]


def _chats(case: Case, identity: str) -> list[RoomRef]:
    """The private chat of an account, wherever it may be."""
    found = [case.world.who.direct[identity]] if identity in case.world.who.direct else []
    network, _, number = identity.partition(":")
    return [*found, RoomRef("telegram", number)] if network == "telegram" else found


def _news(case: Case, reader: Reader, book: Book | None, person: PersonOnFile, identity: str) -> Cleared:
    own = person.partner is not None and reader.partner == person.partner
    called = colleague(reader, str(person.partner), person.name) if own else short_id(person.id)
    known = book is not None and person.partner is not None and listed(book, reader, person.partner)
    network = word(identity.partition(":")[0])
    said = reader.languages
    lines = [
        say(
            said,
            "The {network} account of {person} ({partner}) is lost, and speaks for nobody now ({time}).",
            network=network,
            person=strong(called),
            partner=name(book, reader, str(person.partner)),
            time=clock(book, case.now),
        )
        if known and book is not None
        else say(
            said,
            "The {network} account of {person} is lost, and speaks for nobody now ({time}).",
            network=network,
            person=strong(called),
            time=clock(None, case.now),
        ),
        say(said, "Take it out of your rooms. A code for the new phone: /invite {id}", id=short_id(person.id)),
        say(said, "Was it not so? /revoke {id} stops everything.", id=short_id(person.id)),
    ]
    return glue(lines)


def _told_it(case: Case, identity: str) -> list[Effect]:
    """The account itself is told that, and nothing else ever again: it may not be lost at all."""
    room = case.world.who.direct.get(identity)
    if room is None or room == case.request.room:
        return []
    spoken = case.world.who.languages.get(identity)
    words = say(
        (spoken,) if spoken else case.reader.languages,
        "This account was reported as lost, and speaks for nobody now. Is it not? Ring your liaison.",
    )
    return [Send(DEPLOYMENT, room, words, Urgency.ANSWER)]
