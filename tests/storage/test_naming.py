"""What people call what the log names by an id, beside the id: rooms by whose they are, choices by their words."""

from __future__ import annotations

import pytest

from storage.export.books import Books
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.naming import Sought
from tests.playbooks.border import BOOK

DISCLOSED = {
    "partner": "fire", "room": "matrix:!fire:x.org", "language": "fr",
    "fields/action": {"form": "exact", "rule": 1}, "values/action": "leave", "values/what": "leave",
}  # fmt: skip
ISSUED = {
    "partner": "city",
    "room": "telegram:-11",
    "fields/action": {"choice": "stay"},
    "fields/what": {"text": "stay"},
}
KNOWS_FIRE = Recipient("fire", "Fire", frozenset({"fire"}))


@pytest.mark.parametrize(
    ("whom", "shown", "path", "words"),
    [
        (AUDITOR, DISCLOSED, "room", "Fire (Matrix)"),
        (AUDITOR, ISSUED, "room", "City & Sons <town hall> (Telegram)"),
        (KNOWS_FIRE, DISCLOSED, "room", "Fire (Matrix)"),
        (KNOWS_FIRE, ISSUED, "room", ""),  # whose room it is would name somebody whom they may not know
        (AUDITOR, DISCLOSED, "values/action", "Leave now"),
        (AUDITOR, ISSUED, "fields/action", "Stay inside"),
        (AUDITOR, DISCLOSED, "values/what", ""),  # a word that somebody wrote
        (AUDITOR, ISSUED, "fields/what", ""),
    ],
)
def test_a_room_is_its_partners_and_a_choice_is_its_words(
    whom: Recipient, shown: dict[str, object], path: str, words: str
) -> None:
    """As far as the recipient may know of the partner; what people wrote is no id."""
    sought = Sought()
    for one in (DISCLOSED, ISSUED):
        sought.see(BOOK.digest, one)
    assert sought.found(Books({BOOK.digest: BOOK.source}), whom).in_words(path, shown) == words
