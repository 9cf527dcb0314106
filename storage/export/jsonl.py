"""JSON lines: what the copy is, then an entry a line, for programs.

The first line says for whom, by whom, why, by which right, what is withheld, the signed checkpoint that the copy stands on, and what people call the alerts,
areas and partners whose ids stand in it (``names``). Each other line has
an entry as the log commits to it (``entry``), the disclosures that prove what is shown (``shown``: [salt, path, value]), how many fields are
withheld, and the fact in plain: nothing more than the first two say, and easier to read.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from storage import canonical
from storage.export import program
from storage.export.copy import About, Copy, Line
from storage.facts import timestamp

FORMAT = 1


async def jsonl(copy: Copy, out: BinaryIO) -> None:
    """Write a copy as JSON lines, each of them canonical (RFC 8785)."""
    out.write(_line(about(copy.about) | {"names": copy.naming.words()}))
    async for line in copy.lines():
        out.write(_entry(line))


def about(about: About) -> dict[str, Any]:
    """What a copy says of itself, as JSON has it."""
    return {
        "format": FORMAT,
        "program": program(),
        "stream": about.stream,
        "exercise": about.exercise,
        "title": about.title,
        "playbook": about.playbook,
        "for": about.recipient.id,
        "for_name": about.recipient.name,
        "by": about.by,
        "reason": about.reason,
        "basis": about.basis,
        "at": timestamp(about.at),
        "zone": about.zone,
        "deployment": about.deployment,
        "key": about.vkey,
        "size": about.checkpoint.size,
        "root": about.checkpoint.root.hex(),
        "checkpoint": about.note,
        "disclosed": about.disclosed,
        "withheld": dict(about.withheld),
    }


def _entry(line: Line) -> bytes:
    """An entry's line: its parts stand in the log in canonical form, and are written in that order again."""
    said = json.loads(line.entry)
    fields = {path: value for _, path, value in line.shown}
    head = f'{{"at":"{said["ts"]}","entry":'
    tail = (
        f',"fact":"{said["type"]}","fields":{_plain(fields)},"seq":{said["seq"]},'
        f'"shown":{_plain(line.shown)},"withheld":{line.hidden}}}\n'
    )
    return head.encode() + line.entry + tail.encode()


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _line(said: dict[str, Any]) -> bytes:
    return canonical.encode(canonical.composed(said)) + b"\n"
