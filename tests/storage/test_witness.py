"""A witness on its own machine: whatever it is asked, it never signs two logs, and never goes back."""

from __future__ import annotations

import json
import stat
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage import notes, rotation, tree, witness
from storage.cosigning import Request, Witness, WitnessKey
from storage.notes import BadNote, Checkpoint, Signer
from storage.store import StorageError
from storage.witness import Contradicted, Memory, NotCosigned, judge

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KEEPER = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("liege", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
FIRE = WitnessKey("fire.example/1", Ed25519PrivateKey.from_private_bytes(b"2" * 32))
VKEY = KEEPER.verifier.vkey


def leaf(history: int, number: int) -> bytes:
    """The leaf of an entry; two histories have their first three in common."""
    return tree.leaf_hash(f"{history if number >= 3 else 0}:{number}".encode())


def asked(size: int, old: int = 0, history: int = 0, by: Signer = KEEPER) -> Request:
    """A request for the log of so many entries, with the proof from ``old`` on."""
    leaves = [leaf(history, number) for number in range(size)]

    def root(start: int, end: int) -> bytes:
        return tree.root_of(leaves[start:end])

    proof = [root(*each) for each in tree.consistency_ranges(old, size)] if 0 < old <= size else []
    return Request(old, proof, by.sign(Checkpoint("liege/I-1", size, root(0, size)).text))


def after(*requests: Request) -> Memory:
    """What is remembered after these were signed."""
    memory = Memory()
    for request in requests:
        memory = judge(memory, request, VKEY)
    return memory


def test_a_witness_signs_as_c2sp_says() -> None:
    """Key id, message and line are put together by hand from the specification, and agree."""
    note = FIRE.cosign(asked(5).note, NOW)
    text, [first, mine] = notes.split_note(note)
    public = FIRE.key.public_key().public_bytes_raw()
    assert KEEPER.verifier.verifies(first, text)
    assert mine.key_id == sha256(b"fire.example/1\n\x04" + public).digest()[:4]
    assert int.from_bytes(mine.signature[:8], "big") == int(NOW.timestamp())
    message = f"cosignature/v1\ntime {int(NOW.timestamp())}\n{text}".encode()
    FIRE.key.public_key().verify(mine.signature[8:], message)
    assert FIRE.witness.signed_at(mine, text) == NOW
    assert FIRE.witness.signed_at(mine, text + "more\n") is None
    written = b64encode(b"\x04" + public).decode()
    assert FIRE.witness.vkey == f"fire.example/1+{mine.key_id.hex()}+{written}"


def test_signing_again_replaces_only_ones_own_line() -> None:
    """Another's signature stays, even under the same name; one's own is there once, with the later time."""
    namesake = WitnessKey("liege", FIRE.key)
    note = namesake.cosign(FIRE.cosign(asked(5).note, NOW), NOW)
    again = FIRE.cosign(note, NOW + timedelta(hours=1))
    text, signatures = notes.split_note(again)
    assert sorted(one.name for one in signatures) == ["fire.example/1", "liege", "liege"]
    assert [FIRE.witness.signed_at(one, text) for one in signatures if one.name == FIRE.name] == [
        NOW + timedelta(hours=1)
    ]


def test_keys_are_read_as_they_are_written() -> None:
    """Both keys and a request survive being written down."""
    assert Witness.parse(FIRE.witness.vkey) == FIRE.witness
    assert WitnessKey.parse(FIRE.secret).witness == FIRE.witness
    assert Request.parse(asked(9, 4).text) == asked(9, 4)


@pytest.mark.parametrize(
    "text", ["", "x", "fire+00000000+AAAA", VKEY, FIRE.witness.vkey[:-4], FIRE.witness.vkey.replace("fire", "fine")]
)
def test_what_is_no_witness_key(text: str) -> None:
    """A deployment's key, a cut one or one with a slip in it is none."""
    with pytest.raises(BadNote):
        Witness.parse(text)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_hostile_requests_are_refused(text: str) -> None:
    """Whatever is in the file, it is a request that is judged, or BadNote."""
    try:
        request = Request.parse(text)
    except BadNote:
        return
    with pytest.raises(NotCosigned):
        judge(Memory(), request, VKEY)


def test_the_first_time_a_key_must_be_told() -> None:
    """Without the deployment's key, or with another's, nothing is signed; once told it is remembered."""
    for vkey in (None, FIRE.witness.vkey, Signer("namur", KEEPER.key).verifier.vkey, "x"):
        with pytest.raises(NotCosigned):
            judge(Memory(), asked(5), vkey)
    with pytest.raises(NotCosigned, match="did not sign this"):
        judge(Memory(), asked(5, by=OTHER), VKEY)
    assert judge(after(asked(5)), asked(8, 5)).last("liege/I-1") == Checkpoint(
        "liege/I-1", 8, tree.root_of([leaf(0, n) for n in range(8)])
    )


def test_a_rollback_is_refused_in_clear_words() -> None:
    """A smaller log than the one that was signed is a rollback, and both sizes are said."""
    with pytest.raises(Contradicted, match="ROLLED BACK: you signed the log of I-1 at 8 entries, and are now shown 5"):
        judge(after(asked(8)), asked(5))


@pytest.mark.parametrize("size", [8, 9, 20])
def test_another_history_is_refused(size: int) -> None:
    """A log of the same or a larger size that does not continue what was signed is another log."""
    with pytest.raises(Contradicted, match="ANOTHER LOG"):
        judge(after(asked(8)), asked(size, 8, history=1))


def test_a_proof_must_begin_where_the_witness_left_off() -> None:
    """A proof from elsewhere is no proof: it says from where one is needed. Without a memory it must be from the start."""
    with pytest.raises(NotCosigned, match="--since 8"):
        judge(after(asked(8)), asked(9, 5))
    with pytest.raises(NotCosigned, match="--since 0"):
        judge(Memory(), asked(9, 5), VKEY)


def test_a_replaced_key_needs_its_link() -> None:
    """The new key counts once a link that the old one signed leads to it, and never because somebody says so."""
    link = rotation.link(KEEPER, OTHER, NOW)
    forged = OTHER.sign(link.rpartition("\n\n")[0] + "\n")
    before = after(asked(5))
    for vkey, links in ((None, []), (OTHER.verifier.vkey, []), (OTHER.verifier.vkey, [forged])):
        with pytest.raises(NotCosigned):
            judge(before, asked(8, 5, by=OTHER), vkey, links)
    assert judge(before, asked(8, 5, by=OTHER), None, [link]).keys == {"liege": OTHER.verifier.vkey}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_key_replaced_several_times(count: int) -> None:
    """However often the key was replaced, all links together lead to the last, in whatever order and files they come; one less leads nowhere."""
    signers = [
        KEEPER,
        *(Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes([n + 3] * 32))) for n in range(count)),
    ]
    links = [rotation.link(old, new, NOW) for old, new in pairwise(signers)]
    beside = rotation.link(OTHER, KEEPER, NOW)
    before = judge(Memory(), asked(5), VKEY)
    for order in permutations(links):
        for read in (
            list(order),
            [*order, beside, *order],
            rotation.in_file("".join(order)),
            rotation.in_file("\n\n".join(one.strip() for one in order)),
            rotation.in_file("".join(json.dumps({"note": one}) + "\n" for one in order)),
        ):
            after = judge(before, asked(8, 5, by=signers[-1]), None, read)
            assert after.keys == {"liege": signers[-1].verifier.vkey}
        with pytest.raises(NotCosigned, match=r"each one where it was replaced several times .*keys\.jsonl"):
            judge(before, asked(8, 5, by=signers[-1]), None, order[1:])


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 1), st.booleans()), max_size=12))
def test_it_never_signs_two_logs_and_never_goes_back(asks: list[tuple[int, int, int, bool]]) -> None:
    """Through any requests, honest or not, all that was signed are prefixes of one log, in the order of their sizes."""
    memory, signed = Memory(), []
    for size, old, history, honest in asks:
        known = memory.last("liege/I-1")
        request = asked(size, known.size if honest and known is not None else old, history)
        try:
            memory = judge(memory, request, VKEY)
        except NotCosigned:
            continue
        signed.append((size, notes.parse_checkpoint(notes.split_note(request.note)[0]).root))
    assert [size for size, _ in signed] == sorted(size for size, _ in signed)
    possible = [{size: tree.root_of([leaf(h, n) for n in range(size)]) for size in range(13)} for h in (0, 1)]
    assert any(all(one[size] == root for size, root in signed) for one in possible)


def test_what_is_signed_is_remembered_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the memory cannot be written there is no signature; where it was, the next request is judged by it."""
    path = tmp_path / "memory.json"
    with monkeypatch.context() as broken:

        def full(path: Path, memory: Memory) -> None:
            raise StorageError("no room")

        broken.setattr(witness, "write", full)
        with pytest.raises(StorageError):
            witness.cosign(path, FIRE, asked(8), NOW, VKEY)
    note = witness.cosign(path, FIRE, asked(5), NOW, VKEY)
    assert FIRE.witness.signed_at(notes.split_note(note)[1][1], notes.split_note(note)[0]) == NOW
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    witness.cosign(path, FIRE, asked(8, 5), NOW)
    with pytest.raises(Contradicted):
        witness.cosign(path, FIRE, asked(5), NOW)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"keys":{},"logs":{"x":"y"}}', b'{"keys":{"liege":"x"},"logs":{}}', b"\xff"]
)
def test_a_damaged_memory_signs_nothing(tmp_path: Path, data: bytes) -> None:
    """Without what it remembered a witness would sign anything: it says so, and stops."""
    path = tmp_path / "memory.json"
    path.write_bytes(data)
    with pytest.raises(StorageError, match="sign nothing"):
        witness.cosign(path, FIRE, asked(5), NOW, VKEY)


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    """The key is in a file of mode 600, reads back, and stays where it is."""
    path = tmp_path / "fire.key"
    witness.keep_key(path, FIRE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert witness.read_key(path).witness == FIRE.witness
    with pytest.raises(StorageError, match="exists"):
        witness.keep_key(path, FIRE)
    for wrong in (b"", b"\xff", b"PRIVATE+KEY+x"):
        path.write_bytes(wrong)
        with pytest.raises(StorageError, match="no witness's key"):
            witness.read_key(path)
