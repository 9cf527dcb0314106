"""The rules of CAP 1.2, as its schema and its text have them, held strictly: what is wrong with an alert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"

_ONE, _MAYBE, _ANY, _SOME = "1", "?", "*", "+"

ALERT = (
    ("identifier", _ONE), ("sender", _ONE), ("sent", _ONE), ("status", _ONE), ("msgType", _ONE), ("source", _MAYBE), ("scope", _ONE),
    ("restriction", _MAYBE), ("addresses", _MAYBE), ("code", _ANY), ("note", _MAYBE), ("references", _MAYBE), ("incidents", _MAYBE), ("info", _ANY),
)  # fmt: skip
INFO = (
    ("language", _MAYBE), ("category", _SOME), ("event", _ONE), ("responseType", _ANY), ("urgency", _ONE), ("severity", _ONE), ("certainty", _ONE),
    ("audience", _MAYBE), ("eventCode", _ANY), ("effective", _MAYBE), ("onset", _MAYBE), ("expires", _MAYBE), ("senderName", _MAYBE),
    ("headline", _MAYBE), ("description", _MAYBE), ("instruction", _MAYBE), ("web", _MAYBE), ("contact", _MAYBE), ("parameter", _ANY),
    ("resource", _ANY), ("area", _ANY),
)  # fmt: skip
AREA = (
    ("areaDesc", _ONE),
    ("polygon", _ANY),
    ("circle", _ANY),
    ("geocode", _ANY),
    ("altitude", _MAYBE),
    ("ceiling", _MAYBE),
)
PAIR = (("valueName", _ONE), ("value", _ONE))
RESOURCE = (
    ("resourceDesc", _ONE), ("mimeType", _ONE), ("size", _MAYBE), ("uri", _MAYBE), ("derefUri", _MAYBE), ("digest", _MAYBE),
)  # fmt: skip
INSIDE = {
    "alert": ALERT, "info": INFO, "area": AREA, "parameter": PAIR, "eventCode": PAIR, "geocode": PAIR, "resource": RESOURCE,
}  # fmt: skip

WORDS = {
    "status": "Actual Exercise System Test Draft",
    "msgType": "Alert Update Cancel Ack Error",
    "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown",
    "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_NAME = re.compile(r"[^\s,<&]+")
_LIST = re.compile(r'(?:"[^"]+"|[^\s"]+)(?: (?:"[^"]+"|[^\s"]+))*')
_NUMBER = r"-?\d{1,5}(?:\.\d+)?"
_CORNER = re.compile(rf"({_NUMBER}),({_NUMBER})")
_CIRCLE = re.compile(rf"({_NUMBER}),({_NUMBER}) (\d{{1,5}}(?:\.\d+)?)")


def wrong(alert: Element) -> list[str]:
    """What breaks a rule, in words; nothing for a proper alert."""
    return [*_shape(alert, "alert"), *_beyond(alert)]


def text(parent: Element, name: str) -> str | None:
    """The text of a child."""
    return parent.findtext(CAP + name)


def _shape(element: Element, name: str) -> Iterator[str]:
    """Names, order, and how often."""
    rules = INSIDE.get(name)
    if rules is None:
        if len(element):
            yield f"{name} has elements inside"
        yield from _word(name, element.text or "")
        return
    if (element.text or "").strip():
        yield f"{name} has text beside its elements"
    names = [child.tag.removeprefix(CAP) for child in element]
    known = [rule for rule, _ in rules]
    yield from (f"{name} has no {one}" for one in names if one not in known)
    places = [known.index(one) for one in names if one in known]
    if places != sorted(places):
        yield f"{name}: not in order: {names}"
    for rule, often in rules:
        count = names.count(rule)
        if (often == _ONE and count != 1) or (often == _MAYBE and count > 1) or (often == _SOME and not count):
            yield f"{name} has {count} {rule}"
    for child in element:
        yield from _shape(child, child.tag.removeprefix(CAP))


def _word(name: str, said: str) -> Iterator[str]:
    if name in WORDS and said not in WORDS[name].split():
        yield f"{name} is {said!r}"
    if name in ("sent", "effective", "onset", "expires") and (not _TIME.fullmatch(said) or said.endswith("+00:00")):
        yield f"{name} is {said!r}"
    if name in ("identifier", "sender") and not _NAME.fullmatch(said):
        yield f"{name} is {said!r}"
    if name in ("addresses", "incidents") and not _LIST.fullmatch(said):
        yield f"{name} is {said!r}"
    if name == "polygon":
        yield from _polygon(said)
    if name == "circle" and not ((found := _CIRCLE.fullmatch(said)) and _on_earth(found[1], found[2])):
        yield f"circle is {said!r}"
    if name == "language" and not _LANGUAGE.fullmatch(said):
        yield f"language is {said!r}"
    if not said.strip():
        yield f"{name} is empty"


def _polygon(said: str) -> Iterator[str]:
    """At least four pairs of coordinates, the last of which is the first."""
    corners = said.split(" ")
    found = [_CORNER.fullmatch(corner) for corner in corners]
    if len(corners) < 4 or corners[0] != corners[-1] or not all(one and _on_earth(one[1], one[2]) for one in found):
        yield f"polygon is {said!r}"


def _on_earth(lat: str, lon: str) -> bool:
    return abs(float(lat)) <= 90 and abs(float(lon)) <= 180


def _beyond(alert: Element) -> Iterator[str]:
    """What the schema cannot say."""
    scope, kind = text(alert, "scope"), text(alert, "msgType")
    if (scope == "Restricted") != (text(alert, "restriction") is not None):
        yield "restriction goes with Restricted"
    if scope == "Private" and text(alert, "addresses") is None:
        yield "Private has no addresses"
    if text(alert, "status") == "Exercise" and not text(alert, "note"):
        yield "an exercise is not named in the note"
    references = text(alert, "references")
    if kind in ("Update", "Cancel", "Ack", "Error") and references is None:
        yield f"{kind} without references"
    for one in (references or "").split():
        sender, _, rest = one.partition(",")
        identifier, _, sent = rest.partition(",")
        if not _NAME.fullmatch(sender) or not _NAME.fullmatch(identifier) or not _TIME.fullmatch(sent):
            yield f"reference {one!r}"
    languages = [text(info, "language") for info in alert.findall(CAP + "info")]
    if len(set(languages)) != len(languages):
        yield f"two info in one language: {languages}"
