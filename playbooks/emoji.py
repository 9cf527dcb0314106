"""What counts as one emoji, so that a reaction is a sign and no message. Pure.

Matrix takes any words for a reaction: what is carried on as one is a single emoji as Unicode draws them (UTS #51), nothing that spells a word.
"""

from __future__ import annotations

import re

LONGEST = 16
"""Characters in an emoji, at most: the longest there are have ten."""

_PLAIN = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f004\U0001f0cf\U0001f170-\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f201-\U0001f265\U0001f300-\U0001f3fa\U0001f400-\U0001f6ff\U0001f7e0-\U0001f7f0\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
)
_JOINED = "\u2194-\u21aa\u2600-\u27bf\u2b05-\u2b55\U0001f300-\U0001f3fa\U0001f400-\U0001f6ff\U0001f7e0-\U0001f7f0\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
"""Those of which several are drawn as one, joined: none of them is drawn as a letter."""
_AS = "[\U0001f3fb-\U0001f3ff]?\ufe0f?"
"""A tone of skin, and the mark that asks for colour."""
_REGION = "[\U0001f1e6-\U0001f1ff]"
_LAND = "\U0001f3f4(?:{})".format(
    "|".join(
        "".join(chr(0xE0000 + ord(letter)) for letter in land) + "\U000e007f" for land in ("gbeng", "gbsct", "gbwls")
    )
)
_EMOJI = re.compile(
    f"{_REGION}{_REGION}|[0-9#*]\ufe0f?\u20e3|{_LAND}|[{_PLAIN}]{_AS}|[\U0001f3fb-\U0001f3ff]"
    f"|[{_JOINED}]{_AS}(?:\u200d[{_JOINED}]{_AS}){{1,3}}"
)


def is_emoji(text: str) -> bool:
    """Whether this is exactly one emoji."""
    return len(text) <= LONGEST and _EMOJI.fullmatch(text) is not None


def alike(emoji: str) -> str:
    """An emoji without the mark that asks for colour at its end, which some clients write and others do not."""
    return emoji.removesuffix("\ufe0f")
