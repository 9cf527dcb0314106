"""The partners: what each is and can do, where its ground is, what it may see, and the rooms in which it is reached."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from playbooks.labels import Tlp
from playbooks.rooms import Network, RoomRef
from playbooks.schema_labels import TlpWord
from playbooks.schema_lists import Distinct, Listed, Many, Some
from playbooks.schema_selectors import Kind, Level
from playbooks.schema_words import (
    AreaRef,
    Finding,
    JurisdictionRef,
    Language,
    Localized,
    Name,
    Part,
    RoomUse,
    Text,
    quoted,
    refusal,
)

_MATRIX = re.compile(r"[#!][^\s:]+:[^\s:/]+(:[0-9]{1,5})?|![A-Za-z0-9_-]{43}")


def _matrix(value: str) -> str:
    if not _MATRIX.fullmatch(value) or len(value.encode()) > 255:
        raise refusal(
            Finding(
                "bad-address",
                f"{quoted(value)} is not a Matrix room",
                "write its alias `#room:server` or its id `!room:server`",
            )
        )
    return value


def _telegram(value: int) -> int:
    if value == 0 or abs(value) >= 2**52:
        raise refusal(
            Finding("bad-address", f"{quoted(value)} is not a Telegram chat", "write its id, like -1001234567890")
        )
    return value


def _topic(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal(Finding("bad-address", f"{quoted(value)} is not a topic", "write the number of the topic"))
    if not 0 < value < 2**31:
        raise refusal(Finding("bad-address", f"{quoted(value)} is not a topic", "write its number, 1 or more"))
    return str(value)


class Room(Part):
    """A room that a partner owns: where it is reached, and what for. Everybody who writes there acts for that partner."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["matrix"]}, {"required": ["telegram"]}],
            "dependentRequired": {"topic": ["telegram"]},
        }
    )

    matrix: (
        Annotated[
            str,
            AfterValidator(_matrix),
            WithJsonSchema({"type": "string", "pattern": f"^(?:{_MATRIX.pattern})$", "maxLength": 255}),
        ]
        | None
    ) = None
    """A Matrix room, by its alias or its id, in quotes. Either this or `telegram`.

    Example: `"#liege-fire:example.org"`
    """
    telegram: (
        Annotated[
            int,
            AfterValidator(_telegram),
            WithJsonSchema(
                {"type": "integer", "not": {"const": 0}, "exclusiveMinimum": -(2**52), "exclusiveMaximum": 2**52}
            ),
        ]
        | None
    ) = None
    """A Telegram chat, by its id; groups begin with -100. `/help`, written there, tells the id. Either this or `matrix`.

    Example: `-1001000000001`
    """
    topic: (
        Annotated[
            str,
            BeforeValidator(_topic),
            WithJsonSchema({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2**31}),
        ]
        | None
    ) = None
    """The number of a topic in a Telegram chat. Without it: the chat itself. Topics of one chat have the same readers.

    Example: `4`
    """
    for_: Annotated[Many[RoomUse], Distinct()] = Field(default=("alerts", "checkins"), alias="for")
    """What it is used for: `alerts`, `checkins`, channels by their names. Without it: alerts and check-ins.

    Example: `[alerts, checkins, ops]`
    """
    exercises: bool = False
    """`true`: only exercises come here, never the real thing. Without it: only the real thing.

    Example: `true`
    """

    @property
    def network(self) -> Network:
        """The network it is on."""
        return "matrix" if self.matrix is not None else "telegram"

    @property
    def id(self) -> str:
        """The network's name for it as written: `#alias:server`, `!id`, `-100…`."""
        return self.matrix if self.matrix is not None else str(self.telegram)

    @property
    def ref(self) -> RoomRef:
        """Its address as written. A Matrix alias must be resolved to the room's id before anything is pinned to it."""
        return RoomRef(self.network, self.id, self.topic)


def _room(value: Room) -> Room:
    if value.matrix is None and value.telegram is None:
        raise refusal(
            Finding(
                "missing-key", "this room is on no network", 'write `{matrix: "#room:server"}` or `{telegram: -100…}`'
            )
        )
    if value.matrix is not None and value.telegram is not None:
        raise refusal(
            Finding("conflicting-keys", "this room is on two networks", "write two rooms", ("telegram",), True)
        )
    if value.topic is not None and value.telegram is None:
        raise refusal(
            Finding("misplaced-key", "only Telegram chats have topics", "leave `topic` out", ("topic",), True)
        )
    return value


class Clearance(Part):
    """Up to what a partner may be shown."""

    tlp: TlpWord = Tlp.CLEAR
    """The highest level it may be shown. Without it: only what is `clear`.

    Example: `amber`
    """
    compartments: Many[Name] = ()
    """The circles it belongs to; what lies in another circle is withheld from it, whatever its level. Without any: none.

    Example: `[medical]`
    """


_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{1,30}")


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise refusal(
            Finding("bad-address", f"{quoted(value)} is not a telephone number", 'write it like "+3240000001"')
        )
    return value


_WITNESS = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+B[A-P][A-Za-z0-9+/]{42}")
"""A C2SP vkey of algorithm 04: 33 bytes, of which the first is 04, are 44 characters that begin so."""


def _witness(value: str) -> str:
    name, _, rest = value.partition("+")
    key_id, _, key = rest.partition("+")
    if not _WITNESS.fullmatch(value) or sha256(name.encode() + b"\n" + b64decode(key)).hexdigest()[:8] != key_id:
        raise refusal(
            Finding(
                "bad-address",
                f"{quoted(value)} is not a witness's key",
                "write the line that `tocsin witness new` printed, whole and in quotes",
            )
        )
    return value


class Partner(Part):
    """An organisation: what it is, what it can do, where its ground is, what it may see, and where it is reached."""

    name: Text
    """What people call it; every partner reads it in `/who` and at the head of its alerts.

    Example: `IILE-SRI Liège`
    """
    kind: Kind
    """What sort of organisation it is. Rules can mean all of a kind.

    Example: `fire`
    """
    level: Level
    """On which level of government it stands.

    Example: `local`
    """
    jurisdiction: JurisdictionRef
    """Whose law it is under. What it says has its origin there, and what it is shown must be allowed to come there.

    Example: `be`
    """
    mandate: Localized | None = None
    """What it is there for, in a sentence that others understand. Without it they see only its name and kind.

    Example: `{en: Fire and rescue service of 22 municipalities}`
    """
    competences: Annotated[Many[Name], Distinct()] = ()
    """What it can and may do, in free words. Alerts (`by`, `to`) and rules ask for them. Without any, nothing that asks for a
    competence finds it.

    Example: `[rescue, pumping]`
    """
    covers: Annotated[Some[AreaRef], Distinct()] = ()
    """Its ground: the areas in which its competences hold and for which it may issue alerts. Without it: every area of its
    jurisdiction.

    Example: `[chenee, liege]`
    """
    clearance: Clearance = Clearance()
    """Up to what it may be shown, whatever the rules permit. Without it: only what is `clear`.

    Example: `{tlp: amber, compartments: [medical]}`
    """
    languages: Annotated[Many[Language], Distinct()] = ()
    """The languages its people read, the best first. Without any: that of its jurisdiction, else the playbook's first.

    Example: `[fr, de]`
    """
    phone_24h: (
        Annotated[str, AfterValidator(_phone), WithJsonSchema({"type": "string", "pattern": f"^(?:{_PHONE.pattern})$"})]
        | None
    ) = None
    """The number that is answered day and night, in quotes. Whoever could not be reached is named with it. Without it nobody
    knows whom to ring.

    Example: `"+3240000001"`
    """
    witness: (
        Annotated[
            str,
            AfterValidator(_witness),
            WithJsonSchema({"type": "string", "pattern": f"^(?:{_WITNESS.pattern})$"}),
        ]
        | None
    ) = None
    """The public key with which it cosigns the log, on one line, in quotes, as `tocsin witness new` prints it. Without it nobody else can tell
    that a cosignature is its own.

    Example: `"liege-fire+919482e8+BC1G8gWAWcmcfkRdwQrzB7mTeXglub+nWlwQFBx0EZYO"`
    """
    rooms: Listed[Annotated[Room, AfterValidator(_room)]] = ()
    """Where it is reached. Without any, coordinators bind a room to it during the crisis (`/bind`), and until then it gets nothing.

    Example: `[{matrix: "#liege-fire:example.org"}]`
    """
    listed: bool = True
    """`false`: the other partners are not told that it takes part. Without it: they are.

    Example: `false`
    """
