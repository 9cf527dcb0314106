"""Partners by fields: what each row says, and that it is what the rule says."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.sight import Room, Seen, decide
from playbooks.supposing import circumstances, fill_in, question, suppose
from playbooks.who_sees import Row, who_sees
from tests.examples import examples
from tests.playbooks.border import BOOK, NOON, border
from tests.playbooks.generated import FIELDS, Scene, book_of, scenes

ALERT = {
    "title": "All",
    "cap": {
        "category": "Safety",
        "event": "Flood",
        "urgency": "Immediate",
        "severity": "Extreme",
        "certainty": "Observed",
    },
    "fields": dict.fromkeys(FIELDS, "optional"),
    "main": "what",
    "text": ["{what}", "{where}"],
    "to": "everyone",
}


def forms(row: Row) -> dict[str, str]:
    """What is seen, by field."""
    return {field: answer.form for field, answer in row.answers.items() if isinstance(answer, Seen)}


def test_a_row_says_what_a_partner_sees_over_a_network() -> None:
    """The town hall on Matrix learns names only where the room is encrypted; the neighbours get the action line."""
    rows = {
        (row.partner, row.network, row.encrypted): row for row in who_sees(BOOK, suppose(BOOK, "evacuation", NOON)).rows
    }
    assert "secret" in forms(rows["city", "matrix", True])
    assert "secret" not in forms(rows["city", "matrix", False])
    assert forms(rows["aid", "telegram", None]) == {"action": "exact", "what": "exact", "where": "area"}
    assert forms(rows["hilfe", "telegram", None]) == {"action": "exact"}


def test_rooms_that_encryption_makes_no_different_are_one_row() -> None:
    """The Dutch fire service sees the same in its Matrix room, encrypted or not."""
    rows = [row for row in who_sees(BOOK, suppose(BOOK, "evacuation", NOON)).rows if row.partner == "brandweer"]
    assert [(row.network, row.encrypted) for row in rows] == [("matrix", None)]


def test_each_row_says_what_becomes_of_the_alert() -> None:
    """Shown, held back for want of a required field, or not meant for the partner; who has no room for it is named apart."""
    book = border(("rooms: [{telegram: -19}]", "rooms: [{telegram: -19, exercises: true}]"))
    found = who_sees(book, suppose(book, "count", NOON))
    gets = {(row.partner, row.network): row.gets for row in found.rows if row.encrypted is not True}
    assert gets["city", "matrix"] == "shown"
    assert gets["city", "telegram"] == gets["aid", "telegram"] == "held"
    assert found.roomless == ("watchers",)
    near = who_sees(book, replace(suppose(book, "affected", NOON), area="hill"))
    assert {row.partner for row in near.rows if row.gets == "unselected"} >= {"city", "aid", "brandweer"}


def test_a_channel_has_one_field_and_says_who_is_a_member() -> None:
    """Membership with clearance shows what is said there; the others are no members."""
    ops = "channels:\n  ops: {title: Ops, members: {kind: [fire, municipality]}, label: {tlp: amber}}\n"
    book = border(
        ("alerts:\n  evacuation:", f"{ops}alerts:\n  evacuation:"),
        (
            "rooms: [{telegram: -11}]".replace("[{telegram: -11}]", '[{matrix: "#city:x.org"}, {telegram: -11}]'),
            'rooms: [{matrix: "#city:x.org", for: [ops]}, {telegram: -11}]',
        ),
        ("rooms: [{telegram: -14}]", "rooms: [{telegram: -14, for: [ops]}]"),
    )
    found = who_sees(book, fill_in(book, "#ops", NOON))
    assert {(row.partner, row.gets) for row in found.rows} == {("city", "member"), ("aid", "no-member")}
    assert set(found.roomless) == {"fire", "brandweer", "hilfe", "watchers"}


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(scenes(), st.booleans())
def test_every_cell_is_what_the_rule_decides(scene: Scene, danger: bool) -> None:
    """Asked one by one, each room of each partner gets the answer that its row has."""
    book = book_of({**scene.data, "alerts": {"all": ALERT}})
    supposed = fill_in(book, "all", scene.so.now, phase=scene.so.phase, danger=danger)
    event, so = question(book, supposed).event, circumstances(book, supposed)
    for row in who_sees(book, supposed).rows:
        ref = next(room.ref for room in book.playbook.partners[row.partner].rooms if room.network == row.network)
        for encrypted in (False, True) if row.encrypted is None else (row.encrypted,):
            for field, answer in row.answers.items():
                assert decide(book, so, event, Room(ref, row.partner, encrypted), field) == answer
