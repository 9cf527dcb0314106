"""Several decisions, carried out against one world after the other, and committed together or not at all.

``carry_out`` turns one decision's effects into a ``Step`` and touches nothing else, so that a decision that fails
half-way leaves
nothing behind. ``Transaction`` gathers the steps of a turn. Everything in it happens at one instant: what the log
says of it when the
log is read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import assert_never

from bot import copies, outgoing
from bot.speech import CAPTIONS, Split
from handlers import marks
from handlers.world import World
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from storage import canonical, deployment, incident
from storage.effects import (
    PROMPT,
    Drop,
    Effect,
    EndPoll,
    Enter,
    Hush,
    Leave,
    Postpone,
    React,
    Record,
    Redirect,
    Remember,
    Remove,
    Repeat,
    Send,
    Unwake,
    Wake,
)
from storage.facts import (
    DEPLOYMENT,
    IDS,
    Fact,
    IncidentOpened,
    MessageTracked,
    PlaybookProposed,
    PlaybookReloaded,
    RemovalAsked,
    as_read,
)
from storage.store import (
    Changes,
    Deadline,
    InboxRow,
    Kept,
    OutboxChange,
    OutboxRow,
    ReactionKept,
    ThreadKept,
    Utterance,
)

Splits = Mapping[Network, Split]
"""How each network that is set up cuts a message into parts."""

NOT_SET_UP = "this network is not set up here"

_SHORT = re.compile(r"([A-Z])-(\d+)")


@dataclass
class Step:
    """What one decision leads to. ``refused``: what it would send over a network that is not there."""

    world: World
    records: list[tuple[str, str | None, Fact]] = field(default_factory=list)
    sends: list[OutboxRow] = field(default_factory=list)
    refused: list[OutboxRow] = field(default_factory=list)
    redirects: list[tuple[RoomRef, RoomRef]] = field(default_factory=list)
    wakes: dict[str, Wake | Unwake] = field(default_factory=dict)
    drops: dict[str, str] = field(default_factory=dict)
    hushes: list[Hush] = field(default_factory=list)
    postponed: list[tuple[str, timedelta]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    playbooks: dict[str, bytes] = field(default_factory=dict)
    said: list[Utterance] = field(default_factory=list)
    reactions: list[ReactionKept] = field(default_factory=list)
    threads: list[ThreadKept] = field(default_factory=list)

    def why_dropped(self, row: OutboxRow) -> str:
        """Why a message was taken back, by its name or that of one of its parts."""
        return self.drops.get(row.token) or self.drops[row.send]


def carry_out(
    world: World,
    effects: Sequence[Effect],
    now: datetime,
    tokens: outgoing.Tokens,
    splits: Splits,
    subjects: Mapping[str, OutboxRow],
    parts: Mapping[str, Sequence[OutboxRow]] | None = None,
    captions: Mapping[Network, int] = MappingProxyType({}),
) -> Step:
    """The step that these effects make. ``subjects`` has the messages that a ``Repeat`` may name, ``parts`` those that a
    ``Remove`` names, and every row about what a ``Send`` amends (by its id), as they stand. ``captions``: what fits under a file on
    each network.

    Facts come first: a message is sent in the world that its own decision made, and carries that world's epoch.
    Raises Misdirected,
    and whatever a fact that makes no sense leads to.
    """
    step = Step(world)
    _record(step, [(one.stream, one.fact) for one in effects if isinstance(one, Record)], now)
    shown: list[tuple[str, Fact]] = []
    cuts: dict[tuple[Network, str], Sequence[str]] = {}
    for effect in effects:
        match effect:
            case Record():
                pass
            case Send():
                if marks.silenced(world, step.world, effect):
                    continue
                effect = marks.marked(step.world, effect, now)
                epoch = step.world.epoch(step.world.incidents.get(effect.stream))
                secret = effect.to.chat in step.world.who.ever_encrypted
                split = _cutting(cuts, splits, effect.to.network)
                effect = _editing(step.world, effect)
                token, under = tokens.next(), captions.get(effect.to.network, CAPTIONS)
                if effect.amends:
                    beside = (parts or {}).get(effect.about or "", ())
                    stands, now_shown = copies.standing(beside, effect.to), copies.last_changes(beside)
                    made = outgoing.amended(
                        effect, stands, token, split, epoch, must_encrypt=secret, captions=under, shown=now_shown
                    )
                else:
                    made = outgoing.rows(effect, token, split, epoch, must_encrypt=secret, captions=under)
                if made[0].shows:
                    shown.append((effect.stream, outgoing.disclosed(effect, made[0].send, epoch)))
                if effect.role is not None:
                    about = effect.about or ""
                    tracked = MessageTracked(made[0].send, effect.role, about, effect.partner, effect.to, effect.digest)
                    shown.append((effect.stream, tracked))
                if effect.checkpoint is not None:
                    shown.append((effect.stream, outgoing.posted(effect, effect.checkpoint, made[0].send)))
                _send(step, made, splits)
            case Repeat(send=send, mark=mark):
                row = subjects[send]
                split = _cutting(cuts, splits, row.to.network)
                _send(step, outgoing.repeated(row, mark, tokens.repeat, split), splits)
            case Enter(room=room):
                _send(step, [outgoing.passage(room, tokens.next(), "join")], splits)
            case Leave(room=room):
                _send(step, [outgoing.passage(room, tokens.next(), "leave")], splits)
            case Wake(key=key) | Unwake(key=key):
                step.wakes[key] = effect
            case Redirect(old=old, new=new):
                step.redirects.append((old, new))
            case Drop(send=send, reason=reason):
                step.drops[send] = reason
            case Hush():
                step.hushes.append(effect)
            case Postpone(stream=stream, by=by):
                step.postponed.append((stream, by))
            case Remove(send=send, about=str(about)) if about.startswith("S-"):
                stands = copies.standing((parts or {}).get(about, ()), effect.room)
                gone = [one for one in stands if one.send == send]
                _send(step, [copies.withdrawal(effect, one, tokens.next()) for one in gone], splits)
            case Remove(send=send, about=str(about)) if about.startswith(copies.BESIDES):
                there = [one for one in (parts or {}).get(send, ()) if one.state not in copies.NEVER_STOOD]
                _send(step, [copies.withdrawal(effect, one, tokens.next()) for one in there], splits)
            case Remove(send=send):
                for part in (parts or {}).get(send, ()):
                    if part.state in ("sent", "unknown"):
                        made_one = outgoing.removal(effect, part, tokens.next())
                        asked = RemovalAsked(part.token, made_one.token, effect.about, effect.partner, part.to)
                        shown.append((effect.stream, asked))
                        _send(step, [made_one], splits)
            case EndPoll(said=said, room=room):
                polls = [one for one in copies.standing((parts or {}).get(said, ()), room) if '"poll":{' in one.payload]
                _send(step, [copies.ending(effect, one, tokens.next()) for one in polls], splits)
            case React():
                _send(step, [outgoing.reaction(effect, tokens.next())], splits)
            case Remember(what=what):
                if isinstance(what, Utterance):
                    step.said.append(what)
                elif isinstance(what, ThreadKept):
                    step.threads.append(what)
                else:
                    step.reactions.append(what)
            case _:
                assert_never(effect)
    _record(step, shown, now)
    return step


def _editing(world: World, send: Send) -> Send:
    """A live message edits the one that stands there already, if its network has accepted that."""
    known = world.incidents.get(send.stream)
    if send.role is None or send.role == PROMPT or known is None:
        return send
    live = known.live.get((send.role, send.about or "", send.to))
    return replace(send, replaces=live.message) if live is not None and live.message is not None else send


def _cutting(cuts: dict[tuple[Network, str], Sequence[str]], splits: Splits, network: Network) -> Split:
    """Cut each text once, however many rooms it goes to."""

    def cut(html: str) -> Sequence[str]:
        if (network, html) not in cuts:
            cuts[network, html] = splits[network](html) if network in splits else [html]
        return cuts[network, html]

    return cut


def _send(step: Step, rows: list[OutboxRow], splits: Splits) -> None:
    for row in rows:
        if row.state == "refused":
            step.sends.append(row)
            step.refused.append(row)
        elif row.to.network in splits:
            step.sends.append(row)
        else:
            refused = replace(row, state="refused", reason=NOT_SET_UP)
            step.sends.append(refused)
            step.refused.append(refused)


def _record(step: Step, facts: Sequence[tuple[str, Fact]], now: datetime) -> None:
    """Append facts, and let the world be what they make it."""
    streams: dict[str, list[Kept]] = {}
    compose = canonical.Once(canonical.composed)
    for stream, fact in facts:
        fact = as_read(fact, compose)
        _count(step, fact)
        if isinstance(fact, IncidentOpened):
            digest: str | None = _keep(step, step.world.shelf[fact.playbook])
        else:
            if isinstance(fact, PlaybookProposed):
                _keep(step, _found(step.world, fact))
            elif isinstance(fact, PlaybookReloaded):
                # What begins from now on begins with it too; its file is read again at the next start.
                # What was kept through a restart has lost the name of that file; the playbook that it replaces has it.
                new = replace(step.world.kept[fact.digest], file=step.world.shelf[fact.playbook].file)
                step.world = replace(step.world, shelf={**step.world.shelf, fact.playbook: new})
            known = step.world.incidents.get(stream)
            digest = known.digest if known else _opened(streams.get(stream, ()))
        if stream != DEPLOYMENT and digest is None:
            raise ValueError(f"there is no incident {stream}")
        streams.setdefault(stream, []).append(Kept(stream, _next(step.world, stream, streams), now, digest, fact))
        step.records.append((stream, digest, fact))
    if streams:
        step.world = _folded(step.world, streams, step.counters)


def _keep(step: Step, book: Book) -> str:
    """Keep a playbook's bytes with the database; its digest."""
    step.world = replace(step.world, kept={**step.world.kept, book.digest: book})
    step.playbooks[book.digest] = book.source
    return book.digest


def _found(world: World, fact: PlaybookProposed) -> Book:
    book = world.found[fact.playbook].book
    if book is None or book.digest != fact.digest:
        raise ValueError(f"{fact.playbook} was proposed as {fact.digest}, and is not that")
    return book


def _opened(facts: Sequence[Kept]) -> str | None:
    return facts[0].playbook_sha256 if facts else None


def _next(world: World, stream: str, streams: Mapping[str, list[Kept]]) -> int:
    known = world.incidents.get(stream)
    return (known.size if known else 0) + len(streams.get(stream, ()))


def _folded(world: World, streams: Mapping[str, list[Kept]], counters: Mapping[str, int]) -> World:
    who, incidents = world.who, dict(world.incidents)
    for stream, facts in streams.items():
        if stream == DEPLOYMENT:
            who = deployment.fold(who, facts)
        else:
            became = incident.fold(incidents.get(stream), facts)
            if became is not None:
                incidents[stream] = became
    return replace(world, who=who, incidents=incidents, counters={**world.counters, **counters})


def _count(step: Step, fact: Fact) -> None:
    """Remember the highest number of each letter, so that none is ever used twice."""
    attribute = IDS.get(type(fact))
    found = _SHORT.fullmatch(getattr(fact, attribute)) if attribute is not None else None
    if found is not None:
        letter, number = found[1], int(found[2])
        step.counters[letter] = max(number, step.counters.get(letter, 0), step.world.counters.get(letter, 0))


def _may_be_hushed(row: OutboxRow, stream: str) -> bool:
    """Whether a message of this stream still waits; what is to be removed is removed all the same."""
    return row.stream == stream and row.state in ("pending", "inflight") and outgoing.kind(row) in ("message", "edit")


class Transaction:
    """The steps of one turn. ``take`` gives the rows of a Send that still wait with the courier, and keeps them
    from leaving; ``waiting`` gives those of a stream, and lets them be.
    """

    def __init__(
        self,
        world: World,
        now: datetime,
        take: Callable[[str], Iterable[OutboxRow]],
        waiting: Callable[[str], Iterable[OutboxRow]] = lambda stream: (),
    ) -> None:
        self.world = world
        self.now = now
        self.taken: list[OutboxRow] = []
        self.emptied: dict[str, OutboxRow] = {}
        self._take = take
        self._waiting = waiting
        self._heard: list[InboxRow] = []
        self._cursors: dict[Network, str] = {}
        self._handled: list[int] = []
        self._failed: list[tuple[int, str]] = []
        self._fired: list[str] = []
        self._records: list[tuple[str, str | None, Fact]] = []
        self._sends: dict[str, OutboxRow] = {}
        self._outcomes: dict[str, OutboxChange] = {}
        self._stands: dict[tuple[RoomRef, str], list[OutboxRow]] = {}
        self._dropped: dict[str, list[str]] = {}
        self._redirects: list[tuple[RoomRef, RoomRef]] = []
        self._postponed: list[tuple[str, timedelta]] = []
        self._wakes: dict[str, Deadline] = {}
        self._unwakes: set[str] = set()
        self._counters: dict[str, int] = {}
        self._playbooks: dict[str, bytes] = {}
        self._said: dict[tuple[str, str], Utterance] = {}
        self._reactions: list[ReactionKept] = []
        self._threads: list[ThreadKept] = []

    def handled(self, row: InboxRow) -> None:
        """An event was decided."""
        if row.id:
            self._handled.append(row.id)
        else:
            self._heard.append(row)

    def heard_up_to(self, network: Network, cursor: str | None) -> None:
        """Everything that a network told up to there is on file with this."""
        if cursor is not None:
            self._cursors[network] = cursor

    def failed(self, inbox: int, error: str) -> None:
        """An event could not be decided, and is kept for examination."""
        self._failed.append((inbox, error))

    def fired(self, key: str) -> None:
        """A deadline was seen to."""
        self._fired.append(key)

    def settled(self, key: str) -> bool:
        """Whether an earlier step of this turn set this deadline anew or took it back."""
        return key in self._wakes or key in self._unwakes

    def postponed(self, stream: str) -> bool:
        """Whether an earlier step of this turn put off what this stream waits for."""
        return any(one == stream for one, _ in self._postponed)

    def became(self, change: OutboxChange) -> None:
        """What became of a message; what is said later counts."""
        self._outcomes[change.token] = change

    def keep(self, step: Step) -> list[OutboxRow]:
        """Take a step: the next decision is made in the world it leads to. The messages that it took back before they left."""
        self.world = step.world
        for hush in step.hushes:
            waits = [*self._sends.values(), *self._waiting(hush.stream)]
            step.drops |= {row.send: hush.reason for row in waits if _may_be_hushed(row, hush.stream)}
        self._postponed += step.postponed
        self._records += step.records
        self._sends.update((row.token, row) for row in step.sends)
        self._redirects += step.redirects
        for key, effect in step.wakes.items():
            if isinstance(effect, Wake):
                self._wakes[key] = Deadline(effect.key, effect.stream, effect.at, effect.kind, effect.about)
            else:
                self._wakes.pop(key, None)
                self._unwakes.add(key)
        dropped = [row for send, reason in step.drops.items() for row in self._drop(send, reason)]
        never_left = {row.token for row in dropped}
        for row in step.sends:
            if row.kind == "delete" and row.amends in never_left:
                del self._sends[row.token]  # there is nothing to remove
        for letter, number in step.counters.items():
            self._counters[letter] = max(number, self._counters.get(letter, 0))
        self._playbooks.update(step.playbooks)
        self._said.update({(one.stream, one.id): one for one in step.said})
        self._reactions += step.reactions
        self._threads += step.threads
        return dropped

    def utterance(self, stream: str, said: str) -> Utterance | None:
        """What this turn has made of something that was said, if anything."""
        return self._said.get((stream, said))

    def row(self, token: str) -> OutboxRow | None:
        """A row that this turn adds."""
        return self._sends.get(token)

    def utterance_at(self, room: RoomRef, message: str) -> Utterance | None:
        """What was said under this id in this turn."""
        return next((one for one in self._said.values() if one.message == message and one.room.chat == room.chat), None)

    def stands(self, row: OutboxRow, room: RoomRef, message: str) -> None:
        """A copy has arrived under this name, which is committed with this turn: it may be answered already."""
        self._stands.setdefault((room.chat, message), []).append(row)

    def carried_at(self, room: RoomRef, message: str) -> list[OutboxRow]:
        """The copies that are known under this name since this turn: several where they went as one message."""
        return self._stands.get((room.chat, message), [])

    def polled(self, handle: str, kept: Iterable[Utterance]) -> list[Utterance]:
        """The polls with this second name, of those on file (``kept``) and of this turn, as this turn leaves them."""
        found = {(one.stream, one.id): one for one in kept} | self._said
        polls = [(one, one.spoken.poll) for one in found.values() if one.spoken is not None]
        return [one for one, poll in polls if poll is not None and poll.handle == handle]

    def said_together(self, room: RoomRef, album: str, kept: Iterable[Utterance]) -> list[Utterance]:
        """What was sent as one album in a chat, of what is on file (``kept``) and of this turn, as this turn leaves it."""
        found = {(one.stream, one.id): one for one in kept} | self._said
        return [one for one in found.values() if one.room.chat == room.chat and one.album == album]

    def first_in_topic(self, stream: str, room: RoomRef) -> Utterance | None:
        """The first that was said in a topic in this turn, of all that belongs to this stream."""
        return next((one for one in self._said.values() if (one.stream, one.room) == (stream, room)), None)

    def thread_of(self, room: RoomRef) -> ThreadKept | None:
        """The thread for which a topic was made, as this turn knows."""
        return next((one for one in self._threads if one.room == room), None)

    def reaction(self, room: RoomRef, message: str) -> ReactionKept | None:
        """A reaction of this turn by its own name."""
        return next((one for one in self._reactions if one.message == message and one.room.chat == room.chat), None)

    def about(self, stream: str, about: str, rows: Sequence[OutboxRow]) -> tuple[OutboxRow, ...]:
        """Rows of the store about something, and those that this turn adds, as it leaves them."""
        new = [row for row in self._sends.values() if (row.stream, row.about) == (stream, about)]
        return self._as_left(stream, rows, new)

    def recaps(self, stream: str, said: str, rows: Sequence[OutboxRow]) -> tuple[OutboxRow, ...]:
        """The recaps that show something that was said, of these and of those that this turn adds, that wait or may stand in their rooms."""
        new = [row for row in self._sends.values() if row.stream == stream and copies.tells_again(row.about, said)]
        found = self._as_left(stream, rows, new)
        rooms = dict.fromkeys(row.to for row in found)
        return tuple(row for room in rooms for row in copies.standing(found, room))

    def _as_left(self, stream: str, rows: Sequence[OutboxRow], new: Sequence[OutboxRow]) -> tuple[OutboxRow, ...]:
        known = {row.token for row in rows}
        if any(row.state in ("pending", "inflight") for row in rows):
            # What is claimed ahead has not left, and what waits to be handed over once more may stand: the courier knows, whatever is on file.
            waits = {row.token: row.may_stand for row in self._waiting(stream)}
            rows = [
                replace(row, state="inflight" if waits[row.token] else "pending") if row.token in waits else row
                for row in rows
            ]
        return (*map(self.now_is, rows), *(self.now_is(row) for row in new if row.token not in known))

    def now_is(self, row: OutboxRow) -> OutboxRow:
        """A row of the store as this turn leaves it."""
        change = self._outcomes.get(row.token)
        if change is None:
            return row
        state = "inflight" if row.token in self.emptied else change.state
        return replace(row, state=state, message=change.message or row.message, reason=change.reason)

    def dropped(self, rows: Iterable[OutboxRow], reason: str) -> None:
        """Messages that were taken back before they left. A reason given later counts."""
        for row in rows:
            for name in {row.send, row.token}:
                self._dropped.setdefault(name, []).append(row.token)
            self.became(OutboxChange(row.token, "dropped", reason=reason))

    def _drop(self, send: str, reason: str) -> list[OutboxRow]:
        found = [row for row in self._sends.values() if send in (row.send, row.token) and row.state == "pending"]
        self._sends.update((row.token, replace(row, state="dropped", reason=reason)) for row in found)
        waited = list(self._take(send))
        self.taken += waited
        taken = [row for row in waited if not row.may_stand]
        self.dropped(taken, reason)
        for row in waited:
            if row.may_stand:
                # To everybody else it is still on its way: what became of it is told once its network has said so.
                self.emptied[row.token] = replace(outgoing.emptied(row), state="pending")
                self.became(OutboxChange(row.token, "pending", payload=self.emptied[row.token].payload, reason=reason))
        for token in self._dropped.get(send, ()):
            self.became(OutboxChange(token, "dropped", reason=reason))
        return [*found, *taken]

    @property
    def changes(self) -> Changes:
        """All of it, for the store."""
        return Changes(
            self.now,
            heard=self._heard,
            cursors=self._cursors,
            handled=self._handled,
            failed=self._failed,
            records=self._records,
            sends=list(self._sends.values()),
            outcomes=list(self._outcomes.values()),
            redirects=self._redirects,
            wakes=list(self._wakes.values()),
            postponed=self._postponed,
            unwakes=sorted(self._unwakes),
            fired=self._fired,
            counters=self._counters,
            playbooks=list(self._playbooks.items()),
            said=list(self._said.values()),
            reactions=self._reactions,
            threads=self._threads,
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return self.changes == Changes(self.now)
