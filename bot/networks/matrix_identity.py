"""Cross-signing: the bot's account vouches for the bot's device, so that clients which insist on that can read it.

Done once, where the account has no identity yet. An identity that is there is never replaced: it may belong to a
person who uses the account, and replacing it would undo every verification made with it.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.networks.matrix_http import CLIENT, Homeserver, MatrixError
from bot.networks.matrix_keys import Keys
from bot.networks.matrix_login import Login, read_private, write_private

IDENTITY_FILE = "identity.json"
_ROLES = ("master", "self_signing", "user_signing")


async def vouch(home: Homeserver, folder: Path, keys: Keys, shown: dict[str, Any], password: str | None) -> str | None:
    """See to it that our device is signed by our account's identity. ``shown``: the server's ``/keys/query`` about us.

    Returns None when it is, else a sentence that says why not and what to do. Raises NetworkDown.
    """
    login = keys.login
    seeds = {role: str(seed) for role, seed in read_private(folder / IDENTITY_FILE).items() if role in _ROLES}
    theirs = _public(shown, "master_keys", login.user)
    if theirs is None:
        if set(seeds) != set(_ROLES):
            seeds = {role: _text(Ed25519PrivateKey.generate().private_bytes_raw()) for role in _ROLES}
            # Kept before they are published: an identity whose keys are lost cannot be used or replaced.
            write_private(folder / IDENTITY_FILE, seeds)
        trouble = await _publish(home, keys, login, seeds, password)
        if trouble is not None:
            return trouble
    elif "master" not in seeds or _public_text(seeds["master"]) != theirs:
        return (
            f"{login.user} has a cross-signing identity that is not the bot's: verify device {login.device} from"
            " a client of that account, or some clients will not let the bot read or be read"
        )
    device = ((shown.get("device_keys") or {}).get(login.user) or {}).get(login.device)
    signer = f"ed25519:{_public_text(seeds['self_signing'])}"
    if device is not None and signer in ((device.get("signatures") or {}).get(login.user) or {}):
        return None
    await _sign_device(home, login, seeds, device or await _own_device(home, login))
    return None


async def _publish(
    home: Homeserver, keys: Keys, login: Login, seeds: dict[str, str], password: str | None
) -> str | None:
    master = _key(login.user, "master", seeds["master"])
    # The device vouches for the identity too, so that whoever verified the device earlier trusts it.
    master["signatures"] = {login.user: {f"ed25519:{login.device}": keys.olm.sign_json(_unsigned(master))}}
    body: dict[str, Any] = {"master_key": master}
    for role in ("self_signing", "user_signing"):
        body[f"{role}_key"] = _signed(_key(login.user, role, seeds[role]), login.user, seeds["master"])
    path = f"{CLIENT}/keys/device_signing/upload"
    try:
        await home.call("POST", path, body)
    except MatrixError as refusal:
        if refusal.status != 401 or "flows" not in refusal.body:
            raise
        stages = [flow.get("stages") for flow in refusal.body["flows"] if isinstance(flow, dict)]
        if password is None or ["m.login.password"] not in stages:
            return (
                "the homeserver wants a password before the bot may sign its own device: give MATRIX_PASSWORD once,"
                f" or verify device {login.device} from another client"
            )
        auth = {
            "type": "m.login.password",
            "session": refusal.body.get("session"),
            "identifier": {"type": "m.id.user", "user": login.user},
            "password": password,
        }
        try:
            await home.call("POST", path, body | {"auth": auth})
        except MatrixError as again:
            return f"the homeserver did not let the bot sign its own device ({again.errcode or again.status})"
    return None


async def _sign_device(home: Homeserver, login: Login, seeds: dict[str, str], device: dict[str, Any]) -> None:
    signed = _signed(device, login.user, seeds["self_signing"])
    await home.call("POST", f"{CLIENT}/keys/signatures/upload", {login.user: {login.device: signed}})


async def _own_device(home: Homeserver, login: Login) -> dict[str, Any]:
    answer = await home.call("POST", f"{CLIENT}/keys/query", {"device_keys": {login.user: [login.device]}})
    device: dict[str, Any] = answer["device_keys"][login.user][login.device]
    return device


def _key(user: str, role: str, seed: str) -> dict[str, Any]:
    public = _public_text(seed)
    return {"user_id": user, "usage": [role], "keys": {f"ed25519:{public}": public}}


def _signed(value: dict[str, Any], user: str, seed: str) -> dict[str, Any]:
    signature = _private(seed).sign(_canonical(_unsigned(value)))
    signatures = {name: dict(by) for name, by in (value.get("signatures") or {}).items()}
    signatures.setdefault(user, {})[f"ed25519:{_public_text(seed)}"] = _text(signature)
    return _unsigned(value) | {"signatures": signatures}


def _unsigned(value: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in value.items() if key not in ("signatures", "unsigned")}


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _public(shown: dict[str, Any], kind: str, user: str) -> str | None:
    keys = ((shown.get(kind) or {}).get(user) or {}).get("keys") or {}
    return next((str(key) for key in keys.values()), None)


def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed + "=" * (-len(seed) % 4)))


def _public_text(seed: str) -> str:
    return _text(_private(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def _text(raw: bytes) -> str:
    # Matrix writes base64 without padding.
    return base64.b64encode(raw).decode().rstrip("=")
