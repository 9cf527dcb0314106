"""/ready: before the crisis, what would keep an alarm from its partners, and what to do about each; /ready test tries it.

The own partner stands first, then the most important; what is alike is one line, with two partners' names and how many more there are. ``/ready all`` has
all their names; of several playbooks each is a count, and one that is named is told in full. A liaison reads of their own partner;
coordinators, in a private chat, of everybody whom they may know of. Who has what is the built-in field ``_delivery``.
"""

from __future__ import annotations

from dataclasses import replace

from handlers import reach
from handlers.case import Case
from handlers.command import nearest
from handlers.coordinators import between_two
from handlers.shortcomings import Look, found
from playbooks import sight
from playbooks.cleared import Cleared, Reader, code, echo, glue, listed, quote
from playbooks.load import Book
from storage.effects import Effect

MOST_LINES = 30
MOST_NAMES = 2
"""Partners named in a line that is not asked for in full."""
EVERYTHING = "all"


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/ready [PLAYBOOK] [all]``, ``/ready test [PLAYBOOK]``."""
    words = [word for word in arguments.lower().split() if word != EVERYTHING]
    everything = EVERYTHING in arguments.lower().split()
    testing = words[:1] == ["test"]
    wanted = words[1:] if testing else words
    books = _books(case)
    if wanted and wanted[0] not in books:
        near = nearest(wanted[0], list(books))
        typed = echo(wanted[0][:60], case.request.room)
        if near is None:
            return [case.answer(case.say("There is no playbook {typed} here.", typed=typed))]
        command = f"/ready {'test ' if testing else ''}{near}"
        called = _playbook(case, books[near], near)
        tap = case.choice("{playbook}", command, "✅", playbook=called)
        said = case.say("There is no playbook {typed}. Did you mean {near}?", typed=typed, near=called)
        return [case.answer(said, [[tap]])]
    chosen = [books[wanted[0]]] if wanted else list(books.values())
    if testing:
        return reach.by_hand(case, chosen)
    several = len(chosen) > 1 and not everything
    lines = [
        line for book in chosen for line in (_in_short(case, book) if several else _report(case, book, everything))
    ]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], case.say("… and more. For one playbook: /ready PLAYBOOK")]
    return [case.answer(glue(lines) if lines else case.say("There is no playbook that you may ask about."))]


def _books(case: Case) -> dict[str, Book]:
    """The playbooks whose readiness this person may ask about."""
    shelf = case.world.shelf
    if case.actor.everywhere:
        return dict(shelf)
    return {of: book for of, book in shelf.items() if case.actor.partner in book.playbook.partners}


def _playbook(case: Case, book: Book, text: str) -> Cleared:
    return quote(book, Reader(case.request.room, None, True, case.reader.languages), text)


# --- the report --------------------------------------------------------------------------------------------------------


def _look(case: Case, book: Book) -> Look | None:
    """What this person may ask about here; None: nothing."""
    private = case.request.private and between_two(case.world, case.request.room)
    coordinates = case.actor.everywhere or (case.actor.coordinator and case.actor.partner in book.playbook.partners)
    if coordinates and private and sight.coordinator_sees(book, case.request.room.network, "_delivery"):
        reader = Reader(case.request.room, case.actor.partner, True, case.reader.languages)
        return Look(case, book, reader, tuple(p for p in book.playbook.partners if listed(book, reader, p)), True)
    own = case.actor.partner
    if own is not None and own in book.playbook.partners and case.actor.roles & {"liaison", "coordinator"}:
        return Look(case, book, Reader(case.request.room, own, True, case.reader.languages), (own,), False)
    return None


def _found(look: Look, everything: bool) -> tuple[list[Cleared], list[Cleared]]:
    """What is wrong with the own partner, and what else is; what is of the playbook, and not of a partner, stands once."""
    own = look.reader.partner
    if not look.whole or own not in look.partners:
        return [], found(look if everything else replace(look, most=MOST_NAMES))
    ours = found(replace(look, partners=(own,), whole=False))
    said = {line.html for line in ours}
    others = replace(look, partners=tuple(one for one in look.partners if one != own))
    rest = found(others if everything else replace(others, most=MOST_NAMES))
    return ours, [line for line in rest if line.html not in said]


def _in_short(case: Case, book: Book) -> list[Cleared]:
    """One of several playbooks: what is wrong with the own partner, and how much else there is."""
    look = _look(case, book)
    if look is None:
        return []
    ours, rest = _found(look, False)
    command = code(echo(f"/ready {book.playbook.playbook}", case.request.room))
    title = quote(book, look.reader, book.playbook.title)
    if not ours and not rest:
        return [case.say("<b>Readiness</b> · {title}: all is well.", title=title)]
    more = case.says(
        "{count} thing to look at: {command}", "{count} things to look at: {command}", len(rest), command=command
    )
    return [case.say("<b>Readiness</b> · {title}", title=title), *ours, *([more] if rest else [])]


def _report(case: Case, book: Book, everything: bool) -> list[Cleared]:
    look = _look(case, book)
    if look is None:
        return []
    title = quote(book, look.reader, book.playbook.title)
    ours, rest = _found(look, everything)
    wrong = [*ours, *rest]
    heading = case.say("<b>Readiness</b> · {title}", title=title)
    if not wrong:
        heading = case.say("<b>Readiness</b> · {title}: all is well.", title=title)
    lines = [heading, *wrong]
    last = reach.latest(case.world, book)
    if last is not None:
        lines += reach.result(case.world, book, last, look.reader, look.partners, case.now)
    if not everything and _found(look, True)[1] != rest:
        command = code(echo(f"/ready {book.playbook.playbook} {EVERYTHING}", case.request.room))
        lines.append(case.say("With all names: {command}", command=command))
    if case.actor.coordinator and not look.whole:
        lines.append(case.say("Of the other partners I tell coordinators in a private chat."))
    return lines
