"""Contacts on Matrix, which has none of its own: the name and number stand in words, and the same is a file below which phones open as a contact.

The file is a vCard 3.0 (RFC 2426), the form that every address book reads.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from bot.files.names import clean_name
from bot.networks.matrix_attachment import Stored
from bot.networks.matrix_http import MatrixError
from bot.networks.matrix_shelf import FileRefused, Shelf
from bot.networks.port import Outgoing, Spooled
from playbooks.spoken import Contact, File

TYPE = "text/vcard"


async def with_card(shelf: Shelf, out: Outgoing, *, sealed: bool) -> tuple[Outgoing, list[Stored]]:
    """The message with its contact as a file, and where that lies; as it is where the homeserver does not take it: the words say it all. Raises NetworkDown."""
    if out.contact is None:
        return out, []
    data = vcard(out.contact)
    called = clean_name(f"{out.contact.name or 'contact'}.vcf", TYPE)
    source = File("matrix", "", "file", called, TYPE)
    try:
        with tempfile.NamedTemporaryFile(suffix=".vcf") as file:
            file.write(data)
            file.flush()
            spooled = Spooled(Path(file.name), called, TYPE, len(data), source)
            lies = await shelf.bring(spooled, sealed=sealed)
    except (FileRefused, MatrixError, OSError):
        return out, []
    return replace(out, files=(spooled,)), [lies]


def vcard(contact: Contact) -> bytes:
    """Name and number, each on one line whatever is in them."""
    name, number = _value(contact.name or contact.phone), _value(contact.phone)
    lines = ("BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}", f"TEL:{number}", "END:VCARD", "")
    return "\r\n".join(lines).encode("utf-8", "replace")


def _value(text: str) -> str:
    """What somebody wrote as a value: nothing in it ends the line or the value."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
