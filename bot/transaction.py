"""Several decisions, carried out against one world after the other, and committed together or not at all.

``Transaction`` gathers their steps: those of one turn. All of it happens at one instant, and so says the log whenever it is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import copies, outgoing
from bot.step import Step
from handlers.world import World
from playbooks.rooms import Network, RoomRef
from storage.effects import Stamp, Wake
from storage.facts import Fact
from storage.store import (
    Changes,
    Deadline,
    InboxRow,
    OutboxChange,
    OutboxRow,
    ReactionKept,
    ThreadKept,
    Utterance,
)


def _may_be_hushed(row: OutboxRow, stream: str) -> bool:
    """Whether a message of this stream still waits; what is to be removed is removed all the same."""
    return row.stream == stream and row.state in ("pending", "inflight") and outgoing.kind(row) in ("message", "edit")


class Transaction:
    """The steps of one turn.

    ``take`` gives the rows of a Send that still wait with the courier, and keeps them from leaving; ``waiting`` gives those of a stream, and
    ``waits`` one by its token, and let them be.
    """

    def __init__(
        self,
        world: World,
        now: datetime,
        take: Callable[[str], Iterable[OutboxRow]],
        waiting: Callable[[str], Iterable[OutboxRow]] = lambda stream: (),
        waits: Callable[[str], OutboxRow | None] = lambda token: None,
    ) -> None:
        self.world = world
        self.now = now
        self.taken: list[OutboxRow] = []
        self.emptied: dict[str, OutboxRow] = {}
        self._take = take
        self._waiting = waiting
        self._waits = waits
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
        self.stamps: list[Stamp] = []

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
        self.stamps += step.stamps
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
        return self._as_left(rows, new)

    def recaps(self, stream: str, said: str, rows: Sequence[OutboxRow]) -> tuple[OutboxRow, ...]:
        """The recaps that show something that was said, of these and of those that this turn adds, that wait or may stand in their rooms."""
        new = [row for row in self._sends.values() if row.stream == stream and copies.tells_again(row.about, said)]
        found = self._as_left(rows, new)
        rooms = dict.fromkeys(row.to for row in found)
        return tuple(row for room in rooms for row in copies.standing(found, room))

    def _as_left(self, rows: Sequence[OutboxRow], new: Sequence[OutboxRow]) -> tuple[OutboxRow, ...]:
        known = {row.token for row in rows}
        stand = map(self._where_it_is, rows)
        return (*map(self.now_is, stand), *(self.now_is(row) for row in new if row.token not in known))

    def _where_it_is(self, row: OutboxRow) -> OutboxRow:
        """A row of the store as the courier has it: what is claimed ahead has not left, and what waits to be handed over once more may stand."""
        waits = self._waits(row.token) if row.state in ("pending", "inflight") else None
        return row if waits is None else replace(row, state="inflight" if waits.may_stand else "pending")

    def now_is(self, row: OutboxRow) -> OutboxRow:
        """A row of the store as this turn leaves it."""
        change = self._outcomes.get(row.token)
        if change is None:
            return row
        state = "inflight" if row.token in self.emptied else change.state
        payload = change.payload if change.state == "sent" and change.payload is not None else row.payload
        return replace(row, state=state, message=change.message or row.message, reason=change.reason, payload=payload)

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
