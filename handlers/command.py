"""What a person typed, as a command: which one, about which incident, and whether they may.

A button is a command that was written beforehand, a reaction the button with that emoji, a reply to an alert with one of its
choices an acknowledgement. All come the same way, and pass the same gate: ``Command.needs`` decides both what the help lists and
what is carried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from handlers.case import Case
from playbooks.cleared import Cleared
from storage.effects import Effect

Needs = Callable[[Case], "Cleared | None"]
"""Why this person may not do this now, in words for them; None: they may."""

Offered = Callable[[Case], bool]
"""Whether the help offers it, where they may ask for it and would only be told whose it is."""

Decide = Callable[[Case, str], list[Effect]]
"""What a command with these arguments leads to."""


def _always(case: Case) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``usage`` shows its arguments, ``summary`` says in one line what it does (a message of the catalogue),
    ``who`` for whom it is (a message too). ``incident``: it concerns one, which is found or asked for beforehand."""

    name: str
    usage: str
    summary: str
    who: str
    needs: Needs
    decide: Decide
    incident: bool = True
    hidden: bool = False
    offered: Offered = _always

    @property
    def typed(self) -> str:
        """As one types it: ``/ack A-17 [acting|seen|cannot]``."""
        return f"/{self.name} {self.usage}".strip()


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as typed: its name in lower case without the sign, and the rest."""

    name: str
    arguments: str


# A word right after the sign, in any letters: what is mistyped must not be taken for words of an alert.
_UNSEEN = "\u200b-\u200f\u2060\ufeff"
_COMMAND = re.compile(rf"[\s{_UNSEEN}]*(?:/+\s*|!)([^\W\d][^\s@]*)(?:@(\S*))?(?:\s+|$)(.*)", re.DOTALL)
BECAUSE = re.compile(
    r"(?:^|(?<=\s))(?:because|parce que|parce qu['’]|car|omdat|want|weil|denn|perch[éè]|porque)\b[\s:]*(.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Where the reason begins that somebody gives."""
_WITH_REASON = frozenset(("audit", "export"))
"""Commands that a reason stands behind: what stands before it are names, and nobody's own words."""
LONGEST_NAME = 32
LONGEST_MEANT = 120
_INCIDENT = re.compile(r"(?<!\S)[IEX]-\d{1,9}(?!\S)", re.IGNORECASE)
_SHORT = re.compile(r"\b([A-Za-z])-(\d{1,9})\b")


def typed(text: str, username: str | None) -> Typed | None:
    """Read a command; None when it is none, or is meant for another bot."""
    found = _COMMAND.fullmatch(text)
    if found is None or (found[2] and username and _bare(found[2]) != _bare(username)):
        return None
    name, arguments = found[1].lower()[:LONGEST_NAME], found[3].strip()
    return Typed(name, _incident_first(arguments) if name in _WITH_REASON else arguments)


def _incident_first(arguments: str) -> str:
    """``readings I-1 because …`` is ``I-1 readings because …``: which log is asked may stand anywhere before the reason."""
    because = BECAUSE.search(arguments)
    end = because.start() if because is not None else len(arguments)
    found = _INCIDENT.search(arguments, 0, end)
    if found is None:
        return arguments
    before, behind = arguments[: found.start()].strip(), arguments[found.end() :].strip()
    return " ".join(one for one in (found[0], before, behind) if one)


def is_command(text: str) -> bool:
    """Whether this is written as a command, to whichever bot."""
    return _COMMAND.fullmatch(text) is not None


def _bare(username: str) -> str:
    """``@tocsin:example.org`` and ``tocsin`` are one name."""
    return username.removeprefix("@").partition(":")[0].lower()


def short_ids(text: str) -> tuple[str, ...]:
    """The short ids named in a text, in capitals."""
    return tuple(f"{letter.upper()}-{int(number)}" for letter, number in _SHORT.findall(text))


def words(arguments: str) -> list[str]:
    """Arguments apart, quotes respected and forgiven: an open quote runs to the end."""
    return [a or b or c for a, b, c in re.findall(r'"([^"]*)(?:"|$)|“([^”]*)(?:”|$)|(\S+)', arguments)]


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name nearest to one that was mistyped."""
    found = get_close_matches(name[:LONGEST_MEANT].lower(), known, n=1, cutoff=0.5)
    return found[0] if found else None
