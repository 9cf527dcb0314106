"""Who is who: what the facts of the deployment add up to. A pure fold; a restart rebuilds it from the log alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from playbooks.rooms import RoomRef
from storage import reports, stirs
from storage.facts import (
    AliasResolved,
    DeadlinePassed,
    DirectChatOpened,
    DutyLeft,
    DutyOffered,
    DutyReminded,
    DutyTaken,
    Fact,
    IdentityJoined,
    IdentityLost,
    InvitationMade,
    LanguageChosen,
    NetworkBack,
    NetworkLost,
    PersonEnrolled,
    PersonErased,
    PersonRevoked,
    ReachTestAnswered,
    ReachTestSent,
    ReportAnswered,
    ReportMade,
    RoomBound,
    RoomLost,
    RoomMoved,
    RoomObserved,
    RoomRegained,
    Started,
    Unread,
    WordsKept,
    WordsUsed,
)
from storage.incident.talk import told_of_unread
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class PersonOnFile:
    """An enrolled person: their partner (None for the deployment's own people), role, and identities on the networks."""

    id: str
    name: str
    partner: str | None
    role: str
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A room that is a partner's in a playbook. ``alias``: how the playbook writes it."""

    playbook: str
    partner: str
    room: RoomRef
    alias: str | None
    by: str


FLAPPING = timedelta(minutes=10)
"""A network that is lost again so soon is told of only if it stays away: news that comes all the time is not read."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What the coordinators know of a network that is or was away. ``told``: when they last read that it is lost.

    ``silent``: it is lost and they have not been told. ``refused``: it is lost because it refuses who we are.
    """

    told: datetime | None = None
    silent: bool = False
    refused: bool = False

    @property
    def speak_at(self) -> datetime | None:
        """When they may be told of another loss; None: at any time."""
        return None if self.told is None else self.told + FLAPPING

    def lost(self, at: datetime, *, refused: bool, again: bool) -> Outage:
        """After the network was lost. ``again``: it was lost already, and now says something else."""
        news = (refused and not self.refused) or (not again and (self.told is None or at >= self.told + FLAPPING))
        if news:
            return Outage(at, silent=False, refused=refused)
        return replace(self, silent=self.silent or not again, refused=self.refused or refused)


def outage_key(network: str) -> str:
    """The deadline at which a silent loss is told after all."""
    return f"network-down:{network}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that was handed out, and the networks it was redeemed on."""

    id: str
    partner: str | None
    role: str
    by: str
    room: RoomRef
    expires: datetime
    person: str | None = None
    used_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReachTest:
    """A test of the alarm chain: the rooms and the liaisons that were written to, and those from where somebody answered."""

    id: str
    playbook: str
    by: str
    at: datetime
    rooms: Mapping[RoomRef, str]  # whose
    persons: tuple[str, ...]
    seen_in: frozenset[RoomRef] = frozenset()
    seen_by: frozenset[str] = frozenset()

    @property
    def silent_rooms(self) -> tuple[tuple[str, RoomRef], ...]:
        """From which rooms nobody answered, with whose they are."""
        return tuple((partner, room) for room, partner in self.rooms.items() if room not in self.seen_in)

    @property
    def silent_persons(self) -> tuple[str, ...]:
        """The liaisons who did not answer, neither in private nor in a room."""
        return tuple(person for person in self.persons if person not in self.seen_by)


@dataclass(frozen=True)
class Deployment:
    """Everything known outside incidents. ``epoch`` grows whenever something changed that may change what a room may see."""

    people: Mapping[str, PersonOnFile] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[tuple[str, RoomRef], Binding] = field(default_factory=dict)
    aliases: Mapping[str, RoomRef] = field(default_factory=dict)
    traits: Mapping[RoomRef, RoomObserved] = field(default_factory=dict)
    ever_encrypted: frozenset[RoomRef] = frozenset()
    lost: Mapping[RoomRef, str] = field(default_factory=dict)
    lost_at: Mapping[RoomRef, datetime] = field(default_factory=dict)  # since when, for each of them
    invitations: Mapping[str, Invitation] = field(default_factory=dict)  # by the SHA-256 of the code
    languages: Mapping[str, str] = field(default_factory=dict)
    direct: Mapping[str, RoomRef] = field(default_factory=dict)
    down: Mapping[str, str] = field(default_factory=dict)
    outages: Mapping[str, Outage] = field(default_factory=dict)
    reports: Mapping[str, reports.Reported] = field(default_factory=dict)  # made while there was no incident
    stirs: tuple[stirs.Stir, ...] = ()  # what people lately caused in the rooms of others, outside incidents
    unread: Mapping[RoomRef, datetime] = field(
        default_factory=dict
    )  # when a room was last told of what could not be read
    words: Mapping[str, WordsKept] = field(default_factory=dict)  # id → what somebody wrote and was asked about
    revoked: frozenset[str] = frozenset()  # persons, or identities that were never enrolled
    strayed: Mapping[str, str] = field(default_factory=dict)  # accounts that are lost → whose they were
    on_duty: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # partner → persons, whoever took it first in front
    duty_offers: frozenset[tuple[str, str, str]] = frozenset()  # (partner, who offers it, to whom)
    tests: Mapping[str, ReachTest] = field(default_factory=dict)
    begun: Mapping[str, datetime] = field(default_factory=dict)  # playbook → when it first stood on the shelf
    reminded: Mapping[str, datetime] = field(default_factory=dict)  # playbook → when its calm duties were last recalled
    moved: Mapping[RoomRef, RoomRef] = field(default_factory=dict)  # chat → where it went, and on from there
    epoch: int = 0

    def person(self, identity: str) -> PersonOnFile | None:
        """The enrolled person behind an identity, revoked or not."""
        found = self.identities.get(identity)
        return self.people.get(found) if found else None

    def withdrawn(self, identity: str) -> bool:
        """Whether an account speaks for nobody any more: it is lost, or it or its person is revoked."""
        return identity in self.strayed or identity in self.revoked or self.identities.get(identity) in self.revoked

    def closed(self, room: RoomRef) -> bool:
        """Whether this is the private chat of an account that speaks for nobody any more."""
        return room.chat in self._closed

    @cached_property
    def _closed(self) -> frozenset[RoomRef]:
        theirs = [i for who in self.revoked if who in self.people for i in self.people[who].identities]
        accounts = [*self.strayed, *self.revoked, *theirs]
        assumed = (RoomRef("telegram", i.partition(":")[2]) for i in accounts if i.startswith("telegram:"))
        return frozenset((*assumed, *(self.direct[i].chat for i in accounts if i in self.direct)))

    def rooms_of(self, playbook: str, partner: str) -> tuple[Binding, ...]:
        """A partner's bound rooms, in the order they were bound."""
        return self._by_partner.get((playbook, partner), ())

    @cached_property
    def _by_partner(self) -> Mapping[tuple[str, str], tuple[Binding, ...]]:
        found: dict[tuple[str, str], tuple[Binding, ...]] = {}
        for (book, _), binding in self.bindings.items():
            found[book, binding.partner] = (*found.get((book, binding.partner), ()), binding)
        return found

    def now_at(self, room: RoomRef) -> RoomRef:
        """The address of a room now, whatever it was: what happened at an old one stays on file under that."""
        chat = self.moved.get(room.chat)
        return room if chat is None else RoomRef(chat.network, chat.id, room.topic)

    def binding(self, playbook: str, room: RoomRef) -> Binding | None:
        """Whose room this is in a playbook: the topic's own binding, else that of the whole chat."""
        return self.bindings.get((playbook, room)) or self.bindings.get((playbook, room.chat))


def fold(state: Deployment, facts: Iterable[Kept]) -> Deployment:
    """The state after these facts."""
    for kept in facts:
        state = _apply(state, kept)
    return state


def _apply(state: Deployment, kept: Kept) -> Deployment:
    if _forgotten(kept.fact):
        return state
    match kept.fact:
        case RoomBound() as f:
            bindings = {key: b for key, b in state.bindings.items() if not _same_place(b, f)}
            bindings[f.playbook, f.room] = Binding(f.playbook, f.partner, f.room, f.alias, f.by)
            # A room that becomes somebody's changes nothing for the others; one that was somebody else's does.
            changed = any(b.room.chat == f.room.chat for b in state.bindings.values())
            return replace(state, bindings=bindings, epoch=state.epoch + changed)
        case AliasResolved(alias=alias, room=room):
            return replace(state, aliases={**state.aliases, alias: room})
        case RoomObserved() as f:
            ever = state.ever_encrypted | {f.room} if f.encrypted or f.tampered else state.ever_encrypted
            before = state.traits.get(f.room)
            # A new title, or anything about a room that is nobody's, changes nobody's sight.
            changed = _trusted(f) != (_trusted(before) if before else _PLAIN) and _concerns(state, f.room)
            known = {**state.traits, f.room: f}
            return replace(state, traits=known, ever_encrypted=ever, epoch=state.epoch + changed)
        case RoomMoved(old=old, new=new):
            return _move(state, old, new)
        case RoomLost(room=room, reason=reason):
            since = {room: kept.at, **state.lost_at}
            return replace(state, lost={**state.lost, room: reason}, lost_at=since)
        case RoomRegained(room=room):
            lost = {ref: why for ref, why in state.lost.items() if ref != room}
            return replace(state, lost=lost, lost_at={ref: state.lost_at[ref] for ref in lost})
        case DirectChatOpened(identity=identity, room=room):
            return replace(state, direct={**state.direct, identity: room})
        case InvitationMade() as f:
            made = Invitation(f.invitation, f.partner, f.role, f.by, f.room, f.expires, f.person)
            return replace(state, invitations={**state.invitations, f.code_sha256: made})
        case PersonEnrolled() as f:
            known_as = state.people.get(f.person)
            identities = tuple(dict.fromkeys((*(known_as.identities if known_as else ()), f.identity)))
            enrolled = PersonOnFile(f.person, f.name, f.partner, f.role, identities)
            return replace(
                _redeemed(state, f.invitation, f.person, f.identity),
                people={**state.people, f.person: enrolled},
                identities={**state.identities, f.identity: f.person},
            )
        case IdentityJoined() as f:
            known_as = state.people[f.person]
            joined = replace(known_as, identities=tuple(dict.fromkeys((*known_as.identities, f.identity))))
            return replace(
                _redeemed(state, f.invitation, f.person, f.identity),
                people={**state.people, f.person: joined},
                identities={**state.identities, f.identity: f.person},
                strayed={account: who for account, who in state.strayed.items() if account != f.identity},
            )
        case PersonErased(person=person) if person is not None and person in state.people:
            return _erased(state, person)
        case PersonRevoked(person=person):
            gone = replace(_void(state, person, kept.at), revoked=state.revoked | {person}, epoch=state.epoch + 1)
            return replace(
                gone,
                on_duty={p: tuple(one for one in here if one != person) for p, here in state.on_duty.items()},
                duty_offers=frozenset(offer for offer in state.duty_offers if person not in offer[1:]),
            )
        case IdentityLost() as f:
            return _stray(_void(state, f.person, kept.at), f)
        case DutyOffered() as f:
            return replace(state, duty_offers=state.duty_offers | {(f.partner, f.person, f.to)})
        case DutyTaken() as f:
            here = state.on_duty.get(f.partner, ())
            now_here = {**state.on_duty, f.partner: tuple(dict.fromkeys((*here, f.person)))}
            return replace(state, on_duty=now_here)
        case DutyLeft() as f:
            left = tuple(one for one in state.on_duty.get(f.partner, ()) if one != f.person)
            offers = frozenset(offer for offer in state.duty_offers if offer[:2] != (f.partner, f.person))
            return replace(state, on_duty={**state.on_duty, f.partner: left}, duty_offers=offers)
        case ReachTestSent() as f:
            asked = {RoomRef.parse(room): whose for whose, _, room in (one.partition(" ") for one in f.rooms or ())}
            sent = ReachTest(f.test, f.playbook, f.by, kept.at, asked, f.persons or ())
            return replace(state, tests={**state.tests, f.test: sent})
        case ReachTestAnswered() as f:
            test = state.tests[f.test]
            seen = replace(test, seen_in=test.seen_in | {f.room}, seen_by=test.seen_by | {f.person})
            return replace(state, tests={**state.tests, f.test: seen})
        case DutyReminded(playbook=playbook):
            return replace(state, reminded={**state.reminded, playbook: kept.at})
        case Started(playbooks=playbooks):
            return replace(state, begun={**dict.fromkeys(playbooks, kept.at), **state.begun})
        case LanguageChosen(who=who, language=language):
            return replace(state, languages={**state.languages, who: language})
        case WordsKept() as f:
            # Whoever writes anew in a room has given up what they wrote there before.
            others = {n: w for n, w in state.words.items() if (w.identity, w.room) != (f.identity, f.room)}
            return replace(state, words={**others, f.words: f})
        case WordsUsed(words=name):
            return replace(state, words={n: w for n, w in state.words.items() if n != name})
        case NetworkLost(network=network, reason=reason, rejected=rejected):
            outage = state.outages.get(network, Outage())
            after = outage.lost(kept.at, refused=rejected, again=network in state.down)
            return replace(state, down={**state.down, network: reason}, outages={**state.outages, network: after})
        case NetworkBack(network=network):
            over = replace(state.outages.get(network, Outage()), silent=False, refused=False)
            down = {name: why for name, why in state.down.items() if name != network}
            return replace(state, down=down, outages={**state.outages, network: over})
        case DeadlinePassed(key=key):
            told = {
                name: Outage(kept.at, False, o.refused) for name, o in state.outages.items() if outage_key(name) == key
            }
            return replace(state, outages={**state.outages, **told})
        case Unread(room=room):
            return replace(state, unread=told_of_unread(state.unread, room, kept.at))
        case ReportMade() | ReportAnswered():
            stirred = stirs.noted(state.stirs, kept)
            return replace(state, reports=reports.apply(state.reports, kept), stirs=stirred)
        case _:
            pass
    return state


_WITHOUT = {
    PersonEnrolled: "identity", IdentityJoined: "identity", IdentityLost: "identity", DirectChatOpened: "identity", LanguageChosen: "who",
    WordsKept: "identity", RoomBound: "room", AliasResolved: "room", RoomObserved: "room", RoomMoved: "old new", RoomLost: "room",
    RoomRegained: "room", Unread: "room",
}  # fmt: skip
"""What says nothing any more once one of these is erased: a room is, where it is somebody's private chat."""


def _forgotten(fact: Fact) -> bool:
    return any(getattr(fact, name) is None for name in _WITHOUT.get(type(fact), "").split())


def _erased(state: Deployment, person: str) -> Deployment:
    """What a restart would find: nobody is known by that id any more, and the accounts are nobody's."""
    theirs = state.people[person].identities
    return replace(
        state,
        people={name: one for name, one in state.people.items() if name != person},
        identities={account: who for account, who in state.identities.items() if who != person},
        languages={who: language for who, language in state.languages.items() if who not in theirs},
        direct={account: room for account, room in state.direct.items() if account not in theirs},
        strayed={account: who for account, who in state.strayed.items() if who != person},
        words={name: kept for name, kept in state.words.items() if kept.identity not in theirs},
    )


_PLAIN = (False, False, False, False, False)


def _trusted(seen: RoomObserved) -> tuple[bool, ...]:
    """What decides how far a room can be trusted."""
    return (seen.encrypted, seen.tampered, seen.world_readable, seen.open_join, seen.public)


def _concerns(state: Deployment, room: RoomRef) -> bool:
    """Whether a room is a partner's, or a person's private chat."""
    return any(ref.chat == room.chat for _, ref in state.bindings) or room in state.direct.values()


def _same_place(binding: Binding, bound: RoomBound) -> bool:
    """A room has one owner in a playbook, and an alias one room."""
    return binding.playbook == bound.playbook and (
        binding.room == bound.room
        or (bound.alias is not None and binding.alias == bound.alias and binding.partner == bound.partner)
    )


def _redeemed(state: Deployment, invitation: str, person: str, identity: str) -> Deployment:
    network = identity.partition(":")[0]
    return replace(
        state,
        invitations={
            code: replace(made, person=person, used_on=(*made.used_on, network)) if made.id == invitation else made
            for code, made in state.invitations.items()
        },
    )


def _void(state: Deployment, person: str, at: datetime) -> Deployment:
    """The codes that somebody handed out and nobody redeemed, and those that would join an account to them, are over."""
    codes = {
        code: replace(made, expires=min(made.expires, at))
        if made.person == person or (made.by == person and not made.used_on)
        else made
        for code, made in state.invitations.items()
    }
    return replace(state, invitations=codes)


def _stray(state: Deployment, lost: IdentityLost) -> Deployment:
    """An account is taken from its person, who lives on with the others."""
    known_as = state.people.get(lost.person)
    rest = tuple(one for one in known_as.identities if one != lost.identity) if known_as is not None else ()
    return replace(
        state,
        people={**state.people, lost.person: replace(known_as, identities=rest)} if known_as else state.people,
        identities={one: who for one, who in state.identities.items() if one != lost.identity},
        strayed={**state.strayed, lost.identity: lost.person},
        epoch=state.epoch + 1,
    )


def _move(state: Deployment, old: RoomRef, new: RoomRef) -> Deployment:
    """Everything known of the old address holds for the new one, topics included, but what must be observed anew."""

    def moved(ref: RoomRef) -> RoomRef:
        return RoomRef(new.network, new.id, ref.topic) if ref.chat == old.chat else ref

    return replace(
        state,
        bindings={
            (book, moved(ref)): replace(binding, room=moved(ref)) for (book, ref), binding in state.bindings.items()
        },
        languages={
            str(moved(RoomRef.parse(who))) if who == str(old) else who: lang for who, lang in state.languages.items()
        },
        direct={identity: moved(ref) for identity, ref in state.direct.items()},
        lost={ref: why for ref, why in state.lost.items() if ref.chat != old.chat},
        lost_at={ref: at for ref, at in state.lost_at.items() if ref.chat != old.chat},
        moved={
            ref: there
            for ref, there in ({one: moved(to) for one, to in state.moved.items()} | {old.chat: new.chat}).items()
            if ref != there
        },
        epoch=state.epoch + 1,
    )
