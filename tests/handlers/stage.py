"""A stage for the handlers alone: a world, and what people say on it. Effects are applied as the engine would, without one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.calendar import WallCalendar
from handlers import due, happened, hear, marks, started
from handlers.events import Came, Delivery, Event, Resolved
from handlers.world import Request, World
from playbooks.load import Book, load, parse
from playbooks.rooms import RoomRef
from storage import canonical, deployment, incident
from storage.effects import Effect, Hush, Postpone, Record, Send, Unwake, Wake
from storage.facts import (
    DEPLOYMENT,
    IDS,
    Disclosed,
    Fact,
    IncidentOpened,
    MessageDropped,
    MessageTracked,
    PlaybookProposed,
)
from storage.facts.codec import as_read
from storage.store import Deadline, Kept, Mentioned, OutboxRow

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
LIBRARY = Path(__file__).parents[2] / "playbooks" / "library"
ADMIN = "telegram:501"


def shipped(name: str = "meuse-flood") -> Book:
    """A shipped playbook."""
    return load(LIBRARY / f"{name}.yaml")


def book_from(text: str) -> Book:
    """A playbook from its text."""
    return parse(text.encode(), "test.yaml")


@dataclass
class Stage:
    """The world as it goes on, the facts in order, and what every room was sent."""

    world: World
    now: datetime = NOW
    facts: list[Kept] = field(default_factory=list)
    sent: list[Send] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    count: int = 0
    pending: dict[str, Wake] = field(default_factory=dict)
    tokens: dict[str, Send] = field(default_factory=dict)
    landed: set[str] = field(default_factory=set)

    @classmethod
    def set(cls, *books: Book, encrypted: bool = True) -> Stage:
        """A deployment with these playbooks, every room they name bound, Matrix rooms encrypted or not."""
        shelf = {book.playbook.playbook: book for book in books or (shipped(),)}
        stage = cls(World("test", shelf, {}, admins=frozenset({ADMIN}), calendar=WallCalendar()))
        stage.apply(started(stage.world, stage.now))
        for book in shelf.values():
            named = [room for who in book.playbook.partners.values() for room in who.rooms if room.id.startswith("#")]
            rooms = tuple((str(room.ref), RoomRef("matrix", "!" + room.id[1:])) for room in named)
            stage.happen(Resolved("matrix", rooms))
            if encrypted:
                from storage.facts import RoomObserved

                stage.apply(
                    [
                        Record(DEPLOYMENT, RoomObserved(ref, True, False, False, False, False, False, ""))
                        for _, ref in rooms
                    ]
                )
        return stage

    def apply(self, effects: list[Effect]) -> list[Effect]:
        """Fold the facts, keep the messages."""
        before = self.world
        for effect in effects:
            if isinstance(effect, Record):
                self._keep(effect.stream, effect.fact)
            elif isinstance(effect, Send):
                if marks.silenced(before, self.world, effect):
                    continue
                effect = marks.whole(marks.marked(self.world, effect, self.now))
                assert effect.body.only in (None, effect.to), "cleared for another room"
                self.count += 1
                self.sent.append(effect)
                if effect.body.shows:
                    label = str(effect.body.label.tlp)
                    self._keep(
                        effect.stream,
                        Disclosed(
                            f"send{self.count}",
                            effect.about or "",
                            effect.partner,
                            effect.to,
                            effect.language,
                            label,
                            0,
                            effect.body.shows,
                        ),
                    )
                if effect.role is not None:
                    tracked = MessageTracked(
                        f"send{self.count}",
                        effect.role,
                        effect.about or "",
                        effect.partner,
                        effect.to,
                        effect.digest,
                    )
                    self._keep(effect.stream, tracked)
                self.tokens[f"send{self.count}"] = effect
            elif isinstance(effect, Wake):
                self.wakes.append(effect)
                self.pending[effect.key] = effect
            elif isinstance(effect, Unwake):
                self.pending.pop(effect.key, None)
            elif isinstance(effect, Hush):
                self._hush(effect)
            elif isinstance(effect, Postpone):
                later = {k: w for k, w in self.pending.items() if w.stream == effect.stream}
                self.pending |= {key: replace(wake, at=wake.at + effect.by) for key, wake in later.items()}
        return effects

    def _hush(self, effect: Hush) -> None:
        """What no network has accepted of a stream is never sent."""
        for token, send in self.tokens.items():
            if send.stream == effect.stream and token not in self.landed:
                self.landed.add(token)
                self._keep(effect.stream, MessageDropped(token, send.to, effect.reason))

    def _keep(self, stream: str, fact: Fact) -> None:
        fact = as_read(fact, canonical.composed)  # as a restart would find it
        world = self.world
        opened = world.incidents.get(stream)
        digest = opened.digest if opened else None
        if isinstance(fact, IncidentOpened):
            book = world.shelf[fact.playbook]
            digest = book.digest
            world = replace(world, kept={**world.kept, digest: book})
        if isinstance(fact, PlaybookProposed):
            book = world.found[fact.playbook].book
            assert book is not None
            world = replace(world, kept={**world.kept, fact.digest: book})
        kept = Kept(stream, sum(1 for each in self.facts if each.stream == stream), self.now, digest, fact)
        self.facts.append(kept)
        counters = dict(world.counters)
        attribute = IDS.get(type(fact))
        if attribute is not None:
            letter, _, number = getattr(fact, attribute).partition("-")
            counters[letter] = max(counters.get(letter, 0), int(number))
        if stream == DEPLOYMENT:
            world = replace(world, who=deployment.fold(world.who, [kept]))
        else:
            after = incident.fold(world.incidents.get(stream), [kept])
            assert after is not None
            world = replace(world, incidents={**world.incidents, stream: after})
        self.world = replace(world, counters=counters)

    def happen(self, event: Event) -> list[Effect]:
        """Something a network reports."""
        return self.apply(happened(self.world, Came(event, self.now, b"seed")))

    def accepted(self, send: Send, message: str = "m") -> list[Effect]:
        """A network accepts a message; what follows from it."""
        token = next(name for name, one in self.tokens.items() if one is send)
        self.landed.add(token)
        row = OutboxRow(
            token,
            token,
            send.stream,
            send.to,
            int(send.urgency),
            "{}",
            send.about,
            send.partner,
            shows=bool(send.body.shows),
        )
        return self.happen(Delivery(row, "sent", message + token))

    def fall_due(self, until: datetime) -> list[Effect]:
        """Let time pass: every deadline that is set until then falls due at its time, the earliest first."""
        effects: list[Effect] = []
        while True:
            pending = sorted(self.pending.values(), key=lambda wake: wake.at)
            if not pending or pending[0].at > until:
                break
            wake = pending[0]
            del self.pending[wake.key]
            self.now = max(self.now, wake.at)
            effects += self.apply(
                due(self.world, Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), self.now)
            )
        self.now = max(self.now, until)
        return effects

    def say(self, room: RoomRef | str, text: str, identity: str = ADMIN, **more: object) -> list[Send]:
        """Somebody says or taps something; what is sent in consequence."""
        self.now += timedelta(seconds=1)
        self.count += 1
        ref = room if isinstance(room, RoomRef) else RoomRef.parse(room)
        request = Request(
            self.now,
            f"seed{self.count}".encode(),
            ref,
            bool(more.pop("private", False)),
            identity,
            identity,
            text,
            **more,
        )  # type: ignore[arg-type]
        before = len(self.sent)
        self.apply(hear(self.world, request))
        return self.sent[before:]

    def enrol(self, identity: str, role: str, partner: str | None) -> str:
        """An invitation by the administrator, redeemed in a private chat. Returns the person's id."""
        asked = self.say("telegram:501", f"/invite {role} {partner or ''}", private=True)
        code = asked[-1].body.text.split("/start ")[1].split()[0]
        network, _, number = identity.partition(":")
        self.say(
            RoomRef(network, number if network == "telegram" else "!dm" + number),
            f"/start {code}",
            identity,
            private=True,
        )  # type: ignore[arg-type]
        person = self.world.who.person(identity)
        assert person is not None
        return person.id

    def about(self, send: Send) -> Mentioned:
        """A message of ours, as something a person replies to."""
        return Mentioned("t", send.stream, send.about, send.partner, send.to, "{}")

    def of(self, kind: type[Fact]) -> list[Fact]:
        """The facts of one kind."""
        return [kept.fact for kept in self.facts if isinstance(kept.fact, kind)]
