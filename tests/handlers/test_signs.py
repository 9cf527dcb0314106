"""The one reaction under what somebody said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.signs import ALL, NONE, SOME, newest, of
from playbooks.spoken import Spoken
from storage.effects import React
from storage.store import OutboxRow
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, LIAISON, MAYOR
from tests.handlers.talk_stage import OPS, talking

EVERYBODY = ('clearance: {tlp: green}\n    phone_24h: "+3213"', 'clearance: {tlp: amber}\n    phone_24h: "+3213"')
HILFE_TOO = ('clearance: {tlp: green}\n    phone_24h: "+4914"', 'clearance: {tlp: amber}\n    phone_24h: "+4914"')


def test_it_waits_until_every_network_has_answered() -> None:
    """And says then that all have it."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    for number in range(len(stage.rows[name]) - 1):
        stage.becomes(name, number, "sent")
    assert not stage.reacts
    stage.becomes(name, len(stage.rows[name]) - 1, "sent")
    [sign] = stage.reacts
    assert (sign.emoji, sign.room, sign.said, sign.sign) == (ALL, CITY, name, True)


@pytest.mark.parametrize(("refused", "emoji"), [("one", SOME), ("all", NONE)])
def test_it_says_some_or_none(refused: str, emoji: str) -> None:
    """By what the networks took."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    for number in range(len(stage.rows[name])):
        stage.becomes(name, number, "refused" if refused == "all" or number == 0 else "sent")
    assert stage.reacts[-1].emoji == emoji


def test_who_may_not_read_it_counts_as_not_reached() -> None:
    """Two partners are not cleared for amber."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    stage.all_become(stage.last().id)
    assert [one.emoji for one in stage.reacts] == [SOME]


def test_what_nobody_may_read_has_its_sign_at_once() -> None:
    """Before anything is sent."""
    stage = talking()
    stage.speak(CITY, "[red] Hush", MAYOR)
    assert [one.emoji for one in stage.reacts] == [NONE]


def test_a_partner_that_nobody_may_know_of_is_not_counted() -> None:
    """Whether the silent watchers have it changes no sign."""
    signs = []
    for state in ("sent", "refused"):
        stage = talking(EVERYBODY, HILFE_TOO)
        stage.speak(FIRE, "Hello", LIAISON)
        name = stage.last().id
        for number, row in enumerate(stage.rows[name]):
            stage.becomes(name, number, state if row.partner == "watchers" else "sent")
        signs.append([one.emoji for one in stage.reacts][-1:])
    assert signs[0] == signs[1] == [ALL]


def test_the_newest_version_counts_in_each_room() -> None:
    """Of a copy and its edit the edit; of a copy in several parts the one that failed; dropped rows are none."""

    def row(token: str, kind: str, state: str, send: str = "", room: object = FIRE) -> OutboxRow:
        return OutboxRow(token, send or token, "I-1", room, 3, f'{{"kind":"{kind}"}}', "S-1", state=state)  # type: ignore[arg-type]

    rows = [
        row("a-1", "message", "sent", "a-1"),
        row("a-2", "message", "refused", "a-1"),
        row("b", "message", "sent", room=BRANDWEER),
        row("c", "edit", "refused", room=BRANDWEER),
        row("d", "message", "dropped", room=CITY),
        row("e", "react", "sent"),
    ]
    assert [one.token for one in newest(rows)] == ["a-2", "c"]


def test_a_sign_that_is_not_true_any_more_makes_way() -> None:
    """What some had not comes through later: the new sign takes the place of the old one, and is not said twice."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(CITY, "Hello", MAYOR)
    said = stage.last()
    rows = [replace(row, state="sent") for row in stage.rows[said.id]]
    sign = OutboxRow(
        "s", "s", said.stream, CITY, 4, '{"kind":"react","emoji":"🤔","gone":false,"sign":true}', said.id, state="sent"
    )
    [gone, new] = of(stage.world, said, [*rows, sign])
    assert isinstance(gone, React) and isinstance(new, React)
    assert [(gone.emoji, gone.gone), (new.emoji, new.gone, new.sign)] == [(SOME, True), (ALL, False, True)]
    again = replace(sign, payload=sign.payload.replace("🤔", "👌"))
    assert of(stage.world, said, [*rows, again]) == []


@pytest.mark.parametrize("words", ["Hello", "[red] Hush"])
def test_nothing_tells_of_a_partner_that_nobody_may_know_of(words: str) -> None:
    """Alone with it, whoever speaks sees what they would see if nobody else were there: nothing, whether it is told or not."""
    stage = talking(channels=OPS.replace("members: everyone", "members: [brandweer, watchers]"))
    stage.speak(BRANDWEER, words)
    [name] = stage.said
    assert bool(stage.fact().left_out) == words.startswith("[red]") != bool(stage.rows.get(name))
    for number in range(len(stage.rows.get(name, ()))):
        stage.becomes(name, number, "refused")
    assert not stage.reacts


def test_a_partner_that_nobody_may_know_of_holds_no_sign_up() -> None:
    """The sign comes when the others have it, not when the silent watchers do."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    for number, row in enumerate(stage.rows[name]):
        if row.partner != "watchers":
            stage.becomes(name, number, "sent")
    assert [one.emoji for one in stage.reacts] == [ALL]


def test_what_was_taken_away_does_not_stand() -> None:
    """A removal of the whole copy counts once the network has done it; so does a copy that is emptied instead; a shorter edit takes nothing away."""

    def row(
        token: str, kind: str, state: str = "sent", amends: str = "", send: str = "", room: object = FIRE
    ) -> OutboxRow:
        payload = f'{{"kind":"{kind}","amends":"{amends}"}}'
        return OutboxRow(token, send or token, "I-1", room, 3, payload, "S-1", state=state)  # type: ignore[arg-type]

    copy = [row("a", "message"), row("a-2", "message", send="a")]
    assert [one.token for one in newest([*copy, row("d", "delete", amends="a-2")])] == ["a"]
    assert newest([*copy, row("d", "delete", amends="a")]) == []
    assert [one.token for one in newest([*copy, row("d", "delete", "pending", "a")])] == ["a"]
    refused = [*copy, row("d", "delete", "refused", "a")]
    assert [one.token for one in newest(refused)] == ["a"]
    assert newest([*refused, row("e", "edit", amends="a")]) == []
    again = [*copy, row("d", "delete", amends="a"), row("f", "message", "refused")]
    assert [one.token for one in newest(again)] == ["f"]


def test_the_sign_says_what_is_true_after_the_copies_are_taken_away() -> None:
    """A label is raised when all have it: where the copies go, nobody has it; before they are gone, nothing is said."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    stage.all_become(name)
    assert [one.emoji for one in stage.reacts] == [ALL]
    sign = OutboxRow(
        "s", "s", "I-1", CITY, 4, '{"kind":"react","emoji":"👌","gone":false,"sign":true}', name, state="sent"
    )
    stage.reacts.clear()
    stage.befalls("edited", stage.said[name], spoken=Spoken("[red] Hush"))
    gone = [
        OutboxRow(f"d{row.token}", f"d{row.token}", "I-1", row.to, 3, f'{{"kind":"delete","amends":"{row.token}"}}', name, row.partner)
        for row in stage.rows[name]
    ]  # fmt: skip
    stage.rows[name] = [*stage.rows[name], sign, *gone]
    for number in range(len(stage.rows[name]) - len(gone), len(stage.rows[name])):
        assert not stage.reacts
        stage.becomes(name, number, "sent")
    assert [(one.emoji, one.gone) for one in stage.reacts] == [(ALL, True), (NONE, False)]
