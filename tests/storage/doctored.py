"""Bundles doctored by hand, in one table: what each verifier must answer to every one of them, and which entry it must name first."""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import canonical, tree
from storage.cosigning import Witness, WitnessKey
from storage.database import SqliteStore
from storage.entry import Entry, decode, readable
from storage.export import container
from storage.facts import CheckpointPosted, MessageSent, NoteAdded
from storage.notes import Checkpoint, Signer, Verifier
from storage.rotation import link
from storage.verify import REQUIRED
from tests.storage import misspelt
from tests.storage.bundled import Files, both, lines, listed, remade, resigned, signed_manifest
from tests.storage.small import DIGEST, NOW, ROOM, STREAM, opened

Change = Callable[[Files], None]

SIZE = 12
OLD = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
FIRE = WitnessKey("fire.example", Ed25519PrivateKey.from_private_bytes(bytes([7] * 32)))
POLICE = WitnessKey("police.example", Ed25519PrivateKey.from_private_bytes(bytes([8] * 32)))


@dataclass(frozen=True, slots=True)
class Doctored:
    """A bundle that somebody made something of. ``kept``: what is held against it; ``need``: which evidence is asked for; ``code``: the verdict; ``first``: the first
    entry named."""

    name: str
    raw: bytes
    code: int
    first: int | None = None
    kept: str | None = None
    need: str | None = None


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


def cosigned(
    signer: Signer, size: int, by: WitnessKey = FIRE, root: bytes | None = None, partner: str | None = None
) -> Change:
    """A line of a partner's signature."""

    def apply(files: Files) -> None:
        note = by.cosign(note_at(files, size, signer, root), NOW)
        row = {"note": note, "partner": partner or by.name.partition(".")[0], "vkey": by.witness.vkey}
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


def _numbered(rows: list[bytes]) -> None:
    """Each entry says the place in which it stands."""
    for place, row in enumerate(rows):
        said = decode(row)
        rows[place] = Entry(place, said.type, 1, said.ts, said.stream, said.playbook_sha256, said.digests).encode()


def retold(files: Files) -> None:
    """The log in words says what the entries show now."""
    pairs = zip(files["entries.jsonl"].splitlines(), files["disclosures.jsonl"].splitlines(), strict=True)
    told = [readable(said.seq, said.ts, said.type, _pairs(row)) for line, row in pairs if (said := decode(line))]
    files["log.txt"] = "\n".join(told).encode()


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
        ("another deployment", {"deployment": "namur"}),
        ("another title", {"title": "Drill"}),
        ("no title", {"title": None}),
        ("another playbook", {"playbook": "border"}),
        ("another time", {"at": "2026-03-01T08:00:00.001Z"}),
        ("another form", {"form": "csv"}),
        ("another name for its reader", {"reader_name": "The press"}),
    ):
        yield Doctored(f"a manifest that claims {name}", claiming(signer, bundle, **change), 1)
    nameless = both(shown(SIZE - 1, lambda row: [one for one in row if one[1] != "reason"]), retold)
    yield Doctored("a copy that does not show why", resigned(bundle, signer, nameless), 1)
    hidden = both(shown(5, lambda row: [one for one in row if one[1] != "text"]), retold)
    yield Doctored("less shown than the log says that was shown", resigned(bundle, signer, hidden), 1)

    def goes_on(files: Files) -> None:
        inserted("NoteAdded", {"text": "x"})(files)
        for name in ("entries.jsonl", "disclosures.jsonl"):
            rows = files[name].splitlines()
            files[name] = b"".join(row + b"\n" for row in [*rows[:-2], rows[-1], rows[-2]])
        lines("entries.jsonl", _numbered)(files)
        retold(files)

    yield Doctored("a copy that goes on after it was made", resigned(bundle, signer, goes_on), 1)
    yield Doctored("a manifest of the next format", claiming(signer, bundle, format=3), 2)
    text, _, line = container.unpack(bundle)["manifest.sig"].decode().rpartition("\n\n")
    king = f"\u2014 king.of.belgium {b64encode(b'x' * 68).decode()}\n"
    for name, signatures in (("after", line + king), ("before", king + line), ("twice", line * 2)):
        given = container.unpack(bundle) | {"manifest.sig": f"{text}\n\n{signatures}".encode()}
        yield Doctored(f"a manifest with a signature more, {name}", container.pack(given), 1)
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
    yield Doctored("a later one beside one that agrees", bundle, 1, None, _side(early, later))
    junk = note_at(files, SIZE + 2, STRANGER)
    yield Doctored("a later one behind a stranger's", bundle, 1, None, _side(junk, later))
    yield Doctored("a later one of a stranger's beside one that agrees", bundle, 0, None, _side(early, junk))
    forked = note_at(files, 6, signer, bytes(32))
    yield Doctored("another history behind one that agrees", bundle, 1, None, _side(whole, forked))
    yield Doctored("a witness of another history", bundle, 1, None, note_at(files, 6, signer, bytes(32)))
    yield Doctored("a witness whose note a stranger signed", bundle, 2, None, note_at(files, 6, STRANGER))
    yield Doctored("a witness of nothing", bundle, 2, None, note_at(files, 0, signer))
    yield Doctored("a witness without a signature", bundle, 2, None, early.partition("\n\n")[0] + "\n")
    yield Doctored("a witness of another log", bundle, 2, None, signer.sign(Checkpoint("liege/I-9", 3, bytes(32)).text))
    yield Doctored("no checkpoint", bundle, 2, None, "hello")
    told, _, line = early.rpartition("\n\n")
    strangers = "".join(
        f"\u2014 {name} {b64encode(bytes(count)).decode()}\n" for name, count in (("liege", 5), ("x", 3000), ("pq", 64))
    )
    yield Doctored("a witness with signatures of other kinds", bundle, 0, None, f"{told}\n\n{strangers}{line}")
    yield Doctored("a witness twice", bundle, 0, None, early + early)
    yield Doctored("a witness with a line more", bundle, 2, None, f"{told}\nmore\n\n{line}")
    for size in ("06", "+6", "6.0", "6_0", "\uff16", "-6", "1" * 19, "1" * 20, ""):
        rows = told.split("\n")
        other_size = signer.sign(f"{rows[0]}\n{size}\n{rows[2]}\n")
        yield Doctored(f"a witness of {size} entries", bundle, 1 if size == "1" * 19 else 2, None, other_size)
    for number, root in enumerate(
        (rows[2][:-1], f"{rows[2]}=", rows[2].replace("=", ""), rows[2][:-2] + chr(ord(rows[2][-2]) + 1) + "=")
    ):
        other_root = signer.sign(f"{rows[0]}\n6\n{root}\n")
        yield Doctored(f"a witness of a root written otherwise, {number}", bundle, 2, None, other_root)


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
            change = inserted("CheckpointPosted", posted | {"send": "s-1"} | {name: value})
            yield Doctored(f"a posted checkpoint whose {name} is {value}", resigned(bundle, signer, change), 0)
    for what, fields in (
        ("posted", posted | {"send": "s-1", "size": SIZE}),
        ("posted by far", posted | {"send": "s-1", "size": 1 << 52}),
        ("cosigned", posted | {"size": SIZE + 1}),
        ("cosigned with another root", posted | {"size": 2}),
    ):
        change = inserted("CheckpointPosted" if "send" in fields else "CheckpointCosigned", fields)
        yield Doctored(f"more entries {what} than there were", resigned(bundle, signer, change), 1, SIZE - 1)
    for value in odd:
        change = inserted("CheckpointCosigned", {"confirmed": True, "vkey": value})
        yield Doctored(f"a cosigned checkpoint whose key is {value}", resigned(bundle, signer, change), 0)
        change = inserted("MessageSent", {"send": value})
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


_MUCH = """x: {a: "}", b: [1,
  2]}
partners: # all
  # one
  police:
    name: y
  fire:
    name: "x: y" # z
    text: >-
      it's
    rooms:
      - {matrix: "#x:y"}
      - telegram: -1
    witness: '%s' # by telephone
areas: {}
"""


def needs(bundle: bytes, signer: Signer) -> Iterator[Doctored]:
    """Which evidence counts, where it is asked for."""
    for need, code in (("self-asserted", 0), ("posted", 0), ("posted-uneditable", 2), ("cosigned", 2)):
        yield Doctored(f"posted where it can be edited, for {need}", bundle, code, need=need)
    again = WitnessKey("fire.again", Ed25519PrivateKey.from_private_bytes(bytes([9] * 32)))
    own = WitnessKey("fire.example", signer.key)
    alone, pair = [(FIRE, "fire")], [(FIRE, "fire"), (POLICE, "police")]
    for what, named, recorded, asked, code in (
        ("a key that no entry names", [FIRE], [], "cosigned", 2),
        ("a key that the playbook names", [FIRE], alone, "cosigned", 0),
        ("one partner", [FIRE], alone, "cosigned:2", 2),
        ("a key that the operator alone names", [POLICE], alone, "cosigned", 2),
        ("two partners", [FIRE, POLICE], pair, "cosigned:2", 0),
        ("two partners, one of them in the playbook", [FIRE], pair, "cosigned:2", 2),
        ("two keys of one partner, one of them in the playbook", [FIRE], [*alone, (again, "fire")], "cosigned:2", 2),
        ("one key for two partners", [FIRE], [*alone, (FIRE, "police")], "cosigned:2", 2),
        ("one key for two partners, asked for one", [FIRE], [*alone, (FIRE, "police")], "cosigned", 0),
        ("the log's own key", [own], [(own, "fire")], "cosigned", 2),
        ("the same lines twice", [FIRE], [*alone, *alone], "cosigned:2", 2),
    ):
        book = naming({one.name.partition(".")[0]: one for one in named})
        change = both(
            agreed(book, recorded), *(cosigned(signer, 6, key, partner=who) for key, who in recorded or alone)
        )
        yield Doctored(f"{what}, for {asked}", resigned(bundle, signer, change), code, need=asked)
    two = both(agreed(), agreed(naming({"fire": again}), [(again, "fire")]))
    two = both(two, cosigned(signer, 6), cosigned(signer, 6, again))
    yield Doctored("two keys of one partner, one after the other", resigned(bundle, signer, two), 2, need="cosigned:2")
    lost = both(_confirmed(FIRE, "fire", "f" * 64), _confirmed(POLICE, "police", None))
    lost = both(lost, cosigned(signer, 6), cosigned(signer, 6, POLICE))
    yield Doctored("two keys of a playbook that is not there", resigned(bundle, signer, lost), 2, need="cosigned:1")
    partner = both(lost, _for_partner)
    yield Doctored("two keys of a playbook a partner has not", resigned(bundle, signer, partner), 0, need="cosigned:2")
    key = FIRE.witness.vkey
    for what, text, code in (
        ("in a comment", f"partners:\n  fire:\n    name: x\n# witness: {key}\n", 2),
        ("in a comment of its block", f"partners:\n  fire:\n    name: x  # {key}\n    # witness: {key}\n", 2),
        ("as another partner's", f"partners:\n  police:\n    witness: {key}\n  fire:\n    name: x\n", 2),
        ("outside the partners", f"partners:\n  fire:\n    name: x\nfire:\n  witness: {key}\n", 2),
        ("deeper", f"partners:\n  fire:\n    name: x\n    clearance:\n      witness: {key}\n", 2),
        ("within a text", f"partners:\n  fire:\n    name: |\n      witness: {key}\n", 2),
        ("within a quotation", f'partners:\n  fire:\n    name: "x\n    witness: {key}\n    "\n', 2),
        ("within brackets", f"partners:\n  fire:\n    x: [a,\n    witness: {key}\n    ]\n", 2),
        ("and then more", f"partners:\n  fire:\n    witness: {key}A\n", 2),
        ("twice", f"partners:\n  fire:\n    witness: {key}\n    witness: {key}\n", 2),
        ("in what is no playbook", f"- partners: [\n  fire:\n    witness: {key}\n", 2),
        ("among much else", _MUCH % key, 0),
    ):  # fmt: skip
        change = both(agreed(text.encode()), cosigned(signer, 6))
        yield Doctored(f"a key that the playbook has {what}", resigned(bundle, signer, change), code, need="cosigned")
    for what, book, code in misspelt.playbooks(key):
        change = both(agreed(book), cosigned(signer, 6))
        yield Doctored(what, resigned(bundle, signer, change), code, need="cosigned")
    yield Doctored("packed again, for a witness", _packed_again(bundle), 2, need="cosigned")
    changed = remade(bundle, shown(5, lambda row: row[:-1]))
    yield Doctored("tampered with, for a witness", changed, 1, None, need="cosigned")


def agreed(book: bytes | None = None, recorded: Sequence[tuple[WitnessKey, str]] = ((FIRE, "fire"),)) -> Change:
    """A playbook that some entries were decided under, each of which says of a key that this playbook names it."""
    book = book if book is not None else naming({"fire": FIRE})

    def apply(files: Files) -> None:
        digest = sha256(book).hexdigest()
        if recorded:
            files[f"playbooks/{digest}.yaml"] = book
        for key, partner in recorded:
            _confirmed(key, partner, digest)(files)

    return apply


def naming(partners: Mapping[str, WitnessKey]) -> bytes:
    """A playbook that names these partners' keys, as far as a playbook matters here."""
    rows = "".join(f'  {name}:\n    witness: "{one.witness.vkey}"\n' for name, one in partners.items())
    return f"partners:\n{rows}  nobody:\n    name: x\n".encode()


def _confirmed(key: WitnessKey, partner: str, digest: str | None) -> Change:
    """An entry that says that its playbook names a partner's key."""
    return inserted("CheckpointCosigned", {"partner": partner, "vkey": key.witness.vkey, "confirmed": True}, digest)


def _for_partner(files: Files) -> None:
    """The copy is for a partner: its last entry says so, and its manifest; it has no playbooks."""
    for name in [name for name in files if name.startswith("playbooks/")]:
        del files[name]
    last = decode(files["entries.jsonl"].splitlines()[-1])
    says = [
        [salt, path, "fire" if path == "reader" else value]
        for salt, path, value in json.loads(files["disclosures.jsonl"].splitlines()[-1])
    ]
    digests = tuple(sorted(canonical.disclosure_digest(canonical.write(one)) for one in says))
    after = Entry(last.seq, last.type, 1, last.ts, last.stream, last.playbook_sha256, digests)
    lines("entries.jsonl", lambda rows: rows.__setitem__(-1, after.encode()))(files)
    lines("disclosures.jsonl", lambda rows: rows.__setitem__(-1, canonical.encode(says)))(files)
    said = json.loads(files["manifest.json"]) | {"reader": "fire", "reader_name": "Fire"}
    files["manifest.json"] = canonical.encode(said) + b"\n"
    retold(files)


def _pairs(row: bytes) -> list[tuple[str, Any]]:
    """What is shown of an entry: path and value."""
    return [(path, value) for _, path, value in json.loads(row)]


def inserted(kind: str, fields: Mapping[str, object], playbook: str | None = None) -> Change:
    """One more entry that shows these fields, before the last one, which says how many entries and fields the copy has."""

    def apply(files: Files) -> None:
        last = decode(files["entries.jsonl"].splitlines()[-1])
        row = [["A" * 21 + "AQgw"[n % 4], path, value] for n, (path, value) in enumerate(sorted(fields.items()))]
        digests = tuple(sorted(canonical.disclosure_digest(canonical.write(one)) for one in row))
        entry = Entry(last.seq, kind, 1, last.ts, last.stream, playbook or last.playbook_sha256, digests)
        shown = files["disclosures.jsonl"].splitlines()
        says = json.loads(shown[-1])
        digests_now = set(last.digests) - {canonical.disclosure_digest(canonical.write(one)) for one in says}
        more = {"size": 1, "disclosed": len(row)} if last.type == "Exported" else {}
        says = [[salt, path, value + more[path] if path in more else value] for salt, path, value in says]
        digests_now |= {canonical.disclosure_digest(canonical.write(one)) for one in says}
        after = Entry(
            last.seq + 1, last.type, 1, last.ts, last.stream, last.playbook_sha256, tuple(sorted(digests_now))
        )
        ends = {
            "entries.jsonl": [entry.encode(), after.encode()],
            "disclosures.jsonl": [canonical.encode(row), canonical.encode(says)],
        }
        for name, pair in ends.items():
            files[name] = b"".join(line + b"\n" for line in [*files[name].splitlines()[:-1], *pair])
        before = readable(last.seq, last.ts, last.type, _pairs(shown[-1])).encode()
        told = readable(entry.seq, entry.ts, kind, _pairs(canonical.encode(row)))
        again = readable(after.seq, after.ts, after.type, _pairs(canonical.encode(says)))
        files["log.txt"] = files["log.txt"].removesuffix(before) + f"{told}\n{again}".encode()

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
        *needs(bundle, signer),
        *(Doctored(name, raw, 1, first) for name, raw, first in misspelt.digests(bundle, signer)),
        *(Doctored(name, raw, 1) for name, raw in misspelt.manifests(bundle, signer)),
    ]
