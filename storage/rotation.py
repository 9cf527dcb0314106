"""Replacing the signing key, so that whoever knows the old one can trust the new one.

A link is a note that both keys sign. Its text is ``tocsin-key``, the deployment, the old vkey, the new vkey and an RFC 3339 time, a line each.
The chain of links, and the log's fact ``KeyReplaced``, lead from the first key to the one that signs now.

The order of the steps makes each crash harmless: the new key is on the disk (``signing.key.new``) before the log says that it follows, and
takes its place (``signing.key``) only after; the next start finishes what was begun. The old key is kept aside under its id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from storage.facts import timestamp
from storage.notes import BadNote, Signer, Verifier, split_note

_HEAD = "tocsin-key"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain: the deployment's name, the public keys before and after, and when (RFC 3339)."""

    deployment: str
    old: Verifier
    new: Verifier
    at: str


def link(old: Signer, new: Signer, at: datetime) -> str:
    """The note by which one key hands over to the other, signed by both."""
    text = f"{_HEAD}\n{old.name}\n{old.verifier.vkey}\n{new.verifier.vkey}\n{timestamp(at)}\n"
    return old.sign(text) + new.sign(text).rpartition("\n\n")[2]


def parse_link(note: str) -> Link:
    """Read a link, and see that both keys signed it. Raises BadNote."""
    text, signatures = split_note(note)
    lines = text.split("\n")
    if len(lines) != 6 or lines[0] != _HEAD:
        raise BadNote("this is no link between two keys")
    found = Link(lines[1], Verifier.parse(lines[2]), Verifier.parse(lines[3]), lines[4])
    if not found.deployment == found.old.name == found.new.name:
        raise BadNote("a link between keys of two deployments")
    for key in (found.old, found.new):
        if not any(key.verifies(one, text) for one in signatures):
            raise BadNote(f"a link that {key.vkey} did not sign: it proves nothing")
    return found


def follow(vkey: str, links: Sequence[str], deployment: str) -> str:
    """The key to which these links lead from one that is known, in whatever order they are given; others are passed over. Raises BadNote."""
    left = [found for found in map(parse_link, links) if found.deployment == deployment]
    while (step := next((one for one in left if one.old.vkey == vkey), None)) is not None:
        left.remove(step)
        vkey = step.new.vkey
    return vkey


def in_file(text: str) -> list[str]:
    """The links in a file, not looked into: notes, one behind the other, or a line of JSON for each (``keys.jsonl``). Without any, all of it."""
    found = []
    for line in text.splitlines():
        try:
            note = json.loads(line)["note"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        found.append(str(note))
    begins = [one.start() for one in re.finditer(f"^{_HEAD}$", text, re.MULTILINE)]
    written = [f"{text[begin:end].strip()}\n" for begin, end in pairwise([*begins, len(text)])]
    return [*found, *written] or [text]
