"""Which of the checkpoints that partners signed too a copy brings."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.cosigning import Cosigned, largest
from storage.notes import Checkpoint, Signer


def test_the_largest_of_each_key_speaks_for_all_before_it() -> None:
    """Of each partner's key the one over most entries that the copy has; what cannot be read, and what reaches further, is left out."""
    signer = Signer("liege", Ed25519PrivateKey.generate())

    def one(size: int, partner: str, vkey: str) -> Cosigned:
        return Cosigned(signer.sign(Checkpoint("liege/I-1", size, bytes(32)).text), partner, vkey)

    fire, later, other, police = one(5, "fire", "a"), one(9, "fire", "a"), one(7, "fire", "b"), one(2, "police", "a")
    unread = Cosigned("", "fire", "c")
    given = [fire, later, other, police, unread, one(4, "fire", "a"), one(11, "fire", "a")]
    assert largest(given, 10) == [police, other, later]
    assert largest(given, 8) == [police, fire, other]
    assert largest(given, 1) == []
