"""The preview of a draft: who will see how much of it, and why no more, in few lines and never falsely."""

from __future__ import annotations

import re

import pytest

from handlers.preview import MOST_GROUPS, MOST_NAMES
from handlers.why import why
from playbooks.cleared import Reader
from playbooks.load import Book
from playbooks.sight import Withheld
from storage.facts import Disclosed
from tests.handlers.border_stage import CITY, EVACUATE, MAYOR, opened
from tests.handlers.stage import Stage
from tests.playbooks.border import border

PACT = ("pact: {title: A pact, between: [be, nl]", "pact: {title: A pact, between: [be, de]")
"""The pact is with another country, so that across the river nothing is shared."""


def preview(stage: Stage, command: str) -> list[str]:
    """The lines of the preview that the mayor is shown."""
    return stage.say(CITY, command, MAYOR)[0].body.text.split("\n")


def crowd(countries: int) -> Book:
    """The border, with as many more countries, each with one partner, none of which has a pact."""
    jurisdictions = "".join(f"  c{number}: {{name: Country {number}}}\n" for number in range(countries))
    partners = "".join(
        f"  p{number}:\n    name: Partner {number}\n    kind: fire\n    level: local\n    jurisdiction: c{number}\n"
        f"    clearance: {{tlp: amber}}\n    rooms: [{{telegram: -{100 + number}}}]\n"
        for number in range(countries)
    )
    return border(("agreements:\n", f"{jurisdictions}agreements:\n"), ("phases: [", f"{partners}phases: ["))


def test_rooms_stand_together_by_what_they_lack_and_why() -> None:
    """One room's reason is never given for another's: those that lack the same for another reason have a line of their own."""
    lines = preview(opened(border(PACT)), f"{EVACUATE} people=12 Water")
    groups = [line for line in lines if line.startswith("•")]
    assert groups == [
        "• in full: City & Sons <town hall> (Matrix) · Fire (Matrix)",
        "• without people (forbidden by line 106): City & Sons <town hall> (Telegram) · Fire (Telegram)",
        "• without people (not cleared for TLP:AMBER): Aid",
        "• without what, where, people (no agreement be→nl, line 100): Brandweer",
        "• without what (shared only in other circumstances, line 103); where, people (not cleared for TLP:AMBER): Hilfe",
    ]


@pytest.mark.parametrize("book", [border(), border(PACT), crowd(3)], ids=["border", "other pact", "crowd"])
def test_every_reason_is_the_one_that_the_log_has_afterwards(book: Book) -> None:
    """What the preview says of a partner is what is then withheld from one of its rooms, field by field."""
    stage = opened(book)
    lines = [line for line in preview(stage, f"{EVACUATE} people=12 Water") if " without " in line]
    stage.say(CITY, "/draft D-1 send", MAYOR)
    reader = Reader(CITY, "city", True, ("en",))
    said: dict[str, list[set[str]]] = {}
    for fact in stage.of(Disclosed):
        if isinstance(fact, Disclosed) and fact.about == "A-1" and fact.partner is not None:
            entries = [(name, one) for name, one in fact.fields.items() if one is not None and "withheld" in one]
            reasons = {
                f"{why(book, reader, Withheld(one['withheld'], one['rule'] or 0, one['detail'])).text}: {name}"
                for name, one in entries
                if name not in ("victims", "secret")  # which nobody gave
            }
            said.setdefault(book.playbook.partners[fact.partner].name, []).append(reasons)
    assert lines
    for line in lines:
        what, names = line.partition(" without ")[2].rsplit("): ", 1)
        lacks = {
            f"{reason}: {name}"
            for fields, reason in (part.split(" (", 1) for part in f"{what})".replace(");", ")\n").split("\n"))
            for name in fields.strip().split(", ")
            for reason in [reason.removesuffix(")")]
        }
        for name in names.split(" · "):
            assert lacks in said[re.sub(r" \((Matrix|Telegram)\)$", "", name)], line


def test_too_many_reasons_are_left_out() -> None:
    """Where each partner lacks the same for a reason of its own, they are one line without any: a phone shows no more."""
    groups = [line for line in preview(opened(crowd(MOST_GROUPS)), f"{EVACUATE} Water") if line.startswith("•")]
    assert len(groups) <= MOST_GROUPS
    assert "• without what, where: Hilfe · " in "\n".join(groups)
    assert "no agreement" not in "\n".join(groups)
    fewer = [line for line in preview(opened(crowd(2)), f"{EVACUATE} Water") if line.startswith("•")]
    assert sum("no agreement be→c" in line for line in fewer) == 2


def test_one_name_more_is_no_more() -> None:
    """Names are cut only where more than one would go: "and 1 more" is no shorter than the name."""
    alike = 4  # city, fire, brandweer and aid see what is written
    for count, cut in ((MOST_NAMES, False), (MOST_NAMES + 1, False), (MOST_NAMES + 2, True)):
        partners = "".join(
            f"  q{number}:\n    name: Q{number}\n    kind: other\n    level: local\n    jurisdiction: be\n"
            f"    clearance: {{tlp: amber}}\n    rooms: [{{telegram: -{200 + number}}}]\n"
            for number in range(count - alike)
        )
        lines = preview(opened(border(("phases: [", f"{partners}phases: ["))), "/alert talk Gather at once")
        [group] = [line for line in lines if "in full" in line]
        assert ("and 2 more" in group) is cut, group
        assert group.count(" · ") == (MOST_NAMES - 1 if cut else count - 1)
