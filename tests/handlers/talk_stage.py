"""The border's rooms as one channel, on the stage: what is said there, found again as the engine would find it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from handlers import happened, hear
from handlers.events import Befalls, Came, Delivery, Talk
from handlers.world import Request
from playbooks.load import Book, parse
from playbooks.restricted import restricted
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.effects import Drop, Effect, EndPoll, React, Remember, RemoveBeside, RemoveCopy, Send
from storage.facts import Said
from storage.store import Beside, OutboxRow, Utterance
from tests.handlers.border_stage import CITY, LIAISON, MAYOR, OFFICER, SOMEBODY
from tests.handlers.stage import Stage
from tests.playbooks.border import BORDER, NOON

OPS = """
channels:
  ops:
    title: {en: Operations, fr: Opérations}
    members: everyone
    label: {tlp: amber}
    purpose: flood-control
    under: three
    speaker: person
"""


def channel_book(*changes: tuple[str, str], channels: str = OPS) -> Book:
    """The border playbook, all of whose rooms are the operations channel's, with passages replaced that each stand in it once."""
    text = "\n".join(
        line.replace("}", ", for: [alerts, checkins, ops]}") if "rooms: [{" in line else line
        for line in BORDER.splitlines()
    )
    text += channels
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse(text.encode(), "border.yaml")


@dataclass
class TalkStage(Stage):
    """Keeps what was said and every row about it."""

    said: dict[str, Utterance] = field(default_factory=dict)
    rows: dict[str, list[OutboxRow]] = field(default_factory=dict)
    reacts: list[React] = field(default_factory=list)
    removes: list[RemoveCopy | RemoveBeside] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)
    ends: list[EndPoll] = field(default_factory=list)

    def apply(self, effects: list[Effect]) -> list[Effect]:
        for effect in effects:
            if isinstance(effect, Remember) and isinstance(effect.what, Utterance):
                self.said[effect.what.id] = effect.what
            elif isinstance(effect, Send) and effect.carries is not None:
                kind = "edit" if effect.amends else "message"
                rows = self.rows.setdefault(str(effect.about), [])
                token = f"{effect.about}-{len(rows)}"
                payload = json.dumps({"kind": kind}, separators=(",", ":"))
                rows.append(
                    OutboxRow(
                        token, token, effect.stream, effect.to, 3, payload, effect.about, effect.partner, shows=True
                    )
                )
            elif isinstance(effect, React):
                self.reacts.append(effect)
            elif isinstance(effect, RemoveCopy | RemoveBeside):
                self.removes.append(effect)
            elif isinstance(effect, EndPoll):
                self.ends.append(effect)
            elif isinstance(effect, Drop):
                self.drops.append(effect)
        return super().apply(effects)

    def speak(self, room: RoomRef, words: str, identity: str | None = SOMEBODY, **more: object) -> list[Send]:
        """Somebody says something (``words`` are restricted HTML); what is sent in consequence."""
        self.count += 1
        spoken = more.pop("spoken", None) or Spoken(restricted(words))
        album = spoken.file.album if spoken.file is not None else None  # type: ignore[attr-defined]
        more.setdefault("album", self.beside(room, album))
        request = Request(
            self.now, b"seed", room, False, identity, str(more.pop("name", "Bo")), words, message=f"m{self.count}",
            spoken=spoken, at=self.now, **more,  # type: ignore[arg-type]
        )  # fmt: skip
        before = len(self.sent)
        self.apply(hear(self.world, request))
        return self.sent[before:]

    def beside(self, room: RoomRef, album: str | None) -> tuple[Beside, ...]:
        """What was sent as one album in a room, with every row about it."""
        said = [one for one in self.said.values() if album is not None and (one.room, one.album) == (room, album)]
        return tuple(Beside(one, tuple(self.rows.get(one.id, ()))) for one in said)

    def last(self) -> Utterance:
        """What was said last."""
        return list(self.said.values())[-1]

    def fact(self) -> Said:
        """The fact of what was said last."""
        fact = self.of(Said)[-1]
        assert isinstance(fact, Said)
        return fact

    def befalls(self, kind: Befalls, said: Utterance, **more: object) -> list[Send]:
        """Something befalls what was said; what is sent in consequence."""
        room = more.pop("room", said.room)
        if kind == "edited":
            more.setdefault("identity", MAYOR)
            beside = self.beside(said.room, said.album)
            more.setdefault("album", tuple(one for one in beside if one.said.id != said.id))
        event = Talk(kind, said, tuple(self.rows.get(said.id, ())), room, self.now, "key", **more)  # type: ignore[arg-type]
        before = len(self.sent)
        self.apply(happened(self.world, Came(event, self.now, b"seed")))
        return self.sent[before:]

    def becomes(self, said: str, number: int, state: str, reason: str = "") -> list[Effect]:
        """A network's answer for one copy."""
        rows = self.rows[said]
        rows[number] = replace(rows[number], state=state, message=f"c{number}")  # type: ignore[arg-type]
        event = Delivery(
            rows[number],
            state,
            f"c{number}",
            reason,
            said=self.said[said],
            copies=tuple(rows),  # type: ignore[arg-type]
        )
        return self.happen(event)

    def all_become(self, said: str, state: str = "sent") -> list[Effect]:
        """The same answer for every copy."""
        return [effect for number in range(len(self.rows[said])) for effect in self.becomes(said, number, state)]


def talking(*changes: tuple[str, str], channels: str = OPS) -> TalkStage:
    """Noon in Brussels, an incident begun, every room in the channel."""
    stage = TalkStage.set(channel_book(*changes, channels=channels))
    assert isinstance(stage, TalkStage)
    stage.now = NOON
    for identity, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (LIAISON, "liaison", "fire"),
    ):
        stage.enrol(identity, role, partner)
    stage.say(CITY, "/activate border", MAYOR)
    stage.sent.clear()
    return stage


def rooms_of(sent: list[Send]) -> set[RoomRef]:
    """Where something was sent."""
    return {send.to for send in sent}
