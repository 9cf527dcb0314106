"""A contact as a file: every address book reads it, and nothing in a name gets out of its line."""

from __future__ import annotations

from bot.networks.matrix_card import vcard
from playbooks.spoken import Contact


def test_a_contact_is_a_vcard() -> None:
    """Name and number, as RFC 2426 wants them."""
    card = vcard(Contact("Zoë Garde", "+32 4 222"))
    assert (
        card.decode()
        == "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;Zoë Garde;;;\r\nFN:Zoë Garde\r\nTEL:+32 4 222\r\nEND:VCARD\r\n"
    )


def test_what_somebody_wrote_stays_in_its_place() -> None:
    """Line ends, separators and half characters make no line, no field and no accident; without a name the number is one."""
    lines = vcard(Contact("A;B,C\\\r\nNOTE:x\u2028\udce9", "1\nEND:VCARD")).decode().split("\r\n")
    assert len(lines) == 7
    assert lines[3] == "FN:A\\;B\\,C\\\\ NOTE:x" and lines[4] == "TEL:1 END:VCARD"
    assert b"FN:112\r\n" in vcard(Contact("", "112"))
