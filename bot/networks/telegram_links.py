"""Links that Telegram makes none of: addresses for mail and telephone numbers, which then stand in the words. Pure.

Telegram links to the web and to itself only (``LinkManager::check_link`` of tdlib); the address of any other link would be lost. Written out it is a link
again: clients find addresses and numbers in words by themselves.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from bot.networks import markup
from playbooks.restricted import plain

_ADDRESS = re.compile(r'<a href="(mailto|tel):([^"<>]*)">(.*?)</a>', re.DOTALL | re.IGNORECASE)


def written_out(html: str) -> str:
    """Restricted HTML in which such links are words: what they stood on, and the address, unless that says it already."""
    return _ADDRESS.sub(_words, html) if "<a " in html else html


def _words(link: re.Match[str]) -> str:
    address = unquote(unescape(link[2]).partition("?")[0]).strip() or unescape(link[2])
    said = plain(link[3])
    known = _digits(address) in _digits(said) if link[1].lower() == "tel" else address.lower() in said.lower()
    return link[3] if known else f"{link[3]} ({markup.escape(address)})"


def _digits(words: str) -> str:
    return "".join(sign for sign in words if sign.isalnum() or sign in "+*#")
