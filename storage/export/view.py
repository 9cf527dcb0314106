"""Who may see what of a stream of the log: a pure fold over its facts, which are read twice.

An auditor sees all of it. A partner sees what ``storage.export.entitled`` names for each kind of fact, and nothing else: what its own rooms were told,
what its own people did, and what is announced to everyone who takes part. Fields are left out, never entries. What a field holds that the partner may
not see, whether it is given, and who an unlisted partner is, never decides what is shown.

The first reading (``learn``) finds out what is the partner's own: its rooms, the messages to them, what was said in their name. The second (``shows``)
answers for one fact after the other. A room that was ever another partner's is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.rooms import RoomRef
from storage.export.entitled import BEFALLS, EVERYTHING, SHOWN, Rule
from storage.export.for_whom import Recipient
from storage.facts import Disclosed, Exported, Fact, IncidentOpened, MessageTracked, PartnerAdmitted, PersonEnrolled
from storage.facts.codec import committed, parts
from storage.store import Kept

_PARTNERS = frozenset({"partner", "decides", "reader"})
_PARTNER_LISTS = frozenset({"partners", "before", "deputies", "asked"})
_PEOPLE = frozenset(
    {"person", "by", "confirmed_by", "proposed_by", "identity", "who", "to", "given_by", "stand_in", "spoke_with", "of"}
)
_NOBODY = frozenset({"time", "playbook", "", "auditor", "operator"})
"""What stands in a person's or a reader's place and names nobody."""

_ABOUT = re.compile(r"(?:#[\w-]+|[A-Z]-\d+|decision|digest|playbook|talk|)(?: [A-Z]-\d+)*", re.ASCII)
"""What a message is about, where it names things and no partner."""

_ID = re.compile(r"[A-Z]-\d+", re.ASCII)


class View:
    """What one recipient may see of one stream. First ``learn`` every fact, in order; then ask ``shows`` of each."""

    def __init__(self, recipient: Recipient) -> None:
        self.recipient = recipient
        self.partner: str | None = recipient.partner
        self.people: frozenset[str] = recipient.people
        self.knows: set[str] = set(recipient.knows) | ({recipient.partner} if recipient.partner else set())
        self.sends: set[str] = set()
        """The messages to this partner's rooms."""
        self.told: set[str] = set()
        """The ids of what these were about."""
        self.read: set[str] = set()
        """The alerts of which they were sent a copy that showed something."""
        self.own: set[str] = set()
        """The ids of what is its own: drafts, alerts, requests, decisions, reports, what it said, offers that it made or was made."""
        self.words: set[str] = set()
        """Those of them whose every word is its own."""
        self.leads: set[tuple[str | None, str | None]] = set()
        """The tiers and jurisdictions of whose lead it may know."""
        self.accounts: set[str] = set()
        """Its people's accounts, in the deployment's stream."""
        self._rooms: set[str] = set()
        self._others: set[str] = set()
        self._titles: set[str] = set()

    def learn(self, kept: Kept) -> None:
        """Take in a fact: the first reading."""
        if self.partner is None:
            return
        fact = kept.fact
        whose, room = getattr(fact, "partner", None), getattr(fact, "room", None)
        if isinstance(room, RoomRef) and isinstance(whose, str) and not _elsewhere(fact):
            (self._rooms if whose == self.partner else self._others).add(str(room))
        if isinstance(fact, PartnerAdmitted) and fact.partner is not None:
            self.knows.add(fact.partner)  # announced to everyone who takes part
        if isinstance(fact, Disclosed | MessageTracked) and fact.partner == self.partner:
            self.sends.add(fact.send)
            self.told.update(_ID.findall(fact.about or ""))
            if isinstance(fact, Disclosed) and is_copy(fact):
                self.read.add(fact.about)
            title = fact.fields.get("_title") if isinstance(fact, Disclosed) else None
            if isinstance(title, Mapping) and title.get("form") == "exact":
                self._titles.add(str(title.get("value")))
        for rule in SHOWN.get(type(fact).__name__, ()):
            if rule.learn is not None and rule.when(self, fact):
                rule.learn(self, fact)

    def shows(self, kept: Kept) -> frozenset[str]:
        """The paths of a fact (as ``storage.facts.codec.parts`` names them) that the recipient may see."""
        fact, found = kept.fact, parts(kept.fact)
        if self.partner is None:
            return frozenset(committed(fact))
        rules = [rule for rule in SHOWN.get(type(fact).__name__, ()) if rule.when(self, fact)]
        if not rules:
            return frozenset()
        shown = [
            path
            for path, value in found.items()
            if any(_names(rule, path) for rule in rules) and self._may(fact, path, value)
        ]
        # Whoever sees everything is not told that something is withheld: decoys hide nothing then.
        return frozenset(shown if len(shown) < len(found) else committed(fact))

    def acts(self, fact: Fact) -> bool:
        """Whether this is something that the partner's own people did: in its rooms, or in person where no room speaks for a partner."""
        if type(fact).__name__ not in BEFALLS and not _by_phone(fact):
            whose = getattr(fact, "partner", None)
            if whose is not None:
                return bool(whose == self.partner)
        return any(getattr(fact, name, None) in self.people for name in ("person", "by"))

    def in_room(self, fact: Fact) -> bool:
        """Whether it took place in a room that is this partner's and never was another's."""
        return any(self._is_own(getattr(fact, name, None)) for name in ("room", "old"))

    def title(self, opened: IncidentOpened) -> str | None:
        """The incident's title, where the recipient was told it."""
        return opened.title if self.partner is None or opened.title in self._titles else None

    def _is_own(self, room: object) -> bool:
        return isinstance(room, RoomRef) and str(room) in self._rooms - self._others

    def _may(self, fact: Fact, path: str, value: Any) -> bool:
        """Whether a part that a rule shows names nobody of whom the recipient may not know, and no room but its own."""
        name, _, key = path.partition("/")
        raw = getattr(fact, name, None)
        match name:
            case "title" if isinstance(fact, IncidentOpened):
                return raw in self._titles
            case "by" if isinstance(fact, Exported):
                return True  # the copy itself says it
            case "about" if isinstance(raw, str):
                return _ABOUT.fullmatch(raw) is not None
            case "fields" | "values" if isinstance(fact, Disclosed):
                how = fact.fields[key]
                return isinstance(how, Mapping) and "withheld" not in how and self._named(key)
            case "partners" | "dropped" | "left_out" if isinstance(raw, Mapping):
                return False  # it says who takes part, and whose rooms are which
            case "persons" if key:
                return isinstance(value, Mapping) and value.get("partner") == self.partner
            case _ if name in _PARTNER_LISTS and isinstance(raw, tuple):
                return all(one in self.knows for one in raw)
            case _ if name in _PARTNERS:
                return raw is None or raw in self.knows or raw in _NOBODY
            case "rooms" | "persons":
                return False
            case _ if isinstance(raw, RoomRef):
                return self._is_own(raw)
            case _ if name in _PEOPLE:
                known = self.people, self.accounts, self.knows, self.told, self.own, _NOBODY
                return raw is None or any(raw in one for one in known) or self.acts(fact)
            case _:
                return True

    def _named(self, field: str) -> bool:
        """Whether a field of a message may be named: one of several origins says whose it is behind a colon."""
        _, _, origin = field.partition(":")
        whose = origin.partition(":")[0]
        return not whose or whose in self.knows or _ID.fullmatch(whose) is not None


def people_of(partner: str, deployment: Iterable[Kept]) -> frozenset[str]:
    """The ids of those who were enrolled for a partner, from the deployment's stream."""
    enrolled = (kept.fact for kept in deployment if isinstance(kept.fact, PersonEnrolled))
    return frozenset(one.person for one in enrolled if one.partner == partner)


def _names(rule: Rule, path: str) -> bool:
    if path in rule.shows:
        return True
    name, slash, _ = path.partition("/")
    return f"{name}/*" in rule.shows if slash else EVERYTHING in rule.shows


def is_copy(fact: Disclosed) -> bool:
    """Whether a message is a copy of an alert (``handlers.addressing.Letter``) that shows something: a field of the alert itself, not of what is said about
    it, nor of several things in one list."""
    return re.fullmatch(r"A-\d+", fact.about or "", re.ASCII) is not None and any(
        re.fullmatch(r"[^_:/][^:/]*", name) is not None and _held(how) for name, how in fact.fields.items()
    )


def _held(how: Any) -> bool:
    """Whether a field was shown with something in it, whether or not that was erased since."""
    return isinstance(how, Mapping) and "withheld" not in how and how.get("value", "") is not None


def _by_phone(fact: Fact) -> bool:
    """Whether somebody else recorded what was said on the telephone: the room is theirs."""
    return getattr(fact, "via", None) == "phone"


def _elsewhere(fact: Fact) -> bool:
    """Whether the room is not that of the partner that the fact names."""
    return _by_phone(fact) or type(fact).__name__ == "RollCallStarted"
