"""A playbook's own tests: is what the partners wrote down what would really be sent?

What a test says, exactly, and in the language's terms:

- An alert with every field filled in is issued by ``given.from``, and every partner is there. What ``given`` leaves out is
  filled in as everywhere (``supposing``); without ``at`` it happens now, without ``encrypted`` the rooms are plain ones.
- ``sees`` is what the partner is *shown*: by the code that sends real alerts, so one whom the alert is not for, or from
  whom it would be held, sees nothing of it (``PARTNER: {}`` says so). Each field listed is seen in that form, the finest over the
  partner's rooms for alerts (on ``network`` alone, where that is given); every other field of the alert is withheld.
  ``withheld`` may be written for it.
- A built-in field (``_note``) belongs to no alert. It is asked of every partner of a test's ``sees`` as soon as one of them
  lists it, be it as ``withheld``; then it stands for something said by ``given.from`` in these circumstances, whomever the
  alert is for.
- ``receives`` are exactly the partners that get the alert (on ``network``, where that is given).
- ``may_issue`` are exactly the partners that may issue it for that place in these circumstances, danger included.

A rule of ``sharing`` is exercised by a test where it decides one of its cells: a permit by which a field is seen in the form
in which it is seen, a forbid by which one is withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from playbooks.asked import Asked
from playbooks.audience import Addressee
from playbooks.happening import impossible, not_mandated
from playbooks.load import Book, Mark
from playbooks.mandate import may_issue
from playbooks.schema import Expectation
from playbooks.sight import Answer, Seen, Withheld


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise than a test says: ``wanted`` and ``found`` are forms, or in the sets ``yes``; None is neither.

    ``mark`` is its place in the test, ``why`` a sentence, ``line`` that of what decided it (0: nothing in the file did).
    """

    about: Literal["sees", "receives", "may_issue"]
    partner: str
    field: str | None
    wanted: str | None
    found: str | None
    why: str
    line: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test. ``exercised`` are the places in ``sharing`` of the rules that decided its cells."""

    index: int
    name: str
    mark: Mark
    differences: tuple[Difference, ...]
    exercised: frozenset[int]
    remark: str | None = None

    @property
    def holds(self) -> bool:
        """Whether all is as the test says."""
        return not self.differences


def run(book: Book, now: datetime) -> tuple[Outcome, ...]:
    """All tests of a playbook, in its order. ``now`` is aware; a test that says ``at`` is asked then."""
    return tuple(outcome(book, index, now) for index in range(len(book.playbook.tests)))


def outcome(book: Book, index: int, now: datetime) -> Outcome:
    """One test of a playbook, by its place among them."""
    test = book.playbook.tests[index]
    asked = Asked(book, test, now)
    return Outcome(
        index,
        test.name,
        book.mark("tests", index),
        (*_sees(asked, index), *_receives(asked, index), *_may_issue(asked, index)),
        asked.exercised,
        impossible(book, asked.supposed, asked.question),
    )


def unexercised(book: Book, outcomes: Iterable[Outcome]) -> tuple[int, ...]:
    """The places in ``sharing`` of the rules that decide no cell of any test."""
    exercised = frozenset[int]().union(*(one.exercised for one in outcomes))
    return tuple(index for index in range(len(book.playbook.sharing)) if index not in exercised)


def holds(book: Book, test: Expectation, now: datetime, partners: Collection[str] | None = None) -> bool:
    """Whether a test holds of a book: the same as an empty list of differences, without the words.

    With ``partners``: as far as they are concerned.
    """
    asked = Asked(book, test, now)
    if test.may_issue is not None and set(test.may_issue) != set(asked.issuers):
        return False
    concerned = book.playbook.partners if partners is None else partners
    if any(asked.forms(name) != seen(forms) for name, forms in test.sees.items() if name in concerned):
        return False
    return test.receives is None or all((name in test.receives) == asked.receives(name) for name in concerned)


def seen(forms: Mapping[str, str]) -> dict[str, str]:
    """The fields that a partner is to see."""
    return {field: form for field, form in forms.items() if form != "withheld"}


# --- what differs, in words -----------------------------------------------------------------------------------------


def _sees(asked: Asked, index: int) -> Iterable[Difference]:
    book, test = asked.book, asked.test
    for partner, forms in test.sees.items():
        cells = asked.cells(partner)
        for field in dict.fromkeys((*forms, *cells)):
            wanted, cell = seen(forms).get(field), cells.get(field)
            found = cell.form if isinstance(cell, Seen) else None
            if wanted == found:
                continue
            why, line = because(asked, partner, field, cell, wanted)
            words = f"{partner} {_seen(field, found)}, and the test says {_wanted(wanted)}: {why}"
            mark = book.mark("tests", index, "sees", partner, field)
            yield Difference("sees", partner, field, wanted, found, words, line, mark)


def _seen(field: str, form: str | None) -> str:
    return f"does not see `{field}`" if form is None else f"sees `{field}` as {form}"


def _wanted(form: str | None) -> str:
    return "withheld" if form is None else form


def _receives(asked: Asked, index: int) -> Iterable[Difference]:
    book, test = asked.book, asked.test
    if test.receives is None:
        return
    for partner in book.playbook.partners:
        wanted, found = partner in test.receives, asked.receives(partner)
        if wanted == found:
            continue
        to = asked.addressee(partner)
        if found:
            line = book.line("alerts", test.alert, "to")
            words = f"{partner} gets the alert, and `receives` does not list it: `to` (line {line}) means it"
        else:
            why, line = fate(asked, to)
            words = f"`receives` lists {partner}, and it does not get the alert: {why}"
        place = test.receives.index(partner) if wanted else -1
        mark = book.mark("tests", index, "receives", *([place] if wanted else []))
        yield Difference("receives", partner, None, _yes(wanted), _yes(found), words, line, mark)


def _may_issue(asked: Asked, index: int) -> Iterable[Difference]:
    book, test = asked.book, asked.test
    if test.may_issue is None:
        return
    for partner in book.playbook.partners:
        wanted, found = partner in test.may_issue, partner in asked.issuers
        if wanted == found:
            continue
        if found:
            mandated = asked.issuers[partner]
            line = mandated.line
            words = f"{partner} may issue it, and `may_issue` does not list it: {_named(asked, mandated.ground)} (line {line})"
        else:
            so = asked.question.circumstances
            why = may_issue(book, so, test.alert, partner, asked.place)
            line = why.line
            words = f"`may_issue` lists {partner}, and it may not issue it: {not_mandated(book, asked.supposed, asked.question, partner)} (line {line})"
        place = test.may_issue.index(partner) if wanted else -1
        mark = book.mark("tests", index, "may_issue", *([place] if wanted else []))
        yield Difference("may_issue", partner, None, _yes(wanted), _yes(found), words, line, mark)


def _named(asked: Asked, key: Literal["by", "in_danger"]) -> str:
    return "it leads, and there is no `by`" if key == "by" and asked.alert.by is None else f"`{key}` means it"


def _yes(whether: bool) -> str | None:
    return "yes" if whether else None


def because(
    asked: Asked, partner: str, field: str, cell: Answer | Addressee | None, wanted: str | None
) -> tuple[str, int]:
    """Why a cell is not as ``wanted``, in words, and the line that decides it (0: nothing in the file)."""
    if cell is None:
        return f"`{asked.test.alert}` has no such field", asked.book.line("alerts", asked.test.alert, "fields")
    if isinstance(cell, Addressee):
        return fate(asked, cell)
    spec = asked.book.playbook.field(field)
    if wanted is not None and spec is not None and wanted not in spec.all_forms:
        return f"it has no such form, only {', '.join(spec.all_forms)}", asked.book.line("fields", field)
    against = asked.against(partner, field, wanted) if wanted is not None else None
    match against or cell:
        case Seen(line=line, agreements=agreements):
            under = f", under {' and '.join(agreements)}" if agreements else ""
            return (f"the permit on line {line} gives it{under}", line) if line else ("it is theirs by its nature", 0)
        case Withheld() as withheld:
            return obstacle(withheld), withheld.line


def fate(asked: Asked, to: Addressee) -> tuple[str, int]:
    """Why a partner gets nothing of an alert, in words, and the line that decides it."""
    line = asked.book.line("alerts", asked.test.alert, "to")
    match to.status:
        case "unselected" if to.blind:
            return f"`to` (line {line}) asks where it is, and it may not see the area", line
        case "unselected":
            return f"`to` (line {line}) does not mean it", line
        case "roomless":
            over = f" on {asked.supposed.network}" if asked.supposed.network else ""
            return f"it has no room for alerts{over}", asked.book.line("partners", to.partner, "rooms")
        case "held" if to.field is not None and to.obstacle is not None:
            why = obstacle(to.obstacle)
            return f"its copy is held, because it may not see `{to.field}`, which is required: {why}", to.obstacle.line
        case "held" | "shown":
            return "its copy is held, because no clause of the text is left", asked.book.line(
                "alerts", asked.test.alert, "text"
            )


def obstacle(withheld: Withheld) -> str:
    """The first thing that would have to change, in words."""
    line, detail = withheld.line, withheld.detail
    match withheld.why:
        case "clearance":
            return f"it is {detail}, above the partner's clearance (line {line})"
        case "compartment":
            return f"the partner's clearance (line {line}) lacks the compartment {detail}"
        case "ceiling":
            return f"it is {detail}, above what that network may carry in such rooms (line {line})"
        case "no-permit" if line:
            return f"the permit on line {line} holds only in other circumstances"
        case "no-permit":
            return "no permit gives it"
        case "agreement":
            return f"for the permit on line {line} no agreement is in force {detail} that lists its purpose"
        case "forbidden":
            return f"line {line} forbids it"
        case "rule-failed":
            return f"the rule on line {line} cannot be evaluated ({detail})"
        case "no-form":
            return "what it may see of it, the value does not have"
        case "undeclared" | "inactive" | "expired":
            return f"it is {withheld.why}"
