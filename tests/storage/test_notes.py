"""Signed notes and checkpoints."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import notes
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
