"""Who is who: /invite hands out a code, /start redeems it, /revoke takes everything back at once."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import timedelta

from handlers import unfinished
from handlers.admission import guest_named
from handlers.case import Case
from handlers.command import nearest, short_ids, words
from handlers.coordinators import between_two, private_room
from handlers.texts import say
from handlers.world import languages
from playbooks.cleared import Cleared, Reader, code, echo, glue, name, quote, secret, short_id, strong, word
from playbooks.rooms import RoomRef
from storage.deployment import Invitation, PersonOnFile
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import (
    DEPLOYMENT,
    DirectChatOpened,
    IdentityJoined,
    InvitationMade,
    PersonEnrolled,
    PersonRevoked,
)

ROLES = ("responder", "liaison", "official", "coordinator", "observer", "auditor")
ROLE_WORDS = {
    "responder": "responder",
    "liaison": "liaison",
    "official": "official",
    "coordinator": "coordinator",
    "observer": "observer",
    "auditor": "auditor",
}
"""The same for people to read; in a command a role is written as it stands in ``ROLES``."""
INVITATION_LASTS = timedelta(hours=72)
_MAY_INVITE = {
    "responder": {"responder"},
    "liaison": {"responder", "liaison", "official", "observer"},
    "official": {"responder", "liaison", "official", "observer"},
}


def invite(case: Case, arguments: str) -> list[Effect]:
    """``/invite [ROLE] [PARTNER]``: a code that makes whoever redeems it a person of that partner with that role.

    Whom nobody may know of is named in their own rooms and in private alone, and a code for another partner is given in private.

    ``/invite P-3``: a code that joins another account to somebody who is enrolled, as to whoever has a new telephone.
    """
    given = [each.lower() for each in words(arguments)]
    enrolled = next((each for each in short_ids(arguments) if each.startswith("P-")), None)
    if enrolled is not None:
        return _rejoin(case, enrolled)
    role = next((each for each in given if each in ROLES), None)
    others = [each for each in given if each != role]
    private = case.request.private and between_two(case.world, case.request.room)
    partners = {
        p
        for book in case.world.shelf.values()
        for p, who in book.playbook.partners.items()
        if who.listed or (case.actor.everywhere and private) or p == case.actor.partner
    }
    guest = guest_named(case.world, " ".join(others)) if others else None
    if guest is not None and (case.actor.everywhere or guest[1] == case.actor.partner):
        others = [guest[1]]
        partners.add(guest[1])
    if others and others[0] not in partners:
        near = nearest(others[0], [*ROLES, *(sorted(partners) if case.actor.coordinator else ())])
        typed = echo(others[0][:60], case.request.room)
        if near is None:
            return [
                case.answer(
                    case.say("I don't know {typed}. Write /invite ROLE, with a role such as liaison.", typed=typed)
                )
            ]
        return [
            case.answer(
                case.say("I don't know {typed}. Did you mean {near}?", typed=typed, near=_role_or_partner(case, near))
            )
        ]
    partner = others[0] if others else case.actor.partner
    if case.actor.everywhere and partner != case.actor.partner and not private:
        said = case.say("Please write this to me in a private chat: the code is for another partner than this room's.")
        return [case.answer(said)]
    if role is None:
        offered = [r for r in ROLES if _may(case, r, partner)]
        taps = [
            [case.choice("{role}", f"/invite {r} {partner or ''}".strip(), f"{i}️⃣", role=case.say(ROLE_WORDS[r]))]
            for i, r in enumerate(offered, 1)
        ]
        return [case.answer(case.say("Which role will they have?"), taps, urgency=Urgency.PROMPT)]
    if partner is None and role not in ("coordinator", "auditor"):
        return [case.answer(case.say("Of which partner? Write /invite {role} PARTNER.", role=word(role)))]
    if not _may(case, role, partner):
        return case.refuse(
            case.say(
                "Not invited. You may invite people of your own partner, up to your own role. Coordinators may invite anyone."
            ),
            "/invite",
            "role",
        )
    return _hand_out(case, role, partner)


def _may(case: Case, role: str, partner: str | None) -> bool:
    if case.actor.everywhere:
        return True
    if partner is None or partner != case.actor.partner:
        return False
    if "coordinator" in case.actor.roles:
        return True
    return any(role in _MAY_INVITE.get(own, set()) for own in case.actor.roles)


def _rejoin(case: Case, wanted: str) -> list[Effect]:
    """A code by which somebody enrolled adds an account: for themselves, or for people whom one may invite."""
    found = case.world.who.people.get(wanted)
    own = found is not None and found.id == case.actor.person
    if not (case.actor.everywhere or own or (found is not None and _may(case, found.role, found.partner))):
        return case.refuse(
            case.say(
                "Not invited. You may invite people of your own partner, up to your own role. Coordinators may invite anyone."
            ),
            "/invite",
            "role",
        )
    if found is None or found.id in case.world.who.revoked:
        return [case.answer(case.say("{person} is not enrolled here.", person=short_id(wanted)))]
    if not (case.request.private and between_two(case.world, case.request.room)):
        # Whoever reads this code can be that person.
        return [case.answer(case.say("Write this to me in a private chat: the code makes whoever has it that person."))]
    return _hand_out(case, found.role, found.partner, found.id)


def _role_or_partner(case: Case, near: str) -> Cleared:
    if near in ROLES:
        return word(near)
    book = next(b for b in case.world.shelf.values() if near in b.playbook.partners)
    return quote(book, Reader(case.request.room, near, True, case.reader.languages), near)


def _partner(case: Case, partner: str | None) -> Cleared:
    for book in (*case.world.shelf.values(), *(case.world.book_of(incident) for incident in case.world.open)):
        if partner in book.playbook.partners:
            return name(book, Reader(case.request.room, partner, True, case.reader.languages), str(partner))
    return case.say("this deployment")


def _hand_out(case: Case, role: str, partner: str | None, person: str | None = None) -> list[Effect]:
    identifier = case.world.next_id("V")
    raw = hashlib.sha256(case.request.seed + b"invitation").digest()
    secret_code = base64.b32encode(raw)[:12].decode()
    fact = InvitationMade(
        invitation=identifier,
        code_sha256=hashlib.sha256(secret_code.encode()).hexdigest(),
        partner=partner,
        role=role,
        by=case.actor.person,
        room=case.request.room,
        expires=case.now + INVITATION_LASTS,
        person=person,
    )
    shown = secret(secret_code, case.request.room)
    for_whom = (
        case.say(
            "Invitation {id}: {role}, {partner}. It works once on each network, for 72 hours.",
            id=short_id(identifier),
            role=strong(case.say(ROLE_WORDS[role])),
            partner=_partner(case, partner),
        )
        if person is None
        else case.say(
            "Invitation {id}: another account for {person}. It works once on each network, for 72 hours.",
            id=short_id(identifier),
            person=short_id(person),
        )
    )
    lines = [
        for_whom,
        case.say(
            "In a private chat with me, write: {command}",
            command=code(glue([secret("/start", case.request.room), shown], " ")),
        ),
    ]
    username = case.world.usernames.get("telegram")
    if username:
        link = secret(f"https://t.me/{username}?start={secret_code}", case.request.room)
        lines.append(case.say("Telegram: {link}", link=link))
    matrix = case.world.usernames.get("matrix")
    if matrix:
        lines.append(case.say("Matrix: open a chat with {bot}", bot=secret(matrix, case.request.room)))
    return [Record(DEPLOYMENT, fact), case.answer(glue(lines))]


def start(case: Case, arguments: str) -> list[Effect]:
    """``/start CODE``: redeem an invitation; ``/start`` alone says hello."""
    remember: list[Effect] = []
    identity = case.actor.identity
    if case.request.private and case.world.who.direct.get(identity) != case.request.room:
        remember = [Record(DEPLOYMENT, DirectChatOpened(identity, case.request.room))]
    typed = arguments.strip().upper()
    if not typed:
        words_ = case.say(
            "Hello. I am Tocsin, the bell that calls partners together. /help shows what you can do here."
        )
        return [*remember, case.answer(words_)]
    made = case.world.who.invitations.get(hashlib.sha256(typed.encode()).hexdigest())
    network = case.request.room.network
    whose = case.world.who.strayed.get(identity)
    if made is None or (whose is not None and made.person != whose):
        return [*remember, case.answer(case.say("This code is not known. Check it, or ask for a new one."))]
    if case.now >= made.expires:
        return [*remember, case.answer(case.say("This invitation is over. Ask for a new one."))]
    if network in made.used_on:
        mine = case.actor.person == made.person
        said = (
            case.say("You have already redeemed it here.")
            if mine
            else case.say("This code was already used here. Ask for a new one.")
        )
        return [*remember, case.answer(said)]
    maker = case.world.who.person(made.by)
    if made.by in case.world.who.revoked or (maker is not None and maker.id in case.world.who.revoked):
        return [*remember, case.answer(case.say("This invitation is over. Ask for a new one."))]
    return [*remember, *_redeem(case, made)]


def _redeem(case: Case, made: Invitation) -> list[Effect]:
    own = case.world.who.person(case.actor.identity)
    identity, called = case.actor.identity, case.request.name or case.actor.identity
    if made.person is not None:
        if made.person in case.world.who.revoked:
            return [case.answer(case.say("This invitation is over. Ask for a new one."))]
        if own is not None and own.id != made.person:
            return [case.answer(case.say("You are already enrolled as somebody else. Ask a coordinator."))]
        joined = IdentityJoined(made.person, identity, called, made.id)
        said = case.say("Welcome. This account is now joined to your other one.")
        return [
            Record(DEPLOYMENT, joined),
            case.answer(said),
            *_told(case, made, made.person),
            *_told_first(case, made),
        ]
    if own is not None and not _raises(own, made):
        said = case.say(
            "You are already enrolled, as {role} of {partner}. Nothing was changed: ask a coordinator.",
            role=strong(case.say(ROLE_WORDS[own.role])),
            partner=_partner(case, own.partner),
        )
        return [case.answer(said)]
    person = own.id if own is not None else case.world.next_id("P")
    enrolled = PersonEnrolled(person, called, made.partner, made.role, identity, made.id)
    known = case.request.language or case.world.who.languages.get(identity) or case.world.who.languages.get(person)
    spoken = case.reader.languages if known else _room_languages(case, made.room, made.partner)
    said = say(
        spoken,
        "Welcome. You are now {role} of {partner}. /help shows what you can do. If you use the other network too, send me the same code there.",
        role=strong(say(spoken, ROLE_WORDS[made.role])),
        partner=_partner(case, made.partner),
    )
    return [Record(DEPLOYMENT, enrolled), case.answer(said), *_told(case, made, person)]


def _raises(own: PersonOnFile, made: Invitation) -> bool:
    """Whether an invitation gives somebody enrolled more than they have: a code never takes a role away unasked."""
    order = ("observer", "responder", "auditor", "liaison", "official", "coordinator")
    return own.partner == made.partner and order.index(made.role) > order.index(own.role)


def _told(case: Case, made: Invitation, person: str) -> list[Effect]:
    """Whoever handed out the code learns that it was used: it may have been the wrong person."""
    if made.room == case.request.room:
        return []
    said = say(
        _makers_languages(case, made),
        "Invitation {id} was redeemed on {network} ({person}). Not who you meant? /revoke {person}",
        id=short_id(made.id),
        network=word(case.request.room.network),
        person=short_id(person),
    )
    return [Send(DEPLOYMENT, made.room, said, Urgency.PROMPT)]


def _told_first(case: Case, made: Invitation) -> list[Effect]:
    """The person's first account learns in private that a second one was joined to it: it may be a thief's."""
    first = case.world.who.people.get(made.person or "")
    if first is None:
        return []
    rooms = dict.fromkeys(room for i in first.identities if (room := private_room(case.world, i)) is not None)
    return [
        Send(
            DEPLOYMENT,
            room,
            say(
                _own_languages(case, (first.id, *first.identities), first.partner, room),
                "Your invitation {id} was now also redeemed on {network}. Was it not you? /revoke {person}, at once.",
                id=short_id(made.id),
                network=word(case.request.room.network),
                person=short_id(first.id),
            ),
            Urgency.PROMPT,
            loud=True,
        )
        for room in rooms
        if room != case.request.room
    ]


def _makers_languages(case: Case, made: Invitation) -> tuple[str, ...]:
    """Those of the room where the code was handed out; where that is a private chat, those of whoever reads there, and not of whom it was for."""
    who = case.world.who
    maker = who.person(made.by) or who.people.get(made.by)
    accounts = maker.identities if maker is not None else (made.by,)
    if made.room not in [private_room(case.world, account) for account in accounts]:
        return _room_languages(case, made.room, made.partner)
    return _own_languages(case, (made.by, *accounts), maker.partner if maker is not None else None, made.room)


def _own_languages(case: Case, names: Iterable[str], partner: str | None, room: RoomRef) -> tuple[str, ...]:
    """The languages that somebody, by any of these names, asked for, then those of their partner; of no partner, English."""
    asked = [language for one in names if (language := case.world.who.languages.get(one)) is not None]
    return tuple(dict.fromkeys((*asked, *_room_languages(case, room, partner))))


def _room_languages(case: Case, room: RoomRef, partner: str | None) -> tuple[str, ...]:
    book = next((b for b in case.world.shelf.values() if partner in b.playbook.partners), None)
    return languages(case.world, book, room, partner)


def revoke(case: Case, arguments: str) -> list[Effect]:
    """``/revoke PERSON [reason]``: a person (P-3) or an identity loses every role, at once."""
    wanted, _, reason = arguments.strip().partition(" ")
    if not wanted:
        return [case.answer(case.say("Whom? Write /revoke P-3, or their account."))]
    found = case.world.who.people.get(wanted.upper()) or case.world.who.person(wanted)
    looks_like_identity = ":" in wanted and wanted.partition(":")[0] in ("telegram", "matrix")
    same_partner = found is not None and found.partner is not None and found.partner == case.actor.partner
    accounts = {*(found.identities if found is not None else ()), wanted}
    theirs = same_partner and case.actor.roles & {"liaison", "coordinator"} and not accounts & case.world.admins
    if not (case.actor.everywhere or theirs):
        return case.refuse(
            case.say("Not revoked. Coordinators, and liaisons of the person's own partner, may do that."),
            "/revoke",
            "role",
        )
    if found is None and not looks_like_identity:
        return [case.answer(case.say("I know nobody called {typed}.", typed=echo(wanted[:60], case.request.room)))]
    person = found.id if found is not None else wanted
    fact = PersonRevoked(person, case.actor.person, reason.strip() or None)
    shown = short_id(person) if found is not None else echo(person[:80], case.request.room)
    said = case.say("Revoked: {person} can no longer act here, on any network.", person=shown)
    return [Record(DEPLOYMENT, fact), *unfinished.ended(case, {person, *accounts}), case.answer(said)]
