"""What could not happen is told, with the reason."""

from __future__ import annotations

import pytest

from playbooks.happening import impossible
from playbooks.supposing import fill_in, question
from tests.playbooks.border import BOOK, NOON, border

WITHOUT = border(("danger: {by: lead, lasts: 2h, tell: [city]}\n", ""))


@pytest.mark.parametrize(
    ("origin", "area", "danger", "why"),
    [
        ("city", "town", False, None),
        ("aid", "town", False, "aid may not issue `evacuation` in these circumstances, `by` does not mean it"),
        (
            "fire",
            "town",
            False,
            "fire may not issue `evacuation` in these circumstances, only while danger is declared",
        ),
        ("fire", "town", True, None),
        ("city", "dorp", False, "city may not issue `evacuation` in these circumstances, dorp is not its ground"),
    ],
)
def test_who_could_not_issue_it_there_is_told_why(origin: str, area: str, danger: bool, why: str | None) -> None:
    """Whose it is not, whose only in danger, and whose elsewhere; nothing where it could happen."""
    supposed = fill_in(BOOK, "evacuation", NOON, origin=origin, area=area, danger=danger)
    found = impossible(BOOK, supposed, question(BOOK, supposed))
    assert found == (f"it could not happen: {why}" if why else None)


def test_danger_that_cannot_be_declared_is_told() -> None:
    """A playbook without the section has no danger."""
    supposed = fill_in(WITHOUT, "evacuation", NOON, origin="city", area="town", danger=True)
    found = impossible(WITHOUT, supposed, question(WITHOUT, supposed))
    assert found == "it could not happen: no danger can be declared under this playbook"
