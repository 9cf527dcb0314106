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


Corner = tuple[float, float]
"""Latitude and longitude, in degrees (WGS 84)."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One ``area``: where it is in words, and drawn. ``circle``: latitude and longitude of the middle in degrees, radius in kilometres; ``polygon``: its
    corners one after the other.
    """

    desc: str
    circle: tuple[float, float, float] | None = None
    polygon: Sequence[Corner] | None = None


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
    grounds: Sequence[Ground] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One ``alert``. ``label``: its marking (``TLP:AMBER medical``), None where it has none; ``references``: as ``Message.reference`` writes them."""

    identifier: str
    sender: str
    sent: str
    status: str
    kind: str
    label: str | None
    addresses: Sequence[str]
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
        yield element("scope", scope(self.label))
        if self.label is not None and scope(self.label) == "Restricted":
            yield element("restriction", self.label)
        yield element("addresses", " ".join(map(_quoted, self.addresses)))
        if self.label is not None:
            yield element("code", self.label)
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
    for ground in info.grounds:
        yield from _area(ground)
    yield "</info>\n"


def _area(ground: Ground) -> Iterator[str]:
    yield "<area>\n"
    yield element("areaDesc", ground.desc)
    if ground.polygon:
        corners = list(ground.polygon)
        if len(corners) < 4 or corners[0] != corners[-1]:
            corners.append(corners[0])
        yield element("polygon", " ".join(f"{_number(lat)},{_number(lon)}" for lat, lon in corners))
    if ground.circle is not None:
        lat, lon, radius = ground.circle
        yield element("circle", f"{_number(lat)},{_number(lon)} {_number(radius)}")
    yield "</area>\n"


def _number(value: float) -> str:
    """A number without an exponent; millionths are a hand's breadth on the ground."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def scope(label: str | None) -> str:
    """The ``scope`` for a marking. Red is for those named alone, clear for everyone; what lies between restricts. What has no marking is for whom it was sent to."""
    match (label or "").split(" "):
        case ["TLP:CLEAR"]:
            return "Public"
        case ["" | "TLP:RED", *_]:
            return "Private"
        case _:
            return "Restricted"


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
