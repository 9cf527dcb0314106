"""Bundles doctored by hand, in one table: what each verifier must answer to every one of them, and which entry it must name first."""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import canonical, tree
from storage.cosigning import Cosigner, Witness
from storage.database import SqliteStore
from storage.entry import Entry, decode, readable
from storage.export import container
from storage.facts import CheckpointPosted, MessageSent, NoteAdded
from storage.notes import Checkpoint, Signer, Verifier
from storage.rotation import link
from storage.verify import REQUIRED
from tests.storage.bundled import Files, both, lines, listed, remade, resigned, signed_manifest
from tests.storage.small import DIGEST, NOW, ROOM, STREAM, opened

Change = Callable[[Files], None]

SIZE = 12
OLD = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
FIRE = Cosigner("fire.example", Ed25519PrivateKey.from_private_bytes(bytes([7] * 32)))
POLICE = Cosigner("police.example", Ed25519PrivateKey.from_private_bytes(bytes([8] * 32)))


@dataclass(frozen=True, slots=True)
class Doctored:
    """A bundle that somebody made something of. ``kept``: what is held against it; ``code``: the verdict; ``first``: the first entry named."""

    name: str
    raw: bytes
    code: int
    first: int | None = None
    kept: str | None = None


async def filled(store: SqliteStore) -> None:
    """An incident with a checkpoint that was posted: ten entries, eleven with the export."""
    await opened(store, NoteAdded("ada", None, ROOM, "note 0"), NoteAdded("ada", None, ROOM, "note 1"))
    [head] = await store.heads()
    posted = CheckpointPosted("s-1", head.size, head.root.hex(), ROOM, "fire", "telegram")
    await store.append(STREAM, posted, MessageSent("s-1", ROOM, "77"), now=NOW, playbook=DIGEST)
    more = [NoteAdded("ada", None, ROOM, f"note {number}") for number in (2, 3, 4)]
    await store.append(STREAM, *more, now=NOW, playbook=DIGEST)


def leaves_of(files: Files) -> list[bytes]:
    """The hashes of the entries."""
    return [tree.leaf_hash(line) for line in files["entries.jsonl"].splitlines()]


def note_at(files: Files, size: int, signer: Signer, root: bytes | None = None) -> str:
    """A signed checkpoint of the log at this size."""
    found = tree.root_of(leaves_of(files)[:size]) if root is None else root
    return signer.sign(Checkpoint(f"liege/{STREAM}", size, found).text)


def cosigned(signer: Signer, size: int, by: Cosigner = FIRE, root: bytes | None = None) -> Change:
    """A line of a partner's signature."""

    def apply(files: Files) -> None:
        note = by.cosign(note_at(files, size, signer, root), NOW)
        row = {"note": note, "partner": by.name.partition(".")[0], "vkey": by.witness.vkey}
        files["cosigned.jsonl"] += canonical.encode(row) + b"\n"

    return apply


def chained(*notes: str) -> Change:
    """A chain of keys."""

    def apply(files: Files) -> None:
        files["keys.jsonl"] = b"".join(canonical.encode({"note": note}) + b"\n" for note in notes)

    return apply


def shown(index: int, change: Callable[[list[Any]], list[Any]]) -> Change:
    """Another disclosure of an entry."""

    def apply(rows: list[bytes]) -> None:
        rows[index] = canonical.encode(change(json.loads(rows[index])))

    return lines("disclosures.jsonl", apply)


def claiming(signer: Signer, bundle: bytes, **said: object) -> bytes:
    """A manifest that says something else, signed by this key."""
    files = container.unpack(bundle)
    manifest = listed(json.loads(files["manifest.json"]) | said, files)
    return container.pack(files | signed_manifest(manifest, signer))


def _swapped(a: int, b: int) -> Callable[[list[bytes]], None]:
    def apply(rows: list[bytes]) -> None:
        rows[a], rows[b] = rows[b], rows[a]

    return apply


def _everywhere(change: Callable[[list[bytes]], None]) -> Change:
    return both(lines("entries.jsonl", change), lines("disclosures.jsonl", change))


def _given(name: str, data: bytes) -> Change:
    def apply(files: Files) -> None:
        files[name] = data

    return apply


def _renumbered(rows: list[bytes]) -> None:
    entry = decode(rows[5])
    rows[5] = Entry(6, entry.type, 1, entry.ts, entry.stream, entry.playbook_sha256, entry.digests).encode()


def _exchanged(files: Files) -> None:
    """The text of entry 4 shown for entry 5, and that of 5 for 4."""
    rows = files["disclosures.jsonl"].splitlines()
    four, five = json.loads(rows[4]), json.loads(rows[5])
    at = [next(n for n, one in enumerate(row) if one[1] == "text") for row in (four, five)]
    four[at[0]], five[at[1]] = five[at[1]], four[at[0]]
    rows[4:6] = canonical.encode(four), canonical.encode(five)
    files["disclosures.jsonl"] = b"".join(row + b"\n" for row in rows)


def _decoy(row: list[Any]) -> list[Any]:
    """Something made up for a field that was absent."""
    return [[salt, path, "fire" if path == "partner" else value] for salt, path, value in row]


def entries(bundle: bytes, signer: Signer) -> Iterator[Doctored]:
    """Entries and what is shown of them."""
    moves: list[tuple[str, Callable[[list[bytes]], None], int | None]] = [
        ("dropped", lambda rows: rows.__delitem__(4), 4),
        ("doubled", lambda rows: rows.insert(4, rows[4]), 4),
        ("swapped", _swapped(4, 5), 4),
        ("swapped far apart", _swapped(2, 9), 2),
        ("first dropped", lambda rows: rows.__delitem__(0), 0),
        ("last dropped", lambda rows: rows.__delitem__(-1), None),
        ("tail cut", lambda rows: rows.__delitem__(slice(6, None)), None),
        ("again at the end", lambda rows: rows.append(rows[0]), 0),
        ("numbered otherwise", _renumbered, 5),
        ("all gone", lambda rows: rows.clear(), None),
    ]  # fmt: skip
    for name, change, first in moves:
        if change is not _renumbered:
            yield Doctored(f"entry {name}", remade(bundle, _everywhere(change)), 1, first)
        only = remade(bundle, lines("entries.jsonl", change))
        yield Doctored(f"entry {name}, not what is shown", only, 1, first)
    numbered = resigned(bundle, signer, lines("entries.jsonl", _renumbered))
    yield Doctored("entry numbered otherwise, by whoever holds the key", numbered, 1, 5)
    for name, change in (
        ("a disclosure swapped between entries", _exchanged),
        ("a decoy exposed", shown(5, _decoy)),
        ("a disclosure added", shown(5, lambda row: [*row, ["A" * 22, "zone", "quay"]])),
        ("a disclosure doubled", shown(5, lambda row: [*row, row[0]])),
        ("a value changed", shown(5, lambda row: [[*one[:2], "no"] if one[1] == "text" else one for one in row])),
        ("a number that is not whole", shown(5, lambda row: row)),
    ):
        if name == "a number that is not whole":
            change = lines(
                "disclosures.jsonl", lambda rows: rows.__setitem__(5, b'[["AAAAAAAAAAAAAAAAAAAAAA","x",1.5]]')
            )
        first = 4 if "swapped" in name else 5
        yield Doctored(name, remade(bundle, change), 1, first)
        yield Doctored(f"{name}, by whoever holds the key", resigned(bundle, signer, change), 1, first)


def claims(bundle: bytes, signer: Signer) -> Iterator[Doctored]:
    """What the manifest says, and what lies beside it."""
    said = json.loads(container.unpack(bundle)["manifest.json"])
    for name, change in (
        ("more shown", {"disclosed": said["disclosed"] + 1}),
        ("less withheld", {"withheld": {"NoteAdded": 1}}),
        ("another reader", {"reader": "press"}),
        ("another reason", {"reason": "curiosity"}),
        ("another person", {"by": "bob"}),
        ("another right", {"basis": "none"}),
        ("another size", {"size": 3}),
        ("another root", {"root": "00" * 32}),
        ("another log", {"stream": "I-2"}),
        ("an exercise", {"exercise": "yes"}),
    ):
        yield Doctored(f"a manifest that claims {name}", claiming(signer, bundle, **change), 1)
    yield Doctored("a manifest of the next format", claiming(signer, bundle, format=3), 2)
    yield Doctored("a manifest signed by a stranger", claiming(STRANGER, bundle), 1)
    more = [
        _given("extra.txt", b"x"),
        _given("playbooks/00.yaml", b"x"),
        _given("leaves.txt", b""),
        _given("log.txt", b""),
    ]
    for number, given in enumerate(more):
        yield Doctored(f"a file added or emptied, {number}", remade(bundle, given), 1)
    invented = _given(f"playbooks/{sha256(b'x').hexdigest()}.yaml", b"x")
    yield Doctored("a playbook of another log", resigned(bundle, signer, invented), 1)
    yield Doctored("other words", resigned(bundle, signer, _given("log.txt", b"0  nothing happened\n")), 1)
    for name in ("README.txt", "log.txt", "verify.py", "keys.jsonl", "cosigned.jsonl"):
        files = container.unpack(bundle)
        del files[name]
        yield Doctored(f"{name} missing", container.pack(files), 2)


def cuts(bundle: bytes) -> Iterator[Doctored]:
    """What is missing or was cut off: that alone accuses nobody, and excuses nothing that is still there."""
    changed = shown(5, lambda row: [[*one[:2], "no"] if one[1] == "text" else one for one in row])
    swapped = lines("entries.jsonl", _swapped(4, 5))
    for name in REQUIRED:
        yield Doctored(f"{name} missing", _without(bundle, name), 2)
        if name != "disclosures.jsonl":
            first = None if name == "entries.jsonl" else 5
            yield Doctored(f"{name} missing, and a value changed", _without(remade(bundle, changed), name), 1, first)
        if name != "entries.jsonl":
            yield Doctored(f"{name} missing, and entries swapped", _without(remade(bundle, swapped), name), 1, 4)
    signature = ("manifest.json", "manifest.sig")
    other = remade(bundle, _given("log.txt", b"0  nothing happened\n"))
    yield Doctored("no manifest", _without(bundle, *signature), 2)
    yield Doctored("no manifest, and other words", _without(other, *signature), 1)
    yield Doctored("no leaves, and other words", _without(other, "leaves.txt"), 1)
    yield Doctored(
        "no manifest, and leaves of another log", _without(remade(bundle, _given("leaves.txt", b"")), *signature), 1
    )
    ends = {name: bundle.index(data) + len(data) for name, data in container.unpack(bundle).items() if data}
    for name, end in ends.items():
        for more in (-1, 0, 7, 35):
            yield Doctored(f"cut {more} bytes behind {name}", bundle[: end + more], 2)
    for less in (1, 21, 22, 23, 90):
        yield Doctored(f"cut {less} bytes before the end", bundle[:-less], 2)
    forged = remade(bundle, changed)
    for name in ("entries.jsonl", "key.txt", "leaves.txt", "manifest.json", "manifest.sig"):
        data = container.unpack(forged)[name]
        yield Doctored(f"a value changed, and cut behind {name}", forged[: forged.index(data) + len(data)], 1, 5)
    yield Doctored("a value changed, and cut within the index", forged[:-30], 1, 5)
    yield Doctored("a value changed, and nothing left to hold it against", forged[: ends["disclosures.jsonl"]], 2)
    yield Doctored("a file added, and cut within it", _strange(bundle), 1)
    yield Doctored("cut, and something put behind", bundle[:-30] + b"x", 1)
    inflated = _packed_again(bundle)
    yield Doctored("packed again", inflated, 2)
    yield Doctored("packed again, and cut", inflated[: len(inflated) // 2], 2)


def _without(bundle: bytes, *names: str) -> bytes:
    return container.pack({name: data for name, data in container.unpack(bundle).items() if name not in names})


def _strange(bundle: bytes) -> bytes:
    """Cut within a file that nobody exported."""
    raw = container.pack(container.unpack(bundle) | {"zzz.txt": b"x" * 100})
    return raw[: raw.index(b"x" * 100) + 50]


def _packed_again(bundle: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in container.unpack(bundle).items():
            archive.writestr(name, data)
    return out.getvalue()


def keys(bundle: bytes, signer: Signer) -> Iterator[Doctored]:
    """Keys, the chain of keys, cosignatures, and what witnesses kept."""
    files = container.unpack(bundle)
    good = link(OLD, signer, NOW)
    early, whole = note_at(files, 6, signer), note_at(files, SIZE, signer)
    other = note_at(files, SIZE, signer, bytes(32))
    later = note_at(files, SIZE + 5, signer, bytes(32))
    by_old = note_at(files, 6, OLD)
    yield Doctored("intact", bundle, 0)
    yield Doctored("signed by a stranger", resigned(bundle, STRANGER), 1)
    both_keys = both(_given("key.txt", f"{STRANGER.verifier.vkey}\n".encode()))
    yield Doctored("all made anew under another key", resigned(bundle, STRANGER, both_keys), 0)
    yield Doctored("made anew, held against what was kept", resigned(bundle, STRANGER, both_keys), 2, None, early)
    yield Doctored("a key of the wrong form", remade(bundle, _given("key.txt", b"liege+00000000+AAAA\n")), 1)
    chain = resigned(bundle, signer, chained(good))
    yield Doctored("a chain of keys", chain, 0)
    yield Doctored("an earlier key, which the chain leads from", chain, 0, None, by_old)
    yield Doctored("an earlier key without its chain", bundle, 2, None, by_old)
    broken = [
        chained(link(OLD, STRANGER, NOW)),
        chained(good, good),
        chained(good.replace("liege\n", "namur\n", 1)),
        chained("\n".join(good.split("\n")[:-2]) + "\n"),
        chained(link(STRANGER, OLD, NOW), link(STRANGER, signer, NOW)),
        _given("keys.jsonl", b"{}\n"),
        _given("keys.jsonl", b'{"note": ""}\n'),
    ]
    for number, change in enumerate(broken):
        yield Doctored(f"a broken chain of keys, {number}", resigned(bundle, signer, change), 1)
    two = both(cosigned(signer, 6), cosigned(signer, SIZE, POLICE))
    yield Doctored("cosigned by two", resigned(bundle, signer, two), 0)
    yield Doctored("cosigned under an earlier key", resigned(bundle, signer, both(chained(good), cosigned(OLD, 6))), 0)
    forged = [
        cosigned(signer, 6, root=bytes(32)),
        cosigned(signer, SIZE + 1),
        cosigned(STRANGER, 6),
        lambda files: (cosigned(signer, 6)(files), _damaged(files))[0],
        lambda files: (cosigned(signer, 6)(files), _attributed(files))[0],
        _given("cosigned.jsonl", b"[]\n"),
        both(cosigned(signer, SIZE), cosigned(signer, SIZE, POLICE, bytes(32))),
    ]  # fmt: skip
    for number, change in enumerate(forged):
        yield Doctored(f"a forged cosignature, {number}", resigned(bundle, signer, change), 1)
    yield Doctored("a witness that agrees", bundle, 0, None, early)
    yield Doctored("a witness of all of it", bundle, 0, None, whole)
    yield Doctored("two checkpoints of one size", bundle, 1, None, other)
    yield Doctored("two checkpoints of one size, one of them agrees", bundle, 1, None, _side(whole, other))
    yield Doctored("rolled back", bundle, 1, None, later)
    yield Doctored("a later one beside one that agrees", bundle, 0, None, _side(early, later))
    yield Doctored("a witness of another history", bundle, 1, None, note_at(files, 6, signer, bytes(32)))
    yield Doctored("a witness whose note a stranger signed", bundle, 2, None, note_at(files, 6, STRANGER))
    yield Doctored("a witness of nothing", bundle, 2, None, note_at(files, 0, signer))
    yield Doctored("a witness without a signature", bundle, 2, None, early.partition("\n\n")[0] + "\n")
    yield Doctored("a witness of another log", bundle, 2, None, signer.sign(Checkpoint("liege/I-9", 3, bytes(32)).text))
    yield Doctored("no checkpoint", bundle, 2, None, "hello")


@dataclass(frozen=True, slots=True)
class Anybody:
    """Signs under a key of small order, which takes no private key: R is the neutral point, S is 0."""

    public: bytes
    name: str = "liege"

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.public)

    def sign(self, text: str) -> str:
        blob = self.verifier.key_id + NEUTRAL + bytes(32)
        return f"{text}\n\u2014 {self.name} {b64encode(blob).decode()}\n"


NEUTRAL = (1).to_bytes(32, "little")
FIELD = 2**255 - 19
EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022
WEAK = [
    (y | sign << 255).to_bytes(32, "little")
    for y in (0, 1, FIELD - 1, EIGHTH, FIELD - EIGHTH, FIELD, FIELD + 1, 2)
    for sign in (0, 1)
]
"""Keys that no private key belongs to: every point of small order, with both signs, two of them written otherwise, and no point at all."""


def weak(bundle: bytes, signer: Signer) -> Iterator[Doctored]:
    """Bundles that were signed without any private key."""
    for public in WEAK:
        anybody = cast("Signer", Anybody(public))
        key = _given("key.txt", f"{anybody.verifier.vkey}\n".encode())
        yield Doctored(f"signed under {public.hex()}", resigned(bundle, anybody, key), 1)
        cosigner = Witness("fire.example", public)
        blob = b64encode(cosigner.key_id + bytes(8) + NEUTRAL + bytes(32)).decode()

        def row(files: Files, cosigner: Witness = cosigner, blob: str = blob) -> None:
            note = note_at(files, 6, signer) + f"\u2014 {cosigner.name} {blob}\n"
            said = {"note": note, "partner": "fire", "vkey": cosigner.vkey}
            files["cosigned.jsonl"] += canonical.encode(said) + b"\n"

        yield Doctored(f"cosigned under {public.hex()}", resigned(bundle, signer, row), 1)


def strange(bundle: bytes, signer: Signer) -> Iterator[Doctored]:
    """What only whoever signs can put there: values of every kind, and more than a reader's memory has room for."""
    first = container.unpack(bundle)["entries.jsonl"].splitlines()[:1]
    posted = {"network": "telegram", "room": "1", "root": tree.root_of([tree.leaf_hash(first[0])]).hex(), "size": 1}
    odd: list[object] = [[], {}, [[]], 0, True, None, "s-9", {"a": []}]
    for name in ("send", "network", "room"):
        for value in odd:
            change = _more("CheckpointPosted", posted | {"send": "s-1"} | {name: value})
            yield Doctored(f"a posted checkpoint whose {name} is {value}", resigned(bundle, signer, change), 0)
    for value in odd:
        change = _more("CheckpointCosigned", {"confirmed": True, "vkey": value})
        yield Doctored(f"a cosigned checkpoint whose key is {value}", resigned(bundle, signer, change), 0)
        change = _more("MessageSent", {"send": value})
        yield Doctored(f"a message whose name is {value}", resigned(bundle, signer, change), 0)
    commands = shown(5, lambda row: [*row, ["A" * 22, "\x1b[2J\x1b[Hintact\nintact\u202e\x9b", 1]])
    yield Doctored("a field that commands a terminal", remade(bundle, commands), 1, 5)
    empty = b"[" + b"[]," * 400_000 + b"[]]\n"
    for name in ("entries.jsonl", "disclosures.jsonl"):
        change = lines(name, lambda rows: rows.__setitem__(4, empty[:-1]))
        yield Doctored(f"a long line of {name}", remade(bundle, change), 1)
        yield Doctored(f"a long line of {name}, by whoever holds the key", resigned(bundle, signer, change), 2)
        change = lines(name, lambda rows: rows.__setitem__(4, b"x" * (1 << 20)))
        yield Doctored(f"a line of {name} that is just read", resigned(bundle, signer, change), 1, 4)
    good = cosigned(signer, 6)
    many = both(good, lambda files: files.update({"cosigned.jsonl": files["cosigned.jsonl"] * 513}))
    yield Doctored("too many cosignatures", resigned(bundle, signer, many), 1)
    chain = chained(*[link(OLD, OLD, NOW)] * 512, link(OLD, signer, NOW))
    yield Doctored("too many keys", resigned(bundle, signer, chain), 1)

    def padded(files: Files) -> None:
        text, _, line = note_at(files, 6, signer).rpartition("\n\n")
        said = {"note": FIRE.cosign(f"{text}\n\n{line * 63}", NOW), "partner": "fire", "vkey": FIRE.witness.vkey}
        files["cosigned.jsonl"] += canonical.encode(said) + b"\n"

    yield Doctored("as many signatures as are read", resigned(bundle, signer, padded), 0)
    text, _, line = note_at(container.unpack(bundle), 6, signer).rpartition("\n\n")
    yield Doctored("a witness with too many signatures", bundle, 2, None, f"{text}\n\n{line * 65}")
    large = {"manifest.json": b"[" + b"[]," * 1_500_000 + b"[]]\n"}
    yield Doctored("a manifest too large to be read", container.pack(container.unpack(bundle) | large), 1)


def _more(kind: str, fields: Mapping[str, object]) -> Change:
    """One more entry that shows these fields."""

    def apply(files: Files) -> None:
        last = decode(files["entries.jsonl"].splitlines()[-1])
        row = [["A" * 21 + "AQgw"[n % 4], path, value] for n, (path, value) in enumerate(sorted(fields.items()))]
        digests = tuple(sorted(canonical.disclosure_digest(canonical.write(one)) for one in row))
        entry = Entry(last.seq + 1, kind, 1, last.ts, last.stream, last.playbook_sha256, digests)
        files["entries.jsonl"] += entry.encode() + b"\n"
        files["disclosures.jsonl"] += canonical.encode(row) + b"\n"
        told = readable(entry.seq, entry.ts, kind, [(path, value) for _, path, value in row])
        files["log.txt"] += f"\n{told}".encode()

    return apply


def _side(*notes: str) -> str:
    return "".join(json.dumps({"note": note}) + "\n" for note in notes)


def _damaged(files: Files) -> None:
    """One character of a partner's signature changed."""
    row = json.loads(files["cosigned.jsonl"])
    body, _, last = row["note"].rpartition(" ")
    row["note"] = f"{body} {last[:60]}{'A' if last[60] != 'A' else 'B'}{last[61:]}"
    files["cosigned.jsonl"] = canonical.encode(row) + b"\n"


def _attributed(files: Files) -> None:
    """A signature of one partner under another's key."""
    row = json.loads(files["cosigned.jsonl"])
    row["vkey"] = POLICE.witness.vkey
    files["cosigned.jsonl"] = canonical.encode(row) + b"\n"


async def posted_otherwise(store: SqliteStore) -> None:
    """A log that says that a checkpoint of another log was posted."""
    await opened(store)
    await store.append(
        STREAM, CheckpointPosted("s-1", 3, "00" * 32, ROOM, "fire", "telegram"), now=NOW + timedelta(minutes=1)
    )


def every(bundle: bytes, signer: Signer) -> list[Doctored]:
    """All of them."""
    return [
        *entries(bundle, signer),
        *claims(bundle, signer),
        *cuts(bundle),
        *keys(bundle, signer),
        *weak(bundle, signer),
        *strange(bundle, signer),
    ]
