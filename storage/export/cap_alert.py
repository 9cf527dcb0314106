"""One alert as CAP 1.2 XML (OASIS Common Alerting Protocol, July 2010, https://docs.oasis-open.org/emergency/cap/v1.2/): the element order of its
schema, its enumerations, and its rules beyond the schema.

Beyond the schema: identifier and sender without spaces, commas, ``<`` and ``&``; times with a numeric offset and never ``Z`` (UTC is ``-00:00``);
references as ``sender,identifier,sent`` separated by spaces; an address with a space in it in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

_FORBIDDEN = re.compile(r"[\s,<&]+")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


@dataclass(frozen=True, slots=True)
class Info:
    """One ``info`` block: the alert in one language. ``parameters``: (name, value)."""

    language: str
    categories: Sequence[str]
    event: str
    responses: Sequence[str]
    urgency: str
    severity: str
    certainty: str
    expires: str | None
    sender_name: str | None
    headline: str | None
    description: str | None
    instruction: str | None
    parameters: Sequence[tuple[str, str]]
    area: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One ``alert``. ``restriction`` None: it is Private. ``references``: as ``Message.reference`` writes them."""

    identifier: str
    sender: str
    sent: str
    status: str
    kind: str
    restriction: str | None
    addresses: Sequence[str]
    codes: Sequence[str]
    note: str
    references: Sequence[str]
    incident: str
    infos: Sequence[Info]

    @property
    def reference(self) -> str:
        """How another message names this one."""
        return f"{self.sender},{self.identifier},{self.sent}"

    def xml(self) -> str:
        """The alert as an XML element."""
        return "".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield f'<alert xmlns="{NAMESPACE}">\n'
        yield element("identifier", self.identifier)
        yield element("sender", self.sender)
        yield element("sent", self.sent)
        yield element("status", self.status)
        yield element("msgType", self.kind)
        yield element("scope", "Private" if self.restriction is None else "Restricted")
        if self.restriction is not None:
            yield element("restriction", self.restriction)
        yield element("addresses", " ".join(map(_quoted, self.addresses)))
        for code in self.codes:
            yield element("code", code)
        yield element("note", self.note)
        if self.references:
            yield element("references", " ".join(self.references))
        yield element("incidents", _quoted(self.incident))
        for info in self.infos:
            yield from _info(info)
        yield "</alert>\n"


def _info(info: Info) -> Iterator[str]:
    yield "<info>\n"
    yield element("language", info.language)
    for category in info.categories:
        yield element("category", category)
    yield element("event", info.event)
    for response in info.responses:
        yield element("responseType", response)
    yield element("urgency", info.urgency)
    yield element("severity", info.severity)
    yield element("certainty", info.certainty)
    for name, value in (
        ("expires", info.expires),
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
    ):
        if value:
            yield element(name, value)
    for name, value in info.parameters:
        yield f"<parameter>\n{element('valueName', name)}{element('value', value)}</parameter>\n"
    if info.area:
        yield f"<area>\n{element('areaDesc', info.area)}</area>\n"
    yield "</info>\n"


def element(name: str, text: str) -> str:
    """An element with text. What XML cannot hold is marked as lost."""
    return f"<{name}>{safe(text)}</{name}>\n"


def safe(text: str) -> str:
    """Text inside an element or, with its quotes, an attribute."""
    return escape(_NOT_XML.sub("\ufffd", text), {'"': "&quot;", "\r": "&#13;"})


def identifier(text: str) -> str:
    """A name as CAP allows one in ``identifier`` and ``sender``."""
    return _FORBIDDEN.sub("_", text) or "_"


def when(at: datetime, zone: str) -> str:
    """A time as CAP writes one: to the second, with a numeric offset; UTC is ``-00:00``."""
    local = at.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    text = local.isoformat()
    return f"{text[:-6]}-00:00" if local.utcoffset() == timedelta(0) else text


def _quoted(text: str) -> str:
    plain = text.replace('"', "'")
    return f'"{plain}"' if re.search(r"\s", plain) or not plain else plain
