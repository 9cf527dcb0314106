"""Whether every line of ``.env`` that means one of our settings can be read: one that cannot must not be passed over.

A token whose quote is not closed would otherwise be no token, and the bot would rehearse where it should alert.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dotenv.parser import Binding, parse_stream


def unread(file: Path, prefix: str) -> Iterator[str]:
    """A line for each entry of the file that names a setting with this prefix and gives it no value.

    Raises OSError and UnicodeDecodeError.
    """
    named = re.compile(rf"\s*(?:export\s+)?[\"']?({prefix}\w*)", re.IGNORECASE)
    with file.open(encoding="utf-8") as stream:
        for binding in parse_stream(stream):
            opened = 0
            for number, line in enumerate(binding.original.string.splitlines(), binding.original.line):
                found = named.match(line)
                if found is not None and (wrong := _wrong(binding, found[1], opened)):
                    yield f"{file}:{number}: {found[1]}: {wrong}"
                    break
                opened = opened or (number if line.strip() else 0)


def _wrong(binding: Binding, name: str, opened: int) -> str:
    """What is wrong with the line that names this setting, if anything; ``opened`` is the line its entry began on."""
    if opened:
        return f"the quote opened on line {opened} is not closed there, and hides this line; close it"
    if binding.error or binding.key != name:
        return f"this line cannot be read; write {name}=VALUE, and close a quote that is opened"
    if not binding.value:
        return f"it has no value; write {name}=VALUE, or take the line out"
    if "\n" in binding.value:
        return "its quote is not closed on this line; close it"
    return ""
