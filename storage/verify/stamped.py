"""The checkpoints in a bundle that an authority stamped with the time (RFC 3161), and which of the stamps count.

A stamp proves nothing until its signature leads to a certificate that whoever verifies trusts: without one it is told that it is there, and not checked.
It says when the log was this, by a clock that is not the operator's; it does not say that nobody was shown another: that is for witnesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage import notes, stamping
from storage.export.span import Span
from storage.facts import timestamp
from storage.notes import Checkpoint, Verifier
from storage.verify.signed import small
from storage.verify.verdict import Stamp, Unsure, Verdict

if TYPE_CHECKING:
    from cryptography import x509

MOST = 256
"""Stamps that are read."""

NAME = re.compile(r"stamps/([1-9]\d{0,15})\.tsr", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint with its stamp: what it says, and the stamp."""

    said: Checkpoint
    stamp: stamping.Stamped


def read(verdict: Verdict, files: Mapping[str, Span], keys: Sequence[Verifier], signed: Checkpoint) -> Iterator[Found]:
    """The stamps that are of this log, as far as the bundle reaches, whoever signed them; what is wrong with the others is told."""
    names = [name for name in sorted(files) if NAME.fullmatch(name) and f"{name[:-4]}.txt" in files]
    if len(names) > MOST:
        verdict.add("witness", f"there are more than {MOST} time stamps")
        return
    for name in names:
        try:
            one = _read(small(files, f"{name[:-4]}.txt"), small(files, name), keys, signed.origin)
        except ValueError as error:
            verdict.add("witness", f"{name}: {error}")
            continue
        if one.said.size > signed.size:
            words = f"rolled back: {one.said.size} entries were time-stamped, and this bundle has {signed.size}"
            verdict.add("witness", words)
        elif one.said.size:
            yield one


def _read(note: bytes, answer: bytes, keys: Sequence[Verifier], origin: str) -> Found:
    text, signatures = notes.split_note(note.decode())
    said = notes.parse_checkpoint(text)
    if said.origin != origin:
        raise ValueError(f"it is for {said.origin}")
    if not any(known.verifies(signature, text) for known in keys for signature in signatures):
        raise ValueError("what it stamps was not signed by a key of this log")
    return Found(said, stamping.read(note.decode(), answer))


def weighed(one: Found, roots: Sequence[x509.Certificate]) -> Stamp:
    """What a stamp is worth that is of this log. ``roots``: whom whoever verifies trusts."""
    doubt: Unsure = "not checked"
    if roots:
        doubt = "" if stamping.leads_to(one.stamp, roots) else "another authority"
    return Stamp(one.stamp.authority, timestamp(one.stamp.at), one.said.size, doubt)
