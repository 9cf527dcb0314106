"""Who we are on the homeserver: one device, for ever.

The server makes our sends idempotent for a device, and encryption keys belong to a device, so the device id is
settled and written down before the first login, and a lost token is replaced by one on the same device.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.networks.matrix_http import CLIENT, Homeserver, MatrixError, TokenRefused
from bot.networks.port import NetworkRejected

SESSION_FILE = "session.json"
_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True)
class Login:
    """A session: full user id, device id, access token."""

    user: str
    device: str
    token: str


def write_private(path: Path, value: dict[str, Any]) -> None:
    """Put JSON into a file that only we may read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_private(path: Path) -> dict[str, Any]:
    """What ``write_private`` wrote; empty when there is no such file. Raises NetworkRejected when it cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise NetworkRejected(f"{path.name} in the Matrix folder cannot be read; restore it from a backup") from None
    return value if isinstance(value, dict) else {}


async def log_in(home: Homeserver, folder: Path, user: str, password: str | None, token: str | None) -> Login:
    """Be somebody on ``home``: whoever ``token`` belongs to, else ``user`` on the device kept in ``folder``.

    Sets ``home.token``. Raises NetworkRejected when the server refuses us, NetworkDown when it cannot be asked.
    """
    if token is not None:
        login = await _by_token(home, token)
        if user and login.user != user and login.user.removeprefix("@").partition(":")[0] != user:
            raise NetworkRejected(f"the Matrix token belongs to {login.user}, not to {user}")
        return login
    if password is None:
        raise NetworkRejected("Matrix needs a password or a token")
    kept = read_private(folder / SESSION_FILE)
    if kept.get("asked_for", user) != user:
        raise NetworkRejected(
            f"the Matrix folder belongs to {kept['asked_for']}, not to {user};"
            " move it away to start afresh as another user"
        )
    if kept.get("token"):
        try:
            return await _by_token(home, str(kept["token"]))
        except TokenRefused:
            pass  # revoked or expired: the password gets us another one
    device = str(kept.get("device") or "TOCSIN" + "".join(secrets.choice(_LETTERS) for _ in range(6)))
    write_private(folder / SESSION_FILE, kept | {"asked_for": user, "device": device})
    login = await _by_password(home, user, password, device)
    write_private(folder / SESSION_FILE, {"asked_for": user} | asdict(login))
    return login


async def _by_token(home: Homeserver, token: str) -> Login:
    home.token = token
    me = await home.call("GET", f"{CLIENT}/account/whoami")
    if not me.get("device_id"):
        raise NetworkRejected(
            "the Matrix token belongs to no device; log in with a password, or make a token by logging in"
        )
    home.token_lost.clear()
    return Login(str(me["user_id"]), str(me["device_id"]), token)


async def _by_password(home: Homeserver, user: str, password: str, device: str) -> Login:
    home.token = None
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "device_id": device,
        "initial_device_display_name": "Tocsin",
    }
    try:
        reply = await home.call("POST", f"{CLIENT}/login", body)
    except MatrixError as refusal:
        if refusal.status in (400, 401, 403):
            raise NetworkRejected(f"the homeserver refuses the user name or password ({refusal.errcode})") from None
        raise
    home.token = str(reply["access_token"])
    home.token_lost.clear()
    return Login(str(reply["user_id"]), str(reply["device_id"]), home.token)
