"""``/verify``: is the log still the one that a posted checkpoint speaks of? Asked as an answer to the post, or with its text behind the command."""

from __future__ import annotations

from handlers.case import Case
from playbooks.cleared import Cleared, figure, glue, is_short_id, short_id, strong
from storage.effects import Effect, Record
from storage.facts import DEPLOYMENT, LogRead
from storage.store import Compared


def decide(case: Case, arguments: str) -> list[Effect]:
    """What came of holding it against the log; that somebody asked is recorded."""
    found = case.request.compared
    if found is None or found.said is None or found.stands == "no checkpoint":
        return [
            case.answer(
                case.say("Answer a post that says “Keep this” with /verify, or paste all of it behind /verify.")
            )
        ]
    if found.stands == "not ours":
        return [
            case.answer(
                case.say(
                    "<b>This proves nothing here</b>: no key of mine signed it. A character may have been lost, or it is not mine."
                )
            )
        ]
    read = LogRead(
        case.actor.person, case.actor.partner, None, found.size, f"verify {found.stream} at {found.said.size}"
    )
    return [Record(DEPLOYMENT, read), case.answer(_told(case, found, found.said.size))]


def _told(case: Case, found: Compared, size: int) -> Cleared:
    what = short_id(str(found.stream)) if is_short_id(found.stream) else case.say("this deployment")
    if found.stands == "part":
        return case.says(
            "<b>The log of {incident} stands.</b> Its first {count} entry is what it was; now there are {now}.",
            "<b>The log of {incident} stands.</b> Its first {count} entries are what they were; now there are {now}.",
            size,
            incident=what,
            now=figure(found.size),
        )
    tell = case.say("Keep this checkpoint, and tell the other partners. On the server: restore the newest backup.")
    if found.stands == "rolled back":
        words = case.say(
            "The log of {incident} was rolled back: this was signed over {size} entries, and here are {now}.",
            incident=what,
            size=figure(size),
            now=figure(found.size),
        )
    else:
        words = case.say(
            "The log of {incident} was replaced: its first {size} entries are not those that this was signed over.",
            incident=what,
            size=figure(size),
        )
    return glue([strong(words), tell])
