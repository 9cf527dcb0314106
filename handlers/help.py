"""/help: what this person may do here and now, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.case import Case
from handlers.command import Command
from handlers.which import unbound
from playbooks.cleared import Cleared, code, glue, secret
from storage.effects import Effect


def decide(case: Case, commands: Sequence[Command]) -> list[Effect]:
    """The commands that this person may give now, a line each, in the order of the list."""
    lines: list[Cleared] = []
    for command in commands:
        if command.hidden or (command.incident and case.incident is None):
            continue
        if command.needs(case) is not None or not command.offered(case):
            continue
        lines.append(
            case.say(
                "{command} {summary}",
                command=code(case.say(command.typed)),
                summary=case.say(command.summary),
            )
        )
    if case.actor.partner is None and not case.actor.coordinator:
        lines.append(
            case.say(
                "This chat ({room}) belongs to no partner. Redeem an invitation with /start CODE, or write in your partner's room.",
                room=code(secret(str(case.request.room), case.request.room)),
            )
        )
    elif case.incident is None:
        lines.append(case.say("No incident is open here."))
    if case.actor.partner is None and case.actor.coordinator and not case.request.private:
        lines.append(unbound(case))
    return [case.answer(glue(lines))]
