"""A playbook's file read again, when somebody asks for it: what is in it now, and what that would change for open incidents.

Handlers touch no file. Before ``/playbook`` is decided, the world is given what they may ask about; reading and comparing take their
time in another thread, so that whatever else goes on in the program goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from handlers.command import typed
from handlers.world import Found, Request, World
from playbooks.diff import Difference, diff
from playbooks.lint import lint
from playbooks.load import Book, PlaybookErrors, load


async def refreshed(world: World, request: Request, now: datetime) -> World:
    """The world with every running playbook's file as it is now, where the request is about playbooks; else as it is."""
    said = typed(request.text, world.usernames.get(request.room.network))
    if said is None or said.name != "playbook" or not _coordinates(world, request.identity):
        return world
    books = {one.playbook: world.shelf[one.playbook] for one in world.open if one.playbook in world.shelf}
    found = {name: await asyncio.to_thread(_read, book, now) for name, book in books.items()}
    world = replace(world, found=found)
    if not {"reload", "use"} & set(said.arguments.lower().split()):
        return world
    return replace(world, differences=await asyncio.to_thread(_differences, world, now))


def _coordinates(world: World, identity: str | None) -> bool:
    """Whether this may be a coordinator: for nobody else are files read, which takes its time."""
    person = world.who.person(identity or "")
    return identity in world.admins or (person is not None and person.role == "coordinator")


def _read(known: Book, now: datetime) -> Found:
    try:
        book = load(known.file)
    except PlaybookErrors as wrong:
        return Found(errors=len(wrong.errors), line=wrong.errors[0].line)
    except OSError as error:
        return Found(unreadable=error.strerror or type(error).__name__)
    if book.digest == known.digest:
        return Found(known)
    errors = [one for one in lint(book, now.astimezone(book.playbook.timezone).date()) if one.severity == "error"]
    return Found(errors=len(errors), line=errors[0].line) if errors else Found(book)


def _differences(world: World, now: datetime) -> Mapping[tuple[str, str], Difference]:
    """Between what each incident goes by and what it may come to go by."""
    result: dict[tuple[str, str], Difference] = {}
    for incident in world.open:
        old, found = world.agreed_of(incident), world.found.get(incident.playbook)
        proposed = world.kept.get(incident.proposal.fact.digest) if incident.proposal is not None else None
        for new in (found.book if found is not None else None, proposed):
            if new is not None and new.digest != old.digest and (old.digest, new.digest) not in result:
                result[old.digest, new.digest] = diff(old, new, now)
    return result
