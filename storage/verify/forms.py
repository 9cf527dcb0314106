"""What a file is that is no bundle: the other forms of a copy, each known by how it begins, so that whoever has one learns what to ask for."""

from __future__ import annotations

from collections.abc import Mapping

ASK = "What can be verified here is the bundle: ask whoever exported it for that (--format bundle)."

_BEGINNINGS: Mapping[bytes, str] = {
    b"%pdf": "this is a copy to be read and filed (PDF)",
    b"<!doctype html": "this is a report for a browser (HTML): open it there, and it verifies itself",
    b"<html": "this is a page for a browser (HTML)",
    b"<?xml": "these are alerts as they were sent (CAP, XML)",
    b'{"': "this is a copy for programs (JSON lines)",
}
LOOKED_AT = 200
"""Bytes at the beginning that tell one form from another."""


def no_bundle(head: bytes, name: str) -> str:
    """What to say of a file that begins like this, and is called this."""
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    said = next((words for start, words in _BEGINNINGS.items() if begins.startswith(start)), None)
    if said is None and name.lower().endswith(".csv"):
        said = "this is a copy for a spreadsheet (CSV)"
    return f"{said}. {ASK}" if said is not None else "this is no bundle of Tocsin"
