"""Which other entries of the file loosen something, though nobody sees a field that they did not: so that they count as opening.

A room is where people read: another one has other readers, whom no rule names. A lower label lets those who have something pass it
further; a higher clearance or ceiling lets more through, so that with these up is what loosens. What is confirmed by fewer, lasts
longer, lies elsewhere or names who spoke loosens too. Where it cannot be told (another shape of an area) it counts: a change that is
asked about once too often does less harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playbooks.diff_changes import OtherChange
from playbooks.guests import profiles
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.rooms import NETWORKS, Network

GUESTS = "guests"
"""The section, which no file has, under which it is told what guests of a kind are granted."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STRICT = {"no": 0, "yes": 1, "two-person": 2}


def loosens(change: OtherChange, old: Book, new: Book) -> bool:
    """Whether an entry that is otherwise loosens something, as far as can be told from it and what stands around it."""
    match change.path.split("."):
        case ["partners" | "guests", _, "clearance", "tlp"]:
            return _level(change.after) > _level(change.before)
        case ["partners" | "guests", _, "clearance", "compartments"]:
            return _more(change.before, change.after)
        case ["networks", name, *_]:
            return any(_trusted(old, new, network) for network in NETWORKS if network == name)
        case ["partners", _, "rooms", *_]:
            return bool(change.after)
        case ["areas", *_]:
            return True
        case ["alerts", _, "confirm", *_]:
            before, after = _strictness(change.before), _strictness(change.after)
            return after < before or after == before == _STRICT["two-person"]
        case ["alerts", _, "expires"]:
            return bool(change.before) and (not change.after or _seconds(change.after) > _seconds(change.before))
        case ["danger", "lasts"]:
            return _seconds(change.after) > _seconds(change.before)
        case ["danger", "by", *_]:
            return False  # who may declare it is compared by the mandate
        case ["danger", *_]:
            return bool(change.after)
        case ["agreements", _, "onward"]:
            return change.after not in ("", "false", "no")
        case ["channels", _, "speaker"]:
            return change.after not in ("", "partner")
        case [*_, "tlp"]:
            return _level(change.after) < _level(change.before)
        case [*_, "compartments"]:
            return _more(change.after, change.before)
        case _:
            return False


def guest_changes(old: Book, new: Book) -> Iterator[OtherChange]:
    """What guests of a kind are granted otherwise: no entry of the file says it, it is what its partners have in common.

    A kind that came or went is told with its partners.
    """
    before, after = profiles(old), profiles(new)
    for kind in (one for one in after if one in before):
        was, now = before[kind].clearance, after[kind].clearance
        line = new.line("partners", after[kind].like[0], "clearance")
        if was.tlp != now.tlp:
            path = f"{GUESTS}.{kind}.clearance.tlp"
            yield OtherChange(GUESTS, path, was.tlp.word, now.tlp.word, line, "new")
        words = (", ".join(was.compartments), ", ".join(now.compartments))
        if words[0] != words[1]:
            yield OtherChange(GUESTS, f"{GUESTS}.{kind}.clearance.compartments", *words, line, "new")


def _trusted(old: Book, new: Book, network: Network) -> bool:
    """Whether more may travel over a network, in plain or in encrypted rooms."""
    before, after = old.playbook, new.playbook
    if network not in after.networks:
        return False
    return (
        network not in before.networks
        or after.ceiling(network) > before.ceiling(network)
        or after.encrypted_ceiling(network) > before.encrypted_ceiling(network)
    )


def _more(before: str, after: str) -> bool:
    """Whether a list has something that it did not have; one too long to be told whole counts."""
    names = set(re.findall(r"[^\s,\[\]]+", after)) - set(re.findall(r"[^\s,\[\]]+", before))
    return bool(names) or after.endswith("…")


def _strictness(spelled: str) -> int:
    return _STRICT.get(spelled.partition(" ")[0], _STRICT["yes"])


def _seconds(spelled: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", spelled))


def _level(word: str) -> Tlp:
    """What is not labelled is red."""
    return Tlp.parse(word) if word else Tlp.RED
