"""The log: every fact committed to field by field, in a Merkle tree for each stream.

An entry holds digests only; who, to whom, text, place and reason are *disclosures* beside it (salt, path, value),
which can be withheld from a reader, or erased, without touching the tree. Every field of a fact is committed to. An
absent one is committed to as a disclosure of null, whose digest cannot be told from any other: that is our form of
decoy, of which a fact has as many more as its kind needs (``facts.codec.committed``), and so the count says nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from storage import canonical, tree
from storage.connection import Connection, change
from storage.entry import SHAPE, Entry
from storage.facts import Fact, timestamp
from storage.facts.codec import apart, committed, from_parts
from storage.facts.personal import whose
from storage.persons import Keyring
from storage.queries import SQL
from storage.store import Kept, StorageError, StreamHead, Summary, Unreadable

SALT = 16
"""Bytes of a salt: fresh for each field, drawn once, never drawn anew."""

PAGE = 500
"""Entries read at a time."""

_BETWEEN = re.compile(rb'(?<=\]),(?=\["[A-Za-z0-9_-]{22}",")')
"""Where one disclosure ends and the next begins; of lists within a value perhaps too, where it is found otherwise."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A fact committed to field by field, before it has a place: its disclosures as they are kept, and their digests,
    sorted. ``personal``: those that are somebody's own data, apart, each time with whose (a person's id, or an account)."""

    stream: str
    playbook_sha256: str | None
    type: str
    version: int
    digests: list[str]
    disclosures: bytes
    personal: Sequence[tuple[str, bytes]] = ()


def seal(
    stream: str,
    playbook_sha256: str | None,
    fact: Fact,
    write: Callable[[Any], str] = canonical.write_composed,
    split: Callable[[Any], tuple[Any, Any]] = apart,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Sealed:
    """Commit to every field of a fact under fresh salts. Text is put into NFC. Raises TypeError for a float.

    ``write`` writes a value canonically, ``split`` is ``facts.codec.apart``: for many facts at once, ``Once`` of them.
    ``more``: path → whose a field is that does not say so itself, several with spaces between.
    """
    fields = committed(fact, split)
    paths = _paths(tuple(fields))
    disclosures = [
        f'["{salt}",{written},{write(fields[path])}]'
        for salt, (path, written) in zip(_salts(len(fields)), paths, strict=True)
    ]
    digests = sorted(map(canonical.disclosure_digest, disclosures))
    owners = {**more, **dict(whose(fact))}
    if not owners:
        return Sealed(stream, playbook_sha256, type(fact).__name__, fact.V, digests, _listed(disclosures))
    theirs: dict[str | None, list[str]] = {None: []}
    for (path, _), text in zip(paths, disclosures, strict=True):
        owner = owners.get(path) or owners.get(path.partition("/")[0])
        theirs.setdefault(owner, []).append(text)
    open_to_all = _listed(theirs.pop(None))
    personal = [(owner, _listed(texts)) for owner, texts in theirs.items() if owner is not None]
    return Sealed(stream, playbook_sha256, type(fact).__name__, fact.V, digests, open_to_all, personal)


def _listed(disclosures: Sequence[str]) -> bytes:
    return ("[" + ",".join(disclosures) + "]").encode()


def _salts(count: int) -> list[str]:
    """Fresh salts as base64url without padding, encoded in one go: each is filled up to 18 bytes, which are 24 characters."""
    drawn = bytearray(os.urandom(18 * count))
    for filling in range(SALT, 18):
        drawn[filling::18] = bytes(count)
    text = urlsafe_b64encode(drawn).decode()
    return [text[at : at + 22] for at in range(0, 24 * count, 24)]


@lru_cache(maxsize=256)
def _paths(paths: tuple[str, ...]) -> list[tuple[str, str]]:
    """A fact's paths in order, each with how it is written: one kind of fact mostly has the same."""
    return [(path, canonical.write_composed(path)) for path in sorted(paths)]


def append(inner: sqlite3.Connection, sealed: Sequence[Sealed], now: datetime, keyring: Keyring) -> None:
    """Append facts to their streams, inside a transaction. The edges are read there too: another process may have
    appended."""
    if not sealed:
        return
    names = sorted({item.stream for item in sealed})
    found = inner.execute(SQL["streams_named"], (json.dumps(names),)).fetchall()
    edges = {stream: (size, _edge(edge, size)) for stream, size, edge in found}
    sizes = {name: edges[name][0] if name in edges else 0 for name in names}
    ts = timestamp(now)
    entries, disclosures, nodes, personal = [], [], [], []
    for item in sealed:
        seq = sizes[item.stream]
        _, edge = edges.setdefault(item.stream, (0, []))
        data = Entry(seq, item.type, item.version, ts, item.stream, item.playbook_sha256, item.digests).encode()
        leaf = tree.leaf_hash(data)
        entries.append((item.stream, seq, item.type, data, leaf))
        disclosures.append((item.stream, seq, item.disclosures, len(item.personal)))
        personal += [(item.stream, seq, *keyring.seal(who, _where(item.stream, seq), d)) for who, d in item.personal]
        nodes += [(item.stream, *node) for node in tree.grow(edge, seq, leaf)]
        sizes[item.stream] = seq + 1
    change(inner, "add_entry", entries)
    change(inner, "add_disclosures", disclosures)
    change(inner, "add_personal", personal)
    change(inner, "add_node", nodes)
    change(inner, "set_stream", [(name, sizes[name], b"".join(edges[name][1])) for name in names])


async def facts(connection: Connection, keyring: Keyring, stream: str, start: int) -> list[Kept]:
    """A stream's facts from a position on. What was forgotten is None."""
    rows = await connection.read("entries", (stream, start, -1))
    keyring.refresh()
    return [_read(keyring, stream, *row) for row in rows]


async def facts_of(connection: Connection, keyring: Keyring, stream: str, kinds: Sequence[str]) -> list[Kept]:
    """A stream's facts of some kinds."""
    rows = await connection.read("entries_of_kinds", (stream, json.dumps(kinds)))
    keyring.refresh()
    return [_read(keyring, stream, *row) for row in rows]


async def checked(connection: Connection, keyring: Keyring, stream: str) -> list[Kept]:
    """``facts`` from the first on, held against what was committed to: every value, and the count and root of the entries. Raises StorageError, Damaged
    for what is something else.

    Everything is hashed once more, in a thread of its own: however long that takes, whatever else goes on in the program goes on.
    """
    [head] = [head for head in await heads(connection) if head.stream == stream] or [StreamHead(stream, 0, tree.EMPTY)]
    rows = await connection.read("entries", (stream, 0, -1))  # others may have appended meanwhile: the head came first
    keyring.refresh()
    places = json.dumps([[0, place] for place in range(head.size)])
    leaves = {place: leaf for _, place, leaf in await connection.read("hashes", (stream, places))}
    return await asyncio.to_thread(_held, keyring, head, rows, leaves)


def _held(
    keyring: Keyring,
    head: StreamHead,
    rows: Sequence[tuple[int, bytes, bytes | None, str | None]],
    leaves: Mapping[int, bytes | None],
) -> list[Kept]:
    """The rows of a stream as facts, held against its head; ``leaves``: what is kept as the hash of each entry. Raises Damaged, or Unreadable."""
    stream, edge = head.stream, list[bytes]()
    for place, (seq, data, _, _) in enumerate(rows[: head.size]):
        leaf = tree.leaf_hash(bytes(data))
        if (seq, leaf) != (place, leaves.get(place)):
            raise damaged(stream, place)
        tree.grow(edge, place, leaf)
    if len(rows) < head.size:
        raise not_whole(stream, len(rows))
    if tree.fold(edge) != head.root:
        raise not_whole(stream)
    found = []
    for seq, data, body, personal in rows:
        disclosed = _disclosed(keyring, stream, seq, body, personal, bytes(data))
        found.append(_fact(stream, seq, data, disclosed))
    return found


class Damaged(Unreadable):
    """What is kept is not what was committed to. ``entry``: the first of which that is known; None where it is known of the entries as a whole alone."""

    def __init__(self, words: str, entry: int | None = None) -> None:
        super().__init__(words)
        self.entry = entry


def not_whole(stream: str, entry: int | None = None) -> Damaged:
    """What is said where entries are missing (``entry``: the first), or are others."""
    return Damaged(f"the entries of {stream} are not those that it is said to have: restore a backup", entry)


def hold(seq: int, data: bytes, disclosed: Iterable[Sequence[Any]]) -> None:
    """Hold what is kept beside an entry against its digests. Raises StorageError that names the first field whose value is not what was
    committed to."""
    for one in disclosed:
        try:
            known = canonical.commits(data, (canonical.encode(one),))
        except (TypeError, ValueError, RecursionError):
            known = False
        if not known:
            words = f"entry {seq}, field {one[1]}: what is kept is not what was committed to: restore a backup"
            raise Damaged(words, seq)


async def entries(
    connection: Connection, keyring: Keyring, stream: str, start: int = 0
) -> AsyncIterator[tuple[int, bytes, list[list[object]]]]:
    """A stream's entries from a position on: position, canonical bytes, disclosures in the order of their paths, each held against what was
    committed to. Raises StorageError where one is something else."""
    seq = start
    while page := await connection.read("entries", (stream, seq, PAGE)):
        keyring.refresh()
        for seq, data, body, personal in page:
            yield seq, bytes(data), _disclosed(keyring, stream, seq, body, personal, bytes(data))
        seq += 1


async def heads(connection: Connection) -> list[StreamHead]:
    """Every stream with its size and root."""
    return [head(*row) for row in await connection.read("streams")]


def head(stream: str, size: int, edge: bytes) -> StreamHead:
    """A stream's row as its size and root."""
    return StreamHead(stream, size, tree.fold(_edge(edge, size)))


async def incidents(connection: Connection) -> list[Summary]:
    """Every incident on file, in the order they were opened."""
    summaries = []
    for stream, opened, body, closed, size in await connection.read("incidents"):
        try:
            values = _values(body)
            summaries.append(
                Summary(
                    stream,
                    _time(json.loads(opened)["ts"]),
                    None if closed is None else _time(json.loads(closed)["ts"]),
                    values.get("playbook", ""),
                    values.get("title"),
                    size,
                )
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Unreadable(f"how {stream} was opened or closed is damaged: restore a backup") from error
    return summaries


async def proof(connection: Connection, stream: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The roots of these ranges of a stream's leaves, from the hashes that are kept. Raises StorageError where one is
    missing."""
    places = sorted({place for start, end in ranges for place in tree.cover(start, end)})
    hashes = await connection.read("hashes", (stream, json.dumps(places)))
    return prove(stream, ranges, hashes)


def prove(stream: str, ranges: Sequence[tuple[int, int]], hashes: Sequence[Any]) -> list[bytes]:
    """``proof``, from the rows of the query ``hashes``."""
    known = {(level, position): bytes(found) for level, position, found in hashes if found is not None}
    try:
        return tree.prove(ranges, known.__getitem__)
    except KeyError as missing:
        raise StorageError(f"the log of {stream} lacks a hash it needs ({missing}): restore a backup") from missing


def _read(keyring: Keyring, stream: str, seq: int, data: bytes, body: bytes | None, personal: str | None) -> Kept:
    return _fact(stream, seq, data, _disclosed(keyring, stream, seq, body, personal))


def _fact(stream: str, seq: int, data: bytes, disclosed: Iterable[Sequence[Any]]) -> Kept:
    try:
        return fact_of(stream, json.loads(data), disclosed)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise damaged(stream, seq) from error


def said_of(stream: str, seq: int, data: bytes) -> dict[str, Any]:
    """What an entry says, decoded. Raises Unreadable for one that is none."""
    try:
        said: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(stream, seq) from error
    # That the rest of it is as it was written is seen by its hash.
    well = isinstance(said, dict) and (said.get("incident"), said.get("seq")) == (stream, seq)
    if not well or set(said) != SHAPE or type(said["_sd"]) is not list or type(said["type"]) is not str:
        raise damaged(stream, seq)
    found: dict[str, Any] = said
    return found


def damaged(stream: str, seq: int) -> Damaged:
    """What is said of an entry that is none, or of what is kept beside it."""
    return Damaged(f"entry {seq} of {stream} is damaged: restore a backup", seq)


def fact_of(stream: str, said: Mapping[str, Any], disclosed: Iterable[Sequence[Any]]) -> Kept:
    """What an entry tells, as far as it is disclosed ([salt, path, value] each); the rest of it is None. ``said``: the entry itself, decoded.

    Raises Unreadable for one that this version cannot read.
    """
    try:
        fact = from_parts(said["type"], said["v"], {path: value for _, path, value in disclosed})
    except (ValueError, TypeError) as error:
        raise Unreadable(
            f"entry {said['seq']} of {stream} cannot be read by this version of Tocsin: {error}"
        ) from error
    return Kept(stream, said["seq"], _time(said["ts"]), said["playbook_sha256"], fact)


def _disclosed(
    keyring: Keyring, stream: str, seq: int, body: bytes | None, personal: str | None, held: bytes | None = None
) -> list[list[Any]]:
    """An entry's disclosures, [salt, path, value], as far as they were not forgotten. ``personal``: JSON of [key, sealed in hexadecimal]. ``held``: the
    entry against which they are to be held."""
    try:
        found: list[list[Any]] = [] if body is None else _rows(body, seq, held)
        if personal is None:
            return found
        for name, sealed in json.loads(personal):
            opened = keyring.open(name, _where(stream, seq), bytes.fromhex(sealed))
            found += [] if opened is None else _rows(opened, seq, held)
        return sorted(found, key=_path)
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(stream, seq) from error


def _rows(body: bytes, seq: int = 0, held: bytes | None = None) -> list[list[Any]]:
    """The disclosures that were written together. Raises ValueError for what are none, StorageError for one that was not committed to."""
    found: Any = json.loads(body)
    if type(found) is not list:
        raise ValueError("no list")
    # As they are kept they were hashed: where all that stands between commas was committed to, so was each that was decoded, in its shape too.
    if held is not None and found and canonical.commits(held, _BETWEEN.split(body[1:-1])):
        return found
    for one in found:
        if type(one) is not list or len(one) != 3 or type(one[1]) is not str:
            raise ValueError("no disclosure")
    if held is not None:
        hold(seq, held, found)
    return found


def _path(disclosure: list[Any]) -> str:
    return str(disclosure[1])


def _where(stream: str, seq: int) -> str:
    return f"{stream}/{seq}"


def _values(body: bytes | None) -> dict[str, Any]:
    return {} if body is None else {path: value for _, path, value in _rows(body)}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _edge(blob: bytes, size: int) -> list[bytes]:
    if len(blob) != 32 * size.bit_count():
        raise StorageError("the log's right edge does not fit its size: restore a backup")
    return [blob[at : at + 32] for at in range(0, len(blob), 32)]
