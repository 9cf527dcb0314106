"""The alerts of a log as CAP 1.2 XML, as they were sent: one Atom feed (RFC 4287) of CAP messages, which is how the field passes on several.

A message is what one partner was told about one alert at one time, traced to the entry that commits to it by the end of its identifier
(``A-17.58``: the alert, and the entry). What several rooms of a partner were told at once in several languages is one message with an ``info`` for each; where
two were told different things in one language, they are two messages. What only repeats what the partner was told before (a reminder, the other
network) is no message again. What no network accepted was told to nobody, and is no message; of what may have arrived the note says so.

| msgType | when |
|---|---|
| Alert | the first to a partner about an alert |
| Update | the alert takes the place of one that the partner has, or shows it something else than before |
| Cancel | the partner was told that what it has does not stand any more: cancelled, withdrawn, or replaced by what it is not shown |

A Cancel needs no words: whoever has the alert and was told that it is over gets one, with the words of whoever ended it only where those were shown.

``status`` is Exercise for an exercise and Test for a rehearsal, never Actual. ``scope`` follows the message's TLP label (``cap_alert.scope``);
``addresses`` is the partner. How it is classed (category, urgency, …) is the playbook's: see ``cap_words``.

Two readings of the copy: what became of each message, then what they said. Memory grows with the number of alerts and of partners, never with that of
entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import quoteattr

from storage.entry import unreal
from storage.export.cap_alert import Info, Message, element, identifier, when
from storage.export.cap_words import info
from storage.export.copy import About, Copy
from storage.export.delivered import Delivered
from storage.export.naming import Naming
from storage.export.stated import stated
from storage.export.view import is_copy
from storage.facts import AlertIssued, AlertSuperseded, Disclosed, Fact, MessageTracked, timestamp
from storage.unseen import is_seen, visible

ATOM = "http://www.w3.org/2005/Atom"

_NOTE = "_note"
"""The field of the words that explain how an alert ended."""

_OVER: Mapping[str, str] = {
    "cancelled": "{alert} is cancelled",
    "retracted": "{alert} is withdrawn: please do not use it or pass it on",
    "superseded": "{alert} does not stand any more",
}
"""The roles of messages that say how an alert ended (``handlers.corrections``), in words."""


async def cap(copy: Copy, out: BinaryIO) -> None:
    """Write the feed."""
    delivered = Delivered()
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
        if isinstance(fact, Disclosed | MessageTracked) and _is_told(fact):
            delivered.follow(fact.send)
        delivered.take(fact)
    sending = _Sending(copy.about, copy.naming, delivered)
    out.writelines(text.encode() for text in _head(copy.about))
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
        out.writelines(_entry(message).encode() for message in sending.take(line.kept.seq, line.kept.at, fact))
    out.writelines(_entry(message).encode() for message in sending.flush())
    out.write(b"</feed>\n")


def _is_told(fact: Disclosed | MessageTracked) -> bool:
    """Whether it tells of a message to a partner that shows an alert, or says that one is over."""
    if not isinstance(fact.partner, str) or not is_seen(fact.send) or not is_seen(fact.about):
        return False
    if isinstance(fact, MessageTracked):
        return fact.role in _OVER if is_seen(fact.role) else False
    return is_copy(fact)


@dataclass(slots=True, eq=False)
class _Alert:
    """An alert as far as it is known: those whose place it takes, and those that take its place; to each partner, the references to what it was sent, and
    the digests of what that said; ``over``: the partners that were told that it does not stand any more.
    """

    issued: AlertIssued | None = None
    replaces: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    sent: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, set[bytes]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)


class _Copy(NamedTuple):
    """A message that shows an alert, and the entry that says so."""

    seq: int
    fact: Disclosed


class _End(NamedTuple):
    """A message that says that an alert is over, and the entry that says so."""

    seq: int
    fact: MessageTracked


class _Sending:
    """Reads entries in order and gives the messages that they tell of. What was decided at one time is told of together."""

    def __init__(self, about: About, naming: Naming, delivered: Delivered) -> None:
        self._about = about
        self._naming = naming
        self._delivered = delivered
        self._alerts: dict[str, _Alert] = {}
        self._at: datetime | None = None
        self._copies: list[_Copy] = []
        self._ends: list[_End] = []
        self._words: dict[str, Disclosed] = {}

    def take(self, seq: int, at: datetime, fact: Fact) -> Iterator[Message]:
        """The messages that are complete once this entry is read."""
        if self._at != at:
            yield from self.flush()
            self._at = at
        match fact:
            case AlertIssued(alert=alert) if is_seen(alert):
                self._of(alert).issued = fact
                for older in fact.updates if is_seen(fact.updates) else ():
                    self._replaces(alert, older)
            case AlertSuperseded(alert=older, by=by) if is_seen(older) and is_seen(by):
                self._replaces(by, older)
            case Disclosed(send=send) if is_seen(send) and _NOTE in fact.fields:
                self._words[send] = fact
            case Disclosed() if _is_told(fact) and self._delivered.of(fact.send) != "nothing":
                self._copies.append(_Copy(seq, fact))
            case MessageTracked() if _is_told(fact) and self._delivered.of(fact.send) != "nothing":
                self._ends.append(_End(seq, fact))
            case _:
                pass

    def flush(self) -> Iterator[Message]:
        """The messages of what was decided at one time: first what was shown, then what is over."""
        copies: dict[tuple[str, str], list[_Copy]] = {}
        for copy in self._copies:
            copies.setdefault((copy.fact.about, str(copy.fact.partner)), []).append(copy)
        for (about, partner), shown in copies.items():
            yield from self._shown(about, partner, shown)
        for end in self._ends:
            yield from self._ended(end)
        self._copies, self._ends, self._words = [], [], {}

    def _shown(self, about: str, partner: str, shown: list[_Copy]) -> Iterator[Message]:
        """What a partner was shown of an alert at one time, but for what it had been shown before."""
        alert = self._of(about)
        before = self._before(about, partner)
        apart: list[tuple[_Copy, dict[str, Info]]] = []
        for copy in shown:
            said = self._info(alert, copy.fact)
            for first, infos in apart:
                if first.fact.label == copy.fact.label and infos.get(said.language, said) == said:
                    infos[said.language] = said
                    break
            else:
                apart.append((copy, {said.language: said}))
        for first, infos in apart:
            digest = sha256(repr((first.fact.label, sorted(infos.items()))).encode()).digest()
            if digest in alert.said.setdefault(partner, set()):
                continue
            alert.said[partner].add(digest)
            kind = "Update" if before else "Alert"
            message = self._message(kind, first.seq, first.fact, first.fact.label, before, list(infos.values()), "")
            alert.sent.setdefault(partner, []).append(message.reference)
            yield message

    def _ended(self, end: _End) -> Iterator[Message]:
        """That what a partner has does not stand any more; once, and not where it has what takes its place."""
        about, partner = end.fact.about, str(end.fact.partner)
        alert = self._of(about)
        before = self._before(about, partner)
        if partner in alert.over or not before or (end.fact.role == "superseded" and self._has_next(about, partner)):
            return
        alert.over.add(partner)
        words, label = _OVER[end.fact.role].format(alert=about), None
        noted = self._words.get(end.fact.send)
        if noted is not None and _holds(noted.fields[_NOTE]):
            words, label = f"{words}: {noted.fields[_NOTE]['value']}", noted.label
        else:
            words = f"{words}."
        yield self._message("Cancel", end.seq, end.fact, label, before, [], words)

    def _before(self, alert: str, partner: str) -> list[str]:
        """What the partner was sent about this alert before, or else about those whose place it takes."""
        back = self._along(alert, lambda one: () if one.sent.get(partner) else one.replaces)
        return list(dict.fromkeys(reference for one in back for reference in one.sent.get(partner, ())))

    def _has_next(self, alert: str, partner: str) -> bool:
        """Whether the partner was sent an alert that takes its place."""
        return any(one.sent.get(partner) for one in [*self._along(alert, lambda one: one.replaced)][1:])

    def _replaces(self, alert: str, older: str) -> None:
        """Take in that an alert takes the place of one before it. Were they to go round in a circle, it would be no log of ours."""
        if self._of(alert) not in list(self._along(older, lambda one: one.replaces)):
            self._of(alert).replaces.add(older)
            self._of(older).replaced.add(alert)

    def _along(self, alert: str, links: Callable[[_Alert], Iterable[str]]) -> Iterator[_Alert]:
        """An alert, and all that are linked with it, each once."""
        found, left = {alert}, [alert]
        while left:
            one = self._of(left.pop(0))
            yield one
            further = sorted(set(links(one)) - found)
            found.update(further)
            left += further

    def _message(
        self,
        kind: str,
        seq: int,
        told: Disclosed | MessageTracked,
        label: str | None,
        before: list[str],
        infos: list[Info],
        words: str,
    ) -> Message:
        about = self._about
        assert self._at is not None
        doubt = "" if self._delivered.of(told.send) == "accepted" else "It is not known whether this arrived."
        return Message(
            identifier=identifier(f"{told.about}.{seq}"),
            sender=identifier(about.deployment),
            sent=when(self._at, about.zone),
            status=_status(about),
            kind=kind,
            label=label if is_seen(label) and label else None,
            addresses=[str(told.partner)],
            note=_note(about, seq, words, doubt),
            references=before,
            incident=about.stream,
            infos=infos,
        )

    def _info(self, alert: _Alert, shown: Disclosed) -> Info:
        issued, naming = alert.issued, self._naming
        expires = None
        if issued is not None and is_seen(issued.expires) and issued.expires is not None:
            expires = when(issued.expires, self._about.zone)
        sender = issued.partner if issued is not None and is_seen(issued.partner) else None
        called = naming.title(shown.about, shown.language) if is_seen(shown.language) else None
        if called is None and issued is not None and is_seen(issued.template):
            called = issued.template
        template = naming.templates.get((shown.about, shown.language))
        return info(shown, template, called, naming.partners.get(sender, sender) if sender else None, expires)

    def _of(self, alert: str) -> _Alert:
        return self._alerts.setdefault(alert, _Alert())


def _holds(how: object) -> bool:
    return isinstance(how, Mapping) and how.get("value") is not None


def _status(about: About) -> str:
    if about.exercise:
        return "Exercise"
    return "Test" if about.stream.startswith("X-") else "Actual"


def _note(about: About, seq: int, *words: str) -> str:
    first = f"{unreal(about.stream)} {about.stream}." if unreal(about.stream) else ""
    entry = f"Entry {seq} of the log of {about.stream}; from a copy made for {about.recipient.name}."
    return "\n".join(part for part in (first, *words, entry) if part)


def _head(about: About) -> Iterator[str]:
    title = f"Alerts of {about.stream}" + (f", {about.title}" if about.title else "")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns={quoteattr(ATOM)}>\n'
    yield element("id", uuid5(NAMESPACE_URL, about.note).urn)
    yield element("title", f"{unreal(about.stream)} {title}".strip())
    yield element("updated", timestamp(about.at))
    yield f"<author>\n{element('name', about.deployment)}</author>\n"
    lines = [f"{what}: {words}" for what, words, _ in stated(about)]
    yield element("subtitle", "\n".join([*lines, "Signed checkpoint:", about.note]))


def _entry(message: Message) -> str:
    what = message.infos[0].headline if message.infos else None
    title = f"{message.kind} {message.identifier} to {message.addresses[0]}" + (f": {what}" if what else "")
    return (
        "<entry>\n"
        + element("id", uuid5(NAMESPACE_URL, message.reference).urn)
        + element("title", title)
        + element("updated", message.sent)
        + f'<content type="application/cap+xml">\n{message.xml()}</content>\n</entry>\n'
    )
