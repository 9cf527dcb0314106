"""What an incident is called, for whoever may see that."""

from __future__ import annotations

from handlers.world import World, languages, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, value
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from playbooks.values import Text
from storage.deployment import Binding


def incident_title(
    world: World, book: Book, so: Circumstances, origin: str | None, title: str | None, binding: Binding
) -> Cleared | None:
    """An incident's own title, if this room may see it (the built-in field ``_title``)."""
    if origin is None:
        return None
    words = Text(title) if title else None
    event = Event(origin, frozenset({book.playbook.partners[origin].jurisdiction}), {"_title": words})
    view = sight.view(book, so, event, sight_room(world, binding), ("_title",))
    return value(book, view, "_title", languages(world, book, binding.room, binding.partner))
