"""The store on SQLite: the floor's operations, each in the room it belongs to, over one connection with one writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from playbooks.rooms import Network, RoomRef
from storage import canonical, checkpoints, deadlines, destroying, inbox, keys, log, outbox, owners, signing, talk, tree
from storage.checkpoints import RolledBack, SideFile
from storage.connection import Connection, Outlives, change, connect
from storage.erasing import Erasure
from storage.evidence import KeepsEvidence, led_to
from storage.facts import DEPLOYMENT, Fact
from storage.facts.codec import apart
from storage.governing import DECIDING, in_force
from storage.keys import hold
from storage.notes import Signer
from storage.persons import Keyring
from storage.queries import SQL, micros
from storage.rotation import follow
from storage.store import (
    RESTORE,
    Changed,
    Changes,
    Deadline,
    InboxRow,
    Kept,
    Mentioned,
    OutboxChange,
    OutboxRow,
    ReactionKept,
    Rollback,
    StorageError,
    StreamHead,
    Summary,
    ThreadKept,
    Utterance,
)

__all__ = ["RolledBack", "SqliteStore", "hold", "open_store"]

KEYS_KEPT = timedelta(days=30)
"""How long a handled event's key outlives its body: networks repeat themselves for days."""


async def open_store(
    folder: Path,
    name: str,
    file: str = "tocsin.sqlite",
    outlives: Outlives = "power failure",
    key: signing.WhereNone = "make",
) -> SqliteStore:
    """Open what a deployment keeps, made if need be: the folder (mode 700), the database and, where no log was ever signed, the signing key (mode
    600; ``key``: that, or one that is not kept).

    ``name`` is the deployment's: the origin of its log and the name of its key. ``outlives``: what each commit does. Raises StorageError with what to do.
    """
    keys.make_folder(folder)
    connection = await connect(folder / file, outlives)
    try:
        return await SqliteStore.over(connection, folder, await signing.signer(connection, folder, name, key))
    except BaseException:
        await connection.close()
        raise


class SqliteStore(KeepsEvidence):
    """What is kept, in one SQLite file. Implements ``storage.store.Store``.

    ``version`` is another one after another process has committed, as soon as a commit noticed.
    """

    def __init__(self, connection: Connection, folder: Path, signer: Signer, version: int) -> None:
        super().__init__()
        self._connection = connection
        self.version = version
        self.folder = folder
        self.signer = signer
        self._signed = SideFile(folder)
        self._keyring = Keyring(folder)
        self._names: Mapping[str, frozenset[str]] | None = None

    @classmethod
    async def over(cls, connection: Connection, folder: Path, signer: Signer) -> SqliteStore:
        """A store over an open connection."""
        [(version,)] = await connection.read("data_version")
        store = cls(connection, folder, signer, version)
        await store._forget_keys()
        return store

    @property
    def name(self) -> str:
        """The deployment's name."""
        return self.signer.name

    async def close(self) -> None:
        """Let go of the files, once what has begun is finished."""
        await self._connection.close()

    # the inbox

    async def cursor(self, network: Network) -> str | None:
        """Up to where we have heard a network."""
        found = await self._connection.read("cursor", (network,))
        return found[0][0] if found else None

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None, now: datetime) -> int:
        """Commit raw events (key, body) and the cursor. Known keys are dropped. Returns how many were new."""

        def work(inner: sqlite3.Connection) -> int:
            new = inbox.keep(inner, network, items, now)
            if cursor is not None:
                inbox.move_cursor(inner, network, cursor)
            return new

        return await self._connection.write(work)

    async def keep_batch(self, network: Network, body: str, cursor: str, now: datetime) -> int:
        """Commit a raw response and the cursor it moves to. Returns the batch's number."""

        def work(inner: sqlite3.Connection) -> int:
            batch = inbox.keep_batch(inner, network, body, now)
            inbox.move_cursor(inner, network, cursor)
            return batch

        return await self._connection.write(work)

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        """Responses not yet taken apart: number and body, oldest first."""
        return [(batch, body) for batch, body in await self._connection.read("batches", (network,))]

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]], now: datetime) -> int:
        """A response was taken apart into events: keep them and forget it. Returns how many were new."""

        def work(inner: sqlite3.Connection) -> int:
            new = inbox.keep(inner, network, items, now)
            inner.execute(SQL["forget_batch"], (network, batch))
            return new

        return await self._connection.write(work)

    async def waiting(self, limit: int) -> Sequence[InboxRow]:
        """Events not yet handled, in the order they were kept."""
        return await inbox.waiting(self._connection, limit)

    # the engine

    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]:
        """A stream's facts from a position on."""
        return await log.facts(self._connection, self._keyring, stream, start)

    async def checked(self, stream: str) -> Sequence[Kept]:
        """All of a stream's facts, held against what was committed to, for whoever is shown them. Raises StorageError where they are something else."""
        return await log.checked(self._connection, self._keyring, stream)

    async def facts_of(self, stream: str, *kinds: type[Fact]) -> Sequence[Kept]:
        """A stream's facts of some kinds alone, however long it is."""
        return await log.facts_of(self._connection, self._keyring, stream, [kind.__name__ for kind in kinds])

    async def incidents(self) -> Sequence[Summary]:
        """Every incident on file, in the order they were opened."""
        return await log.incidents(self._connection)

    async def counters(self) -> Mapping[str, int]:
        """The highest number used, by letter. No incident takes the number of one that was signed, though the database was rolled back."""
        found = dict(await self._connection.read("counters"))
        for letter, number in checkpoints.numbers(self._signed).items():
            found[letter] = max(number, found.get(letter, 0))
        return found

    async def playbook(self, digest: str) -> bytes | None:
        """A playbook's bytes by their SHA-256 in hexadecimal."""
        found = await self._connection.read("playbook", (digest,))
        return bytes(found[0][0]) if found else None

    async def commit(self, changes: Changes) -> None:
        """Commit all of it, or none.

        In order: what was heard, inbox, playbooks, facts, new messages, claims of these, outcomes, redirects, deadlines (fired, taken back, set),
        counters. Raises StorageFull or StorageError and keeps nothing, Changed where it is to be decided again; TypeError or ValueError, before anything is
        written, for a fact that the log cannot write.
        """
        # Salts and digests need no lock; only an entry's place does.
        write = canonical.Once(canonical.write_composed)
        split = canonical.Once(apart)
        sealed = [
            log.seal(stream, playbook, fact, write, split, await self._owners(stream, fact, changes.said))
            for stream, playbook, fact in changes.records
        ]
        for digest, body in changes.playbooks:
            if sha256(body).hexdigest() != digest:
                raise ValueError(f"a playbook's digest is the SHA-256 of its bytes, which {digest} is not")

        def work(inner: sqlite3.Connection) -> None:
            now = changes.now
            self._look(inner, changes.version)
            inbox.add(inner, changes.heard, now)
            for network, cursor in changes.cursors.items():
                inbox.move_cursor(inner, network, cursor)
            inbox.mark(inner, changes.handled, changes.failed, now)
            change(inner, "add_playbook", changes.playbooks)
            log.append(inner, sealed, now, self._keyring)
            outbox.add(inner, changes.sends, now)
            outbox.claim(inner, changes.claims, now)
            outbox.settle(inner, changes.outcomes, now)
            outbox.redirect(inner, changes.redirects)
            talk.keep(inner, changes.said, changes.reactions, changes.threads)
            deadlines.update(inner, changes.fired, changes.unwakes, changes.postponed, changes.wakes, now)
            change(inner, "count", list(changes.counters.items()))

        await self._connection.write(work)

    async def _owners(self, stream: str, fact: Fact, new: Sequence[Utterance]) -> Mapping[str, str]:
        """Whose each field of a fact is that does not say so itself."""
        if type(fact).__name__ in owners.NAMING:
            self._names = None
        ids = owners.recapped(fact)
        speakers = dict(await self._connection.read("speakers", (stream, json.dumps(ids)))) if ids else {}
        speakers |= {one.id: one.person for one in new if ids and one.stream == stream}
        if self._names is None and owners.lists_names(fact):
            naming = await log.facts_of(self._connection, self._keyring, DEPLOYMENT, owners.NAMING)
            self._names = owners.names_of(naming)
        return owners.owners(fact, self._names or {}, speakers)

    async def append(self, stream: str, *facts: Fact, now: datetime, playbook: str | None = None) -> None:
        """Commit facts alone: for the command line."""
        await self.commit(Changes(now, records=[(stream, playbook, fact) for fact in facts]))

    def _look(self, inner: sqlite3.Connection, decided_in: int | None) -> None:
        """Raises Changed where another process has committed since something was decided."""
        [(now,)] = inner.execute(SQL["data_version"])
        if decided_in not in (None, now):
            self.version = now
            self._names = None
            raise Changed("another process has committed meanwhile")

    # the outbox

    async def unsent(self) -> Sequence[OutboxRow]:
        """Rows pending or inflight, in order of their ids."""
        return await outbox.unsent(self._connection)

    async def newest(self) -> int:
        """The highest id of a row; 0 where there was none yet."""
        return await outbox.newest(self._connection)

    async def claim(self, tokens: Sequence[str], now: datetime, arrived: Sequence[OutboxChange] = ()) -> None:
        """pending → inflight, committed before anything is written to a network. All of them, or StorageError and
        none. ``arrived``: what a network has taken before them, and nothing was decided about yet."""

        def work(inner: sqlite3.Connection) -> None:
            outbox.arrived(inner, arrived)
            outbox.claim(inner, tokens, now)

        await self._connection.write(work)

    async def sent_message(self, room: RoomRef, message: str) -> Mentioned | None:
        """The row of ours that a network's message id belongs to."""
        return await outbox.sent_message(self._connection, room, message)

    async def row(self, token: str) -> OutboxRow | None:
        """One row of the outbox by its token."""
        return await outbox.row(self._connection, token)

    # what was said in channels

    async def utterance(self, stream: str, said: str) -> Utterance | None:
        """Something that was said, by its id."""
        return await talk.utterance(self._connection, stream, said)

    async def utterance_at(self, room: RoomRef, message: str) -> Utterance | None:
        """What stands in a room under this network's id: said there, or carried there. Of several carried in one message, the last."""
        return await talk.utterance_at(self._connection, room, message)

    async def last_said(self, room: RoomRef) -> Utterance | None:
        """The last that was said in a chat."""
        return await talk.last_said(self._connection, room)

    async def first_in_topic(self, stream: str, room: RoomRef) -> Utterance | None:
        """The first that was said in a topic, of all that belongs to this stream."""
        return await talk.first_in_topic(self._connection, stream, room)

    async def thread_of(self, room: RoomRef) -> ThreadKept | None:
        """The thread for which a topic was made."""
        return await talk.thread_of(self._connection, room)

    async def place_of(self, stream: str, said: str, room: RoomRef) -> RoomRef | None:
        """The topic that was made in a chat for the thread which this began."""
        return await talk.place_of(self._connection, stream, said, room)

    async def polled(self, network: Network, handle: str) -> Sequence[Utterance]:
        """The polls that people asked which have this second name on their network, the last first."""
        return await talk.polled(self._connection, network, handle)

    async def said_together(self, room: RoomRef, album: str) -> Sequence[Utterance]:
        """What was sent as one album in a chat, in the order in which it was heard."""
        return await talk.said_together(self._connection, room, album)

    async def copies(self, stream: str, said: str) -> Sequence[OutboxRow]:
        """The rows about something that was said, in order of their ids; of many edits the newest."""
        return await outbox.copies(self._connection, stream, said)

    async def reactions(self, stream: str, said: str, room: RoomRef, before: str | None = None) -> Sequence[OutboxRow]:
        """The bot's reactions to it in a chat: of each emoji the newest row in each state."""
        return await outbox.reactions(self._connection, stream, said, room, before)

    async def recaps(self, stream: str, said: str) -> Sequence[OutboxRow]:
        """Every row of a recap that shows something that was said, in order of their ids."""
        return await outbox.recaps(self._connection, stream, said)

    async def rows_of_message(self, room: RoomRef, message: str) -> Sequence[OutboxRow]:
        """The rows that became this one message, in order of their ids: several where they were merged."""
        return await outbox.rows_of_message(self._connection, room, message)

    async def reaction(self, room: RoomRef, message: str) -> ReactionKept | None:
        """A reaction by its own name."""
        return await talk.reaction(self._connection, room, message)

    async def by_handle(self, network: Network, handle: str) -> OutboxRow | None:
        """The row that its network also calls so."""
        return await outbox.by_handle(self._connection, network, handle)

    # deadlines

    async def due(self, now: datetime, limit: int) -> Sequence[Deadline]:
        """What is due and has not fired, the longest due first."""
        return await deadlines.due(self._connection, now, limit)

    async def next_deadline(self) -> datetime | None:
        """When the next one falls due (perhaps already past); None when there is none."""
        return await deadlines.next_deadline(self._connection)

    async def open_deadlines(self, kinds: Collection[str]) -> frozenset[str]:
        """The keys of the deadlines of these kinds that are set and have not fired."""
        return await deadlines.open_keys(self._connection, kinds)

    # the log

    async def heads(self) -> Sequence[StreamHead]:
        """Every stream with its size and root."""
        return await log.heads(self._connection)

    async def sign(self, now: datetime, streams: Collection[str] | None = None) -> Sequence[str]:
        """Sign a checkpoint for every stream that grew, or for those of them that are named. Returns the signed notes.

        Raises RolledBack, once the others are signed, for streams that are not what was signed before; StorageError where the key was replaced meanwhile.
        """
        await self._still_signs()
        notes, back = await self._connection.write(lambda inner: self._sign(inner, now, streams))
        if back:
            raise RolledBack("; ".join(one.words for one in back))
        return notes

    async def append_signed(
        self, stream: str, fact: Fact, *, size: int, now: datetime, playbook: str | None
    ) -> str | None:
        """Commit a fact behind the first ``size`` entries of a log, then sign the log that ends in it, whatever came after it meanwhile. Returns the
        signed note, or None where there are more entries by now: then nothing was done. Raises as ``sign`` does.

        Two transactions: nothing is signed that a crash could still take back.
        """
        await self._still_signs()
        sealed = log.seal(stream, playbook, fact)

        def append(inner: sqlite3.Connection) -> bool:
            heads = self._heads(inner)
            if back := checkpoints.check(inner, heads, self._signed, [stream]):
                raise RolledBack(back[0].words)
            if next((head.size for head in heads if head.stream == stream), 0) != size:
                return False
            log.append(inner, [sealed], now, self._keyring)
            return True

        def sign(inner: sqlite3.Connection) -> str:
            inner.execute(SQL["add_signer"], (self.signer.verifier.vkey, micros(now)))
            head = next(head for head in self._heads(inner) if head.stream == stream)
            return checkpoints.sign_at(inner, head, size + 1, self.signer, self._signed, now)

        return await self._connection.write(sign) if await self._connection.write(append) else None

    def _heads(self, inner: sqlite3.Connection) -> list[StreamHead]:
        return [log.head(*row) for row in inner.execute(SQL["streams"])]

    def _sign(
        self, inner: sqlite3.Connection, now: datetime, streams: Collection[str] | None
    ) -> tuple[list[str], list[Rollback]]:
        inner.execute(SQL["add_signer"], (self.signer.verifier.vkey, micros(now)))
        return checkpoints.sign(inner, self._heads(inner), self.signer, self._signed, now, streams)

    async def _still_signs(self) -> None:
        """Another process may have replaced the key since this one read it."""
        vkey = self.signer.verifier.vkey
        if follow(vkey, await self.key_chain(), self.signer.name) != vkey:
            raise StorageError("the signing key was replaced meanwhile: start this again")

    async def checkpoint(self, stream: str) -> str | None:
        """A stream's latest signed note."""
        found = await self._connection.read("checkpoint", (stream,))
        return found[0][0] if found else None

    async def inclusion(self, stream: str, seq: int, size: int) -> Sequence[bytes]:
        """The proof that an entry is in the stream's tree of that size (RFC 9162 §2.1.3)."""
        return await log.proof(self._connection, stream, tree.inclusion_ranges(seq, size))

    async def consistency(self, stream: str, first: int, second: int) -> Sequence[bytes]:
        """The proof that the stream's tree of ``second`` entries continues that of ``first`` (RFC 9162 §2.1.4)."""
        return await log.proof(self._connection, stream, tree.consistency_ranges(first, second))

    async def rolled_back(self) -> Sequence[Rollback]:
        """The streams that are not what was signed before: an older database was put back, or another."""

        def work(inner: sqlite3.Connection) -> list[Rollback]:
            return checkpoints.check(inner, self._heads(inner), self._signed)

        return await self._connection.write(work)

    async def unremembered(self) -> Sequence[str]:
        """The streams of whose last checkpoint the file beside the database knows nothing."""
        return await self._connection.write(lambda inner: checkpoints.lacking(inner, self._signed))

    async def health(self) -> Sequence[tuple[str, str]]:
        """What is wrong with what is kept, and what to do about it; empty when all is well."""
        known = led_to(self.signer.verifier.vkey, await self.key_chain())

        def work(inner: sqlite3.Connection) -> list[tuple[str, str]]:
            found: list[tuple[str, str]] = []
            try:
                found += [(one.what, RESTORE) for one in checkpoints.check(inner, self._heads(inner), self._signed)]
            except StorageError as error:
                found.append((str(error), RESTORE))
            if signing.outsiders(inner.execute(SQL["signers"]).fetchall(), known):
                todo = f"put the former {keys.KEY} or TOCSIN_NAME back; if the change was meant, tell the partners the new key"
                found.append(("the log was signed with another key or under another name before", todo))
            lost = self._keyring.missing([name for (name,) in inner.execute(SQL["personal_keys"])])
            if lost:
                who = f"{lost} {'person' if lost == 1 else 'persons'}"
                says = f"{self._keyring.path} lacks the keys of {who}, whose data cannot be read"
                todo = "if they were erased after this database was saved, leave it so; if not, put the file back from its backup"
                found.append((says, todo))
            return found

        return await self._connection.write(work)

    async def tidy(self, before: datetime) -> int:
        """Blank the bodies of inbox and outbox rows completed before then. Returns how many.

        Events that failed keep their bodies for examination. Keys go a month later, fired deadlines at once.
        """

        def work(inner: sqlite3.Connection) -> int:
            blanked = change(inner, "blank_inbox", [(micros(before),)])
            blanked += change(inner, "blank_outbox", [(micros(before),)])
            blanked += change(inner, "blank_talk", [(micros(before),)])
            change(inner, "blank_said", [(micros(before),)])
            change(inner, "forget_inbox", [(micros(before - KEYS_KEPT),)])
            change(inner, "forget_deadlines", [(micros(before),)])
            return blanked

        blanked = await self._connection.write(work)
        await self._connection.fold()
        return blanked

    # what is forgotten

    async def personal(self, subjects: Iterable[str]) -> tuple[frozenset[str], Mapping[str, Set[int]]]:
        """The ids of these persons' keys, and which entries of each stream hold something of theirs."""
        names = self._keyring.known(frozenset(subjects))
        found: dict[str, set[int]] = {}
        for stream, seq in await self._connection.read("personal_of", (json.dumps(sorted(names)),)):
            found.setdefault(stream, set()).add(seq)
        return names, found

    async def destroy(self, erasure: Erasure, now: datetime) -> bool:
        """Destroy what is named, with the facts that say so, in one transaction; then the keys, for good. What a crash leaves of that is done when
        the store is opened again. False where the write-ahead log could not be emptied, because somebody reads."""
        rules = {
            stream: in_force(await self.facts_of(stream, *DECIDING))
            for stream in {stream for stream, _ in erasure.facts}
        }
        sealed = [log.seal(stream, rules[stream], fact) for stream, fact in erasure.facts]

        def work(inner: sqlite3.Connection) -> None:
            destroying.destroy(inner, self._keyring, erasure, now)
            log.append(inner, sealed, now, self._keyring)

        await self._connection.write(work)
        await self._forget_keys()
        return await self._connection.fold()

    async def _forget_keys(self) -> None:
        """Destroy the keys that an erasure, perhaps before a crash, wrote down to be destroyed."""

        def work(inner: sqlite3.Connection) -> None:
            doomed = [key for (key,) in inner.execute(SQL["doomed"])]
            if doomed:
                self._keyring.forget(doomed)
                inner.execute(SQL["forget_doomed"])

        if await self._connection.read("doomed"):
            await self._connection.write(work)

    def entries(self, stream: str, start: int = 0) -> AsyncIterator[tuple[int, bytes, list[list[object]]]]:
        """A stream's entries from a position on: position, the JCS bytes, and the disclosures [salt, path, value]."""
        return log.entries(self._connection, self._keyring, stream, start)
