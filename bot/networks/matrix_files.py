"""What the content of a Matrix event says of a file. Pure.

``File.where`` is JSON: ``mxc``, and for a file that is encrypted ``file``: the ``EncryptedFile`` of the specification with ``url``, ``key``, ``iv``,
``hashes`` and ``v``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from playbooks.phrasing import legible, one_line
from playbooks.spoken import File, FileKind

_MXC = re.compile(r"mxc://[A-Za-z0-9.:\[\]-]{1,255}/[A-Za-z0-9_~=-][A-Za-z0-9_~=.-]{0,254}", re.ASCII)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,127}", re.ASCII)
_KINDS: dict[str, FileKind] = {"m.image": "photo", "m.video": "video", "m.audio": "audio", "m.file": "file"}
_VOICE = ("org.matrix.msc3245.voice", "org.matrix.msc3245.voice.v2", "m.voice")
_LARGEST = 2**53
_LONGEST_NAME = 255
_WAVEFORM = 1024  # the loudest a part of it can be (MSC3246), and more than the parts that clients draw


def is_file(kind: str, content: dict[str, Any]) -> bool:
    """Whether an event of this kind brings a file, as it says."""
    return kind == "m.sticker" or content.get("msgtype") in _KINDS


def file_in(kind: str, content: dict[str, Any]) -> File | None:
    """The file of an event; None where it names no place on a homeserver or its key is none."""
    where = _where(content)
    if where is None:
        return None
    info = content.get("info")
    info = info if isinstance(info, dict) else {}
    mime = str(info.get("mimetype") or "").partition(";")[0].strip().lower()
    mime = mime if _TYPE.fullmatch(mime) else ""
    audio = content.get("org.matrix.msc1767.audio")
    audio = audio if isinstance(audio, dict) else {}
    milliseconds = _number(info.get("duration"))
    if milliseconds is None:
        milliseconds = _number(audio.get("duration"))
    return File(
        "matrix",
        where,
        _kind(kind, content, info, mime),
        name_of(content),
        mime,
        _number(info.get("size")),
        _number(info.get("w")),
        _number(info.get("h")),
        None if milliseconds is None else round(milliseconds / 1000),
        millis=milliseconds,
        waveform=_waveform(audio.get("waveform")),
    )


def name_of(content: dict[str, Any]) -> str:
    """The file's name: ``filename``, and from clients that know of no captions ``body``."""
    return one_line(legible(str(content.get("filename") or content.get("body") or ""))).strip()[:_LONGEST_NAME]


def has_caption(content: dict[str, Any]) -> bool:
    """Whether the ``body`` is words about the file and not its name."""
    name, body = content.get("filename"), content.get("body")
    return isinstance(name, str) and isinstance(body, str) and bool(name) and name != body


def _kind(kind: str, content: dict[str, Any], info: dict[str, Any], mime: str) -> FileKind:
    if kind == "m.sticker":
        return "sticker"
    how = str(content.get("msgtype"))
    if (how == "m.image" and mime == "image/gif") or (how == "m.video" and info.get("fi.mau.gif") is True):
        return "animation"
    if how == "m.audio" and any(mark in content for mark in _VOICE):
        return "voice"
    return _KINDS[how]


def _where(content: dict[str, Any]) -> str | None:
    sealed = content.get("file")
    if not isinstance(sealed, dict):
        mxc = content.get("url")
        return _written({"mxc": mxc}) if _is_mxc(mxc) else None
    kept = {name: sealed[name] for name in ("url", "key", "iv", "hashes", "v") if name in sealed}
    key, hashes = kept.get("key"), kept.get("hashes")
    whole = (
        _is_mxc(kept.get("url"))
        and isinstance(key, dict)
        and isinstance(key.get("k"), str)
        and isinstance(kept.get("iv"), str)
        and isinstance(hashes, dict)
        and isinstance(hashes.get("sha256"), str)
    )
    return _written({"mxc": kept["url"], "file": kept}) if whole else None


def _written(where: dict[str, Any]) -> str:
    return json.dumps(where, separators=(",", ":"))


def _is_mxc(address: Any) -> bool:
    return isinstance(address, str) and _MXC.fullmatch(address) is not None


def _waveform(told: Any) -> tuple[int, ...]:
    """How loud a recording is all along; nothing where it is told in no form that clients draw."""
    if not isinstance(told, list) or len(told) > _WAVEFORM:
        return ()
    parts = [_number(part) for part in told]
    return tuple(min(part, _WAVEFORM) for part in parts if part is not None) if None not in parts else ()


def _number(value: Any) -> int | None:
    # Some clients write whole numbers with a fraction.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LARGEST:
        return None
    return int(value)
