"""Which 32 bytes are a public key that only a private key can sign for (Ed25519, RFC 8032 §5.1.3).

A point of small order is a key to which anybody can make signatures: under it k·A takes eight values at most, so that R and S can be chosen without
a private key. Libraries do not refuse them all; who reads a key does (as C2SP and "Taming the many EdDSAs", Chalkias et al. 2020, §3, ask).
"""

from __future__ import annotations

FIELD = 2**255 - 19
_D = -121665 * pow(121666, -1, FIELD) % FIELD
_EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022
"""y of a point of order 8; the others have this or its negative."""
_SMALL = frozenset({0, 1, FIELD - 1, _EIGHTH, FIELD - _EIGHTH})
"""y of each of the eight points whose order divides 8: (0, 1), (0, -1), two with y = 0, four of order 8."""


def fault(public: bytes) -> str | None:
    """What is wrong with a public key of 32 bytes; None where it is a proper one."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= FIELD:
        return "a key that is not in its one proper form (RFC 8032 §5.1.3)"
    if y in _SMALL:
        return "a key for which anybody can sign, without a private key (a point of small order)"
    # x² = (y² - 1) / (d·y² + 1) has a root where the product of both is a square (Euler's criterion).
    if pow((y * y - 1) * (_D * y * y + 1), (FIELD - 1) // 2, FIELD) != 1:
        return "a key that is no point of the curve"
    return None
