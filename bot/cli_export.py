"""``tocsin export``: a copy of a log for somebody. That it was made, for whom and why, is recorded in the log before it is written."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import typer

from bot import filed
from bot.cli_ending import UNANSWERED, Stop, complain
from bot.cli_reading import OPERATOR
from bot.program import program
from bot.prose import fitted
from bot.settings import Settings
from storage.export.copy import About
from storage.export.forms import FORMS, form
from storage.export.making import Asked, Stage, make
from storage.export.recipients import recipient
from storage.export.wording import LANGUAGES, fitting

CALLED = {
    "bundle": "a bundle",
    "jsonl": "JSON Lines",
    "csv": "CSV",
    "html": "HTML",
    "pdf": "PDF",
    "ics214": "ICS-214",
    "cap": "CAP",
}
"""The forms, as people call them."""

WORDED = ("bundle", "html", "pdf", "csv")
"""Those that have words of ours in more languages than English."""


def export(
    settings: Settings, incident: str, path: Path, reason: str, basis: str, whom: str, name: str, lang: str
) -> None:
    """Write a copy, and record it. ``lang``: in whose words the copy speaks of itself; empty for the recipient's own."""
    form(name)  # a form that is not there is said before anything is looked for
    if lang and fitting(lang, "") not in LANGUAGES:
        raise Stop(UNANSWERED, f"--lang {lang}: there are {', '.join(LANGUAGES)}")
    if lang and name not in WORDED:
        instead = f"leave --lang out, or choose --format {', '.join(WORDED[:-1])} or {WORDED[-1]}"
        raise Stop(UNANSWERED, f"--lang {lang}: a copy as {CALLED[name]} is not translated; {instead}")
    if not reason.strip():
        raise Stop(UNANSWERED, "--reason is missing: say why the copy is made; it is recorded, and stands in the copy")
    if path.is_dir():
        raise Stop(UNANSWERED, f"{path} is a folder; name a file, like {path / (incident + FORMS[name].suffix)}")
    if not path.absolute().parent.is_dir():
        raise Stop(UNANSWERED, f"there is no folder {path.parent}; make it, or name another file")
    about = asyncio.run(_export(settings, incident, path, reason.strip(), basis.strip(), whom.strip(), name, lang))
    for line in _made(about, path, name):
        print(fitted(line))
    if about.recipient.partner is None:
        complain("It discloses everything that is in that log: keep it as you keep the log.")
    else:
        complain(f"It shows what {about.recipient.name} was told and did: give it to nobody else.")


async def _export(
    settings: Settings, incident: str, path: Path, reason: str, basis: str, whom: str, name: str, lang: str
) -> About:
    try:
        async with filed.found(settings, incident) as (store, stream, _):
            who, zone = await recipient(store, stream, whom)
            if lang:
                who = replace(who, language=lang, chosen=True)
            asked = Asked(stream, who, OPERATOR, reason, name, basis or None, zone)
            with Bar(sys.stderr.isatty()) as bar:
                return await make(store, asked, form(name), path, now=partial(filed.now, store), progress=bar)
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None


def _made(about: About, path: Path, name: str) -> list[str]:
    withheld = sum(about.withheld.values())
    what = f"{about.disclosed} fields of {about.checkpoint.size} entries"
    # From an auditor nothing is withheld: what they do not see is gone.
    if about.recipient.partner is None:
        whom, went = "an auditor", f"{withheld} {'was' if withheld == 1 else 'were'} erased"
    else:
        whom, went = about.recipient.name, f"{withheld} {'is' if withheld == 1 else 'are'} withheld"
    kept = f"; {went}" if withheld else ", all there are"
    lines = [
        f"Exported the log of {about.stream} for {whom}, as {CALLED[name]}, to {path}: {what}{kept}.",
        "That it was made, and why, is recorded in the log.",
    ]
    if name == "bundle":
        lines += [
            f"Whoever has it can check it without this machine:  {program()} verify {path}",
            "Keep it: a later export can be held against it, to show that nothing was changed (verify --checkpoint).",
        ]
    elif name == "html":
        lines.append("This page checks itself in a browser, without this machine.")
    else:
        lines.append(f"It stands on a signed checkpoint; --format bundle gives all that proves it: {program()} verify.")
    return lines


_WHY = {"finding": "What is theirs", "counting": "What is withheld", "writing": "Writing"}


_GONE = "\x1b[1A\r\x1b[2K"
"""To the line before, which becomes empty (ECMA-48: CUU, CR, EL)."""


class Bar(ExitStack):
    """A bar on standard error, for a terminal: anew for each time that the log is read, and gone when it is done. Nothing where ``shown`` is not."""

    def __init__(self, shown: bool) -> None:
        super().__init__()
        self._shown = shown
        self._bar: Any = None
        self._at: tuple[Stage | None, int] = (None, 0)

    def __call__(self, stage: Stage, done: int, of: int) -> None:
        """So many entries are done, of how many."""
        if not self._shown:
            return
        before, at = self._at
        if stage != before or done <= at:
            self.close()
            at = 0
            self.callback(_clear)  # after the bar itself has let go
            self._bar = self.enter_context(typer.progressbar(length=of, label=f"{_WHY[stage]:<16}", file=sys.stderr))
        self._bar.update(done - at)
        self._at = (stage, done)


def _clear() -> None:
    sys.stderr.write(_GONE)
    sys.stderr.flush()
