"""What a roll call looks like to one reader: the live card, the list in a partner's own rooms, and ``/rollcall R-5``."""

from __future__ import annotations

from datetime import datetime

from handlers.accounted import Called, Names
from handlers.moments import moment
from handlers.texts import say, says
from handlers.world import World
from playbooks import sight
from playbooks.cleared import Cleared, Reader, glue, name, one_of_many, phone, short_id, strong
from storage.incident import Incident

MOST_LINES = 24


def render(
    world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime
) -> Cleared | None:
    """The roll call as this reader may see it; None where it may know of nobody on the list."""
    call, book, spoken = incident.rollcalls[about], world.book_of(incident), reader.languages
    names = Names(world, incident, call, reader, room, now)
    partners = names.partners()
    if not partners:
        return None
    heading = [
        say(spoken, "<b>{rollcall}</b> roll call", rollcall=short_id(about)),
        moment(book, call.at, now, spoken),
    ]
    missing = sum(len(one.missing) for one in partners)
    if not missing:
        heading.append(say(spoken, "complete"))
    elif call.ended is not None:
        heading.append(say(spoken, "over"))
    lines = [glue(heading, " · "), counts(partners, spoken)]
    ordered = sorted(partners, key=lambda one: (not one.help, not one.missing))
    for one in ordered[:MOST_LINES]:
        lines += _lines(names, one, reader, name(book, reader, one.partner), phone(book, reader, one.partner))
    if len(ordered) > MOST_LINES:
        lines.append(say(spoken, "… and {count} more", count=len(ordered) - MOST_LINES))
    return glue(lines)


def counts(partners: list[Called], spoken: tuple[str, ...]) -> Cleared:
    """How many are safe, need help, and are missing."""
    safe, need = sum(len(one.safe) for one in partners), sum(len(one.help) for one in partners)
    missing = sum(len(one.missing) for one in partners)
    parts = [says(spoken, "{count} safe", "{count} safe", safe)]
    if need:
        parts.append(strong(says(spoken, "{count} needs help", "{count} need help", need)))
    if missing:
        parts.append(strong(says(spoken, "{count} missing", "{count} missing", missing)))
    return glue(parts, " · ")


def _lines(names: Names, one: Called, reader: Reader, who: Cleared, number: Cleared) -> list[Cleared]:
    spoken, lines = reader.languages, []
    if one.help:
        lines.append(
            say(
                spoken,
                "• {partner}: 🆘 {people} {phone}",
                partner=who,
                people=_people(names, one, one.help),
                phone=number,
            )
            if one.named
            else says(
                spoken,
                "• {partner}: 🆘 {count} needs help {phone}",
                "• {partner}: 🆘 {count} need help {phone}",
                len(one.help),
                partner=who,
                phone=number,
            )
        )
    if one.missing:
        missing = says(
            spoken,
            "• {partner}: {count} of {all} missing {phone}",
            "• {partner}: {count} of {all} missing {phone}",
            len(one.missing),
            all=one.everybody,
            partner=who,
            phone=number,
        )
        lines.append(glue([missing, _people(names, one, one.missing)], "\n  ") if one.named else missing)
    elif not one.help:
        lines.append(say(spoken, "• {partner}: all {count} safe", partner=who, count=one.everybody))
    return lines


def _people(names: Names, one: Called, persons: tuple[str, ...]) -> Cleared:
    """Their names; the log says whose people they are."""
    state = "help" if persons is one.help else "missing"
    return one_of_many(names.names(one.partner, persons), f"{one.partner}:{state}")
