"""From an ``Outgoing`` to the content of Matrix events, and from a homeserver's refusal to an ``Outcome``. Pure."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bot.networks.matrix_attachment import Stored, described
from bot.networks.matrix_http import MatrixError, TokenRefused
from bot.networks.port import Button, Delayed, Outgoing, Refused
from playbooks import restricted
from playbooks.spoken import Poll

MARKER = "org.tocsin.id"
MESSAGE = "m.room.message"
# The form of before polls were in the specification is the one that clients write and all of them read.
POLL = "org.matrix.msc3381.poll.start"
POLL_END = "org.matrix.msc3381.poll.end"
_TEXT = "org.matrix.msc1767.text"
_VEIL = "█████"  # of one length, whatever is behind it
_WORDS = ("body", "format", "formatted_body")
_PATIENCE = 5.0
_SPOILER = re.compile(r"<(/?)tg-spoiler>")
_QUOTE = re.compile(r"<(/?)blockquote(?: expandable)?>|\n")
_AROUND_BLOCKS = re.compile(r"\n(<(?:pre|blockquote)>)|(</(?:pre|blockquote)>)\n")
_DEEPEST_QUOTE = 3  # one in another; what is quoted deeper is marked no deeper
_PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)


class Said(NamedTuple):
    """One event to send: its transaction id, its type, its content."""

    token: str
    type: str
    content: dict[str, Any]


def events_of(out: Outgoing, files: Sequence[Stored] = ()) -> list[Said]:
    """The events that say ``out``; ``files``: where its files lie. All but the first are further files of an album."""
    if out.poll is not None:
        first = Said(out.token, POLL, _poll(out, out.poll))
    elif out.point is not None:
        first = Said(out.token, MESSAGE, _place(out, out.point))
    elif out.files:
        first = Said(out.token, MESSAGE, _captioned(described(out.files[0], files[0]), out))
    else:
        first = Said(out.token, MESSAGE, _words(out))
    said = [first, *_further(out, files)]
    for event in said:
        event.content[MARKER] = event.token
        if (relation := _relation(out, answers=event is first)) is not None:
            event.content["m.relates_to"] = relation
    return said


def tokens_of(out: Outgoing) -> list[str]:
    """The transaction ids under which ``out`` is said, one for each event."""
    return [out.token, *(f"{out.token}-f{number}" for number in range(2, len(out.files) + 1))]


def edit_of(out: Outgoing, files: Sequence[Stored] = (), before: Mapping[str, Any] | None = None) -> Said:
    """The event that changes the earlier one which ``out.replaces`` names.

    ``before``: what that one says if it shows a file, which stays under the new words: an edit replaces everything, and
    without the file clients would show words in its place.
    """
    if out.point is not None:
        fresh = _place(out, out.point)
    elif out.files:
        fresh = _captioned(described(out.files[0], files[0]), out)
    elif before is not None:
        fresh = _captioned(_uncaptioned(before), out)
    else:
        fresh = _words(out)
    # Clients that know no edits show the outer text, marked as one.
    outer = {name: part for name, part in fresh.items() if name not in ("format", "formatted_body")}
    outer |= {
        "body": f"* {fresh['body']}",
        "m.mentions": {},
        MARKER: out.token,
        "m.new_content": fresh,
        "m.relates_to": {"rel_type": "m.replace", "event_id": out.replaces},
    }
    return Said(out.token, MESSAGE, outer)


def reaction_of(out: Outgoing) -> Said:
    """The event that reacts with ``out.emoji``."""
    relation = {"rel_type": "m.annotation", "event_id": out.replaces, "key": drawn(out.emoji or "")}
    return Said(out.token, "m.reaction", {"m.relates_to": relation, MARKER: out.token})


def end_of(out: Outgoing) -> Said:
    """The event that ends the poll which ``out.replaces`` names."""
    relation = {"rel_type": "m.reference", "event_id": out.replaces}
    return Said(
        out.token, POLL_END, {"m.relates_to": relation, POLL_END: {}, _TEXT: "📊", "body": "📊", MARKER: out.token}
    )


def drawn(emoji: str) -> str:
    """An emoji as clients write it, so that equal ones are counted together: an old sign asks to be drawn in colour."""
    return f"{emoji}\ufe0f" if len(emoji) == 1 and "\u2000" <= emoji <= "\u3300" else emoji


def refusal(error: MatrixError) -> Delayed | Refused | None:
    """What becomes of a message that the server answered with ``error``; None for a 403, which has two meanings."""
    if isinstance(error, TokenRefused):
        return Delayed(_PATIENCE, "the homeserver does not accept our session", everywhere=True)
    if error.status == 429 or error.errcode == "M_LIMIT_EXCEEDED":
        # A homeserver counts what a user sends, in whichever room.
        wait = error.retry_after if error.retry_after is not None else _PATIENCE
        return Delayed(max(wait, 0.05), "the homeserver asks us to slow down", everywhere=True)
    if error.status >= 500 or error.status in (408, 425):
        # A proxy says so too when it lost patience with a homeserver that took it.
        return Delayed(_PATIENCE, f"the homeserver is in trouble ({error.status})", perhaps=error.status != 425)
    if error.status == 413 or error.errcode == "M_TOO_LARGE":
        return Refused("the message is too large for the homeserver")
    if error.status == 403:
        return None
    return Refused(str(error))


def _words(out: Outgoing) -> dict[str, Any]:
    return {"msgtype": "m.notice" if out.notice else "m.text", **_written(out), "m.mentions": _mentions(out)}


def _captioned(shown: dict[str, Any], out: Outgoing) -> dict[str, Any]:
    """A file with words under it: ``body`` is a caption because ``filename`` says something else."""
    words = _written(out) if out.text or out.buttons else {}
    return shown | words | {"m.mentions": _mentions(out)}


def _uncaptioned(shown: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: part for name, part in shown.items() if name not in (*_WORDS, "m.mentions", "m.relates_to", MARKER)}
    return kept | {"body": shown.get("filename") or shown.get("body") or "file"}


def _further(out: Outgoing, files: Sequence[Stored]) -> Iterator[Said]:
    for token, file, lies in zip(tokens_of(out)[1:], out.files[1:], files[1:], strict=True):
        yield Said(token, MESSAGE, described(file, lies) | {"m.mentions": {}})


def _place(out: Outgoing, point: tuple[int, int]) -> dict[str, Any]:
    latitude, longitude = (f"{part / 1_000_000:.6f}" for part in point)
    uri = f"geo:{latitude},{longitude}"
    said = _plain(out)
    return {
        "msgtype": "m.location",
        "body": "\n".join([*([said] if said else []), f"{latitude}, {longitude}"]),
        "geo_uri": uri,
        "org.matrix.msc3488.location": {"uri": uri} | ({"description": said} if said else {}),
        "org.matrix.msc3488.asset": {"type": "m.pin"},  # not where the bot itself is
        "m.mentions": _mentions(out),
    }


def _poll(out: Outgoing, poll: Poll) -> dict[str, Any]:
    said = _plain(out)
    question = f"{said}\n{poll.question}" if said else poll.question
    lines = [question, *(f"{number}. {option}" for number, option in enumerate(poll.options, 1))]
    return {
        POLL: {
            "question": {_TEXT: question, "body": question, "msgtype": "m.text"},
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": max(len(poll.options), 1) if poll.several else 1,
            "answers": [{"id": str(number), _TEXT: option} for number, option in enumerate(poll.options)],
        },
        _TEXT: "\n".join(lines),
        "body": "\n".join(lines),
        "m.mentions": _mentions(out),
    }


def _relation(out: Outgoing, *, answers: bool) -> dict[str, Any] | None:
    reply = out.reply_to if answers else None
    if out.thread is not None:
        # Clients without threads show an answer to what began the thread; ``is_falling_back`` says that it is none.
        answered = {"m.in_reply_to": {"event_id": reply or out.thread}}
        return {"rel_type": "m.thread", "event_id": out.thread, "is_falling_back": reply is None, **answered}
    return {"m.in_reply_to": {"event_id": reply}} if reply is not None else None


def _mentions(out: Outgoing) -> dict[str, Any]:
    named = [account.removeprefix("matrix:") for account, _ in out.mentions]
    users = list(dict.fromkeys(account for account in named if account.startswith("@")))
    return ({"user_ids": users} if users else {}) | ({"room": True} if out.loud else {})


def _written(out: Outgoing) -> dict[str, Any]:
    rows = [_row(row) for row in out.buttons]
    text = "\n".join([*([_plain(out, quoted=True)] if out.text or not rows else []), *rows])
    written = [_unveilable(out.html)] if out.text or not rows else []
    html = _breaks("\n".join([*written, *(markup.escape(row, quote=False) for row in rows)]))
    return {"body": text, "format": "org.matrix.custom.html", "formatted_body": html}


def _row(row: tuple[Button, ...]) -> str:
    return " · ".join(f"{button.emoji} {button.label}" for button in row)


def _unveilable(html: str) -> str:
    """Words that are covered until somebody asks for them, as Matrix writes them."""
    return _SPOILER.sub(lambda tag: "</span>" if tag[1] else "<span data-mx-spoiler>", html)


def _plain(out: Outgoing, *, quoted: bool = False) -> str:
    """The words without markup; covered ones stay covered, since lock screens show this. ``quoted``: with marks in front of lines that are quoted."""
    covers = "<tg-spoiler>" in out.html
    quoted = quoted and "<blockquote" in out.html
    if not covers and not quoted:
        return out.text
    html = _covered(out.html) if covers else out.html
    return restricted.plain(_quoted(html) if quoted else html)


def _covered(html: str) -> str:
    pieces: list[str] = []
    depth = at = 0
    for tag in _SPOILER.finditer(html):
        if depth == 0:
            pieces.append(html[at : tag.start()] + (_VEIL if not tag[1] else ""))
        depth = max(depth + (-1 if tag[1] else 1), 0)
        at = tag.end()
    return "".join([*pieces, html[at:] if depth == 0 else ""])


def _quoted(html: str) -> str:
    """With ``> `` in front of each line of a quotation, as clients write it; a quotation has its lines for itself."""
    lines: list[str] = []
    line, depth, at, ended = "", 0, 0, False
    for found in _QUOTE.finditer(html):
        line += html[at : found.start()]
        at = found.end()
        breaks = found[0] == "\n"
        if restricted.plain(line) or (breaks and not ended):
            lines.append("&gt; " * min(depth, _DEEPEST_QUOTE) + line)
        line, ended = "", bool(found[1])  # the line break after a quotation is the end of its last line
        if not breaks:
            depth = max(depth + (-1 if ended else 1), 0)
    line += html[at:]
    return "\n".join([*lines, *(["&gt; " * min(depth, _DEEPEST_QUOTE) + line] if restricted.plain(line) else [])])


def _breaks(html: str) -> str:
    """With the breaks as tags: not in code, where newlines break lines already, and not beside blocks, which end lines by themselves."""
    html = html.replace("<blockquote expandable>", "<blockquote>")
    html = _AROUND_BLOCKS.sub(lambda found: found[1] or found[2], html)
    return "".join(part if part.startswith("<pre>") else part.replace("\n", "<br>") for part in _PRE.split(html))
