"""One way of writing a value, so that equal values have equal bytes: JSON by RFC 8785 (JCS), without floats.

Our values are text, whole numbers within ±(2^53-1), true, false, null, lists and mappings with text keys. For these
JCS is short enough to be written out here, which lets a verifier check a log with the standard library alone; a test
holds it equal to the ``rfc8785`` package. Text is put into NFC by ``composed`` before it is hashed, never here: JCS
leaves text as it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Generic, TypeVar

T = TypeVar("T")

LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON agrees on."""

_quote: Callable[[str], str] = encode_basestring

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
"""base64 into base64url: the library's own function costs as much again, fifteen times for each fact."""

_PLAIN = bytes.maketrans(b"-_", b"+/")

_HALF = re.compile("[\ud800-\udfff]")


def encode(value: object) -> bytes:
    """The canonical bytes of a value. Raises TypeError for what is not ours to write, floats among them, and
    ValueError for a number that is too large or text that is not Unicode."""
    return write(value).encode()


def write(value: object) -> str:
    """``encode``, as text."""
    if isinstance(value, str):
        return _quote(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise ValueError(f"a number that not every reader can hold: {value}")
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([write(item) for item in value]) + "]"
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{_quote(key)}:{write(value[key])}" for key in _sorted(value)]) + "}"
    raise TypeError(f"the log has no way of writing a {type(value).__name__}: {value!r}")


def _sorted(value: Mapping[Any, object]) -> list[str]:
    if not all(map(str.isascii, value)):  # a TypeError for a key that is not text
        # RFC 8785 sorts by UTF-16 code units, which differs from Python's order beyond the basic plane.
        return sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return sorted(value)


def write_composed(value: object) -> str:
    """``write`` of ``composed``, in one pass for what is composed anyway: every part of a composed text is composed."""
    if value is None:
        return "null"
    text = write(value)
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not _HALF.search(text)):
        return text
    return write(composed(value))


def well_formed(text: str) -> str:
    """Text that can be written: halves of characters, which some networks let through, become U+FFFD."""
    if text.isascii():
        return text
    return _HALF.sub("\ufffd", text)


def composed(value: Any) -> Any:
    """A value whose every text, keys included, is well-formed and in Unicode's normal form C."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", well_formed(value))
    if isinstance(value, (list, tuple)):
        return [composed(item) for item in value]
    if isinstance(value, Mapping):
        return composed_mapping(value, composed)
    return value


def composed_mapping(value: Mapping[str, Any], item: Callable[[Any], Any]) -> dict[str, Any]:
    """A mapping with its keys composed and ``item`` done to its values. Raises ValueError where two keys become one."""
    result = {key if key.isascii() else composed(key): item(one) for key, one in value.items()}
    if len(result) != len(value):
        raise ValueError("two keys that differ only in how their characters are composed")
    return result


class Once(Generic[T]):
    """A function of values, worked out once for an object however often it comes back: a thousand rooms see the same.

    It keeps every list and mapping it was given, unchanged as they must stay, and so lives only as long as one piece of work.
    """

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self._known: dict[int, tuple[Any, T]] = {}

    def __call__(self, value: Any) -> T:
        if not isinstance(value, (dict, list, tuple)):
            return self._work(value)
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, self._work(value))
        return known[1]


def read(text: bytes) -> Any:
    """Parse canonical JSON. Raises ValueError for anything that ``encode`` would not have written so."""
    try:
        value = json.loads(text.decode(), parse_float=_no_float, parse_constant=_no_float)
        again = encode(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if again != text:
        raise ValueError("not in canonical form (RFC 8785)")
    return value


def _no_float(text: str) -> Any:
    raise ValueError(f"a number that is not whole: {text}")


def disclosure_digest(disclosure: str) -> str:
    """The digest that commits to one disclosure (RFC 9901 §4.2.3): SHA-256 over the disclosure's base64url, itself in
    base64url, both without padding. ``disclosure`` is the canonical text of ``[salt, path, value]``."""
    shown = b2a_base64(disclosure.encode(), newline=False).translate(_URL_SAFE).rstrip(b"=")
    return b2a_base64(sha256(shown).digest(), newline=False)[:-1].translate(_URL_SAFE).decode()


def commits(entry: bytes, disclosures: Iterable[bytes]) -> bool:
    """Whether an entry has the digest of each of these disclosures, in canonical form: sought in its bytes, where nothing else could be taken for one.
    A loop of its own, without a call for each: a long export holds millions."""
    digests = entry.translate(_PLAIN)
    for one in disclosures:
        shown = b2a_base64(one, newline=False).translate(_URL_SAFE).rstrip(b"=")
        if b2a_base64(sha256(shown).digest(), newline=False)[:-1] not in digests:
            return False
    return True
