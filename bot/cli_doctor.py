"""``tocsin doctor``: each thing that was tried on a line, with what to do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bot.cli_ending import BAD, FINE, UNANSWERED, Stop
from bot.clock import SystemClock
from bot.doctor import examine as tried
from bot.findings import Finding
from bot.kept import notes_in
from bot.settings import Settings, UnreadSettings, load_sound


def doctor(form: Literal["text", "json"], checkpoint: Path | None = None) -> int:
    """Try everything, and return the exit code. ``checkpoint``: a file with checkpoints of this log that somebody kept."""
    try:
        settings, wrong = load_sound()
    except UnreadSettings as error:
        raise Stop(UNANSWERED, *error.lines) from None
    kept = notes_in(checkpoint) if checkpoint is not None else []
    found = asyncio.run(_all(settings, wrong, kept, form))
    if form == "json":
        print(json.dumps({"findings": [_as_json(finding) for finding in found]}, ensure_ascii=False, indent=2))
    failed = sum(finding.level == "fail" for finding in found)
    warned = sum(finding.level == "warn" for finding in found)
    if form == "text":
        print()
        print(f"{failed} to mend, {warned} to look at." if failed or warned else "All is well.")
    return BAD if failed else FINE


async def _all(settings: Settings, wrong: Sequence[str], kept: Sequence[str], form: str) -> list[Finding]:
    found: list[Finding] = []
    async for finding in tried(settings, SystemClock(), wrong, kept):
        found.append(finding)
        if form == "text":
            _print(finding)
    return found


def _print(finding: Finding) -> None:
    print(f"{finding.level:<4} {finding.about}: {finding.says}", flush=True)
    if finding.todo:
        print(f"     -> {finding.todo}", flush=True)


def _as_json(finding: Finding) -> dict[str, str]:
    return {"level": finding.level, "about": finding.about, "says": finding.says, "todo": finding.todo}
