"""What the log can show for itself beyond its own word: the chain of its keys, who cosigned it, and how it stands to what somebody kept."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage import checkpoints, keys, log, rotation, tree
from storage.checkpoints import SideFile, Signed
from storage.connection import Connection
from storage.cosigning import Cosigned, Request, Witness
from storage.facts import DEPLOYMENT, CheckpointCosigned, CheckpointStamped, Fact, KeyReplaced
from storage.notes import BadNote, Signer, Verifier, parse_checkpoint, split_note
from storage.queries import SQL
from storage.stamping import BadStamp, Question, Stamped, imprint, of_token, question, stamped
from storage.standing import Seen, worst
from storage.store import Changes, Compared, StorageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Ends = Mapping[Verifier, Mapping[str, int] | None]
"""The keys that signed, each with the sizes of streams up to which it did; None: whatever their size."""

LOOKED_AT = 1000
"""So many checkpoints that came back are known again, and not held against the log anew."""


class KeepsEvidence(ABC):
    """The store's operations on evidence. A part of ``SqliteStore``."""

    _connection: Connection
    _signed: SideFile
    folder: Path
    signer: Signer

    def __init__(self) -> None:
        self._looked_at: dict[bytes, None] = {}

    @abstractmethod
    async def commit(self, changes: Changes) -> None: ...

    @abstractmethod
    async def checkpoint(self, stream: str) -> str | None: ...

    @abstractmethod
    async def consistency(self, stream: str, first: int, second: int) -> Sequence[bytes]: ...

    @abstractmethod
    async def sign(self, now: datetime, streams: Collection[str] | None = None) -> Sequence[str]: ...

    async def key_chain(self) -> list[str]:
        """The links from the first signing key to the one that signs now: notes, oldest first; empty where there was one key only."""
        rows = await self._connection.read("evidence", (DEPLOYMENT,))
        return [said["note"] for said in _of(rows, KeyReplaced, "note")]

    async def cosigned(self, stream: str) -> list[Cosigned]:
        """The checkpoints of a stream that partners' keys signed too, in the order in which they came."""
        rows = await self._connection.read("evidence", (stream,))
        whole = _of(rows, CheckpointCosigned, "note", "partner", "vkey")
        return [Cosigned(said["note"], said["partner"], said["vkey"]) for said in whole]

    async def stamped(self, stream: str) -> list[Stamped]:
        """The checkpoints of a stream that an authority stamped with the time, in the order in which its answers came."""
        rows = await self._connection.read("evidence", (stream,))
        found = []
        for said in _of(rows, CheckpointStamped, "note", "token"):
            with suppress(BadStamp):
                found.append(of_token(said["note"], said["token"]))
        return found

    async def to_stamp(self, stream: str, now: datetime) -> Question:
        """What an authority is asked about the log as it is now, in a file that somebody carries. Raises StorageError."""
        await self.sign(now, (stream,))
        note = await self.checkpoint(stream)
        if note is None:
            raise StorageError(f"no log called {stream} is on file")
        return question(note, nonce=False)

    async def keep_stamp(
        self, stream: str, answer: bytes, roots: Sequence[Certificate], now: datetime, *, playbook: str | None
    ) -> CheckpointStamped:
        """Record an authority's stamp of a checkpoint of this stream, whichever it is; once. Raises StorageError for what is none, or leads to none of
        the roots, where there are any."""
        try:
            wanted = imprint(answer)
            notes = [note for (note,) in await self._connection.read("checkpoints_of", (stream,))]
            note = next((one for one in notes if sha256(one.encode()).digest() == wanted), None)
            if note is None:
                raise BadStamp(f"it stamps no checkpoint of {stream}")
            stamp = stamped(Question(note, b"", None), answer, roots)
        except BadStamp as error:
            raise StorageError(
                f"this cannot be kept: {error}; ask the authority again with the file of `tocsin stamp`"
            ) from error
        said = parse_checkpoint(split_note(note)[0])
        fact = CheckpointStamped(said.size, said.root.hex(), stamp.authority, stamp.at, note, stamp.token)
        if stamp not in await self.stamped(stream):
            await self.commit(Changes(now, records=[(stream, playbook, fact)]))
        return fact

    async def compared(self, note: str) -> Compared:
        """Hold a checkpoint that somebody kept against the log as it is now. Its signature counts, not where it was kept."""
        return next(iter(await self.compared_all([note])), Compared("no checkpoint"))

    async def compared_all(self, notes: Sequence[str]) -> list[Compared]:
        """``compared`` for all that somebody kept: of each log that a checkpoint is of, the worst, in the order of their origins. What is no checkpoint
        is left out. A key that was replaced, which a thief may have, counts for no more entries than there were then."""
        kept: dict[str, list[Seen]] = {}
        for note in notes:
            with suppress(BadNote):
                seen = Seen.read(note)
                kept.setdefault(seen.said.origin, []).append(seen)

        streams = {
            stream for name, _, stream in (origin.rpartition("/") for origin in kept) if name == self.signer.name
        }
        ends = await self._connection.write(lambda inner: _ends(inner, self.signer.verifier.vkey, streams))
        # Signatures before the transaction, while which nobody can write: a file may have very many that anybody made up.
        ours = {
            origin: [one for one in seen if origin.rpartition("/")[0] == self.signer.name and _in_its_time(one, ends)]
            for origin, seen in kept.items()
        }

        def work(inner: sqlite3.Connection) -> list[Compared]:
            return [_compared(inner, list(ends), origin, ours[origin], seen) for origin, seen in sorted(kept.items())]

        return await self._connection.write(work)

    async def reminded(self, note: str, now: datetime) -> bool:
        """Hold a checkpoint that came back against the log, whoever brought it. Whether the log is not what it was signed over: then ``checkpoints.log``
        knows it from now on, so that ``rolled_back`` says so and no more of that log is signed. One that agrees, or that nobody here signed, is looked at once.
        """
        digest = sha256(note.encode("utf-8", "replace")).digest()
        if digest in self._looked_at:
            return False
        found = await self.compared(note)
        if found.stands in ("rolled back", "replaced") and found.stream is not None and found.said is not None:
            stream, signed = found.stream, Signed(found.said.size, found.said.root)
            await self._connection.write(lambda inner: checkpoints.remind(self._signed, stream, signed, note, now))
            return True
        self._looked_at[digest] = None
        if len(self._looked_at) > LOOKED_AT:
            del self._looked_at[next(iter(self._looked_at))]
        return False

    async def request(self, stream: str, since: int, now: datetime) -> Request:
        """What a witness is asked to cosign: the state now, with the proof that it continues the log of ``since`` entries.

        Raises StorageError, as where the log is shorter than what the witness has signed.
        """
        await self.sign(now, (stream,))
        note = await self.checkpoint(stream)
        if note is None:
            raise StorageError(f"no log called {stream} is on file")
        size = parse_checkpoint(split_note(note)[0]).size
        if since > size:
            raise StorageError(
                f"the log of {stream} has {size} entries, and the witness signed {since}: an older database was put back, or the number is wrong. "
                "Restore the newest backup and tell the partners"
            )
        return Request(since, await self.consistency(stream, since, size) if since else (), note)

    async def keep_cosigned(
        self, stream: str, note: str, partner: str, vkey: str, now: datetime, *, playbook: str | None, confirmed: bool
    ) -> CheckpointCosigned:
        """Record that a partner's key signed a checkpoint of this stream; once, and once more when the playbook names the key by then.

        Raises StorageError for one that did not, or is not this log's.
        """
        try:
            witness, (text, signatures) = Witness.parse(vkey), split_note(note)
        except BadNote as error:
            raise StorageError(f"this cannot be read: {error}") from error
        compared = await self.compared(note)
        if compared.stands != "part" or compared.stream != stream or compared.said is None:
            raise StorageError(refusal(stream, compared))
        if not any(witness.signed_at(one, text) for one in signatures):
            raise StorageError(f"{witness.vkey} did not sign this; ask the partner which key it used")
        said = compared.said
        rows = await self._connection.read("evidence", (stream,))
        whole = _of(rows, CheckpointCosigned, "note", "partner", "vkey", "size", "confirmed")
        known = {(one["partner"], one["vkey"], one["size"], one["confirmed"]) for one in whole}
        fact = CheckpointCosigned(said.size, said.root.hex(), partner, vkey, note, confirmed)
        if (partner, vkey, said.size, confirmed) not in known:
            await self.commit(Changes(now, records=[(stream, playbook, fact)]))
        return fact

    async def replace_key(self, reason: str, by: str, now: datetime) -> str:
        """Sign with a new key from here on. Returns its link, which both keys signed. Only while no bot runs.

        A crash at any step leaves either the old key, and nothing recorded, or a record that the next start carries out.
        """
        await self.sign(now)
        following = keys.make_following(self.folder, self.signer.name)
        if following.verifier.public == self.signer.verifier.public:
            name = self.folder / keys.FOLLOWING
            raise StorageError(f"{name} holds the key that signs already: remove that file, and do this again")
        note = rotation.link(self.signer, following, now)
        old, new = self.signer.verifier.vkey, following.verifier.vkey
        await self.commit(Changes(now, records=[(DEPLOYMENT, None, KeyReplaced(old, new, reason, note, by))]))
        self.signer = keys.adopt(self.folder, self.signer.name)
        await self.sign(now)
        return note


async def replaced(connection: Connection, folder: Path, signer: Signer) -> Signer:
    """The key that signs: where a replacement was recorded and the program died before the new key was put in its place, finish that."""
    following = keys.following(folder, signer.name)
    if following is None:
        return signer
    rows = await connection.read("evidence", (DEPLOYMENT,))
    recorded = [said["new"] for said in _of(rows, KeyReplaced, "note", "new")]
    return keys.adopt(folder, signer.name) if recorded[-1:] == [following.verifier.vkey] else signer


def refusal(stream: str, compared: Compared) -> str:
    """In words for an operator, how the log stands to a checkpoint that it should contain."""
    said = compared.said
    if said is None:
        return "this is no checkpoint that can be read: name the file or the text as it was kept"
    if compared.stands == "not ours":
        return (
            f"this checkpoint is of {said.origin}, or was not signed by a key of this deployment: it is somebody else's, or an older data folder "
            "was put back, from before the key was replaced"
        )
    if compared.stands == "rolled back":
        return (
            f"rolled back: the witness saw {said.size} entries of {compared.stream}, here are {compared.size}. "
            "An older database was put back: restore the newest backup and tell the partners"
        )
    if compared.stands == "replaced":
        return (
            f"replaced: the first {said.size} entries of {compared.stream} are not those that the witness saw. "
            "Restore the newest backup and tell the partners"
        )
    return f"this is a checkpoint of {compared.stream}, not of {stream}"


def _of(rows: Sequence[Any], kind: type[Fact], *read: str) -> Iterator[dict[str, Any]]:
    """The fields of the facts of one kind; those of which a field that is ``read`` was erased are left out."""
    for found, body in rows:
        said = {} if body is None else {path: value for _, path, value in json.loads(body)}
        if found == kind.__name__ and all(said.get(name) is not None for name in read):
            yield said


def _compared(
    inner: sqlite3.Connection, keys: Sequence[Verifier], origin: str, ours: Sequence[Seen], kept: Sequence[Seen]
) -> Compared:
    """The worst of the checkpoints of one log. ``ours``: those of them that a key of this deployment signed."""
    stream = origin.rpartition("/")[2]
    heads = {row[0]: log.head(*row) for row in inner.execute(SQL["streams_named"], (json.dumps([stream]),))}
    size = heads[stream].size if stream in heads else 0
    stands, shown = worst(
        ours, keys, size, lambda at: checkpoints.root_at(inner, heads[stream], at) if at else tree.EMPTY
    )
    if shown is None:
        return Compared("not ours", stream, max((one.said for one in kept), key=lambda said: said.size))
    return Compared(stands, stream, shown.said, size)


def _ends(inner: sqlite3.Connection, current: str, streams: Collection[str]) -> Ends:
    """The keys that signed here; for each that was replaced, how many entries each of these streams had when it was: it signed no more of them. None:
    it signs still, or nothing says what took its place.

    A database that knows of the replacement has all that came before it, so a larger log under the older key is a thief's, not one that was lost.
    """
    found: dict[str, Mapping[str, int] | None] = {vkey: None for vkey, _ in inner.execute(SQL["signers"])}
    for entry, body in inner.execute(SQL["replaced_keys"], (DEPLOYMENT,)).fetchall():
        old = next((value for _, path, value in json.loads(body) if path == "old"), None)
        if old is not None:
            sizes = {stream: inner.execute(SQL["size_before"], (stream, entry)).fetchone() for stream in streams}
            found[old] = {stream: row[0] if row is not None else 0 for stream, row in sizes.items()}
    found[current] = None
    return {Verifier.parse(vkey): sizes for vkey, sizes in found.items()}


def _in_its_time(seen: Seen, ends: Ends) -> bool:
    """Whether a key signed it that signed the log when it had that many entries."""
    stream = seen.said.origin.rpartition("/")[2]
    return seen.by([key for key, sizes in ends.items() if sizes is None or seen.said.size <= sizes[stream]])


def led_to(vkey: str, chain: Sequence[str]) -> frozenset[str]:
    """The keys from which links lead to this one, itself among them."""
    found = {vkey}
    for note in reversed(chain):
        try:
            link = rotation.parse_link(note)
        except BadNote:
            continue
        if link.new.vkey in found:
            found.add(link.old.vkey)
    return frozenset(found)
