"""Which other entries of the file loosen something, though nobody sees a field that they did not: so that they count as opening.

A room is where people read: another one has other readers, whom no rule names. A lower label lets those who have something pass it
further. What is confirmed by fewer, lasts longer, lies elsewhere or names who spoke loosens too. Where it cannot be told (another
shape of an area) it counts: a change that is asked about once too often does less harm.
"""

from __future__ import annotations

import re

from playbooks.diff_changes import OtherChange
from playbooks.labels import Tlp

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STRICT = {"no": 0, "yes": 1, "two-person": 2}


def loosens(change: OtherChange) -> bool:
    """Whether an entry that is otherwise loosens something, as far as can be told from it alone."""
    match change.path.split("."):
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
        case _:
            return False


def _strictness(spelled: str) -> int:
    return _STRICT.get(spelled.partition(" ")[0], _STRICT["yes"])


def _seconds(spelled: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", spelled))


def _level(word: str) -> Tlp:
    """What is not labelled is red."""
    return Tlp.parse(word) if word else Tlp.RED
