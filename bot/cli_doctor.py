"""``tocsin doctor``: each thing that was tried on a line, with what to do about it."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

from bot.cli import BAD, FINE
from bot.clock import SystemClock
from bot.doctor import Finding
from bot.doctor import examine as tried
from bot.settings import Settings, SettingsError, load


def doctor(form: Literal["text", "json"]) -> int:
    """Try everything, and return the exit code."""
    try:
        found = asyncio.run(_all(load(), form))
    except SettingsError as error:
        found = [Finding("fail", "settings", line) for line in error.lines]
        if form == "text":
            for finding in found:
                _print(finding)
    if form == "json":
        print(json.dumps({"findings": [_as_json(finding) for finding in found]}, ensure_ascii=False, indent=2))
    failed = sum(finding.level == "fail" for finding in found)
    warned = sum(finding.level == "warn" for finding in found)
    if form == "text":
        print()
        print(f"{failed} to mend, {warned} to look at." if failed or warned else "All is well.")
    return BAD if failed else FINE


async def _all(settings: Settings, form: str) -> list[Finding]:
    found: list[Finding] = []
    async for finding in tried(settings, SystemClock()):
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
