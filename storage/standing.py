"""How a log stands to the checkpoints that somebody kept of it: all of them are looked at, and the worst that one of them shows is what counts.

More that was kept never makes it better: a checkpoint that agrees hides none that does not, and one that no key of the log signed says nothing, however
large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.notes import Checkpoint, Signature, Verifier, parse_checkpoint, split_note

Standing = Literal["not ours", "part", "rolled back", "replaced"]

WORST: Sequence[str] = ("replaced", "rolled back", "part", "not ours")
"""The worst first. ``replaced``: another log of that size was signed; ``rolled back``: a larger one; ``part``: the log goes on from it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that somebody else has, with the text that was signed."""

    said: Checkpoint
    text: str
    signatures: Sequence[Signature]

    @classmethod
    def read(cls, note: str) -> Seen:
        """Raises BadNote."""
        text, signatures = split_note(note)
        return cls(parse_checkpoint(text), text, signatures)

    def by(self, keys: Collection[Verifier]) -> bool:
        """Whether one of these keys signed it."""
        return any(key.verifies(one, self.text) for one in self.signatures for key in keys)


def worst(
    kept: Iterable[Seen], keys: Collection[Verifier], size: int, root_at: Callable[[int], bytes]
) -> tuple[Standing, Seen | None]:
    """The worst that checkpoints of one log show of it, and the largest of them that shows it; ``not ours`` where no key of the log signed any.

    ``size``: the log's entries; ``root_at``: its root (32 bytes) at a size of 0 to that. Where nothing worse could come of one, its signature is not
    looked at: a file may have a checkpoint of each minute.
    """
    found: Standing = "not ours"
    shown: Seen | None = None
    for one in sorted(kept, key=lambda seen: seen.said.size, reverse=True):
        stands: Standing = "rolled back"
        if one.said.size <= size:
            stands = "part" if root_at(one.said.size) == one.said.root else "replaced"
        if WORST.index(stands) < WORST.index(found) and one.by(keys):
            found, shown = stands, one
        if found == "replaced":
            break
    return found, shown
