"""What the content of a Matrix event says: words, a file, a place, a poll. Pure.

Clients make HTML of the Markdown that people type, in which brackets can be a link or define one (CommonMark 0.31, 4.7 and 6.3): a label that they put
in front may then stand in ``body`` alone. It goes in front of the words again.
"""

from __future__ import annotations

import re
from typing import Any

from bot.networks import matrix_files, matrix_html, matrix_polls
from handlers.raised import higher, labelled, marked
from playbooks.restricted import plain
from playbooks.spoken import Spoken

_GEO = re.compile(r"geo:(-?\d{1,3}(?:\.\d{1,18})?),(-?\d{1,3}(?:\.\d{1,18})?)(?:[,;].*)?", re.ASCII | re.DOTALL)
_NOT_WORDS = re.compile(r"geo:|\A[\W\d_NSEWnsewOo]*\Z")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\((?:https?://|mailto:|tel:)[^()\s]{1,2000}\)", re.IGNORECASE)
_LOCATIONS = ("m.location", "org.matrix.msc3488.location")
_BRIDGED = (
    "fi.mau.double_puppet_source", "fi.mau.telegram.", "fi.mau.whatsapp.", "fi.mau.signal.", "fi.mau.discord.", "fi.mau.slack.",
    "net.maunium.telegram.", "uk.half-shot.", "de.sorunome.", "com.beeper.bridge", "external_url",
)  # fmt: skip


def said(kind: str, content: dict[str, Any]) -> tuple[Spoken, str]:
    """What an event of this kind says, and its plain words as people typed them (commands are read from these).

    Of a file the words are its caption, of a poll its question and options. Both empty where nothing is said.
    """
    if kind in matrix_polls.STARTS:
        found = matrix_polls.poll_in(content)
        return (Spoken(), "") if found is None else (Spoken(poll=found[0]), matrix_polls.rendering(found[0]))
    how = content.get("msgtype", "")
    if not isinstance(how, str):
        return Spoken(), ""  # no message: no client shows it
    if how.startswith("m.key.verification."):
        return Spoken(), ""  # between two clients, for nobody to read
    if matrix_files.is_file(kind, content):
        return _file(kind, content)
    if how == "m.location":
        return _place(content)
    html, text = _words(content)
    if how == "m.emote" and text:
        html, text = f"* {html}", f"* {text}"
    return Spoken(html), text


def by_program(content: dict[str, Any], marker: str) -> bool:
    """Whether a program said it, as far as the content shows; carrying that would be doubling it, or two bridges talking in a circle.

    A notice is what bots say. Our own ``marker`` on somebody else's event is another deployment like this one, or our own words passed on by a
    client that copies everything. The other names are those by which bridges (mautrix, matrix-appservice, mx-puppet) mark what they copied, so as
    not to copy it again; ``external_url`` is the specification's own name for where the original is.
    """
    how = content.get("msgtype")
    return (
        how in ("m.notice", "m.server_notice")
        or marker in content
        or any(name.startswith(_BRIDGED) for name in content)
    )


def repeated(content: dict[str, Any]) -> str:
    """What an answer of an older client repeats of what it answers; empty where it repeats nothing."""
    text = whole(str(content.get("body") or ""))
    if _without_quote(text, content) == text:
        return ""
    lines = text.split("\n")
    return "\n".join(line.lstrip("> ") for line in lines if line.startswith(">"))


def point_of(uri: Any) -> tuple[int, int] | None:
    """The place a geo URI names, in microdegrees; None where there is none on this earth."""
    found = _GEO.fullmatch(uri) if isinstance(uri, str) else None
    if found is None:
        return None
    latitude, longitude = round(float(found[1]) * 1_000_000), round(float(found[2]) * 1_000_000)
    inside = abs(latitude) <= 90_000_000 and abs(longitude) <= 180_000_000
    return (latitude, longitude) if inside else None


def location_in(content: dict[str, Any]) -> tuple[tuple[int, int] | None, str]:
    """The place that the content of a (live) location names, and what it is said to be."""
    part = next((part for name in _LOCATIONS if isinstance(part := content.get(name), dict)), {})
    point = point_of(content.get("geo_uri")) or point_of(part.get("uri"))
    description = part.get("description")
    return point, whole(description).strip() if isinstance(description, str) else ""


def whole(text: str) -> str:
    """``text`` with halves of characters, which JSON can carry and nothing else can, replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _words(content: dict[str, Any]) -> tuple[str, str]:
    body = content.get("body")
    text = _without_quote(whole(str(body)), content) if body else ""
    formatted = content.get("formatted_body")
    if content.get("format") == "org.matrix.custom.html" and isinstance(formatted, str):
        html = matrix_html.from_matrix(formatted)
        if html:
            return _label_of(text, html) + html, text or plain(html)
    return matrix_html.from_plain(text), text


def _label_of(text: str, html: str) -> str:
    """The label, or what is nearly one, that ``text`` has and ``html`` has not, as restricted HTML to go in front; empty where there is none.

    The words of a link that leads somewhere are a label only if they are exactly one.
    """

    def words(link: re.Match[str]) -> str:
        return link[0] if labelled(matrix_html.from_plain(f"[{link[1]}]"))[1] is not None else link[1]

    _, typed, typed_slip = labelled(matrix_html.from_plain(_LINK.sub(words, text)))
    _, shown, shown_slip = labelled(html)
    if typed_slip is not None and shown_slip is None:
        return f"{matrix_html.from_plain(typed_slip)} "
    return f"[{typed}] " if typed is not None and higher(typed, shown) != shown else ""


def _without_quote(text: str, content: dict[str, Any]) -> str:
    """``text`` without the quotation that older clients put before an answer."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, dict) or "m.in_reply_to" not in relation:
        return text
    if not text.startswith(("> <", "> * <")):
        return text
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if not line.startswith(">")), len(lines))
    lines = lines[first:]
    return "\n".join(lines[1:] if lines and not lines[0].strip() else lines)


def _file(kind: str, content: dict[str, Any]) -> tuple[Spoken, str]:
    html, text = _words(content) if matrix_files.has_caption(content) else ("", "")
    file = matrix_files.file_in(kind, content)
    if file is not None:
        return Spoken(html, file), text
    # A file that is nowhere is at least named.
    name = f"📎 {matrix_files.name_of(content)}".strip()
    return Spoken("\n".join(filter(None, (matrix_html.from_plain(name), html)))), "\n".join(filter(None, (name, text)))


def _place(content: dict[str, Any]) -> tuple[Spoken, str]:
    point, description = location_in(content)
    html, text = _words(content)
    if point is None:
        return Spoken(html), text
    if description or _NOT_WORDS.search(
        text
    ):  # clients write coordinates, or a sentence about them, for those that show no map
        _, raised, slip = marked(Spoken(html, point=point))  # but not the label that people put to that
        label = slip or (f"[{raised}]" if raised is not None else "")
        text = f"{label} {description}".strip()
        html = matrix_html.from_plain(text)
    return Spoken(html, point=point), text
