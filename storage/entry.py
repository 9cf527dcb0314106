"""One entry of the log as bytes: what the tree's leaves are, the same for the writer and for an offline verifier.

The shape is fixed, so its canonical form (RFC 8785: keys sorted, no spaces) can be written down directly; a test
holds it equal to ``canonical.encode``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from storage import canonical
from storage.facts.fact import is_exercise

SHAPE = {"_sd", "_sd_alg", "incident", "playbook_sha256", "seq", "ts", "type", "v"}
"""What an entry says, by name."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")
_PLAIN = re.compile(
    rb'\{"_sd":\[(?:"([A-Za-z0-9_-]{43}(?:","[A-Za-z0-9_-]{43})*)")?\],"_sd_alg":"sha-256","incident":"([ !#-\[\]-~]*)",'
    rb'"playbook_sha256":(?:null|"([ !#-\[\]-~]*)"),"seq":(0|[1-9]\d{0,14}),"ts":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)",'
    rb'"type":"([A-Za-z_]\w*)","v":(0|[1-9]\d{0,14})\}'
)
"""An entry in canonical form without a character that JSON writes otherwise: nearly every one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry shows to everyone: position, type and version of the fact, time (RFC 3339 in UTC), stream,
    playbook, and the digests that commit to its fields, sorted."""

    seq: int
    type: str
    v: int
    ts: str
    stream: str
    playbook_sha256: str | None
    digests: Sequence[str]

    def encode(self) -> bytes:
        """The canonical bytes."""
        digests = '","'.join(self.digests)
        return (
            f'{{"_sd":{f"""["{digests}"]""" if self.digests else "[]"},"_sd_alg":"sha-256",'
            f'"incident":{canonical.write(self.stream)},"playbook_sha256":{canonical.write(self.playbook_sha256)},'
            f'"seq":{canonical.write(self.seq)},"ts":"{self.ts}","type":"{self.type}","v":{canonical.write(self.v)}}}'
        ).encode()


EXERCISE = "EXERCISE EXERCISE EXERCISE: nothing of this was real."
REHEARSAL = "REHEARSAL REHEARSAL REHEARSAL: nothing of this was real."


def unreal(stream: str) -> str:
    """What stands first wherever the log of an exercise or of a rehearsal is read; empty for what was real."""
    if is_exercise(stream):
        return EXERCISE
    return REHEARSAL if stream.startswith("X-") else ""


def opening(stream: str) -> str:
    """How a log for people begins, before its entries in words."""
    first = unreal(stream)
    return f"{first}\n\n" if first else ""


def readable(seq: int, ts: str, kind: str, disclosed: Iterable[tuple[str, object]]) -> str:
    """An entry for people, as ``log.txt`` has it: its head, and a line for each (path, value) that is disclosed.

    A value of several lines is marked on each, so that nobody's words can look like another entry.
    """
    lines = [f"{seq}  {ts}  {kind}"]
    for path, value in disclosed:
        if value is not None:
            text = value if isinstance(value, str) else canonical.write(value)
            lines.append(f"    {path}: " + "\n      | ".join(text.splitlines() or [""]))
    return "\n".join(lines) + "\n"


def decode(line: bytes) -> Entry:
    """Read an entry. Raises ValueError for anything that ``encode`` would not have written so."""
    if (plain := _PLAIN.fullmatch(line)) is not None:
        found, stream, playbook, seq, ts, kind, version = plain.groups()
        digests = found.decode().split('","') if found else []
        if len(set(digests)) == len(digests) and sorted(digests) == digests:
            said = None if playbook is None else playbook.decode()
            return Entry(int(seq), kind.decode(), int(version), ts.decode(), stream.decode(), said, digests)
    return _decode(line)


def _decode(line: bytes) -> Entry:
    """``decode``, for any entry, by writing it anew."""
    try:
        said = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(said, dict) or set(said) != SHAPE:
        raise ValueError("not an entry of the log")
    digests = said["_sd"]
    if (
        said["_sd_alg"] != "sha-256"
        or type(said["v"]) is not int
        or type(said["seq"]) is not int
        or said["seq"] < 0
        or not _text(said["type"])
        or not said["type"].isidentifier()
        or not _text(said["incident"])
        or not (said["playbook_sha256"] is None or _text(said["playbook_sha256"]))
        or not _text(said["ts"])
        or not _TIME.fullmatch(said["ts"])
        or not isinstance(digests, list)
        or not all(map(_text, digests))
        or not all(map(_DIGEST.fullmatch, digests))
    ):
        raise ValueError("a field of the entry is not of its kind")
    if sorted(set(digests)) != digests:
        raise ValueError("its digests are not sorted, or one stands twice")
    entry = Entry(said["seq"], said["type"], said["v"], said["ts"], said["incident"], said["playbook_sha256"], digests)
    if entry.encode() != line:
        raise ValueError("not in canonical form (RFC 8785)")
    return entry


def _text(value: Any) -> bool:
    return type(value) is str
