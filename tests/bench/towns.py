"""Playbooks of any size: the shipped one with as many partners as are wanted, true to life in kinds, languages and rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playbooks.load import Book, parse
from tests.handlers.stage import LIBRARY

TEMPLATE = "evacuation"
"""The alert that is issued: six fields, of which every kind of partner sees others, in four languages."""

SPEAKER = "liege-city"
"""The partner whose alert it is."""

WORDS = f'/alert {TEMPLATE} action=leave where="Chênée" people=12 access="Rue de Gaillarmont" L\'Ourthe monte vite'

_PARTNER = re.compile(r"^  ([a-z-]+):.*\n((?:    .*\n)+)", re.MULTILINE)
_ROOMS = re.compile(r"^    rooms:\n(?:      .*\n)+", re.MULTILINE)


def source(rooms: Sequence[Sequence[str]]) -> bytes:
    """The shipped playbook with a partner for each list of rooms, each written as YAML: ``telegram: -100``.

    The evacuation goes to everyone and is sent by one person; else everything is as shipped.
    """
    text = (LIBRARY / "meuse-flood.yaml").read_text()
    before, _, rest = text.partition("\npartners:\n")
    partners, _, after = rest.partition("\nphases:")
    kinds = _PARTNER.findall(partners + "\n")
    speaker = next(i for i, (name, _) in enumerate(kinds) if name == SPEAKER)
    kinds[0], kinds[speaker] = kinds[speaker], kinds[0]
    if len(rooms) < len(kinds):
        raise ValueError(f"there are at least {len(kinds)} partners")
    made = []
    for number, theirs in enumerate(rooms):
        name, body = kinds[number % len(kinds)]
        if number >= len(kinds):
            name = f"{name}-{number}"
            body = body.replace("    name: ", f"    name: {number} ", 1)
        lines = "".join(f"      - {{{room}}}\n" for room in theirs)
        made.append(f"  {name}:\n{_ROOMS.sub('', body)}    rooms:\n{lines}")
    after = _once(after, "    confirm: {two-person: {alone_after: 2m}}\n", "    confirm: yes\n")
    after = _once(
        after,
        "    to: [{area: affected, near: true}, {competence: rescue}, {kind: [medical, ngo]}]\n",
        "    to: everyone\n",
    )
    return f"{before}\npartners:\n{''.join(made)}\nphases:{after}".encode()


def town(rooms: Sequence[Sequence[str]]) -> Book:
    """The playbook that ``source`` writes."""
    return parse(source(rooms), "town.yaml")


def _once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"the shipped playbook does not say this once: {old}")
    return text.replace(old, new)
