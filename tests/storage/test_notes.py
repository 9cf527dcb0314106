"""Signed notes and checkpoints."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import notes
from storage.cosigning import Witness
from storage.export import verifier
from storage.notes import BadNote, Checkpoint, Signer, Verifier

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def signer() -> Signer:
    """A key that is the same each time."""
    return Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def test_verifies_the_known_note() -> None:
    """The example of the format's first implementation verifies, and its key's id is as written."""
    key = Verifier.parse(VKEY)
    text, [signature] = notes.split_note(NOTE)
    assert key.vkey == VKEY
    assert key.verifies(signature, text)
    assert not key.verifies(signature, text.replace("answer", "anwser"))


def test_signs_what_it_verifies(signer: Signer) -> None:
    """A checkpoint comes back from its signed note as it was."""
    said = Checkpoint("liege/I-1", 42, bytes(range(32)))
    text, [signature] = notes.split_note(signer.sign(said.text))
    assert notes.parse_checkpoint(text) == said
    assert Verifier.parse(signer.verifier.vkey).verifies(signature, text)


def test_another_key_does_not_verify(signer: Signer) -> None:
    """A signature under the same name by another key is not taken for ours."""
    other = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    text, [signature] = notes.split_note(other.sign("x\n"))
    assert not signer.verifier.verifies(signature, text)


@pytest.mark.parametrize(
    "note",
    ["", "x", "x\n", "x\n\n", "x\n\n\u2014 a AAAA\n", "x\n\n\u2014 a !!!!!!!!\n", NOTE[:-1],
     NOTE.replace("\u2014", "-"), "\t" + NOTE],
)  # fmt: skip
def test_refuses_what_is_no_note(note: str) -> None:
    """Text without a proper signature line is refused."""
    with pytest.raises(BadNote):
        notes.split_note(note)


@pytest.mark.parametrize("size", ["-1", "01", "x", "", "1.0", "\u0661", "9" * 20])
def test_refuses_odd_sizes(size: str) -> None:
    """A checkpoint's size is a plain decimal number."""
    with pytest.raises(BadNote):
        notes.parse_checkpoint(f"liege/I-1\n{size}\n{'A' * 43}=\n")


@pytest.mark.parametrize("vkey", ["", "a", "a+b+c", VKEY + "=", VKEY.replace("c74f", "c74e"), "a b" + VKEY, VKEY[:-4]])
def test_refuses_odd_keys(vkey: str) -> None:
    """A key with the wrong id, name or length is refused."""
    with pytest.raises(BadNote):
        Verifier.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_refuses_names_that_cannot_sign(name: str) -> None:
    """A name with spaces or a plus sign cannot stand in a signature line."""
    with pytest.raises(BadNote):
        Signer(name, Ed25519PrivateKey.generate())


SIGSUM = "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90"
SIGSUM_KEY = bytes.fromhex("52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd")


def test_verifies_a_known_checkpoint() -> None:
    """A checkpoint of another log, from the tests of ``litewitness`` (FiloSottile/torchwood, multi-cosigs-ed25519.txt), verifies."""
    note = (
        f"{SIGSUM}\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 {SIGSUM} "
        "7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=\n"
    )
    text, [signature] = notes.split_note(note)
    assert notes.parse_checkpoint(text) == Checkpoint(SIGSUM, 1, b"\x2a" + bytes(31))
    assert Verifier(SIGSUM, SIGSUM_KEY).verifies(signature, text)
    read = verifier.read_checkpoint(note)
    assert verifier.Key(SIGSUM, 1, SIGSUM_KEY).signed(read.note)
    assert not verifier.Key(SIGSUM, 1, SIGSUM_KEY).signed(read.note._replace(text=text.replace("\n1\n", "\n2\n")))


def test_reads_a_known_cosigner() -> None:
    """The key of a public witness (transparency-dev/formats, note_cosigv1_test.go) has the id that is written in it."""
    vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    assert Witness.parse(vkey).vkey == verifier.read_key(vkey, 4).vkey == vkey
    with pytest.raises(BadNote):
        Verifier.parse(vkey)


def test_reads_the_known_cosigned_checkpoint() -> None:
    """The example of C2SP ``tlog-cosignature`` is read: log and witness, and the time at which the witness says it signed."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    text, [log, witness] = notes.split_note(note)
    assert notes.parse_checkpoint(text).size == verifier.read_checkpoint(note).size == 20852163
    assert (len(log.signature), len(witness.signature)) == (64, 72)
    assert int.from_bytes(witness.signature[:8], "big") == 1679315147


def test_refuses_a_key_that_can_be_written_in_two_ways() -> None:
    """A public key whose number is not below the field's (RFC 8032 §5.1.3) is refused by both verifiers."""
    odd = Verifier("liege", (2**255 - 18).to_bytes(32, "little")).vkey
    with pytest.raises(BadNote):
        Verifier.parse(odd)
    with pytest.raises(ValueError, match="not a key"):
        verifier.read_key(odd)


def test_a_key_has_a_fingerprint_that_can_be_read_out() -> None:
    """Eight groups of four digits, which another key does not share."""
    one, other = (Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)).verifier for n in (1, 2))
    assert re.fullmatch(r"([0-9a-f]{4} ){7}[0-9a-f]{4}", one.fingerprint)
    assert one.fingerprint == Verifier.parse(one.vkey).fingerprint != other.fingerprint
