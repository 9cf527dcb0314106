"""``tocsin verify``: whether a copy of a log is intact, in words, and which entry is not. Needs only the file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from bot.cli import UNANSWERED, Stop, complain
from storage.verify import Finding, Verdict
from storage.verify import verify as examined

VERDICTS = {0: "Intact.", 1: "TAMPERED WITH.", 2: "It cannot be said whether this is intact."}


def verify(path: Path, checkpoint: Path | None, form: Literal["text", "json"]) -> int:
    """Verify a bundle, and return the exit code."""
    note = None
    if checkpoint is not None:
        try:
            note = checkpoint.read_text("utf-8")
        except UnicodeDecodeError:
            raise Stop(
                UNANSWERED, f"{checkpoint}: this is no signed checkpoint; save the posted text as it was"
            ) from None
    verdict = examined(path, note)
    if form == "json":
        words = {0: "intact", 1: "tampered", 2: "incomplete"}[verdict.code]
        print(json.dumps({"verdict": words, **asdict(verdict)}, ensure_ascii=False, indent=2))
    else:
        _say(path, verdict)
    return verdict.code


def _say(path: Path, verdict: Verdict) -> None:
    for finding in verdict.findings:
        if finding.grade != "note":
            complain(f"{path}: {_place(finding)}{finding.words}")
    print(f"{VERDICTS[verdict.code]} {_what(verdict)}".rstrip())
    for finding in verdict.findings:
        if finding.grade == "note":
            print(f"Note: {_place(finding)}{finding.words}")
    if verdict.code == 0:
        print(f"{verdict.disclosed} fields are disclosed, {verdict.withheld} are not.")
        print(f"Signed by {verdict.key}")
        if verdict.witnessed is not None:
            print(f"The checkpoint you kept is a part of it, up to entry {verdict.witnessed - 1}.")
        else:
            print(
                "Compare that key with the one you were given on another way. With a checkpoint that was posted in your"
            )
            print("room, saved as a file, more can be said: that nothing before it was changed. See --checkpoint.")


def _what(verdict: Verdict) -> str:
    if verdict.stream is None or verdict.size is None:
        return ""
    reader = f", copied for {verdict.reader}" if verdict.reader else ""
    signed = f", signed {verdict.signed_at}" if verdict.signed_at else ""
    return f"The log of {verdict.stream}, kept by {verdict.deployment}: {verdict.size} entries{signed}{reader}."


def _place(finding: Finding) -> str:
    entry = f"entry {finding.entry}" if finding.entry is not None else ""
    if entry and finding.words.startswith(entry):
        return ""
    where = ", ".join(part for part in (entry, f"field {finding.field}" if finding.field else "") if part)
    return f"{where}: " if where else ""
