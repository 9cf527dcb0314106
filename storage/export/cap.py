"""The alerts of a log as CAP 1.2 XML, as they were sent: one Atom feed (RFC 4287) of CAP messages, which is how the field passes on several.

A message is what one partner was told about one alert at one time, traced to the entry that commits to it by the end of its identifier
(``A-17.58``: the alert, and the entry). What several rooms of a partner were told at once in several languages is one message with an ``info`` for each; where
two were told different things in one language, they are two messages. What only repeats what the partner was told before (a reminder, the other
network) is no message again.

| msgType | when |
|---|---|
| Alert | the first to a partner about an alert |
| Update | the alert takes the place of one that the partner has, or shows it something else than before |
| Cancel | the alert was cancelled |
| Error | the alert was taken back: it should not have been said |

``status`` is Exercise for an exercise and Test for a rehearsal, never Actual. ``scope`` is Restricted, with the message's TLP label as ``restriction``, or
Private where that is not shown; ``addresses`` is the partner. The classing (category, urgency, …) is the playbook's, which only an auditor's copy has: see
``cap_words``.

Memory grows with the number of alerts and of partners, never with that of entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import quoteattr

from storage.entry import unreal
from storage.export.books import Books
from storage.export.cap_alert import Info, Message, element, identifier, when
from storage.export.cap_words import info
from storage.export.copy import About, Copy
from storage.export.stated import stated
from storage.facts import AlertCancelled, AlertIssued, AlertRetracted, AlertSuperseded, Disclosed, Fact, timestamp
from storage.unseen import is_seen, visible

ATOM = "http://www.w3.org/2005/Atom"

_NOTE = "_note"
"""The field in which a correction is explained."""


async def cap(copy: Copy, out: BinaryIO) -> None:
    """Write the feed."""
    sending = _Sending(copy)
    out.writelines(text.encode() for text in _head(copy.about))
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
        if not copy.playbooks:
            fact = copy.naming.put(line.kept.playbook_sha256, fact)  # an auditor's are put into words with the playbook
        out.writelines(
            _entry(message).encode()
            for message in sending.take(line.kept.seq, line.kept.at, line.kept.playbook_sha256, fact)
        )
    out.writelines(_entry(message).encode() for message in sending.flush())
    out.write(b"</feed>\n")


@dataclass(slots=True)
class _Alert:
    """An alert as far as it is known: those whose place it takes; to each partner, the references to what it was sent, and the digests of what that said."""

    issued: AlertIssued | None = None
    playbook: str | None = None
    replaces: set[str] = field(default_factory=set)
    sent: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, set[bytes]] = field(default_factory=dict)


class _Sending:
    """Reads entries in order and gives the messages that they tell of."""

    def __init__(self, copy: Copy) -> None:
        self._about = copy.about
        self._books = Books(copy.playbooks)
        self._naming = copy.naming
        self._alerts: dict[str, _Alert] = {}
        self._batch: list[tuple[int, datetime, Disclosed]] = []
        self._over: tuple[str, datetime] | None = None

    def take(self, seq: int, at: datetime, playbook: str | None, fact: Fact) -> Iterator[Message]:
        """The messages that are complete once this entry is read."""
        if self._batch and (self._batch[0][1] != at or not isinstance(fact, Disclosed)):
            yield from self.flush()
        match fact:
            case AlertIssued(alert=alert) if is_seen(alert):
                known = self._alerts.setdefault(alert, _Alert())
                known.issued, known.playbook = fact, playbook
                known.replaces |= set(fact.updates) if is_seen(fact.updates) else set()
            case AlertSuperseded(alert=older, by=by) if is_seen(older) and is_seen(by):
                self._alerts.setdefault(by, _Alert(playbook=playbook)).replaces.add(older)
            case AlertCancelled():
                self._over = ("Cancel", at)
            case AlertRetracted():
                self._over = ("Error", at)
            case Disclosed(about=about, partner=str()) if is_seen(about) and about.startswith("A-"):
                self._alerts.setdefault(about, _Alert(playbook=playbook))
                self._batch.append((seq, at, fact))
            case _:
                pass

    def flush(self) -> Iterator[Message]:
        """The messages of what was decided at one time."""
        groups: dict[tuple[str, str], list[tuple[int, datetime, Disclosed]]] = {}
        for one in self._batch:
            groups.setdefault((one[2].about, str(one[2].partner)), []).append(one)
        self._batch = []
        for (about, partner), shown in groups.items():
            yield from self._messages(about, partner, shown)

    def _messages(self, about: str, partner: str, shown: list[tuple[int, datetime, Disclosed]]) -> Iterator[Message]:
        alert = self._alerts[about]
        before = self._before(alert, partner)
        if (
            self._over is not None
            and self._over[1] == shown[0][1]
            and all(set(one.fields) <= {_NOTE} for _, _, one in shown)
        ):
            seq, at, first = shown[0]
            noted = next((how["value"] for _, _, one in shown for how in one.fields.values() if _holds(how)), None)
            if before:
                yield self._message(self._over[0], seq, at, first, partner, before, [], noted)
            return
        apart: list[tuple[int, datetime, Disclosed, dict[str, Info]]] = []
        for seq, at, one in shown:
            if not any(map(_holds, one.fields.values())):
                continue
            said = self._info(alert, one)
            for _, _, label, infos in apart:
                if label.label == one.label and infos.get(said.language, said) == said:
                    infos[said.language] = said
                    break
            else:
                apart.append((seq, at, one, {said.language: said}))
        for seq, at, one, infos in apart:
            digest = sha256(repr((one.label, sorted(infos.items()))).encode()).digest()
            if digest in alert.said.setdefault(partner, set()):
                continue
            alert.said[partner].add(digest)
            kind = "Update" if before else "Alert"
            yield self._message(kind, seq, at, one, partner, before, list(infos.values()), None)

    def _before(self, alert: _Alert, partner: str) -> list[str]:
        """What the partner was sent about this alert before, or else about those whose place it takes."""
        if alert.sent.get(partner):
            return list(alert.sent[partner])
        older = [self._alerts[one] for one in sorted(alert.replaces) if one in self._alerts]
        return [reference for one in older for reference in one.sent.get(partner, ())]

    def _message(
        self,
        kind: str,
        seq: int,
        at: datetime,
        shown: Disclosed,
        partner: str,
        before: list[str],
        infos: list[Info],
        noted: str | None,
    ) -> Message:
        about, zone = self._about, self._about.zone
        alert = self._alerts[shown.about]
        label = shown.label if is_seen(shown.label) and shown.label else None
        message = Message(
            identifier=identifier(f"{shown.about}.{seq}"),
            sender=identifier(about.deployment),
            sent=when(at, zone),
            status=_status(about),
            kind=kind,
            restriction=label,
            addresses=[partner],
            codes=[label] if label is not None else [],
            note=_note(about, seq, noted),
            references=before,
            incident=about.stream,
            infos=infos,
        )
        alert.sent.setdefault(partner, []).append(message.reference)
        return message

    def _info(self, alert: _Alert, shown: Disclosed) -> Info:
        issued = alert.issued
        expires = None
        if issued is not None and is_seen(issued.expires) and issued.expires is not None:
            expires = when(issued.expires, self._about.zone)
        return info(shown, issued, self._books.get(alert.playbook), expires, self._naming)


def _holds(how: object) -> bool:
    return isinstance(how, Mapping) and how.get("value") is not None


def _status(about: About) -> str:
    if about.exercise:
        return "Exercise"
    return "Test" if about.stream.startswith("X-") else "Actual"


def _note(about: About, seq: int, noted: str | None) -> str:
    parts = [noted] if noted else []
    if first := unreal(about.stream):
        parts.insert(0, f"{first} {about.stream}.")
    parts.append(f"Entry {seq} of the log of {about.stream}; from a copy made for {about.recipient.name}.")
    return "\n".join(parts)


def _head(about: About) -> Iterator[str]:
    title = f"Alerts of {about.stream}" + (f", {about.title}" if about.title else "")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns={quoteattr(ATOM)}>\n'
    yield element("id", uuid5(NAMESPACE_URL, about.note).urn)
    yield element("title", f"{unreal(about.stream)} {title}".strip())
    yield element("updated", timestamp(about.at))
    yield f"<author>\n{element('name', about.deployment)}</author>\n"
    lines = [f"{what}: {words}" for what, words in stated(about)]
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
