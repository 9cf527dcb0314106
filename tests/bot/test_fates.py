"""What a network's outcome makes of a message, and what follows for what leaves later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from bot.addressing import Addressed
from bot.fates import Elsewhere, OneByOne, Reported, Taken, Verdict, WithoutFile, verdict
from bot.networks.port import Begun, Moved, Outcome, Outgoing, Refused, Sent, Spooled, Unknown
from playbooks.rooms import RoomRef
from playbooks.spoken import File
from storage.store import OutboxRow

HERE, THERE = RoomRef("telegram", "-1"), RoomRef("telegram", "-2")
ROWS = [OutboxRow(token, token, "I-1", HERE, 3, '{"kind":"message"}') for token in ("a", "b")]
PHOTO = Spooled(Path("p"), "p.jpg", "image/jpeg", 1, File("telegram", "", "photo"))


def judged(
    outcome: Outcome, rows: list[OutboxRow], kind: Literal["message", "edit"] = "message", *, photo: bool = False
) -> Verdict:
    """The verdict on rows that left as one message."""
    out = Outgoing("a", HERE, kind, files=(PHOTO,) if photo else ())
    return verdict(rows, Addressed(out, tuple(rows)), outcome, lambda row: row)


def states(said: Verdict) -> list[str]:
    """How the rows stand on file after it."""
    return [change.state for report in said.reports for change in report.changes]


@pytest.mark.parametrize(
    ("outcome", "kind", "became"),
    [
        (Sent("7"), Taken, ["sent", "sent"]),
        (Refused("too odd"), OneByOne, ["pending", "pending"]),
        (Refused("we are out", gone=True), Reported, ["refused", "refused"]),
        (Unknown("no answer"), Reported, ["unknown", "unknown"]),
        (Begun(THERE), Reported, ["pending", "pending"]),
        (Moved(THERE), Elsewhere, ["pending", "pending"]),
    ],
)
def test_each_outcome_has_its_verdict(outcome: Outcome, kind: type[Verdict], became: list[str]) -> None:
    """Every row of the message has its state, whatever the network said."""
    said = judged(outcome, ROWS)
    assert type(said) is kind and states(said) == became


def test_only_a_new_message_leaves_again_without_its_file() -> None:
    """An edit would put its words under the file that was not replaced; one without a file is refused for its words."""
    assert isinstance(judged(Refused("no photos"), ROWS[:1], photo=True), WithoutFile)
    for said in (judged(Refused("no"), ROWS[:1], "edit", photo=True), judged(Refused("no"), ROWS[:1])):
        assert isinstance(said, Reported) and states(said) == ["refused"]


def test_what_was_recalled_is_reported_with_its_words() -> None:
    """Of unknown fate, or for another room: it is decided again as it was."""
    words = '{"kind":"message","words":"they were here"}'
    for outcome in (Unknown("no answer"), Moved(THERE)):
        out = Addressed(Outgoing("a", HERE), tuple(ROWS[:1]))
        said = verdict(ROWS[:1], out, outcome, lambda row: replace(row, payload=words))
        assert [row.payload for report in said.reports for row in report.rows] == [words]
