"""From an ``Outgoing`` to the content of a Matrix event, and from a homeserver's refusal to an ``Outcome``. Pure."""

from __future__ import annotations

import html as markup
from typing import Any

from bot.networks.matrix_http import MatrixError, TokenRefused
from bot.networks.port import Button, Delayed, Outgoing, Refused

MARKER = "org.tocsin.id"
_PATIENCE = 5.0


def content_of(out: Outgoing) -> dict[str, Any]:
    """The content of the ``m.room.message`` that says ``out``."""
    said = _said(out)
    if out.replaces is not None:
        # Clients that know no edits show the outer text, marked as one.
        return {
            "msgtype": said["msgtype"],
            "body": f"* {said['body']}",
            "m.mentions": {},
            MARKER: out.token,
            "m.new_content": said,
            "m.relates_to": {"rel_type": "m.replace", "event_id": out.replaces},
        }
    said[MARKER] = out.token
    if out.reply_to is not None:
        said["m.relates_to"] = {"m.in_reply_to": {"event_id": out.reply_to}}
    return said


def refusal(error: MatrixError) -> Delayed | Refused | None:
    """What becomes of a message that the server answered with ``error``; None for a 403, which has two meanings."""
    if isinstance(error, TokenRefused):
        return Delayed(_PATIENCE, "the homeserver does not accept our session", everywhere=True)
    if error.status == 429 or error.errcode == "M_LIMIT_EXCEEDED":
        # A homeserver counts what a user sends, in whichever room.
        wait = error.retry_after if error.retry_after is not None else _PATIENCE
        return Delayed(max(wait, 0.05), "the homeserver asks us to slow down", everywhere=True)
    if error.status >= 500 or error.status in (408, 425):
        return Delayed(_PATIENCE, f"the homeserver is in trouble ({error.status})")
    if error.status == 413 or error.errcode == "M_TOO_LARGE":
        return Refused("the message is too large for the homeserver")
    if error.status == 403:
        return None
    return Refused(str(error))


def _said(out: Outgoing) -> dict[str, Any]:
    rows = [_row(row) for row in out.buttons]
    text = "\n".join([out.text, *rows])
    html = "<br>".join([_breaks(out.html), *(markup.escape(row, quote=False) for row in rows)])
    return {
        "msgtype": "m.notice" if out.notice else "m.text",
        "body": text,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
        "m.mentions": {"room": True} if out.loud else {},
    }


def _row(row: tuple[Button, ...]) -> str:
    return " · ".join(f"{button.emoji} {button.label}" for button in row)


def _breaks(html: str) -> str:
    # Inside <pre> a newline already is a line break.
    parts = html.split("<pre>")
    done = [parts[0].replace("\n", "<br>")]
    for part in parts[1:]:
        code, end, rest = part.partition("</pre>")
        done.append("<pre>" + code + end + rest.replace("\n", "<br>"))
    return "".join(done)
