"""Where people talk: the address of a room on a network.

A room is a Matrix room or a Telegram chat or topic, owned by one partner. Its address is pinned to the
network's own identifier (a Matrix room id, a Telegram chat id), never to an alias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Network = Literal["telegram", "matrix"]
NETWORKS: tuple[Network, ...] = get_args(Network)


@dataclass(frozen=True, slots=True, order=True)
class RoomRef:
    """The address of a room: network, the network's id for it, and the topic inside it, if any."""

    network: Network
    id: str
    topic: str | None = None

    def __str__(self) -> str:
        return f"{self.network}:{self.id}" + (f"/{self.topic}" if self.topic is not None else "")

    @classmethod
    def parse(cls, text: str) -> RoomRef:
        """Read what ``str`` wrote. Raises ValueError for anything else."""
        network, colon, rest = text.partition(":")
        if network not in NETWORKS or not colon or not rest:
            raise ValueError(f"not a room address: {text!r}")
        room, slash, topic = rest.rpartition("/") if network == "telegram" else (rest, "", "")
        if not slash:
            room, topic = rest, ""
        return cls(network, room, topic or None)

    @property
    def chat(self) -> RoomRef:
        """The room without its topic: what a network's limits and memberships apply to."""
        return self if self.topic is None else RoomRef(self.network, self.id)
